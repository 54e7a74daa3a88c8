//! Why a task failed, as Batch says it, and what helps.

use leptos::prelude::*;

use crate::api::{ErrorCategory, TaskFailureInformation};
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, tx};

/// The failure of a task or a start task.
#[component]
pub fn TaskFailure(failure: TaskFailureInformation) -> impl IntoView {
    let category = match failure.category {
        ErrorCategory::UserError => msg::TASK_FAILURE_USER,
        ErrorCategory::ServerError => msg::TASK_FAILURE_SERVER,
    };
    let details = failure
        .details
        .into_iter()
        .map(|d| view! { <div class="error-bar__value"><dt>{d.name}</dt><dd>{d.value}</dd></div> })
        .collect_view();
    view! {
        <div class="error-bar" role="status">
            <Glyph icon=Icon::Error/>
            <div class="error-bar__body">
                <p class="error-bar__text">{failure.message.unwrap_or_else(|| failure.code.clone())}</p>
                <p class="error-bar__reason">{tx(remedy(&failure.code))}</p>
                <dl class="error-bar__values">
                    <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{failure.code}</code></dd></div>
                    <div class="error-bar__value"><dt>{tx(msg::TASK_FAILURE_CATEGORY)}</dt><dd>{tx(category)}</dd></div>
                    {details}
                </dl>
            </div>
        </div>
    }
}

/// The advice for a code of a failure.
fn remedy(code: &str) -> Msg {
    match code {
        "FailureExitCode" => msg::TASK_REMEDY_EXIT_CODE,
        "TaskEnded" => msg::TASK_REMEDY_ENDED,
        "CommandProgramNotFound" | "CommandLaunchFailed" => msg::TASK_REMEDY_NOT_FOUND,
        "CommandAccessDenied" | "ElevationNotAllowed" => msg::TASK_REMEDY_ACCESS,
        "DiskFull" => msg::NODE_REMEDY_DISK,
        _ => msg::TASK_REMEDY_OTHER,
    }
}
