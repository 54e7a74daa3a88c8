//! How the states of job schedules look, and why a job that is due is not there yet.

use leptos::prelude::*;

use crate::api::{JobScheduleState, JobScheduleSummary, JobState, Timestamp};
use crate::portal::components::{StateBadge, Tone};
use crate::portal::i18n::{Msg, msg, t};

pub const fn label(state: JobScheduleState) -> Msg {
    match state {
        JobScheduleState::Active => msg::JOB_SCHEDULE_STATE_ACTIVE,
        JobScheduleState::Completed => msg::JOB_SCHEDULE_STATE_COMPLETED,
        JobScheduleState::Disabled => msg::JOB_SCHEDULE_STATE_DISABLED,
        JobScheduleState::Terminating => msg::JOB_SCHEDULE_STATE_TERMINATING,
        JobScheduleState::Deleting => msg::JOB_SCHEDULE_STATE_DELETING,
    }
}

const fn tone(state: JobScheduleState) -> Tone {
    match state {
        JobScheduleState::Active => Tone::Active,
        JobScheduleState::Disabled | JobScheduleState::Terminating | JobScheduleState::Deleting => Tone::Warning,
        JobScheduleState::Completed => Tone::Neutral,
    }
}

#[component]
pub fn JobScheduleStateBadge(#[prop(into)] state: Signal<JobScheduleState>) -> impl IntoView {
    view! { <StateBadge tone=Signal::derive(move || tone(state.get())) label=Signal::derive(move || t(label(state.get())).to_owned())/> }
}

/// Whether the last job that was made is not completed.
pub fn has_active_job(summary: &JobScheduleSummary) -> bool {
    summary.recent_job.as_ref().is_some_and(|job| job.job.state != JobState::Completed)
}

/// What a job waits for whose time has come; nothing when it has not.
pub fn waits_for(summary: &JobScheduleSummary, now: Timestamp) -> Option<Msg> {
    let is_due = summary.job_schedule.execution_info.next_run_time.is_some_and(|next| next <= now);
    is_due.then(|| match (summary.job_schedule.state, has_active_job(summary)) {
        (JobScheduleState::Disabled, _) => msg::JOB_SCHEDULE_DUE_DISABLED,
        (_, true) => msg::JOB_SCHEDULE_DUE_ACTIVE_JOB,
        (_, false) => msg::JOB_SCHEDULE_DUE_QUOTA,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;

    #[test]
    fn a_job_that_is_due_waits_for_something() {
        let now = Timestamp::from_secs(100);
        let job_schedule: api::JobSchedule = serde_json::from_value(serde_json::json!({
            "id": "s", "url": "", "eTag": "", "lastModified": now, "creationTime": now, "state": "active",
            "stateTransitionTime": now, "jobSpecification": { "poolInfo": {} }, "executionInfo": {},
        }))
        .unwrap();
        let summary = JobScheduleSummary { job_schedule, n_jobs: 0, recent_job: None };
        let check = |change: &dyn Fn(&mut JobScheduleSummary), expected| {
            let mut summary = summary.clone();
            change(&mut summary);
            assert_eq!(waits_for(&summary, now), expected);
        };
        let next = |at| move |s: &mut JobScheduleSummary| s.job_schedule.execution_info.next_run_time = Some(at);
        check(&|_| (), None);
        check(&next(Timestamp::from_secs(101)), None);
        check(&next(now), Some(msg::JOB_SCHEDULE_DUE_QUOTA));
        let disabled = |s: &mut JobScheduleSummary| {
            next(now)(s);
            s.job_schedule.state = JobScheduleState::Disabled;
        };
        check(&disabled, Some(msg::JOB_SCHEDULE_DUE_DISABLED));
        let job = |state: &str| -> Option<api::JobSummary> {
            let job = serde_json::json!({
                "id": "s:job-1", "url": "", "eTag": "", "lastModified": now, "creationTime": now, "state": state,
                "stateTransitionTime": now, "poolInfo": {}, "executionInfo": { "startTime": now },
            });
            let job = serde_json::from_value(job).unwrap();
            Some(api::JobSummary { job, counts: Default::default(), progress: None })
        };
        let with_job = |state: &'static str| {
            move |s: &mut JobScheduleSummary| {
                next(now)(s);
                s.recent_job = job(state);
            }
        };
        check(&with_job("terminating"), Some(msg::JOB_SCHEDULE_DUE_ACTIVE_JOB));
        check(&with_job("completed"), Some(msg::JOB_SCHEDULE_DUE_QUOTA));
    }
}
