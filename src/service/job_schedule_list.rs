//! Job schedules as they are read: lists with their last jobs, the jobs of one, and one with its last job.

use std::collections::HashMap;

use super::account::find as find_account;
use super::job_schedule::{find, to_api};
use super::{Caller, Context, Result, job, page};
use crate::api;
use crate::domain::ids::{AccountName, JobScheduleId};
use crate::domain::permission::Permission;
use crate::store::job_schedule::JobScheduleRow;
use crate::store::listing::Place;
use crate::store::{self, Conn};

pub async fn job_schedule_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    query: &api::ListQuery,
) -> Result<api::Page<api::JobScheduleSummary>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let limit = page::limit(query);
    let sort_column = match query.sort.as_str() {
        "" | "id" => "id",
        "creationTime" => "created",
        "state" => "state",
        other => return Err(page::invalid("sort", other, "id, creationTime or state").into()),
    };
    let rows = store::listing::rows(
        &mut conn,
        &page::listing(query, "SELECT * FROM job_schedules WHERE", ("account_key", owner.key), sort_column)?,
    )
    .await?;
    let place = |row: &JobScheduleRow| {
        let place = match sort_column {
            "created" => Place::Number(row.created.micros()),
            "state" => Place::Text(row.state.to_string()),
            _ => Place::Text(row.id.clone()),
        };
        (place, row.key)
    };
    let rows = store::job_schedule::readable(&rows);
    let recent = recent_jobs(cx, &mut conn, account, &rows).await?;
    let summary = |row: JobScheduleRow| summary(cx, account, &row, recent.get(&row.key).cloned());
    let mut page = page::page(rows, limit, place, summary);
    let whole = query.search.is_empty() && query.states.is_empty();
    page.total = whole.then_some(owner.n_job_schedules);
    Ok(page)
}

/// A page of the jobs that a schedule made, the newest first unless the query says otherwise.
///
/// # Errors
/// `JobScheduleNotFound`.
pub async fn job_schedule_job_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    query: &api::ListQuery,
) -> Result<api::Page<api::JobSummary>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    job::page_of(cx, &mut conn, account, ("schedule_key", row.key), row.n_jobs, query).await
}

/// # Errors
/// `JobScheduleNotFound`.
pub async fn job_schedule_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<api::JobScheduleSummary> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    let mut recent = recent_jobs(cx, &mut conn, account, std::slice::from_ref(&row)).await?;
    Ok(summary(cx, account, &row, recent.remove(&row.key)))
}

fn summary(
    cx: &Context,
    account: &AccountName,
    row: &JobScheduleRow,
    recent_job: Option<api::JobSummary>,
) -> api::JobScheduleSummary {
    api::JobScheduleSummary { job_schedule: to_api(cx, account, row), n_jobs: row.n_jobs, recent_job }
}

/// The last job of each of the schedules, by the schedule's key.
async fn recent_jobs(
    cx: &Context,
    conn: &mut Conn,
    account: &AccountName,
    schedules: &[JobScheduleRow],
) -> Result<HashMap<i64, api::JobSummary>> {
    let jobs = store::job_schedule::recent_jobs(conn, schedules).await?;
    Ok(jobs.into_iter().filter_map(|row| Some((row.schedule_key?, job::summary(cx, account, row)))).collect())
}
