//! Builds the world from the store: at the start, and whenever the driver cannot be sure of what it knows.

use super::driver::{Driver, Job, Node, Pool};
use super::job_nodes::JobNodes;
use super::remote::{self, Remote};
use super::sample_nodes::Recent;
use super::sample_pools::Measures;
use crate::api::agent::{Attempt, NodeSize};
use crate::api::{self, OnAllTasksComplete, StartTaskState, TaskExecutionResult};
use crate::domain::ids::AccountName;
use crate::domain::job_node::Kind;
use crate::domain::node::{Facts, StartTaskFact};
use crate::domain::placement::{self, Demands, Held, Waiting, World};
use crate::domain::steady::{HashMap, HashSet};
use crate::domain::{endpoint, job, job_rules, multi_instance, network_access, task, vm_size};
use crate::service::Result;
use crate::service::context::Signal;
use crate::store::job::JobRow;
use crate::store::job_node::JobNodeRow;
use crate::store::node::NodeRow;
use crate::store::pool::PoolRow;
use crate::store::{self, Conn};

/// Waiting tasks of a job that are kept in memory: more are read when fewer than the first number are left.
const WINDOW_LOW: usize = 512;
pub(super) const WINDOW: i64 = 4096;

impl Driver {
    pub(super) async fn rebuild(&mut self) -> Result<()> {
        let store = self.cx.store.clone();
        let mut conn = store.read().await?;
        let accounts = accounts(&mut conn).await?;
        self.world = World::default();
        (self.pools, self.jobs, self.nodes) = (HashMap::default(), HashMap::default(), HashMap::default());
        self.job_nodes = JobNodes::default();
        self.awaiting.clear();
        self.gangs.clear();
        self.killed.clear();
        self.requeue.clear();
        self.early_starts.clear();
        for pool in store::pool::all(&mut conn).await? {
            self.add_pool(&accounts, &pool);
        }
        let lease = self.settings.lease.to_std().unwrap_or_default();
        for row in store::node::all(&mut conn, None).await? {
            self.add_node(row, self.cx.clock.monotonic() + lease);
        }
        let (mut preparing, mut primaries) = (Vec::new(), Vec::new());
        for row in store::task::assigned(&mut conn, None).await? {
            if row.life.phase == task::Phase::Preparing {
                let node_key = row.life.node_key.unwrap_or_default();
                preparing.push((row.job_key, node_key, attempt(row.key, row.life.attempt)));
            }
            let node = row.life.node_key.and_then(|key| self.nodes.get(&key));
            let Some(pool) = node.and_then(|n| self.world.pools.get_mut(&n.row.pool_key)) else { continue };
            let begun = row.life.phase == task::Phase::Running;
            let node_key = row.life.node_key.unwrap_or_default();
            let slots = pool.slots_taken(node_key, row.slots, row.demands);
            let held = Held { job: row.job_key, attempt: row.life.attempt, slots, since: row.life.since, begun };
            pool.hold(node_key, row.key, held);
            if row.demands.instances > 0 {
                primaries.push((row.key, row.job_key, row.life.attempt, node_key));
            }
        }
        let subtasks = store::subtask::live(&mut conn).await?;
        self.hold_subtasks(primaries, subtasks);
        self.hold_what_may_end(store::subtask::of_waiting(&mut conn).await?);
        store::job_node::unfinished(&mut conn).await?.into_iter().for_each(|row| self.job_nodes.put(row));
        for row in store::job::unfinished(&mut conn).await? {
            self.put_job(&accounts, row);
        }
        self.dirty_schedules.extend(store::job_schedule::unfinished(&mut conn).await?);
        drop(conn);
        self.hold_runs();
        self.load_endpoints().await?;
        for key in self.nodes.keys().copied().collect::<Vec<_>>() {
            self.node_changed(key);
        }
        self.dirty_pools.extend(self.pools.keys());
        self.dirty_jobs.extend(self.jobs.keys());
        self.to_plan.extend(self.pools.keys());
        self.to_order.extend(self.nodes.keys());
        self.give_back_preparing(preparing).await?;
        // What was left when the server stopped.
        self.cx.signals.send(Signal::Releases);
        Ok(())
    }

    /// Preparation and release tasks that nodes have.
    fn hold_runs(&mut self) {
        let rows: Vec<JobNodeRow> = self.job_nodes.all().cloned().collect();
        for row in rows {
            for kind in [Kind::Preparation, Kind::Release] {
                if row.life(kind).is_some_and(|life| life.live_attempt().is_some()) {
                    self.hold_run(&row, kind);
                }
            }
        }
    }

    pub(super) fn add_pool(&mut self, accounts: &HashMap<i64, AccountName>, pool: &PoolRow) {
        let Some(account) = accounts.get(&pool.account_key) else { return };
        let placed = self.world.pools.entry(pool.key);
        let placed =
            placed.or_insert_with(|| placement::Pool::new(pool.settings.fill_type(), pool.settings.is_in_job_order()));
        placed.inter_node = pool.settings.enable_inter_node_communication == Some(true);
        let known = Pool {
            account: account.clone(),
            account_key: pool.account_key,
            id: pool.id.clone(),
            slots: pool.settings.slots_per_node(),
            size: self.size_of(&pool.settings.vm_size),
            start_task: pool.settings.start_task.clone(),
            packages: pool.settings.application_package_references.clone().unwrap_or_default(),
            mounts: pool.settings.mount_configuration.clone().unwrap_or_default(),
            accounts: users_of_pool(pool),
            containers: pool.settings.container_configuration().cloned(),
            nat_pools: nat_pools(pool),
        };
        self.pools.insert(pool.key, known);
    }

    /// All locations are this machine, with the same sizes.
    fn size_of(&self, name: &str) -> Option<NodeSize> {
        let locations = &self.cx.installation.locations;
        let size = locations.iter().find_map(|location| vm_size::find(&location.vm_sizes, name))?;
        Some(NodeSize { cores: size.cores, memory_mib: size.memory_mib })
    }

    /// Takes settings that a user has changed; they reach nodes that start from now on.
    pub(super) fn refresh_pool(&mut self, pool: &PoolRow) {
        let size = self.size_of(&pool.settings.vm_size);
        if let Some(known) = self.pools.get_mut(&pool.key) {
            known.slots = pool.settings.slots_per_node();
            known.size = size;
            known.start_task = pool.settings.start_task.clone();
            known.packages = pool.settings.application_package_references.clone().unwrap_or_default();
            known.mounts = pool.settings.mount_configuration.clone().unwrap_or_default();
            known.accounts = users_of_pool(pool);
            known.nat_pools = nat_pools(pool);
        }
        self.world.set_policy(pool.key, pool.settings.fill_type(), pool.settings.is_in_job_order());
        if let Some(placed) = self.world.pools.get_mut(&pool.key) {
            placed.inter_node = pool.settings.enable_inter_node_communication == Some(true);
        }
    }

    /// A node that was just made, or one of the store.
    pub(super) fn add_node(&mut self, row: NodeRow, lost_at: std::time::Duration) {
        let has_preliminaries = self.pools.get(&row.pool_key).is_some_and(super::driver::Pool::has_preliminaries);
        let facts = Facts {
            joined: row.boot.is_some(),
            lost: false,
            leaving: row.leaving,
            broken: row.errors.iter().any(remote::is_fatal),
            refused: row.errors.iter().any(|error| error.code == network_access::AGENT_REFUSED),
            order: row.order,
            deallocated: row.deallocated,
            away: row.away_until.is_some() && row.order.is_none(),
            restarting: false,
            start_task: start_task_fact(has_preliminaries, &row),
            scheduling: row.scheduling,
            busy: false,
        };
        let lost_at = (facts.joined && !facts.rests()).then_some(lost_at);
        let key = row.key;
        let (measures, recent, remote) = (Measures::default(), Recent::default(), Remote::default());
        let (connection, from) = (None, None);
        let node = Node { row, facts, connection, from, lost_at, unsaved: false, measures, recent, remote };
        self.nodes.insert(key, node);
        self.node_changed(key);
    }

    /// Puts a job as it is stored into the world; a completed one leaves it.
    pub(super) fn put_job(&mut self, accounts: &HashMap<i64, AccountName>, row: JobRow) {
        self.world.unqueue_job(row.key);
        let Some(account) = accounts.get(&row.account_key) else { return };
        let pool = self
            .pools
            .iter()
            .find(|(_, p)| p.account_key == row.account_key && p.id.eq_ignore_ascii_case(&row.pool_id));
        let pool = pool.map(|(key, _)| *key);
        let priority = row.settings.priority.unwrap_or(0);
        let most = row.settings.max_parallel_tasks.filter(|n| *n > 0).map_or(i64::MAX, i64::from);
        let held = self.world.pools.values().flat_map(|p| p.nodes.values()).flat_map(|n| &n.held);
        let is_task = |key: i64| key > 0 && multi_instance::of_attempt(key).1 == 0;
        let (on_nodes, is_new) = match self.world.jobs.get(&row.key) {
            Some(known) => (known.on_nodes, false),
            // Preparation and release tasks, with negative keys, are none of the job's tasks, and subtasks are counted with theirs.
            None => (held.filter(|(task, held)| is_task(**task) && held.job == row.key).count() as i64, true),
        };
        let open = job::runs_tasks(row.state);
        let placed = self.world.jobs.entry(row.key).or_insert_with(|| placement::Job::new(pool, priority, open, most));
        (placed.pool, placed.priority, placed.open, placed.most, placed.on_nodes) =
            (pool, priority, open, most, on_nodes);
        (placed.preemptible, placed.strict) =
            (row.settings.allow_task_preemption == Some(true), job_rules::keeps_order(&row.settings));
        let ends_itself = row.settings.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob);
        let known = Job {
            account: account.clone(),
            account_key: row.account_key,
            id: row.id,
            watches_counts: ends_itself || !open,
            environment: row.settings.common_environment_settings.unwrap_or_default(),
            constraints: row.settings.constraints,
            preparation: row.settings.job_preparation_task,
            release: row.settings.job_release_task,
        };
        if is_new {
            placed.preparation = known.preparation.as_ref().map(|_| placement::Preparation::default());
        }
        self.jobs.insert(row.key, known);
        if is_new {
            self.note_readiness_of_job(row.key);
        }
        self.world.queue_job(row.key);
        self.to_plan.extend(pool);
    }

    pub(super) fn forget_job(&mut self, key: i64) {
        self.world.unqueue_job(key);
        self.world.jobs.remove(&key);
        self.jobs.remove(&key);
        self.job_nodes.forget_job(key);
        self.awaiting.retain(|(job, _), _| *job != key);
    }

    /// Reads waiting tasks of the job into its window, when it has few and there are more.
    pub(super) async fn fill_window(&mut self, key: i64) -> Result<()> {
        let Some(job) = self.world.jobs.get(&key) else { return Ok(()) };
        if !job.more || !job.open || job.waiting.len() >= WINDOW_LOW {
            return Ok(());
        }
        let after = job.loaded_to;
        let mut conn = self.cx.store.read().await?;
        let tasks = store::task::waiting(&mut conn, key, after, WINDOW).await?;
        let nodes: HashMap<&str, i64> = self.nodes.iter().map(|(key, node)| (node.row.id.as_str(), *key)).collect();
        let ending: HashSet<i64> =
            self.killed.iter().map(|(task, _)| *task).filter(|task| self.is_held(*task)).collect();
        let Some(job) = self.world.jobs.get_mut(&key) else { return Ok(()) };
        job.more = tasks.len() as i64 == WINDOW;
        job.loaded_to = tasks.last().map_or(after, |task| task.key);
        for task in tasks.into_iter().filter(|task| !ending.contains(&task.key)) {
            let wish = task.affinity.as_deref().and_then(|wish| wish.strip_prefix("TVM:"));
            let affinity = wish.and_then(|node| nodes.get(node)).copied();
            job.waiting.insert(task.key, Waiting { slots: task.slots, affinity, demands: task.demands });
        }
        self.world.queue_job(key);
        Ok(())
    }

    /// Tasks were added to a job, or came back by a user's word.
    pub(super) async fn tasks_added(&mut self, key: i64) -> Result<()> {
        let Some(job) = self.world.jobs.get_mut(&key) else {
            self.dirty_jobs.insert(key);
            return Ok(());
        };
        job.more = true;
        self.to_plan.extend(job.pool);
        if self.jobs.get(&key).is_some_and(|job| job.watches_counts) {
            self.dirty_jobs.insert(key);
        }
        Ok(())
    }

    /// Whether a node still has an attempt of the task.
    pub(super) fn is_held(&self, task: i64) -> bool {
        self.world.pools.values().flat_map(|pool| pool.nodes.values()).any(|node| node.held.contains_key(&task))
    }

    /// A task waits again. One beyond the window is found when the window gets there; one that a node still has comes
    /// back when the node says that nothing of it is left.
    pub(super) fn task_back(&mut self, job_key: i64, task: i64, slots: i32, demands: Demands) {
        let is_held = self.is_held(task);
        let Some(job) = self.world.jobs.get_mut(&job_key) else { return };
        if task <= job.loaded_to && !is_held {
            job.waiting.insert(task, Waiting { slots, affinity: None, demands });
        }
        job.more = true;
        self.to_plan.extend(job.pool);
        self.world.queue_job(job_key);
    }
}

/// Names of all accounts by key.
pub(super) async fn accounts(conn: &mut Conn) -> Result<HashMap<i64, AccountName>> {
    Ok(store::account::names(conn).await?.into_iter().collect())
}

/// How far the start task is, and what comes before it, as the store remembers it.
/// The pool's users; their secrets are nothing that a node needs.
fn users_of_pool(pool: &PoolRow) -> Vec<api::UserAccount> {
    let accounts = pool.settings.user_accounts.iter().flatten().cloned();
    accounts.map(api::UserAccount::without_secrets).collect()
}

fn start_task_fact(has_preliminaries: bool, row: &NodeRow) -> StartTaskFact {
    match (&row.start_task_info, row.ready, has_preliminaries) {
        (_, true, _) | (_, _, false) => StartTaskFact::Done,
        (None, false, true) => StartTaskFact::NotBegun,
        (Some(info), false, true) => match (info.state, info.result) {
            (StartTaskState::Completed, Some(TaskExecutionResult::Failure)) => StartTaskFact::Failed,
            _ => StartTaskFact::Running,
        },
    }
}

pub(super) fn attempt(task: i64, number: i64) -> Attempt {
    Attempt { task, number }
}

fn nat_pools(pool: &PoolRow) -> Vec<crate::api::InboundNatPool> {
    endpoint::nat_pools(pool.settings.network_configuration.as_ref(), pool.maps_ssh)
}
