//! The form of a new job.

mod existing;

use crate::api::{
    self, JobConstraints, JobManagerTask, JobPreparationTask, JobReleaseTask, MetadataItem, OnAllTasksComplete,
    OnTaskFailure, PoolInformation, TaskConstraints,
};
use crate::domain::ids::{JobScheduleId, PoolId};
use crate::domain::job_rules;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::application::{self, ReferenceRow};
use crate::portal::pages::container::ContainerChoice;
use crate::portal::pages::run_as::RunAs;
use crate::portal::pages::typed::{self, Pair, form};

form! {
    /// What the screen holds, as typed.
    JobForm, JobFields {
        id: String,
        display_name: String,
        pool: String,
        priority: String,
        /// Empty: no limit.
        max_parallel_tasks: String,
        /// Empty: no limit.
        max_wall_clock: String,
        max_retries: String,
        /// The job ends when all its tasks have.
        ends_with_tasks: bool,
        /// Tasks may depend on other tasks.
        uses_dependencies: bool,
        /// Failed tasks may end or disable the job.
        performs_job_actions: bool,
        /// Running tasks give way to those of more important jobs.
        allows_preemption: bool,
        /// Tasks that depend on a failed one fail too.
        fails_dependents: bool,
        /// The first waiting task is not overtaken.
        keeps_order: bool,
        /// Empty: no job manager task.
        manager_command: String,
        /// In which container it runs; the same of the others below.
        manager_in: ContainerChoice,
        preparation_in: ContainerChoice,
        release_in: ContainerChoice,
        /// Whom it runs as; the same of the others below.
        manager_as: RunAs,
        manager_packages: Vec<ReferenceRow>,
        preparation_as: RunAs,
        release_as: RunAs,
        /// Empty: no preparation task, and then no release task either.
        preparation_command: String,
        preparation_retries: String,
        preparation_wait: bool,
        /// Empty: seven days.
        preparation_retention: String,
        release_command: String,
        release_retention: String,
        environment: Vec<Pair>,
        metadata: Vec<Pair>,
    }
}

impl Default for JobForm {
    fn default() -> Self {
        JobForm {
            id: String::new(),
            display_name: String::new(),
            pool: String::new(),
            priority: "0".to_owned(),
            max_parallel_tasks: String::new(),
            max_wall_clock: String::new(),
            max_retries: "0".to_owned(),
            ends_with_tasks: false,
            uses_dependencies: false,
            performs_job_actions: false,
            allows_preemption: false,
            fails_dependents: false,
            keeps_order: false,
            manager_command: String::new(),
            manager_in: ContainerChoice::default(),
            preparation_in: ContainerChoice::default(),
            release_in: ContainerChoice::default(),
            manager_as: RunAs::default(),
            manager_packages: Vec::new(),
            preparation_as: RunAs::default(),
            release_as: RunAs::default(),
            preparation_command: String::new(),
            preparation_retries: "0".to_owned(),
            preparation_wait: true,
            preparation_retention: String::new(),
            release_command: String::new(),
            release_retention: String::new(),
            environment: Vec::new(),
            metadata: Vec::new(),
        }
    }
}

impl JobForm {
    /// The body of the request.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_create(&self) -> Result<api::JobCreate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let create = api::JobCreate {
            // What people choose is as a schedule's id: a colon is for the jobs that schedules make.
            id: errors.take("id", typed::id::<JobScheduleId>(&self.id)).map(String::from).unwrap_or_default(),
            display_name: errors.take("displayName", typed::optional(&self.display_name, 1024)).flatten(),
            priority: errors.take("priority", typed::number(&self.priority, -1000..=1000)),
            max_parallel_tasks: errors
                .take("maxParallelTasks", typed::optional_number(&self.max_parallel_tasks, 1..=i32::MAX))
                .flatten(),
            constraints: self.constraints(&mut errors),
            common_environment_settings: errors
                .take("commonEnvironmentSettings", typed::environment(&self.environment))
                .flatten(),
            pool_info: errors
                .take("poolInfo.poolId", typed::id::<PoolId>(&self.pool))
                .map(PoolInformation::of_pool)
                .unwrap_or_default(),
            on_all_tasks_complete: Some(if self.ends_with_tasks {
                OnAllTasksComplete::TerminateJob
            } else {
                OnAllTasksComplete::NoAction
            }),
            job_manager_task: self.manager(&mut errors),
            job_preparation_task: self.preparation(&mut errors),
            job_release_task: self.release(&mut errors),
            uses_task_dependencies: self.uses_dependencies.then_some(true),
            on_task_failure: self.performs_job_actions.then_some(OnTaskFailure::PerformExitOptionsJobAction),
            allow_task_preemption: self.allows_preemption.then_some(true),
            metadata: with_rules(
                errors.take("metadata", typed::metadata(&self.metadata)).flatten(),
                self.fails_dependents,
                self.keeps_order,
            ),
            ..api::JobCreate::default()
        };
        errors.or(create)
    }

    /// Where the job ends with its tasks, it outlives its manager.
    fn manager(&self, errors: &mut FieldErrors) -> Option<JobManagerTask> {
        let user_identity = errors.take("jobManagerTask.userIdentity", self.manager_as.to_identity()).flatten();
        let packages = errors
            .take("jobManagerTask.applicationPackageReferences", application::references(&self.manager_packages))
            .flatten();
        is_said(&self.manager_command, &self.manager_in).then(|| JobManagerTask {
            container_settings: self.manager_in.to_settings(MANAGER_CONTAINER, errors),
            id: "jobmanager".to_owned(),
            application_package_references: packages,
            command_line: self.manager_command.clone(),
            kill_job_on_completion: Some(!self.ends_with_tasks),
            user_identity,
            ..JobManagerTask::default()
        })
    }

    fn preparation(&self, errors: &mut FieldErrors) -> Option<JobPreparationTask> {
        let retries =
            errors.take("jobPreparationTask.constraints", typed::number(&self.preparation_retries, -1..=i32::MAX));
        let retention_time = errors
            .take("jobPreparationTask.constraints.retentionTime", typed::length(&self.preparation_retention))
            .flatten();
        let user_identity = errors.take("jobPreparationTask.userIdentity", self.preparation_as.to_identity()).flatten();
        is_said(&self.preparation_command, &self.preparation_in).then(|| JobPreparationTask {
            container_settings: self.preparation_in.to_settings(PREPARATION_CONTAINER, errors),
            user_identity,
            command_line: self.preparation_command.clone(),
            constraints: Some(TaskConstraints {
                max_task_retry_count: retries,
                retention_time,
                ..TaskConstraints::default()
            }),
            wait_for_success: Some(self.preparation_wait),
            ..JobPreparationTask::default()
        })
    }

    fn release(&self, errors: &mut FieldErrors) -> Option<JobReleaseTask> {
        if !is_said(&self.release_command, &self.release_in) {
            return None;
        }
        if !is_said(&self.preparation_command, &self.preparation_in) {
            errors.add("jobReleaseTask", msg::JOB_RELEASE_NEEDS_PREPARATION);
        }
        Some(JobReleaseTask {
            command_line: self.release_command.clone(),
            container_settings: self.release_in.to_settings(RELEASE_CONTAINER, errors),
            user_identity: errors.take("jobReleaseTask.userIdentity", self.release_as.to_identity()).flatten(),
            retention_time: errors
                .take("jobReleaseTask.retentionTime", typed::length(&self.release_retention))
                .flatten(),
            ..JobReleaseTask::default()
        })
    }

    fn constraints(&self, errors: &mut FieldErrors) -> Option<JobConstraints> {
        let constraints = JobConstraints {
            max_wall_clock_time: errors
                .take("constraints.maxWallClockTime", typed::length(&self.max_wall_clock))
                .flatten(),
            max_task_retry_count: errors
                .take("constraints.maxTaskRetryCount", typed::number(&self.max_retries, -1..=i32::MAX))
                .filter(|n| *n != 0),
        };
        (constraints != JobConstraints::default()).then_some(constraints)
    }
}

/// Properties of the containers of the job's own tasks.
pub const MANAGER_CONTAINER: &str = "jobManagerTask.containerSettings";
pub const PREPARATION_CONTAINER: &str = "jobPreparationTask.containerSettings";
pub const RELEASE_CONTAINER: &str = "jobReleaseTask.containerSettings";

/// Whether there is a task: an image has a command of its own.
pub fn is_said(command: &str, container: &ContainerChoice) -> bool {
    !command.trim().is_empty() || container.has_image()
}

/// Metadata with the rules beyond Batch's that the job asks for.
pub fn with_rules(
    items: Option<Vec<MetadataItem>>,
    fails_dependents: bool,
    keeps_order: bool,
) -> Option<Vec<MetadataItem>> {
    let mut items = items.unwrap_or_default();
    for (rule, is_on) in [(job_rules::FAIL_DEPENDENTS, fails_dependents), (job_rules::STRICT_ORDER, keeps_order)] {
        if is_on {
            items.retain(|item| item.name != rule);
            items.push(MetadataItem { name: rule.to_owned(), value: "true".to_owned() });
        }
    }
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(change: impl FnOnce(&mut JobForm)) -> JobForm {
        let mut form = JobForm { id: "j1".into(), pool: "p1".into(), ..JobForm::default() };
        change(&mut form);
        form
    }

    fn check_error(field: &str, change: impl FnOnce(&mut JobForm)) {
        let errors = form(change).to_create().unwrap_err();
        assert!(errors.of(field).is_some(), "{field}: {errors:?}");
    }

    #[test]
    fn an_id_and_a_pool_are_enough() {
        let create = form(|_| ()).to_create().unwrap();
        assert_eq!(create.pool_info.pool_id.as_deref(), Some("p1"));
        assert_eq!((create.priority, create.max_parallel_tasks, create.constraints), (Some(0), None, None));
    }

    #[test]
    fn constraints_are_sent_when_there_are_any() {
        let create = form(|f| (f.max_wall_clock, f.max_retries) = ("2h".into(), "3".into())).to_create().unwrap();
        let constraints = create.constraints.unwrap();
        assert_eq!(constraints.max_wall_clock_time.unwrap().to_string(), "PT2H");
        assert_eq!(constraints.max_task_retry_count, Some(3));
    }

    #[test]
    fn a_preparation_and_a_release_are_sent_when_they_were_typed() {
        let create = form(|f| {
            (f.preparation_command, f.release_command) = ("a".into(), "b".into());
            (f.preparation_retries, f.preparation_wait) = ("2".into(), false);
        });
        let create = create.to_create().unwrap();
        let preparation = create.job_preparation_task.unwrap();
        assert_eq!((preparation.command_line.as_str(), preparation.wait_for_success), ("a", Some(false)));
        assert_eq!(preparation.constraints.unwrap().max_task_retry_count, Some(2));
        assert_eq!(create.job_release_task.unwrap().command_line, "b");
    }

    #[test]
    fn a_manager_ends_the_job_unless_its_tasks_do() {
        let manager = |ends_with_tasks| {
            let form = form(|f| (f.manager_command, f.ends_with_tasks) = ("m".into(), ends_with_tasks));
            form.to_create().unwrap().job_manager_task.unwrap()
        };
        assert_eq!(
            (manager(false).kill_job_on_completion, manager(true).kill_job_on_completion),
            (Some(true), Some(false))
        );
    }

    #[test]
    fn a_manager_has_its_packages_and_keeps_them() {
        let row = ReferenceRow { application: "tool".into(), version: "2".into() };
        let form = form(|f| (f.manager_command, f.manager_packages) = ("m".into(), vec![row]));
        let create = form.to_create().unwrap();
        let references = create.job_manager_task.as_ref().unwrap().application_package_references.clone().unwrap();
        assert_eq!((references[0].application_id.as_str(), references[0].version.as_deref()), ("tool", Some("2")));
        assert_eq!(JobForm::of(&create).manager_packages, form.manager_packages);
        assert_eq!(form.over(&create), Ok(create));
        let bad = ReferenceRow { application: "a b".into(), version: String::new() };
        check_error("jobManagerTask.applicationPackageReferences", |f| f.manager_packages = vec![bad]);
    }

    #[test]
    fn what_the_ends_of_tasks_may_do_is_sent_when_it_was_chosen() {
        let plain = form(|_| ()).to_create().unwrap();
        assert!(!plain.has_consequences());
        let create = form(|f| (f.uses_dependencies, f.performs_job_actions) = (true, true)).to_create().unwrap();
        assert!(create.has_dependencies() && create.performs_job_actions());
    }

    #[test]
    fn rules_beyond_batchs_go_with_the_metadata() {
        let create = form(|f| {
            (f.allows_preemption, f.fails_dependents, f.keeps_order, f.uses_dependencies) = (true, true, true, true);
            f.metadata = vec![("colour".into(), "blue".into()), (job_rules::STRICT_ORDER.into(), "false".into())];
        });
        let create = create.to_create().unwrap();
        assert_eq!(create.allow_task_preemption, Some(true));
        assert!(job_rules::fails_dependents(&create) && job_rules::keeps_order(&create));
        assert_eq!(job_rules::check(create.metadata.as_deref()), Ok(()));
        assert_eq!(create.metadata.unwrap().len(), 3);
        assert_eq!(form(|_| ()).to_create().unwrap().metadata, None);
    }

    #[test]
    fn what_the_screen_does_not_hold_stays_as_it_was() {
        let container = serde_json::json!({
            "imageName": "busybox", "containerHostBatchBindMounts": [{ "source": "Shared", "isReadOnly": true }]
        });
        let old: api::JobCreate = serde_json::from_value(serde_json::json!({
            "id": "", "displayName": "Nightly", "priority": 3, "poolInfo": { "poolId": "p1" },
            "networkConfiguration": { "subnetId": "s" }, "onAllTasksComplete": "terminatejob",
            "commonEnvironmentSettings": [{ "name": "A", "value": "1" }],
            "jobManagerTask": { "id": "m", "commandLine": "old", "containerSettings": { "imageName": "busybox" }, "killJobOnCompletion": true, "runExclusive": false },
            "jobPreparationTask": {
                "id": "prep", "commandLine": "", "containerSettings": container, "rerunOnNodeRebootAfterSuccess": false,
                "constraints": { "maxWallClockTime": "PT1H", "maxTaskRetryCount": 2, "retentionTime": "P1D" }
            },
            "jobReleaseTask": { "id": "rel", "commandLine": "b", "maxWallClockTime": "PT5M" },
            "metadata": [{ "name": "colour", "value": "blue" }, { "name": "fournil:strictOrder", "value": "true" }],
        }))
        .unwrap();
        let form = JobForm::of(&old);
        let changed =
            JobForm { priority: "4".into(), manager_command: "new".into(), pool: "p2".into(), ..form.clone() };
        let new = changed.over(&old).unwrap();
        assert_eq!(JobForm { pool: "p1".into(), ..JobForm::of(&new) }, JobForm { pool: "p1".into(), ..changed });
        let manager = new.job_manager_task.unwrap();
        assert_eq!(
            (manager.id.as_str(), manager.run_exclusive, manager.kill_job_on_completion),
            ("m", Some(false), Some(true))
        );
        assert_eq!(manager.container_settings, Some(api::ContainerSettings::of_image("busybox")));
        let preparation = new.job_preparation_task.unwrap();
        let old_preparation = old.job_preparation_task.as_ref().unwrap();
        assert_eq!(preparation.container_settings, old_preparation.container_settings);
        assert_eq!(preparation.constraints, old.job_preparation_task.as_ref().unwrap().constraints);
        assert_eq!(preparation.rerun_on_node_reboot_after_success, Some(false));
        assert_eq!(new.job_release_task.unwrap().max_wall_clock_time.unwrap().to_string(), "PT5M");
        assert_eq!(
            (new.display_name, new.network_configuration),
            (old.display_name.clone(), old.network_configuration.clone())
        );
        assert_eq!(new.pool_info.pool_id.as_deref(), Some("p2"));
        let without = JobForm { preparation_in: ContainerChoice::default(), release_command: String::new(), ..form };
        let new = without.over(&old).unwrap();
        assert_eq!((new.job_preparation_task, new.job_release_task), (None, None));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        check_error("id", |f| f.id.clear());
        check_error("id", |f| f.id = "s:job-1".into());
        check_error("poolInfo.poolId", |f| f.pool = "no pool".into());
        check_error("priority", |f| f.priority = "1001".into());
        check_error("maxParallelTasks", |f| f.max_parallel_tasks = "0".into());
        check_error("constraints.maxWallClockTime", |f| f.max_wall_clock = "soon".into());
        check_error("constraints.maxTaskRetryCount", |f| f.max_retries = "-2".into());
        check_error("jobReleaseTask", |f| f.release_command = "x".into());
        check_error("jobReleaseTask.retentionTime", |f| {
            (f.preparation_command, f.release_command, f.release_retention) = ("x".into(), "x".into(), "soon".into());
        });
        check_error("jobPreparationTask.constraints.retentionTime", |f| f.preparation_retention = "soon".into());
        check_error("jobPreparationTask.constraints", |f| f.preparation_retries = "x".into());
        check_error("commonEnvironmentSettings", |f| f.environment = vec![(String::new(), "x".into())]);
    }
}
