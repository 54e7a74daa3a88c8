//! Lists as programs ask for them: what fits a filter, in the order of ids.

use super::account::find as find_account;
use super::{
    Caller, Context, Result, job, job_node, job_schedule, node, pool, pool_usage, remote_access, statistics, task,
};
use crate::api;
use crate::domain::ids::{AccountName, JobId, JobScheduleId, PoolId};
use crate::domain::odata::{Filter, Slice, Stretch, Value};
use crate::domain::permission::Permission;
use crate::store;
use crate::store::filter::{
    JOB_COLUMNS, JOB_NODE_COLUMNS, JOB_SCHEDULE_COLUMNS, NODE_COLUMNS, POOL_COLUMNS, TASK_COLUMNS, Table, rows,
};
use crate::store::node::NodeRow;

const POOLS: Table = Table {
    select: "SELECT * FROM pools WHERE account_key",
    select_id: "SELECT id FROM pools WHERE account_key",
    columns: POOL_COLUMNS,
};
const NODES: Table = Table {
    select: "SELECT * FROM nodes WHERE pool_key",
    select_id: "SELECT id FROM nodes WHERE pool_key",
    columns: NODE_COLUMNS,
};
const JOBS: Table = Table {
    select: "SELECT * FROM jobs WHERE account_key",
    select_id: "SELECT id FROM jobs WHERE account_key",
    columns: JOB_COLUMNS,
};
const JOB_SCHEDULES: Table = Table {
    select: "SELECT * FROM job_schedules WHERE account_key",
    select_id: "SELECT id FROM job_schedules WHERE account_key",
    columns: JOB_SCHEDULE_COLUMNS,
};
const SCHEDULE_JOBS: Table = Table {
    select: "SELECT * FROM jobs WHERE schedule_key",
    select_id: "SELECT id FROM jobs WHERE schedule_key",
    columns: JOB_COLUMNS,
};
const TASKS: Table = Table {
    select: store::task::concat_columns!("SELECT ", " FROM tasks t WHERE t.job_key"),
    select_id: "SELECT id FROM tasks WHERE job_key",
    columns: TASK_COLUMNS,
};

const JOB_NODES: Table = Table {
    select: "SELECT * FROM job_nodes WHERE job_key",
    select_id: "SELECT id FROM job_nodes WHERE job_key",
    columns: JOB_NODE_COLUMNS,
};

pub async fn pool_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
    with_stats: bool,
) -> Result<Stretch<api::Pool>> {
    let pools = pools(cx, caller, account, slice).await?;
    let to_api = |row: store::pool::PoolRow| {
        let stats = with_stats.then(|| pool_usage::statistics(cx, account, &row));
        api::Pool { stats, ..pool::to_api(cx, account, row) }
    };
    Ok(pools.map(|rows| rows.into_iter().map(to_api).collect()))
}

/// How many nodes of each pool are in each state.
pub async fn node_counts_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<api::PoolNodeCounts>> {
    let counts = |row: store::pool::PoolRow| api::PoolNodeCounts {
        dedicated: row.node_counts.of_kind(true),
        low_priority: row.node_counts.of_kind(false),
        pool_id: row.id,
    };
    // The only field of this list is a pool's id under another name.
    let slice = Slice { filter: slice.filter.as_ref().map(of_pool_id), ..slice.clone() };
    Ok(pools(cx, caller, account, &slice).await?.map(|rows| rows.into_iter().map(counts).collect()))
}

fn of_pool_id(filter: &Filter) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(of_pool_id).collect();
    match filter {
        Filter::All(parts) => Filter::All(all(parts)),
        Filter::Any(parts) => Filter::Any(all(parts)),
        Filter::Compare { operator, value, .. } => {
            Filter::Compare { field: "id", operator: *operator, value: value.clone() }
        }
        Filter::StartsWith { prefix, .. } => Filter::StartsWith { field: "id", prefix: prefix.clone() },
    }
}

async fn pools(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<store::pool::PoolRow>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    Ok(rows(&mut conn, &POOLS, owner.key, slice).await?.map(|rows| store::pool::readable(&rows)))
}

pub async fn node_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    slice: &Slice,
) -> Result<Stretch<api::Node>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = pool::find(&mut conn, account, pool).await?;
    let rows = rows(&mut conn, &NODES, pool.key, slice).await?.map(|rows| store::node::readable(&rows));
    let recent = node::recent_tasks(cx, &mut conn, account, &rows.items).await?;
    let mut endpoints = remote_access::endpoints(cx, &mut conn, &rows.items).await?;
    let with_recent = |row: NodeRow| {
        let own = row.recent.iter().filter_map(|key| recent.get(key).cloned()).collect();
        let endpoints = endpoints.remove(&row.key);
        node::to_api(cx, account, &pool, row, own, endpoints)
    };
    Ok(rows.map(|rows| rows.into_iter().map(with_recent).collect()))
}

pub async fn job_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
    with_stats: bool,
) -> Result<Stretch<api::Job>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let jobs = rows(&mut conn, &JOBS, owner.key, slice).await?.map(|rows| store::job::readable(&rows));
    let now = cx.clock.now();
    let shape = |row: &store::job::JobRow| {
        let mut job = job::to_api(cx, account, row);
        job.stats = with_stats.then(|| statistics::of_job(&job.url, row, now));
        job
    };
    Ok(jobs.map(|rows| rows.iter().map(shape).collect()))
}

pub async fn job_schedule_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<api::JobSchedule>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let schedules = rows(&mut conn, &JOB_SCHEDULES, owner.key, slice).await?;
    let schedules = schedules.map(|rows| store::job_schedule::readable(&rows));
    Ok(schedules.map(|rows| rows.iter().map(|row| job_schedule::to_api(cx, account, row)).collect()))
}

/// The jobs that a schedule made.
pub async fn schedule_job_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    schedule: &JobScheduleId,
    slice: &Slice,
) -> Result<Stretch<api::Job>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let schedule = job_schedule::find(&mut conn, account, schedule).await?;
    let jobs = rows(&mut conn, &SCHEDULE_JOBS, schedule.key, slice).await?.map(|rows| store::job::readable(&rows));
    Ok(jobs.map(|rows| rows.iter().map(|row| job::to_api(cx, account, row)).collect()))
}

pub async fn task_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    slice: &Slice,
    with_stats: bool,
) -> Result<Stretch<api::Task>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let job = job::find(&mut conn, account, job).await?;
    let tasks = rows(&mut conn, &TASKS, job.key, slice).await?.map(|rows| store::task::readable(&rows));
    let now = cx.clock.now();
    let shape = |row: store::task::TaskRow| {
        let stats = with_stats.then(|| statistics::of_task(&task::url(cx, account, &job.id, &row.id), &row, now));
        Some(api::Task { stats, ..task::readable(cx, account, &job.id, row)? })
    };
    Ok(tasks.map(|rows| rows.into_iter().filter_map(shape).collect()))
}

/// How preparation and release went on the nodes of a job.
///
/// # Errors
/// `JobPreparationTaskNotSpecified`.
pub async fn job_preparation_and_release_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    slice: &Slice,
) -> Result<Stretch<api::JobPreparationAndReleaseTaskStatus>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let job = job::find(&mut conn, account, job).await?;
    let Some(preparation) = &job.settings.job_preparation_task else {
        return Err(api::Code::JobPreparationTaskNotSpecified.into());
    };
    let rows = rows(&mut conn, &JOB_NODES, job.key, slice).await?.map(|rows| store::job_node::readable(&rows));
    let release = job.settings.job_release_task.as_ref();
    let status = |row| job_node::to_api(cx, account, &job.id, preparation, release, row);
    Ok(rows.map(|rows| rows.into_iter().map(status).collect()))
}

/// Whether a file, as a list of files knows it, fits the filter.
pub fn file_fits(filter: Option<&Filter>, file: &api::NodeFile) -> bool {
    filter.is_none_or(|filter| filter.matches(&|field| (field == "name").then(|| Value::Text(file.name.clone()))))
}
