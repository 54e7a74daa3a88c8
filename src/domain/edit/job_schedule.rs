//! A job schedule. Source: updating a job schedule, api-version 2024-07-01.20.0.

use super::{Comparison, Problem};
use crate::api::{JobSchedule, JobSchedulePatch, Schedule};

/// What makes the schedule as the text says. What its jobs are like is sent as a whole: those that were made keep what they have.
///
/// # Errors
/// What is wrong with the text, or all properties that cannot become so.
pub fn job_schedule(there: &JobSchedule, text: &str) -> Result<JobSchedulePatch, Problem> {
    let now = &there.settings;
    let mut all = Comparison::read(there, now, text)?;
    let w = all.wanted.clone();
    all.said_once("id", &now.id, &w.id);
    all.said_once("displayName", &now.display_name, &w.display_name);
    let patch = JobSchedulePatch {
        schedule: all.new_value("schedule", &now.schedule, &w.schedule, Some(Schedule::default())),
        job_specification: Some(w.job_specification).filter(|wanted| now.job_specification != *wanted),
        metadata: all.new_value("metadata", &now.metadata, &w.metadata, Some(Vec::new())),
    };
    all.or(patch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Why, changed, refusals};
    use super::*;
    use crate::api::{JobScheduleExecutionInformation, JobScheduleState, Timestamp};

    fn there() -> JobSchedule {
        let settings = json!({
            "id": "s", "schedule": { "recurrenceInterval": "PT1H" }, "jobSpecification": { "poolInfo": { "poolId": "p" } },
        });
        let time = Timestamp::from_secs(10);
        JobSchedule {
            settings: serde_json::from_value(settings).unwrap(),
            url: "u".into(),
            e_tag: "0x1".into(),
            last_modified: time,
            creation_time: time,
            state: JobScheduleState::Active,
            state_transition_time: time,
            previous_state: None,
            previous_state_transition_time: None,
            execution_info: JobScheduleExecutionInformation::default(),
        }
    }

    #[test]
    fn only_what_changed_is_sent() {
        let edit = |change| job_schedule(&there(), &changed(&there(), change));
        assert_eq!(edit(json!({})), Ok(JobSchedulePatch::default()));
        let patch = edit(json!({ "schedule": null })).unwrap();
        assert_eq!(patch, JobSchedulePatch { schedule: Some(Schedule::default()), ..JobSchedulePatch::default() });
        let patch = edit(json!({ "jobSpecification": { "poolInfo": { "poolId": "q" } } })).unwrap();
        assert_eq!(patch.job_specification.unwrap().pool_info.pool_id.as_deref(), Some("q"));
        assert_eq!(refusals(edit(json!({ "displayName": "x" }))), [("displayName".to_owned(), Why::SaidOnce)]);
    }
}
