//! What the URL is about. An id that cannot exist is found nowhere, so the page says the same as of one that does not.

use leptos::prelude::*;

use crate::domain::ids::{AccountName, JobId, JobScheduleId, NodeId, PoolId, TaskId};
use crate::portal::shell::use_id;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRef {
    pub account: AccountName,
    pub pool: PoolId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRef {
    pub account: AccountName,
    pub pool: PoolId,
    pub node: NodeId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRef {
    pub account: AccountName,
    pub job: JobId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobScheduleRef {
    pub account: AccountName,
    pub schedule: JobScheduleId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRef {
    pub account: AccountName,
    pub job: JobId,
    pub task: TaskId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRef {
    pub account: AccountName,
    pub application: String,
}

pub fn use_application_ref() -> Memo<Option<ApplicationRef>> {
    let (account, application) = (use_id("account"), use_id("application"));
    Memo::new(move |_| Some(ApplicationRef { account: account.get()?, application: application.get()? }))
}

pub fn use_pool_ref() -> Memo<Option<PoolRef>> {
    let (account, pool) = (use_id("account"), use_id("pool"));
    Memo::new(move |_| Some(PoolRef { account: account.get()?, pool: pool.get()? }))
}

pub fn use_node_ref() -> Memo<Option<NodeRef>> {
    let (account, pool, node) = (use_id("account"), use_id("pool"), use_id("node"));
    Memo::new(move |_| Some(NodeRef { account: account.get()?, pool: pool.get()?, node: node.get()? }))
}

pub fn use_job_ref() -> Memo<Option<JobRef>> {
    let (account, job) = (use_id("account"), use_id("job"));
    Memo::new(move |_| Some(JobRef { account: account.get()?, job: job.get()? }))
}

pub fn use_job_schedule_ref() -> Memo<Option<JobScheduleRef>> {
    let (account, schedule) = (use_id("account"), use_id("schedule"));
    Memo::new(move |_| Some(JobScheduleRef { account: account.get()?, schedule: schedule.get()? }))
}

pub fn use_task_ref() -> Memo<Option<TaskRef>> {
    let (account, job, task) = (use_id("account"), use_id("job"), use_id("task"));
    Memo::new(move |_| Some(TaskRef { account: account.get()?, job: job.get()?, task: task.get()? }))
}
