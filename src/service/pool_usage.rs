//! What pools have used.

use super::account::find as find_account;
use super::pool::find as find_pool;
use super::{Caller, Context, Result};
use crate::api::{self, Timestamp};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::odata::{Slice, Stretch, Value};
use crate::domain::permission::Permission;
use crate::domain::usage;
use crate::store::pool::PoolRow;
use crate::store::pool_usage::Usage;
use crate::store::{self, Conn};

const MILLIS_PER_HOUR: f64 = 3_600_000.0;

/// Core hours of each pool and half hour that is over, by pools and then by time. `start` and `end` bound the intervals; without
/// them it is the last one.
pub async fn pool_usage_metrics_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    slice: &Slice,
) -> Result<Stretch<api::PoolUsageMetrics>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let (mut conn, now) = (cx.store.read().await?, cx.clock.now());
    let owner = find_account(&mut conn, account).await?;
    let (from, to) = usage::window(start, end, now);
    let (pool_after, place_after) = slice.after.as_deref().and_then(read_place).unwrap_or_default();
    let mut items: Vec<(String, api::PoolUsageMetrics)> = Vec::new();
    for id in store::pool_usage::pool_ids(&mut conn, owner.key, from, to).await? {
        let fits = slice.filter.as_ref().is_none_or(|f| f.matches(&|_| Some(Value::Text(id.clone()))));
        let name = id.to_ascii_lowercase();
        if !fits || name < pool_after {
            continue;
        }
        for ((start, vm_size), millis) in used(&mut conn, owner.key, &id, from, to, now).await? {
            let place = place(&name, start, &vm_size);
            if name == pool_after && place <= place_after {
                continue;
            }
            let end_time = start.plus(usage::INTERVAL);
            let total_core_hours = millis as f64 / MILLIS_PER_HOUR;
            let pool_id = id.clone();
            items.push((
                place,
                api::PoolUsageMetrics { pool_id, start_time: start, end_time, vm_size, total_core_hours },
            ));
        }
        if items.len() > slice.limit {
            break;
        }
    }
    let more = items.len() > slice.limit;
    items.truncate(slice.limit);
    let next = items.last().filter(|_| more).map(|(place, _)| place.clone());
    Ok(Stretch { items: items.into_iter().map(|(_, item)| item).collect(), next })
}

/// What a pool used in the window: what is counted, and what its nodes have used since.
async fn used(
    conn: &mut Conn,
    account_key: i64,
    id: &str,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<Usage> {
    let mut used = store::pool_usage::of_pool(conn, account_key, id, from, to).await?;
    if let Some(pool) = store::pool::find(conn, account_key, id).await? {
        for (start, millis) in
            store::pool_usage::uncounted(&pool, now).filter(|(start, _)| *start >= from && *start < to)
        {
            *used.entry((start, pool.settings.vm_size.clone())).or_default() += millis;
        }
    }
    Ok(used)
}

/// Where a list goes on: the pool's id in lower case, and then what sorts its intervals.
fn place(pool: &str, start: Timestamp, vm_size: &str) -> String {
    format!("{pool}/{:020}/{vm_size}", start.micros().max(0))
}

fn read_place(place: &str) -> Option<(String, String)> {
    let (pool, _) = place.split_once('/')?;
    Some((pool.to_owned(), place.to_owned()))
}

/// The pool's statistics, as far as they are counted.
///
/// # Errors
/// `PoolNotFound`.
pub async fn pool_statistics(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
) -> Result<api::PoolStatistics> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    Ok(statistics(cx, account, &find_pool(&mut conn, account, id).await?))
}

pub(super) fn statistics(cx: &Context, account: &AccountName, row: &PoolRow) -> api::PoolStatistics {
    let now = cx.clock.now();
    let core_millis = store::pool_usage::dedicated_core_millis(row, now);
    api::PoolStatistics {
        url: format!("{}/pools/{}/stats", cx.installation.account_url(account), row.id),
        start_time: row.usage_from,
        last_update_time: now,
        usage_stats: api::UsageStatistics {
            start_time: row.usage_from,
            last_update_time: now,
            dedicated_core_time: api::Duration::from_millis(core_millis),
        },
    }
}
