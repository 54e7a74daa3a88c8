//! A job. Source: updating a job, api-version 2024-07-01.20.0.

use super::{Comparison, Problem, Refused, Why};
use crate::api::{Duration, Job, JobConstraints, JobCreate, JobPatch, OnAllTasksComplete, PoolInformation};
use crate::domain::auto_pool;
use crate::domain::job::{Wish, on_all_tasks_complete_refusal, refusal};

/// What makes the job as the text says.
///
/// # Errors
/// What is wrong with the text, or all properties that cannot become so.
pub fn job(there: &Job, text: &str) -> Result<JobPatch, Problem> {
    let now = &there.settings;
    let mut all = Comparison::read(there, now, text)?;
    said_once(&mut all, now);
    let w = all.wanted.clone();
    let end = all.new_value(
        "onAllTasksComplete",
        &now.on_all_tasks_complete,
        &w.on_all_tasks_complete,
        Some(OnAllTasksComplete::NoAction),
    );
    let from = now.on_all_tasks_complete.unwrap_or(OnAllTasksComplete::NoAction);
    if let Some(error) = end.and_then(|to| on_all_tasks_complete_refusal(from, to)) {
        all.refused.push(by_rule("onAllTasksComplete", &error));
    }
    let constraints = Some(with_all(&w.constraints)).filter(|wanted| with_all(&now.constraints) != *wanted);
    let patch = JobPatch {
        priority: all.new_value("priority", &now.priority, &w.priority, Some(0)),
        max_parallel_tasks: all.new_value("maxParallelTasks", &now.max_parallel_tasks, &w.max_parallel_tasks, Some(-1)),
        allow_task_preemption: all.new_value(
            "allowTaskPreemption",
            &now.allow_task_preemption,
            &w.allow_task_preemption,
            Some(false),
        ),
        on_all_tasks_complete: end,
        constraints,
        pool_info: place(&mut all, there, &w.pool_info),
        metadata: all.new_value("metadata", &now.metadata, &w.metadata, Some(Vec::new())),
        network_configuration: all.new_value(
            "networkConfiguration",
            &now.network_configuration,
            &w.network_configuration,
            None,
        ),
    };
    all.or(patch)
}

fn said_once(all: &mut Comparison<JobCreate>, now: &JobCreate) {
    let wanted = all.wanted.clone();
    all.said_once("id", &now.id, &wanted.id);
    all.said_once("displayName", &now.display_name, &wanted.display_name);
    all.said_once("jobManagerTask", &now.job_manager_task, &wanted.job_manager_task);
    all.said_once("jobPreparationTask", &now.job_preparation_task, &wanted.job_preparation_task);
    all.said_once("jobReleaseTask", &now.job_release_task, &wanted.job_release_task);
    all.said_once("commonEnvironmentSettings", &now.common_environment_settings, &wanted.common_environment_settings);
    all.said_once("onTaskFailure", &now.on_task_failure, &wanted.on_task_failure);
    all.said_once("usesTaskDependencies", &now.uses_task_dependencies, &wanted.uses_task_dependencies);
}

fn place(all: &mut Comparison<JobCreate>, there: &Job, wanted: &PoolInformation) -> Option<PoolInformation> {
    if there.settings.pool_info == *wanted {
        return None;
    }
    match auto_pool::changed(&there.settings.pool_info, wanted.clone()) {
        Err(error) => {
            let refused = by_rule(error.value("PropertyName").unwrap_or("poolInfo"), &error);
            all.refused.push(refused);
            None
        }
        Ok(changed) if changed == there.settings.pool_info => None,
        Ok(changed) => {
            if refusal(there.state, Wish::ChangePool).is_some() {
                all.refuse("poolInfo", Why::WantsDisabledJob);
            }
            Some(changed)
        }
    }
}

/// With what is meant by what is absent.
fn with_all(constraints: &Option<JobConstraints>) -> JobConstraints {
    let said = constraints.clone().unwrap_or_default();
    JobConstraints {
        max_wall_clock_time: Some(said.max_wall_clock_time.unwrap_or(Duration::UNLIMITED)),
        max_task_retry_count: Some(said.max_task_retry_count.unwrap_or(0)),
    }
}

fn by_rule(property: &str, error: &crate::api::Error) -> Refused {
    Refused { property: property.to_owned(), why: Why::Rule(error.value("Reason").unwrap_or_default().to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{changed, refusals};
    use super::*;
    use crate::api::{JobExecutionInformation, JobState, MetadataItem, Timestamp};

    fn there(state: JobState) -> Job {
        let settings = json!({
            "id": "j", "priority": 5, "maxParallelTasks": -1, "allowTaskPreemption": false, "poolInfo": { "poolId": "p" },
            "onAllTasksComplete": "noaction", "onTaskFailure": "noaction", "usesTaskDependencies": false,
            "metadata": [{ "name": "a", "value": "b" }], "jobManagerTask": { "id": "m", "commandLine": "x" },
            "constraints": { "maxWallClockTime": "P10675199DT2H48M5.4775807S", "maxTaskRetryCount": 0 },
        });
        let time = Timestamp::from_secs(10);
        Job {
            settings: serde_json::from_value(settings).unwrap(),
            url: "u".into(),
            e_tag: "0x1".into(),
            last_modified: time,
            creation_time: time,
            state,
            state_transition_time: time,
            previous_state: None,
            previous_state_transition_time: None,
            execution_info: JobExecutionInformation::default(),
            stats: None,
        }
    }

    fn edit(state: JobState, change: serde_json::Value) -> Result<JobPatch, Problem> {
        let there = there(state);
        job(&there, &changed(&there, change))
    }

    #[test]
    fn only_what_changed_is_sent() {
        let check = |change, expected| assert_eq!(edit(JobState::Active, change), Ok(expected));
        check(json!({}), JobPatch::default());
        check(json!({ "url": null, "eTag": "0x1" }), JobPatch::default());
        check(json!({ "priority": 7 }), JobPatch { priority: Some(7), ..JobPatch::default() });
        check(json!({ "priority": null }), JobPatch { priority: Some(0), ..JobPatch::default() });
        check(json!({ "metadata": null }), JobPatch { metadata: Some(vec![]), ..JobPatch::default() });
        let item = |name: &str| MetadataItem { name: name.into(), value: "b".into() };
        check(
            json!({ "metadata": [{ "name": "c", "value": "b" }] }),
            JobPatch { metadata: Some(vec![item("c")]), ..JobPatch::default() },
        );
        check(json!({ "constraints": null }), JobPatch::default());
        let constraints = JobConstraints { max_task_retry_count: Some(2), ..with_all(&None) };
        check(
            json!({ "constraints": { "maxTaskRetryCount": 2 } }),
            JobPatch { constraints: Some(constraints), ..JobPatch::default() },
        );
    }

    #[test]
    fn what_cannot_change_is_refused_by_its_name() {
        let check = |change, property: &str, why: Why| {
            assert_eq!(refusals(edit(JobState::Active, change)), [(property.to_owned(), why)]);
        };
        check(json!({ "id": "k" }), "id", Why::SaidOnce);
        check(json!({ "eTag": "0x2" }), "eTag", Why::ReadOnly);
        check(json!({ "state": "disabled" }), "state", Why::ReadOnly);
        check(json!({ "jobManagerTask": null }), "jobManagerTask", Why::SaidOnce);
        check(json!({ "poolInfo": { "poolId": "q" } }), "poolInfo", Why::WantsDisabledJob);
        let pool = json!({ "autoPoolSpecification": { "poolLifetimeOption": "job", "pool": { "vmSize": "s" } } });
        let rule = "an auto pool is made with its job only";
        check(json!({ "poolInfo": pool }), "poolInfo.autoPoolSpecification", Why::Rule(rule.into()));
        assert!(matches!(edit(JobState::Active, json!({ "priorty": 1 })), Err(Problem::Text(_))));
    }

    #[test]
    fn a_job_that_ends_with_its_tasks_stays_so() {
        let mut ending = there(JobState::Active);
        ending.settings.on_all_tasks_complete = Some(OnAllTasksComplete::TerminateJob);
        let text = changed(&ending, json!({ "onAllTasksComplete": null }));
        let refused = refusals(job(&ending, &text));
        assert!(matches!(refused.as_slice(), [(property, Why::Rule(_))] if property == "onAllTasksComplete"));
    }

    #[test]
    fn a_disabled_job_gets_another_pool() {
        let patch = edit(JobState::Disabled, json!({ "poolInfo": { "poolId": "q" } })).unwrap();
        assert_eq!(patch.pool_info, Some(PoolInformation::of_pool("q")));
    }
}
