//! Job schedules: what callers ask for. What follows (making, ending and deleting jobs) is the scheduler's.

use super::account::find as find_account;
use super::context::Signal;
use super::storage::linked;
use super::{Caller, Context, Result, auto_pool, containers, etag, job};
use crate::api::{self, Changed, Code, JobScheduleState, Timestamp};
use crate::domain::auto_pool as rules_of_auto_pools;
use crate::domain::check;
use crate::domain::ids::{AccountName, JobScheduleId};
use crate::domain::job_schedule::{self, Turns, Wish};
use crate::domain::permission::Permission;
use crate::store::job_schedule::JobScheduleRow;
use crate::store::{self, Conn};

/// Makes a job schedule. Its first job, if one is due, follows at once.
///
/// # Errors
/// `InvalidPropertyValue` and its like, `JobScheduleExists`, `JobScheduleBeingDeleted`, `JobWithSameIdExists`,
/// `ActiveJobAndScheduleQuotaReached`.
pub async fn job_schedule_add(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    create: api::JobScheduleCreate,
) -> Result<api::JobSchedule> {
    caller.may(Some(account), Permission::JobWrite)?;
    check::job_schedule_create(&create)?;
    containers::check_job(cx, None, &create.job_specification).map_err(|error| error.below("jobSpecification"))?;
    auto_pool::check(caller, account, &create.job_specification.pool_info)?;
    let (cx_, account_, now) = (cx.clone(), account.clone(), cx.clock.now());
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_account(conn, &account_).await?;
                match store::job_schedule::find(conn, owner.key, &create.id).await? {
                    Some(old) if old.state == JobScheduleState::Deleting => {
                        return Err(Code::JobScheduleBeingDeleted.into());
                    }
                    Some(_) => return Err(Code::JobScheduleExists.into()),
                    None => {}
                }
                if store::job::find(conn, owner.key, &create.id).await?.is_some() {
                    return Err(Code::JobWithSameIdExists.into());
                }
                if !owner.has_room_for_job() {
                    return Err(Code::ActiveJobAndScheduleQuotaReached.into());
                }
                check_files(&cx_, conn, owner.key, &create.job_specification).await?;
                let mut row = new_row(owner.key, create, now);
                row.key = store::job_schedule::insert(conn, &row).await?;
                Ok(row)
            })
        })
        .await?;
    changed(cx, account, &row);
    Ok(to_api(cx, account, &row))
}

fn new_row(account_key: i64, settings: api::JobScheduleCreate, now: Timestamp) -> JobScheduleRow {
    let turns = Turns::new(settings.schedule.unwrap_or_default(), now);
    JobScheduleRow {
        key: 0,
        account_key,
        id: settings.id.clone(),
        state: JobScheduleState::Active,
        since: now,
        previous: None,
        ended: None,
        turns,
        wake: job_schedule::wake_at(JobScheduleState::Active, &turns, now),
        last_job: 0,
        created: now,
        modified: now,
        etag: etag::first(now),
        n_jobs: 0,
        forced: false,
        settings,
    }
}

async fn check_files(cx: &Context, conn: &mut Conn, account_key: i64, job: &api::JobSpecification) -> Result<()> {
    linked::check_job(cx, conn, account_key, job).await.map_err(|error| error.below("jobSpecification"))
}

/// Checks what is wished, with the secrets that the schedule's auto pool has and nobody is told.
async fn check_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    patch: &mut api::JobSchedulePatch,
) -> Result<()> {
    if let Some(job) = patch.job_specification.as_mut().filter(|job| job.pool_info.auto_pool_specification.is_some()) {
        let now = find(&mut *cx.store.read().await?, account, id).await?.settings.job_specification.pool_info;
        job.pool_info = rules_of_auto_pools::with_secrets(&now, std::mem::take(&mut job.pool_info));
    }
    check::job_schedule_patch(patch)?;
    let Some(job) = &patch.job_specification else { return Ok(()) };
    containers::check_job(cx, None, job).map_err(|error| error.below("jobSpecification"))?;
    auto_pool::check(caller, account, &job.pool_info)
}

/// Changes what is given, for the jobs that are made from now on.
pub async fn job_schedule_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    mut patch: api::JobSchedulePatch,
) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    check_patch(cx, caller, account, id, &mut patch).await?;
    change(cx, caller, account, id, Wish::Update, move |row, now| {
        if let Some(schedule) = patch.schedule {
            row.turns = row.turns.changed(schedule, now);
            row.settings.schedule = Some(schedule);
        }
        if let Some(specification) = patch.job_specification {
            row.settings.job_specification = specification;
        }
        row.settings.metadata = patch.metadata.or(row.settings.metadata.take());
    })
    .await
}

/// Sets everything that can change; what is absent becomes its default: without a schedule, one job, now.
pub async fn job_schedule_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    update: api::JobScheduleUpdate,
) -> Result<()> {
    let mut patch = api::JobSchedulePatch {
        schedule: update.schedule,
        job_specification: Some(update.job_specification),
        metadata: update.metadata,
    };
    caller.may(Some(account), Permission::JobWrite)?;
    check_patch(cx, caller, account, id, &mut patch).await?;
    change(cx, caller, account, id, Wish::Update, move |row, now| {
        row.turns = row.turns.changed(patch.schedule.unwrap_or_default(), now);
        row.settings.schedule = patch.schedule;
        row.settings.job_specification = patch.job_specification.unwrap_or_default();
        row.settings.metadata = patch.metadata;
    })
    .await
}

/// No job is made until the schedule is enabled again; an active one goes on.
pub async fn job_schedule_disable(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Disable, |row, now| enter(row, JobScheduleState::Disabled, now)).await
}

pub async fn job_schedule_enable(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Enable, |row, now| enter(row, JobScheduleState::Active, now)).await
}

/// Ends the schedule and its active job.
pub async fn job_schedule_terminate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Terminate, |row, now| enter(row, JobScheduleState::Terminating, now)).await
}

/// The same without waiting for nodes.
pub async fn job_schedule_terminate_by_force(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    let terminate = |row: &mut JobScheduleRow, now| {
        enter(row, JobScheduleState::Terminating, now);
        row.forced = true;
    };
    change(cx, caller, account, id, Wish::Terminate, terminate).await
}

/// Deletes the schedule and its jobs with all that is theirs.
pub async fn job_schedule_delete(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Delete, |row, now| enter(row, JobScheduleState::Deleting, now)).await
}

/// The same without waiting for nodes.
pub async fn job_schedule_delete_by_force(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
) -> Result<()> {
    let delete = |row: &mut JobScheduleRow, now| {
        enter(row, JobScheduleState::Deleting, now);
        row.forced = true;
    };
    change(cx, caller, account, id, Wish::Delete, delete).await
}

/// Enters a state and remembers the one before.
pub fn enter(row: &mut JobScheduleRow, state: JobScheduleState, now: Timestamp) {
    if row.state != state {
        row.previous = Some((row.state, row.since));
        (row.state, row.since) = (state, now);
    }
}

/// Changes a schedule in one transaction, unless its state refuses the wish; then tells the scheduler and open pages.
async fn change<F>(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobScheduleId,
    wish: Wish,
    edit: F,
) -> Result<()>
where
    F: FnOnce(&mut JobScheduleRow, Timestamp) + Send + 'static,
{
    caller.may(Some(account), Permission::JobWrite)?;
    let (cx_, account_, id) = (cx.clone(), account.clone(), id.clone());
    let (now, only_if) = (cx.clock.now(), caller.only_if.clone());
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account_, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if let Some(code) = job_schedule::refusal(row.state, wish) {
                    return Err(code.into());
                }
                edit(&mut row, now);
                if wish == Wish::Update {
                    check_files(&cx_, conn, row.account_key, &row.settings.job_specification).await?;
                }
                row.wake = job_schedule::wake_at(row.state, &row.turns, now);
                row.modified = now;
                row.etag = etag::next(row.etag, now);
                store::job_schedule::save(conn, &row).await?;
                Ok(row)
            })
        })
        .await?;
    changed(cx, account, &row);
    Ok(())
}

/// The stored schedule.
///
/// # Errors
/// `AccountNotFound`, `JobScheduleNotFound`.
pub async fn find(conn: &mut Conn, account: &AccountName, id: &JobScheduleId) -> Result<JobScheduleRow> {
    let owner = find_account(conn, account).await?;
    store::job_schedule::find(conn, owner.key, id.as_str()).await?.ok_or_else(|| Code::JobScheduleNotFound.into())
}

fn changed(cx: &Context, account: &AccountName, row: &JobScheduleRow) {
    cx.signals.send(Signal::JobSchedule(row.key));
    tell(cx, account, row);
}

/// Tells open pages.
pub fn tell(cx: &Context, account: &AccountName, row: &JobScheduleRow) {
    cx.events.tell(account.as_str(), Changed::JobSchedule { schedule: row.id.clone() });
}

/// The schedule as GET returns it.
pub fn to_api(cx: &Context, account: &AccountName, row: &JobScheduleRow) -> api::JobSchedule {
    let url = cx.installation.account_url(account);
    let recent_job = row.recent_job().map(|id| api::RecentJob { url: format!("{url}/jobs/{id}"), id });
    let job_specification = job::with_defaults(&row.settings.job_specification);
    api::JobSchedule {
        settings: api::JobScheduleCreate { job_specification, ..row.settings.clone() },
        url: format!("{url}/jobschedules/{}", row.id),
        e_tag: etag::text(row.etag),
        last_modified: row.modified,
        creation_time: row.created,
        state: row.state,
        state_transition_time: row.since,
        previous_state: row.previous.map(|(state, _)| state),
        previous_state_transition_time: row.previous.map(|(_, since)| since),
        execution_info: api::JobScheduleExecutionInformation {
            next_run_time: job_schedule::next_run(row.state, &row.turns, cx.clock.now()),
            recent_job,
            end_time: row.ended,
        },
    }
}
