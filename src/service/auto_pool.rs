//! Pools that are made with a job, and given up when their job or job schedule is done.

use super::context::{Context, Signal, Signals};
use super::{Caller, Result, auto_scale, etag, pool};
use crate::api::{self, AutoPoolSpecification, Code, JobSchedulingError, PoolLifetimeOption, PoolState, Timestamp};
use crate::domain::auto_pool;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::store::job::JobRow;
use crate::store::job_schedule::JobScheduleRow;
use crate::store::pool::{MadeFor, PoolRow};
use crate::store::{self, Conn};

/// Whether the caller may have such a pool made, and what of it can be known to be wrong before and is no matter of form. Chosen
/// here: who may not make pools gets none by a job either.
///
/// # Errors
/// `InsufficientAccountPermissions`, what is wrong with the formula.
pub(super) fn check(caller: &Caller, account: &AccountName, info: &api::PoolInformation) -> Result<()> {
    let Some(auto) = &info.auto_pool_specification else { return Ok(()) };
    caller.may(Some(account), Permission::PoolWrite)?;
    match auto.pool.as_deref().and_then(|pool| pool.auto_scale_formula.as_deref()) {
        Some(formula) => Ok(auto_scale::read(formula).map(drop)?),
        None => Ok(()),
    }
}

/// The pool of a new job, inside the transaction that makes the job: a new one, or the one that its schedule has. Why there is
/// none is for the job to say.
pub(super) async fn provide(
    cx: &Context,
    conn: &mut Conn,
    job: &JobRow,
    auto: &AutoPoolSpecification,
    now: Timestamp,
) -> Result<std::result::Result<PoolRow, JobSchedulingError>> {
    let owner = match (auto.pool_lifetime_option, job.schedule_key) {
        (PoolLifetimeOption::JobSchedule, Some(key)) => {
            let shared = store::pool::made_for(conn, PoolLifetimeOption::JobSchedule, key).await?;
            if let Some(pool) = shared.into_iter().find(|pool| pool.state == PoolState::Active) {
                return Ok(Ok(pool));
            }
            let id = crate::domain::ids::job_of_schedule(&job.id).map_or(job.id.as_str(), |(schedule, _)| schedule);
            MadeFor { kind: PoolLifetimeOption::JobSchedule, id: id.to_owned(), key: Some(key) }
        }
        _ => MadeFor { kind: PoolLifetimeOption::Job, id: job.id.clone(), key: Some(job.key) },
    };
    let account = store::account::find_by_key(conn, job.account_key).await?.ok_or(Code::AccountNotFound)?;
    let id = auto_pool::pool_id(auto.auto_pool_id_prefix.as_deref(), &cx.random.hex(16));
    let settings = api::PoolCreate { id, ..auto.pool.as_deref().cloned().unwrap_or_default() };
    // Chosen here: whether SSH is mapped is as for a pool of the newest version.
    let maps_ssh = cx.installation.remote.map_ssh.holds(false);
    match pool::insert(cx, conn, &account, settings, Some(owner), maps_ssh, now).await {
        Ok(pool) => Ok(Ok(pool)),
        Err(error) if error.cause.is_none() => Ok(Err(auto_pool::scheduling_error(&error.public))),
        Err(error) => Err(error),
    }
}

/// Gives up the pool of a job that is completed or goes, in the same transaction; pools of which the scheduler must be told.
pub async fn job_done(conn: &mut Conn, job: &JobRow) -> Result<Vec<i64>> {
    let auto = job.settings.pool_info.auto_pool_specification.as_ref();
    let Some(auto) = auto.filter(|auto| auto.pool_lifetime_option == PoolLifetimeOption::Job) else {
        return Ok(Vec::new());
    };
    give_up(conn, PoolLifetimeOption::Job, job.key, auto.keeps_alive(), job.ended.unwrap_or(job.since)).await
}

/// The same of a job schedule. Chosen here: whether its pool is kept is what its jobs say at the end; where they no longer have
/// an auto pool, it is not.
pub async fn schedule_done(conn: &mut Conn, schedule: &JobScheduleRow, now: Timestamp) -> Result<Vec<i64>> {
    let auto = schedule.settings.job_specification.pool_info.auto_pool_specification.as_ref();
    let keep = auto.is_some_and(AutoPoolSpecification::keeps_alive);
    give_up(conn, PoolLifetimeOption::JobSchedule, schedule.key, keep, now).await
}

async fn give_up(conn: &mut Conn, kind: PoolLifetimeOption, key: i64, keep: bool, now: Timestamp) -> Result<Vec<i64>> {
    let mut changed = Vec::new();
    for mut pool in store::pool::made_for(conn, kind, key).await? {
        changed.push(pool.key);
        if !keep && pool.state != PoolState::Deleting {
            (pool.state, pool.since, pool.modified) = (PoolState::Deleting, now, now);
            pool.etag = etag::next(pool.etag, now);
            store::pool::save(conn, &pool).await?;
        }
    }
    store::pool::leave_to_themselves(conn, kind, key).await?;
    Ok(changed)
}

/// Tells the scheduler of pools that were given up.
pub fn tell(signals: &Signals, pools: Vec<i64>) {
    pools.into_iter().for_each(|key| signals.send(Signal::Pool(key)));
}
