//! Pools, and what happens to their nodes.

mod machine;
mod network;

pub use self::network::{configuration as network_configuration, no_reserved_ports};
use super::*;
use crate::api::{PoolCreate, VmSize};
use crate::domain::auto_scale::{LONGEST_INTERVAL, SHORTEST_INTERVAL};

const SHORTEST_RESIZE_TIMEOUT: Duration = Duration::from_mins(5);
/// Chosen here: more than any machine of one location serves.
pub const MOST_NODES: i32 = 10_000;
/// Source: removing nodes from a pool.
const MOST_NODES_REMOVED: usize = 100;

/// Source: pools, `applicationPackageReferences`.
const MOST_PACKAGES: usize = 10;

/// Most certificates that a pool names. Chosen here.
const MOST_CERTIFICATES: usize = 100;

/// Everything that a new pool must be like. `sizes` are those of the account's location.
pub fn pool_create(create: &PoolCreate, sizes: &[VmSize]) -> Check {
    id::<crate::domain::ids::PoolId>("id", &create.id)?;
    size_and_slots(&create.vm_size, create.task_slots_per_node, sizes)?;
    pool_specification(create)
}

/// The same without the id, and without what depends on the location: what describes an auto pool.
pub fn pool_specification(create: &PoolCreate) -> Check {
    display_name(create.display_name.as_deref())?;
    if create.vm_size.is_empty() {
        return Err(missing("vmSize"));
    }
    targets(create.target_dedicated_nodes, create.target_low_priority_nodes)?;
    resize_timeout(create.resize_timeout)?;
    metadata(create.metadata.as_deref())?;
    create.start_task.as_ref().map_or(Ok(()), start_task_ok)?;
    start_task_user(create)?;
    auto_scale(create)?;
    if create.cloud_service_configuration.is_some() && create.virtual_machine_configuration.is_some() {
        let reason = "a pool has one of virtualMachineConfiguration and cloudServiceConfiguration";
        return Err(Error::invalid_property("cloudServiceConfiguration", "an object", reason));
    }
    parts(&Parts {
        machine: create.virtual_machine_configuration.as_ref(),
        network: create.network_configuration.as_ref(),
        upgrade: create.upgrade_policy.as_ref(),
        packages: create.application_package_references.as_deref(),
        certificates: create.certificate_references.as_deref(),
        mounts: create.mount_configuration.as_deref(),
        users: create.user_accounts.as_deref(),
    })
}

/// A pool has a formula or targets. Whether the formula can be read, `autoscale` knows.
fn auto_scale(create: &PoolCreate) -> Check {
    let is_on = create.enable_auto_scale.unwrap_or_default();
    let wrong = [
        ("autoScaleFormula", is_on && create.auto_scale_formula.is_none(), "a pool with autoscale needs a formula"),
        ("autoScaleFormula", !is_on && create.auto_scale_formula.is_some(), WITHOUT),
        ("autoScaleEvaluationInterval", !is_on && create.auto_scale_evaluation_interval.is_some(), WITHOUT),
        ("targetDedicatedNodes", is_on && create.target_dedicated_nodes.is_some(), WITH),
        ("targetLowPriorityNodes", is_on && create.target_low_priority_nodes.is_some(), WITH),
    ];
    if let Some((property, _, reason)) = wrong.into_iter().find(|(_, is_wrong, _)| *is_wrong) {
        let error = Error::new(Code::InvalidAutoScalingSettings).with("PropertyName", property);
        return Err(error.with("Reason", reason));
    }
    auto_scale_interval(create.auto_scale_evaluation_interval)
}

const WITHOUT: &str = "the pool has no autoscale: enableAutoScale is not true";
const WITH: &str = "the formula sets the size of a pool with autoscale";

/// The time between two runs of a formula.
pub fn auto_scale_interval(interval: Option<Duration>) -> Check {
    match interval {
        Some(i) if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&i) => Err(Error::invalid_property(
            "autoScaleEvaluationInterval",
            i.to_string(),
            "between 5 minutes (PT5M) and 168 hours (P7D)",
        )),
        _ => Ok(()),
    }
}

/// A change of a pool, apart from its size and slots: those depend on the pool, see [`size_and_slots`].
pub fn pool_patch(patch: &api::PoolPatch) -> Check {
    display_name(patch.display_name.as_deref())?;
    metadata(patch.metadata.as_deref())?;
    patch.start_task.as_ref().map_or(Ok(()), start_task_ok)?;
    parts(&Parts {
        machine: patch.virtual_machine_configuration.as_ref(),
        network: patch.network_configuration.as_ref(),
        upgrade: patch.upgrade_policy.as_ref(),
        packages: patch.application_package_references.as_deref(),
        certificates: patch.certificate_references.as_deref(),
        mounts: patch.mount_configuration.as_deref(),
        users: patch.user_accounts.as_deref(),
    })
}

pub fn pool_update(update: &api::PoolUpdate) -> Check {
    metadata(Some(&update.metadata))?;
    update.start_task.as_ref().map_or(Ok(()), start_task_ok)?;
    parts(&Parts {
        packages: Some(&update.application_package_references),
        certificates: update.certificate_references.as_deref(),
        ..Parts::default()
    })
}

/// Nested settings that several requests have.
#[derive(Default)]
struct Parts<'a> {
    machine: Option<&'a api::VirtualMachineConfiguration>,
    network: Option<&'a api::NetworkConfiguration>,
    upgrade: Option<&'a api::UpgradePolicy>,
    packages: Option<&'a [api::ApplicationPackageReference]>,
    certificates: Option<&'a [api::CertificateReference]>,
    mounts: Option<&'a [api::MountConfiguration]>,
    users: Option<&'a [api::UserAccount]>,
}

fn parts(parts: &Parts) -> Check {
    parts.machine.map_or(Ok(()), machine::configuration)?;
    parts.network.map_or(Ok(()), network::configuration)?;
    parts.upgrade.map_or(Ok(()), machine::upgrade)?;
    certificate_references(parts.certificates.unwrap_or_default())?;
    packages("applicationPackageReferences", parts.packages, MOST_PACKAGES)?;
    mounts(parts.mounts.unwrap_or_default())?;
    user_accounts(parts.users.unwrap_or_default())
}

/// The size is one of the location's, and a node of it can have so many slots.
pub fn size_and_slots(vm_size: &str, slots: Option<i32>, sizes: &[VmSize]) -> Check {
    if vm_size.is_empty() {
        return Err(missing("vmSize"));
    }
    let size = crate::domain::vm_size::find(sizes, vm_size)
        .ok_or_else(|| Error::invalid_property("vmSize", vm_size, "the account's location has no such size"))?;
    let most_slots = (4 * size.cores).min(256);
    match slots {
        Some(slots) if !(1..=most_slots).contains(&i64::from(slots)) => {
            let reason = format!("a node of this size has 1 to {most_slots} slots: four for each core, at most 256");
            Err(Error::invalid_property("taskSlotsPerNode", slots.to_string(), reason))
        }
        _ => Ok(()),
    }
}

/// Form and number of references; whether the certificates exist, the store knows.
fn certificate_references(references: &[api::CertificateReference]) -> Check {
    if references.len() > MOST_CERTIFICATES {
        let reason = format!("at most {MOST_CERTIFICATES} certificates");
        return Err(Error::invalid_property("certificateReferences", references.len().to_string(), reason));
    }
    for (index, reference) in references.iter().enumerate() {
        let path = format!("certificateReferences[{index}]");
        let key = certificate_key(&path, &reference.thumbprint_algorithm, &reference.thumbprint)?;
        let is_same = |other: &api::CertificateReference| super::thumbprint_digits(&other.thumbprint) == key;
        if references[..index].iter().any(is_same) {
            return Err(Error::invalid_property(&format!("{path}.thumbprint"), key, "each certificate once"));
        }
    }
    Ok(())
}

pub fn node_remove(remove: &api::NodeRemove) -> Check {
    if !(1..=MOST_NODES_REMOVED).contains(&remove.node_list.len()) {
        let reason = format!("1 to {MOST_NODES_REMOVED} nodes in one call");
        return Err(Error::invalid_property("nodeList", remove.node_list.len().to_string(), reason));
    }
    resize_timeout(remove.resize_timeout)
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
    resize_timeout(resize.resize_timeout)
}

/// An account that the start task names is one of the pool's.
pub fn start_task_user(pool: &PoolCreate) -> Check {
    let identity = pool.start_task.as_ref().and_then(|task| task.user_identity.as_ref());
    known_user("startTask.userIdentity", identity, pool.user_accounts.as_deref().unwrap_or_default())
}

pub fn start_task_ok(start_task: &api::StartTask) -> Check {
    let container = start_task.container_settings.as_ref();
    command_in("startTask.commandLine", &start_task.command_line, container)?;
    environment("startTask.environmentSettings", start_task.environment_settings.as_deref())?;
    retry_count("startTask.maxTaskRetryCount", start_task.max_task_retry_count)?;
    container_settings("startTask.containerSettings", start_task.container_settings.as_ref())?;
    if start_task.container_settings.is_some() {
        one_line_each("startTask.environmentSettings", start_task.environment_settings.as_deref())?;
    }
    resource_files("startTask.resourceFiles", start_task.resource_files.as_deref())?;
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
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};
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
        check(with(&|p| p.start_task = Some(api::StartTask::default())), Missing, "startTask.commandLine");
        let mount = api::MountConfiguration::default();
        let path = "mountConfiguration[0].nfsMountConfiguration";
        check(with(&|p| p.mount_configuration = Some(vec![mount.clone()])), Missing, path);
        assert_eq!(with(&|p| p.mount_configuration = Some(vec![])), Ok(()));
    }

    #[test]
    fn a_pool_has_a_formula_or_targets() {
        let settings = Code::InvalidAutoScalingSettings;
        let with = |change: &dyn Fn(&mut PoolCreate)| {
            let mut create = PoolCreate { target_dedicated_nodes: None, ..pool() };
            (create.enable_auto_scale, create.auto_scale_formula) = (Some(true), Some("x=1".into()));
            change(&mut create);
            pool_create(&create, &sizes())
        };
        assert_eq!(with(&|_| ()), Ok(()));
        assert_eq!(with(&|p| p.auto_scale_evaluation_interval = Some(Duration::from_days(7))), Ok(()));
        check(with(&|p| p.auto_scale_formula = None), settings, "autoScaleFormula");
        check(with(&|p| p.enable_auto_scale = None), settings, "autoScaleFormula");
        check(with(&|p| p.target_dedicated_nodes = Some(0)), settings, "targetDedicatedNodes");
        check(with(&|p| p.target_low_priority_nodes = Some(1)), settings, "targetLowPriorityNodes");
        let interval = "autoScaleEvaluationInterval";
        let alone = |p: &mut PoolCreate| {
            (p.enable_auto_scale, p.auto_scale_formula) = (None, None);
            p.auto_scale_evaluation_interval = Some(Duration::from_mins(5));
        };
        check(with(&alone), settings, interval);
        for wrong in [Duration::from_secs(299), Duration::from_secs(604_801)] {
            check(with(&|p| p.auto_scale_evaluation_interval = Some(wrong)), Code::InvalidPropertyValue, interval);
        }
    }

    #[test]
    fn a_pool_names_each_certificate_once() {
        let reference = |thumbprint: &str, algorithm: &str| -> api::CertificateReference {
            serde_json::from_value(serde_json::json!({ "thumbprint": thumbprint, "thumbprintAlgorithm": algorithm }))
                .unwrap()
        };
        let with = |references: Vec<api::CertificateReference>| certificate_references(&references);
        assert_eq!(with(vec![reference("ab", "SHA1"), reference("ac", "sha1")]), Ok(()));
        let invalid = Code::InvalidPropertyValue;
        check(with(vec![reference("ab", "md5")]), invalid, "certificateReferences[0].thumbprintAlgorithm");
        check(with(vec![reference("xy", "sha1")]), invalid, "certificateReferences[0].thumbprint");
        check(
            with(vec![reference("a b", "sha1"), reference("AB", "sha1")]),
            invalid,
            "certificateReferences[1].thumbprint",
        );
    }
}
