//! What is asked of a task beside the task itself: what its runs took.

use super::task::{find, url};
use super::{Caller, Context, Result, statistics};
use crate::api;
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::domain::permission::Permission;

/// What the task's runs took so far.
pub async fn task_statistics(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<api::TaskStatistics> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = find(&mut conn, account, job, id).await?;
    Ok(statistics::of_task(&url(cx, account, &job.id, &row.id), &row, cx.clock.now()))
}
