//! What agents say of tasks: saved for all nodes in one transaction, then taken into the world.

use std::collections::BTreeMap;

use super::driver::Driver;
use crate::api::Changed;
use crate::api::agent::{Attempt, FromAgent, ToAgent};
use crate::domain::placement::Waiting;
use crate::domain::steady::HashMap;
use crate::domain::task::{self, Event, Phase};
use crate::domain::{job_node, multi_instance};
use crate::service::Result;
use crate::service::ledger::Ledger;
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// A report of one attempt, and what it means for the task.
pub(super) struct Report {
    pub node: i64,
    pub attempt: Attempt,
    pub event: Event,
}

impl Driver {
    pub(super) async fn save_reports(&mut self, messages: Vec<(i64, FromAgent)>) -> Result<()> {
        let reports: Vec<Report> =
            messages.into_iter().flat_map(|(node, message)| self.events_of(node, message)).collect();
        let (runs, reports): (Vec<Report>, Vec<Report>) =
            reports.into_iter().partition(|report| job_node::of_attempt(report.attempt.task).is_some());
        let (nodes, pools) = (&self.nodes, &self.world.pools);
        let placed = |key: i64| pools.get(&nodes.get(&key)?.row.pool_key)?.nodes.get(&key);
        let reports = self.early_starts.in_order(reports, placed);
        let (subtasks, reports): (Vec<Report>, Vec<Report>) =
            reports.into_iter().partition(|report| multi_instance::of_attempt(report.attempt.task).1 > 0);
        self.save_task_reports(reports).await?;
        if !subtasks.is_empty() {
            self.save_subtask_reports(subtasks).await?;
        }
        // Afterwards: a task that is given back with its preparation task does not go on with it.
        if runs.is_empty() { Ok(()) } else { self.save_run_reports(runs).await }
    }

    async fn save_task_reports(&mut self, reports: Vec<Report>) -> Result<()> {
        if reports.is_empty() {
            return Ok(());
        }
        let now = self.now();
        let events: Vec<(i64, Event)> = reports.iter().map(|r| (r.attempt.task, r.event.clone())).collect();
        let constraints: HashMap<i64, _> =
            self.jobs.iter().filter_map(|(k, j)| Some((*k, j.constraints.clone()?))).collect();
        let (after, aftermath) = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    let mut ledger = Ledger::default();
                    let rows = load(conn, &events).await?;
                    for (key, event) in events {
                        let Some(row) = rows.get(&key) else { continue };
                        let most = most_retries(row, &event, &constraints);
                        // Late words are ordinary: what was terminated or moved meanwhile stays as it is.
                        let _ = ledger.apply(row, event, most, now);
                    }
                    let after: HashMap<i64, TaskRow> =
                        rows.into_iter().map(|(key, row)| (key, ledger.latest(&row).clone())).collect();
                    Ok((after, ledger.save(conn, now).await?))
                })
            })
            .await?;
        aftermath.tell(&self.cx.signals);
        self.tell_runs(&reports, &after);
        self.take_in(reports, &after);
        Ok(())
    }

    fn events_of(&self, node: i64, message: FromAgent) -> Vec<Report> {
        match message {
            FromAgent::Started { a, at } => {
                vec![Report { node, attempt: a, event: Event::Started { attempt: a.number, at } }]
            }
            FromAgent::Ended(ended) => {
                let event = Event::Ended {
                    attempt: ended.a.number,
                    started: ended.started,
                    at: ended.at,
                    exit: ended.exit,
                    failure: ended.failure,
                    usage: ended.usage,
                    container: ended.container,
                };
                vec![Report { node, attempt: ended.a, event }]
            }
            FromAgent::GaveBack { attempts } => attempts
                .into_iter()
                .map(|attempt| {
                    let by_user = self.requeue.contains(&(attempt.task, attempt.number));
                    let number = attempt.number;
                    let event =
                        if by_user { Event::Requeue { attempt: number } } else { Event::GaveBack { attempt: number } };
                    Report { node, attempt, event }
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Takes saved reports into the world, answers the agents and tells who follows.
    fn take_in(&mut self, reports: Vec<Report>, after: &HashMap<i64, TaskRow>) {
        let mut acknowledged: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
        let mut ended: BTreeMap<i64, i64> = BTreeMap::new();
        for Report { node, attempt, event } in reports {
            let row = after.get(&attempt.task);
            match &event {
                Event::Started { .. } => {
                    self.began(node, attempt);
                    if let Some(job) = row.and_then(|row| self.jobs.get(&row.job_key)) {
                        self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
                    }
                    continue;
                }
                Event::Ended { started, at, .. } => {
                    acknowledged.entry(node).or_default().push(attempt);
                    if let (Some(row), Some(started)) = (row, started)
                        && let Some(job) = self.world.jobs.get_mut(&row.job_key)
                    {
                        job.ran_for(at.since(*started).micros() as f64 / 1000.0);
                    }
                }
                _ => {}
            }
            self.primary_is_over(attempt.task, attempt.number);
            self.over(node, attempt, row, &mut ended);
        }
        for (node, attempts) in acknowledged {
            self.hub.send(node, ToAgent::Ack { attempts });
        }
        let now = self.now();
        for (job_key, n_tasks) in ended {
            self.cx.rates.ended(job_key, n_tasks, now);
            let Some(job) = self.jobs.get(&job_key) else { continue };
            self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
            if job.watches_counts {
                self.dirty_jobs.insert(job_key);
            }
        }
    }

    pub(super) fn began(&mut self, node_key: i64, attempt: Attempt) {
        let pool = self.nodes.get(&node_key).and_then(|node| self.world.pools.get_mut(&node.row.pool_key));
        let held = pool.and_then(|p| p.nodes.get_mut(&node_key)).and_then(|n| n.held.get_mut(&attempt.task));
        if let Some(held) = held.filter(|held| held.attempt == attempt.number) {
            held.begun = true;
        }
    }

    /// The attempt is over on its node: its slots are free, and its task may wait again.
    fn over(&mut self, node_key: i64, attempt: Attempt, row: Option<&TaskRow>, ended: &mut BTreeMap<i64, i64>) {
        self.killed.remove(&(attempt.task, attempt.number));
        self.requeue.remove(&(attempt.task, attempt.number));
        let Some(pool_key) = self.nodes.get(&node_key).map(|node| node.row.pool_key) else { return };
        let held = self.world.pools.get_mut(&pool_key).and_then(|p| p.release(node_key, attempt.task, attempt.number));
        let Some(held) = held else { return };
        if let Some(waiting) = self.awaiting.get_mut(&(held.job, node_key)) {
            waiting.retain(|run| run.a != attempt);
        }
        self.to_plan.insert(pool_key);
        self.node_changed(node_key);
        if self.nodes.get(&node_key).is_some_and(|node| node.facts.leaving) {
            self.dirty_pools.insert(pool_key);
        }
        if self.nodes.get(&node_key).is_some_and(|node| node.is_told()) {
            self.to_order.insert(node_key);
        }
        if let Some(job) = self.world.jobs.get_mut(&held.job) {
            job.on_nodes -= 1;
        }
        match row.map(|row| (row.life.phase, row)) {
            Some((Phase::Waiting, row)) => {
                if let Some(job) = self.world.jobs.get_mut(&held.job) {
                    job.waiting
                        .insert(attempt.task, Waiting { slots: row.slots, affinity: None, demands: row.demands });
                    self.to_plan.extend(job.pool);
                }
            }
            Some((Phase::Completed, _)) => {
                *ended.entry(held.job).or_default() += 1;
                if let (Some(job), Some(row)) = (self.jobs.get(&held.job), row) {
                    self.hub.task_ended(job.account.as_str(), &job.id, &row.id);
                }
            }
            _ => {}
        }
        if self.jobs.get(&held.job).is_some_and(|job| job.watches_counts) {
            self.dirty_jobs.insert(held.job);
        }
        self.world.queue_job(held.job);
    }
}

async fn load(conn: &mut Conn, events: &[(i64, Event)]) -> store::Result<HashMap<i64, TaskRow>> {
    let keys: Vec<i64> = events.iter().map(|(key, _)| *key).collect();
    Ok(store::task::with_keys(conn, &keys).await?.into_iter().map(|row| (row.key, row)).collect())
}

/// How often the task may run again; read only when it matters, from the task's settings, else its job's.
pub(super) fn most_retries(row: &TaskRow, event: &Event, jobs: &HashMap<i64, crate::api::JobConstraints>) -> i32 {
    match event {
        Event::Ended { exit: Some(code), .. } if *code != 0 => {
            let settings = row.settings().ok();
            let own = settings.as_ref().and_then(|settings| settings.constraints.as_ref());
            task::most_retries(own, jobs.get(&row.job_key))
        }
        _ => 0,
    }
}
