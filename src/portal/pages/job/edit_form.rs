//! What can be changed of a job, as typed.

use super::job_form::with_rules;
use crate::api::{
    AutoPoolSpecification, Job, JobConstraints, JobPatch, JobState, MetadataItem, OnAllTasksComplete, PoolInformation,
};
use crate::domain::ids::PoolId;
use crate::domain::job_rules;
use crate::portal::components::FieldErrors;
use crate::portal::pages::typed::{self, Pair, form};

form! {
    EditForm, EditFields {
        /// Sent only while the job is disabled.
        pool: String,
        /// The pool that was made for the job, if one was.
        auto_pool: Option<AutoPoolSpecification>,
        /// Sent only while the job is disabled.
        keep_alive: bool,
        priority: String,
        /// Empty: no limit.
        max_parallel_tasks: String,
        /// Empty: no limit.
        max_wall_clock: String,
        max_retries: String,
        ends_with_tasks: bool,
        allows_preemption: bool,
        fails_dependents: bool,
        keeps_order: bool,
        metadata: Vec<Pair>,
    }
}

impl EditForm {
    pub fn of(job: &Job) -> Self {
        let settings = &job.settings;
        let constraints = settings.constraints.clone().unwrap_or_default();
        let metadata = settings.metadata.as_deref();
        let own = metadata.unwrap_or_default().iter().filter(|item| !job_rules::is_ours(&item.name));
        EditForm {
            pool: settings.pool_info.pool_id.clone().unwrap_or_default(),
            auto_pool: settings.pool_info.auto_pool_specification.clone(),
            keep_alive: settings.pool_info.auto_pool_specification.as_ref().is_some_and(|auto| auto.keeps_alive()),
            priority: settings.priority.unwrap_or(0).to_string(),
            max_parallel_tasks: settings
                .max_parallel_tasks
                .filter(|n| *n > 0)
                .map(|n| n.to_string())
                .unwrap_or_default(),
            max_wall_clock: typed::write_length(constraints.max_wall_clock_time),
            max_retries: constraints.max_task_retry_count.unwrap_or(0).to_string(),
            ends_with_tasks: settings.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob),
            allows_preemption: settings.allow_task_preemption == Some(true),
            fails_dependents: job_rules::is_on(metadata, job_rules::FAIL_DEPENDENTS),
            keeps_order: job_rules::is_on(metadata, job_rules::STRICT_ORDER),
            metadata: own.map(|item| (item.name.clone(), item.value.clone())).collect(),
        }
    }

    /// The body of the request. A job that ends with its tasks stays so, and its pool changes only while it is disabled.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_patch(&self, state: JobState) -> Result<JobPatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        let pool_info = match (state, &self.auto_pool) {
            (JobState::Disabled, Some(auto)) => Some(PoolInformation {
                pool_id: None,
                auto_pool_specification: Some(AutoPoolSpecification {
                    keep_alive: Some(self.keep_alive),
                    ..auto.clone()
                }),
            }),
            (JobState::Disabled, None) => {
                errors.take("poolInfo.poolId", typed::id::<PoolId>(&self.pool)).map(PoolInformation::of_pool)
            }
            _ => None,
        };
        let metadata: Option<Vec<MetadataItem>> = errors.take("metadata", typed::metadata(&self.metadata)).flatten();
        let patch = JobPatch {
            priority: errors.take("priority", typed::number(&self.priority, -1000..=1000)),
            max_parallel_tasks: errors
                .take("maxParallelTasks", typed::optional_number(&self.max_parallel_tasks, 1..=i32::MAX))
                .map(|n| n.unwrap_or(-1)),
            allow_task_preemption: Some(self.allows_preemption),
            on_all_tasks_complete: self.ends_with_tasks.then_some(OnAllTasksComplete::TerminateJob),
            constraints: Some(JobConstraints {
                max_wall_clock_time: errors
                    .take("constraints.maxWallClockTime", typed::length(&self.max_wall_clock))
                    .flatten(),
                max_task_retry_count: errors
                    .take("constraints.maxTaskRetryCount", typed::number(&self.max_retries, -1..=i32::MAX)),
            }),
            pool_info,
            metadata: Some(with_rules(metadata, self.fails_dependents, self.keeps_order).unwrap_or_default()),
            network_configuration: None,
        };
        errors.or(patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> EditForm {
        EditForm {
            pool: "p".into(),
            auto_pool: None,
            keep_alive: false,
            priority: "5".into(),
            max_parallel_tasks: String::new(),
            max_wall_clock: "2h".into(),
            max_retries: "1".into(),
            ends_with_tasks: false,
            allows_preemption: true,
            fails_dependents: true,
            keeps_order: false,
            metadata: vec![("colour".into(), "blue".into())],
        }
    }

    #[test]
    fn a_pool_is_sent_while_the_job_is_disabled_only() {
        let pool = |state| form().to_patch(state).unwrap().pool_info.and_then(|info| info.pool_id);
        assert_eq!((pool(JobState::Disabled).as_deref(), pool(JobState::Active)), (Some("p"), None));
    }

    #[test]
    fn a_pool_that_was_made_for_the_job_stays_and_may_be_kept() {
        let auto = AutoPoolSpecification {
            auto_pool_id_prefix: None,
            pool_lifetime_option: crate::api::PoolLifetimeOption::Job,
            keep_alive: Some(false),
            pool: None,
        };
        let form = EditForm { pool: String::new(), auto_pool: Some(auto), keep_alive: true, ..form() };
        let info = form.to_patch(JobState::Disabled).unwrap().pool_info.unwrap();
        assert_eq!((info.pool_id, info.auto_pool_specification.unwrap().keep_alive), (None, Some(true)));
    }

    #[test]
    fn rules_and_other_metadata_are_sent_together() {
        let patch = form().to_patch(JobState::Active).unwrap();
        let metadata = patch.metadata.unwrap();
        assert!(job_rules::is_on(Some(&metadata), job_rules::FAIL_DEPENDENTS));
        assert_eq!((metadata.len(), patch.max_parallel_tasks, patch.on_all_tasks_complete), (2, Some(-1), None));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        let with = |change: fn(&mut EditForm)| {
            let mut form = form();
            change(&mut form);
            form.to_patch(JobState::Disabled).unwrap_err()
        };
        assert!(with(|f| f.pool.clear()).of("poolInfo.poolId").is_some());
        assert!(with(|f| f.priority = "x".into()).of("priority").is_some());
        assert!(with(|f| f.max_parallel_tasks = "0".into()).of("maxParallelTasks").is_some());
        assert!(with(|f| f.max_wall_clock = "soon".into()).of("constraints.maxWallClockTime").is_some());
    }
}
