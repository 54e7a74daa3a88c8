//! Tasks: what callers ask for. Giving them to nodes is the scheduler's.

use std::collections::{BTreeSet, HashSet};

use super::context::{EndedAttempt, Signal};
use super::job::find as find_job;
use super::ledger::Ledger;
use super::storage::linked;
use super::{Caller, Context, Result, containers, etag, run_user};
use crate::api::{self, Changed, Code, Error, TaskAddStatus, TaskState};
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::domain::job::{self, Wish};
use crate::domain::permission::Permission;
use crate::domain::placement::Demands;
use crate::domain::task::{self, Event, Life, Phase};
use crate::domain::{check, dependency, job_node, job_rules, multi_instance, retention};
use crate::store::job::JobRow;
use crate::store::task::{NewTask, TaskRow};
use crate::store::task_cache::TaskNames;
use crate::store::{self, Conn};

pub use super::task_list::*;
pub use super::task_questions::*;

/// Tasks that one call adds at most. Source: adding a collection of tasks.
pub const MOST_TASKS: usize = 100;

pub async fn task_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<api::Task> {
    caller.may(Some(account), Permission::JobRead)?;
    let names = TaskNames { account: account.clone(), job: job.clone(), task: id.clone() };
    if let Some(found) = cx.store.task(names).await? {
        return to_api(cx, account, &found.job_id, &found.row);
    }
    // Which of the names there is none of.
    let (job, row) = find(&mut *cx.store.read().await?, account, job, id).await?;
    to_api(cx, account, &job.id, &row)
}

/// Adds up to 100 tasks; each has its own result. What is refused does not hold the others back.
pub async fn task_add_collection(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    tasks: Vec<api::TaskCreate>,
) -> Result<Vec<api::TaskAddResult>> {
    caller.may(Some(account), Permission::JobWrite)?;
    if tasks.len() > MOST_TASKS {
        return Err(Error::invalid_property("value", tasks.len().to_string(), "at most 100 tasks in one call").into());
    }
    let (cx_, account_, job_) = (cx.clone(), account.clone(), job.clone());
    let (results, job, is_more) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move { add(&cx_, conn, &account_, &job_, tasks).await })
        })
        .await?;
    if results.iter().any(|r| r.status == TaskAddStatus::Success) {
        cx.signals.send(Signal::TasksAdded(job.key));
        if is_more {
            cx.signals.send(Signal::Releases);
        }
        cx.events.tell(account.as_str(), Changed::Job { job: job.id });
    }
    Ok(results)
}

async fn add(
    cx: &Context,
    conn: &mut Conn,
    account: &AccountName,
    job: &JobId,
    tasks: Vec<api::TaskCreate>,
) -> Result<(Vec<api::TaskAddResult>, JobRow, bool)> {
    let job = find_job(conn, account, job).await?;
    if let Some(code) = job::refusal(job.state, Wish::AddTasks) {
        return Err(code.into());
    }
    let now = cx.clock.now();
    let facts = check::JobFacts::of(&job.settings);
    let ids: Vec<&str> = tasks.iter().map(|t| t.id.as_str()).collect();
    let mut taken: HashSet<String> =
        store::task::existing(conn, job.key, &ids).await?.into_iter().map(|id| id.to_ascii_lowercase()).collect();
    let mut new = Vec::with_capacity(tasks.len());
    let mut waits = Vec::new();
    let mut results = Vec::with_capacity(tasks.len());
    let pool_has = containers::of_pool(conn, job.account_key, Some(&job.pool_id)).await?;
    let linked = match tasks.iter().any(linked::is_asked_for_by) {
        true => linked::linked(conn, job.account_key).await?,
        false => None,
    };
    let accounts = run_user::accounts_for(conn, job.account_key, &job.pool_id, &tasks).await?;
    for create in &tasks {
        let sound = check::task_create_in(facts, create)
            .and_then(|()| containers::check_task(cx, pool_has, create))
            .and_then(|()| linked::check_task(cx, create, linked.as_ref()))
            .and_then(|()| run_user::check_task(create, accounts.as_deref()));
        let error = match sound {
            Err(error) => Some(error),
            Ok(()) if let Some(code) = job_node::id_refusal(&job.settings, &create.id) => Some(code.into()),
            Ok(()) if !taken.insert(create.id.to_ascii_lowercase()) => Some(Code::TaskExists.into()),
            Ok(()) => None,
        };
        let etag = etag::first(now);
        if error.is_none() {
            new.push(NewTask {
                id: create.id.clone(),
                settings: store::convert::to_json(create),
                slots: create.slots(),
                etag,
                number: dependency::number(&create.id).filter(|_| facts.uses_task_dependencies),
                demands: demands(create),
            });
            let own = create.depends_on.as_ref().filter(|dependencies| !dependencies.is_empty());
            waits.extend(own.map(|dependencies| (create.id.as_str(), dependency::waits(dependencies))));
        }
        let added = error.is_none();
        results.push(api::TaskAddResult {
            status: if added { TaskAddStatus::Success } else { TaskAddStatus::ClientError },
            task_id: create.id.clone(),
            e_tag: added.then(|| etag::text(etag)),
            last_modified: added.then_some(now),
            location: added.then(|| url(cx, account, &job.id, &create.id)),
            error,
        });
    }
    store::task::insert(conn, job.key, &new, now).await?;
    let mut is_more = store::dependency::insert(conn, job.key, &waits).await?;
    if job_rules::fails_dependents(&job.settings) && !waits.is_empty() {
        let ids: Vec<&str> = waits.iter().map(|(id, _)| *id).collect();
        is_more |= store::dependent_failure::queue_of(conn, job.key, &ids).await?;
    }
    let mut ledger = Ledger::default();
    ledger.added(job.key, new.iter().map(|t| t.slots));
    // Nothing has ended, so nothing follows.
    drop(ledger.save(conn, now).await?);
    Ok((results, job, is_more))
}

pub async fn task_terminate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<()> {
    change(cx, caller, account, job, id, Event::Terminate { message: "The task was terminated by a user." }).await
}

pub async fn task_reactivate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<()> {
    change(cx, caller, account, job, id, Event::Reactivate).await
}

/// Applies a user's word to a task, unless task or job refuse it.
async fn change(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
    event: Event,
) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    let (account_, job, id, now) = (account.clone(), job.clone(), id.clone(), cx.clock.now());
    let only_if = caller.only_if.clone();
    let (job, ended, back, after) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let (job, row) = find(conn, &account_, &job, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if event == Event::Reactivate
                    && let Some(code) = task::reactivate_refusal(row.life.state(), row.life.result(), job.state)
                {
                    return Err(code.into());
                }
                let event_puts_back = event == Event::Reactivate;
                let ended = live_attempt(&row);
                let mut ledger = Ledger::default();
                let after = ledger.apply(&row, event, 0, now).map_err(Code::from)?;
                let mut aftermath = ledger.save(conn, now).await?;
                if row.n_waits > 0 && event_puts_back && job_rules::fails_dependents(&job.settings) {
                    let is_more = store::dependent_failure::queue_of(conn, job.key, &[&row.id]).await?;
                    aftermath = aftermath.with_more(is_more);
                }
                // One that was ended while it waited for others waits for them again.
                let back = after.filter(|after| after.life.phase == Phase::Waiting && after.n_waits == 0);
                Ok((job, ended, back.map(|row| (row.key, row.slots, row.demands)), aftermath))
            })
        })
        .await?;
    if let Some((task_key, slots, demands)) = back {
        cx.signals.send(Signal::TaskBack { job_key: job.key, task_key, slots, demands });
    }
    after.tell(&cx.signals);
    changed(cx, account, job, ended);
    Ok(())
}

/// Sets the constraints of a task; absent ones become the defaults. Of a completed task the retention time counts from its
/// end on; files that are gone do not come back.
pub async fn task_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
    update: api::TaskUpdate,
) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    check::task_update(&update)?;
    let (account_, job, id, now) = (account.clone(), job.clone(), id.clone(), cx.clock.now());
    let only_if = caller.only_if.clone();
    let job = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let (job, mut row) = find(conn, &account_, &job, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if job.state == api::JobState::Deleting {
                    return Err(Code::JobBeingDeleted.into());
                }
                let settings = api::TaskCreate { constraints: update.constraints, ..row.settings()? };
                row.settings = store::convert::to_json(&settings);
                (row.modified, row.etag) = (now, etag::next(row.etag, now));
                store::task::save_settings(conn, &row).await?;
                Ok(job)
            })
        })
        .await?;
    cx.events.tell(account.as_str(), Changed::Job { job: job.id });
    Ok(())
}

/// Deletes a task in any state, with its files.
pub async fn task_delete(cx: &Context, caller: &Caller, account: &AccountName, job: &JobId, id: &TaskId) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    let (account_, job, id, only_if) = (account.clone(), job.clone(), id.clone(), caller.only_if.clone());
    let now = cx.clock.now();
    let (job, ended, nodes) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let (job, row) = find(conn, &account_, &job, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if job.state == api::JobState::Deleting {
                    return Err(Code::JobBeingDeleted.into());
                }
                let mut ledger = Ledger::default();
                ledger.deleted(&row);
                // Who waits for the task goes on waiting: another may come by that id.
                drop(ledger.save(conn, now).await?);
                let subtasks = store::subtask::of_tasks(conn, &[row.key]).await?.remove(&row.key).unwrap_or_default();
                store::task::delete(conn, row.key).await?;
                // A folder of the task is on every node of its last attempt.
                let nodes: BTreeSet<i64> = subtasks.iter().map(|s| s.node_key).chain(row.life.node_key).collect();
                for node in &nodes {
                    store::node::clean_up(conn, *node, &task::directory(&job.id, &row.id)).await?;
                }
                Ok((job, live_attempt(&row), nodes))
            })
        })
        .await?;
    changed(cx, account, job, ended);
    cx.signals.send(Signal::CleanUps(nodes.into_iter().collect()));
    Ok(())
}

/// What a task that a user adds wants of its nodes.
fn demands(create: &api::TaskCreate) -> Demands {
    let instances = create.multi_instance_settings.as_ref().map_or(0, multi_instance::n_instances);
    Demands { instances, ..Demands::default() }
}

fn live_attempt(row: &TaskRow) -> Option<EndedAttempt> {
    let attempt = row.life.live_attempt().map(|_| task::attempt_of(row.key, &row.life))?;
    Some(EndedAttempt { node_key: row.life.node_key?, job_key: row.job_key, attempt, slots: row.slots })
}

fn changed(cx: &Context, account: &AccountName, job: JobRow, ended: Option<EndedAttempt>) {
    if let Some(ended) = ended {
        cx.signals.send(Signal::TasksEnded(vec![ended]));
    }
    // The job's counters changed.
    cx.signals.send(Signal::Job(job.key));
    cx.events.tell(account.as_str(), Changed::Job { job: job.id });
}

/// The stored job and task.
///
/// # Errors
/// `AccountNotFound`, `JobNotFound`, `TaskNotFound`.
pub async fn find(conn: &mut Conn, account: &AccountName, job: &JobId, id: &TaskId) -> Result<(JobRow, TaskRow)> {
    let job = find_job(conn, account, job).await?;
    match store::task::find(conn, job.key, id.as_str()).await? {
        Some(task) => Ok((job, task)),
        None => Err(Code::TaskNotFound.into()),
    }
}

pub fn url(cx: &Context, account: &AccountName, job: &str, task: &str) -> String {
    format!("{}/jobs/{job}/tasks/{task}", cx.installation.account_url(account))
}

/// The task as GET returns it, without statistics.
///
/// # Errors
/// When its settings cannot be read.
pub fn to_api(cx: &Context, account: &AccountName, job: &str, row: &TaskRow) -> Result<api::Task> {
    let mut settings = row.settings()?;
    settings.required_slots = Some(settings.slots());
    settings.container_settings = settings.container_settings.take().map(api::ContainerSettings::without_secrets);
    with_defaults(settings.constraints.get_or_insert_default());
    // An assigned task is still active: where it lies says nothing yet.
    let has_node = row.life.started.is_some() || row.life.state() != TaskState::Active;
    let node_info = row.node_info.as_deref().filter(|_| has_node).and_then(|text| text.split_once('/'));
    Ok(api::Task {
        stats: None,
        url: url(cx, account, job, &row.id),
        e_tag: etag::text(row.etag),
        last_modified: row.modified,
        creation_time: row.created,
        state: row.life.state(),
        state_transition_time: row.life.since,
        previous_state: row.life.previous.map(|(state, _)| state),
        previous_state_transition_time: row.life.previous.map(|(_, since)| since),
        execution_info: execution_info(&row.life),
        node_info: node_info.map(|(pool, node)| location(cx, account, pool, node, job, &row.id)),
        settings,
    })
}

/// Constraints as GET returns them.
pub fn with_defaults(constraints: &mut api::TaskConstraints) {
    constraints.max_wall_clock_time = Some(constraints.max_wall_clock_time.unwrap_or(api::Duration::UNLIMITED));
    constraints.retention_time = Some(constraints.retention_time.unwrap_or(retention::USUAL));
    constraints.max_task_retry_count = Some(constraints.max_task_retry_count.unwrap_or(0));
}

/// Where on which node a task of a job lies.
pub fn location(
    cx: &Context,
    account: &AccountName,
    pool: &str,
    node: &str,
    job: &str,
    task: &str,
) -> api::TaskNodeInformation {
    let node_url = format!("{}/pools/{pool}/nodes/{node}", cx.installation.account_url(account));
    let directory = task::directory(job, task);
    api::TaskNodeInformation {
        affinity_id: format!("TVM:{node}"),
        pool_id: pool.to_owned(),
        node_id: node.to_owned(),
        task_root_directory_url: format!("{node_url}/files/{directory}"),
        task_root_directory: directory,
        node_url,
    }
}

pub fn execution_info(life: &Life) -> api::TaskExecutionInformation {
    api::TaskExecutionInformation {
        start_time: life.started,
        end_time: life.ended,
        exit_code: life.exit_code,
        container_info: life.container.clone(),
        failure_info: life.failure.clone(),
        retry_count: life.retries,
        last_retry_time: life.last_retry,
        requeue_count: life.requeues,
        last_requeue_time: life.last_requeue,
        result: life.result(),
    }
}
