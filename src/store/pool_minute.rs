//! What pools did, minute by minute: written from counters when they changed, or ten minutes later.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;

use super::convert::{get, json};
use super::db::{Conn, Result};
use crate::domain::pool_history::{Counted, Counts, HOLD};

/// Notes the counters of all pools that changed since they were last noted, or were not noted for long.
pub async fn note(conn: &mut Conn, minute: i64) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO pool_minutes (pool_key, minute, counts) SELECT key, ?1, now FROM \
         (SELECT key, json_array(json(node_counts), running_tasks, running_slots) AS now FROM pools) \
         WHERE now IS NOT (SELECT counts FROM pool_minutes AS m WHERE m.pool_key = key AND m.minute BETWEEN ?1 - ?2 + 1 AND ?1 \
         ORDER BY m.minute DESC LIMIT 1)",
    )
    .bind(minute)
    .bind(HOLD)
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts of a pool from the ones that hold in the minute `from` on, oldest first; what cannot be read is left out.
pub async fn of_pool(conn: &mut Conn, pool_key: i64, from: i64) -> Result<Vec<Counts>> {
    let rows = sqlx::query(
        "SELECT minute, counts FROM pool_minutes WHERE pool_key = ?1 AND minute >= ?2 - ?3 ORDER BY minute",
    )
    .bind(pool_key)
    .bind(from)
    .bind(HOLD)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(counts).collect())
}

/// The same of each pool of an account, with the slots of its nodes.
pub async fn of_account(conn: &mut Conn, account_key: i64, from: i64) -> Result<Vec<Counted>> {
    let rows = sqlx::query(
        "SELECT pools.key, json_extract(pools.settings, '$.taskSlotsPerNode') AS slots, m.minute, m.counts FROM pools \
         CROSS JOIN pool_minutes AS m ON m.pool_key = pools.key AND m.minute >= ?2 - ?3 \
         WHERE pools.account_key = ?1 ORDER BY pools.key, m.minute",
    )
    .bind(account_key)
    .bind(from)
    .bind(HOLD)
    .fetch_all(conn)
    .await?;
    let mut pools: Vec<(i64, Counted)> = Vec::new();
    for row in &rows {
        let (Ok(key), Some(counts)) = (get::<i64>(row, "key"), counts(row)) else { continue };
        if pools.last().is_none_or(|(last, _)| *last != key) {
            let slots: Option<i64> = get(row, "slots").ok().flatten();
            pools.push((key, Counted { slots_per_node: slots.unwrap_or(1), counts: Vec::new() }));
        }
        if let Some((_, pool)) = pools.last_mut() {
            pool.counts.push(counts);
        }
    }
    Ok(pools.into_iter().map(|(_, pool)| pool).collect())
}

/// Nothing of a row that cannot be read.
fn counts(row: &SqliteRow) -> Option<Counts> {
    type Stored = (BTreeMap<String, [i64; 2]>, i64, i64);
    let (nodes, running_tasks, running_slots): Stored = json(row, "counts").ok()?;
    let nodes = nodes.into_iter().filter_map(|(state, [a, b])| Some((state.parse().ok()?, a + b))).collect();
    Some(Counts { minute: get(row, "minute").ok()?, nodes, running_tasks, running_slots })
}

/// Forgets what lies before the minute `first`.
pub async fn forget_old(conn: &mut Conn, first: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM pool_minutes WHERE (pool_key, minute) IN (SELECT m.pool_key, m.minute FROM pools \
         CROSS JOIN pool_minutes AS m ON m.pool_key = pools.key AND m.minute < ?1)",
    )
    .bind(first)
    .execute(conn)
    .await?;
    Ok(())
}
