//! What follows from the end of a task, for its job and for the tasks that depend on it.

use serde::{Deserialize, Serialize};

use crate::api::shared::wire_enum;

wire_enum! {
    /// What happens to the job. Source: tasks, `exitOptions`.
    JobAction { None = "none", Disable = "disable", Terminate = "terminate" }
}
wire_enum! {
    /// What happens to tasks that depend on the one that ended.
    DependencyAction {
        /// They may run.
        Satisfy = "satisfy",
        /// They wait for ever, in state active.
        Block = "block",
    }
}

/// Consequences by the way in which a task ended for good. The first that fits counts: the code alone, a range of codes,
/// an error before or after the command, and last `default`, which does not fit exit code 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExitConditions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exit_codes: Vec<ExitCodeMapping>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exit_code_ranges: Vec<ExitCodeRangeMapping>,
    /// The command could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "schedulingError")]
    pub pre_processing_error: Option<ExitOptions>,
    /// Output files could not be stored, and no condition names the exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_upload_error: Option<ExitOptions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ExitOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExitCodeMapping {
    pub code: i32,
    pub exit_options: ExitOptions,
}

/// Both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExitCodeRangeMapping {
    pub start: i32,
    pub end: i32,
    pub exit_options: ExitOptions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExitOptions {
    /// Only in a job whose `onTaskFailure` is `performexitoptionsjobaction`. Default: none for exit code 0, else terminate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_action: Option<JobAction>,
    /// Default: satisfy for exit code 0, else block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency_action: Option<DependencyAction>,
}
