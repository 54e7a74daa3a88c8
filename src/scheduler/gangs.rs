//! Multi-instance tasks while nodes have them: when all instances are ready the primary begins, and when one is over all are.

use std::collections::BTreeMap;

use super::driver::Driver;
use super::load::attempt;
use super::task_reports::{Report, most_retries};
use crate::api::Changed;
use crate::api::agent::{Attempt, ToAgent};
use crate::domain::multi_instance::{self, Gang, Subtask, attempt_key, failure_of_subtask, of_attempt};
use crate::domain::placement::{Assignment, Held};
use crate::domain::steady::HashMap;
use crate::domain::task::Event;
use crate::service::Result;
use crate::service::ledger::Ledger;
use crate::store;
use crate::store::subtask::Leftover;
use crate::store::task::TaskRow;

impl Driver {
    /// What nodes have of subtasks, when the world is built again. `primaries`: task, job, attempt and node.
    pub(super) fn hold_subtasks(
        &mut self,
        primaries: Vec<(i64, i64, i64, i64)>,
        mut subtasks: HashMap<i64, Vec<Subtask>>,
    ) {
        for (task, job, number, node) in primaries {
            let others = subtasks.remove(&task).unwrap_or_default();
            let others: Vec<Subtask> = others.into_iter().filter(|subtask| subtask.attempt == number).collect();
            for subtask in &others {
                let Some(live) = self.nodes.get(&subtask.node_key) else { continue };
                let Some(pool) = self.world.pools.get_mut(&live.row.pool_key) else { continue };
                let begun = subtask.started.is_some();
                let held = Held { job, attempt: number, slots: 1, since: subtask.since, begun };
                pool.hold(subtask.node_key, attempt_key(task, subtask.id), held);
            }
            let nodes = std::iter::once(node).chain(others.iter().map(|subtask| subtask.node_key)).collect();
            self.gangs.insert(task, Gang::new(number, nodes));
        }
    }

    /// What nodes may have of attempts that were over when the server ended: until they say that they have not, no new attempt
    /// begins, and what they have they are told to end.
    pub(super) fn hold_what_may_end(&mut self, leftovers: Vec<Leftover>) {
        for Leftover { task, job, attempt: number, primary, subtask } in leftovers {
            let places = [primary.map(|node| (node, task)), Some((subtask.node_key, attempt_key(task, subtask.id)))];
            for (node, key) in places.into_iter().flatten().filter(|_| subtask.attempt == number) {
                // Nothing runs on a node that is lost or rests.
                let live = self.nodes.get(&node).filter(|node| !node.facts.lost && !node.facts.rests());
                let Some(live) = live else { continue };
                let Some(pool) = self.world.pools.get_mut(&live.row.pool_key) else { continue };
                if pool.nodes.get(&node).is_none_or(|node| !node.held.contains_key(&key)) {
                    pool.hold(node, key, Held { job, attempt: number, slots: 1, since: subtask.since, begun: true });
                    pool.end(node, key);
                    self.killed.insert((key, number));
                }
            }
        }
    }

    /// An instance's coordination command has ended well.
    pub(super) fn instance_ready(&mut self, instance: Attempt) {
        let (task, id) = of_attempt(instance.task);
        let Some(gang) = self.gangs.get_mut(&task) else { return };
        if gang.is_ready(id, instance.number)
            && let Some(primary) = gang.nodes.first()
        {
            self.hub.send(*primary, ToAgent::Go { attempts: vec![attempt(task, instance.number)] });
        }
    }

    /// Kills what nodes still have of a task's instances.
    pub(super) fn end_instances(&mut self, task: i64, number: i64) {
        let Some(gang) = self.gangs.get(&task).filter(|gang| gang.attempt == number) else { return };
        let instances: Vec<(i64, i64)> =
            (0..).zip(&gang.nodes).map(|(id, node)| (*node, attempt_key(task, id))).collect();
        for (node, key) in instances {
            if self.has(node, key, number) {
                self.kill_one(node, key, number);
            }
        }
    }

    /// Whether a node has this attempt, as far as is known.
    pub(super) fn has(&self, node_key: i64, key: i64, number: i64) -> bool {
        let pool = self.nodes.get(&node_key).and_then(|node| self.world.pools.get(&node.row.pool_key));
        let held = pool.and_then(|pool| pool.nodes.get(&node_key)).and_then(|node| node.held.get(&key));
        held.is_some_and(|held| held.attempt == number)
    }

    /// An attempt of a task is over, so all its instances are.
    pub(super) fn primary_is_over(&mut self, task: i64, number: i64) {
        self.end_instances(task, number);
        if self.gangs.get(&task).is_some_and(|gang| gang.attempt == number) {
            self.gangs.remove(&task);
        }
    }

    /// Takes in what agents say of subtasks: one that fails or is lost ends the attempt of the whole task.
    pub(super) async fn save_subtask_reports(&mut self, reports: Vec<Report>) -> Result<()> {
        let now = self.now();
        let said: Vec<(Attempt, Event)> = reports.iter().map(|r| (r.attempt, r.event.clone())).collect();
        let constraints: HashMap<i64, _> =
            self.jobs.iter().filter_map(|(k, j)| Some((*k, j.constraints.clone()?))).collect();
        let (after, aftermath) = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    let keys: Vec<i64> = said.iter().map(|(a, _)| of_attempt(a.task).0).collect();
                    let rows: HashMap<i64, TaskRow> =
                        store::task::with_keys(conn, &keys).await?.into_iter().map(|row| (row.key, row)).collect();
                    let mut subtasks = store::subtask::of_tasks(conn, &keys).await?;
                    let mut ledger = Ledger::default();
                    let mut changed: BTreeMap<(i64, i32), Subtask> = BTreeMap::new();
                    for (a, event) in said {
                        let (task, id) = of_attempt(a.task);
                        let found = subtasks.get_mut(&task).and_then(|all| all.iter_mut().find(|s| s.id == id));
                        let Some(subtask) = found.filter(|subtask| subtask.attempt == a.number) else { continue };
                        let of_task = take(subtask, event, now);
                        changed.insert((task, id), subtask.clone());
                        if let (Some(row), Some(event)) = (rows.get(&task), of_task) {
                            let most = most_retries(row, &event, &constraints);
                            // The whole task may be over already.
                            let _ = ledger.apply(row, event, most, now);
                        }
                    }
                    let changed: Vec<(i64, Subtask)> = changed
                        .into_iter()
                        .filter(|((t, _), _)| rows.contains_key(t))
                        .map(|((t, _), s)| (t, s))
                        .collect();
                    store::subtask::save(conn, &changed).await?;
                    let after: HashMap<i64, TaskRow> =
                        rows.into_iter().map(|(key, row)| (key, ledger.latest(&row).clone())).collect();
                    Ok((after, ledger.save(conn, now).await?))
                })
            })
            .await?;
        aftermath.tell(&self.cx.signals);
        let mut acknowledged: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
        for Report { node, attempt: a, event } in reports {
            let (task, _) = of_attempt(a.task);
            match event {
                Event::Started { .. } => {
                    self.began(node, a);
                    continue;
                }
                Event::Ended { .. } => acknowledged.entry(node).or_default().push(a),
                _ => {}
            }
            self.run_is_over(node, a);
            let row = after.get(&task);
            let is_live = row.is_some_and(|row| row.life.live_attempt() == Some(a.number));
            if !is_live {
                self.end_instances(task, a.number);
            }
            if let Some(job) = row.and_then(|row| self.jobs.get(&row.job_key)) {
                self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
            }
            if let Some(pool) = self.nodes.get(&node).map(|node| node.row.pool_key) {
                self.to_plan.insert(pool);
            }
        }
        for (node, attempts) in acknowledged {
            self.hub.send(node, ToAgent::Ack { attempts });
        }
        Ok(())
    }

    /// The addresses of nodes, in their order.
    pub(super) fn addresses(&self, nodes: &[i64]) -> Vec<String> {
        let address = |node: &i64| self.nodes.get(node).map(|node| node.row.ip_address.clone()).unwrap_or_default();
        nodes.iter().map(address).collect()
    }
}

/// What a report of a subtask means for it, and for its task.
fn take(subtask: &mut Subtask, event: Event, now: crate::api::Timestamp) -> Option<Event> {
    match event {
        Event::Started { at, .. } => {
            subtask.starts(at, now);
            None
        }
        Event::Ended { attempt, at, exit, failure: Some(failure), usage, .. } => {
            subtask.ends(exit, Some(failure.clone()), at, now);
            let failure = Some(failure_of_subtask(subtask.id, &subtask.node, failure));
            Some(Event::Ended { attempt, started: None, at, exit, failure, usage, container: None })
        }
        // It ends well by the server's word only; whatever else that may be, its place is empty now.
        Event::Ended { attempt, .. } => Some(Event::GaveBack { attempt }),
        Event::GaveBack { .. } | Event::Requeue { .. } => Some(event),
        Event::Assign { .. }
        | Event::Preparing { .. }
        | Event::Terminate { .. }
        | Event::DependencyFailed { .. }
        | Event::Reactivate => None,
    }
}

/// The nodes of each task in the order of its instances. For assignments of multi-instance tasks: of others nobody asks.
pub(super) fn nodes_of<'a>(plan: impl Iterator<Item = &'a Assignment>) -> HashMap<i64, Vec<i64>> {
    let mut nodes: HashMap<i64, Vec<i64>> = HashMap::default();
    for assignment in plan {
        nodes.entry(assignment.task).or_default().push(assignment.node);
    }
    nodes
}

/// Task keys of attempts, each task once.
pub(super) fn tasks_of(keys: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let tasks: std::collections::BTreeSet<i64> =
        keys.into_iter().map(|key| multi_instance::of_attempt(key).0).collect();
    tasks.into_iter().collect()
}
