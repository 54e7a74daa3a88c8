//! How the states of jobs look.

use leptos::prelude::*;

use crate::api::JobState;
use crate::portal::components::{StateBadge, Tone};
use crate::portal::i18n::{Msg, msg, t};

pub const fn label(state: JobState) -> Msg {
    match state {
        JobState::Active => msg::JOB_STATE_ACTIVE,
        JobState::Disabling => msg::JOB_STATE_DISABLING,
        JobState::Disabled => msg::JOB_STATE_DISABLED,
        JobState::Enabling => msg::JOB_STATE_ENABLING,
        JobState::Terminating => msg::JOB_STATE_TERMINATING,
        JobState::Completed => msg::JOB_STATE_COMPLETED,
        JobState::Deleting => msg::JOB_STATE_DELETING,
    }
}

pub const fn tone(state: JobState) -> Tone {
    match state {
        JobState::Active | JobState::Enabling => Tone::Active,
        JobState::Disabling | JobState::Disabled | JobState::Terminating | JobState::Deleting => Tone::Warning,
        JobState::Completed => Tone::Neutral,
    }
}

#[component]
pub fn JobStateBadge(#[prop(into)] state: Signal<JobState>) -> impl IntoView {
    view! { <StateBadge tone=Signal::derive(move || tone(state.get())) label=Signal::derive(move || t(label(state.get())).to_owned())/> }
}
