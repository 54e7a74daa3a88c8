//! The tasks that a job brings with it, its settings as GET returns them, and what all its tasks took.

use super::job::{find, url};
use super::ledger::Ledger;
use super::task;
use super::{Caller, Context, Result, etag, statistics};
use crate::api::{self, Timestamp};
use crate::domain::ids::{AccountName, JobId};
use crate::domain::permission::Permission;
use crate::domain::{dependency, job_manager, job_node, retention};
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

/// The settings of a job, or of a schedule's jobs, with what they do not say.
pub(super) fn with_defaults(settings: &api::JobCreate) -> api::JobCreate {
    let mut settings = settings.clone();
    settings.priority = Some(settings.priority.unwrap_or(0));
    settings.max_parallel_tasks = Some(settings.max_parallel_tasks.unwrap_or(-1));
    settings.allow_task_preemption = Some(settings.allow_task_preemption.unwrap_or(false));
    settings.uses_task_dependencies = Some(settings.uses_task_dependencies.unwrap_or(false));
    settings.on_all_tasks_complete = Some(settings.on_all_tasks_complete.unwrap_or(api::OnAllTasksComplete::NoAction));
    settings.on_task_failure = Some(settings.on_task_failure.unwrap_or(api::OnTaskFailure::NoAction));
    set_defaults(&mut settings);
    settings.pool_info = settings.pool_info.without_secrets();
    if let Some(auto) = &mut settings.pool_info.auto_pool_specification {
        auto.keep_alive = Some(auto.keeps_alive());
    }
    let constraints = settings.constraints.get_or_insert_default();
    constraints.max_wall_clock_time = Some(constraints.max_wall_clock_time.unwrap_or(api::Duration::UNLIMITED));
    constraints.max_task_retry_count = Some(constraints.max_task_retry_count.unwrap_or(0));
    settings
}

/// The same of the tasks that the job brings with it.
fn set_defaults(settings: &mut api::JobCreate) {
    if let Some(own) = &mut settings.job_manager_task {
        own.container_settings = own.container_settings.take().map(api::ContainerSettings::without_secrets);
        own.required_slots = Some(own.required_slots.unwrap_or(1));
        own.kill_job_on_completion = Some(own.kill_job_on_completion.unwrap_or(true));
        own.run_exclusive = Some(own.run_exclusive.unwrap_or(true));
        own.allow_low_priority_node = Some(own.allow_low_priority_node.unwrap_or(true));
        task::with_defaults(own.constraints.get_or_insert_default());
    }
    if let Some(own) = &mut settings.job_preparation_task {
        own.container_settings = own.container_settings.take().map(api::ContainerSettings::without_secrets);
        own.id = Some(job_node::preparation_id(own).to_owned());
        own.wait_for_success = Some(own.wait_for_success.unwrap_or(true));
        own.rerun_on_node_reboot_after_success = Some(own.rerun_on_node_reboot_after_success.unwrap_or(true));
        task::with_defaults(own.constraints.get_or_insert_default());
    }
    if let Some(own) = &mut settings.job_release_task {
        own.container_settings = own.container_settings.take().map(api::ContainerSettings::without_secrets);
        own.id = Some(job_node::release_id(own).to_owned());
        own.max_wall_clock_time = Some(own.max_wall_clock_time.unwrap_or(job_node::LONGEST_RELEASE));
        own.retention_time = Some(own.retention_time.unwrap_or(retention::USUAL));
    }
}
