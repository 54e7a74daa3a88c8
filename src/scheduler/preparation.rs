//! The preparation task of a job goes to a node before the job's first task there, which waits until it has ended.

use std::collections::BTreeSet;

use super::driver::Driver;
use crate::api::Timestamp;
use crate::api::agent::{Attempt, FromAgent, ToAgent};
use crate::domain::job_node::{self, Kind, Readiness};
use crate::domain::node;
use crate::domain::placement::Assignment;
use crate::domain::steady::HashSet;
use crate::domain::task::Life;
use crate::service::Result;
use crate::store::job_node::JobNodeRow;

/// What a plan means for preparation tasks.
#[derive(Debug, Default)]
pub(super) struct Preparations {
    /// Tasks that wait for a preparation task.
    pub preparing: HashSet<i64>,
    /// Rows of jobs on nodes where the preparation task begins with this plan.
    pub begun: Vec<JobNodeRow>,
}

impl Driver {
    pub(super) fn preparations(&self, plan: &[Assignment], now: Timestamp) -> Preparations {
        let mut found = Preparations::default();
        let mut seen = BTreeSet::new();
        for assignment in plan {
            let (job, node) = (assignment.job, assignment.node);
            let readiness = self.readiness(job, node);
            if readiness == Readiness::Ready {
                continue;
            }
            if readiness == Readiness::Unprepared && seen.insert((job, node)) {
                found.begun.extend(self.begun_row(job, node, now));
            }
            let waits = self.jobs.get(&job).and_then(|job| job.preparation.as_ref()?.wait_for_success).unwrap_or(true);
            if waits {
                found.preparing.insert(assignment.key());
            }
        }
        found
    }

    /// The row of a job on a node with a new attempt of its preparation task.
    fn begun_row(&self, job_key: i64, node_key: i64, now: Timestamp) -> Option<JobNodeRow> {
        let node = self.nodes.get(&node_key)?;
        let pool = self.pools.get(&node.row.pool_key)?;
        let mut row = self.job_nodes.get(job_key, node_key).cloned().unwrap_or_else(|| JobNodeRow {
            key: 0,
            job_key,
            node_key,
            node_id: node.row.id.clone(),
            pool_id: pool.id.clone(),
            boot: None,
            preparation: Life::new(now),
            release: None,
        });
        row.boot.clone_from(&node.row.boot);
        job_node::begin(&mut row.preparation, node_key, now);
        Some(row)
    }

    /// Sends the preparation tasks that have just been saved.
    pub(super) async fn send_preparations(&mut self, begun: Vec<JobNodeRow>) -> Result<()> {
        for row in begun {
            let (job_key, node_key) = (row.job_key, row.node_key);
            self.hold_run(&row, Kind::Preparation);
            let run = self.run_of(&row, Kind::Preparation).await?;
            self.job_nodes.put(row);
            self.note_readiness(job_key, node_key);
            if let Some(run) = run {
                // To a node that has just gone: it is given back when the node returns or is lost.
                self.hub.send(node_key, ToAgent::Run { tasks: vec![run] });
            }
        }
        Ok(())
    }

    /// A preparation task is over: the tasks that wait for it go on, go elsewhere, or wait for its next attempt.
    pub(super) async fn after_preparation(&mut self, job_key: i64, node_key: i64) -> Result<()> {
        match self.readiness(job_key, node_key) {
            Readiness::Preparing => {}
            Readiness::Ready => {
                let waiting = self.take_awaiting(job_key, node_key);
                if !waiting.is_empty() {
                    self.hub.send(node_key, ToAgent::Run { tasks: waiting });
                }
            }
            Readiness::Failed => self.give_back_awaiting(job_key, node_key).await?,
            Readiness::Unprepared => {
                let can_run =
                    self.nodes.get(&node_key).is_some_and(|n| n.connection.is_some() && node::is_open(&n.facts));
                let is_wanted = self.awaiting.get(&(job_key, node_key)).is_some_and(|tasks| !tasks.is_empty());
                if is_wanted && can_run {
                    let row = self.begun_row(job_key, node_key, self.now());
                    self.save_job_nodes(row.into_iter().collect()).await?;
                    let row = self.job_nodes.get(job_key, node_key).cloned();
                    self.send_preparations(row.into_iter().collect()).await?;
                } else {
                    self.give_back_awaiting(job_key, node_key).await?;
                }
            }
        }
        if let Some(pool) = self.world.jobs.get(&job_key).and_then(|job| job.pool) {
            self.to_plan.insert(pool);
        }
        Ok(())
    }

    /// The tasks that wait for a preparation task, but for those that are being ended, or were while they waited.
    fn take_awaiting(&mut self, job_key: i64, node_key: i64) -> Vec<crate::api::agent::RunTask> {
        let mut waiting = self.awaiting.remove(&(job_key, node_key)).unwrap_or_default();
        waiting.retain(|run| {
            let (task, number) = (run.a.task, run.a.number);
            self.has(node_key, task, number) && !self.killed.contains(&(task, number))
        });
        waiting
    }

    async fn give_back_awaiting(&mut self, job_key: i64, node_key: i64) -> Result<()> {
        let attempts: Vec<_> = self.take_awaiting(job_key, node_key).into_iter().map(|run| run.a).collect();
        if attempts.is_empty() {
            return Ok(());
        }
        Box::pin(self.save_reports(vec![(node_key, FromAgent::GaveBack { attempts })])).await
    }

    /// Tasks that were waiting for a preparation task when the world was lost, with their jobs and nodes. They were not sent and
    /// wait again, unless the preparation task had ended well by then: such a task may run there, which its node will say.
    pub(super) async fn give_back_preparing(&mut self, tasks: Vec<(i64, i64, Attempt)>) -> Result<()> {
        let was_not_sent = |(job, node, _): &(i64, i64, Attempt)| self.readiness(*job, *node) != Readiness::Ready;
        let given_back = tasks
            .into_iter()
            .filter(was_not_sent)
            .map(|(_, node, attempt)| (node, FromAgent::GaveBack { attempts: vec![attempt] }));
        let given_back: Vec<_> = given_back.collect();
        self.save_reports(given_back).await
    }

    /// Preparation tasks of the job of which nodes have something left, ended or not.
    pub(super) fn n_preparing(&self, job_key: i64) -> i64 {
        let is_held = |row: &&JobNodeRow| {
            let pool = self.nodes.get(&row.node_key).and_then(|node| self.world.pools.get(&node.row.pool_key));
            let held = pool.and_then(|pool| pool.nodes.get(&row.node_key)).map(|node| &node.held);
            held.is_some_and(|held| held.contains_key(&job_node::attempt_key(row.key, Kind::Preparation)))
        };
        self.job_nodes.of_job(job_key).filter(is_held).count() as i64
    }
}
