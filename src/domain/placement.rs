//! Which task goes to which node. Pure: the world in memory, a plan out of it, and no clock.
//! The world holds only what planning needs: free slots of nodes, and for each job a window of its waiting tasks, in the
//! order in which they were added. The work of a plan grows with the assignments that it makes, not with what exists.
//! Order: higher job priority first; jobs of one priority take turns; within a job, tasks in order of adding. A task that
//! fits nowhere now lets the next few of its job, and then other jobs, go before it, unless its job is strict; but for one that
//! runs on several nodes as many nodes are kept free as it needs, from the first that becomes free on. Short tasks are sent ahead of free
//! slots, as many as run within [`AHEAD_MILLIS`], so that a node does not wait for the network between two of them.

mod contradictions;
mod demands;
mod gang;
mod job;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::multi_instance;
use super::steady::HashMap;
use crate::api::{NodeFillType, Timestamp};
pub use demands::Demands;
use gang::Gang;

/// How much work is sent ahead of a node's free slots, by the job's average run time.
pub const AHEAD_MILLIS: f64 = 60.0;
/// Tasks sent ahead for each slot, at most.
const MOST_AHEAD: f64 = 64.0;
/// Tasks of one job that are looked at when the first does not fit.
const LOOK_AHEAD: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct World {
    pub pools: BTreeMap<i64, Pool>,
    pub jobs: HashMap<i64, Job>,
    /// Counts turns, so that jobs of one priority are served in rotation.
    turn: u64,
}

#[derive(Clone, Debug)]
pub struct Pool {
    pub fill: NodeFillType,
    /// Tasks may run on several nodes.
    pub inter_node: bool,
    /// Of jobs of one priority the older goes first; else they take turns.
    in_job_order: bool,
    pub nodes: BTreeMap<i64, Node>,
    pub low_priority: BTreeSet<i64>,
    /// Open nodes by free slots; negative where tasks were sent ahead.
    free: BTreeSet<(i32, i64)>,
    /// What nodes have of each job, by the time since when.
    pub(super) by_job: BTreeMap<i64, BTreeSet<(Timestamp, i64, i64)>>,
    /// Of nodes, what was told to end: tasks and their slots.
    pub(super) ending: BTreeMap<i64, BTreeMap<i64, i32>>,
    /// For which waiting task the room is meant that comes free on which node.
    pub(super) promised: BTreeMap<i64, i64>,
    /// Open jobs with waiting tasks: highest priority first, then who waited longest for a turn.
    pub(super) queue: BTreeSet<(i32, u64, i64)>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub slots: i32,
    /// Slots of everything that the node has; more than `slots` where tasks were sent ahead.
    pub used: i32,
    /// Ready, connected and not leaving: may be given tasks.
    pub open: bool,
    pub held: HashMap<i64, Held>,
}

/// An attempt that a node has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    pub job: i64,
    pub attempt: i64,
    pub slots: i32,
    pub since: Timestamp,
    pub begun: bool,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub pool: Option<i64>,
    pub priority: i32,
    /// Its tasks may be given to nodes.
    pub open: bool,
    /// Most tasks at a time; `i64::MAX` for no limit.
    pub most: i64,
    /// Its tasks give way to those of jobs with a higher priority.
    pub preemptible: bool,
    /// Its first waiting task is not overtaken: where that one finds no room, a node is kept for it.
    pub strict: bool,
    pub on_nodes: i64,
    pub waiting: BTreeMap<i64, Waiting>,
    /// There are waiting tasks beyond the window, with keys above `loaded_to`.
    pub more: bool,
    pub loaded_to: i64,
    /// Average run time lately.
    pub millis: Option<f64>,
    /// How far its preparation task is; absent when it has none.
    pub preparation: Option<Preparation>,
    turn: u64,
}

/// The nodes on which a job's preparation task has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Tasks may be sent ahead of free slots to these only.
    pub ready: BTreeSet<i64>,
    /// No task of the job runs on these.
    pub failed: BTreeSet<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub slots: i32,
    /// The node that the task wishes for.
    pub affinity: Option<i64>,
    pub demands: Demands,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub task: i64,
    pub job: i64,
    pub node: i64,
    pub slots: i32,
    /// Of a multi-instance task; 0 for its primary, and for all other tasks.
    pub instance: i32,
}

impl Assignment {
    /// By which the node knows what it has.
    pub fn key(&self) -> i64 {
        multi_instance::attempt_key(self.task, self.instance)
    }
}

impl Pool {
    pub fn new(fill: NodeFillType, in_job_order: bool) -> Pool {
        Pool {
            fill,
            inter_node: false,
            in_job_order,
            nodes: BTreeMap::new(),
            low_priority: BTreeSet::new(),
            free: BTreeSet::new(),
            by_job: BTreeMap::new(),
            ending: BTreeMap::new(),
            promised: BTreeMap::new(),
            queue: BTreeSet::new(),
        }
    }

    /// Where a job stands in the queue.
    fn place(&self, job: &Job, key: i64) -> (i32, u64, i64) {
        (-job.priority, if self.in_job_order { 0 } else { job.turn }, key)
    }

    /// Adds a node or changes whether it is open.
    pub fn set_node(&mut self, key: i64, slots: i32, open: bool) {
        let node = self.nodes.entry(key).or_insert_with(|| Node { slots, used: 0, open, held: HashMap::default() });
        self.free.remove(&(node.slots - node.used, key));
        (node.slots, node.open) = (slots, open);
        if open {
            self.free.insert((slots - node.used, key));
        }
    }

    pub fn remove_node(&mut self, key: i64) -> Option<Node> {
        let node = self.nodes.remove(&key)?;
        node.held.iter().for_each(|(task, held)| self.unlist(key, *task, held));
        self.ending.remove(&key);
        self.free.remove(&(node.slots - node.used, key));
        self.low_priority.remove(&key);
        Some(node)
    }

    fn change_used(&mut self, key: i64, by: i32) {
        if let Some(node) = self.nodes.get_mut(&key) {
            let was = self.free.remove(&(node.slots - node.used, key));
            node.used += by;
            if was {
                self.free.insert((node.slots - node.used, key));
            }
        }
    }

    pub fn hold(&mut self, node: i64, task: i64, held: Held) {
        let Some(holder) = self.nodes.get_mut(&node) else { return };
        let before = holder.held.insert(task, held);
        if let Some(before) = before {
            self.unlist(node, task, &before);
        }
        // Job preparation and release tasks take nothing that another could have.
        if held.slots > 0 {
            self.by_job.entry(held.job).or_default().insert((held.since, node, task));
        }
        self.change_used(node, held.slots - before.map_or(0, |b| b.slots));
    }

    fn unlist(&mut self, node: i64, task: i64, held: &Held) {
        if let Some(tasks) = self.by_job.get_mut(&held.job) {
            tasks.remove(&(held.since, node, task));
            if tasks.is_empty() {
                self.by_job.remove(&held.job);
            }
        }
    }

    /// Slots that a task takes on a node: all of them, where it must be alone.
    pub fn slots_taken(&self, node: i64, slots: i32, demands: Demands) -> i32 {
        match self.nodes.get(&node) {
            Some(node) if demands.alone => node.slots,
            _ => slots,
        }
    }

    /// The node that is the first to have room for the task, if nothing else is given to it.
    fn emptiest_for(&self, job: &Job, task: &Waiting, kept: &BTreeSet<i64>) -> Option<i64> {
        let nodes = self.free.iter().rev().map(|(_, key)| *key);
        nodes.filter(|key| !kept.contains(key)).find(|key| self.may_run(*key, job, task))
    }

    /// The attempt is over on this node. Nothing, when the node has another attempt of the task by now.
    pub fn release(&mut self, node: i64, task: i64, attempt: i64) -> Option<Held> {
        let holder = self.nodes.get_mut(&node)?;
        let held = *holder.held.get(&task).filter(|held| held.attempt == attempt)?;
        holder.held.remove(&task);
        self.unlist(node, task, &held);
        if let Some(tasks) = self.ending.get_mut(&node) {
            tasks.remove(&task);
            if tasks.is_empty() {
                self.ending.remove(&node);
            }
        }
        self.change_used(node, -held.slots);
        Some(held)
    }

    /// Slots of the largest open node.
    fn largest_node(&self) -> i32 {
        self.free.iter().filter_map(|(_, key)| Some(self.nodes.get(key)?.slots)).max().unwrap_or(0)
    }

    /// A node where `need` slots are free, or will be soon when `ahead` more may be sent.
    fn pick(&self, task: &Waiting, ahead: i32, preparation: Option<&Preparation>, kept: &BTreeSet<i64>) -> Option<i64> {
        let Waiting { slots: need, affinity, demands } = *task;
        let fits = |node: &Node| node.open && node.slots >= need;
        let may = |key: &i64| !kept.contains(key) && self.may(*key, demands, preparation);
        if demands.alone {
            let is_empty = |key: &i64| self.nodes.get(key).is_some_and(|node| fits(node) && node.used == 0);
            return self.free.iter().rev().map(|(_, key)| *key).find(|key| may(key) && is_empty(key));
        }
        let is_ready = |key: &i64| preparation.is_none_or(|p| p.ready.contains(key));
        if let Some(node) = affinity.and_then(|key| self.nodes.get_key_value(&key))
            && fits(node.1)
            && may(node.0)
            && node.1.slots - node.1.used >= need
        {
            return Some(*node.0);
        }
        let free = match self.fill {
            NodeFillType::Spread => self.free.range((need, i64::MIN)..).rev().find(|(_, key)| may(key)),
            NodeFillType::Pack => self.free.range((need, i64::MIN)..).find(|(_, key)| may(key)),
        };
        if let Some((_, key)) = free {
            return Some(*key);
        }
        // The least laden one, as long as its queue is short.
        let (free, key) = self.free.iter().rev().find(|(_, key)| is_ready(key) && may(key))?;
        let node = self.nodes.get(key)?;
        (fits(node) && *free - need >= -ahead * node.slots).then_some(*key)
    }
}

impl World {
    /// Sets how a pool's nodes are filled and in which order its jobs go.
    pub fn set_policy(&mut self, pool_key: i64, fill: NodeFillType, in_job_order: bool) {
        let Some(pool) = self.pools.get_mut(&pool_key) else { return };
        pool.fill = fill;
        if pool.in_job_order == in_job_order {
            return;
        }
        let of_pool = |(key, job): (&i64, &Job)| (job.pool == Some(pool_key)).then_some(*key);
        let jobs: Vec<i64> = self.jobs.iter().filter_map(of_pool).collect();
        jobs.iter().for_each(|key| self.unqueue_job(*key));
        if let Some(pool) = self.pools.get_mut(&pool_key) {
            pool.in_job_order = in_job_order;
        }
        jobs.iter().for_each(|key| self.queue_job(*key));
    }

    /// Puts the job where its pool's plan finds it, or takes it away: call after any change of job or waiting tasks.
    pub fn queue_job(&mut self, key: i64) {
        let Some(job) = self.jobs.get_mut(&key) else { return };
        let Some(pool) = job.pool.and_then(|pool| self.pools.get_mut(&pool)) else { return };
        let place = pool.place(job, key);
        if job.open && !job.waiting.is_empty() && job.on_nodes < job.most {
            pool.queue.insert(place);
        } else {
            pool.queue.remove(&place);
        }
    }

    /// Takes the job out of its pool's queue, before its priority or pool changes or it goes.
    pub fn unqueue_job(&mut self, key: i64) {
        let Some(job) = self.jobs.get(&key) else { return };
        if let Some(pool) = job.pool.and_then(|pool| self.pools.get_mut(&pool)) {
            pool.queue.remove(&pool.place(job, key));
        }
    }

    /// Assigns waiting tasks of a pool to its nodes, at most `most`, and remembers that they are there.
    pub fn plan(&mut self, pool_key: i64, most: usize, now: Timestamp) -> Vec<Assignment> {
        let mut plan = Vec::new();
        let mut stuck = Vec::new();
        // Nodes that strict jobs wait for, and those that the first multi-instance task that has to wait needs: else a stream of
        // small tasks would hold it up for ever. One such task at a time, so that no two wait for each other's nodes. What is
        // kept changes until there is room, and nothing is lost meanwhile.
        let (mut kept, mut is_kept_for_gang) = (BTreeSet::new(), false);
        let largest = self.pools.get(&pool_key).map_or(0, Pool::largest_node);
        while plan.len() < most {
            let Some(place) = self.pools.get_mut(&pool_key).and_then(|pool| pool.queue.pop_first()) else { break };
            let Some(pool) = self.pools.get(&pool_key) else { break };
            let Some(job) = self.jobs.get_mut(&place.2) else { continue };
            let ahead = job.ahead();
            let preparation = job.preparation.as_ref();
            // What needs more slots than any node has hides nothing behind it, unless the order is strict.
            // Neither does what runs on more nodes at once than there are.
            let most_instances = OnceCell::new();
            let may_run = |waiting: &Waiting| {
                let n = usize::try_from(waiting.demands.instances).unwrap_or(0);
                let has_nodes = || n <= *most_instances.get_or_init(|| pool.most_instances(preparation));
                job.strict || (waiting.slots <= largest && (n == 0 || has_nodes()))
            };
            let fitting = job.waiting.iter().filter(|(_, waiting)| may_run(waiting));
            let found = fitting.take(job.look_ahead()).find_map(|(task, waiting)| {
                if waiting.demands.instances == 0 {
                    let node = pool.pick(waiting, ahead, preparation, &kept)?;
                    return Some((*task, *waiting, vec![node]));
                }
                match pool.pick_gang(waiting, preparation, &kept) {
                    // Instances of an earlier attempt are ending, somewhere: no instance runs twice at a time.
                    Gang::Fits(_) if self.pools.values().any(|pool| pool.has_instance_of(*task)) => {}
                    Gang::Fits(nodes) => return Some((*task, *waiting, nodes)),
                    Gang::Waits(nodes) if !is_kept_for_gang => {
                        kept.extend(nodes);
                        is_kept_for_gang = true;
                    }
                    Gang::Waits(_) | Gang::Never => {}
                }
                None
            });
            let Some((task, waiting, nodes)) = found else {
                let is_one = |first: &Waiting| job.strict && first.demands.instances == 0;
                if let Some((_, first)) = job.waiting.first_key_value().filter(|(_, first)| is_one(first)) {
                    kept.extend(pool.emptiest_for(job, first, &kept));
                }
                stuck.push(place);
                continue;
            };
            job.waiting.remove(&task);
            job.on_nodes += 1;
            self.turn += 1;
            job.turn = self.turn;
            let Some(pool) = self.pools.get_mut(&pool_key) else { break };
            for (instance, node) in (0..).zip(nodes) {
                // The attempt's number is known once the store has given it.
                let slots = pool.slots_taken(node, waiting.slots, waiting.demands);
                let assignment = Assignment { task, job: place.2, node, slots, instance };
                pool.hold(node, assignment.key(), Held { job: place.2, attempt: 0, slots, since: now, begun: false });
                plan.push(assignment);
            }
            self.queue_job(place.2);
        }
        if let Some(pool) = self.pools.get_mut(&pool_key) {
            pool.queue.extend(stuck);
        }
        plan
    }

    /// Attempts sent ahead that have not begun for long, though another node of the pool has room: `(node, task, attempt)`.
    pub fn to_recall(&self, pool_key: i64, sent_before: Timestamp) -> Vec<(i64, i64, i64)> {
        let Some(pool) = self.pools.get(&pool_key) else { return Vec::new() };
        let mut room = pool.free.iter().rev().take_while(|(free, _)| *free > 0).map(|(free, _)| *free).sum::<i32>();
        let mut recall = Vec::new();
        for (key, node) in pool.nodes.iter().filter(|(_, node)| node.used > node.slots) {
            for (task, held) in node.held.iter().filter(|(_, held)| !held.begun && held.since < sent_before) {
                if room >= held.slots && held.attempt > 0 {
                    room -= held.slots;
                    recall.push((*key, *task, held.attempt));
                }
            }
        }
        recall
    }
}

#[cfg(test)]
#[path = "placement_tests.rs"]
mod tests;
