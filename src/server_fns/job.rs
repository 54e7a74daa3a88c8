//! Jobs.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, JobId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the jobs with their counts.
#[server(prefix = "/portal/fn", endpoint = "job_list", input = Json)]
pub async fn job_list(account: AccountName, query: api::ListQuery) -> Result<api::Page<api::JobSummary>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_list(&cx, &caller, &account, &query).await?)
}

/// One job with its counts and progress.
#[server(prefix = "/portal/fn", endpoint = "job_get", input = Json)]
pub async fn job_get(account: AccountName, job: JobId) -> Result<api::JobSummary, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_get(&cx, &caller, &account, &job).await?)
}

/// Makes a job.
#[server(prefix = "/portal/fn", endpoint = "job_create", input = Json)]
pub async fn job_create(account: AccountName, create: api::JobCreate) -> Result<api::Job, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_create(&cx, &caller, &account, create).await?)
}

/// As [`job_create`], from the text of REST's body: what it says is read as strictly as there.
#[server(prefix = "/portal/fn", endpoint = "job_create_from_json", input = Json)]
pub async fn job_create_from_json(account: AccountName, text: String) -> Result<api::Job, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_create_from_json(&cx, &caller, &account, &text).await?)
}

/// Changes what is given.
#[server(prefix = "/portal/fn", endpoint = "job_patch", input = Json)]
pub async fn job_patch(account: AccountName, job: JobId, patch: api::JobPatch) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_patch(&cx, &caller, &account, &job, patch).await?)
}

/// Changes a job that is still as the page has read it.
#[server(prefix = "/portal/fn", endpoint = "job_edit", input = Json)]
pub async fn job_edit(account: AccountName, job: JobId, e_tag: String, edit: api::JobPatch) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::edit::job_edit(&cx, &caller, &account, &job, &e_tag, edit).await?)
}

/// Lets a disabled job run again.
#[server(prefix = "/portal/fn", endpoint = "job_enable", input = Json)]
pub async fn job_enable(account: AccountName, job: JobId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_enable(&cx, &caller, &account, &job).await?)
}

/// Holds the job; what running tasks do is said.
#[server(prefix = "/portal/fn", endpoint = "job_disable", input = Json)]
pub async fn job_disable(account: AccountName, job: JobId, disable: api::JobDisable) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_disable(&cx, &caller, &account, &job, disable).await?)
}

/// Ends the job and its running tasks.
#[server(prefix = "/portal/fn", endpoint = "job_terminate", input = Json)]
pub async fn job_terminate(account: AccountName, job: JobId, terminate: api::JobTerminate) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_terminate(&cx, &caller, &account, &job, terminate).await?)
}

/// How the job's preparation and release tasks went on its first thousand nodes.
#[server(prefix = "/portal/fn", endpoint = "job_preparation_and_release_list", input = Json)]
pub async fn job_preparation_and_release_list(
    account: AccountName,
    job: JobId,
) -> Result<api::Page<api::JobPreparationAndReleaseTaskStatus>, api::Error> {
    let (cx, caller) = request::context()?;
    let slice = crate::domain::odata::Slice { filter: None, after: None, limit: 1000 };
    let nodes = service::slices::job_preparation_and_release_slice(&cx, &caller, &account, &job, &slice).await?;
    Ok(api::Page { items: nodes.items, next: nodes.next, total: None })
}

/// Deletes the job, its tasks and their files.
#[server(prefix = "/portal/fn", endpoint = "job_delete", input = Json)]
pub async fn job_delete(account: AccountName, job: JobId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::job::job_delete(&cx, &caller, &account, &job).await?)
}

/// Why nothing of a job goes on.
#[server(prefix = "/portal/fn", endpoint = "job_waiting", input = Json)]
pub async fn job_waiting(account: AccountName, job: JobId) -> Result<api::WhyWaiting, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::waiting::job_waiting(&cx, &caller, &account, &job).await?)
}
