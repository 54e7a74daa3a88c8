//! What happened to pools, jobs and tasks of an account: Batch's service log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timestamp;
use super::shared::wire_enum;

wire_enum! {
    /// Kinds of service events. Source: Azure Batch's service log, and its metrics for those of jobs.
    ServiceEventType {
        PoolCreate = "PoolCreateEvent",
        PoolDeleteStart = "PoolDeleteStartEvent",
        PoolDeleteComplete = "PoolDeleteCompleteEvent",
        PoolResizeStart = "PoolResizeStartEvent",
        PoolResizeComplete = "PoolResizeCompleteEvent",
        /// A pool's formula was run.
        PoolAutoScale = "PoolAutoScaleEvent",
        JobStart = "JobStartEvent",
        JobDisableStart = "JobDisableStartEvent",
        JobDisableComplete = "JobDisableCompleteEvent",
        JobTerminateStart = "JobTerminateStartEvent",
        /// The job has ended, whether it was terminated or ended by itself.
        JobTerminateComplete = "JobTerminateCompleteEvent",
        JobDeleteStart = "JobDeleteStartEvent",
        JobDeleteComplete = "JobDeleteCompleteEvent",
        TaskStart = "TaskStartEvent",
        TaskComplete = "TaskCompleteEvent",
        /// In addition to the completion.
        TaskFail = "TaskFailEvent",
        /// A task ended without having begun, and not by a user's word.
        TaskScheduleFail = "TaskScheduleFailEvent",
    }
}

/// Something that happened to a pool, a job or a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvent {
    /// Unique in the installation; later events have greater ones.
    pub id: i64,
    /// When it happened, by the server's clock.
    pub time: Timestamp,
    pub event_type: ServiceEventType,
    /// Given for events of pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    /// Given for events of jobs and tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The body that Batch's service log has for this type of event. Azure publishes none for events of jobs; they have the job's id,
    /// pool, times, reason and counts of tasks.
    pub properties: Value,
}

/// Which events. What is empty says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEventFilter {
    /// A type of event, or the beginning of some: `Task`.
    pub event_type: String,
    /// Whole ids, without regard to case.
    pub pool: String,
    pub job: String,
    pub task: String,
    /// A part of any of the ids.
    pub resource: String,
    /// From this time on, and up to, but not including, that one. A day such as `2026-01-31` begins at midnight in UTC; as the end it is
    /// included.
    pub from: String,
    pub to: String,
}

/// What is written down of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEventSettings {
    /// Whether starts and ends of tasks are: there are many of them, so that it is off unless somebody turns it on.
    pub task_events: bool,
}
