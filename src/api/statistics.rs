//! What jobs and tasks took so far. Given only where it is asked for.

use serde::{Deserialize, Serialize};

use super::{Duration, Timestamp};

/// Of all runs of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskStatistics {
    pub url: String,
    pub start_time: Timestamp,
    pub last_update_time: Timestamp,
    /// Of runs that ended by themselves, with the children that they waited for.
    #[serde(rename = "userCPUTime")]
    pub user_cpu_time: Duration,
    #[serde(rename = "kernelCPUTime")]
    pub kernel_cpu_time: Duration,
    pub wall_clock_time: Duration,
    /// Blocks of 512 bytes from and to disks: the system counts nothing nearer to operations.
    #[serde(rename = "readIOps")]
    pub read_iops: i64,
    #[serde(rename = "writeIOps")]
    pub write_iops: i64,
    #[serde(rename = "readIOGiB")]
    pub read_io_gib: f64,
    #[serde(rename = "writeIOGiB")]
    pub write_io_gib: f64,
    /// From its making to the start of its last run.
    pub wait_time: Duration,
}

/// Of all tasks of a job, deleted ones too; the wait is that of tasks that have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobStatistics {
    #[serde(flatten)]
    pub common: TaskStatistics,
    pub num_succeeded_tasks: i64,
    pub num_failed_tasks: i64,
    pub num_task_retries: i64,
}
