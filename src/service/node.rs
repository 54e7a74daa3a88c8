//! Compute nodes.

use std::collections::HashMap;

use super::pool::find as find_pool;
use super::{Caller, Context, Result, page, remote_access, task};
use crate::api::agent::NodeLimits;
use crate::api::{self, Code};
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::permission::Permission;
use crate::store::listing::Place;
use crate::store::node::NodeRow;
use crate::store::pool::PoolRow;
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

pub use super::node_order::*;

pub async fn node_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    query: &api::ListQuery,
) -> Result<api::Page<api::Node>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let limit = page::limit(query);
    let sort_column = match query.sort.as_str() {
        "" | "id" => "id",
        "state" => "state",
        "allocationTime" => "allocated",
        "stateTransitionTime" => "state_since",
        "runningTasksCount" => "running_tasks",
        other => {
            let reason = "id, state, allocationTime, stateTransitionTime or runningTasksCount";
            return Err(page::invalid("sort", other, reason).into());
        }
    };
    let rows = store::listing::rows(
        &mut conn,
        &page::listing(query, "SELECT * FROM nodes WHERE", ("pool_key", pool.key), sort_column)?,
    )
    .await?;
    let place = |row: &NodeRow| {
        let place = match sort_column {
            "state" => Place::Text(row.state.to_string()),
            "allocated" => Place::Number(row.allocated.micros()),
            "state_since" => Place::Number(row.since.micros()),
            "running_tasks" => Place::Number(row.running_tasks),
            _ => Place::Text(row.id.clone()),
        };
        (place, row.key)
    };
    let rows = store::node::readable(&rows);
    let endpoints = remote_access::endpoints(cx, &mut conn, &rows).await?;
    let mut page = page::page(rows, limit, place, |row| {
        let own = endpoints.get(&row.key).cloned();
        to_api(cx, account, &pool, row, Vec::new(), own)
    });
    page.total = (query.search.is_empty() && query.states.is_empty()).then(|| pool.node_counts.all().total);
    Ok(page)
}

pub async fn node_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
) -> Result<api::Node> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let row = find(&mut conn, &pool, id).await?;
    let tasks = recent_tasks(cx, &mut conn, account, std::slice::from_ref(&row)).await?;
    let endpoints = remote_access::endpoints(cx, &mut conn, std::slice::from_ref(&row)).await?.remove(&row.key);
    // In the order of the node's list: newest first.
    let recent = row.recent.iter().filter_map(|key| tasks.get(key).cloned()).collect();
    Ok(to_api(cx, account, &pool, row, recent, endpoints))
}

/// What of its tasks' use of the machine the node limits; absent before its agent has said so.
pub async fn node_limits_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
) -> Result<Option<NodeLimits>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    Ok(find(&mut conn, &pool, id).await?.limits)
}

pub async fn node_map(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
) -> Result<Vec<api::NodeCell>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let nodes = store::node::all(&mut conn, Some(pool.key)).await?;
    let cell = |n: NodeRow| api::NodeCell { id: n.id, state: n.state, running_task_slots_count: n.running_slots };
    Ok(nodes.into_iter().map(cell).collect())
}

/// The stored node.
///
/// # Errors
/// `NodeNotFound`.
pub async fn find(conn: &mut Conn, pool: &PoolRow, id: &NodeId) -> Result<NodeRow> {
    store::node::find(conn, pool.key, id.as_str()).await?.ok_or_else(|| Code::NodeNotFound.into())
}

/// The tasks that ended last on these nodes, by their keys.
pub async fn recent_tasks(
    cx: &Context,
    conn: &mut Conn,
    account: &AccountName,
    nodes: &[NodeRow],
) -> Result<HashMap<i64, api::RecentTask>> {
    let keys: Vec<i64> = nodes.iter().flat_map(|node| &node.recent).copied().collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let tasks = store::task::with_keys(conn, &keys).await?;
    let jobs: Vec<i64> = tasks.iter().map(|t| t.job_key).collect();
    let jobs = store::job::with_keys(conn, &jobs).await?;
    let jobs: HashMap<i64, &str> = jobs.iter().map(|job| (job.key, job.id.as_str())).collect();
    let recent = tasks.iter().filter_map(|row| Some((row.key, recent_task(cx, account, jobs.get(&row.job_key)?, row))));
    Ok(recent.collect())
}

fn recent_task(cx: &Context, account: &AccountName, job: &str, row: &TaskRow) -> api::RecentTask {
    api::RecentTask {
        task_url: task::url(cx, account, job, &row.id),
        job_id: job.to_owned(),
        task_id: row.id.clone(),
        task_state: row.life.state(),
        execution_info: Some(task::execution_info(&row.life)),
    }
}

/// The node as GET returns it.
pub fn to_api(
    cx: &Context,
    account: &AccountName,
    pool: &PoolRow,
    row: NodeRow,
    recent_tasks: Vec<api::RecentTask>,
    endpoint_configuration: Option<api::NodeEndpointConfiguration>,
) -> api::Node {
    let spoken = row.booted.unwrap_or(row.allocated);
    let settings = pool.settings.clone().without_secrets();
    api::Node {
        url: format!("{}/pools/{}/nodes/{}", cx.installation.account_url(account), pool.id, row.id),
        affinity_id: format!("TVM:{}", row.id),
        id: row.id,
        state: row.state,
        scheduling_state: row.scheduling,
        state_transition_time: row.since,
        last_boot_time: row.booted,
        allocation_time: row.allocated,
        ip_address: row.ip_address,
        vm_size: settings.vm_size,
        total_tasks_run: row.tasks_run,
        total_tasks_succeeded: row.tasks_succeeded,
        running_tasks_count: row.running_tasks,
        running_task_slots_count: row.running_slots,
        recent_tasks,
        ipv6_address: None,
        start_task: settings.start_task,
        start_task_info: row.start_task_info,
        certificate_references: settings.certificate_references,
        errors: row.errors,
        is_dedicated: row.dedicated,
        endpoint_configuration,
        node_agent_info: row
            .agent_version
            .map(|version| api::NodeAgentInformation { version, last_update_time: spoken }),
        virtual_machine_info: settings.virtual_machine_configuration.map(|machine| api::VirtualMachineInformation {
            image_reference: Some(machine.image_reference),
            scale_set_vm_resource_id: None,
        }),
    }
}
