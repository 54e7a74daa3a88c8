//! The form over a job that is there.

use super::JobForm;
use crate::api::{self, JobManagerTask, JobPreparationTask, JobReleaseTask, OnAllTasksComplete, TaskConstraints};
use crate::domain::job_rules;
use crate::portal::components::FieldErrors;
use crate::portal::pages::application;
use crate::portal::pages::container::ContainerChoice;
use crate::portal::pages::run_as::RunAs;
use crate::portal::pages::typed;

/// What was said in other words than the screen's, and means the same, stays as it was said.
fn identity(chosen: Option<api::UserIdentity>, old: &Option<api::UserIdentity>) -> Option<api::UserIdentity> {
    if RunAs::of(chosen.as_ref()) == RunAs::of(old.as_ref()) { old.clone() } else { chosen }
}
impl JobForm {
    /// What the screen holds of a job that is there, or of a schedule's jobs.
    pub fn of(job: &api::JobCreate) -> Self {
        let constraints = job.constraints.clone().unwrap_or_default();
        let (manager, preparation) = (job.job_manager_task.as_ref(), job.job_preparation_task.as_ref());
        let release = job.job_release_task.as_ref();
        let limits = preparation.and_then(|task| task.constraints.clone()).unwrap_or_default();
        let metadata = job.metadata.as_deref();
        let own = metadata.unwrap_or_default().iter().filter(|item| !job_rules::is_ours(&item.name));
        JobForm {
            id: job.id.clone(),
            display_name: job.display_name.clone().unwrap_or_default(),
            pool: job.pool_info.pool_id.clone().unwrap_or_default(),
            priority: job.priority.unwrap_or(0).to_string(),
            max_parallel_tasks: job.max_parallel_tasks.filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
            max_wall_clock: typed::write_length(constraints.max_wall_clock_time),
            max_retries: constraints.max_task_retry_count.unwrap_or(0).to_string(),
            ends_with_tasks: job.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob),
            uses_dependencies: job.has_dependencies(),
            performs_job_actions: job.performs_job_actions(),
            allows_preemption: job.allow_task_preemption == Some(true),
            fails_dependents: job_rules::is_on(metadata, job_rules::FAIL_DEPENDENTS),
            keeps_order: job_rules::is_on(metadata, job_rules::STRICT_ORDER),
            manager_command: manager.map(|task| task.command_line.clone()).unwrap_or_default(),
            manager_in: ContainerChoice::of(manager.and_then(|task| task.container_settings.as_ref())),
            preparation_in: ContainerChoice::of(preparation.and_then(|task| task.container_settings.as_ref())),
            release_in: ContainerChoice::of(release.and_then(|task| task.container_settings.as_ref())),
            manager_as: RunAs::of(manager.and_then(|task| task.user_identity.as_ref())),
            manager_packages: application::reference_rows(
                manager.and_then(|task| task.application_package_references.as_ref()),
            ),
            preparation_as: RunAs::of(preparation.and_then(|task| task.user_identity.as_ref())),
            release_as: RunAs::of(release.and_then(|task| task.user_identity.as_ref())),
            preparation_command: preparation.map(|task| task.command_line.clone()).unwrap_or_default(),
            preparation_retries: limits.max_task_retry_count.unwrap_or(0).to_string(),
            preparation_wait: preparation.is_none_or(|task| task.wait_for_success.unwrap_or(true)),
            preparation_retention: typed::write_length(limits.retention_time),
            release_command: release.map(|task| task.command_line.clone()).unwrap_or_default(),
            release_retention: typed::write_length(release.and_then(|task| task.retention_time)),
            environment: typed::environment_rows(job.common_environment_settings.as_ref()),
            metadata: own.map(|item| (item.name.clone(), item.value.clone())).collect(),
        }
    }

    /// Settings that are there, changed to what the screen holds. What it does not hold stays: id and name, where the job runs,
    /// the network, and all that its tasks have beside the fields here.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn over(&self, old: &api::JobCreate) -> Result<api::JobCreate, FieldErrors> {
        // An id that fits is not complained about; the pool of a job with one of its own neither.
        let pool = if old.pool_info.pool_id.is_some() { self.pool.clone() } else { "own".to_owned() };
        let new = JobForm { id: "job".to_owned(), pool, ..self.clone() }.to_create()?;
        let ends_otherwise = self.ends_with_tasks != JobForm::of(old).ends_with_tasks;
        let manager = new.job_manager_task.map(|new| match &old.job_manager_task {
            Some(old) => JobManagerTask {
                command_line: new.command_line,
                container_settings: new.container_settings,
                user_identity: identity(new.user_identity, &old.user_identity),
                application_package_references: new.application_package_references,
                kill_job_on_completion: if ends_otherwise {
                    new.kill_job_on_completion
                } else {
                    old.kill_job_on_completion
                },
                ..old.clone()
            },
            None => new,
        });
        let preparation = new.job_preparation_task.map(|new| match &old.job_preparation_task {
            Some(old) => {
                let limits = new.constraints.unwrap_or_default();
                let max_wall_clock_time = old.constraints.as_ref().and_then(|old| old.max_wall_clock_time);
                JobPreparationTask {
                    command_line: new.command_line,
                    container_settings: new.container_settings,
                    user_identity: identity(new.user_identity, &old.user_identity),
                    constraints: Some(TaskConstraints { max_wall_clock_time, ..limits }),
                    wait_for_success: new.wait_for_success,
                    ..old.clone()
                }
            }
            None => new,
        });
        let release = new.job_release_task.map(|new| match &old.job_release_task {
            Some(old) => JobReleaseTask {
                command_line: new.command_line,
                container_settings: new.container_settings,
                user_identity: identity(new.user_identity, &old.user_identity),
                retention_time: new.retention_time,
                ..old.clone()
            },
            None => new,
        });
        Ok(api::JobCreate {
            id: old.id.clone(),
            display_name: old.display_name.clone(),
            pool_info: if old.pool_info.pool_id.is_some() { new.pool_info } else { old.pool_info.clone() },
            network_configuration: old.network_configuration.clone(),
            job_manager_task: manager,
            job_preparation_task: preparation,
            job_release_task: release,
            ..new
        })
    }
}
