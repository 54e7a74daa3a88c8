//! Containers of pools, jobs and tasks: whether they fit each other, and whether the operator lets them be.

use super::{Context, Result};
use crate::api::{ContainerSettings, Error, JobCreate, PoolCreate, StartTask, TaskCreate};
use crate::domain::{check, container};
use crate::store::{self, Conn};

/// A pool that is to be made or changed, as it will be.
///
/// # Errors
/// `InvalidPropertyValue`, `MissingRequiredProperty` that name the property.
pub fn check_pool(cx: &Context, pool: &PoolCreate) -> std::result::Result<(), Error> {
    check_start_task(cx, pool.container_configuration().is_some(), pool.start_task.as_ref())
}

fn check_start_task(cx: &Context, pool_has: bool, start_task: Option<&StartTask>) -> std::result::Result<(), Error> {
    let settings = start_task.and_then(|task| task.container_settings.as_ref());
    one(cx, Some(pool_has), "startTask.containerSettings", settings, true)
}

/// A task of a job whose pool is known or not there.
///
/// # Errors
/// As [`check_pool`].
pub fn check_task(cx: &Context, pool_has: Option<bool>, task: &TaskCreate) -> std::result::Result<(), Error> {
    one(cx, pool_has, "containerSettings", task.container_settings.as_ref(), false)
}

/// A job of a caller or of a schedule. `pool_has`: what is known of the pool that it names.
///
/// # Errors
/// As [`check_pool`].
pub fn check_job(cx: &Context, pool_has: Option<bool>, job: &JobCreate) -> std::result::Result<(), Error> {
    let auto = job.pool_info.auto_pool_specification.as_ref().and_then(|auto| auto.pool.as_deref());
    if let Some(pool) = auto {
        check_pool(cx, pool).map_err(|error| error.below("poolInfo.autoPoolSpecification.pool"))?;
    }
    let pool_has = pool_has.or_else(|| auto.map(|pool| pool.container_configuration().is_some()));
    if let Some(manager) = &job.job_manager_task {
        one(cx, pool_has, "jobManagerTask.containerSettings", manager.container_settings.as_ref(), false)?;
    }
    let preparation = job.job_preparation_task.as_ref().and_then(|task| task.container_settings.as_ref());
    one(cx, pool_has, "jobPreparationTask.containerSettings", preparation, true)?;
    let release = job.job_release_task.as_ref().and_then(|task| task.container_settings.as_ref());
    one(cx, pool_has, "jobReleaseTask.containerSettings", release, true)
}

/// What a job must know of the pool that it names: nothing of one that is not there.
///
/// # Errors
/// Of the store.
pub async fn of_pool(conn: &mut Conn, account_key: i64, pool: Option<&str>) -> Result<Option<bool>> {
    match pool.filter(|pool| !pool.is_empty()) {
        Some(pool) => Ok(store::pool::has_containers(conn, account_key, pool).await?),
        None => Ok(None),
    }
}

fn one(
    cx: &Context,
    pool_has: Option<bool>,
    path: &str,
    settings: Option<&ContainerSettings>,
    is_optional: bool,
) -> std::result::Result<(), Error> {
    check::container_options(path, settings, cx.installation.containers.allowed)?;
    match pool_has.and_then(|has| container::mismatch(has, settings, is_optional)) {
        Some(mismatch) => Err(check::container_mismatch(path, settings, mismatch)),
        None => Ok(()),
    }
}
