//! Tasks.

use super::*;
use crate::api::{ExitConditions, ExitOptions, TaskCreate};
use crate::domain::multi_instance::MOST_INSTANCES;

/// Chosen here: more than any task needs.
const MOST_PACKAGES: usize = 100;

/// What a new task must know of its job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    pub uses_task_dependencies: bool,
    /// `onTaskFailure` lets tasks say what happens to the job.
    pub performs_job_actions: bool,
}

impl JobFacts {
    pub fn of(job: &api::JobCreate) -> JobFacts {
        JobFacts { uses_task_dependencies: job.has_dependencies(), performs_job_actions: job.performs_job_actions() }
    }
}

/// Everything that a new task of this job must be like.
pub fn task_create_in(job: JobFacts, create: &TaskCreate) -> Check {
    task_create(create)?;
    crate::domain::dependency::check(create, job.uses_task_dependencies)?;
    create.exit_conditions.as_ref().map_or(Ok(()), |conditions| exit_conditions(job, conditions))
}

/// Everything that a new task must be like, its job apart.
pub fn task_create(create: &TaskCreate) -> Check {
    id::<crate::domain::ids::TaskId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    command_in("commandLine", &create.command_line, create.container_settings.as_ref())?;
    environment("environmentSettings", create.environment_settings.as_deref())?;
    if let Some(slots) = create.required_slots
        && !(1..=256).contains(&slots)
    {
        return Err(Error::invalid_property("requiredSlots", slots.to_string(), "between 1 and 256"));
    }
    task_constraints("constraints", create.constraints.as_ref())?;
    user_identity("userIdentity", create.user_identity.as_ref())?;
    container(create)?;
    refuse("authenticationTokenSettings", create.authentication_token_settings.as_ref())?;
    resource_files("resourceFiles", create.resource_files.as_deref())?;
    output_files("outputFiles", create.output_files.as_deref())?;
    multi_instance(create)?;
    packages("applicationPackageReferences", create.application_package_references.as_deref(), MOST_PACKAGES)
}

/// An image has a command of its own. Source: tasks, `commandLine`.
pub(super) fn command_in(path: &str, text: &str, container: Option<&api::ContainerSettings>) -> Check {
    if container.is_some() && text.trim().is_empty() { Ok(()) } else { command_line(path, text) }
}

fn container(create: &TaskCreate) -> Check {
    container_settings("containerSettings", create.container_settings.as_ref())?;
    if create.container_settings.is_none() {
        return Ok(());
    }
    if create.multi_instance_settings.is_some() {
        let reason = "this version of Fournil runs tasks on several nodes without containers";
        return Err(Error::unsupported_property("containerSettings", reason));
    }
    one_line_each("environmentSettings", create.environment_settings.as_deref())
}

/// Source: multi-instance tasks: one slot a node.
fn multi_instance(create: &TaskCreate) -> Check {
    const PATH: &str = "multiInstanceSettings";
    let Some(settings) = &create.multi_instance_settings else { return Ok(()) };
    if let Some(n) = settings.number_of_instances.filter(|n| !(1..=MOST_INSTANCES).contains(n)) {
        return Err(Error::invalid_property(&format!("{PATH}.numberOfInstances"), n.to_string(), "between 1 and 1000"));
    }
    command_line(&format!("{PATH}.coordinationCommandLine"), &settings.coordination_command_line)?;
    resource_files(&format!("{PATH}.commonResourceFiles"), settings.common_resource_files.as_deref())?;
    if create.slots() != 1 {
        let reason = "1: a multi-instance task takes whole nodes of one slot";
        return Err(Error::invalid_property("requiredSlots", create.slots().to_string(), reason));
    }
    Ok(())
}

fn exit_conditions(job: JobFacts, conditions: &ExitConditions) -> Check {
    let ExitConditions { exit_codes, exit_code_ranges, pre_processing_error, file_upload_error, default } = conditions;
    for (index, mapping) in exit_codes.iter().enumerate() {
        exit_options(job, &format!("exitConditions.exitCodes[{index}].exitOptions"), &mapping.exit_options)?;
    }
    for (index, mapping) in exit_code_ranges.iter().enumerate() {
        let path = format!("exitConditions.exitCodeRanges[{index}]");
        if mapping.end < mapping.start {
            let text = format!("{} to {}", mapping.start, mapping.end);
            return Err(Error::invalid_property(&format!("{path}.end"), text, "not less than start"));
        }
        exit_options(job, &format!("{path}.exitOptions"), &mapping.exit_options)?;
    }
    for (name, options) in
        [("preProcessingError", pre_processing_error), ("fileUploadError", file_upload_error), ("default", default)]
    {
        if let Some(options) = options {
            exit_options(job, &format!("exitConditions.{name}"), options)?;
        }
    }
    Ok(())
}

/// Each action needs the job's consent. Source: tasks, `exitOptions`.
fn exit_options(job: JobFacts, path: &str, options: &ExitOptions) -> Check {
    if let Some(action) = options.job_action.filter(|_| !job.performs_job_actions) {
        let reason = "the job's onTaskFailure is not performexitoptionsjobaction";
        return Err(Error::invalid_property(&format!("{path}.jobAction"), action.as_str(), reason));
    }
    if let Some(action) = options.dependency_action.filter(|_| !job.uses_task_dependencies) {
        let reason = "the job's usesTaskDependencies is not true";
        return Err(Error::invalid_property(&format!("{path}.dependencyAction"), action.as_str(), reason));
    }
    Ok(())
}

pub fn task_update(update: &api::TaskUpdate) -> Check {
    task_constraints("constraints", update.constraints.as_ref())
}

pub(super) fn task_constraints(path: &str, constraints: Option<&api::TaskConstraints>) -> Check {
    let Some(constraints) = constraints else { return Ok(()) };
    positive(&format!("{path}.maxWallClockTime"), constraints.max_wall_clock_time)?;
    positive(&format!("{path}.retentionTime"), constraints.retention_time)?;
    retry_count(&format!("{path}.maxTaskRetryCount"), constraints.max_task_retry_count)
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;

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
        let container = || Some(api::ContainerSettings::of_image("busybox"));
        let in_container = |t: &mut TaskCreate| (t.command_line, t.container_settings) = (String::new(), container());
        assert_eq!(with(&in_container), Ok(()));
        let lines = EnvironmentSetting { name: "A".into(), value: Some("1\n2".into()) };
        let with_lines = |t: &mut TaskCreate| {
            (t.container_settings, t.environment_settings) = (container(), Some(vec![lines.clone()]));
        };
        check(with(&with_lines), Invalid, "environmentSettings[0].value");
        let on_several = |t: &mut TaskCreate| {
            let settings = serde_json::from_str(r#"{"numberOfInstances":2,"coordinationCommandLine":"x"}"#);
            (t.container_settings, t.multi_instance_settings) = (container(), Some(settings.unwrap()));
        };
        check(with(&on_several), Unsupported, "containerSettings");
        let setting = EnvironmentSetting { name: "A=B".into(), value: None };
        check(with(&|t| t.environment_settings = Some(vec![setting.clone()])), Invalid, "environmentSettings[0].name");
    }

    #[test]
    fn a_task_on_several_nodes_takes_one_slot_of_each() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};
        let with = |settings: serde_json::Value, required_slots| {
            task_create(&TaskCreate {
                id: "t".into(),
                command_line: "/bin/true".into(),
                multi_instance_settings: Some(serde_json::from_value(settings).unwrap()),
                required_slots,
                ..Default::default()
            })
        };
        let settings = |n: i32, coordination: &str| serde_json::json!({ "numberOfInstances": n, "coordinationCommandLine": coordination });
        assert_eq!(with(settings(2, "true"), None), Ok(()));
        assert_eq!(with(serde_json::json!({ "coordinationCommandLine": "true" }), Some(1)), Ok(()));
        check(with(settings(2, "true"), Some(2)), Invalid, "requiredSlots");
        check(with(settings(0, "true"), None), Invalid, "multiInstanceSettings.numberOfInstances");
        check(with(settings(1001, "true"), None), Invalid, "multiInstanceSettings.numberOfInstances");
        check(with(settings(2, ""), None), Missing, "multiInstanceSettings.coordinationCommandLine");
    }

    #[test]
    fn exit_conditions_need_the_consent_of_their_job() {
        use Code::InvalidPropertyValue as Invalid;
        let all = JobFacts { uses_task_dependencies: true, performs_job_actions: true };
        let with = |job: JobFacts, conditions: serde_json::Value| {
            let conditions = serde_json::from_value(conditions).unwrap();
            let create = TaskCreate {
                id: "t".into(),
                command_line: "/bin/true".into(),
                exit_conditions: Some(conditions),
                ..Default::default()
            };
            task_create_in(job, &create)
        };
        let ends_job = serde_json::json!({ "exitCodes": [{ "code": 1, "exitOptions": { "jobAction": "none" } }] });
        assert_eq!(with(all, ends_job.clone()), Ok(()));
        let path = "exitConditions.exitCodes[0].exitOptions.jobAction";
        check(with(JobFacts { performs_job_actions: false, ..all }, ends_job), Invalid, path);
        let satisfies = serde_json::json!({ "default": { "dependencyAction": "satisfy" } });
        assert_eq!(with(all, satisfies.clone()), Ok(()));
        let path = "exitConditions.default.dependencyAction";
        check(with(JobFacts { uses_task_dependencies: false, ..all }, satisfies), Invalid, path);
        let backwards = serde_json::json!({ "exitCodeRanges": [{ "start": 2, "end": 1, "exitOptions": {} }] });
        check(with(all, backwards), Invalid, "exitConditions.exitCodeRanges[0].end");
    }
}
