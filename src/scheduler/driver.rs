//! The loop: takes what waits, and runs one step after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::early_starts::EarlyStarts;
use super::forwarder::{Forwarder, PortNews};
use super::hub::{Hub, NodeEvent};
use super::job_nodes::JobNodes;
pub(super) use super::known::{Job, Node, Pool};
use super::provider::Provider;
pub use super::settings::Settings;
use super::spans;
use crate::api::Timestamp;
use crate::api::agent::{FromAgent, RunTask};
use crate::domain::multi_instance::Gang;
use crate::domain::node::{self, OrderKind};
use crate::domain::placement::World;
use crate::domain::steady::{HashMap, HashSet};
use crate::service::context::{EndedAttempt, Signal};
use crate::service::{Context, Result};

const TICK: std::time::Duration = std::time::Duration::from_secs(1);
/// Every so many ticks everything is looked at, changed or not.
const TICKS_TO_FULL_PASS: u64 = 30;
/// After a failure, before the world is built again.
const PAUSE_AFTER_FAILURE: std::time::Duration = std::time::Duration::from_millis(500);

/// What wakes the driver.
pub struct Inputs {
    pub signals: mpsc::UnboundedReceiver<Signal>,
    pub node_events: mpsc::UnboundedReceiver<NodeEvent>,
}

/// What background work of a provider tells the driver.
#[derive(Debug)]
pub(super) enum Done {
    /// Agent and tasks of the node are dead.
    Killed(i64),
    /// And its folder is gone.
    Removed(i64),
    /// What a user wanted of the node is done as far as the provider does it.
    CarriedOut(i64, OrderKind),
    Failed(i64),
    /// The agent lives, or could not be started: to be looked at again, for the node may be gone meanwhile.
    Ensured(i64, String),
    /// A node that is not in the database could not be removed.
    StrangerStays(String),
    /// What became of a port that leads to a node.
    Port(PortNews),
}

pub struct Driver {
    pub(super) cx: Context,
    pub(super) hub: Hub,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) settings: Settings,
    pub(super) world: World,
    pub(super) nodes: HashMap<i64, Node>,
    pub(super) pools: HashMap<i64, Pool>,
    pub(super) jobs: HashMap<i64, Job>,
    /// To be looked at in this pass.
    pub(super) dirty_pools: BTreeSet<i64>,
    pub(super) dirty_jobs: BTreeSet<i64>,
    pub(super) dirty_schedules: BTreeSet<i64>,
    pub(super) dirty_nodes: BTreeSet<i64>,
    /// Nodes of which a user wants something, to be looked at in this pass.
    pub(super) to_order: BTreeSet<i64>,
    /// Formulas may be due in this pass.
    pub(super) is_formula_due: bool,
    /// When samples of pools were last taken.
    pub(super) sampled: Option<Timestamp>,
    /// The minute in which samples of nodes were last saved.
    pub(super) samples_saved: Option<i64>,
    /// Pools in which a slot came free or a task came to wait.
    pub(super) to_plan: BTreeSet<i64>,
    /// Attempts that were told to end, so that they are told once: task and attempt.
    pub(super) killed: HashSet<(i64, i64)>,
    /// Of these, those whose tasks count a requeue when they are over.
    pub(super) requeue: HashSet<(i64, i64)>,
    pub(super) early_starts: EarlyStarts,
    pub(super) job_nodes: JobNodes,
    /// Tasks that are a node's, by job and node, and wait there for their job's preparation task: not sent yet.
    pub(super) awaiting: HashMap<(i64, i64), Vec<RunTask>>,
    /// Multi-instance tasks that nodes have, by task.
    pub(super) gangs: HashMap<i64, Gang>,
    /// Nodes for which the provider is at work.
    pub(super) provider_busy: HashSet<i64>,
    /// Folders that nodes were told to remove and have not said to have removed: by node, and by key.
    pub(super) cleaning: HashMap<i64, BTreeMap<i64, String>>,
    /// Nodes with which the provider failed, and strangers that it could not remove: tried again with the next tick.
    pub(super) failed: BTreeSet<i64>,
    pub(super) strangers: BTreeSet<String>,
    pub(super) forwarder: Forwarder,
    /// Not as the forwarder knows it.
    pub(super) ports_changed: bool,
    /// Tasks that this pass has placed.
    pub(super) n_placed: usize,
    pub(super) done: mpsc::UnboundedSender<Done>,
    inputs: Inputs,
    provider_done: mpsc::UnboundedReceiver<Done>,
    taken: Taken,
    has_begun: bool,
    knows_strangers: bool,
}

/// What has been taken out of the channels and waits for the next step.
#[derive(Default)]
struct Taken {
    signals: Vec<Signal>,
    events: Vec<NodeEvent>,
    /// These stay when a pass fails: a world that is built again knows the rest from the store and from agents that say
    /// everything again, but nobody says twice that a node is dead.
    finished: Vec<Done>,
}

/// What woke the driver beside what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing.
    None,
    /// Time has passed: about a second.
    Tick,
    /// And everything is to be looked at, changed or not.
    Everything,
}

impl Driver {
    pub fn new(cx: Context, hub: Hub, provider: Arc<dyn Provider>, settings: Settings, inputs: Inputs) -> Driver {
        let (done, provider_done) = mpsc::unbounded_channel();
        let listen = cx.installation.remote.listen;
        Driver {
            cx,
            hub,
            provider,
            settings,
            world: World::default(),
            nodes: HashMap::default(),
            pools: HashMap::default(),
            jobs: HashMap::default(),
            dirty_pools: BTreeSet::new(),
            dirty_jobs: BTreeSet::new(),
            dirty_schedules: BTreeSet::new(),
            dirty_nodes: BTreeSet::new(),
            to_order: BTreeSet::new(),
            is_formula_due: true,
            sampled: None,
            samples_saved: None,
            to_plan: BTreeSet::new(),
            killed: HashSet::default(),
            requeue: HashSet::default(),
            early_starts: EarlyStarts::default(),
            job_nodes: JobNodes::default(),
            awaiting: HashMap::default(),
            gangs: HashMap::default(),
            provider_busy: HashSet::default(),
            cleaning: HashMap::default(),
            failed: BTreeSet::new(),
            strangers: BTreeSet::new(),
            forwarder: Forwarder::start(listen, done.clone()),
            ports_changed: false,
            n_placed: 0,
            done,
            inputs,
            provider_done,
            taken: Taken::default(),
            has_begun: false,
            knows_strangers: false,
        }
    }

    /// Runs until the server stops.
    pub async fn run(cx: Context, hub: Hub, provider: Arc<dyn Provider>, settings: Settings, inputs: Inputs) {
        let mut driver = Driver::new(cx, hub, provider, settings, inputs);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut built = driver.begin().await;
        let mut n_ticks = 0u64;
        loop {
            while let Err(error) = &built {
                log("the scheduler failed and builds its world again", error);
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                built = driver.begin().await;
            }
            let Taken { signals, events, finished } = &mut driver.taken;
            let mut beat = Beat::None;
            tokio::select! {
                n = driver.inputs.signals.recv_many(signals, 10_000) => if n == 0 { return },
                n = driver.inputs.node_events.recv_many(events, 10_000) => if n == 0 { return },
                _ = driver.provider_done.recv_many(finished, 10_000) => {}
                _ = tick.tick() => {
                    n_ticks += 1;
                    beat = if n_ticks.is_multiple_of(TICKS_TO_FULL_PASS) { Beat::Everything } else { Beat::Tick };
                }
            }
            built = driver.measured_step(beat).await;
        }
    }

    /// Builds the world: first of all, and again when a step has failed.
    ///
    /// Agents connect anew then: what they had said and was not saved is said again, for both sides compare what they hold.
    pub async fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.has_begun, true) {
            self.hub.end_connections();
        }
        self.rebuild().await?;
        // Once, and before any node can be made: whatever is not known now is nobody's.
        if !std::mem::replace(&mut self.knows_strangers, true)
            && let Err(error) = self.remove_strangers().await
        {
            log("nodes that are not in the database could not be looked for", &error);
        }
        Ok(())
    }

    /// One pass for all that is there by now.
    pub async fn step(&mut self, beat: Beat) -> Result<()> {
        let Taken { signals, events, finished } = &mut self.taken;
        let (mut signals, mut events) = (std::mem::take(signals), std::mem::take(events));
        signals.extend(std::iter::from_fn(|| self.inputs.signals.try_recv().ok()));
        events.extend(std::iter::from_fn(|| self.inputs.node_events.try_recv().ok()));
        finished.extend(std::iter::from_fn(|| self.provider_done.try_recv().ok()));
        spans::heard(&signals, &events);
        self.pass(signals, events, beat).await
    }

    /// Whether something waits for a step.
    pub fn has_news(&self) -> bool {
        let inputs = &self.inputs;
        let is_quiet = inputs.signals.is_empty() && inputs.node_events.is_empty() && self.provider_done.is_empty();
        !(is_quiet && self.taken.finished.is_empty())
    }

    async fn pass(&mut self, signals: Vec<Signal>, events: Vec<NodeEvent>, beat: Beat) -> Result<()> {
        let mut ended = Vec::new();
        let (mut clean_ups, mut users, mut accounts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut releases = false;
        for signal in signals {
            match signal {
                Signal::Pool(key) => {
                    self.dirty_pools.insert(key);
                    self.is_formula_due = true;
                }
                Signal::Account(key) => drop(accounts.insert(key)),
                Signal::NodesTold(nodes) => self.nodes_told(&nodes).await?,
                Signal::NodeUsers(key) => drop(users.insert(key)),
                Signal::Job(key) => drop(self.dirty_jobs.insert(key)),
                Signal::JobSchedule(key) => drop(self.dirty_schedules.insert(key)),
                Signal::TasksAdded(key) => self.tasks_added(key).await?,
                Signal::TasksReady(tasks) => self.tasks_ready(tasks),
                Signal::Releases => releases = true,
                Signal::TaskBack { job_key, task_key, slots, demands } => {
                    self.task_back(job_key, task_key, slots, demands)
                }
                Signal::TasksEnded(attempts) => ended.extend(attempts),
                Signal::CleanUps(nodes) => {
                    // Files have gone that may have held a node.
                    self.dirty_pools.extend(nodes.iter().filter_map(|key| Some(self.nodes.get(key)?.row.pool_key)));
                    self.to_order.extend(nodes.iter().copied());
                    clean_ups.extend(nodes);
                }
            }
        }
        self.end_attempts(&ended);
        self.hear(events).await?;
        self.rules_changed(accounts).await?;
        self.users_changed(users).await?;
        self.take_finished().await?;
        if beat != Beat::None {
            self.tick(beat == Beat::Everything).await?;
        }
        if releases {
            self.release_more().await?;
        }
        self.carry_out_orders().await?;
        self.evaluate_autoscale().await?;
        self.reconcile_pools().await?;
        self.run_schedules().await?;
        self.reconcile_jobs().await?;
        self.place_tasks().await?;
        self.open_ports();
        // After placing: a node that ends one task and begins the next was never idle.
        self.save_nodes().await?;
        for node in clean_ups {
            self.send_clean_ups(node).await?;
        }
        Ok(())
    }

    async fn take_finished(&mut self) -> Result<()> {
        let mut finished = std::mem::take(&mut self.taken.finished).into_iter();
        while let Some(done) = finished.next() {
            if let Err(error) = self.provider_done(&done).await {
                self.taken.finished.push(done);
                self.taken.finished.extend(finished);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Node events in their order; task reports of all nodes together, in one transaction.
    async fn hear(&mut self, events: Vec<NodeEvent>) -> Result<()> {
        let (mut reports, mut cleaned) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                NodeEvent::Connected { node_key, connection, from, hello } => {
                    self.save_reports(std::mem::take(&mut reports)).await?;
                    if self.lets_in(node_key, connection, from).await? {
                        self.connected(node_key, connection, *hello).await?;
                    }
                }
                NodeEvent::Refused { node_key, from } => self.refused(node_key, from),
                NodeEvent::Disconnected { node_key, connection } => self.disconnected(node_key, connection),
                NodeEvent::Said { node_key, connection, messages } => {
                    if self.nodes.get(&node_key).is_none_or(|node| node.connection != Some(connection)) {
                        continue;
                    }
                    for message in messages {
                        match message {
                            FromAgent::Started { .. } | FromAgent::Ended(_) | FromAgent::GaveBack { .. } => {
                                reports.push((node_key, message));
                            }
                            FromAgent::PackagesDeployed => self.packages_deployed(node_key),
                            FromAgent::Ready { a } => self.instance_ready(a),
                            FromAgent::StartTask(report) => self.start_task_reported(node_key, report),
                            FromAgent::Health { error } => self.health_reported(node_key, error),
                            FromAgent::Remote(report) => self.remote_reported(node_key, report),
                            FromAgent::Heartbeat { sample } => self.measured(node_key, sample),
                            FromAgent::CleanedUp { directories } => cleaned.push((node_key, directories)),
                            FromAgent::Hello(_) | FromAgent::FileGrew { .. } => {}
                        }
                    }
                }
            }
        }
        self.save_reports(reports).await?;
        self.cleaned_up(cleaned).await
    }

    /// Attempts that are over by a user's word: their tasks are saved so already, their slots come free when the node says so.
    fn end_attempts(&mut self, ended: &[EndedAttempt]) {
        for EndedAttempt { node_key, job_key, attempt, .. } in ended {
            self.kill(*node_key, attempt.task, attempt.number);
            self.dirty_jobs.insert(*job_key);
        }
    }

    /// Tells a node to end an attempt, once; with the primary of a multi-instance task all its instances.
    pub(super) fn kill(&mut self, node_key: i64, task: i64, number: i64) {
        self.kill_one(node_key, task, number);
        self.end_instances(task, number);
    }

    pub(super) fn kill_one(&mut self, node_key: i64, task: i64, number: i64) {
        if self.killed.insert((task, number)) {
            let pool = self.nodes.get(&node_key).and_then(|node| self.world.pools.get_mut(&node.row.pool_key));
            if let Some(pool) = pool {
                pool.end(node_key, task);
            }
            let attempts = vec![crate::api::agent::Attempt { task, number }];
            self.hub.send(node_key, crate::api::agent::ToAgent::Kill { attempts });
        }
    }

    /// Puts what is known of a node into its state and into the world.
    pub(super) fn node_changed(&mut self, node_key: i64) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        let Some(pool) = self.world.pools.get_mut(&node.row.pool_key) else { return };
        node.facts.busy = pool.nodes.get(&node_key).is_some_and(|n| !n.held.is_empty());
        let open = node.connection.is_some() && node::is_open(&node.facts);
        pool.set_node(node_key, node.row.slots, open);
        if !node.row.dedicated {
            pool.low_priority.insert(node_key);
        }
        self.dirty_nodes.insert(node_key);
        if open {
            self.to_plan.insert(node.row.pool_key);
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.cx.clock.now()
    }
}

fn log(what: &str, error: &crate::service::Error) {
    use std::error::Error as _;
    let cause = error.source().map(ToString::to_string);
    tracing::error!(error = %error, cause, "{what}");
}
