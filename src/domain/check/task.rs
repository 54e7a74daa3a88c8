//! Tasks.

use super::*;
use crate::api::TaskCreate;

/// Everything that a new task must be like, its job apart.
pub fn task_create(create: &TaskCreate) -> Check {
    id::<crate::domain::ids::TaskId>("id", &create.id)?;
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

pub fn task_update(update: &api::TaskUpdate) -> Check {
    task_constraints(update.constraints.as_ref())
}

fn task_constraints(constraints: Option<&api::TaskConstraints>) -> Check {
    let Some(constraints) = constraints else { return Ok(()) };
    positive("constraints.maxWallClockTime", constraints.max_wall_clock_time)?;
    positive("constraints.retentionTime", constraints.retention_time)?;
    retry_count("constraints.maxTaskRetryCount", constraints.max_task_retry_count)
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
        check(with(&|t| t.depends_on = Some(serde_json::json!({"taskIds": ["a"]}))), Unsupported, "dependsOn");
        let setting = EnvironmentSetting { name: "A=B".into(), value: None };
        check(with(&|t| t.environment_settings = Some(vec![setting.clone()])), Invalid, "environmentSettings[0].name");
    }
}
