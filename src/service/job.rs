//! Jobs: what callers ask for. What follows (ending tasks, completing, vanishing) is the scheduler's.

use super::account::find as find_account;
use super::context::Signal;
pub use super::job_insert::{insert, made};
pub use super::job_tasks::job_statistics;
pub(super) use super::job_tasks::with_defaults;
use super::storage::linked;
use super::{Caller, Context, Result, auto_pool, etag, page, run_user};
use crate::api::{self, Changed, Code, JobState, Timestamp};
use crate::domain::ids::{AccountName, JobId};
use crate::domain::job::{self, Wish};
use crate::domain::permission::Permission;
use crate::domain::{check, job_rules};
use crate::store::job::JobRow;
use crate::store::listing::{Listing, Place};
use crate::store::{self, Conn};

pub async fn job_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    query: &api::ListQuery,
) -> Result<api::Page<api::JobSummary>> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    page_of(cx, &mut conn, account, ("account_key", owner.key), owner.n_jobs, query).await
}

/// A page of the jobs of an account or of a schedule: `owner` is the column that names it, and its key.
pub(super) async fn page_of(
    cx: &Context,
    conn: &mut Conn,
    account: &AccountName,
    owner: (&'static str, i64),
    n_jobs: i64,
    query: &api::ListQuery,
) -> Result<api::Page<api::JobSummary>> {
    let limit = page::limit(query);
    let sort_column = match query.sort.as_str() {
        "id" => "id",
        "" | "creationTime" => "created",
        "state" => "state",
        "priority" => "priority",
        other => return Err(page::invalid("sort", other, "id, creationTime, state or priority").into()),
    };
    let rows = store::listing::rows(
        conn,
        &Listing {
            also: if query.failed_only { "n_failed > 0" } else { "" },
            // The newest job is what a reader looks for.
            descending: query.descending || query.sort.is_empty(),
            ..page::listing(query, "SELECT * FROM jobs WHERE", owner, sort_column)?
        },
    )
    .await?;
    let place = |row: &JobRow| {
        let place = match sort_column {
            "created" => Place::Number(row.created.micros()),
            "priority" => Place::Number(row.settings.priority.unwrap_or(0).into()),
            "state" => Place::Text(row.state.to_string()),
            _ => Place::Text(row.id.clone()),
        };
        (place, row.key)
    };
    let mut page = page::page(store::job::readable(&rows), limit, place, |row| summary(cx, account, row));
    let whole = query.search.is_empty() && query.states.is_empty() && !query.failed_only;
    page.total = whole.then_some(n_jobs);
    Ok(page)
}

pub async fn job_get(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId) -> Result<api::JobSummary> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    Ok(summary(cx, account, row))
}

/// As [`job_create`], from the text of REST's body: what it says is read as strictly as there.
pub async fn job_create_from_json(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    text: &str,
) -> Result<api::Job> {
    caller.may(Some(account), Permission::JobWrite)?;
    job_create(cx, caller, account, api::body::from_bytes(text.as_bytes())?).await
}

pub async fn job_create(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    create: api::JobCreate,
) -> Result<api::Job> {
    caller.may(Some(account), Permission::JobWrite)?;
    check::job_create(&create)?;
    auto_pool::check(caller, account, &create.pool_info)?;
    let (cx_, account_, now) = (cx.clone(), account.clone(), cx.clock.now());
    let (row, pool) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_account(conn, &account_).await?;
                match store::job::find(conn, owner.key, &create.id).await? {
                    Some(job) if job.state == JobState::Deleting => return Err(Code::JobBeingDeleted.into()),
                    Some(_) => return Err(Code::JobExists.into()),
                    None => {}
                }
                if store::job_schedule::find(conn, owner.key, &create.id).await?.is_some() {
                    return Err(Code::JobScheduleWithSameIdExists.into());
                }
                if !owner.has_room_for_job() {
                    return Err(Code::ActiveJobAndScheduleQuotaReached.into());
                }
                linked::check_job(&cx_, conn, owner.key, &create).await?;
                run_user::check_job(conn, owner.key, &create).await?;
                insert(&cx_, conn, owner.key, None, create, now).await
            })
        })
        .await?;
    made(cx, account, &row, pool.as_ref());
    Ok(to_api(cx, account, &row))
}

/// When the job's time is up: counted from its creation.
pub(super) fn deadline(settings: &api::JobCreate, created: Timestamp) -> Option<Timestamp> {
    let most = settings.constraints.as_ref()?.max_wall_clock_time?;
    (!most.is_unlimited()).then(|| created.plus(most))
}

/// Changes what is given. The pool can change only while the job is disabled.
pub async fn job_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    patch: api::JobPatch,
) -> Result<()> {
    check::job_patch(&patch)?;
    change(cx, caller, account, id, Wish::Update, move |row, _| {
        let settings = &mut row.settings;
        if let Some(to) = patch.on_all_tasks_complete {
            let from = settings.on_all_tasks_complete.unwrap_or(api::OnAllTasksComplete::NoAction);
            if let Some(error) = job::on_all_tasks_complete_refusal(from, to) {
                return Err(error);
            }
            settings.on_all_tasks_complete = Some(to);
        }
        let wanted = patch.pool_info.map(|wanted| crate::domain::auto_pool::changed(&settings.pool_info, wanted));
        if let Some(pool_info) = wanted.transpose()?.filter(|wanted| *wanted != settings.pool_info) {
            if let Some(code) = job::refusal(row.state, Wish::ChangePool) {
                return Err(code.into());
            }
            row.pool_id = pool_info.pool_id.clone().unwrap_or_else(|| row.pool_id.clone());
            settings.pool_info = pool_info;
        }
        settings.priority = patch.priority.or(settings.priority);
        settings.max_parallel_tasks = patch.max_parallel_tasks.or(settings.max_parallel_tasks);
        settings.allow_task_preemption = patch.allow_task_preemption.or(settings.allow_task_preemption);
        settings.constraints = patch.constraints.or(settings.constraints.take());
        settings.metadata = patch.metadata.or(settings.metadata.take());
        settings.network_configuration = patch.network_configuration.or(settings.network_configuration.take());
        row.deadline = deadline(settings, row.created);
        Ok(())
    })
    .await
}

/// Sets everything that can change; what is absent becomes its default.
pub async fn job_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    update: api::JobUpdate,
) -> Result<()> {
    job_patch(cx, caller, account, id, update.into()).await
}

pub async fn job_enable(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId) -> Result<()> {
    change(cx, caller, account, id, Wish::Enable, |row, now| {
        enter(row, JobState::Enabling, now);
        row.disable_tasks = None;
        Ok(())
    })
    .await
}

pub async fn job_disable(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    disable: api::JobDisable,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Disable, move |row, now| {
        enter(row, JobState::Disabling, now);
        row.disable_tasks = Some(disable.disable_tasks);
        Ok(())
    })
    .await
}

pub async fn job_terminate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    terminate: api::JobTerminate,
) -> Result<()> {
    terminate_by(cx, caller, account, id, terminate, false).await
}

/// The same without waiting for nodes: those are told to end what they run, and the job is completed at once.
pub async fn job_terminate_by_force(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    terminate: api::JobTerminate,
) -> Result<()> {
    terminate_by(cx, caller, account, id, terminate, true).await
}

async fn terminate_by(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    terminate: api::JobTerminate,
    forced: bool,
) -> Result<()> {
    change(cx, caller, account, id, Wish::Terminate, move |row, now| {
        enter(row, JobState::Terminating, now);
        row.forced = forced;
        row.terminate_reason = Some(terminate.terminate_reason.unwrap_or_else(|| "UserTerminate".to_owned()));
        Ok(())
    })
    .await
}

pub async fn job_delete(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId) -> Result<()> {
    delete_by(cx, caller, account, id, false).await
}

/// The same without waiting for nodes.
pub async fn job_delete_by_force(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId) -> Result<()> {
    delete_by(cx, caller, account, id, true).await
}

async fn delete_by(cx: &Context, caller: &Caller, account: &AccountName, id: &JobId, forced: bool) -> Result<()> {
    change(cx, caller, account, id, Wish::Delete, move |row, now| {
        enter(row, JobState::Deleting, now);
        row.forced |= forced;
        Ok(())
    })
    .await
}

/// Enters a state and remembers the one before.
pub fn enter(row: &mut JobRow, state: JobState, now: Timestamp) {
    if row.state != state {
        row.previous = Some((row.state, row.since));
        (row.state, row.since) = (state, now);
    }
}

/// Changes a job in one transaction, unless its state refuses the wish; then tells the scheduler and open pages.
pub async fn change<F>(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &JobId,
    wish: Wish,
    decide: F,
) -> Result<()>
where
    F: FnOnce(&mut JobRow, Timestamp) -> std::result::Result<(), api::Error> + Send + 'static,
{
    caller.may(Some(account), Permission::JobWrite)?;
    let (account_, id, now, only_if) = (account.clone(), id.clone(), cx.clock.now(), caller.only_if.clone());
    let (row, is_more) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account_, &id).await?;
                let failed_dependents = job_rules::fails_dependents(&row.settings);
                etag::check(&only_if, row.etag, row.modified)?;
                if let Some(code) = job::refusal(row.state, wish) {
                    return Err(code.into());
                }
                decide(&mut row, now)?;
                row.modified = now;
                row.etag = etag::next(row.etag, now);
                store::job::save(conn, &row).await?;
                // Asked for only now: also of those that wait in vain already.
                let is_new = !failed_dependents && job_rules::fails_dependents(&row.settings);
                let is_more = is_new && store::dependent_failure::queue_of_job(conn, row.key).await?;
                Ok((row, is_more))
            })
        })
        .await?;
    if is_more {
        cx.signals.send(Signal::Releases);
    }
    changed(cx, account, &row);
    Ok(())
}

/// The stored job.
///
/// # Errors
/// `AccountNotFound`, `JobNotFound`.
pub async fn find(conn: &mut Conn, account: &AccountName, id: &JobId) -> Result<JobRow> {
    if let Some(job) = store::job::find_by_names(conn, account.as_str(), id.as_str()).await? {
        return Ok(job);
    }
    find_account(conn, account).await?;
    Err(Code::JobNotFound.into())
}

/// Tells the scheduler and open pages.
pub fn changed(cx: &Context, account: &AccountName, row: &JobRow) {
    cx.signals.send(Signal::Job(row.key));
    cx.events.tell(account.as_str(), Changed::Job { job: row.id.clone() });
}

pub fn url(cx: &Context, account: &AccountName, job: &str) -> String {
    format!("{}/jobs/{job}", cx.installation.account_url(account))
}

/// The job as GET returns it, without statistics.
pub fn to_api(cx: &Context, account: &AccountName, row: &JobRow) -> api::Job {
    api::Job {
        settings: with_defaults(&row.settings),
        stats: None,
        url: url(cx, account, &row.id),
        e_tag: etag::text(row.etag),
        last_modified: row.modified,
        creation_time: row.created,
        state: row.state,
        state_transition_time: row.since,
        previous_state: row.previous.map(|(state, _)| state),
        previous_state_transition_time: row.previous.map(|(_, since)| since),
        execution_info: api::JobExecutionInformation {
            start_time: row.created,
            end_time: row.ended,
            pool_id: Some(row.pool_id.clone()).filter(|pool| !pool.is_empty()),
            scheduling_error: row.scheduling_error.clone(),
            terminate_reason: row.terminate_reason.clone(),
        },
    }
}

pub(super) fn summary(cx: &Context, account: &AccountName, row: JobRow) -> api::JobSummary {
    let counts = row.counts;
    let to_do = counts.task_counts.active + counts.task_counts.running;
    let progress = cx.rates.of(row.key, cx.clock.now()).map(|per_second| api::Progress {
        tasks_per_second: per_second,
        time_left: (to_do > 0 && row.state == JobState::Active)
            .then(|| api::Duration::from_secs((to_do as f64 / per_second) as i64)),
    });
    api::JobSummary { job: to_api(cx, account, &row), counts, progress }
}
