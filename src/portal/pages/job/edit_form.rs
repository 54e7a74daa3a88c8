//! What can be changed of a job, as typed.

use super::job_form::{JobForm, with_rules};
use crate::api::{
    AutoPoolSpecification, Job, JobConstraints, JobPatch, JobState, MetadataItem, OnAllTasksComplete, PoolInformation,
};
use crate::domain::ids::PoolId;
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
        let auto_pool = job.settings.pool_info.auto_pool_specification.clone();
        let form = JobForm::of(&job.settings);
        EditForm {
            keep_alive: auto_pool.as_ref().is_some_and(AutoPoolSpecification::keeps_alive),
            auto_pool,
            pool: form.pool,
            priority: form.priority,
            max_parallel_tasks: form.max_parallel_tasks,
            max_wall_clock: form.max_wall_clock,
            max_retries: form.max_retries,
            ends_with_tasks: form.ends_with_tasks,
            allows_preemption: form.allows_preemption,
            fails_dependents: form.fails_dependents,
            keeps_order: form.keeps_order,
            metadata: form.metadata,
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
    use crate::domain::job_rules;

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
