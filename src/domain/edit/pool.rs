//! A pool. Source: updating, resizing and autoscaling a pool, api-version 2024-07-01.20.0.

use std::collections::BTreeMap;

use super::{Comparison, Problem, Why};
use crate::api::{
    NodeCommunicationMode, NodeFillType, Pool, PoolCreate, PoolEdit, PoolEnableAutoScale, PoolPatch, PoolResize,
    TaskSchedulingPolicy,
};
use crate::domain::auto_scale::USUAL_INTERVAL;
use crate::domain::pool::{empty_pool_refusal, resize_refusal};

/// What makes the pool as the text says.
///
/// # Errors
/// What is wrong with the text, or all properties that cannot become so.
pub fn pool(there: &Pool, text: &str) -> Result<PoolEdit, Problem> {
    let now = &there.settings;
    let mut all = Comparison::read(there, now, text)?;
    said_once(&mut all, now);
    let mut edit = PoolEdit { patch: patch(&mut all, now), ..PoolEdit::default() };
    edit.removes_start_task = now.start_task.is_some() && all.wanted.start_task.is_none();
    let n_nodes = i64::from(there.current_dedicated_nodes) + i64::from(there.current_low_priority_nodes);
    if empty_pool_refusal(n_nodes, there.allocation_state).is_some() {
        edit.patch.want_no_nodes().for_each(|property| all.refuse(property, Why::WantsNoNodes));
    }
    scale(&mut all, there, &mut edit);
    resize(&mut all, there, &mut edit);
    all.or(edit)
}

fn said_once(all: &mut Comparison<PoolCreate>, now: &PoolCreate) {
    let wanted = all.wanted.clone();
    all.said_once("id", &now.id, &wanted.id);
    all.said_once("applicationLicenses", &now.application_licenses, &wanted.application_licenses);
    all.said_once("identity", &now.identity, &wanted.identity);
    // A pool of a cloud service becomes one of a virtual machine, and never goes back.
    let becomes_machine = wanted.cloud_service_configuration.is_none()
        && now.virtual_machine_configuration != wanted.virtual_machine_configuration;
    if !becomes_machine {
        let property = "cloudServiceConfiguration";
        all.said_once(property, &now.cloud_service_configuration, &wanted.cloud_service_configuration);
    }
}

fn patch(all: &mut Comparison<PoolCreate>, now: &PoolCreate) -> PoolPatch {
    let wanted = all.wanted.clone();
    let spread = TaskSchedulingPolicy { node_fill_type: NodeFillType::Spread, job_default_order: None };
    let size = Some(wanted.vm_size.to_ascii_lowercase());
    // Each property with what its absence means; nothing where that cannot be said.
    macro_rules! new_values {
        ($($field:ident $property:literal $absent:expr;)+) => {
            PoolPatch {
                // Where it goes, `updateproperties` says so.
                start_task: wanted.start_task.clone().filter(|_| now.start_task != wanted.start_task),
                vm_size: size.filter(|size| *size != now.vm_size.to_ascii_lowercase()),
                $($field: all.new_value($property, &now.$field, &wanted.$field, $absent),)+
            }
        };
    }
    new_values! {
        certificate_references "certificateReferences" Some(Vec::new());
        application_package_references "applicationPackageReferences" Some(Vec::new());
        metadata "metadata" Some(Vec::new());
        target_node_communication_mode "targetNodeCommunicationMode" Some(NodeCommunicationMode::Default);
        display_name "displayName" None;
        task_slots_per_node "taskSlotsPerNode" Some(1);
        task_scheduling_policy "taskSchedulingPolicy" Some(spread);
        enable_inter_node_communication "enableInterNodeCommunication" Some(false);
        virtual_machine_configuration "virtualMachineConfiguration" None;
        network_configuration "networkConfiguration" None;
        user_accounts "userAccounts" Some(Vec::new());
        mount_configuration "mountConfiguration" Some(Vec::new());
        upgrade_policy "upgradePolicy" None;
        resource_tags "resourceTags" Some(BTreeMap::new());
    }
}

fn scale(all: &mut Comparison<PoolCreate>, there: &Pool, edit: &mut PoolEdit) {
    let (now, wanted) = (&there.settings, all.wanted.clone());
    let (was_on, is_on) = (now.enable_auto_scale == Some(true), wanted.enable_auto_scale == Some(true));
    if !is_on {
        let said = [
            ("autoScaleFormula", wanted.auto_scale_formula.is_some()),
            ("autoScaleEvaluationInterval", wanted.auto_scale_evaluation_interval.is_some()),
        ];
        said.into_iter().filter(|(_, is_said)| *is_said).for_each(|(name, _)| all.refuse(name, Why::NoAutoScale));
        edit.disables_auto_scale = was_on;
        return;
    }
    if wanted.auto_scale_formula.is_none() {
        all.refuse("autoScaleFormula", Why::FormulaNeeded);
    }
    let interval = |pool: &PoolCreate| Some(pool.auto_scale_evaluation_interval.unwrap_or(USUAL_INTERVAL));
    let is_new = |changed: bool| !was_on || changed;
    let enable = PoolEnableAutoScale {
        auto_scale_formula: wanted
            .auto_scale_formula
            .clone()
            .filter(|formula| is_new(now.auto_scale_formula.as_ref() != Some(formula))),
        auto_scale_evaluation_interval: interval(&wanted)
            .filter(|new| if was_on { interval(now) != Some(*new) } else { *new != USUAL_INTERVAL }),
    };
    if enable == PoolEnableAutoScale::default() {
        return;
    }
    if resize_refusal(there.state, there.allocation_state, false).is_some() {
        all.refuse("enableAutoScale", Why::BeingResized);
    }
    edit.enable_auto_scale = Some(enable);
}

fn resize(all: &mut Comparison<PoolCreate>, there: &Pool, edit: &mut PoolEdit) {
    let (now, wanted) = (&there.settings, all.wanted.clone());
    let is_on = wanted.enable_auto_scale == Some(true);
    // Where a formula sizes the pool, a target that is left out says nothing.
    let target = |all: &mut Comparison<PoolCreate>, property, now: &Option<i32>, wanted: &Option<i32>| {
        let absent = if is_on { *now } else { Some(0) };
        let new = all.new_value(property, now, wanted, absent)?;
        let refused = match resize_refusal(there.state, there.allocation_state, is_on) {
            None => return Some(new),
            Some(_) if is_on => Why::FormulaSizes,
            Some(_) => Why::BeingResized,
        };
        all.refuse(property, refused);
        None
    };
    let dedicated = target(all, "targetDedicatedNodes", &now.target_dedicated_nodes, &wanted.target_dedicated_nodes);
    let low_priority =
        target(all, "targetLowPriorityNodes", &now.target_low_priority_nodes, &wanted.target_low_priority_nodes);
    let is_resized = dedicated.is_some() || low_priority.is_some();
    let timeout = wanted.resize_timeout.filter(|timeout| now.resize_timeout != Some(*timeout));
    if timeout.is_some() && !is_resized {
        all.refuse("resizeTimeout", Why::NoNewSize);
    }
    edit.resize = is_resized.then_some(PoolResize {
        target_dedicated_nodes: dedicated,
        target_low_priority_nodes: low_priority,
        resize_timeout: wanted.resize_timeout,
        node_deallocation_option: None,
    });
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
