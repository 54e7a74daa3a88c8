//! Tasks that run on several nodes at once.

use serde::{Deserialize, Serialize};

use crate::api::shared::wire_enum;
use crate::api::{ResourceFile, TaskExecutionResult, TaskFailureInformation, TaskNodeInformation, Timestamp};

wire_enum! { SubtaskState { Preparing = "preparing", Running = "running", Completed = "completed" } }

/// How a task runs on several nodes. The pool needs `enableInterNodeCommunication` and one slot a node; else the task waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MultiInstanceSettings {
    /// Nodes that the task takes, all at once; 1–1000, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_of_instances: Option<i32>,
    /// Run on every node; when all have ended with 0, the primary runs the task's command. What it leaves running in the
    /// background stays until the task ends.
    pub coordination_command_line: String,
    /// Brought to every node before the coordination command, into `AZ_BATCH_TASK_SHARED_DIR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_resource_files: Option<Vec<ResourceFile>>,
}

/// An instance of a multi-instance task beside its primary, which is the task itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubtaskInformation {
    /// From 1: the primary is 0, and not listed.
    pub id: i32,
    pub node_info: TaskNodeInformation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Of its coordination command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_info: Option<TaskFailureInformation>,
    pub state: SubtaskState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<SubtaskState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state_transition_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskExecutionResult>,
}
