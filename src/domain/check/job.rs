//! Jobs.

use super::auto_pool::{Owner, pool_info};
use super::*;
use crate::domain::{job_manager, job_node, job_rules};

/// Everything that a new job must be like.
pub fn job_create(create: &api::JobCreate) -> Check {
    job_of(create, Owner::Caller)
}

/// A job of a caller or of a schedule.
pub(super) fn job_of(create: &api::JobCreate, owner: Owner) -> Check {
    // A colon is for schedules, which name their jobs themselves: what a caller chooses is as a schedule's id.
    id::<crate::domain::ids::JobScheduleId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    pool_info(&create.pool_info, owner)?;
    priority(create.priority)?;
    max_parallel_tasks(create.max_parallel_tasks)?;
    job_constraints(create.constraints.as_ref())?;
    environment("commonEnvironmentSettings", create.common_environment_settings.as_deref())?;
    metadata(create.metadata.as_deref())?;
    job_rules::check(create.metadata.as_deref())?;
    create.job_manager_task.as_ref().map_or(Ok(()), |task| manager_task(create, task))?;
    create.job_preparation_task.as_ref().map_or(Ok(()), preparation_task)?;
    create.job_release_task.as_ref().map_or(Ok(()), |task| release_task(task, create.job_preparation_task.as_ref()))
}

/// The manager is checked as the task that it will be.
fn manager_task(create: &api::JobCreate, task: &api::JobManagerTask) -> Check {
    task_create(&job_manager::to_task(task)).map_err(|error| error.below("jobManagerTask"))?;
    match job_node::id_refusal(create, &task.id) {
        Some(code) => Err(Error::new(code).with("PropertyName", "jobManagerTask.id").with("PropertyValue", &*task.id)),
        None => Ok(()),
    }
}

fn preparation_task(task: &api::JobPreparationTask) -> Check {
    let path = |name: &str| format!("jobPreparationTask.{name}");
    id::<crate::domain::ids::TaskId>(&path("id"), job_node::preparation_id(task))?;
    command_in(&path("commandLine"), &task.command_line, task.container_settings.as_ref())?;
    environment(&path("environmentSettings"), task.environment_settings.as_deref())?;
    task_constraints(&path("constraints"), task.constraints.as_ref())?;
    user_identity(&path("userIdentity"), task.user_identity.as_ref())?;
    in_container(&path, task.container_settings.as_ref(), task.environment_settings.as_deref())?;
    resource_files(&path("resourceFiles"), task.resource_files.as_deref())
}

/// A release task goes with a preparation task only. Source: jobs, `jobReleaseTask`.
fn release_task(task: &api::JobReleaseTask, preparation: Option<&api::JobPreparationTask>) -> Check {
    let path = |name: &str| format!("jobReleaseTask.{name}");
    let own_id = job_node::release_id(task);
    id::<crate::domain::ids::TaskId>(&path("id"), own_id)?;
    let Some(preparation) = preparation else {
        let reason = "a job with a release task has a preparation task";
        return Err(Error::invalid_property("jobReleaseTask", own_id, reason));
    };
    if own_id.eq_ignore_ascii_case(job_node::preparation_id(preparation)) {
        return Err(Error::invalid_property(&path("id"), own_id, "another id than the preparation task's"));
    }
    command_in(&path("commandLine"), &task.command_line, task.container_settings.as_ref())?;
    environment(&path("environmentSettings"), task.environment_settings.as_deref())?;
    positive(&path("maxWallClockTime"), task.max_wall_clock_time)?;
    if let Some(limit) = task.max_wall_clock_time.filter(|limit| *limit > job_node::LONGEST_RELEASE) {
        return Err(Error::invalid_property(&path("maxWallClockTime"), limit.to_string(), "at most 15 minutes"));
    }
    positive(&path("retentionTime"), task.retention_time)?;
    user_identity(&path("userIdentity"), task.user_identity.as_ref())?;
    in_container(&path, task.container_settings.as_ref(), task.environment_settings.as_deref())?;
    resource_files(&path("resourceFiles"), task.resource_files.as_deref())
}

fn in_container(
    path: &impl Fn(&str) -> String,
    container: Option<&api::ContainerSettings>,
    environment: Option<&[EnvironmentSetting]>,
) -> Check {
    container_settings(&path("containerSettings"), container)?;
    container.map_or(Ok(()), |_| one_line_each(&path("environmentSettings"), environment))
}

pub fn job_patch(patch: &api::JobPatch) -> Check {
    priority(patch.priority)?;
    max_parallel_tasks(patch.max_parallel_tasks)?;
    job_constraints(patch.constraints.as_ref())?;
    metadata(patch.metadata.as_deref())?;
    job_rules::check(patch.metadata.as_deref())?;
    // One that a schedule made may have the schedule's pool; of an auto pool hardly anything changes.
    patch.pool_info.as_ref().map_or(Ok(()), |info| pool_info(info, Owner::Schedule))
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
        let manager = |task: api::JobManagerTask| Some(api::JobManagerTask { id: "m".into(), ..task });
        let command = || api::JobManagerTask { command_line: "x".into(), ..Default::default() };
        assert_eq!(with(&|j| j.job_manager_task = manager(command())), Ok(()));
        check(with(&|j| j.job_manager_task = manager(Default::default())), Missing, "jobManagerTask.commandLine");
        let slots = || api::JobManagerTask { required_slots: Some(0), ..command() };
        check(with(&|j| j.job_manager_task = manager(slots())), Invalid, "jobManagerTask.requiredSlots");
        let preparation = |id: Option<&str>, command: &str| {
            Some(api::JobPreparationTask { id: id.map(Into::into), command_line: command.into(), ..Default::default() })
        };
        let release = |limit| {
            let task =
                api::JobReleaseTask { command_line: "x".into(), max_wall_clock_time: limit, ..Default::default() };
            Some(task)
        };
        check(with(&|j| j.job_preparation_task = preparation(None, "")), Missing, "jobPreparationTask.commandLine");
        check(with(&|j| j.job_preparation_task = preparation(Some("a b"), "x")), Invalid, "jobPreparationTask.id");
        check(with(&|j| j.job_release_task = release(None)), Invalid, "jobReleaseTask");
        let both = |j: &mut api::JobCreate, id, limit| {
            (j.job_preparation_task, j.job_release_task) = (preparation(id, "x"), release(limit));
        };
        assert_eq!(with(&|j| both(j, None, Some(Duration::from_mins(15)))), Ok(()));
        let too_long = Some(Duration::from_mins(16));
        check(with(&|j| both(j, None, too_long)), Invalid, "jobReleaseTask.maxWallClockTime");
        check(with(&|j| both(j, Some("JobRelease"), None)), Invalid, "jobReleaseTask.id");
        let wall = api::JobConstraints { max_wall_clock_time: Some(Duration(0)), ..Default::default() };
        check(with(&|j| j.constraints = Some(wall.clone())), Invalid, "constraints.maxWallClockTime");
    }
}
