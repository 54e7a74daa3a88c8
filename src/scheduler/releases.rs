//! The release task of a job runs at its end, on each node where its preparation task began.

use super::driver::{Driver, Node};
use crate::api::agent::ToAgent;
use crate::domain::job::Releases;
use crate::domain::job_node::{self, Kind};
use crate::domain::node::StartTaskFact;
use crate::domain::task::{Life, Phase};
use crate::service::Result;
use crate::store::job::JobRow;
use crate::store::job_node::JobNodeRow;

impl Driver {
    /// How far the release of the job's nodes is. A node that is lost, deallocated, away or gone, or that can run nothing because its
    /// start task failed, is not waited for.
    pub(super) fn releases(&self, row: &JobRow) -> Releases {
        // A job that had ended before it was deleted has released its nodes.
        if row.settings.job_release_task.is_none() || row.ended.is_some() {
            return Releases::Done;
        }
        let mut found = Releases::Done;
        for row in self.job_nodes.of_job(row.key) {
            let is_needed = job_node::needs_release(&row.preparation, row.release.as_ref());
            let Some(node) = self.nodes.get(&row.node_key).filter(|node| is_needed && can_return(node)) else {
                continue;
            };
            let has_it = row.release.as_ref().is_some_and(|life| life.phase != Phase::Waiting);
            if !has_it && can_begin(node) {
                return Releases::ToBegin;
            }
            found = Releases::Pending;
        }
        found
    }

    /// Sends the release task to every connected node that needs it and has it not.
    pub(super) async fn begin_releases(&mut self, job_key: i64) -> Result<()> {
        let now = self.now();
        let to_begin = |row: &&JobNodeRow| {
            let is_there = self.nodes.get(&row.node_key).is_some_and(can_begin);
            let has_it = row.release.as_ref().is_some_and(|life| life.phase != Phase::Waiting);
            is_there && !has_it && job_node::needs_release(&row.preparation, row.release.as_ref())
        };
        let mut rows: Vec<JobNodeRow> = self.job_nodes.of_job(job_key).filter(to_begin).cloned().collect();
        for row in &mut rows {
            let life = row.release.get_or_insert_with(|| Life::new(now));
            job_node::begin(life, row.node_key, now);
        }
        self.save_job_nodes(rows.clone()).await?;
        for row in rows {
            self.hold_run(&row, Kind::Release);
            if let Some(run) = self.run_of(&row, Kind::Release).await? {
                self.hub.send(row.node_key, ToAgent::Run { tasks: vec![run] });
            }
        }
        Ok(())
    }
}

fn can_return(node: &Node) -> bool {
    !node.facts.lost && !node.facts.rests() && node.facts.start_task != StartTaskFact::Failed
}

/// A node that is about to be restarted or removed would be told to end it at once; on one whose start task is not over it
/// would wait.
fn can_begin(node: &Node) -> bool {
    let is_ready = node.facts.start_task == StartTaskFact::Done;
    is_ready && node.connection.is_some() && node.facts.order.is_none() && !node.facts.leaving
}
