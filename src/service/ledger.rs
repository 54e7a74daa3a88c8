//! Changes of tasks' lives with everything that counts them: whoever changes a life does it through here, inside the
//! writer's transaction, so that counters always equal a recount.

use std::collections::{BTreeMap, BTreeSet};

use super::consequences::{Aftermath, Consequences};
use super::service_event;
use crate::api::{ServiceEventType, TaskExecutionResult, Timestamp};
use crate::domain::service_event::happened;
use crate::domain::task::{self, Event, Life, Phase, Refusal};
use crate::store::job::CountChange;
use crate::store::node::TaskChange;
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// Collects changes of many tasks, to be saved at once.
#[derive(Debug, Default)]
pub struct Ledger {
    changed: BTreeMap<i64, TaskRow>,
    jobs: BTreeMap<i64, CountChange>,
    nodes: BTreeMap<i64, TaskChange>,
    /// Tasks that were completed.
    ended: BTreeSet<i64>,
    /// What service events tell of, by tasks, in order.
    happened: Vec<(i64, ServiceEventType)>,
}

impl Ledger {
    /// The task as the ledger knows it, else as it was loaded.
    pub fn latest<'a>(&'a self, loaded: &'a TaskRow) -> &'a TaskRow {
        self.changed.get(&loaded.key).unwrap_or(loaded)
    }

    /// Applies an event to a task; the row after it, or nothing when the event changes nothing.
    pub fn apply(
        &mut self,
        loaded: &TaskRow,
        event: Event,
        most_retries: i32,
        now: Timestamp,
    ) -> Result<Option<TaskRow>, Refusal> {
        let mut row = self.latest(loaded).clone();
        let before = row.life.clone();
        if !task::on(&mut row.life, event, most_retries, now)? {
            return Ok(None);
        }
        self.note(&row, &before);
        self.changed.insert(row.key, row.clone());
        Ok(Some(row))
    }

    /// Where the task's current attempt is: `pool/node`.
    pub fn set_place(&mut self, task_key: i64, place: &str) {
        if let Some(row) = self.changed.get_mut(&task_key) {
            row.node_info = Some(place.to_owned());
        }
    }

    /// Counts the change of a row from `before` to what it is.
    fn note(&mut self, row: &TaskRow, before: &Life) {
        let job = self.jobs.entry(row.job_key).or_default();
        for (life, sign) in [(before, -1), (&row.life, 1)] {
            let class = class(life);
            job.tasks[class] += sign;
            job.slots[class] += sign * i64::from(row.slots);
            if let (Phase::Running, Some(node)) = (life.phase, life.node_key) {
                let node = self.nodes.entry(node).or_default();
                node.running_tasks += sign;
                node.running_slots += sign * i64::from(row.slots);
            }
        }
        let (spent, before_it) = (&row.life.spent, &before.spent);
        job.spent.wall_micros += spent.wall_micros - before_it.wall_micros;
        job.spent.usage.user_micros += spent.usage.user_micros - before_it.usage.user_micros;
        job.spent.usage.kernel_micros += spent.usage.kernel_micros - before_it.usage.kernel_micros;
        job.spent.usage.blocks_read += spent.usage.blocks_read - before_it.usage.blocks_read;
        job.spent.usage.blocks_written += spent.usage.blocks_written - before_it.usage.blocks_written;
        // A task that is put back counts its retries anew.
        job.n_retries += i64::from((row.life.retries - before.retries).max(0));
        job.n_started += i64::from(before.phase != Phase::Running && row.life.phase == Phase::Running);
        self.happened.extend(happened(before, &row.life).map(|what| (row.key, what)));
        let has_ended = before.phase != Phase::Completed && row.life.phase == Phase::Completed;
        if has_ended {
            let waited = row.life.started.map_or(0, |started| started.since(row.created).micros());
            let job = self.jobs.entry(row.job_key).or_default();
            job.waited_micros += waited.max(0);
            job.n_completed += 1;
            job.n_ended_in_failure += i64::from(row.life.result() == Some(TaskExecutionResult::Failure));
            self.ended.insert(row.key);
        }
        if let (true, Some(_), Some(node)) = (has_ended, row.life.started, row.life.node_key) {
            let node = self.nodes.entry(node).or_default();
            node.run += 1;
            node.succeeded += i64::from(row.life.failure.is_none());
            node.ended.push(row.key);
        }
    }

    /// Counts tasks that were just added: they wait.
    pub fn added(&mut self, job_key: i64, slots: impl IntoIterator<Item = i32>) {
        let job = self.jobs.entry(job_key).or_default();
        for slots in slots {
            job.tasks[0] += 1;
            job.slots[0] += i64::from(slots);
        }
    }

    /// Counts a task that is about to be deleted.
    pub fn deleted(&mut self, row: &TaskRow) {
        let job = self.jobs.entry(row.job_key).or_default();
        job.tasks[class(&row.life)] -= 1;
        job.slots[class(&row.life)] -= i64::from(row.slots);
        if let (Phase::Running, Some(node)) = (row.life.phase, row.life.node_key) {
            let node = self.nodes.entry(node).or_default();
            node.running_tasks -= 1;
            node.running_slots -= i64::from(row.slots);
        }
    }

    /// The changes of each job's counters.
    pub fn jobs(&self) -> &BTreeMap<i64, CountChange> {
        &self.jobs
    }

    /// Saves everything, with what follows from the ends among it; that is to be told after the commit.
    pub async fn save(mut self, conn: &mut Conn, now: Timestamp) -> store::Result<Aftermath> {
        let ended = self.changed.iter_mut().filter(|(key, _)| self.ended.contains(key)).map(|(_, row)| row).collect();
        let consequences = Consequences::of(conn, ended).await?;
        let several = |row: &&TaskRow| row.demands.instances > 0 && self.ended.contains(&row.key);
        let several: Vec<i64> = self.changed.values().filter(several).map(|row| row.key).collect();
        store::subtask::complete(conn, &several, now).await?;
        let rows: Vec<TaskRow> = self.changed.into_values().collect();
        store::task::save(conn, &rows).await?;
        service_event::tell_tasks(conn, &rows, &self.happened, now).await?;
        store::job::count(conn, &self.jobs).await?;
        store::metrics::count_task_events(conn, &self.jobs).await?;
        for (node, change) in &self.nodes {
            if *change != TaskChange::default() {
                store::node::count_tasks(conn, *node, change).await?;
            }
        }
        consequences.happen(conn, now).await
    }
}

/// Index of a job's counter: active, running, succeeded, failed.
fn class(life: &Life) -> usize {
    match (life.phase, life.result()) {
        (Phase::Waiting | Phase::Assigned, _) => 0,
        (Phase::Preparing | Phase::Running, _) => 1,
        (Phase::Completed, Some(TaskExecutionResult::Failure)) => 3,
        (Phase::Completed, _) => 2,
    }
}
