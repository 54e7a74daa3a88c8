//! What a body must be like, property by property. The same functions refuse a request and mark a form's field.

use serde_json::Value;

use crate::api::{self, Code, Duration, EnvironmentSetting, Error, MetadataItem, PoolCreate, TaskCreate, VmSize};

type Check = Result<(), Error>;

/// Most items of metadata on a pool or job.
const MOST_METADATA: usize = 50;
const LONGEST_DISPLAY_NAME: usize = 1024;
/// Chosen here: what Linux takes as one argument, since the text reaches the program through one.
const LONGEST_COMMAND_LINE: usize = 32_768;
const SHORTEST_RESIZE_TIMEOUT: Duration = Duration::from_mins(5);
/// Chosen here: more than any machine of one location serves.
const MOST_NODES: i32 = 10_000;
/// Source: removing nodes from a pool.
const MOST_NODES_REMOVED: usize = 100;

/// Fails unless `text` is an id of the given kind.
pub fn id<T: std::str::FromStr>(path: &str, text: &str) -> Result<T, Error>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        return Err(missing(path));
    }
    text.parse().map_err(|reason: T::Err| Error::invalid_property(path, text, reason.to_string()))
}

/// Everything that a new pool must be like. `sizes` are those of the account's location.
pub fn pool_create(create: &PoolCreate, sizes: &[VmSize]) -> Check {
    id::<super::ids::PoolId>("id", &create.id)?;
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

/// Everything that a new job must be like.
pub fn job_create(create: &api::JobCreate) -> Check {
    id::<super::ids::JobId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    pool_info(&create.pool_info)?;
    priority(create.priority)?;
    max_parallel_tasks(create.max_parallel_tasks)?;
    job_constraints(create.constraints.as_ref())?;
    environment("commonEnvironmentSettings", create.common_environment_settings.as_deref())?;
    metadata(create.metadata.as_deref())?;
    refuse("jobManagerTask", create.job_manager_task.as_ref())?;
    refuse("jobPreparationTask", create.job_preparation_task.as_ref())?;
    refuse("jobReleaseTask", create.job_release_task.as_ref())?;
    if create.uses_task_dependencies == Some(true) {
        return Err(not_built("usesTaskDependencies"));
    }
    if create.on_task_failure == Some(api::OnTaskFailure::PerformExitOptionsJobAction) {
        return Err(not_built("onTaskFailure"));
    }
    Ok(())
}

pub fn task_update(update: &api::TaskUpdate) -> Check {
    task_constraints(update.constraints.as_ref())
}

pub fn job_patch(patch: &api::JobPatch) -> Check {
    priority(patch.priority)?;
    max_parallel_tasks(patch.max_parallel_tasks)?;
    job_constraints(patch.constraints.as_ref())?;
    metadata(patch.metadata.as_deref())?;
    patch.pool_info.as_ref().map_or(Ok(()), pool_info)
}

fn pool_info(info: &api::PoolInformation) -> Check {
    refuse("poolInfo.autoPoolSpecification", info.auto_pool_specification.as_ref())?;
    match &info.pool_id {
        Some(pool) => id::<super::ids::PoolId>("poolInfo.poolId", pool).map(drop),
        None => Err(missing("poolInfo.poolId")),
    }
}

fn priority(priority: Option<i32>) -> Check {
    match priority {
        Some(p) if !(-1000..=1000).contains(&p) => {
            Err(Error::invalid_property("priority", p.to_string(), "between -1000 and 1000"))
        }
        _ => Ok(()),
    }
}

fn max_parallel_tasks(most: Option<i32>) -> Check {
    match most {
        Some(n) if n == 0 || n < -1 => {
            Err(Error::invalid_property("maxParallelTasks", n.to_string(), "-1 for no limit, or at least 1"))
        }
        _ => Ok(()),
    }
}

fn job_constraints(constraints: Option<&api::JobConstraints>) -> Check {
    let Some(constraints) = constraints else { return Ok(()) };
    positive("constraints.maxWallClockTime", constraints.max_wall_clock_time)?;
    retry_count("constraints.maxTaskRetryCount", constraints.max_task_retry_count)
}

/// Everything that a new task must be like, its job apart.
pub fn task_create(create: &TaskCreate) -> Check {
    id::<super::ids::TaskId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    command_line("commandLine", &create.command_line)?;
    environment("environmentSettings", create.environment_settings.as_deref())?;
    if let Some(slots) = create.required_slots
        && !(1..=256).contains(&slots)
    {
        return Err(Error::invalid_property("requiredSlots", slots.to_string(), "between 1 and 256"));
    }
    task_constraints(create.constraints.as_ref())?;
    user_identity("userIdentity", create.user_identity.as_ref())?;
    refuse("containerSettings", create.container_settings.as_ref())?;
    refuse("exitConditions", create.exit_conditions.as_ref())?;
    refuse("multiInstanceSettings", create.multi_instance_settings.as_ref())?;
    refuse("dependsOn", create.depends_on.as_ref())?;
    refuse("authenticationTokenSettings", create.authentication_token_settings.as_ref())?;
    refuse_unless_empty("resourceFiles", create.resource_files.as_ref())?;
    refuse_unless_empty("outputFiles", create.output_files.as_ref())?;
    refuse_unless_empty("applicationPackageReferences", create.application_package_references.as_ref())
}

fn task_constraints(constraints: Option<&api::TaskConstraints>) -> Check {
    let Some(constraints) = constraints else { return Ok(()) };
    positive("constraints.maxWallClockTime", constraints.max_wall_clock_time)?;
    positive("constraints.retentionTime", constraints.retention_time)?;
    retry_count("constraints.maxTaskRetryCount", constraints.max_task_retry_count)
}

fn user_identity(path: &str, identity: Option<&api::UserIdentity>) -> Check {
    match identity.and_then(|i| i.user_name.as_deref()) {
        Some(_) => Err(not_built(&format!("{path}.username"))),
        None => Ok(()),
    }
}

fn command_line(path: &str, text: &str) -> Check {
    if text.trim().is_empty() {
        return Err(missing(path));
    }
    if text.len() > LONGEST_COMMAND_LINE {
        return Err(Error::invalid_property(
            path,
            format!("{} bytes", text.len()),
            format!("at most {LONGEST_COMMAND_LINE} bytes"),
        ));
    }
    no_nul(path, text)
}

fn environment(path: &str, settings: Option<&[EnvironmentSetting]>) -> Check {
    for (index, setting) in settings.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{index}].name");
        if setting.name.is_empty() {
            return Err(missing(&path));
        }
        if setting.name.contains('=') {
            return Err(Error::invalid_property(&path, &*setting.name, "a name has no equals sign"));
        }
        no_nul(&path, &setting.name)?;
        no_nul(&path, setting.value.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn metadata(items: Option<&[MetadataItem]>) -> Check {
    let items = items.unwrap_or_default();
    if items.len() > MOST_METADATA {
        return Err(Error::new(Code::MetadataTooLarge).with("Reason", format!("at most {MOST_METADATA} items")));
    }
    match items.iter().position(|item| item.name.is_empty()) {
        Some(index) => Err(Error::new(Code::EmptyMetadataKey).with("PropertyName", format!("metadata[{index}].name"))),
        None => Ok(()),
    }
}

fn display_name(name: Option<&str>) -> Check {
    match name {
        Some(name) if name.chars().count() > LONGEST_DISPLAY_NAME => {
            let reason = format!("at most {LONGEST_DISPLAY_NAME} characters");
            Err(Error::invalid_property("displayName", format!("{} characters", name.chars().count()), reason))
        }
        _ => Ok(()),
    }
}

fn resize_timeout(timeout: Option<Duration>) -> Check {
    match timeout {
        Some(t) if t < SHORTEST_RESIZE_TIMEOUT => {
            Err(Error::invalid_property("resizeTimeout", t.to_string(), "at least 5 minutes (PT5M)"))
        }
        _ => Ok(()),
    }
}

fn retry_count(path: &str, count: Option<i32>) -> Check {
    match count {
        Some(n) if n < -1 => Err(Error::invalid_property(path, n.to_string(), "-1 for no limit, or at least 0")),
        _ => Ok(()),
    }
}

fn positive(path: &str, duration: Option<Duration>) -> Check {
    match duration {
        Some(d) if d.micros() <= 0 => Err(Error::invalid_property(path, d.to_string(), "longer than nothing")),
        _ => Ok(()),
    }
}

fn no_nul(path: &str, text: &str) -> Check {
    if text.contains('\0') {
        Err(Error::invalid_property(path, text.replace('\0', "\\0"), "no NUL character"))
    } else {
        Ok(())
    }
}

fn missing(path: &str) -> Error {
    Error::new(Code::MissingRequiredProperty).with("PropertyName", path)
}

/// What Batch has and Fournil has not yet is refused, so that no program waits for what will not happen.
fn not_built(path: &str) -> Error {
    Error::unsupported_property(path, "this version of Fournil does not have it")
}

fn refuse(path: &str, value: Option<&Value>) -> Check {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(not_built(path)),
    }
}

/// An empty list asks for nothing.
fn refuse_unless_empty(path: &str, value: Option<&Value>) -> Check {
    match value {
        Some(Value::Array(items)) if items.is_empty() => Ok(()),
        other => refuse(path, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Vec<VmSize> {
        vec![VmSize { name: "local_2".into(), cores: 2, memory_mib: 4096, native: true }]
    }

    fn pool() -> PoolCreate {
        PoolCreate { id: "p1".into(), vm_size: "LOCAL_2".into(), target_dedicated_nodes: Some(2), ..Default::default() }
    }

    fn check(result: Check, code: Code, property: &str) {
        let error = result.expect_err(property);
        assert_eq!((error.code, error.value("PropertyName")), (code, Some(property)));
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

    #[test]
    fn a_task_is_checked_property_by_property() {
        use Code::{
            InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing, UnsupportedProperty as Unsupported,
        };
        let with = |change: &dyn Fn(&mut TaskCreate)| {
            let mut create = TaskCreate { id: "t".into(), command_line: "/bin/true".into(), ..Default::default() };
            change(&mut create);
            task_create(&create)
        };
        assert_eq!(with(&|_| ()), Ok(()));
        check(with(&|t| t.command_line = " ".into()), Missing, "commandLine");
        check(with(&|t| t.command_line = "a\0b".into()), Invalid, "commandLine");
        check(with(&|t| t.required_slots = Some(0)), Invalid, "requiredSlots");
        check(with(&|t| t.depends_on = Some(serde_json::json!({"taskIds": ["a"]}))), Unsupported, "dependsOn");
        let setting = EnvironmentSetting { name: "A=B".into(), value: None };
        check(with(&|t| t.environment_settings = Some(vec![setting.clone()])), Invalid, "environmentSettings[0].name");
    }

    #[test]
    fn a_job_is_checked_property_by_property() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};
        let with = |change: &dyn Fn(&mut api::JobCreate)| {
            let mut create = api::JobCreate { id: "j".into(), ..Default::default() };
            create.pool_info.pool_id = Some("p".into());
            change(&mut create);
            job_create(&create)
        };
        assert_eq!(with(&|_| ()), Ok(()));
        check(with(&|j| j.pool_info.pool_id = None), Missing, "poolInfo.poolId");
        check(with(&|j| j.priority = Some(1001)), Invalid, "priority");
        check(with(&|j| j.max_parallel_tasks = Some(0)), Invalid, "maxParallelTasks");
        let wall = api::JobConstraints { max_wall_clock_time: Some(Duration(0)), ..Default::default() };
        check(with(&|j| j.constraints = Some(wall.clone())), Invalid, "constraints.maxWallClockTime");
    }
}
