//! Jobs.

mod auto_pool;
mod change;
mod counts;
mod special_tasks;

use serde::{Deserialize, Serialize};

pub use self::auto_pool::*;
pub use self::change::*;
pub use self::counts::*;
pub use self::special_tasks::*;
use super::shared::wire_enum;
use super::{Duration, EnvironmentSetting, ErrorCategory, JobStatistics, MetadataItem, NameValuePair, Timestamp};

wire_enum! {
    JobState {
        Active = "active",
        Disabling = "disabling",
        Disabled = "disabled",
        Enabling = "enabling",
        Terminating = "terminating",
        Completed = "completed",
        Deleting = "deleting",
    }
}
wire_enum! {
    /// What a disabled job's running tasks do.
    DisableJobOption { Requeue = "requeue", Terminate = "terminate", Wait = "wait" }
}
wire_enum! { OnAllTasksComplete { NoAction = "noaction", TerminateJob = "terminatejob" } }
wire_enum! { OnTaskFailure { NoAction = "noaction", PerformExitOptionsJobAction = "performexitoptionsjobaction" } }

/// What a caller says to make a job; also how its settings are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobCreate {
    /// 1–64 of letters, digits, `-` and `_`; unique in the account without regard to case. Absent in a schedule, which
    /// names its jobs itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ssr", schemars(!default, !skip_serializing_if))]
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// −1000 to 1000, default 0; higher goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Default −1: no limit. 0 is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel_tasks: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_task_preemption: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<JobConstraints>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_manager_task: Option<JobManagerTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_preparation_task: Option<JobPreparationTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_release_task: Option<JobReleaseTask>,
    /// Set for every task of the job; a task's own setting wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_environment_settings: Option<Vec<EnvironmentSetting>>,
    pub pool_info: PoolInformation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_all_tasks_complete: Option<OnAllTasksComplete>,
    /// Whether the job actions of tasks' exit conditions happen; default `noaction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_task_failure: Option<OnTaskFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    /// Whether tasks may say `dependsOn`; default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_task_dependencies: Option<bool>,
    /// Stored and given back, without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<JobNetworkConfiguration>,
}

impl JobCreate {
    /// Tasks may wait for other tasks of the job.
    pub fn has_dependencies(&self) -> bool {
        self.uses_task_dependencies == Some(true)
    }

    /// Tasks may say what their end does to the job.
    pub fn performs_job_actions(&self) -> bool {
        self.on_task_failure == Some(OnTaskFailure::PerformExitOptionsJobAction)
    }

    /// Whether the end of a task can have consequences for other tasks or for the job.
    pub fn has_consequences(&self) -> bool {
        self.has_dependencies() || self.performs_job_actions() || self.job_manager_task.is_some()
    }
}

/// Stored and given back, without effect: the network of one's own machines is not Batch's to arrange.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobNetworkConfiguration {
    pub subnet_id: String,
    #[serde(rename = "skipWithdrawFromVNet", default, skip_serializing_if = "Option::is_none")]
    pub skip_withdraw_from_vnet: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobConstraints {
    /// From the job's creation; default no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wall_clock_time: Option<Duration>,
    /// For tasks that do not say their own; default 0, −1 is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_task_retry_count: Option<i32>,
}

/// A job as GET returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Job {
    #[serde(flatten)]
    pub settings: JobCreate,
    pub url: String,
    pub e_tag: String,
    pub last_modified: Timestamp,
    pub creation_time: Timestamp,
    pub state: JobState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<JobState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state_transition_time: Option<Timestamp>,
    pub execution_info: JobExecutionInformation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<JobStatistics>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionInformation {
    pub start_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// The pool in which the job runs, also where it was made for it; absent where that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    /// Why the job's pool could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_error: Option<JobSchedulingError>,
    /// `AllTasksComplete`, `UserTerminate`, `MaxWallClockTimeExpiry`, `TaskFailed`, or the caller's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminate_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobSchedulingError {
    pub category: ErrorCategory,
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<NameValuePair>,
}
