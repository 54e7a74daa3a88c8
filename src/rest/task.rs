//! Tasks.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::body::{Body, NoBody};
use super::call::{Call, PAGE};
use super::error::{Failure, Result};
use super::path::Of;
use super::reply;
use crate::api::{self, Code};
use crate::domain::ids::{JobId, TaskId};
use crate::domain::odata::TASK_FIELDS;
use crate::domain::waiting::explanation;
use crate::service::{Context, slices, task, waiting};

const PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "url",
    "eTag",
    "lastModified",
    "creationTime",
    "exitConditions",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "commandLine",
    "containerSettings",
    "resourceFiles",
    "outputFiles",
    "environmentSettings",
    "affinityInfo",
    "constraints",
    "requiredSlots",
    "userIdentity",
    "executionInfo",
    "nodeInfo",
    "multiInstanceSettings",
    "stats",
    "dependsOn",
    "applicationPackageReferences",
    "authenticationTokenSettings",
];

const SUBTASK_PROPERTIES: &[&str] = &[
    "id",
    "nodeInfo",
    "startTime",
    "endTime",
    "exitCode",
    "containerInfo",
    "failureInfo",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "result",
];

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/jobs/{job}/tasks", get(task_list).post(task_create))
        .route("/jobs/{job}/addtaskcollection", post(task_add_collection))
        .route("/jobs/{job}/tasks/{task}", get(task_get).put(task_update).delete(task_delete))
        .route("/jobs/{job}/tasks/{task}/terminate", post(task_terminate))
        .route("/jobs/{job}/tasks/{task}/reactivate", post(task_reactivate))
        .route("/jobs/{job}/tasks/{task}/subtasksinfo", get(subtask_list))
        .route("/jobs/{job}/tasks/{task}/waiting", get(task_waiting))
}

async fn task_list(call: Call, Of(job): Of<JobId>) -> Result {
    let list = call.list_query(TASK_FIELDS, PROPERTIES, PAGE)?;
    let with_stats = call.query.expands_stats();
    let tasks = slices::task_slice(&call.cx, &call.caller, &call.account, &job, &list.slice, with_stats).await?;
    Ok(call.list_reply("tasks", &list, tasks))
}

async fn task_create(call: Call, Of(job): Of<JobId>, Body(create): Body<api::TaskCreate>) -> Result {
    call.no_query()?;
    let mut results = task::task_add_collection(&call.cx, &call.caller, &call.account, &job, vec![create]).await?;
    let result = results.pop().ok_or(Failure::from(Code::InternalError))?;
    if let Some(error) = result.error {
        return Err(error.into());
    }
    let created = reply::created(&call.url(&format!("/jobs/{job}/tasks/{}", result.task_id)));
    Ok(match result.e_tag.zip(result.last_modified) {
        Some((e_tag, modified)) => reply::with_version(created, &e_tag, modified),
        None => created,
    })
}

async fn task_add_collection(call: Call, Of(job): Of<JobId>, Body(tasks): Body<api::TaskAddCollection>) -> Result {
    call.no_query()?;
    let results = task::task_add_collection(&call.cx, &call.caller, &call.account, &job, tasks.value).await?;
    let results: Vec<Value> = results.iter().map(add_result).collect();
    Ok(reply::list(&call.base_url, "TaskAddResult", &results, None, None))
}

/// The result of one task; its error in the form of REST's errors.
fn add_result(result: &api::TaskAddResult) -> Value {
    let mut value = json!(api::TaskAddResult { error: None, ..result.clone() });
    if let Some(error) = &result.error {
        value["error"] = json!({
            "code": error.code.as_str(),
            "message": { "lang": "en-US", "value": error.message },
            "values": error.values,
        });
    }
    value
}

async fn task_get(call: Call, Of((job, id)): Of<(JobId, TaskId)>) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let mut found = load(&call, &job, &id).await?;
    if call.query.expands_stats() {
        found.stats = Some(task::task_statistics(&call.cx, &call.caller, &call.account, &job, &id).await?);
    }
    call.check(&found.e_tag, found.last_modified)?;
    let reply = reply::element(&call.base_url, "tasks", &found, query.select.as_deref());
    Ok(reply::with_version(reply, &found.e_tag, found.last_modified))
}

async fn task_update(call: Call, Of((job, id)): Of<(JobId, TaskId)>, Body(update): Body<api::TaskUpdate>) -> Result {
    call.no_query()?;
    task::task_update(&call.cx, &call.caller, &call.account, &job, &id, update).await?;
    let task = load(&call, &job, &id).await?;
    Ok(reply::with_version(reply::done(StatusCode::OK, &url(&call, &job, &id)), &task.e_tag, task.last_modified))
}

async fn task_delete(call: Call, Of((job, id)): Of<(JobId, TaskId)>, _: NoBody) -> Result {
    call.no_query()?;
    task::task_delete(&call.cx, &call.caller, &call.account, &job, &id).await?;
    Ok(reply::done(StatusCode::OK, &url(&call, &job, &id)))
}

async fn task_terminate(call: Call, Of((job, id)): Of<(JobId, TaskId)>, _: NoBody) -> Result {
    call.no_query()?;
    task::task_terminate(&call.cx, &call.caller, &call.account, &job, &id).await?;
    Ok(reply::done(StatusCode::NO_CONTENT, &url(&call, &job, &id)))
}

async fn task_reactivate(call: Call, Of((job, id)): Of<(JobId, TaskId)>, _: NoBody) -> Result {
    call.no_query()?;
    task::task_reactivate(&call.cx, &call.caller, &call.account, &job, &id).await?;
    Ok(reply::done(StatusCode::NO_CONTENT, &url(&call, &job, &id)))
}

async fn subtask_list(call: Call, Of((job, id)): Of<(JobId, TaskId)>) -> Result {
    call.query.allow(&["$select"])?;
    let select = call.query.select(SUBTASK_PROPERTIES)?;
    let subtasks = task::subtask_list(&call.cx, &call.caller, &call.account, &job, &id).await?;
    Ok(reply::list(&call.base_url, "subtasks", &subtasks, select.as_deref(), None))
}

/// Fournil's own.
async fn task_waiting(call: Call, Of((job, id)): Of<(JobId, TaskId)>) -> Result {
    call.no_query()?;
    let why = waiting::task_waiting(&call.cx, &call.caller, &call.account, &job, &id).await?;
    Ok(reply::element(&call.base_url, "waiting", &explanation(why), None))
}

async fn load(call: &Call, job: &JobId, id: &TaskId) -> Result<api::Task> {
    Ok(task::task_get(&call.cx, &call.caller, &call.account, job, id).await?)
}

fn url(call: &Call, job: &JobId, id: &TaskId) -> String {
    call.url(&format!("/jobs/{job}/tasks/{id}"))
}
