//! Job schedules.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::body::{Body, NoBody};
use super::call::{Call, PAGE};
use super::error::Result;
use super::path::Of;
use super::{job, reply};
use crate::api;
use crate::domain::ids::JobScheduleId;
use crate::domain::odata::{JOB_SCHEDULE_FIELDS, SCHEDULE_JOB_FIELDS};
use crate::service::{Context, job_schedule, job_schedule_list, slices};

const PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "url",
    "eTag",
    "lastModified",
    "creationTime",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "schedule",
    "jobSpecification",
    "executionInfo",
    "metadata",
    "stats",
];

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/jobschedules", get(job_schedule_list).post(job_schedule_add))
        .route(
            "/jobschedules/{schedule}",
            get(job_schedule_get).patch(job_schedule_patch).put(job_schedule_update).delete(job_schedule_delete),
        )
        .route("/jobschedules/{schedule}/disable", post(job_schedule_disable))
        .route("/jobschedules/{schedule}/enable", post(job_schedule_enable))
        .route("/jobschedules/{schedule}/terminate", post(job_schedule_terminate))
        .route("/jobschedules/{schedule}/jobs", get(job_schedule_job_list))
}

async fn job_schedule_list(call: Call) -> Result {
    let list = call.list_query(JOB_SCHEDULE_FIELDS, PROPERTIES, PAGE)?;
    let schedules = slices::job_schedule_slice(&call.cx, &call.caller, &call.account, &list.slice).await?;
    Ok(call.list_reply("jobschedules", &list, schedules))
}

async fn job_schedule_job_list(call: Call, Of(id): Of<JobScheduleId>) -> Result {
    let list = call.list_query(SCHEDULE_JOB_FIELDS, job::PROPERTIES, PAGE)?;
    let jobs = slices::schedule_job_slice(&call.cx, &call.caller, &call.account, &id, &list.slice).await?;
    Ok(call.list_reply("jobs", &list, jobs))
}

async fn job_schedule_add(call: Call, Body(create): Body<api::JobScheduleCreate>) -> Result {
    call.no_query()?;
    let schedule = job_schedule::job_schedule_add(&call.cx, &call.caller, &call.account, create).await?;
    let url = call.url(&format!("/jobschedules/{}", schedule.settings.id));
    Ok(reply::with_version(reply::created(&url), &schedule.e_tag, schedule.last_modified))
}

/// Also answers HEAD, which asks whether the schedule exists.
async fn job_schedule_get(call: Call, Of(id): Of<JobScheduleId>) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let schedule = load(&call, &id).await?;
    call.check(&schedule.e_tag, schedule.last_modified)?;
    let reply = reply::element(&call.base_url, "jobschedules", &schedule, query.select.as_deref());
    Ok(reply::with_version(reply, &schedule.e_tag, schedule.last_modified))
}

async fn job_schedule_patch(call: Call, Of(id): Of<JobScheduleId>, Body(patch): Body<api::JobSchedulePatch>) -> Result {
    call.no_query()?;
    job_schedule::job_schedule_patch(&call.cx, &call.caller, &call.account, &id, patch).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn job_schedule_update(
    call: Call,
    Of(id): Of<JobScheduleId>,
    Body(update): Body<api::JobScheduleUpdate>,
) -> Result {
    call.no_query()?;
    job_schedule::job_schedule_update(&call.cx, &call.caller, &call.account, &id, update).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn job_schedule_disable(call: Call, Of(id): Of<JobScheduleId>, _: NoBody) -> Result {
    call.no_query()?;
    job_schedule::job_schedule_disable(&call.cx, &call.caller, &call.account, &id).await?;
    changed(&call, &id, StatusCode::NO_CONTENT).await
}

async fn job_schedule_enable(call: Call, Of(id): Of<JobScheduleId>, _: NoBody) -> Result {
    call.no_query()?;
    job_schedule::job_schedule_enable(&call.cx, &call.caller, &call.account, &id).await?;
    changed(&call, &id, StatusCode::NO_CONTENT).await
}

async fn job_schedule_terminate(call: Call, Of(id): Of<JobScheduleId>, _: NoBody) -> Result {
    if call.force()? {
        job_schedule::job_schedule_terminate_by_force(&call.cx, &call.caller, &call.account, &id).await?;
    } else {
        job_schedule::job_schedule_terminate(&call.cx, &call.caller, &call.account, &id).await?;
    }
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn job_schedule_delete(call: Call, Of(id): Of<JobScheduleId>, _: NoBody) -> Result {
    if call.force()? {
        job_schedule::job_schedule_delete_by_force(&call.cx, &call.caller, &call.account, &id).await?;
    } else {
        job_schedule::job_schedule_delete(&call.cx, &call.caller, &call.account, &id).await?;
    }
    Ok(reply::done(StatusCode::ACCEPTED, &call.url(&format!("/jobschedules/{id}"))))
}

async fn load(call: &Call, id: &JobScheduleId) -> Result<api::JobSchedule> {
    Ok(job_schedule_list::job_schedule_get(&call.cx, &call.caller, &call.account, id).await?.job_schedule)
}

/// The answer to a change: the schedule's URL, and its version after it.
async fn changed(call: &Call, id: &JobScheduleId, status: StatusCode) -> Result {
    let schedule = load(call, id).await?;
    let done = reply::done(status, &call.url(&format!("/jobschedules/{id}")));
    Ok(reply::with_version(done, &schedule.e_tag, schedule.last_modified))
}
