//! Lists of tasks.

use super::job::find as find_job;
use super::task::to_api;
use super::{Caller, Context, Result, page};
use crate::api::{self, TaskState};
use crate::domain::ids::{AccountName, JobId};
use crate::domain::permission::Permission;
use crate::store;
use crate::store::listing::{Listing, Place};
use crate::store::task::TaskRow;

/// A page of tasks as the portal asks for them.
pub async fn task_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    query: &api::ListQuery,
) -> Result<api::Page<api::Task>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let job = find_job(&mut conn, account, job).await?;
    let limit = page::limit(query);
    // A prefix is found by the index of ids; everything else goes in order of adding.
    let sort_column = match query.sort.as_str() {
        "" if !query.search.is_empty() => "t.id",
        "" | "creationTime" => "t.key",
        "id" => "t.id",
        other => return Err(page::invalid("sort", other, "id or creationTime").into()),
    };
    let node = match query.node.as_str() {
        "" => None,
        id => Some(store::node::with_id(&mut conn, id).await?.map_or(-1, |node| node.key)),
    };
    let rows = store::listing::rows(
        &mut conn,
        &Listing {
            select: store::task::concat_columns!("SELECT ", " FROM tasks t WHERE"),
            owner_column: "t.job_key",
            owner: job.key,
            id_column: "t.id",
            key_column: "t.key",
            prefix: &query.search,
            states: &query.states,
            state_column: "t.state",
            also: if query.failed_only { "t.result = 'failure'" } else { "" },
            equals: node.map(|key| ("t.node_key", key)),
            sort_column,
            descending: query.descending,
            after: page::after(&query.cursor)?,
            limit: limit + 1,
        },
    )
    .await?;
    let place = |row: &TaskRow| match sort_column {
        "t.id" => (Place::Text(row.id.clone()), row.key),
        _ => (Place::Number(row.key), row.key),
    };
    let mut page = page::page(store::task::readable(&rows), limit, place, |row| row);
    let total = total(query, &job.counts.task_counts);
    let items =
        std::mem::take(&mut page.items).into_iter().filter_map(|row| readable(cx, account, &job.id, row)).collect();
    Ok(api::Page { items, next: page.next, total })
}

/// How long the whole list is, where the job's counters say it.
fn total(query: &api::ListQuery, counts: &api::TaskCounts) -> Option<i64> {
    if !query.search.is_empty() || !query.node.is_empty() {
        return None;
    }
    let state = |state: &str| match state.parse() {
        Ok(TaskState::Active) => Some(counts.active),
        Ok(TaskState::Running) => Some(counts.running),
        Ok(TaskState::Preparing) => Some(0),
        Ok(TaskState::Completed) => Some(counts.completed),
        Err(_) => None,
    };
    match (query.failed_only, query.states.as_slice()) {
        (false, []) => Some(counts.total()),
        (true, []) => Some(counts.failed),
        (false, states) => states.iter().map(|s| state(s)).sum(),
        (true, _) => None,
    }
}

/// The row for a list; one whose settings cannot be read is logged and left out.
pub fn readable(cx: &Context, account: &AccountName, job: &str, row: TaskRow) -> Option<api::Task> {
    let key = row.key;
    to_api(cx, account, job, &row)
        .inspect_err(|error| tracing::error!(task.key = key, %error, "a stored task cannot be shown"))
        .ok()
}
