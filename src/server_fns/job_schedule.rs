//! Job schedules.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, JobScheduleId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the job schedules with their last jobs.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_list", input = Json)]
pub async fn job_schedule_list(
    account: AccountName,
    query: api::ListQuery,
) -> Result<api::Page<api::JobScheduleSummary>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule_list::job_schedule_list(&cx, &caller, &account, &query).await?)
}

/// A page of the jobs that a schedule made.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_job_list", input = Json)]
pub async fn job_schedule_job_list(
    account: AccountName,
    schedule: JobScheduleId,
    query: api::ListQuery,
) -> Result<api::Page<api::JobSummary>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule_list::job_schedule_job_list(&cx, &caller, &account, &schedule, &query).await?)
}

/// One job schedule with its last job.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_get", input = Json)]
pub async fn job_schedule_get(
    account: AccountName,
    schedule: JobScheduleId,
) -> Result<api::JobScheduleSummary, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule_list::job_schedule_get(&cx, &caller, &account, &schedule).await?)
}

/// Makes a job schedule.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_add", input = Json)]
pub async fn job_schedule_add(
    account: AccountName,
    create: api::JobScheduleCreate,
) -> Result<api::JobSchedule, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_add(&cx, &caller, &account, create).await?)
}

/// Changes a job schedule for the jobs that it makes from now on.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_patch", input = Json)]
pub async fn job_schedule_patch(
    account: AccountName,
    schedule: JobScheduleId,
    patch: api::JobSchedulePatch,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_patch(&cx, &caller, &account, &schedule, patch).await?)
}

/// Changes a job schedule that is still as the page has read it.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_edit", input = Json)]
pub async fn job_schedule_edit(
    account: AccountName,
    schedule: JobScheduleId,
    e_tag: String,
    edit: api::JobSchedulePatch,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::edit::job_schedule_edit(&cx, &caller, &account, &schedule, &e_tag, edit).await?)
}

/// Lets a disabled schedule make jobs again.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_enable", input = Json)]
pub async fn job_schedule_enable(account: AccountName, schedule: JobScheduleId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_enable(&cx, &caller, &account, &schedule).await?)
}

/// No further job is made until the schedule is enabled.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_disable", input = Json)]
pub async fn job_schedule_disable(account: AccountName, schedule: JobScheduleId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_disable(&cx, &caller, &account, &schedule).await?)
}

/// Ends the schedule and its active job.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_terminate", input = Json)]
pub async fn job_schedule_terminate(account: AccountName, schedule: JobScheduleId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_terminate(&cx, &caller, &account, &schedule).await?)
}

/// Deletes the schedule with its jobs, their tasks and files.
#[server(prefix = "/portal/fn", endpoint = "job_schedule_delete", input = Json)]
pub async fn job_schedule_delete(account: AccountName, schedule: JobScheduleId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job_schedule::job_schedule_delete(&cx, &caller, &account, &schedule).await?)
}
