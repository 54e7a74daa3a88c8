//! Service events of an account: written with what they tell of, read page by page, kept for as long as the installation says.

use std::collections::BTreeMap;

use super::account::find as find_account;
use super::{Caller, Context, Error, Result, page};
use crate::api::{self, Changed, Duration, ServiceEvent, ServiceEventFilter, ServiceEventType, Timestamp};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::domain::service_event::{TaskFacts, task_body};
use crate::domain::task::most_retries;
use crate::store::service_event::{self as table, Ask, Place, TaskEvent, WatchedJob};
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// Events of one account that are kept at most, however young they are: about a gigabyte.
pub const MOST_OF_ACCOUNT: i64 = 1_000_000;
/// Rows that one transaction removes.
const PRUNE_STEP: i64 = 2000;

/// Writes what happened to these tasks, where their accounts want to know. `happened` are keys of `rows`, in order.
pub(super) async fn tell_tasks(
    conn: &mut Conn,
    rows: &[TaskRow],
    happened: &[(i64, ServiceEventType)],
    now: Timestamp,
) -> store::Result<()> {
    if happened.is_empty() {
        return Ok(());
    }
    let rows: BTreeMap<i64, &TaskRow> = rows.iter().map(|row| (row.key, row)).collect();
    let mut keys: Vec<i64> = happened.iter().filter_map(|(task, _)| Some(rows.get(task)?.job_key)).collect();
    keys.sort_unstable();
    keys.dedup();
    let jobs: BTreeMap<i64, WatchedJob> =
        table::watched_jobs(conn, &keys).await?.into_iter().map(|job| (job.key, job)).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let event = |(task, what): &(i64, ServiceEventType)| {
        let row = *rows.get(task)?;
        let job = jobs.get(&row.job_key)?;
        let is_wanted = job.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == what.as_str()));
        is_wanted.then(|| TaskEvent { job, task: &row.id, what: *what, body: body(job, row, *what) })
    };
    let events: Vec<_> = happened.iter().filter_map(event).collect();
    table::insert_task_events(conn, &events, now).await
}

fn body(job: &WatchedJob, row: &TaskRow, what: ServiceEventType) -> serde_json::Value {
    // Settings that cannot be read say nothing of retries.
    let settings = row.settings().ok();
    let own = most_retries(settings.as_ref().and_then(|s| s.constraints.as_ref()), None);
    let says = settings.is_some_and(|s| s.constraints.is_some_and(|c| c.max_task_retry_count.is_some()));
    task_body(
        what,
        &TaskFacts {
            job: &job.id,
            task: &row.id,
            is_job_manager: job.manager.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(&row.id)),
            slots: row.slots,
            instances: row.demands.instances,
            most_retries: if says { own } else { job.most_retries.unwrap_or(0) },
            place: row.node_info.as_deref(),
            life: &row.life,
        },
    )
}

/// A page of the account's events, newest first.
///
/// # Errors
/// `AccountNotFound`; `InvalidQueryParameterValue` for a type, time or cursor that is none.
pub async fn service_event_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    filter: &ServiceEventFilter,
    query: &api::ListQuery,
) -> Result<api::Page<ServiceEvent>> {
    for permission in [Permission::PoolRead, Permission::JobRead] {
        caller.may(Some(account), permission)?;
    }
    let mut ask = ask(filter)?;
    if ask.resource.is_empty() {
        ask.resource = query.search.trim().to_owned();
    }
    ask.before = page::after(&query.cursor)?;
    ask.limit = page::limit(query);
    let mut conn = cx.store.read().await?;
    ask.account_key = find_account(&mut conn, account).await?.key;
    let (items, next) = table::list(&mut conn, &ask).await?;
    Ok(api::Page { items, next: next.map(|place| page::cursor(&place)), total: None })
}

fn ask(filter: &ServiceEventFilter) -> Result<Ask> {
    let text = |text: &str| text.trim().to_owned();
    Ok(Ask {
        types: types(&text(&filter.event_type))?,
        pool: text(&filter.pool),
        job: text(&filter.job),
        task: text(&filter.task),
        resource: text(&filter.resource),
        from: time("from", &filter.from, Duration(0))?,
        to: time("to", &filter.to, Duration::from_days(1))?,
        ..Ask::default()
    })
}

/// The types of events that begin so.
fn types(begin: &str) -> Result<Vec<ServiceEventType>> {
    let fits =
        |what: &ServiceEventType| what.as_str().get(..begin.len()).is_some_and(|b| b.eq_ignore_ascii_case(begin));
    let types: Vec<_> = ServiceEventType::ALL.iter().copied().filter(fits).collect();
    match (begin, types.is_empty()) {
        ("", _) => Ok(Vec::new()),
        (_, true) => Err(page::invalid("eventtype", begin, "It is no type of event, nor the beginning of one.").into()),
        (_, false) => Ok(types),
    }
}

/// A time, or a day, of which `day` says how long after its midnight is meant.
fn time(name: &str, text: &str, day: Duration) -> Result<Option<Timestamp>> {
    let invalid = || page::invalid(name, text, "It is neither a time in ISO 8601 nor a day such as 2026-01-31.").into();
    match text.trim() {
        "" => Ok(None),
        text if text.len() == "2026-01-31".len() => {
            format!("{text}T00:00:00Z").parse().map(|at: Timestamp| Some(at.plus(day))).map_err(|_| invalid())
        }
        text => text.parse().map(Some).map_err(|_| invalid()),
    }
}

/// What is written down of an account.
///
/// # Errors
/// `AccountNotFound`.
pub async fn service_event_settings_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
) -> Result<api::ServiceEventSettings> {
    caller.may(Some(account), Permission::AccountRead)?;
    let mut conn = cx.store.read().await?;
    let account = find_account(&mut conn, account).await?;
    Ok(api::ServiceEventSettings { task_events: table::has_task_events(&mut conn, account.key).await? })
}

/// Says whether events of tasks are written from now on. What is written stays.
///
/// # Errors
/// `AccountNotFound`.
pub async fn service_event_settings_set(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    settings: api::ServiceEventSettings,
) -> Result<api::ServiceEventSettings> {
    caller.may(Some(account), Permission::AccountWrite)?;
    let name = account.clone();
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                let account = find_account(conn, &name).await?;
                Ok::<_, Error>(table::set_task_events(conn, account.key, settings.task_events).await?)
            })
        })
        .await?;
    cx.events.tell(account.as_str(), Changed::Account);
    Ok(settings)
}

/// Removes what is older than the installation keeps, all but the newest `most` of each account, and what accounts left that are gone.
/// In small steps, for housekeeping.
pub async fn service_event_prune(cx: &Context, most: i64) -> Result<()> {
    let oldest: Place = (cx.clock.now().plus(Duration(-cx.installation.service_event_life.0)).micros() - 1, i64::MAX);
    let mut last = i64::MIN;
    while let Some((account, is_there)) = table::next_account(&mut *cx.store.read().await?, last).await? {
        last = account;
        let up_to = match is_there {
            true => {
                table::place_behind(&mut *cx.store.read().await?, account, most).await?.unwrap_or(oldest).max(oldest)
            }
            false => (i64::MAX, i64::MAX),
        };
        loop {
            let n = cx
                .store
                .write(move |conn| {
                    Box::pin(async move { Ok::<_, Error>(table::prune(conn, account, up_to, PRUNE_STEP).await?) })
                })
                .await?;
            if n < PRUNE_STEP as u64 {
                break;
            }
        }
    }
    Ok(())
}
