//! What users want of single nodes is carried out: tasks end, and then the provider does it.

use super::driver::{Done, Driver, Node};
use super::load::attempt;
use super::nodes::Files;
use crate::api::NodeDeallocationOption;
use crate::api::agent::ToAgent;
use crate::domain::job_node::{self, Kind};
use crate::domain::node::{OrderKind, StartTaskFact, Step, Work, next_step};
use crate::service::Result;
use crate::store;

impl Driver {
    /// Users have said something to these nodes: takes it from the store.
    pub(super) async fn nodes_told(&mut self, keys: &[i64]) -> Result<()> {
        for key in keys {
            let mut conn = self.cx.store.read().await?;
            let stored = store::node::with_key(&mut conn, *key).await?;
            drop(conn);
            let lease = self.settings.lease.to_std().unwrap_or_default();
            let (Some(stored), Some(node)) = (stored, self.nodes.get_mut(key)) else { continue };
            let is_started = node.facts.deallocated && !stored.deallocated;
            (node.facts.order, node.facts.deallocated) = (stored.order, stored.deallocated);
            (node.facts.scheduling, node.facts.leaving) = (stored.scheduling, stored.leaving);
            if is_started {
                (node.facts.restarting, node.facts.lost) = (true, false);
                node.lost_at = Some(self.cx.clock.monotonic() + lease);
            }
            let row = &mut node.row;
            (row.word, row.order, row.deallocated) = (stored.word, stored.order, stored.deallocated);
            row.away_until = stored.away_until;
            (row.scheduling, row.disable_option, row.leaving) =
                (stored.scheduling, stored.disable_option, stored.leaving);
            (row.state, row.since) = (stored.state, stored.since);
            let pool_key = row.pool_key;
            self.node_changed(*key);
            self.to_order.insert(*key);
            self.dirty_pools.insert(pool_key);
            if is_started {
                self.ensure(*key);
            }
        }
        Ok(())
    }

    /// Takes the next step for each node of which a user wants something.
    pub(super) async fn carry_out_orders(&mut self) -> Result<()> {
        let keys = std::mem::take(&mut self.to_order);
        let waits_for_files = |key: &i64| {
            let order = self.nodes.get(key).and_then(|node| node.facts.order);
            order.is_some_and(|order| order.tasks == NodeDeallocationOption::RetainedData)
        };
        let waiting: Vec<i64> = keys.iter().copied().filter(waits_for_files).collect();
        let with_files = self.nodes_with_files(&waiting).await?;
        for key in keys {
            let Some(work) = self.work_of(key, with_files.contains(&key)) else { continue };
            match next_step(work) {
                Step::Stay => {}
                Step::GiveBackWaiting => self.recall_waiting(key),
                Step::EndTasks(option) => self.end_for_order(key, option).await?,
                Step::EndTasksAndCarryOut(option, kind) => {
                    self.end_for_order(key, option).await?;
                    self.carry_out(key, kind);
                }
                Step::CarryOut(kind) => self.carry_out(key, kind),
            }
        }
        Ok(())
    }

    fn work_of(&self, key: i64, keeps_files: bool) -> Option<Work> {
        let node = self.nodes.get(&key).filter(|node| node.is_told())?;
        let placed = self.world.pools.get(&node.row.pool_key).and_then(|pool| pool.nodes.get(&key));
        Some(Work {
            order: node.facts.order,
            disabled: node.row.disable_option,
            n_tasks: placed.map_or(0, |placed| placed.held.len()),
            connected: node.connection.is_some(),
            leaving: node.facts.leaving,
            keeps_files,
        })
    }

    async fn end_for_order(&mut self, key: i64, option: NodeDeallocationOption) -> Result<()> {
        let message = match self.nodes.get(&key).and_then(|node| node.facts.order) {
            Some(order) => match order.kind {
                OrderKind::Reboot => "The task's node was rebooted.",
                OrderKind::Reimage => "The task's node was reimaged.",
                OrderKind::Deallocate => "The task's node was deallocated.",
                OrderKind::Preempt => "The task's node was preempted.",
            },
            None => "Scheduling on the task's node was disabled.",
        };
        self.end_held(key, option, message).await
    }

    /// Asks for what the node has and has not begun.
    pub(super) fn recall_waiting(&self, key: i64) {
        let Some(node) = self.nodes.get(&key) else { return };
        let placed = self.world.pools.get(&node.row.pool_key).and_then(|pool| pool.nodes.get(&key));
        // Where only scheduling is disabled, a job that ends still releases the node.
        let stays = node.facts.order.is_none() && !node.facts.leaving;
        let is_release = |task: &i64| matches!(job_node::of_attempt(*task), Some((_, Kind::Release)));
        let waiting = placed
            .into_iter()
            .flat_map(|placed| &placed.held)
            .filter(|(task, held)| !(held.begun || stays && is_release(task)));
        let attempts: Vec<_> = waiting.map(|(task, held)| attempt(*task, held.attempt)).collect();
        if !attempts.is_empty() {
            self.hub.send(key, ToAgent::Recall { attempts });
        }
    }

    fn carry_out(&mut self, key: i64, kind: OrderKind) {
        let files = if kind.wipes() { Files::Go } else { Files::Stay };
        self.provider_works(key, Done::CarriedOut(key, kind), files, move |provider, node| match kind {
            OrderKind::Reboot | OrderKind::Deallocate => provider.kill(node),
            OrderKind::Reimage | OrderKind::Preempt => provider.remove(node),
        });
    }

    /// The agent and all it ran are dead: the node starts anew, or rests.
    pub(super) async fn order_carried_out(&mut self, key: i64, kind: OrderKind) -> Result<()> {
        let (deallocated, away) = (kind == OrderKind::Deallocate, kind == OrderKind::Preempt);
        let rests = deallocated || away;
        let lease = self.settings.lease.to_std().unwrap_or_default();
        let Some(node) = self.nodes.get_mut(&key) else { return Ok(()) };
        node.connection = None;
        node.lost_at = (!rests).then(|| self.cx.clock.monotonic() + lease);
        (node.facts.order, node.facts.deallocated, node.facts.away) = (None, deallocated, away);
        node.facts.restarting = !rests;
        (node.facts.lost, node.facts.broken, node.facts.start_task) = (false, false, StartTaskFact::NotBegun);
        node.facts.refused = false;
        let row = &mut node.row;
        (row.order, row.deallocated) = (None, deallocated);
        (row.ready, row.start_task_info) = (false, None);
        if kind.wipes() {
            row.ssh_host_key = None;
        }
        node.set_health(None);
        node.unsaved = true;
        let pool_key = node.row.pool_key;
        self.forget_remote(key);
        self.cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    if kind.wipes() {
                        // Whoever was let in to what was there is not let in to what comes.
                        store::node_user::delete_all(conn, key).await?;
                    }
                    Ok(store::node::forget_order(conn, key, deallocated).await?)
                })
            })
            .await?;
        if kind.wipes() {
            self.job_nodes_lose_files(key).await?;
        }
        // A node that rests is not waited for by jobs that end.
        self.dirty_jobs.extend(self.job_nodes.of_node(key).map(|row| row.job_key));
        self.node_changed(key);
        self.dirty_pools.insert(pool_key);
        Ok(())
    }

    /// Nodes that were taken away come back when their time is over. Looked at with each tick.
    pub(super) async fn bring_back(&mut self) -> Result<()> {
        let (now, lease) = (self.now(), self.settings.lease.to_std().unwrap_or_default());
        let is_due = |node: &Node| node.facts.away && node.row.away_until.is_none_or(|until| until <= now);
        let due: Vec<i64> = self.nodes.iter().filter(|(_, node)| is_due(node)).map(|(key, _)| *key).collect();
        if due.is_empty() {
            return Ok(());
        }
        let keys = due.clone();
        self.cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move { Ok(store::node::come_back(conn, &keys).await?) })
            })
            .await?;
        for key in due {
            let Some(node) = self.nodes.get_mut(&key) else { continue };
            (node.facts.away, node.facts.restarting, node.facts.lost) = (false, true, false);
            node.row.away_until = None;
            node.lost_at = Some(self.cx.clock.monotonic() + lease);
            let pool_key = node.row.pool_key;
            self.node_changed(key);
            self.dirty_pools.insert(pool_key);
            self.ensure(key);
        }
        Ok(())
    }
}
