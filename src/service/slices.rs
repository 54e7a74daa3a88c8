//! Lists as programs ask for them: what fits a filter, in the order of ids.

use super::account::find as find_account;
use super::{Caller, Context, Result, job, node, pool, task};
use crate::api;
use crate::domain::ids::{AccountName, JobId, PoolId};
use crate::domain::odata::{Filter, Slice, Value};
use crate::domain::permission::Permission;
use crate::store::filter::{JOB_COLUMNS, NODE_COLUMNS, POOL_COLUMNS, TASK_COLUMNS, rows};
use crate::store::{self, Conn};

pub async fn pool_slice(cx: &Context, caller: &Caller, account: &AccountName, slice: &Slice) -> Result<Vec<api::Pool>> {
    let rows = pools(cx, caller, account, slice).await?;
    Ok(rows.into_iter().map(|row| pool::to_api(cx, account, row)).collect())
}

/// How many nodes of each pool are in each state.
pub async fn node_counts_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Vec<api::PoolNodeCounts>> {
    let counts = |row: store::pool::PoolRow| api::PoolNodeCounts {
        dedicated: row.node_counts.of_kind(true),
        low_priority: row.node_counts.of_kind(false),
        pool_id: row.id,
    };
    // The only field of this list is a pool's id under another name.
    let slice = Slice { filter: slice.filter.as_ref().map(of_pool_id), ..slice.clone() };
    Ok(pools(cx, caller, account, &slice).await?.into_iter().map(counts).collect())
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
) -> Result<Vec<store::pool::PoolRow>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let select = "SELECT * FROM pools WHERE account_key";
    Ok(store::pool::readable(&rows(&mut conn, select, owner.key, POOL_COLUMNS, slice).await?))
}

pub async fn node_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    slice: &Slice,
) -> Result<Vec<api::Node>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = pool::find(&mut conn, account, pool).await?;
    let select = "SELECT * FROM nodes WHERE pool_key";
    let rows = store::node::readable(&rows(&mut conn, select, pool.key, NODE_COLUMNS, slice).await?);
    let mut nodes = Vec::with_capacity(rows.len());
    for row in rows {
        let recent = recent_tasks(cx, &mut conn, account, &row).await?;
        nodes.push(node::to_api(cx, account, &pool, row, recent));
    }
    Ok(nodes)
}

/// A node that has run nothing asks the store nothing.
async fn recent_tasks(
    cx: &Context,
    conn: &mut Conn,
    account: &AccountName,
    row: &store::node::NodeRow,
) -> Result<Vec<api::RecentTask>> {
    if row.recent.is_empty() { Ok(Vec::new()) } else { node::recent_tasks(cx, conn, account, row).await }
}

pub async fn job_slice(cx: &Context, caller: &Caller, account: &AccountName, slice: &Slice) -> Result<Vec<api::Job>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let select = "SELECT * FROM jobs WHERE account_key";
    let rows = store::job::readable(&rows(&mut conn, select, owner.key, JOB_COLUMNS, slice).await?);
    Ok(rows.iter().map(|row| job::to_api(cx, account, row)).collect())
}

pub async fn task_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    slice: &Slice,
) -> Result<Vec<api::Task>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let job = job::find(&mut conn, account, job).await?;
    let select = store::task::concat_columns!("SELECT ", " FROM tasks t WHERE t.job_key");
    let rows = store::task::readable(&rows(&mut conn, select, job.key, TASK_COLUMNS, slice).await?);
    Ok(rows.into_iter().filter_map(|row| task::readable(cx, account, &job.id, row)).collect())
}

/// Whether a file, as a list of files knows it, fits the filter.
pub fn file_fits(filter: Option<&Filter>, file: &api::NodeFile) -> bool {
    filter.is_none_or(|filter| filter.matches(&|field| (field == "name").then(|| Value::Text(file.name.clone()))))
}
