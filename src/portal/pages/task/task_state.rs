//! How the states of tasks look. A completed task has succeeded or failed, which is what people ask for.

use leptos::prelude::*;

use crate::api::{Task, TaskExecutionResult, TaskState};
use crate::portal::components::{StateBadge, Tone};
use crate::portal::i18n::{Msg, msg, t};

/// A task's state as people see it.
pub fn look(state: TaskState, result: Option<TaskExecutionResult>) -> (Tone, Msg) {
    match (state, result) {
        (TaskState::Active, _) => (Tone::Neutral, msg::TASK_STATE_ACTIVE),
        (TaskState::Preparing, _) => (Tone::Active, msg::TASK_STATE_PREPARING),
        (TaskState::Running, _) => (Tone::Active, msg::TASK_STATE_RUNNING),
        (TaskState::Completed, Some(TaskExecutionResult::Success)) => (Tone::Good, msg::TASK_STATE_SUCCEEDED),
        (TaskState::Completed, Some(TaskExecutionResult::Failure)) => (Tone::Bad, msg::TASK_STATE_FAILED),
        (TaskState::Completed, None) => (Tone::Neutral, msg::TASK_STATE_COMPLETED),
    }
}

pub fn look_of(task: &Task) -> (Tone, Msg) {
    look(task.state, task.execution_info.result)
}

#[component]
pub fn TaskStateBadge(#[prop(into)] look: Signal<(Tone, Msg)>) -> impl IntoView {
    view! { <StateBadge tone=Signal::derive(move || look.get().0) label=Signal::derive(move || t(look.get().1).to_owned())/> }
}
