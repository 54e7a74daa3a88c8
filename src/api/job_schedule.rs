//! Job schedules: when to make jobs, and what they are like.

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{Duration, JobCreate, JobSummary, MetadataItem, Timestamp};

wire_enum! {
    JobScheduleState {
        Active = "active",
        Completed = "completed",
        Disabled = "disabled",
        Terminating = "terminating",
        Deleting = "deleting",
    }
}

/// The settings of a schedule's jobs: those of a job without its id.
pub type JobSpecification = JobCreate;

/// When jobs are made. All absent: one job, now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Absent: ready at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_not_run_until: Option<Timestamp>,
    /// No job is made at this time or later; absent: a recurring schedule goes on until it is terminated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_not_run_after: Option<Timestamp>,
    /// How late a job may be; then its turn is lost. At least a minute; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_window: Option<Duration>,
    /// From one turn to the next, at least a minute; absent: there is one turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence_interval: Option<Duration>,
}

/// What a caller says to make a job schedule; also how its settings are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobScheduleCreate {
    /// 1–64 of letters, digits, `-` and `_`; unique in the account without regard to case, among jobs as well.
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Needed in a creation; absent after an update without it: one job, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    pub job_specification: JobSpecification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
}

/// A job schedule as GET returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobSchedule {
    #[serde(flatten)]
    pub settings: JobScheduleCreate,
    pub url: String,
    pub e_tag: String,
    pub last_modified: Timestamp,
    pub creation_time: Timestamp,
    pub state: JobScheduleState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<JobScheduleState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state_transition_time: Option<Timestamp>,
    pub execution_info: JobScheduleExecutionInformation,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobScheduleExecutionInformation {
    /// The turn that comes next. In the past: it is due and waits for the last job's end, or for the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run_time: Option<Timestamp>,
    /// The last job that was made, whether it still exists or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_job: Option<RecentJob>,
    /// Only when the schedule is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecentJob {
    pub id: String,
    pub url: String,
}

/// What can change on a job schedule; absent is left as it is. Jobs that were made keep what they have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobSchedulePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_specification: Option<JobSpecification>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
}

/// What a job schedule is to be from now on; absent is the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobScheduleUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    pub job_specification: JobSpecification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
}

/// A job schedule with what the portal shows beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobScheduleSummary {
    pub job_schedule: JobSchedule,
    /// Its jobs that exist.
    pub n_jobs: i64,
    /// The last job that was made, while it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_job: Option<JobSummary>,
}
