//! How far a job is.

use serde::{Deserialize, Serialize};

use super::Job;
use crate::api::Progress;

/// How many tasks of a job are in each state. `running` includes those being prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskCounts {
    pub active: i64,
    pub running: i64,
    pub completed: i64,
    pub succeeded: i64,
    pub failed: i64,
}

impl TaskCounts {
    pub fn total(&self) -> i64 {
        self.active + self.running + self.completed
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskCountsResult {
    pub task_counts: TaskCounts,
    pub task_slot_counts: TaskCounts,
}

/// A job with what the portal shows beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    pub job: Job,
    pub counts: TaskCountsResult,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
