//! Files of ended tasks go from their nodes when their time is over. When that is stands in the store, so nothing is
//! forgotten while the server or an agent is away: what is due when they come back goes then.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::steady::HashSet;

use super::driver::Driver;
use crate::api::Timestamp;
use crate::domain::job_node::{self, Kind};
use crate::domain::task;
use crate::service::context::Signal;
use crate::service::{Error, Result};
use crate::store::job::JobRow;
use crate::store::{self, Conn};

/// Folders that go in one transaction; the next tick takes the next.
const MOST_FOLDERS: i64 = 2000;

impl Driver {
    pub(super) async fn remove_old_files(&mut self) -> Result<()> {
        let now = self.now();
        if !store::retention::is_due(&mut *self.cx.store.read().await?, now).await? {
            return Ok(());
        }
        let nodes = self
            .cx
            .store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move {
                    let mut folders = old_tasks(conn, now).await?;
                    folders.extend(old_runs(conn, now).await?);
                    store::node::clean_up_many(conn, &folders).await?;
                    Ok(folders.into_iter().map(|(node, _)| node).collect::<BTreeSet<i64>>())
                })
            })
            .await?;
        self.cx.signals.send(Signal::CleanUps(nodes.into_iter().collect()));
        Ok(())
    }

    /// Those of the nodes that still have files of ended tasks which are to be kept.
    pub(super) async fn nodes_with_files(&self, nodes: &[i64]) -> Result<HashSet<i64>> {
        if nodes.is_empty() {
            return Ok(HashSet::default());
        }
        let mut conn = self.cx.store.read().await?;
        Ok(store::retention::nodes_with_files(&mut conn, nodes, self.now()).await?.into_iter().collect())
    }
}

/// Marks the tasks whose files go, and gives their folders with the nodes that have them.
async fn old_tasks(conn: &mut Conn, now: Timestamp) -> Result<Vec<(i64, String)>> {
    let (mut folders, mut gone, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for due in store::retention::due_tasks(conn, now, MOST_FOLDERS).await? {
        // Its settings have the last word.
        let until = due.row.as_ref().and_then(store::task::TaskRow::files_until_now);
        match (due.row, until) {
            (Some(row), Some(until)) if until <= now => {
                gone.push(due.key);
                folders.extend(row.life.node_key.map(|node| (node, task::directory(&due.job, &row.id))));
            }
            _ => later.push((due.key, until)),
        }
    }
    store::retention::tasks_gone(conn, &gone).await?;
    store::retention::postpone(conn, &later).await?;
    Ok(folders)
}

/// The same of preparation and release tasks.
async fn old_runs(conn: &mut Conn, now: Timestamp) -> Result<Vec<(i64, String)>> {
    let due = store::retention::due_runs(conn, now, MOST_FOLDERS).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<i64> = due.iter().map(|run| run.job_key).collect::<BTreeSet<i64>>().into_iter().collect();
    let jobs: BTreeMap<i64, JobRow> =
        store::job::with_keys(conn, &keys).await?.into_iter().map(|job| (job.key, job)).collect();
    let mut folders = Vec::new();
    for run in &due {
        let Some(job) = jobs.get(&run.job_key) else { continue };
        let settings = &job.settings;
        let preparation = settings.job_preparation_task.as_ref().filter(|_| run.preparation);
        let release = settings.job_release_task.as_ref().filter(|_| run.release);
        let ids = [preparation.map(job_node::preparation_id), release.map(job_node::release_id)];
        folders.extend(ids.into_iter().flatten().map(|id| (run.node_key, task::directory(&job.id, id))));
    }
    let keys: Vec<i64> = due.iter().map(|run| run.key).collect();
    store::retention::runs_gone(conn, &keys, now).await?;
    Ok(folders)
}

/// The job is completed: from now on the time counts of the files of its preparation and release tasks.
pub(super) async fn job_ended(conn: &mut Conn, job: &JobRow, now: Timestamp) -> store::Result<()> {
    use crate::domain::retention::{of_run, until_of_run};
    if job.settings.job_preparation_task.is_none() {
        return Ok(());
    }
    let until = |life, kind| until_of_run(life, now, kind, of_run(&job.settings, kind));
    let rows = store::job_node::of_job(conn, job.key).await?;
    let untils: Vec<_> = rows
        .iter()
        .map(|row| {
            let release = row.release.as_ref().and_then(|life| until(life, Kind::Release));
            (row.key, until(&row.preparation, Kind::Preparation), release)
        })
        .collect();
    store::retention::set_runs_until(conn, &untils).await
}
