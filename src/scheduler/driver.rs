//! The loop: takes what waits, and runs one step after the other.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::forwarder::{Forwarder, PortNews};
use super::hub::{Hub, NodeEvent};
use super::job_nodes::JobNodes;
use super::provider::Provider;
use super::remote::Remote;
use super::sample_pools::Measures;
use crate::api::agent::{FromAgent, RunTask};
use crate::api::{
    Duration, EnvironmentSetting, InboundNatPool, JobConstraints, JobPreparationTask, JobReleaseTask, Timestamp,
};
use crate::domain::ids::AccountName;
use crate::domain::node::{self, Facts, OrderKind};
use crate::domain::placement::World;
use crate::service::context::{EndedAttempt, Signal};
use crate::service::{Context, Result};
use crate::store::node::NodeRow;

const TICK: std::time::Duration = std::time::Duration::from_secs(1);
/// Every so many ticks everything is looked at, changed or not.
const TICKS_TO_FULL_PASS: u64 = 30;
/// After a failure, before the world is built again.
const PAUSE_AFTER_FAILURE: std::time::Duration = std::time::Duration::from_millis(500);

/// How tasks are run on this installation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Without a word from a node for so long its tasks run elsewhere.
    pub lease: Duration,
    pub kill_wait_secs: u32,
    /// Tasks of each pool run under a user id of the pool's own: this plus the pool's number. Absent when the server is not
    /// root: then tasks run as the server's user.
    pub first_task_user: Option<u32>,
}

impl Settings {
    /// Chosen here: a lease of 30 s finds a lost node soon and survives a slow disk; Azure's agent waits as long.
    pub fn usual(first_task_user: Option<u32>) -> Settings {
        Settings { lease: Duration::from_secs(30), kill_wait_secs: 5, first_task_user }
    }
}

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
    /// Pools in which a slot came free or a task came to wait.
    pub(super) to_plan: BTreeSet<i64>,
    /// Attempts that were told to end, so that they are told once: task and attempt.
    pub(super) killed: HashSet<(i64, i64)>,
    /// Of these, those whose tasks count a requeue when they are over.
    pub(super) requeue: HashSet<(i64, i64)>,
    pub(super) job_nodes: JobNodes,
    /// Tasks that are a node's, by job and node, and wait there for their job's preparation task: not sent yet.
    pub(super) awaiting: HashMap<(i64, i64), Vec<RunTask>>,
    /// Nodes for which the provider is at work.
    pub(super) provider_busy: HashSet<i64>,
    pub(super) forwarder: Forwarder,
    /// Not as the forwarder knows it.
    pub(super) ports_changed: bool,
    pub(super) done: mpsc::UnboundedSender<Done>,
}

/// What the driver knows of a node beside the world.
pub(super) struct Node {
    pub row: NodeRow,
    pub facts: Facts,
    pub connection: Option<u64>,
    /// Unless it is heard of before, the node is lost then.
    pub lost_at: Option<Instant>,
    /// The row has more to save than a state.
    pub unsaved: bool,
    pub measures: Measures,
    pub remote: Remote,
}

pub(super) struct Pool {
    pub account: AccountName,
    pub account_key: i64,
    pub id: String,
    pub slots: i32,
    pub start_task: Option<crate::api::StartTask>,
    /// Ports that are mapped on its nodes.
    pub nat_pools: Vec<InboundNatPool>,
}

pub(super) struct Job {
    pub account: AccountName,
    pub id: String,
    pub environment: Vec<EnvironmentSetting>,
    pub constraints: Option<JobConstraints>,
    pub preparation: Option<JobPreparationTask>,
    pub release: Option<JobReleaseTask>,
    /// Its counters decide what it does next.
    pub watches_counts: bool,
}

impl Node {
    /// A user wants something of it that may not be done yet.
    pub fn is_told(&self) -> bool {
        self.facts.order.is_some() || self.row.disable_option.is_some()
    }
}

impl Driver {
    /// Runs until the server stops.
    pub async fn run(cx: Context, hub: Hub, provider: Arc<dyn Provider>, settings: Settings, mut inputs: Inputs) {
        let (done, mut provider_done) = mpsc::unbounded_channel();
        let listen = cx.installation.remote.listen;
        let mut driver = Driver {
            cx,
            hub,
            provider,
            settings,
            world: World::default(),
            nodes: HashMap::new(),
            pools: HashMap::new(),
            jobs: HashMap::new(),
            dirty_pools: BTreeSet::new(),
            dirty_jobs: BTreeSet::new(),
            dirty_schedules: BTreeSet::new(),
            dirty_nodes: BTreeSet::new(),
            to_order: BTreeSet::new(),
            is_formula_due: true,
            sampled: None,
            to_plan: BTreeSet::new(),
            killed: HashSet::new(),
            requeue: HashSet::new(),
            job_nodes: JobNodes::default(),
            awaiting: HashMap::new(),
            provider_busy: HashSet::new(),
            forwarder: Forwarder::start(listen, done.clone()),
            ports_changed: false,
            done,
        };
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut built = driver.rebuild().await;
        let (mut n_ticks, mut is_first) = (0u64, true);
        loop {
            while let Err(error) = &built {
                log("the scheduler failed and builds its world again", error);
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                built = driver.rebuild().await;
            }
            // Once, and before any node can be made: whatever is not known now is nobody's.
            if std::mem::take(&mut is_first)
                && let Err(error) = driver.remove_strangers().await
            {
                log("nodes that are not in the database could not be looked for", &error);
            }
            let (mut signals, mut events, mut finished, mut ticked) = (Vec::new(), Vec::new(), Vec::new(), false);
            tokio::select! {
                n = inputs.signals.recv_many(&mut signals, 10_000) => if n == 0 { return },
                n = inputs.node_events.recv_many(&mut events, 10_000) => if n == 0 { return },
                _ = provider_done.recv_many(&mut finished, 10_000) => {}
                _ = tick.tick() => ticked = true,
            }
            // One pass for all that is there by now.
            while let Ok(signal) = inputs.signals.try_recv() {
                signals.push(signal);
            }
            while let Ok(event) = inputs.node_events.try_recv() {
                events.push(event);
            }
            n_ticks += u64::from(ticked);
            built = driver
                .pass(signals, events, finished, ticked, ticked && n_ticks.is_multiple_of(TICKS_TO_FULL_PASS))
                .await;
        }
    }

    async fn pass(
        &mut self,
        signals: Vec<Signal>,
        events: Vec<NodeEvent>,
        finished: Vec<Done>,
        ticked: bool,
        everything: bool,
    ) -> Result<()> {
        let mut ended = Vec::new();
        let (mut clean_ups, mut users) = (BTreeSet::new(), BTreeSet::new());
        let mut releases = false;
        for signal in signals {
            match signal {
                Signal::Pool(key) => {
                    self.dirty_pools.insert(key);
                    self.is_formula_due = true;
                }
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
                Signal::CleanUps(nodes) => clean_ups.extend(nodes),
            }
        }
        self.end_attempts(&ended);
        self.hear(events).await?;
        self.users_changed(users).await?;
        for done in finished {
            self.provider_done(done).await?;
        }
        if ticked {
            self.tick(everything).await?;
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

    /// Node events in their order; task reports of all nodes together, in one transaction.
    async fn hear(&mut self, events: Vec<NodeEvent>) -> Result<()> {
        let mut reports = Vec::new();
        for event in events {
            match event {
                NodeEvent::Connected { node_key, connection, hello } => {
                    self.save_reports(std::mem::take(&mut reports)).await?;
                    self.connected(node_key, connection, *hello).await?;
                }
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
                            FromAgent::StartTask(report) => self.start_task_reported(node_key, report),
                            FromAgent::Health { error } => self.health_reported(node_key, error),
                            FromAgent::Remote(report) => self.remote_reported(node_key, report),
                            FromAgent::Heartbeat { sample } => self.measured(node_key, sample),
                            FromAgent::Hello(_) | FromAgent::FileGrew { .. } => {}
                        }
                    }
                }
            }
        }
        self.save_reports(reports).await
    }

    async fn tick(&mut self, everything: bool) -> Result<()> {
        self.watch_nodes();
        self.is_formula_due = true;
        self.sample_pools().await?;
        let now = self.cx.clock.now();
        let mut conn = self.cx.store.read().await?;
        self.dirty_jobs.extend(crate::store::job::expired(&mut conn, now).await?);
        self.dirty_schedules.extend(crate::store::job_schedule::awake(&mut conn, now).await?);
        if everything {
            self.dirty_schedules.extend(crate::store::job_schedule::unfinished(&mut conn).await?);
        }
        drop(conn);
        self.recall_stuck(now);
        self.to_order.extend(self.nodes.iter().filter(|(_, node)| node.is_told()).map(|(key, _)| *key));
        for pool in self.pools.keys() {
            let deadline_matters =
                everything || self.nodes.values().any(|n| n.row.pool_key == *pool && n.connection.is_none());
            if deadline_matters {
                self.dirty_pools.insert(*pool);
            }
        }
        if everything {
            self.dirty_jobs.extend(self.jobs.keys());
            self.to_plan.extend(self.pools.keys());
            crate::service::account::accounts_finish_delete(&self.cx).await?;
        }
        Ok(())
    }

    /// Attempts that are over by a user's word: their tasks are saved so already, their slots come free when the node says so.
    fn end_attempts(&mut self, ended: &[EndedAttempt]) {
        for EndedAttempt { node_key, job_key, attempt, .. } in ended {
            self.kill(*node_key, attempt.task, attempt.number);
            self.dirty_jobs.insert(*job_key);
        }
    }

    /// Tells a node to end an attempt, once.
    pub(super) fn kill(&mut self, node_key: i64, task: i64, number: i64) {
        if self.killed.insert((task, number)) {
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
