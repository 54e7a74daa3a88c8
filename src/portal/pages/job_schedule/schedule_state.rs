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
