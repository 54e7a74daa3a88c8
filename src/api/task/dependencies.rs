//! What a task waits for.

use serde::{Deserialize, Serialize};

/// Tasks of the same job that must end well before the task runs. They need not exist yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskDependencies {
    /// All ids together have at most 64,000 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_id_ranges: Vec<TaskIdRange>,
}

impl TaskDependencies {
    pub fn is_empty(&self) -> bool {
        self.task_ids.is_empty() && self.task_id_ranges.is_empty()
    }
}

/// All tasks whose ids are these numbers, both ends included. Leading zeros of an id say nothing: `007` is 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct TaskIdRange {
    pub start: i32,
    pub end: i32,
}
