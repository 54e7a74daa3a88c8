//! Changes of a pool's settings, and nodes that are to leave it by name.

use super::context::Signal;
use super::pool::{Around, USUAL_RESIZE_TIMEOUT, begin_resize, change_settings, changed, find};
use super::{Caller, Context, Result, auto_scale, etag};
use crate::api::{self, AllocationState, Code, NodeDeallocationOption, NodeState};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::permission::Permission;
use crate::domain::{check, pool, vm_size};
use crate::store;
use crate::store::pool::PoolRow;

/// Changes what is given.
///
/// # Errors
/// `PoolNotFound`, `PoolBeingDeleted`, `InvalidCertificateReferences`, what is wrong with a property; `OperationNotValidOnPool`
/// and `PoolBeingResized` for what only changes on a pool without nodes.
pub async fn pool_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    patch: api::PoolPatch,
) -> Result<()> {
    check::pool_patch(&patch)?;
    let references = patch.certificate_references.clone();
    change_settings(cx, caller, account, id, references, move |row, around| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        apply(row, patch, around)
    })
    .await
}

/// Changes settings and size in one step, as the management plane does.
///
/// # Errors
/// As [`pool_patch`], `pool_resize` and `pool_enable_auto_scale`.
pub async fn pool_update_and_resize(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    update: PoolUpdateAndResize,
) -> Result<()> {
    check::pool_patch(&update.patch)?;
    update.resize.as_ref().map_or(Ok(()), check::pool_resize)?;
    update.auto_scale.as_ref().map_or(Ok(()), auto_scale::check)?;
    let (now, references) = (cx.clock.now(), update.patch.certificate_references.clone());
    change_settings(cx, caller, account, id, references, move |row, around| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        if update.remove_start_task {
            row.settings.start_task = None;
        }
        // Before the new size: what only changes on a pool without nodes is asked of the pool as it is.
        apply(row, update.patch, around)?;
        if update.disables_auto_scale {
            auto_scale::must_be_on(row)?;
            auto_scale::turn_off(row);
        }
        if let Some(enable) = update.auto_scale {
            auto_scale::turn_on(row, enable, now)?;
        }
        update.resize.map_or(Ok(()), |resize| {
            auto_scale::turn_off(row);
            begin_resize(row, &resize, now)
        })
    })
    .await
}

/// What [`pool_update_and_resize`] changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolUpdateAndResize {
    pub patch: api::PoolPatch,
    pub remove_start_task: bool,
    /// A size: autoscale goes off.
    pub resize: Option<api::PoolResize>,
    /// A formula.
    pub auto_scale: Option<api::PoolEnableAutoScale>,
    pub disables_auto_scale: bool,
}

fn apply(row: &mut PoolRow, patch: api::PoolPatch, around: Around<'_>) -> std::result::Result<(), api::Error> {
    if let Some(property) = patch.want_no_nodes().next()
        && let Some(code) = pool::empty_pool_refusal(row.node_counts.all().total, row.allocation)
    {
        let reason = "the property only changes on a pool without nodes";
        return Err(api::Error::new(code).with("PropertyName", property).with("Reason", reason));
    }
    patch_size(row, &patch, around.sizes)?;
    patch_settings(&mut row.settings, patch, around.references);
    check::start_task_user(&row.settings)
}

/// A new size and number of slots must fit each other, also when only one of them changes.
fn patch_size(row: &mut PoolRow, patch: &api::PoolPatch, sizes: &[api::VmSize]) -> std::result::Result<(), api::Error> {
    if patch.vm_size.is_none() && patch.task_slots_per_node.is_none() {
        return Ok(());
    }
    let name = patch.vm_size.clone().unwrap_or_else(|| row.settings.vm_size.clone()).to_ascii_lowercase();
    let slots = patch.task_slots_per_node.or(row.settings.task_slots_per_node);
    check::size_and_slots(&name, slots, sizes)?;
    row.cores = vm_size::find(sizes, &name).map_or(row.cores, |size| size.cores);
    (row.settings.vm_size, row.settings.task_slots_per_node) = (name, slots);
    Ok(())
}

fn patch_settings(
    settings: &mut api::PoolCreate,
    patch: api::PoolPatch,
    references: Option<Vec<api::CertificateReference>>,
) {
    let api::PoolPatch {
        start_task,
        certificate_references: _,
        application_package_references,
        metadata,
        target_node_communication_mode,
        display_name,
        vm_size: _,
        task_slots_per_node: _,
        task_scheduling_policy,
        enable_inter_node_communication,
        virtual_machine_configuration,
        network_configuration,
        user_accounts,
        mount_configuration,
        upgrade_policy,
        resource_tags,
    } = patch;
    set(&mut settings.start_task, start_task);
    set(&mut settings.certificate_references, references);
    set(&mut settings.application_package_references, application_package_references);
    set(&mut settings.metadata, metadata);
    set(&mut settings.target_node_communication_mode, target_node_communication_mode);
    set(&mut settings.display_name, display_name);
    set(&mut settings.task_scheduling_policy, task_scheduling_policy);
    set(&mut settings.enable_inter_node_communication, enable_inter_node_communication);
    if virtual_machine_configuration.is_some() {
        settings.cloud_service_configuration = None;
    }
    set(&mut settings.virtual_machine_configuration, virtual_machine_configuration);
    set(&mut settings.network_configuration, network_configuration);
    set(&mut settings.user_accounts, user_accounts);
    set(&mut settings.mount_configuration, mount_configuration);
    set(&mut settings.upgrade_policy, upgrade_policy);
    set(&mut settings.resource_tags, resource_tags);
}

fn set<T>(setting: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *setting = given;
    }
}

/// Replaces start task, certificates, metadata and communication mode: what is absent goes.
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
    let references = update.certificate_references.clone();
    change_settings(cx, caller, account, id, references, move |row, around| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        row.settings.start_task = update.start_task;
        row.settings.certificate_references = around.references;
        row.settings.application_package_references = Some(update.application_package_references);
        row.settings.metadata = Some(update.metadata);
        row.settings.target_node_communication_mode = update.target_node_communication_mode;
        check::start_task_user(&row.settings)
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
                if let Some(code) = pool::resize_refusal(row.state, row.allocation, false) {
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
                    store::node::save_word(conn, &node).await?;
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
    cx.signals.send(Signal::NodesTold(nodes));
    changed(cx, account, &row);
    Ok(())
}
