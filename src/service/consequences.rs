//! What follows from the ends of tasks, in the transaction that saves them: dependents that may run, and what happens to
//! the job. Reached only through the ledger, so that no way of ending a task is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Signal, Signals};
use super::job::enter;
use super::ledger::Ledger;
use crate::api::{DependencyAction, DisableJobOption, JobAction, JobState, Timestamp};
use crate::domain::job::{self, Wish};
use crate::domain::task::Event;
use crate::domain::{exit, job_manager, job_rules};
use crate::store::dependency::{ReadyTask, Released, Satisfied};
use crate::store::job::JobRow;
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// Dependents that are released in one transaction: the others wait for the next, so that nothing else waits long.
pub const MOST_RELEASED: i64 = 1000;

/// What is to be told once the transaction has been committed.
#[derive(Debug, Default)]
#[must_use = "the scheduler does not see by itself what may run now"]
pub struct Aftermath {
    ready: Vec<ReadyTask>,
    jobs: Vec<i64>,
    is_more: bool,
}

impl Aftermath {
    /// More dependents are left than were looked at.
    pub fn with_more(self, is_more: bool) -> Aftermath {
        Aftermath { is_more: self.is_more || is_more, ..self }
    }

    /// Something of these jobs has changed.
    pub fn with_jobs(mut self, jobs: impl IntoIterator<Item = i64>) -> Aftermath {
        self.jobs.extend(jobs);
        self
    }

    pub fn tell(self, signals: &Signals) {
        if !self.ready.is_empty() {
            signals.send(Signal::TasksReady(self.ready));
        }
        if self.is_more {
            signals.send(Signal::Releases);
        }
        self.jobs.into_iter().for_each(|job| signals.send(Signal::Job(job)));
    }
}

impl From<Released> for Aftermath {
    fn from(released: Released) -> Self {
        Aftermath { ready: released.ready, jobs: Vec::new(), is_more: released.is_more }
    }
}

/// What the ends mean, before they are saved.
#[derive(Debug, Default)]
pub struct Consequences {
    satisfied: Vec<Satisfied>,
    /// Tasks whose dependents fail with them.
    failed: Vec<Satisfied>,
    /// The strongest action of each job.
    actions: BTreeMap<i64, JobAction>,
    /// Jobs whose manager has ended.
    managed: BTreeSet<i64>,
}

impl Consequences {
    /// Looks at tasks that have just been completed, and notes in each whether dependents may run.
    pub async fn of(conn: &mut Conn, ended: Vec<&mut TaskRow>) -> store::Result<Consequences> {
        let mut found = Consequences::default();
        let mut keys: Vec<i64> = ended.iter().map(|row| row.job_key).collect();
        keys.dedup();
        if keys.is_empty() {
            return Ok(found);
        }
        let jobs: BTreeMap<i64, JobRow> =
            store::job::with_consequences(conn, &keys).await?.into_iter().map(|job| (job.key, job)).collect();
        for row in ended {
            if let Some(job) = jobs.get(&row.job_key) {
                found.add(job, row);
            }
        }
        Ok(found)
    }

    fn add(&mut self, job: &JobRow, row: &mut TaskRow) {
        // One whose settings cannot be read has no conditions.
        let conditions = row.settings().ok().and_then(|settings| settings.exit_conditions);
        let end = exit::end(row.life.exit_code, row.life.failure.as_ref());
        let consequence = exit::consequence(conditions.as_ref(), end);
        if job.settings.has_dependencies() {
            row.satisfied = consequence.dependents == DependencyAction::Satisfy;
            let ended = Satisfied { job_key: job.key, id: row.id.clone(), number: row.number };
            if row.satisfied {
                self.satisfied.push(ended);
            } else if job_rules::fails_dependents(&job.settings) {
                self.failed.push(ended);
            }
        }
        if job_manager::ends_job(&job.settings, &row.id) {
            self.managed.insert(job.key);
        }
        if job.settings.performs_job_actions() {
            let action = self.actions.entry(job.key).or_insert(JobAction::None);
            *action = (*action).max(consequence.job);
        }
    }

    /// Lets dependents run and changes jobs, after the ends are saved.
    pub async fn happen(self, conn: &mut Conn, now: Timestamp) -> store::Result<Aftermath> {
        let mut after = Aftermath::default();
        if !self.satisfied.is_empty() {
            after = store::dependency::release(conn, &self.satisfied, MOST_RELEASED).await?.into();
        }
        if !self.failed.is_empty() {
            after.is_more |= store::dependent_failure::queue(conn, &self.failed).await?;
        }
        let managed = self.managed.into_iter().map(|key| (key, JobAction::Terminate, "JMComplete"));
        let failed = self.actions.into_iter().map(|(key, action)| (key, action, "TaskFailed"));
        for (key, action, reason) in managed.chain(failed) {
            if act(conn, key, action, reason, now).await? {
                after.jobs.push(key);
            }
        }
        Ok(after)
    }
}

/// Lets dependents of failed tasks fail, about [`MOST_RELEASED`] of them. What follows from that is queued in turn, so that a
/// long chain is no deep recursion.
pub async fn fail_more(conn: &mut Conn, now: Timestamp) -> store::Result<Aftermath> {
    let mut ledger = Ledger::default();
    let (mut n_failed, mut jobs, mut done) = (0, BTreeSet::new(), Vec::new());
    for failure in store::dependent_failure::queued(conn).await? {
        if n_failed >= MOST_RELEASED {
            break;
        }
        let keys = store::dependent_failure::dependents(conn, &failure, MOST_RELEASED).await?;
        let on = failure.on();
        for row in store::task::with_keys(conn, &keys).await? {
            // Never refused: one that has ended meanwhile stays as it is.
            let _ = ledger.apply(&row, Event::DependencyFailed { on: on.clone() }, 0, now);
        }
        let n_found = keys.len() as i64;
        n_failed += n_found;
        jobs.extend((n_found > 0).then_some(failure.job_key));
        if n_found < MOST_RELEASED {
            done.push(failure.key);
        }
    }
    store::dependent_failure::forget(conn, &done).await?;
    let after = ledger.save(conn, now).await?;
    let is_more = store::dependent_failure::is_any(conn).await?;
    Ok(after.with_more(is_more).with_jobs(jobs))
}

/// Does to a job what a task's end asks for, unless it is on its way to an end already.
async fn act(conn: &mut Conn, key: i64, action: JobAction, reason: &str, now: Timestamp) -> store::Result<bool> {
    let wish = match action {
        JobAction::None => return Ok(false),
        JobAction::Disable => Wish::Disable,
        JobAction::Terminate => Wish::Terminate,
    };
    let Some(mut row) = store::job::with_key(conn, key).await? else { return Ok(false) };
    let is_disabled = matches!(row.state, JobState::Disabling | JobState::Disabled);
    if job::refusal(row.state, wish).is_some() || (wish == Wish::Disable && is_disabled) {
        return Ok(false);
    }
    match wish {
        Wish::Disable => {
            enter(&mut row, JobState::Disabling, now);
            row.disable_tasks = Some(DisableJobOption::Requeue);
        }
        _ => {
            enter(&mut row, JobState::Terminating, now);
            row.terminate_reason = Some(reason.to_owned());
        }
    }
    store::job::save(conn, &row).await?;
    Ok(true)
}
