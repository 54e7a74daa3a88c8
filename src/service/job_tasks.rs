//! The tasks that a job brings with it, and what all its tasks took.

use super::job::{find, url};
use super::ledger::Ledger;
use super::task::with_defaults;
use super::{Caller, Context, Result, etag, statistics};
use crate::api::{self, Timestamp};
use crate::domain::ids::{AccountName, JobId};
use crate::domain::permission::Permission;
use crate::domain::{dependency, job_manager, job_node};
use crate::store::job::JobRow;
use crate::store::task::NewTask;
use crate::store::{self, Conn};

/// What the job's tasks took so far.
pub async fn job_statistics(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
) -> Result<api::JobStatistics> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    Ok(statistics::of_job(&url(cx, account, &row.id), &row, cx.clock.now()))
}

/// The manager is the job's first task.
pub async fn add_manager(conn: &mut Conn, job: &JobRow, manager: &api::JobManagerTask, now: Timestamp) -> Result<()> {
    let task = job_manager::to_task(manager);
    let new = NewTask {
        number: dependency::number(&task.id).filter(|_| job.settings.has_dependencies()),
        id: task.id.clone(),
        settings: store::convert::to_json(&task),
        slots: task.slots(),
        etag: etag::first(now),
        demands: job_manager::demands(manager),
    };
    store::task::insert(conn, job.key, &[new], now).await?;
    let mut ledger = Ledger::default();
    ledger.added(job.key, [task.slots()]);
    // Nothing has ended, so nothing follows.
    drop(ledger.save(conn, now).await?);
    Ok(())
}

/// Fills in what GET returns of settings that were left out.
pub fn set_defaults(settings: &mut api::JobCreate) {
    if let Some(task) = &mut settings.job_manager_task {
        task.required_slots = Some(task.required_slots.unwrap_or(1));
        task.kill_job_on_completion = Some(task.kill_job_on_completion.unwrap_or(true));
        task.run_exclusive = Some(task.run_exclusive.unwrap_or(true));
        task.allow_low_priority_node = Some(task.allow_low_priority_node.unwrap_or(true));
        with_defaults(task.constraints.get_or_insert_default());
    }
    if let Some(task) = &mut settings.job_preparation_task {
        task.id = Some(job_node::preparation_id(task).to_owned());
        task.wait_for_success = Some(task.wait_for_success.unwrap_or(true));
        task.rerun_on_node_reboot_after_success = Some(task.rerun_on_node_reboot_after_success.unwrap_or(true));
        with_defaults(task.constraints.get_or_insert_default());
    }
    if let Some(task) = &mut settings.job_release_task {
        task.id = Some(job_node::release_id(task).to_owned());
        task.max_wall_clock_time = Some(task.max_wall_clock_time.unwrap_or(job_node::LONGEST_RELEASE));
        task.retention_time = Some(task.retention_time.unwrap_or(api::Duration::from_days(7)));
    }
}
