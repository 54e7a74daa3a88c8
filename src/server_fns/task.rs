//! Tasks.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, JobId, TaskId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of a job's tasks.
#[server(prefix = "/portal/fn", endpoint = "task_list", input = Json)]
pub async fn task_list(
    account: AccountName,
    job: JobId,
    query: api::ListQuery,
) -> Result<api::Page<api::Task>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_list(&cx, &caller, &account, &job, &query).await?)
}

/// One task.
#[server(prefix = "/portal/fn", endpoint = "task_get", input = Json)]
pub async fn task_get(account: AccountName, job: JobId, task: TaskId) -> Result<api::Task, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_get(&cx, &caller, &account, &job, &task).await?)
}

/// Why an active task does not run yet.
#[server(prefix = "/portal/fn", endpoint = "task_waiting", input = Json)]
pub async fn task_waiting(account: AccountName, job: JobId, task: TaskId) -> Result<api::WhyWaiting, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::waiting::task_waiting(&cx, &caller, &account, &job, &task).await?)
}

/// The instances of a multi-instance task beside its primary.
#[server(prefix = "/portal/fn", endpoint = "subtask_list", input = Json)]
pub async fn subtask_list(
    account: AccountName,
    job: JobId,
    task: TaskId,
) -> Result<Vec<api::SubtaskInformation>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::subtask_list(&cx, &caller, &account, &job, &task).await?)
}

/// Adds up to 100 tasks; each has its own result.
#[server(prefix = "/portal/fn", endpoint = "task_add_collection", input = Json)]
pub async fn task_add_collection(
    account: AccountName,
    job: JobId,
    tasks: Vec<api::TaskCreate>,
) -> Result<Vec<api::TaskAddResult>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_add_collection(&cx, &caller, &account, &job, tasks).await?)
}

/// Sets the constraints of a task.
#[server(prefix = "/portal/fn", endpoint = "task_update", input = Json)]
pub async fn task_update(
    account: AccountName,
    job: JobId,
    task: TaskId,
    update: api::TaskUpdate,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_update(&cx, &caller, &account, &job, &task, update).await?)
}

/// Ends a task.
#[server(prefix = "/portal/fn", endpoint = "task_terminate", input = Json)]
pub async fn task_terminate(account: AccountName, job: JobId, task: TaskId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_terminate(&cx, &caller, &account, &job, &task).await?)
}

/// Lets a failed task run again.
#[server(prefix = "/portal/fn", endpoint = "task_reactivate", input = Json)]
pub async fn task_reactivate(account: AccountName, job: JobId, task: TaskId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_reactivate(&cx, &caller, &account, &job, &task).await?)
}

/// Deletes a task and its files.
#[server(prefix = "/portal/fn", endpoint = "task_delete", input = Json)]
pub async fn task_delete(account: AccountName, job: JobId, task: TaskId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::task::task_delete(&cx, &caller, &account, &job, &task).await?)
}
