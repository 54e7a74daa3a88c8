//! Changes of a pool's settings, and nodes that are to leave it by name.

use super::context::Signal;
use super::pool::{USUAL_RESIZE_TIMEOUT, change, changed, find};
use super::{Caller, Context, Result, etag};
use crate::api::{self, AllocationState, Code, NodeDeallocationOption, NodeState};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::permission::Permission;
use crate::domain::{check, pool};
use crate::store;

/// Changes what is given.
///
/// # Errors
/// `PoolNotFound`, `PoolBeingDeleted`, and what is wrong with a property.
pub async fn pool_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    patch: api::PoolPatch,
) -> Result<()> {
    check::pool_patch(&patch)?;
    change(cx, caller, account, id, move |row| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        let settings = &mut row.settings;
        settings.display_name = patch.display_name.or(settings.display_name.take());
        settings.start_task = patch.start_task.or(settings.start_task.take());
        settings.metadata = patch.metadata.or(settings.metadata.take());
        settings.task_scheduling_policy = patch.task_scheduling_policy.or(settings.task_scheduling_policy.take());
        settings.upgrade_policy = patch.upgrade_policy.or(settings.upgrade_policy.take());
        settings.resource_tags = patch.resource_tags.or(settings.resource_tags.take());
        settings.target_node_communication_mode =
            patch.target_node_communication_mode.or(settings.target_node_communication_mode.take());
        Ok(())
    })
    .await
}

/// Replaces start task, metadata and communication mode: what is absent goes.
///
/// # Errors
/// As [`pool_patch`].
pub async fn pool_update_properties(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    update: api::PoolUpdate,
) -> Result<()> {
    check::pool_update(&update)?;
    change(cx, caller, account, id, move |row| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        row.settings.start_task = update.start_task;
        row.settings.metadata = Some(update.metadata);
        row.settings.target_node_communication_mode = update.target_node_communication_mode;
        Ok(())
    })
    .await
}

/// Lets these nodes leave; the pool's targets fall with them.
///
/// # Errors
/// `NodeNotFound` for one that the pool does not have; `PoolBeingResized`.
pub async fn pool_remove_nodes(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    remove: api::NodeRemove,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    check::node_remove(&remove)?;
    let (account_, id, now, only_if) = (account.clone(), id.clone(), cx.clock.now(), caller.only_if.clone());
    let (row, nodes) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account_, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if let Some(code) = pool::resize_refusal(row.state, row.allocation) {
                    return Err(code.into());
                }
                let mut names = remove.node_list.clone();
                names.sort();
                names.dedup();
                let mut nodes = Vec::with_capacity(names.len());
                for name in &names {
                    let node = store::node::find(conn, row.key, name).await?;
                    let mut node = node.ok_or_else(|| api::Error::new(Code::NodeNotFound).with("NodeId", name))?;
                    let target = if node.dedicated { &mut row.target.dedicated } else { &mut row.target.low_priority };
                    *target = (*target - 1).max(0);
                    (node.leaving, node.state, node.since) = (true, NodeState::LeavingPool, now);
                    store::node::save(conn, &node).await?;
                    nodes.push(node.key);
                }
                row.deallocation = remove.node_deallocation_option.unwrap_or(NodeDeallocationOption::Requeue);
                (row.allocation, row.allocation_since) = (AllocationState::Resizing, now);
                row.resize_errors = None;
                row.deadline = Some(now.plus(remove.resize_timeout.unwrap_or(USUAL_RESIZE_TIMEOUT)));
                row.modified = now;
                row.etag = etag::next(row.etag, now);
                store::pool::save(conn, &row).await?;
                Ok((row, nodes))
            })
        })
        .await?;
    // Before the scheduler hears that the pool is smaller: it would choose nodes of its own.
    cx.signals.send(Signal::NodesLeave { pool_key: row.key, nodes });
    changed(cx, account, &row);
    Ok(())
}
