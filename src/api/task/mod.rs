//! Tasks.

mod container;
mod dependencies;
mod exit;
mod multi_instance;
mod waiting;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::container::*;
pub use self::dependencies::*;
pub use self::exit::*;
pub use self::multi_instance::*;
pub use self::waiting::*;
use super::shared::wire_enum;
use super::{
    ApplicationPackageReference, ContainerSettings, Duration, EnvironmentSetting, Error, OutputFile, ResourceFile,
    TaskExecutionResult, TaskFailureInformation, TaskStatistics, Timestamp, UserIdentity,
};

wire_enum! {
    TaskState { Active = "active", Preparing = "preparing", Running = "running", Completed = "completed" }
}
wire_enum! { TaskAddStatus { Success = "success", ClientError = "clienterror", ServerError = "servererror" } }

/// What a caller says to make a task; also how its settings are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskCreate {
    /// 1–64 of letters, digits, `-` and `_`; unique in the job without regard to case.
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Not run by a shell. In a container it may be empty: then the image's own command runs.
    pub command_line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_settings: Option<ContainerSettings>,
    /// What follows from the task's end; see [`ExitConditions`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_conditions: Option<ExitConditions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_files: Option<Vec<ResourceFile>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_files: Option<Vec<OutputFile>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity_info: Option<AffinityInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<TaskConstraints>,
    /// Slots that the task takes on its node; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_slots: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_identity: Option<UserIdentity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_instance_settings: Option<MultiInstanceSettings>,
    /// Only in a job with `usesTaskDependencies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<TaskDependencies>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Deployed to the node before the command runs; a task whose packages cannot be deployed fails.
    pub application_package_references: Option<Vec<ApplicationPackageReference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_token_settings: Option<Value>,
}

impl TaskCreate {
    /// Those of a multi-instance task that come to every node.
    pub fn common_resource_files(&self) -> Option<&[ResourceFile]> {
        self.multi_instance_settings.as_ref()?.common_resource_files.as_deref()
    }

    pub fn slots(&self) -> i32 {
        self.required_slots.unwrap_or(1)
    }
}

/// A wish to run on a certain node: `TVM:` and its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AffinityInformation {
    pub affinity_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskConstraints {
    /// From the start of the current run; default no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wall_clock_time: Option<Duration>,
    /// How long the task's folder is kept after its end; default 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_time: Option<Duration>,
    /// Default: the job's; −1 is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_task_retry_count: Option<i32>,
}

/// What can change on a task; absent constraints are the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<TaskConstraints>,
}

/// What `addtaskcollection` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct TaskAddCollection {
    /// At most 100.
    pub value: Vec<TaskCreate>,
}

/// A task as GET returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Task {
    #[serde(flatten)]
    pub settings: TaskCreate,
    pub url: String,
    pub e_tag: String,
    pub last_modified: Timestamp,
    pub creation_time: Timestamp,
    pub state: TaskState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<TaskState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state_transition_time: Option<Timestamp>,
    pub execution_info: TaskExecutionInformation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_info: Option<TaskNodeInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<TaskStatistics>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskExecutionInformation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_info: Option<TaskContainerExecutionInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_info: Option<TaskFailureInformation>,
    /// Runs again after a failure of its own.
    pub retry_count: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_retry_time: Option<Timestamp>,
    /// Runs again because of a user's action (resize, disable, reboot).
    pub requeue_count: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_requeue_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskExecutionResult>,
}

/// The node on which a task runs or ran last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskNodeInformation {
    pub affinity_id: String,
    pub node_url: String,
    pub pool_id: String,
    pub node_id: String,
    /// Relative to the node's root.
    pub task_root_directory: String,
    pub task_root_directory_url: String,
}

/// One answer per task of `addtaskcollection`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskAddResult {
    pub status: TaskAddStatus,
    pub task_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}
