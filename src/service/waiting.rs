//! Why tasks, jobs and pools make no progress: facts out of the store, and the rule's answer.

use super::account::find as find_account;
use super::{Caller, Context, Result, job, pool, task};
use crate::api::{JobState, TaskState, Waiting, WhyWaiting};
use crate::domain::ids::{AccountName, JobId, PoolId, TaskId};
use crate::domain::job_rules;
use crate::domain::permission::Permission;
use crate::domain::waiting::{Facts, JobFacts, Managers, PoolFacts, WaitsFor, reason, reason_of_job, reason_of_pool};
use crate::store::job::JobRow;
use crate::store::pool::PoolRow;
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// Why an active task does not run yet.
pub async fn task_waiting(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<WhyWaiting> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = task::find(&mut conn, account, job, id).await?;
    let pool = store::pool::find(&mut conn, job.account_key, &job.pool_id).await?;
    let is_auto_scaled = pool.as_ref().is_some_and(PoolRow::is_auto_scaled);
    let task_id = Some(row.id.clone());
    let waiting = match row.life.state() {
        TaskState::Active => Some(of_task(&mut conn, &job, pool, &row).await?),
        TaskState::Preparing | TaskState::Running | TaskState::Completed => None,
    };
    Ok(WhyWaiting { waiting, task_id, is_auto_scaled })
}

/// Why nothing of a job goes on.
pub async fn job_waiting(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId) -> Result<WhyWaiting> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let job = job::find(&mut conn, account, id).await?;
    let pool = store::pool::find(&mut conn, job.account_key, &job.pool_id).await?;
    let is_auto_scaled = pool.as_ref().is_some_and(PoolRow::is_auto_scaled);
    let first = match job.state {
        JobState::Active => store::task::first_waiting(&mut conn, job.key).await?,
        _ => None,
    };
    let (task_id, first) = match first {
        Some(row) => (Some(row.id.clone()), Some(of_task(&mut conn, &job, pool, &row).await?)),
        None => (None, None),
    };
    let waiting = reason_of_job(JobFacts { state: job.state, counts: job.counts.task_counts, first: first.clone() });
    let task_id = task_id.filter(|_| waiting.is_some() && waiting == first);
    Ok(WhyWaiting { waiting, task_id, is_auto_scaled })
}

/// Why a pool does not become what it is to be, or cannot run the tasks that wait for it.
pub async fn pool_waiting(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId) -> Result<WhyWaiting> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let pool = pool::find(&mut conn, account, id).await?;
    let n_waiting = store::job::count_waiting(&mut conn, owner.key, &pool.id).await?;
    let is_auto_scaled = pool.is_auto_scaled();
    let waiting = reason_of_pool(pool.id.clone(), pool_facts(pool, None), n_waiting);
    Ok(WhyWaiting { waiting, task_id: None, is_auto_scaled })
}

async fn of_task(conn: &mut Conn, job: &JobRow, pool: Option<PoolRow>, row: &TaskRow) -> Result<Waiting> {
    let blocker = match row.n_waits {
        0 => None,
        _ => store::dependency::blocker(conn, job.key, row.key).await?,
    };
    let n_unprepared = match job.settings.job_preparation_task {
        None => 0,
        Some(_) => store::job_node::count_failed(conn, job.key).await?,
    };
    let goes_first = match job_rules::keeps_order(&job.settings) {
        true => store::task::first_waiting(conn, job.key).await?.filter(|first| first.key < row.key),
        false => None,
    };
    let managers = match &pool {
        Some(pool) => store::task::alone_on(conn, pool.key).await?,
        None => None,
    };
    let managers = managers.map(|(n_nodes, job_id, task_id)| Managers { n_nodes, job_id, task_id });
    Ok(reason(Facts {
        assigned: row.life.live_attempt().is_some(),
        job_state: job.state,
        waits_for: blocker.map(|blocker| WaitsFor { task_id: blocker.id, state: blocker.state, n_waits: row.n_waits }),
        n_unprepared,
        demands: row.demands,
        job_running: job.counts.task_counts.running,
        job_active: job.counts.task_counts.active,
        max_parallel_tasks: job.settings.max_parallel_tasks.unwrap_or(-1),
        goes_first: goes_first.map(|first| first.id),
        pool_id: job.pool_id.clone(),
        has_auto_pool: job.settings.pool_info.auto_pool_specification.is_some(),
        required_slots: row.slots,
        pool: pool.map(|pool| pool_facts(pool, managers)),
    }))
}

fn pool_facts(pool: PoolRow, managers: Option<Managers>) -> PoolFacts {
    PoolFacts {
        state: pool.state,
        allocation: pool.allocation,
        target: pool.target.dedicated + pool.target.low_priority,
        slots_per_node: pool.settings.slots_per_node(),
        inter_node: pool.settings.enable_inter_node_communication == Some(true),
        dedicated: pool.node_counts.of_kind(true),
        counts: pool.node_counts.all(),
        managers,
        error_code: pool.resize_errors.and_then(|errors| errors.into_iter().next()).map(|error| error.code),
    }
}
