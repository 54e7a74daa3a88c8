//! Whether the accounts that tasks name are accounts of their pool. A pool that does not exist yet, or changes later, is looked
//! at when a task runs.

use crate::api::{Error, JobCreate, TaskCreate, UserAccount, UserIdentity};
use crate::domain::check::known_user;
use crate::store::{self, Conn};

/// The accounts of the pool, if any of these names one and the pool is there.
async fn accounts<'a>(
    conn: &mut Conn,
    account_key: i64,
    pool: &str,
    mut identities: impl Iterator<Item = Option<&'a UserIdentity>>,
) -> store::Result<Option<Vec<UserAccount>>> {
    if !identities.any(|identity| identity.is_some_and(|identity| identity.user_name.is_some())) {
        return Ok(None);
    }
    let pool = store::pool::find(conn, account_key, pool).await?;
    Ok(pool.map(|pool| pool.settings.user_accounts.unwrap_or_default()))
}

/// What [`check_task`] has to know of the pool, for some tasks.
pub async fn accounts_for(
    conn: &mut Conn,
    account_key: i64,
    pool: &str,
    tasks: &[TaskCreate],
) -> store::Result<Option<Vec<UserAccount>>> {
    accounts(conn, account_key, pool, tasks.iter().map(|task| task.user_identity.as_ref())).await
}

pub fn check_task(task: &TaskCreate, accounts: Option<&[UserAccount]>) -> Result<(), Error> {
    accounts.map_or(Ok(()), |accounts| known_user("userIdentity", task.user_identity.as_ref(), accounts))
}

/// The tasks that a new job brings with it.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn check_job(conn: &mut Conn, account_key: i64, job: &JobCreate) -> super::Result<()> {
    let identities = [
        ("jobManagerTask", job.job_manager_task.as_ref().and_then(|task| task.user_identity.as_ref())),
        ("jobPreparationTask", job.job_preparation_task.as_ref().and_then(|task| task.user_identity.as_ref())),
        ("jobReleaseTask", job.job_release_task.as_ref().and_then(|task| task.user_identity.as_ref())),
    ];
    let auto = job.pool_info.auto_pool_specification.as_ref().and_then(|auto| auto.pool.as_ref());
    let found = match (auto, &job.pool_info.pool_id) {
        (Some(pool), _) => Some(pool.user_accounts.clone().unwrap_or_default()),
        (None, Some(pool)) => {
            accounts(conn, account_key, pool, identities.iter().map(|(_, identity)| *identity)).await?
        }
        (None, None) => None,
    };
    let Some(accounts) = found else { return Ok(()) };
    for (task, identity) in identities {
        known_user(&format!("{task}.userIdentity"), identity, &accounts)?;
    }
    Ok(())
}
