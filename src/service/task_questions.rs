//! What is asked of a task beside the task itself: why it waits, and what it took.

use super::task::{find, url};
use super::{Caller, Context, Result, statistics};
use crate::api::{self, TaskState};
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::domain::permission::Permission;
use crate::domain::waiting::{Facts, PoolFacts, WaitsFor, reason};
use crate::store;

/// What the task's runs took so far.
pub async fn task_statistics(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<api::TaskStatistics> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = find(&mut conn, account, job, id).await?;
    Ok(statistics::of_task(&url(cx, account, &job.id, &row.id), &row, cx.clock.now()))
}

/// Why an active task does not run yet.
pub async fn task_waiting(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<Option<api::Waiting>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = find(&mut conn, account, job, id).await?;
    if row.life.state() != TaskState::Active {
        return Ok(None);
    }
    let blocker = match row.n_waits {
        0 => None,
        _ => store::dependency::blocker(&mut conn, job.key, row.key).await?,
    };
    let n_unprepared = match job.settings.job_preparation_task {
        None => 0,
        Some(_) => store::job_node::count_failed(&mut conn, job.key).await?,
    };
    let pool = store::pool::find(&mut conn, job.account_key, &job.pool_id).await?;
    let facts = Facts {
        assigned: row.life.live_attempt().is_some(),
        job_state: job.state,
        waits_for: blocker.map(|blocker| WaitsFor { task_id: blocker.id, state: blocker.state, n_waits: row.n_waits }),
        n_unprepared,
        demands: row.demands,
        job_running: job.counts.task_counts.running,
        job_active: job.counts.task_counts.active,
        max_parallel_tasks: job.settings.max_parallel_tasks.unwrap_or(-1),
        pool_id: job.pool_id,
        required_slots: row.slots,
        pool: pool.map(|pool| PoolFacts {
            state: pool.state,
            allocation: pool.allocation,
            target: pool.target.dedicated + pool.target.low_priority,
            slots_per_node: pool.settings.slots_per_node(),
            dedicated: pool.node_counts.of_kind(true),
            counts: pool.node_counts.all(),
            error_code: pool.resize_errors.and_then(|errors| errors.into_iter().next()).map(|error| error.code),
        }),
    };
    Ok(Some(reason(facts)))
}
