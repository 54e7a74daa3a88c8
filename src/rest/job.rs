//! Jobs.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::body::{Body, NoBody, OptionalBody};
use super::call::{Call, PAGE};
use super::error::Result;
use super::path::Of;
use super::reply;
use crate::api;
use crate::domain::ids::JobId;
use crate::domain::odata::{JOB_FIELDS, JOB_NODE_FIELDS};
use crate::domain::waiting::explanation;
use crate::service::{Context, job, slices, waiting};

pub(super) const PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "usesTaskDependencies",
    "url",
    "eTag",
    "lastModified",
    "creationTime",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "priority",
    "allowTaskPreemption",
    "maxParallelTasks",
    "constraints",
    "jobManagerTask",
    "jobPreparationTask",
    "jobReleaseTask",
    "commonEnvironmentSettings",
    "poolInfo",
    "onAllTasksComplete",
    "onTaskFailure",
    "networkConfiguration",
    "metadata",
    "executionInfo",
    "stats",
];

const JOB_NODE_PROPERTIES: &[&str] =
    &["poolId", "nodeId", "nodeUrl", "jobPreparationTaskExecutionInfo", "jobReleaseTaskExecutionInfo"];

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/jobs", get(job_list).post(job_create))
        .route("/jobs/{job}", get(job_get).patch(job_patch).put(job_update).delete(job_delete))
        .route("/jobs/{job}/disable", post(job_disable))
        .route("/jobs/{job}/enable", post(job_enable))
        .route("/jobs/{job}/terminate", post(job_terminate))
        .route("/jobs/{job}/taskcounts", get(job_task_counts))
        .route("/jobs/{job}/waiting", get(job_waiting))
        .route("/jobs/{job}/jobpreparationandreleasetaskstatus", get(job_preparation_and_release))
}

async fn job_list(call: Call) -> Result {
    let list = call.list_query(JOB_FIELDS, PROPERTIES, PAGE)?;
    let with_stats = call.query.expands_stats();
    let jobs = slices::job_slice(&call.cx, &call.caller, &call.account, &list.slice, with_stats).await?;
    Ok(call.list_reply("jobs", &list, jobs))
}

async fn job_create(call: Call, Body(create): Body<api::JobCreate>) -> Result {
    call.no_query()?;
    let job = job::job_create(&call.cx, &call.caller, &call.account, create).await?;
    let url = call.url(&format!("/jobs/{}", job.settings.id));
    Ok(reply::with_version(reply::created(&url), &job.e_tag, job.last_modified))
}

async fn job_get(call: Call, Of(id): Of<JobId>) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let mut found = load(&call, &id).await?.job;
    if call.query.expands_stats() {
        found.stats = Some(job::job_statistics(&call.cx, &call.caller, &call.account, &id).await?);
    }
    call.check(&found.e_tag, found.last_modified)?;
    let reply = reply::element(&call.base_url, "jobs", &found, query.select.as_deref());
    Ok(reply::with_version(reply, &found.e_tag, found.last_modified))
}

async fn job_patch(call: Call, Of(id): Of<JobId>, Body(patch): Body<api::JobPatch>) -> Result {
    call.no_query()?;
    job::job_patch(&call.cx, &call.caller, &call.account, &id, patch).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn job_update(call: Call, Of(id): Of<JobId>, Body(update): Body<api::JobUpdate>) -> Result {
    call.no_query()?;
    job::job_update(&call.cx, &call.caller, &call.account, &id, update).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn job_disable(call: Call, Of(id): Of<JobId>, Body(disable): Body<api::JobDisable>) -> Result {
    call.no_query()?;
    job::job_disable(&call.cx, &call.caller, &call.account, &id, disable).await?;
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn job_enable(call: Call, Of(id): Of<JobId>, _: NoBody) -> Result {
    call.no_query()?;
    job::job_enable(&call.cx, &call.caller, &call.account, &id).await?;
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn job_terminate(call: Call, Of(id): Of<JobId>, OptionalBody(body): OptionalBody<api::JobTerminate>) -> Result {
    if call.force()? {
        job::job_terminate_by_force(&call.cx, &call.caller, &call.account, &id, body).await?;
    } else {
        job::job_terminate(&call.cx, &call.caller, &call.account, &id, body).await?;
    }
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn job_delete(call: Call, Of(id): Of<JobId>, _: NoBody) -> Result {
    if call.force()? {
        job::job_delete_by_force(&call.cx, &call.caller, &call.account, &id).await?;
    } else {
        job::job_delete(&call.cx, &call.caller, &call.account, &id).await?;
    }
    Ok(reply::done(StatusCode::ACCEPTED, &call.url(&format!("/jobs/{id}"))))
}

async fn job_task_counts(call: Call, Of(id): Of<JobId>) -> Result {
    call.no_query()?;
    let counts = load(&call, &id).await?.counts;
    Ok(reply::element(&call.base_url, "taskcounts", &counts, None))
}

async fn job_preparation_and_release(call: Call, Of(id): Of<JobId>) -> Result {
    let list = call.list_query(JOB_NODE_FIELDS, JOB_NODE_PROPERTIES, PAGE)?;
    let nodes = slices::job_preparation_and_release_slice(&call.cx, &call.caller, &call.account, &id, &list.slice);
    Ok(call.list_reply("jobpreparationandreleasetaskstatus", &list, nodes.await?))
}

/// Fournil's own.
async fn job_waiting(call: Call, Of(id): Of<JobId>) -> Result {
    call.no_query()?;
    let why = waiting::job_waiting(&call.cx, &call.caller, &call.account, &id).await?;
    Ok(reply::element(&call.base_url, "waiting", &explanation(why), None))
}

async fn load(call: &Call, id: &JobId) -> Result<api::JobSummary> {
    Ok(job::job_get(&call.cx, &call.caller, &call.account, id).await?)
}

/// The answer to a change: the job's URL, and its version after it.
async fn changed(call: &Call, id: &JobId, status: StatusCode) -> Result {
    let job = load(call, id).await?.job;
    let done = reply::done(status, &call.url(&format!("/jobs/{id}")));
    Ok(reply::with_version(done, &job.e_tag, job.last_modified))
}
