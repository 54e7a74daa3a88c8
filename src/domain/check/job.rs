//! Jobs.

use super::*;

/// Everything that a new job must be like.
pub fn job_create(create: &api::JobCreate) -> Check {
    // A colon is for schedules, which name their jobs themselves: what a caller chooses is as a schedule's id.
    id::<crate::domain::ids::JobScheduleId>("id", &create.id)?;
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
        Some(pool) => id::<crate::domain::ids::PoolId>("poolInfo.poolId", pool).map(drop),
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

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;

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
        check(with(&|j| j.id = "s:job-1".into()), Invalid, "id");
        check(with(&|j| j.pool_info.pool_id = None), Missing, "poolInfo.poolId");
        check(with(&|j| j.priority = Some(1001)), Invalid, "priority");
        check(with(&|j| j.max_parallel_tasks = Some(0)), Invalid, "maxParallelTasks");
        let wall = api::JobConstraints { max_wall_clock_time: Some(Duration(0)), ..Default::default() };
        check(with(&|j| j.constraints = Some(wall.clone())), Invalid, "constraints.maxWallClockTime");
    }
}
