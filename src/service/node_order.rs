//! What users want of single nodes. It is saved with the state that it brings about, so that who asks next sees it, and
//! carried out by the scheduler.

use super::context::Signal;
use super::node::find;
use super::pool::find as find_pool;
use super::{Caller, Context, Result};
use crate::api::{self, Changed, DisableSchedulingOption, NodeDeallocationOption, NodeState, SchedulingState};
use crate::domain::check;
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::node::{Order, OrderKind, preempt_refusal, restart_refusal, scheduling_refusal, start_refusal};
use crate::domain::permission::Permission;
use crate::store;
use crate::store::node::NodeRow;

/// Restarts the node's agent when its tasks are over; files stay, and the start task runs again.
///
/// # Errors
/// `NodeNotFound`; a code that says why the node cannot be restarted now.
pub async fn node_reboot(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    reboot: api::NodeReboot,
) -> Result<()> {
    order(cx, caller, account, pool, node, OrderKind::Reboot, reboot.node_reboot_option).await
}

/// As [`node_reboot`], and removes all files of the node.
///
/// # Errors
/// As [`node_reboot`].
pub async fn node_reimage(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    reimage: api::NodeReimage,
) -> Result<()> {
    order(cx, caller, account, pool, node, OrderKind::Reimage, reimage.node_reimage_option).await
}

/// Stops the node's agent when its tasks are over, until the node is started.
///
/// # Errors
/// As [`node_reboot`].
pub async fn node_deallocate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    deallocate: api::NodeDeallocate,
) -> Result<()> {
    order(cx, caller, account, pool, node, OrderKind::Deallocate, deallocate.node_deallocate_option).await
}

async fn order(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    kind: OrderKind,
    option: Option<NodeDeallocationOption>,
) -> Result<()> {
    say(cx, caller, account, pool, node, move |row| {
        if let Some(code) = restart_refusal(row.state) {
            return Err(code.into());
        }
        row.order = Some(Order { kind, tasks: option.unwrap_or(NodeDeallocationOption::Requeue) });
        row.state = kind.state();
        Ok(())
    })
    .await
}

/// Starts a deallocated node.
///
/// # Errors
/// `NodeNotFound`; `OperationNotValidOnNode` for one that is not deallocated.
pub async fn node_start(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
) -> Result<()> {
    say(cx, caller, account, pool, node, |row| {
        if let Some(code) = start_refusal(row.state) {
            return Err(code.into());
        }
        (row.deallocated, row.state) = (false, NodeState::Starting);
        Ok(())
    })
    .await
}

/// Takes a low-priority node away, as a provider does that needs the machine: its tasks go back to the queue, its files are
/// lost, and it comes back as it is new when its time is over, unless the pool is smaller by then.
///
/// # Errors
/// `NodeNotFound`; `OperationNotValidOnNode` for a dedicated node or one that is not there; `InvalidPropertyValue` for a time
/// that is out of range.
pub async fn node_preempt(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    preempt: api::NodePreempt,
) -> Result<()> {
    let away = check::node_preempt(&preempt)?;
    let until = cx.clock.now().plus(away);
    say(cx, caller, account, pool, node, move |row| {
        if let Some(code) = preempt_refusal(row.state, row.dedicated) {
            return Err(code.into());
        }
        row.order = Some(Order { kind: OrderKind::Preempt, tasks: NodeDeallocationOption::Requeue });
        (row.state, row.away_until) = (NodeState::Preempted, Some(until));
        Ok(())
    })
    .await
}

/// Lets no new tasks come to the node; what becomes of those that are there, the option says.
///
/// # Errors
/// `NodeNotFound`, `NodeAlreadyInTargetSchedulingState`.
pub async fn node_disable_scheduling(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    disable: api::NodeDisableScheduling,
) -> Result<()> {
    let option = match disable.node_disable_scheduling_option.unwrap_or(DisableSchedulingOption::Requeue) {
        DisableSchedulingOption::Requeue => NodeDeallocationOption::Requeue,
        DisableSchedulingOption::Terminate => NodeDeallocationOption::Terminate,
        DisableSchedulingOption::TaskCompletion => NodeDeallocationOption::TaskCompletion,
    };
    say(cx, caller, account, pool, node, move |row| {
        if let Some(code) = scheduling_refusal(row.state, row.scheduling, SchedulingState::Disabled) {
            return Err(code.into());
        }
        (row.scheduling, row.disable_option) = (SchedulingState::Disabled, Some(option));
        if row.state == NodeState::Idle {
            row.state = NodeState::Offline;
        }
        Ok(())
    })
    .await
}

/// Lets tasks come to the node again.
///
/// # Errors
/// `NodeNotFound`, `NodeAlreadyInTargetSchedulingState`.
pub async fn node_enable_scheduling(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
) -> Result<()> {
    say(cx, caller, account, pool, node, |row| {
        if let Some(code) = scheduling_refusal(row.state, row.scheduling, SchedulingState::Enabled) {
            return Err(code.into());
        }
        (row.scheduling, row.disable_option) = (SchedulingState::Enabled, None);
        if row.state == NodeState::Offline {
            row.state = NodeState::Idle;
        }
        Ok(())
    })
    .await
}

/// Saves a word to a node, then tells the scheduler and open pages.
async fn say<F>(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    decide: F,
) -> Result<()>
where
    F: FnOnce(&mut NodeRow) -> std::result::Result<(), api::Error> + Send + 'static,
{
    caller.may(Some(account), Permission::PoolWrite)?;
    let (account_, pool, node, now) = (account.clone(), pool.clone(), node.clone(), cx.clock.now());
    let (pool, node_key) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let pool = find_pool(conn, &account_, &pool).await?;
                let mut row = find(conn, &pool, &node).await?;
                let before = row.state;
                decide(&mut row)?;
                if row.state != before {
                    row.since = now;
                }
                store::node::save_word(conn, &row).await?;
                Ok((pool, row.key))
            })
        })
        .await?;
    cx.signals.send(Signal::NodesTold(vec![node_key]));
    cx.events.tell(account.as_str(), Changed::Pool { pool: pool.id });
    Ok(())
}
