//! What is asked of a task beside the task itself: what its runs took, and on which nodes it runs beside its own.

use super::task::{find, location, url};
use super::{Caller, Context, Result, statistics};
use crate::api::{self, TaskExecutionResult};
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::domain::multi_instance::{self, Subtask};
use crate::domain::permission::Permission;
use crate::store;

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

/// The instances of a multi-instance task beside its primary, of its last attempt; none for other tasks.
pub async fn subtask_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<Vec<api::SubtaskInformation>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = find(&mut conn, account, job, id).await?;
    let subtasks = store::subtask::of_tasks(&mut conn, &[row.key]).await?.remove(&row.key).unwrap_or_default();
    let to_api = |subtask: Subtask| {
        let mut node_info = location(cx, account, &subtask.pool, &subtask.node, &job.id, &row.id);
        node_info.task_root_directory = multi_instance::directory(&node_info.task_root_directory, subtask.id);
        node_info.task_root_directory_url = multi_instance::directory(&node_info.task_root_directory_url, subtask.id);
        let is_over = subtask.state == api::SubtaskState::Completed;
        let result =
            if subtask.failure.is_some() { TaskExecutionResult::Failure } else { TaskExecutionResult::Success };
        api::SubtaskInformation {
            id: subtask.id,
            node_info,
            start_time: subtask.started,
            end_time: subtask.ended,
            exit_code: subtask.exit_code,
            failure_info: subtask.failure,
            state: subtask.state,
            state_transition_time: subtask.since,
            previous_state: subtask.previous.map(|(state, _)| state),
            previous_state_transition_time: subtask.previous.map(|(_, since)| since),
            result: is_over.then_some(result),
        }
    };
    Ok(subtasks.into_iter().map(to_api).collect())
}
