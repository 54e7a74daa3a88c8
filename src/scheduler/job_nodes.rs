//! What is known of jobs on nodes, and what agents say of their preparation and release tasks. The rows in memory are those
//! of all jobs that are not completed; nobody else writes them, so a change is made here and then saved.

use std::collections::BTreeMap;

use super::driver::Driver;
use super::load::attempt;
use super::task_reports::Report;
use crate::api::agent::{Attempt, RunTask, RunUser, ToAgent};
use crate::api::{Changed, EnvironmentSetting};
use crate::domain::job_node::{self, Command, Kind, Readiness};
use crate::domain::placement::{Held, Preparation};
use crate::domain::steady::HashMap;
use crate::domain::task::{self, Event, Life};
use crate::service::Result;
use crate::service::storage::linked;
use crate::store;
use crate::store::job_node::JobNodeRow;

/// Rows by key, and their keys by job and node.
#[derive(Default)]
pub(super) struct JobNodes {
    rows: HashMap<i64, JobNodeRow>,
    keys: BTreeMap<(i64, i64), i64>,
}

impl JobNodes {
    pub fn put(&mut self, row: JobNodeRow) {
        self.keys.insert((row.job_key, row.node_key), row.key);
        self.rows.insert(row.key, row);
    }

    pub fn get(&self, job: i64, node: i64) -> Option<&JobNodeRow> {
        self.rows.get(self.keys.get(&(job, node))?)
    }

    pub fn with_key(&self, key: i64) -> Option<&JobNodeRow> {
        self.rows.get(&key)
    }

    pub fn all(&self) -> impl Iterator<Item = &JobNodeRow> {
        self.rows.values()
    }

    pub fn of_job(&self, job: i64) -> impl Iterator<Item = &JobNodeRow> {
        let keys = self.keys.range((job, i64::MIN)..=(job, i64::MAX));
        keys.filter_map(|(_, key)| self.rows.get(key))
    }

    pub fn of_node(&self, node: i64) -> impl Iterator<Item = &JobNodeRow> {
        self.rows.values().filter(move |row| row.node_key == node)
    }

    pub fn forget_job(&mut self, job: i64) {
        let keys: Vec<(i64, i64)> = self.of_job(job).map(|row| (job, row.node_key)).collect();
        for key in keys.iter().filter_map(|key| self.keys.remove(key)) {
            self.rows.remove(&key);
        }
    }

    pub fn forget_node(&mut self, node: i64) {
        self.rows.retain(|_, row| row.node_key != node);
        self.keys.retain(|(_, of), _| *of != node);
    }
}

impl Driver {
    /// Whether tasks of the job may run on the node.
    pub(super) fn readiness(&self, job_key: i64, node_key: i64) -> Readiness {
        let Some(task) = self.jobs.get(&job_key).and_then(|job| job.preparation.as_ref()) else {
            return Readiness::Ready;
        };
        let boot = self.nodes.get(&node_key).and_then(|node| node.row.boot.as_ref());
        match self.job_nodes.get(job_key, node_key) {
            Some(row) => job_node::readiness(task, &row.preparation, row.boot.as_ref() == boot),
            None => Readiness::Unprepared,
        }
    }

    /// Tells placement how ready a node is for a job.
    pub(super) fn note_readiness(&mut self, job_key: i64, node_key: i64) {
        let readiness = self.readiness(job_key, node_key);
        let known = self.world.jobs.get_mut(&job_key).and_then(|job| job.preparation.as_mut());
        let Some(Preparation { ready, failed }) = known else { return };
        ready.remove(&node_key);
        failed.remove(&node_key);
        match readiness {
            Readiness::Ready => drop(ready.insert(node_key)),
            Readiness::Failed => drop(failed.insert(node_key)),
            Readiness::Unprepared | Readiness::Preparing => {}
        }
    }

    /// The same for all jobs, when the node has begun anew.
    pub(super) fn note_readiness_of_node(&mut self, node_key: i64) {
        let jobs: Vec<i64> = self.job_nodes.of_node(node_key).map(|row| row.job_key).collect();
        jobs.into_iter().for_each(|job| self.note_readiness(job, node_key));
    }

    /// A job that has just come into the world: which nodes are ready for it.
    pub(super) fn note_readiness_of_job(&mut self, job_key: i64) {
        let nodes: Vec<i64> = self.job_nodes.of_job(job_key).map(|row| row.node_key).collect();
        nodes.into_iter().for_each(|node| self.note_readiness(job_key, node));
    }

    /// The node has this attempt from now on; it takes no slot.
    pub(super) fn hold_run(&mut self, row: &JobNodeRow, kind: Kind) {
        let (Some(life), Some(node)) = (row.life(kind), self.nodes.get(&row.node_key)) else { return };
        let begun = life.phase == task::Phase::Running;
        let held = Held { job: row.job_key, attempt: life.attempt, slots: 0, since: life.since, begun };
        if let Some(pool) = self.world.pools.get_mut(&node.row.pool_key) {
            pool.hold(row.node_key, job_node::attempt_key(row.key, kind), held);
        }
        self.node_changed(row.node_key);
    }

    /// What the node is told to run.
    pub(super) async fn run_of(&self, row: &JobNodeRow, kind: Kind) -> Result<Option<RunTask>> {
        let Some((account_key, mut run)) = self.stored_run_of(row, kind) else { return Ok(None) };
        run.resource_files = linked::files_with_urls(&self.cx, account_key, run.resource_files).await?;
        Ok(Some(run))
    }

    fn stored_run_of(&self, row: &JobNodeRow, kind: Kind) -> Option<(i64, RunTask)> {
        let job = self.jobs.get(&row.job_key)?;
        let command = match kind {
            Kind::Preparation => job_node::preparation_command(job.preparation.as_ref()?),
            Kind::Release => job_node::release_command(job.release.as_ref()?),
        };
        let preparation = self.preparation_directory(row.job_key).filter(|_| kind == Kind::Release);
        let attempt = attempt(job_node::attempt_key(row.key, kind), row.life(kind)?.attempt);
        Some((job.account_key, run(attempt, &job.id, &command, &job.environment, preparation)))
    }

    /// The folder of the job's preparation task on every node.
    pub(super) fn preparation_directory(&self, job_key: i64) -> Option<String> {
        let job = self.jobs.get(&job_key)?;
        Some(task::directory(&job.id, job_node::preparation_id(job.preparation.as_ref()?)))
    }

    /// Takes in what agents say of preparation and release tasks.
    pub(super) async fn save_run_reports(&mut self, reports: Vec<Report>) -> Result<()> {
        let now = self.now();
        let mut changed: BTreeMap<i64, JobNodeRow> = BTreeMap::new();
        for Report { attempt, event, .. } in &reports {
            let Some((key, kind)) = job_node::of_attempt(attempt.task) else { continue };
            let Some(mut row) = changed.get(&key).or_else(|| self.job_nodes.with_key(key)).cloned() else { continue };
            let constraints =
                self.jobs.get(&row.job_key).and_then(|job| job.preparation.as_ref()?.constraints.as_ref());
            let most = job_node::most_retries(kind, constraints);
            // Late words are ordinary: what ended meanwhile stays as it is.
            if row.life_mut(kind).is_some_and(|life| task::on(life, event.clone(), most, now) == Ok(true)) {
                changed.insert(key, row);
            }
        }
        let rows: Vec<JobNodeRow> = changed.into_values().collect();
        self.save_job_nodes(rows).await?;
        let mut acknowledged: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
        let mut prepared = Vec::new();
        for Report { node, attempt, event } in reports {
            if matches!(event, Event::Started { .. }) {
                self.began(node, attempt);
                continue;
            }
            if matches!(event, Event::Ended { .. }) {
                acknowledged.entry(node).or_default().push(attempt);
            }
            self.run_is_over(node, attempt);
            let run = job_node::of_attempt(attempt.task);
            let job = run.and_then(|(key, kind)| Some((self.job_nodes.with_key(key)?.job_key, kind)));
            if let Some((job, kind)) = job {
                self.dirty_jobs.insert(job);
                prepared.extend((kind == Kind::Preparation).then_some((job, node)));
            }
        }
        for (node, attempts) in acknowledged {
            self.hub.send(node, ToAgent::Ack { attempts });
        }
        for (job, node) in prepared {
            self.after_preparation(job, node).await?;
        }
        Ok(())
    }

    /// The attempt is over on its node.
    pub(super) fn run_is_over(&mut self, node_key: i64, attempt: Attempt) {
        self.killed.remove(&(attempt.task, attempt.number));
        self.requeue.remove(&(attempt.task, attempt.number));
        let Some(pool_key) = self.nodes.get(&node_key).map(|node| node.row.pool_key) else { return };
        if let Some(pool) = self.world.pools.get_mut(&pool_key) {
            pool.release(node_key, attempt.task, attempt.number);
        }
        self.node_changed(node_key);
        if self.nodes.get(&node_key).is_some_and(|node| node.facts.leaving) {
            self.dirty_pools.insert(pool_key);
        }
        if self.nodes.get(&node_key).is_some_and(|node| node.is_told()) {
            self.to_order.insert(node_key);
        }
    }

    /// Saves rows, then takes them into memory.
    pub(super) async fn save_job_nodes(&mut self, mut rows: Vec<JobNodeRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    store::job_node::save(conn, &mut rows).await?;
                    Ok(rows)
                })
            })
            .await?;
        for row in rows {
            let (job_key, node_key) = (row.job_key, row.node_key);
            self.job_nodes.put(row);
            self.note_readiness(job_key, node_key);
            if let Some(job) = self.jobs.get(&job_key) {
                self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
            }
        }
        Ok(())
    }

    /// Ends in the store what a job has of preparation tasks on nodes; the attempts are killed by the caller.
    pub(super) async fn terminate_runs(&mut self, tasks: &[i64], message: &'static str) -> Result<()> {
        let now = self.now();
        let mut rows = Vec::new();
        for (key, kind) in tasks.iter().filter_map(|task| job_node::of_attempt(*task)) {
            let Some(mut row) = self.job_nodes.with_key(key).cloned() else { continue };
            let ended = row.life_mut(kind).map(|life| task::on(life, Event::Terminate { message }, 0, now));
            rows.extend((ended == Some(Ok(true))).then_some(row));
        }
        self.save_job_nodes(rows).await
    }

    /// Nothing is left of the node's files: its preparation tasks run again, whatever they say of reboots.
    pub(super) async fn job_nodes_lose_files(&mut self, node_key: i64) -> Result<()> {
        let now = self.now();
        let mut rows: Vec<JobNodeRow> = self.job_nodes.of_node(node_key).cloned().collect();
        rows.retain(|row| row.preparation.phase == task::Phase::Completed);
        for row in &mut rows {
            job_node::forget(&mut row.preparation, now);
        }
        self.save_job_nodes(rows).await
    }

    /// The node is gone: what did not end there never will.
    pub(super) async fn job_nodes_lose_node(&mut self, node_key: i64) -> Result<()> {
        let now = self.now();
        let event = Event::Terminate { message: "The task's node left the pool." };
        let rows: Vec<JobNodeRow> = self.job_nodes.of_node(node_key).cloned().collect();
        self.dirty_jobs.extend(rows.iter().map(|row| row.job_key));
        let end = |life: &mut Life| task::on(life, event.clone(), 0, now) == Ok(true);
        let ended = rows.into_iter().filter_map(|mut row| {
            let both = [end(&mut row.preparation), row.release.as_mut().is_some_and(end)];
            both.contains(&true).then_some(row)
        });
        let ended: Vec<JobNodeRow> = ended.collect();
        self.save_job_nodes(ended).await?;
        self.job_nodes.forget_node(node_key);
        self.awaiting.retain(|(_, node), _| *node != node_key);
        for preparation in self.world.jobs.values_mut().filter_map(|job| job.preparation.as_mut()) {
            preparation.ready.remove(&node_key);
            preparation.failed.remove(&node_key);
        }
        Ok(())
    }
}

fn run(
    attempt: Attempt,
    job: &str,
    command: &Command<'_>,
    common: &[EnvironmentSetting],
    preparation: Option<String>,
) -> RunTask {
    let own = command.environment;
    let mut environment: Vec<EnvironmentSetting> =
        common.iter().filter(|setting| own.iter().all(|o| o.name != setting.name)).cloned().collect();
    environment.extend_from_slice(own);
    let (user, elevated) = RunUser::of(command.user_identity);
    RunTask {
        a: attempt,
        job: job.to_owned(),
        task: command.id.to_owned(),
        directory: task::directory(job, command.id),
        preparation,
        command_line: command.command_line.to_owned(),
        environment,
        slots: 0,
        max_wall_clock: command.max_wall_clock,
        user,
        elevated,
        resource_files: command.resource_files.to_vec(),
        output_files: Vec::new(),
        packages: Vec::new(),
        instance: None,
        container: command.container.cloned().map(Box::new),
    }
}
