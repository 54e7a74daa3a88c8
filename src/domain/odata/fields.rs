//! What each list can be filtered by. Source: Azure Batch's page on filters in lists, api-version 2024-02-01.19.0.

use super::{Field, Kind, Operator};
use crate::api::{
    AllocationState, CertificateState, JobPreparationTaskState, JobReleaseTaskState, JobScheduleState, JobState,
    NodeState, PoolState, StartTaskState, TaskExecutionResult, TaskState,
};

const ANY: &[Operator] = Operator::ALL;
const EQ_NE: &[Operator] = &[Operator::Eq, Operator::Ne];
const EQ: &[Operator] = &[Operator::Eq];

const fn field(name: &'static str, kind: Kind, operators: &'static [Operator]) -> Field {
    Field { name, kind, operators, prefix: false }
}

/// A text that takes `startswith` and every comparison.
const fn id(name: &'static str) -> Field {
    Field { name, kind: Kind::Text, operators: ANY, prefix: true }
}

const fn time(name: &'static str) -> Field {
    field(name, Kind::Time, ANY)
}

macro_rules! name_of {
    ($name:ident) => {
        Kind::Name(|text| text.parse::<$name>().ok().map($name::as_str))
    };
}

pub const POOL_FIELDS: &[Field] = &[
    id("id"),
    field("state", name_of!(PoolState), EQ_NE),
    time("stateTransitionTime"),
    field("allocationState", name_of!(AllocationState), EQ_NE),
    time("allocationStateTransitionTime"),
    time("creationTime"),
    time("lastModified"),
    field("enableAutoScale", Kind::Bool, EQ_NE),
    field("enableInterNodeCommunication", Kind::Bool, EQ_NE),
    field("vmSize", Kind::Text, EQ_NE),
];

pub const NODE_FIELDS: &[Field] = &[
    id("id"),
    field("state", name_of!(NodeState), EQ_NE),
    time("stateTransitionTime"),
    time("lastBootTime"),
    time("allocationTime"),
    field("startTaskInfo/state", name_of!(StartTaskState), EQ_NE),
    field("startTaskInfo/result", name_of!(TaskExecutionResult), EQ_NE),
    field("startTaskInfo/exitCode", Kind::Int, ANY),
    time("startTaskInfo/startTime"),
    time("startTaskInfo/endTime"),
];

pub const CERTIFICATE_FIELDS: &[Field] =
    &[field("state", name_of!(CertificateState), EQ_NE), time("stateTransitionTime")];

pub const POOL_USAGE_FIELDS: &[Field] = &[id("poolId")];

pub const JOB_FIELDS: &[Field] = &[
    id("id"),
    field("state", name_of!(JobState), EQ_NE),
    time("stateTransitionTime"),
    time("creationTime"),
    time("lastModified"),
    time("executionInfo/startTime"),
    time("executionInfo/endTime"),
    id("executionInfo/poolId"),
];

/// Of the jobs of a schedule.
pub const SCHEDULE_JOB_FIELDS: &[Field] = JOB_FIELDS.split_at(1).1;

pub const JOB_SCHEDULE_FIELDS: &[Field] = &[
    id("id"),
    field("state", name_of!(JobScheduleState), EQ_NE),
    time("stateTransitionTime"),
    time("creationTime"),
    time("lastModified"),
    time("executionInfo/endTime"),
    time("schedule/doNotRunUntil"),
    time("schedule/doNotRunAfter"),
];

pub const TASK_FIELDS: &[Field] = &[
    id("id"),
    field("state", name_of!(TaskState), EQ_NE),
    time("stateTransitionTime"),
    time("creationTime"),
    time("lastModified"),
    time("executionInfo/startTime"),
    time("executionInfo/endTime"),
    field("executionInfo/exitCode", Kind::Int, ANY),
    field("executionInfo/result", name_of!(TaskExecutionResult), EQ_NE),
];

/// Of preparation and release tasks on nodes.
pub const JOB_NODE_FIELDS: &[Field] = &[
    field("poolId", Kind::Text, EQ_NE),
    field("nodeId", Kind::Text, EQ_NE),
    field("jobPreparationTaskExecutionInfo/state", name_of!(JobPreparationTaskState), EQ_NE),
    time("jobPreparationTaskExecutionInfo/startTime"),
    time("jobPreparationTaskExecutionInfo/endTime"),
    field("jobPreparationTaskExecutionInfo/exitCode", Kind::Int, ANY),
    field("jobPreparationTaskExecutionInfo/result", name_of!(TaskExecutionResult), EQ_NE),
    field("jobReleaseTaskExecutionInfo/state", name_of!(JobReleaseTaskState), EQ_NE),
    time("jobReleaseTaskExecutionInfo/startTime"),
    time("jobReleaseTaskExecutionInfo/endTime"),
    field("jobReleaseTaskExecutionInfo/exitCode", Kind::Int, ANY),
    field("jobReleaseTaskExecutionInfo/result", name_of!(TaskExecutionResult), EQ_NE),
];

pub const FILE_FIELDS: &[Field] = &[Field { name: "name", kind: Kind::Text, operators: &[], prefix: true }];

pub const NODE_COUNT_FIELDS: &[Field] = &[field("poolId", Kind::Text, EQ)];

pub const IMAGE_FIELDS: &[Field] = &[
    field("osType", Kind::Text, EQ_NE),
    field("verificationType", Kind::Text, EQ_NE),
    field("nodeAgentSKUId", Kind::Text, EQ_NE),
];
