//! Pools, and what happens to their nodes.

use super::*;
use crate::api::{PoolCreate, VmSize};

const SHORTEST_RESIZE_TIMEOUT: Duration = Duration::from_mins(5);
/// Chosen here: more than any machine of one location serves.
const MOST_NODES: i32 = 10_000;
/// Source: removing nodes from a pool.
const MOST_NODES_REMOVED: usize = 100;

/// Everything that a new pool must be like. `sizes` are those of the account's location.
pub fn pool_create(create: &PoolCreate, sizes: &[VmSize]) -> Check {
    id::<crate::domain::ids::PoolId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    if create.vm_size.is_empty() {
        return Err(missing("vmSize"));
    }
    let size = sizes.iter().find(|s| s.name.eq_ignore_ascii_case(&create.vm_size));
    let cores = size
        .ok_or_else(|| Error::invalid_property("vmSize", &*create.vm_size, "the account's location has no such size"))?
        .cores;
    targets(create.target_dedicated_nodes, create.target_low_priority_nodes)?;
    resize_timeout(create.resize_timeout)?;
    let most_slots = (4 * cores).min(256);
    if let Some(slots) = create.task_slots_per_node
        && !(1..=most_slots).contains(&i64::from(slots))
    {
        let reason = format!("a node of this size has 1 to {most_slots} slots: four for each core, at most 256");
        return Err(Error::invalid_property("taskSlotsPerNode", slots.to_string(), reason));
    }
    metadata(create.metadata.as_deref())?;
    if let Some(start_task) = &create.start_task {
        start_task_ok(start_task)?;
    }
    if create.enable_auto_scale == Some(true) || create.auto_scale_formula.is_some() {
        return Err(not_built("autoScaleFormula"));
    }
    refuse_unless_empty("applicationPackageReferences", create.application_package_references.as_ref())?;
    refuse_unless_empty("certificateReferences", create.certificate_references.as_ref())?;
    refuse_unless_empty("mountConfiguration", create.mount_configuration.as_ref())?;
    refuse_unless_empty("userAccounts", create.user_accounts.as_ref())
}

pub fn pool_patch(patch: &api::PoolPatch) -> Check {
    display_name(patch.display_name.as_deref())?;
    metadata(patch.metadata.as_deref())?;
    patch.start_task.as_ref().map_or(Ok(()), start_task_ok)?;
    refuse_unless_empty("applicationPackageReferences", patch.application_package_references.as_ref())?;
    refuse_unless_empty("certificateReferences", patch.certificate_references.as_ref())
}

pub fn pool_update(update: &api::PoolUpdate) -> Check {
    metadata(Some(&update.metadata))?;
    update.start_task.as_ref().map_or(Ok(()), start_task_ok)?;
    refuse_unless_empty("applicationPackageReferences", Some(&update.application_package_references))?;
    refuse_unless_empty("certificateReferences", update.certificate_references.as_ref())
}

pub fn node_remove(remove: &api::NodeRemove) -> Check {
    if !(1..=MOST_NODES_REMOVED).contains(&remove.node_list.len()) {
        let reason = format!("1 to {MOST_NODES_REMOVED} nodes in one call");
        return Err(Error::invalid_property("nodeList", remove.node_list.len().to_string(), reason));
    }
    resize_timeout(remove.resize_timeout)?;
    deallocation_option(remove.node_deallocation_option)
}

/// Target sizes of a pool.
pub fn targets(dedicated: Option<i32>, low_priority: Option<i32>) -> Check {
    for (path, target) in [("targetDedicatedNodes", dedicated), ("targetLowPriorityNodes", low_priority)] {
        if let Some(target) = target
            && !(0..=MOST_NODES).contains(&target)
        {
            return Err(Error::invalid_property(path, target.to_string(), format!("between 0 and {MOST_NODES}")));
        }
    }
    Ok(())
}

pub fn pool_resize(resize: &api::PoolResize) -> Check {
    if resize.target_dedicated_nodes.is_none() && resize.target_low_priority_nodes.is_none() {
        return Err(missing("targetDedicatedNodes"));
    }
    targets(resize.target_dedicated_nodes, resize.target_low_priority_nodes)?;
    resize_timeout(resize.resize_timeout)?;
    deallocation_option(resize.node_deallocation_option)
}

fn deallocation_option(option: Option<api::NodeDeallocationOption>) -> Check {
    if option == Some(api::NodeDeallocationOption::RetainedData) {
        let reason = "files of ended tasks do not hold a node back here: use taskcompletion";
        return Err(Error::invalid_property("nodeDeallocationOption", "retaineddata", reason));
    }
    Ok(())
}

pub fn start_task_ok(start_task: &api::StartTask) -> Check {
    command_line("startTask.commandLine", &start_task.command_line)?;
    environment("startTask.environmentSettings", start_task.environment_settings.as_deref())?;
    retry_count("startTask.maxTaskRetryCount", start_task.max_task_retry_count)?;
    refuse("startTask.containerSettings", start_task.container_settings.as_ref())?;
    refuse_unless_empty("startTask.resourceFiles", start_task.resource_files.as_ref())?;
    user_identity("startTask.userIdentity", start_task.user_identity.as_ref())
}

fn resize_timeout(timeout: Option<Duration>) -> Check {
    match timeout {
        Some(t) if t < SHORTEST_RESIZE_TIMEOUT => {
            Err(Error::invalid_property("resizeTimeout", t.to_string(), "at least 5 minutes (PT5M)"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;

    fn sizes() -> Vec<VmSize> {
        vec![VmSize { name: "local_2".into(), cores: 2, memory_mib: 4096, native: true }]
    }

    fn pool() -> PoolCreate {
        PoolCreate { id: "p1".into(), vm_size: "LOCAL_2".into(), target_dedicated_nodes: Some(2), ..Default::default() }
    }

    #[test]
    fn a_pool_is_checked_property_by_property() {
        use Code::{
            InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing, UnsupportedProperty as Unsupported,
        };
        let with = |change: &dyn Fn(&mut PoolCreate)| {
            let mut create = pool();
            change(&mut create);
            pool_create(&create, &sizes())
        };
        assert_eq!(with(&|_| ()), Ok(()));
        check(with(&|p| p.id = String::new()), Missing, "id");
        check(with(&|p| p.id = "a/b".into()), Invalid, "id");
        check(with(&|p| p.vm_size = "huge".into()), Invalid, "vmSize");
        check(with(&|p| p.target_dedicated_nodes = Some(-1)), Invalid, "targetDedicatedNodes");
        check(with(&|p| p.resize_timeout = Some(Duration::from_mins(4))), Invalid, "resizeTimeout");
        check(with(&|p| p.task_slots_per_node = Some(9)), Invalid, "taskSlotsPerNode");
        check(with(&|p| p.task_slots_per_node = Some(0)), Invalid, "taskSlotsPerNode");
        check(with(&|p| p.enable_auto_scale = Some(true)), Unsupported, "autoScaleFormula");
        check(with(&|p| p.start_task = Some(api::StartTask::default())), Missing, "startTask.commandLine");
        check(with(&|p| p.mount_configuration = Some(serde_json::json!([{}]))), Unsupported, "mountConfiguration");
        assert_eq!(with(&|p| p.mount_configuration = Some(serde_json::json!([]))), Ok(()));
    }
}
