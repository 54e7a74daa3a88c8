//! Changes of what is still as its caller has read it, from a text that GET gave without its secrets: those that the text leaves
//! out stay.
//!
//! The secrets are looked up before the change. It is refused where another one came between, so that they are those of the
//! version that is changed.

use super::pool::PoolUpdateAndResize;
use super::{Caller, Context, Result, etag, job, job_schedule, pool};
use crate::api;
use crate::domain::auto_pool;
use crate::domain::ids::{AccountName, JobId, JobScheduleId, PoolId};
use crate::domain::permission::Permission;

/// Changes a pool, its size and its autoscale in one step.
///
/// # Errors
/// `ConditionNotMet`, else as `pool_update_and_resize` and `pool_disable_auto_scale`.
pub async fn pool_edit(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    e_tag: &str,
    edit: api::PoolEdit,
) -> Result<()> {
    let caller = caller.if_match(e_tag);
    caller.may(Some(account), Permission::PoolWrite)?;
    let mut patch = edit.patch;
    let row = pool::find(&mut *cx.store.read().await?, account, id).await?;
    etag::check(&caller.only_if, row.etag, row.modified)?;
    patch.keep_secrets(&row.settings);
    let update = PoolUpdateAndResize {
        patch,
        remove_start_task: edit.removes_start_task,
        resize: edit.resize,
        auto_scale: edit.enable_auto_scale,
        disables_auto_scale: edit.disables_auto_scale,
    };
    pool::pool_update_and_resize(cx, &caller, account, id, update).await
}

/// Changes a job. What of it has secrets is said once, and then stays.
///
/// # Errors
/// `ConditionNotMet`, else as `job_patch`.
pub async fn job_edit(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    e_tag: &str,
    patch: api::JobPatch,
) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    job::job_patch(cx, &caller.if_match(e_tag), account, id, patch).await
}

/// Changes a job schedule for the jobs that it makes from now on.
///
/// # Errors
/// `ConditionNotMet`, else as `job_schedule_patch`.
pub async fn job_schedule_edit(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    e_tag: &str,
    mut patch: api::JobSchedulePatch,
) -> Result<()> {
    let caller = caller.if_match(e_tag);
    caller.may(Some(account), Permission::JobWrite)?;
    let row = job_schedule::find(&mut *cx.store.read().await?, account, id).await?;
    etag::check(&caller.only_if, row.etag, row.modified)?;
    if let Some(specification) = &mut patch.job_specification {
        auto_pool::keep_secrets(&mut specification.pool_info, &row.settings.job_specification.pool_info);
    }
    job_schedule::job_schedule_patch(cx, &caller, account, id, patch).await
}
