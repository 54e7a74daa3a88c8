//! A new job, of a caller or of a schedule, with its pool and its manager.

use super::job::{changed, deadline, enter};
use super::{Context, Result, auto_pool, etag, job_tasks, pool};
use crate::api::{self, JobState, Timestamp};
use crate::domain::ids::AccountName;
use crate::store::job::JobRow;
use crate::store::pool::PoolRow;
use crate::store::{self, Conn};

/// Tells of a new job, and of the pool that came with it.
pub fn made(cx: &Context, account: &AccountName, row: &JobRow, pool: Option<&PoolRow>) {
    pool.into_iter().for_each(|pool| pool::changed(cx, account, pool));
    changed(cx, account, row);
}

/// Makes a job of a caller or of a schedule, inside the transaction in which its id and the quota were looked at.
///
/// One whose pool cannot be made is completed at once and says why.
pub async fn insert(
    cx: &Context,
    conn: &mut Conn,
    account_key: i64,
    schedule_key: Option<i64>,
    settings: api::JobCreate,
    now: Timestamp,
) -> Result<(JobRow, Option<PoolRow>)> {
    let mut row = JobRow {
        key: 0,
        account_key,
        schedule_key,
        id: settings.id.clone(),
        pool_id: settings.pool_info.pool_id.clone().unwrap_or_default(),
        state: JobState::Active,
        since: now,
        previous: None,
        ended: None,
        terminate_reason: None,
        scheduling_error: None,
        disable_tasks: None,
        deadline: deadline(&settings, now),
        forced: false,
        created: now,
        modified: now,
        etag: etag::first(now),
        counts: Default::default(),
        spent: Default::default(),
        n_retries: 0,
        waited_micros: 0,
        settings,
    };
    row.key = store::job::insert(conn, &row).await?;
    let mut made = None;
    if let Some(auto) = row.settings.pool_info.auto_pool_specification.clone() {
        match auto_pool::provide(cx, conn, &row, &auto, now).await? {
            Ok(pool) => {
                row.pool_id.clone_from(&pool.id);
                made = Some(pool);
            }
            Err(error) => {
                enter(&mut row, JobState::Completed, now);
                (row.ended, row.scheduling_error) = (Some(now), Some(error));
            }
        }
        store::job::save(conn, &row).await?;
    }
    if let Some(manager) = row.settings.job_manager_task.as_ref().filter(|_| row.scheduling_error.is_none()) {
        job_tasks::add_manager(conn, &row, manager, now).await?;
    }
    Ok((row, made))
}
