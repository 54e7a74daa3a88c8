//! Which running tasks give way: where a job waits that has a higher priority than theirs, and their own job allows it.
//!
//! Only what no other way helps is ended: room that is free or about to come free is counted first. Tasks of the lowest
//! priority go first, the youngest before the oldest, and no more of them than the waiting task needs. The work is bounded by
//! the constants here, whatever the pool holds; what is left over is looked at in the next pass.
//! Source: jobs, `allowTaskPreemption`.

use std::collections::{BTreeMap, BTreeSet};

use super::placement::{Job, Pool, Waiting, World};

/// Waiting tasks for which room is made in one pass.
const MOST_SERVED: usize = 64;
/// Running tasks that are looked at in one pass.
const MOST_LOOKED_AT: usize = 1024;

/// A task that is to give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Victim {
    pub node: i64,
    pub task: i64,
    pub attempt: i64,
}

impl Pool {
    /// A node was told to end what it has of a task: its slots come free soon.
    pub fn end(&mut self, node: i64, task: i64) {
        if let Some(held) = self.nodes.get(&node).and_then(|node| node.held.get(&task)) {
            self.ending.entry(node).or_default().insert(task, held.slots);
        }
    }

    pub fn is_ending(&self, node: i64, task: i64) -> bool {
        self.ending.get(&node).is_some_and(|tasks| tasks.contains_key(&task))
    }

    /// Slots that are free or come free soon, of the nodes where something is ending.
    pub fn coming_room(&self) -> BTreeMap<i64, i32> {
        let room = |(key, tasks): (&i64, &BTreeMap<i64, i32>)| {
            let node = self.nodes.get(key)?;
            Some((*key, node.slots - node.used + tasks.values().sum::<i32>()))
        };
        self.ending.iter().filter_map(room).collect()
    }

    /// Jobs that have something on nodes.
    pub fn jobs_on_nodes(&self) -> impl Iterator<Item = i64> {
        self.by_job.keys().copied()
    }

    /// What nodes have of a job, as node and task, the youngest first.
    pub fn of_job(&self, job: i64) -> impl Iterator<Item = (i64, i64)> {
        self.by_job.get(&job).into_iter().flatten().rev().map(|(_, node, task)| (*node, *task))
    }

    /// Whether the task could run on the node if nothing else did.
    pub fn may_run(&self, key: i64, job: &Job, task: &Waiting) -> bool {
        let Some(node) = self.nodes.get(&key) else { return false };
        node.open
            && node.slots >= task.slots
            && job.preparation.as_ref().is_none_or(|preparation| !preparation.failed.contains(&key))
            && !(task.demands.dedicated && self.low_priority.contains(&key))
    }

    /// Jobs with tasks that could be given to nodes, the highest priority first.
    pub fn waiting_jobs(&self) -> impl Iterator<Item = i64> {
        self.queue.iter().map(|(_, _, job)| *job)
    }
}

impl World {
    /// Tasks of a pool that are to give way to those that still wait after a plan.
    pub fn to_preempt(&mut self, pool_key: i64) -> Vec<Victim> {
        let (victims, promised) = self.search(pool_key);
        if let Some(pool) = self.pools.get_mut(&pool_key) {
            pool.promised = promised;
        }
        victims
    }

    /// The tasks that are to give way, and for which waiting tasks the room on which nodes is meant.
    fn search(&self, pool_key: i64) -> (Vec<Victim>, BTreeMap<i64, i64>) {
        let nothing = (Vec::new(), BTreeMap::new());
        let Some(pool) = self.pools.get(&pool_key) else { return nothing };
        let preemptible = self.preemptible(pool);
        let Some((lowest, _)) = preemptible.first() else { return nothing };
        let mut search = Search {
            pool,
            room: pool.coming_room(),
            taken: BTreeSet::new(),
            promised: BTreeMap::new(),
            n_looked_at: 0,
        };
        let waiting =
            pool.waiting_jobs().filter_map(|key| self.jobs.get(&key)).take_while(|job| job.priority > *lowest);
        let tasks = waiting.flat_map(|job| {
            let most = usize::try_from(job.most - job.on_nodes).unwrap_or(0);
            // For a task on several nodes nodes are kept as they come free, and none is emptied.
            let waiting = job.waiting.iter().take(most).filter(|(_, task)| task.demands.instances == 0);
            waiting.map(move |(key, task)| (job, *key, task))
        });
        let mut tasks: Vec<(&Job, i64, &Waiting)> = tasks.take(MOST_SERVED).collect();
        // What was promised in an earlier pass is still meant for the same task: were the room dealt out anew while it comes
        // free, more and more tasks would be ended for it.
        tasks.retain(|(job, key, task)| {
            let node = pool.promised.get(key);
            node.is_none_or(|node| !search.give(*node, job, *key, task))
        });
        let mut victims = Vec::new();
        for (job, key, task) in tasks {
            if !search.has_room(job, key, task) {
                let lower = preemptible.iter().filter(|(priority, _)| *priority < job.priority).map(|(_, key)| *key);
                victims.extend(search.make_room(job, key, task, lower));
            }
            if search.n_looked_at >= MOST_LOOKED_AT {
                break;
            }
        }
        (victims, search.promised)
    }

    /// Jobs that have something on the pool's nodes and allow it to be taken off, by priority, the lowest first.
    fn preemptible(&self, pool: &Pool) -> Vec<(i32, i64)> {
        let mut found: Vec<(i32, i64)> = pool
            .jobs_on_nodes()
            .filter_map(|key| self.jobs.get(&key).filter(|job| job.preemptible).map(|job| (job.priority, key)))
            .collect();
        found.sort_unstable();
        found
    }
}

struct Search<'a> {
    pool: &'a Pool,
    /// Slots that are free or about to be, of nodes where something is ending or was promised in this search.
    room: BTreeMap<i64, i32>,
    taken: BTreeSet<(i64, i64)>,
    /// For which waiting task the room on which node is meant.
    promised: BTreeMap<i64, i64>,
    n_looked_at: usize,
}

impl Search<'_> {
    /// Whether the node has room for the task, which is the task's then.
    fn give(&mut self, node: i64, job: &Job, key: i64, task: &Waiting) -> bool {
        let need = self.pool.slots_taken(node, task.slots, task.demands);
        let Some(room) = self.room.get_mut(&node).filter(|room| **room >= need) else { return false };
        let is_given = self.pool.may_run(node, job, task);
        if is_given {
            *room -= need;
            self.promised.insert(key, node);
        }
        is_given
    }

    /// Whether a node will have room for the task anyway.
    fn has_room(&mut self, job: &Job, key: i64, task: &Waiting) -> bool {
        let nodes: Vec<i64> = self.room.keys().copied().collect();
        nodes.into_iter().any(|node| self.give(node, job, key, task))
    }

    /// The tasks of these jobs that must end so that the task has room; none when that does not help.
    fn make_room(&mut self, job: &Job, key: i64, task: &Waiting, jobs: impl Iterator<Item = i64>) -> Vec<Victim> {
        let mut found: BTreeMap<i64, Vec<(Victim, i32)>> = BTreeMap::new();
        for (since_node_task, held_job) in jobs.flat_map(|key| self.pool.of_job(key).map(move |held| (held, key))) {
            let (node_key, task_key) = since_node_task;
            self.n_looked_at += 1;
            if self.n_looked_at > MOST_LOOKED_AT {
                break;
            }
            let Some(node) = self.pool.nodes.get(&node_key) else { continue };
            let Some(held) = node.held.get(&task_key).filter(|held| held.job == held_job && held.attempt > 0) else {
                continue;
            };
            let is_gone = self.taken.contains(&(node_key, task_key)) || self.pool.is_ending(node_key, task_key);
            if is_gone || !self.pool.may_run(node_key, job, task) {
                continue;
            }
            let victims = found.entry(node_key).or_default();
            victims.push((Victim { node: node_key, task: task_key, attempt: held.attempt }, held.slots));
            let need = self.pool.slots_taken(node_key, task.slots, task.demands);
            let room = self.room.get(&node_key).copied().unwrap_or(node.slots - node.used);
            let freed: i32 = victims.iter().map(|(_, slots)| slots).sum();
            if room + freed >= need {
                let mut spare = room + freed - need;
                // A large one that came later may make the small ones before it needless.
                victims.retain(|(_, slots)| {
                    let is_needless = *slots <= spare;
                    spare -= if is_needless { *slots } else { 0 };
                    !is_needless
                });
                self.room.insert(node_key, spare);
                self.promised.insert(key, node_key);
                self.taken.extend(victims.iter().map(|(victim, _)| (victim.node, victim.task)));
                return victims.iter().map(|(victim, _)| *victim).collect();
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
#[path = "preemption_tests.rs"]
mod tests;
