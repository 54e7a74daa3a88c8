//! What callers do to a job after they made it.

use serde::{Deserialize, Serialize};

use super::{DisableJobOption, JobConstraints, JobNetworkConfiguration, OnAllTasksComplete, PoolInformation};
use crate::api::MetadataItem;

/// What can change on a job; absent is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel_tasks: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_task_preemption: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_all_tasks_complete: Option<OnAllTasksComplete>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<JobConstraints>,
    /// Only while the job is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_info: Option<PoolInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<JobNetworkConfiguration>,
}

/// What a job is to be from now on; absent is the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel_tasks: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_task_preemption: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<JobConstraints>,
    pub pool_info: PoolInformation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_all_tasks_complete: Option<OnAllTasksComplete>,
}

impl From<JobUpdate> for JobPatch {
    fn from(update: JobUpdate) -> JobPatch {
        JobPatch {
            priority: Some(update.priority.unwrap_or(0)),
            max_parallel_tasks: Some(update.max_parallel_tasks.unwrap_or(-1)),
            allow_task_preemption: Some(update.allow_task_preemption.unwrap_or(false)),
            on_all_tasks_complete: Some(update.on_all_tasks_complete.unwrap_or(OnAllTasksComplete::NoAction)),
            constraints: Some(update.constraints.unwrap_or_default()),
            pool_info: Some(update.pool_info),
            metadata: Some(update.metadata.unwrap_or_default()),
            network_configuration: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobDisable {
    pub disable_tasks: DisableJobOption,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobTerminate {
    /// Default `UserTerminate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminate_reason: Option<String>,
}
