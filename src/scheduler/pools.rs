//! Pools follow their targets: nodes are made, leave and are removed.

use crate::domain::steady::HashSet;

use super::driver::Driver;
use super::gangs::tasks_of;
use super::load;
use super::remote::assign_endpoints;
use crate::api::{AllocationState, Changed, NodeDeallocationOption, NodeState, PoolState, SchedulingState, Timestamp};
use crate::domain::job_node::{self, Kind};
use crate::domain::multi_instance;
use crate::domain::pool::{self, NodeView, Sizes, Steps, View};
use crate::domain::task::Event;
use crate::service::Result;
use crate::service::ledger::Ledger;
use crate::store;
use crate::store::endpoint::EndpointRow;
use crate::store::node::NodeRow;
use crate::store::pool::PoolRow;

/// Nodes that one pass makes at most; the next pass follows at once.
const MOST_NEW_NODES: i64 = 200;

impl Driver {
    pub(super) async fn reconcile_pools(&mut self) -> Result<()> {
        for key in std::mem::take(&mut self.dirty_pools) {
            let mut conn = self.cx.store.read().await?;
            let Some(row) = store::pool::with_key(&mut conn, key).await? else { continue };
            if !self.pools.contains_key(&key) {
                let accounts = load::accounts(&mut conn).await?;
                self.add_pool(&accounts, &row);
                // Jobs may have waited for a pool of this name.
                self.dirty_jobs.extend(self.jobs.keys());
            }
            self.refresh_pool(&row);
            let asked = store::pool::cores_asked(&mut conn, row.account_key, key).await?;
            let quotas = store::account::quotas(&mut conn, row.account_key).await?;
            drop(conn);
            let cores = row.cores.max(1);
            let allowed = Sizes {
                dedicated: (quotas.dedicated_core_quota - asked.dedicated).max(0) / cores,
                low_priority: (quotas.low_priority_core_quota - asked.low_priority).max(0) / cores,
            };
            let with_files = self.leaving_with_files(&row).await?;
            let view = self.view(&row, allowed, &with_files);
            let steps = pool::next_steps(&view, self.now());
            if steps != Steps::default() {
                self.take_steps(row, steps).await?;
            }
        }
        Ok(())
    }

    /// Leaving nodes that have files of ended tasks, where those are to be waited for.
    async fn leaving_with_files(&self, row: &PoolRow) -> Result<HashSet<i64>> {
        if row.deallocation != NodeDeallocationOption::RetainedData {
            return Ok(HashSet::default());
        }
        let leaving = self.nodes.values().filter(|node| node.row.pool_key == row.key && node.facts.leaving);
        let leaving: Vec<i64> = leaving.map(|node| node.row.key).collect();
        self.nodes_with_files(&leaving).await
    }

    fn view(&self, row: &PoolRow, allowed: Sizes, with_files: &HashSet<i64>) -> View {
        let placed = self.world.pools.get(&row.key);
        let nodes = self.nodes.values().filter(|node| node.row.pool_key == row.key).map(|node| {
            let n_tasks = placed.and_then(|p| p.nodes.get(&node.row.key)).map_or(0, |n| n.held.len());
            let state = if node.facts.leaving { NodeState::LeavingPool } else { node.row.state };
            NodeView {
                key: node.row.key,
                dedicated: node.row.dedicated,
                state,
                n_tasks,
                keeps_files: with_files.contains(&node.row.key),
                settled: node.facts.joined || node.facts.rests(),
            }
        });
        let mut nodes: Vec<NodeView> = nodes.collect();
        nodes.sort_by_key(|node| node.key);
        View {
            state: row.state,
            allocation: row.allocation,
            target: row.target,
            deadline: row.deadline,
            deallocation: row.deallocation,
            allowed,
            nodes,
        }
    }

    async fn take_steps(&mut self, mut row: PoolRow, steps: Steps) -> Result<()> {
        let now = self.now();
        if steps.create != Sizes::default() {
            self.create_nodes(&row, steps.create, now).await?;
        }
        for key in steps.leave {
            self.node_leaves(row.key, key);
        }
        for key in steps.give_back {
            self.recall_waiting(key);
        }
        for key in steps.end_tasks {
            self.end_tasks_of(key, row.deallocation).await?;
        }
        for key in steps.remove {
            self.provider_remove(key);
        }
        if steps.vanish {
            return self.vanish(row).await;
        }
        if let Some(errors) = steps.become_steady {
            (row.allocation, row.allocation_since) = (AllocationState::Steady, now);
            (row.resize_errors, row.deadline) = (Some(errors), None);
            let saved = row.clone();
            self.cx
                .store
                .write::<_, crate::service::Error, _>(move |conn| {
                    Box::pin(async move {
                        // A user's word that came between stands.
                        let current = store::pool::with_key(conn, saved.key).await?;
                        if current.is_some_and(|c| c.etag == saved.etag && c.state == PoolState::Active) {
                            store::pool::save(conn, &saved).await?;
                        }
                        Ok(())
                    })
                })
                .await?;
        }
        if let Some(pool) = self.pools.get(&row.key) {
            self.cx.events.tell(pool.account.as_str(), Changed::Pool { pool: pool.id.clone() });
        }
        // A deleted pool goes on by itself: leaving nodes become empty, and then nothing is left.
        if self.dirty_pools.contains(&row.key) {
            self.cx.signals.send(crate::service::context::Signal::Pool(row.key));
        }
        Ok(())
    }

    /// The node takes no more tasks and goes when it has none.
    pub(super) fn node_leaves(&mut self, pool_key: i64, key: i64) {
        if let Some(node) = self.nodes.get_mut(&key) {
            (node.facts.leaving, node.row.leaving, node.unsaved) = (true, true, true);
            self.node_changed(key);
            self.dirty_pools.insert(pool_key);
        }
    }

    async fn create_nodes(&mut self, pool: &PoolRow, sizes: Sizes, now: Timestamp) -> Result<()> {
        let kinds = [(true, sizes.dedicated), (false, sizes.low_priority)];
        let mut rows = Vec::new();
        for (dedicated, count) in kinds {
            for _ in 0..count.min(MOST_NEW_NODES) {
                rows.push(self.new_node(pool, dedicated, now));
            }
        }
        let (pool_, new) = (pool.clone(), rows.clone());
        let (made, mut endpoints): (Vec<NodeRow>, Vec<EndpointRow>) = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    store::node::insert(conn, pool_.key, &new).await?;
                    let mut made = Vec::new();
                    for row in &new {
                        made.extend(store::node::with_id(conn, &row.id).await?);
                    }
                    let endpoints = assign_endpoints(conn, &pool_, &made).await?;
                    Ok((made, endpoints))
                })
            })
            .await?;
        for row in made {
            let key = row.key;
            self.add_node(row, self.cx.clock.monotonic());
            self.set_endpoints(key, endpoints.extract_if(.., |endpoint| endpoint.node_key == key).collect());
            self.ensure(key);
        }
        if sizes.dedicated > MOST_NEW_NODES || sizes.low_priority > MOST_NEW_NODES {
            self.dirty_pools.insert(pool.key);
        }
        Ok(())
    }

    fn new_node(&self, pool: &PoolRow, dedicated: bool, now: Timestamp) -> NodeRow {
        let id = format!("tvmps_{}_{}", self.cx.random.hex(8), if dedicated { 'd' } else { 'p' });
        NodeRow {
            key: 0,
            pool_key: pool.key,
            token: format!("{id}.{}", self.cx.random.hex(32)),
            id,
            dedicated,
            state: NodeState::Creating,
            since: now,
            scheduling: SchedulingState::Enabled,
            word: 0,
            disable_option: None,
            order: None,
            deallocated: false,
            away_until: None,
            slots: pool.settings.slots_per_node(),
            allocated: now,
            user_block: None,
            booted: None,
            boot: None,
            ip_address: String::new(),
            agent_version: None,
            start_task_info: None,
            ssh_host_key: None,
            limits: None,
            ready: false,
            leaving: false,
            errors: Vec::new(),
            recent: Vec::new(),
            running_tasks: 0,
            running_slots: 0,
            tasks_run: 0,
            tasks_succeeded: 0,
        }
    }

    /// Ends or requeues what a leaving node has. One that cannot be told is stopped with all it runs.
    async fn end_tasks_of(&mut self, node_key: i64, option: NodeDeallocationOption) -> Result<()> {
        self.end_held(node_key, option, "The task's node left the pool.").await?;
        if self.nodes.get(&node_key).is_some_and(|node| node.connection.is_none()) {
            self.provider_remove(node_key);
        }
        Ok(())
    }

    /// Ends or requeues what a node has; what was told to end is not told again.
    pub(super) async fn end_held(
        &mut self,
        node_key: i64,
        option: NodeDeallocationOption,
        message: &'static str,
    ) -> Result<()> {
        let Some(node) = self.nodes.get(&node_key) else { return Ok(()) };
        let held = self.world.pools.get(&node.row.pool_key).and_then(|p| p.nodes.get(&node_key)).map(|n| &n.held);
        let attempts = held.into_iter().flatten().map(|(task, held)| (*task, held.attempt));
        let mut attempts: Vec<(i64, i64)> = attempts.collect();
        if node.facts.order.is_none() && !node.facts.leaving {
            // Where only scheduling is disabled, a job that ends still releases the node.
            attempts.retain(|(task, _)| !matches!(job_node::of_attempt(*task), Some((_, Kind::Release))));
        }
        if option == NodeDeallocationOption::Terminate {
            self.terminate_tasks(attempts.iter().map(|(task, _)| *task).collect(), message).await?;
        } else {
            self.requeue.extend(attempts.iter().copied());
        }
        for (task, number) in attempts {
            self.kill(node_key, task, number);
            if option == NodeDeallocationOption::Terminate {
                self.end_instances(multi_instance::of_attempt(task).0, number);
            }
        }
        Ok(())
    }

    /// Ends tasks in the store; their attempts are killed by the caller.
    pub(super) async fn terminate_tasks(&mut self, keys: Vec<i64>, message: &'static str) -> Result<()> {
        let (keys, now) = (tasks_of(keys), self.now());
        let after = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    let mut ledger = Ledger::default();
                    for row in store::task::with_keys(conn, &keys).await? {
                        // Completed meanwhile: so be it.
                        let _ = ledger.apply(&row, Event::Terminate { message }, 0, now);
                    }
                    Ok(ledger.save(conn, now).await?)
                })
            })
            .await?;
        after.tell(&self.cx.signals);
        Ok(())
    }

    pub(super) async fn node_removed(&mut self, key: i64) -> Result<()> {
        let Some(node) = self.nodes.remove(&key) else { return Ok(()) };
        self.hub.forget(key);
        self.cleaning.remove(&key);
        self.ports_changed = true;
        let (pool_key, now) = (node.row.pool_key, self.now());
        if let Some(pool) = self.world.pools.get_mut(&pool_key) {
            pool.remove_node(key);
        }
        self.dirty_nodes.remove(&key);
        self.cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    // As stored: its counters may be newer than what the driver remembers.
                    if let Some(row) = store::node::with_key(conn, key).await? {
                        store::node::delete(conn, &[row], now).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.dirty_pools.insert(pool_key);
        if let Some(pool) = self.pools.get(&pool_key) {
            self.cx.events.tell(pool.account.as_str(), Changed::Pool { pool: pool.id.clone() });
        }
        Ok(())
    }

    async fn vanish(&mut self, row: PoolRow) -> Result<()> {
        let (key, now) = (row.key, self.cx.clock.now());
        self.cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move { Ok(store::pool::delete(conn, &row, now).await?) })
            })
            .await?;
        self.world.pools.remove(&key);
        if let Some(pool) = self.pools.remove(&key) {
            self.cx.events.tell(pool.account.as_str(), Changed::Pool { pool: pool.id });
        }
        for job in self.world.jobs.values_mut().filter(|job| job.pool == Some(key)) {
            job.pool = None;
        }
        crate::service::account::accounts_finish_delete(&self.cx).await
    }
}
