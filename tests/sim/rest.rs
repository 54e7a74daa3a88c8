//! What must be when everything has come to rest: nothing waits without a reason.

use std::collections::BTreeSet;

use fournil::api::{
    AllocationState, JobState, NodeState, OnAllTasksComplete, PoolState, SchedulingState, TaskCreate, TaskState,
};
use fournil::domain::job_node::{self, Readiness};
use fournil::domain::multi_instance;
use fournil::domain::task::Phase;
use fournil::store::job::JobRow;
use fournil::store::node::NodeRow;
use fournil::store::pool::PoolRow;
use fournil::store::{self, Conn};

use crate::world::{Outcome, World};

impl World {
    /// What still moves.
    pub async fn unrest(&mut self) -> Vec<String> {
        let Some(server) = &self.server else { return vec!["there is no server".into()] };
        let mut conn = server.cx.store.read().await.unwrap();
        let mut found = Vec::new();
        for row in store::task::assigned(&mut conn, None).await.unwrap() {
            found.push(format!("task {} ({}) is {:?} on {:?}", row.key, row.id, row.life.phase, row.life.node_key));
        }
        let pools = store::pool::all(&mut conn).await.unwrap();
        for pool in &pools {
            if pool.state != PoolState::Active || pool.allocation != AllocationState::Steady {
                found.push(format!("pool {} is {:?}, {:?}", pool.id, pool.state, pool.allocation));
            }
        }
        for job in store::job::unfinished(&mut conn).await.unwrap() {
            if !matches!(job.state, JobState::Active | JobState::Disabled) {
                found.push(format!("job {} is {:?}", job.id, job.state));
            }
            let counts = job.counts.task_counts;
            let ends_itself = job.settings.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob);
            if job.state == JobState::Active && ends_itself && counts.active + counts.running == 0 {
                found.push(format!("job {} has nothing left to do and does not end", job.id));
            }
        }
        for row in store::job_node::unfinished(&mut conn).await.unwrap() {
            let phases = [Some(row.preparation.phase), row.release.as_ref().map(|life| life.phase)];
            let moves = |phase: &Phase| matches!(phase, Phase::Assigned | Phase::Preparing | Phase::Running);
            if phases.iter().flatten().any(moves) {
                found.push(format!("job {} on node {} is {phases:?}", row.job_key, row.node_key));
            }
        }
        let nodes = store::node::all(&mut conn, None).await.unwrap();
        drop(conn);
        found.extend(nodes.iter().filter_map(|node| self.unrest_of(node)));
        let known: BTreeSet<&String> = nodes.iter().map(|node| &node.id).collect();
        let strangers = self.machines.keys().filter(|id| !known.contains(id));
        found.extend(strangers.map(|id| format!("{id} has a machine and no row")));
        found
    }

    fn unrest_of(&self, node: &NodeRow) -> Option<String> {
        use NodeState as S;
        let machine = self.machines.get(&node.id);
        let has_agent = machine.is_some_and(|machine| machine.agent.is_some());
        let is_settled = match node.state {
            S::Idle | S::Offline | S::StartTaskFailed => {
                has_agent && machine.is_some_and(|machine| machine.wire.is_some() && machine.runs.is_empty())
            }
            S::Deallocated => !has_agent && machine.is_none_or(|machine| machine.runs.is_empty()),
            _ => false,
        };
        (!is_settled).then(|| format!("node {} ({}) is {:?}, agent: {has_agent}", node.key, node.id, node.state))
    }

    /// Promises are kept, and what waits has a reason.
    pub async fn check_rest(&mut self) -> Outcome {
        let Some(server) = &self.server else { return Ok(()) };
        let mut conn = server.cx.store.read().await.unwrap();
        let pools = store::pool::all(&mut conn).await.unwrap();
        let nodes = store::node::all(&mut conn, None).await.unwrap();
        for pool in &pools {
            check_size(pool, &nodes)?;
        }
        let jobs: Vec<i64> = sqlx::query_scalar("SELECT key FROM jobs").fetch_all(&mut *conn).await.unwrap();
        for job in store::job::with_keys(&mut conn, &jobs).await.unwrap() {
            if self.users.to_vanish.contains(&job.id) {
                return Err(format!("the job {} was deleted and is there", job.id));
            }
            if self.users.to_end.contains(&job.id) && job.state != JobState::Completed {
                return Err(format!("the job {} was terminated and is {:?}", job.id, job.state));
            }
            check_tasks(&mut conn, &job, &pools, &nodes).await?;
        }
        Ok(())
    }
}

/// A pool whose last resize has succeeded has the size that was wished.
fn check_size(pool: &PoolRow, nodes: &[NodeRow]) -> Outcome {
    let count = |dedicated| nodes.iter().filter(|n| n.pool_key == pool.key && n.dedicated == dedicated).count() as i64;
    let has_errors = pool.resize_errors.as_ref().is_some_and(|errors| !errors.is_empty());
    let sizes = (count(true), count(false));
    if has_errors || sizes == (pool.target.dedicated, pool.target.low_priority) {
        Ok(())
    } else {
        Err(format!("the pool {} is steady with {sizes:?} nodes and wants {:?}", pool.id, pool.target))
    }
}

/// Tasks that nobody holds up run.
async fn check_tasks(conn: &mut Conn, job: &JobRow, pools: &[PoolRow], nodes: &[NodeRow]) -> Outcome {
    if job.state != JobState::Active {
        return Ok(());
    }
    let keys: Vec<i64> = sqlx::query_scalar("SELECT key FROM tasks WHERE job_key = ? AND state <> 'completed'")
        .bind(job.key)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    let prepared = store::job_node::unfinished(conn).await.unwrap();
    let pool = pools.iter().find(|pool| pool.account_key == job.account_key && pool.id == job.pool_id);
    for task in store::task::with_keys(conn, &keys).await.unwrap() {
        let Some(pool) = pool.filter(|_| task.n_waits == 0) else { continue };
        let settings: TaskCreate = serde_json::from_str(&task.settings).unwrap();
        let several = settings.multi_instance_settings.as_ref().map(multi_instance::n_instances);
        let can_run = |node: &&NodeRow| {
            let preparation = job.settings.job_preparation_task.as_ref();
            let row = prepared.iter().find(|row| row.job_key == job.key && row.node_key == node.key);
            let has_failed = preparation.zip(row).is_some_and(|(task, row)| {
                job_node::readiness(task, &row.preparation, row.boot == node.boot) == Readiness::Failed
            });
            let is_open = node.state == NodeState::Idle && node.scheduling == SchedulingState::Enabled;
            node.pool_key == pool.key && is_open && node.slots >= task.slots && !has_failed
        };
        let n_idle = nodes.iter().filter(can_run).count();
        if several.is_some_and(|n| n_idle < n as usize || pool.settings.enable_inter_node_communication != Some(true)) {
            continue;
        }
        if let Some(node) = nodes.iter().find(can_run) {
            let state: TaskState = task.life.state();
            let of = several.map_or(String::new(), |n| format!(" for {n} nodes"));
            return Err(format!(
                "{}/{} is {state:?} and waits{of} though {n_idle} like {} are idle",
                job.id, task.id, node.id
            ));
        }
    }
    Ok(())
}
