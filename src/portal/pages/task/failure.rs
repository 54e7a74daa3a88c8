//! Why a task failed, as Batch says it, and what helps.

use leptos::prelude::*;

use crate::api::{ErrorCategory, TaskFailureInformation};
use crate::domain::task::DEPENDENCY_FAILED;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, tx};

/// The failure of a task or a start task.
#[component]
pub fn TaskFailure(failure: TaskFailureInformation) -> impl IntoView {
    let category = match failure.category {
        ErrorCategory::UserError => msg::TASK_FAILURE_USER,
        ErrorCategory::ServerError => msg::TASK_FAILURE_SERVER,
    };
    let (why, remedy) = words(&failure.code);
    let message = failure.message.map(|text| {
        view! { <div class="error-bar__value"><dt>{tx(msg::TASK_FAILURE_MESSAGE)}</dt><dd>{text}</dd></div> }
    });
    let details = failure
        .details
        .into_iter()
        .map(|d| view! { <div class="error-bar__value"><dt>{d.name}</dt><dd>{d.value}</dd></div> })
        .collect_view();
    view! {
        <div class="error-bar" role="status">
            <Glyph icon=Icon::Error/>
            <div class="error-bar__body">
                <p class="error-bar__text">{tx(why)}</p>
                <p class="error-bar__reason">{tx(remedy)}</p>
                <dl class="error-bar__values">
                    <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{failure.code}</code></dd></div>
                    {message}
                    <div class="error-bar__value"><dt>{tx(msg::TASK_FAILURE_CATEGORY)}</dt><dd>{tx(category)}</dd></div>
                    {details}
                </dl>
            </div>
        </div>
    }
}

/// What a code means, and what helps.
fn words(code: &str) -> (Msg, Msg) {
    match code {
        "FailureExitCode" => (msg::TASK_WHY_EXIT_CODE, msg::TASK_REMEDY_EXIT_CODE),
        "TaskEnded" => (msg::TASK_WHY_ENDED, msg::TASK_REMEDY_ENDED),
        "CommandProgramNotFound" => (msg::TASK_WHY_NOT_FOUND, msg::TASK_REMEDY_NOT_FOUND),
        "CommandLaunchFailed" => (msg::TASK_WHY_LAUNCH, msg::TASK_REMEDY_LAUNCH),
        "UserAccountNotFound" => (msg::TASK_WHY_USER, msg::TASK_REMEDY_USER),
        "DiskFull" => (msg::TASK_WHY_DISK, msg::TASK_REMEDY_DISK),
        "BlobAccessDenied" => (msg::TASK_WHY_BLOB_ACCESS, msg::TASK_REMEDY_BLOB_ACCESS),
        "BlobNotFound" => (msg::TASK_WHY_BLOB_NOT_FOUND, msg::TASK_REMEDY_BLOB_NOT_FOUND),
        "BlobDownloadMiscError" | "BlobDownloadTimedOut" | "ResourceDownloadTimedOut" => {
            (msg::TASK_WHY_BLOB, msg::TASK_REMEDY_BLOB)
        }
        "ResourceDirectoryCreateFailed" | "ResourceFileCreateFailed" | "ResourceFileWriteFailed" => {
            (msg::TASK_WHY_RESOURCE_WRITE, msg::TASK_REMEDY_RESOURCE_WRITE)
        }
        "FileUploadAccessDenied" => (msg::TASK_WHY_UPLOAD_ACCESS, msg::TASK_REMEDY_UPLOAD_ACCESS),
        "FileUploadContainerNotFound" => (msg::TASK_WHY_UPLOAD_CONTAINER, msg::TASK_REMEDY_UPLOAD_CONTAINER),
        "FileUploadMiscError" => (msg::TASK_WHY_UPLOAD, msg::TASK_REMEDY_UPLOAD),
        "ApplicationPackageError" => (msg::TASK_WHY_PACKAGE, msg::TASK_REMEDY_PACKAGE),
        "ContainerInvalidImage" => (msg::TASK_WHY_IMAGE, msg::TASK_REMEDY_IMAGE),
        "ContainerInvalidSettings" => (msg::TASK_WHY_CONTAINER, msg::TASK_REMEDY_CONTAINER),
        "ContainerRuntimeUnavailable" => (msg::TASK_WHY_NO_RUNTIME, msg::TASK_REMEDY_NO_RUNTIME),
        DEPENDENCY_FAILED => (msg::TASK_WHY_DEPENDENCY, msg::TASK_REMEDY_DEPENDENCY),
        _ => (msg::TASK_WHY_OTHER, msg::TASK_REMEDY_OTHER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that the agent and the scheduler give.
    const CODES: [&str; 22] = [
        "ApplicationPackageError",
        "BlobAccessDenied",
        "BlobDownloadMiscError",
        "BlobDownloadTimedOut",
        "BlobNotFound",
        "CommandLaunchFailed",
        "CommandProgramNotFound",
        "ContainerInvalidImage",
        "ContainerInvalidSettings",
        "ContainerRuntimeUnavailable",
        "DiskFull",
        "FailureExitCode",
        "FileUploadAccessDenied",
        "FileUploadContainerNotFound",
        "FileUploadMiscError",
        "ResourceDirectoryCreateFailed",
        "ResourceDownloadTimedOut",
        "ResourceFileCreateFailed",
        "ResourceFileWriteFailed",
        "TaskEnded",
        "TaskSchedulingConstraintFailed",
        "UserAccountNotFound",
    ];

    #[test]
    fn every_code_that_is_given_has_words_of_its_own() {
        let unknown = words("Invented");
        CODES.iter().for_each(|code| assert_ne!(words(code), unknown, "{code}"));
    }
}
