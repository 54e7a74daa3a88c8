//! The node's loop: takes in what the server says and what becomes of processes, keeps the queue of tasks, begins them, and
//! tells the server. It waits for the disk only to make a run's folder and files: the connection is another thread's, and so
//! are reading, measuring and deleting files.

mod health;
mod hear;
mod log_upload;
mod remote;
mod stages;
mod work;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::environment::NodeFacts;
use super::files::NodeFiles;
use super::journal::{Journal, Past};
use super::launcher::Launcher;
use super::process::UserId;
use super::run_id::RunId;
use super::runs::{Fate, Runs};
use super::sample::Sampler;
use super::server_client::{Frame, FromServer, Link};
use super::ssh;
use super::start_task::StartTaskLife;
use super::watches::{self, Watches};
use super::{clock, lease, node_root};
use crate::api::agent::{AgentConfig, Attempt, Ended, FromAgent, HEARTBEAT_SECS, RunTask, Welcome};
use crate::api::{NodeError, Timestamp};
use remote::Remote;
use stages::Stages;

/// How long messages are collected before they are sent.
const COLLECT: Duration = Duration::from_millis(1);

const HEARTBEAT: Duration = Duration::from_secs(HEARTBEAT_SECS);

/// A connection on which nothing was heard for so long is given up. Each heartbeat asks for an answer.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT_SECS);

/// How long the last messages may take to leave before the agent ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the loop ended, and what must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The node leaves its pool: nothing of it is kept.
    Leave,
    /// The agent begins anew.
    Reboot,
    /// The operator's wish.
    Exit,
}

pub struct Node {
    config: AgentConfig,
    /// As tasks see it.
    root: PathBuf,
    mark: String,
    boot: String,
    booted_at: Timestamp,

    queue: VecDeque<RunTask>,
    runs: Runs,
    /// Of runs whose command is not all of them.
    stages: HashMap<RunId, Stages>,
    /// Not acknowledged.
    ended: BTreeMap<Attempt, Ended>,
    journal: Journal,
    start_task: StartTaskLife,
    launcher: Launcher,
    stop: Option<Stop>,

    welcome: Option<Welcome>,
    facts: Option<Arc<NodeFacts>>,
    link: Option<Link>,
    is_welcome: bool,
    last_word: Instant,
    /// Last word of any kind on the connection, to notice one that is dead.
    last_sign: Instant,
    outbox: Vec<FromAgent>,
    given_back: Vec<Attempt>,
    /// Running, not told yet.
    unannounced: Vec<RunId>,
    flush_at: Option<Instant>,
    heartbeat_at: Instant,
    sampler: Sampler,
    health: Option<NodeError>,

    files: Arc<NodeFiles>,
    watches: Watches,
    measure_at: Option<Instant>,
    measured: UnboundedSender<Vec<(u64, Option<u64>)>>,
    /// To be removed when the runs in them are over.
    clean_up_later: Vec<String>,
    remote: Remote,
}

/// Runs the node until it has to stop. SIGCHLD must be blocked in all threads, so that it arrives here only.
pub async fn run(
    config: AgentConfig,
    dir: PathBuf,
    root: PathBuf,
    mark: String,
    (journal, past): (Journal, Past),
    mut from_server: Receiver<FromServer>,
) -> anyhow::Result<Stop> {
    let (measured_to, mut measured) = unbounded_channel();
    let (asks_to, mut asks) = unbounded_channel();
    let remote = Remote::new(dir, asks_to);
    let mut node = Node::new(config, root, mark, (journal, past), measured_to, remote)?;
    #[expect(deprecated, reason = "what it warns of cannot be: the descriptor lives as long as the value that owns it")]
    let children = AsyncFd::new(child_signals()?).context("listening for the ends of children")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let files = Arc::clone(&node.files);
    tokio::task::spawn_blocking(move || files.remove_all_discarded());
    let stop = loop {
        node.begin_what_fits();
        if let Some(stop) = node.stop.filter(|_| node.runs.is_empty()) {
            break stop;
        }
        let deadline = node.next_deadline();
        tokio::select! {
            news = from_server.recv() => node.on_server(news.context("the server's client has ended")?),
            Some(ask) = asks.recv() => node.on_ask(ask),
            Some(lengths) = measured.recv() => node.on_measured(&lengths),
            ended = children.readable() => {
                // One signal stands for any number of children: they are counted where they are reaped.
                let mut ended = ended?;
                ended.get_inner().read_signal()?;
                ended.clear_ready();
            }
            _ = terminate.recv() => node.stop(Stop::Exit),
            _ = interrupt.recv() => node.stop(Stop::Exit),
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
        // After a wait for the disk the server's word may be here already: it counts before the clock does.
        while let Ok(news) = from_server.try_recv() {
            node.on_server(news);
        }
        node.tick(clock::instant());
    };
    node.say_farewell().await;
    Ok(stop)
}

fn child_signals() -> anyhow::Result<SignalFd> {
    let mut mask = SigSet::empty();
    mask.add(nix::sys::signal::Signal::SIGCHLD);
    Ok(SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}

impl Node {
    fn new(
        config: AgentConfig,
        root: PathBuf,
        mark: String,
        (journal, past): (Journal, Past),
        measured: UnboundedSender<Vec<(u64, Option<u64>)>>,
        remote: Remote,
    ) -> anyhow::Result<Self> {
        let now = clock::instant();
        let node = Node {
            runs: Runs::new(mark.clone()).context("reading the process table")?,
            launcher: Launcher::open(&root).context("opening the node's root")?,
            files: Arc::new(NodeFiles::open(&root).context("opening the node's root")?),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/uuid")
                .context("making the boot's name")?
                .trim()
                .to_owned(),
            booted_at: clock::now(),
            ended: past.ended.into_iter().map(|ended| (ended.a, ended)).collect(),
            given_back: past.begun,
            config,
            root,
            mark,
            journal,
            queue: VecDeque::new(),
            stages: HashMap::new(),
            start_task: StartTaskLife::default(),
            stop: None,
            welcome: None,
            facts: None,
            link: None,
            is_welcome: false,
            last_word: now,
            last_sign: now,
            outbox: Vec::new(),
            unannounced: Vec::new(),
            flush_at: None,
            heartbeat_at: now,
            sampler: Sampler::default(),
            health: None,
            watches: Watches::default(),
            measure_at: None,
            measured,
            clean_up_later: Vec::new(),
            remote,
        };
        Ok(node)
    }

    fn tick(&mut self, now: Instant) {
        self.runs.tick(self.kill_wait(), now);
        for over in self.runs.reap(now) {
            self.on_over(over);
        }
        if lease::has_ended(self.lease(), self.last_word, now) {
            self.on_lease_end(now);
        }
        if self.link.is_some() && now >= self.last_sign + SILENCE {
            tracing::warn!("nothing was heard from the server for {SILENCE:?}: connecting again");
            self.link = None;
            self.is_welcome = false;
        }
        if now >= self.heartbeat_at {
            self.heartbeat_at = now + HEARTBEAT;
            self.beat();
        }
        if self.measure_at.is_some_and(|at| now >= at) {
            self.measure();
        }
        self.settle_remote(now);
        if self.flush_at.is_some_and(|at| now >= at) {
            self.flush();
        }
    }

    fn next_deadline(&self) -> Instant {
        let lease_end =
            lease::ends_at(self.lease().filter(|_| !self.runs.is_empty() || !self.queue.is_empty()), self.last_word);
        let start_task = self.start_task.due().filter(|_| self.welcome.is_some() && self.stop.is_none());
        let deadlines =
            [self.flush_at, self.measure_at, self.runs.next_deadline(clock::instant()), start_task, lease_end];
        deadlines.into_iter().flatten().chain(self.remote.next_deadline()).fold(self.heartbeat_at, Instant::min)
    }

    /// The server may run the tasks elsewhere by now.
    fn on_lease_end(&mut self, now: Instant) {
        if !self.runs.is_empty() || !self.queue.is_empty() {
            tracing::warn!("the server was silent for longer than the lease: ending all tasks");
        }
        for task in std::mem::take(&mut self.queue) {
            self.give_back(task.a);
        }
        let kill_wait = self.kill_wait();
        let tasks: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(id, run)| id.attempt().is_some() && run.fate != Fate::GiveBack)
            .map(|(id, _)| id)
            .collect();
        for id in tasks {
            self.runs.end(id, Fate::GiveBack, kill_wait, now);
        }
        // Counted anew, so that what is ending is not ended again each time.
        self.last_word = now;
    }

    fn measure(&mut self) {
        self.measure_at = None;
        if self.watches.is_empty() {
            return;
        }
        let (files, paths, done) = (Arc::clone(&self.files), self.watches.paths(), self.measured.clone());
        tokio::task::spawn_blocking(move || done.send(watches::measure(&files, &paths)));
    }

    fn on_measured(&mut self, lengths: &[(u64, Option<u64>)]) {
        let now = clock::instant();
        for growth in self.watches.take(lengths, now) {
            self.outbox.push(FromAgent::FileGrew { watch: growth.watch, length: growth.length, ended: growth.ended });
            self.send_soon();
        }
        self.measure_at = (!self.watches.is_empty()).then_some(now + watches::PERIOD);
    }

    fn send_soon(&mut self) {
        if self.flush_at.is_none() {
            self.flush_at = Some(clock::instant() + COLLECT);
        }
    }

    fn flush(&mut self) {
        self.flush_at = None;
        let mut messages = self.announce();
        self.flush_journal();
        let Some(link) = self.link.as_ref().filter(|_| self.is_welcome) else {
            // Said again after the next welcome, from the tables.
            self.outbox.clear();
            return;
        };
        messages.append(&mut self.outbox);
        if !self.given_back.is_empty() {
            messages.push(FromAgent::GaveBack { attempts: std::mem::take(&mut self.given_back) });
        }
        send(link, &messages);
    }

    /// `Started` of what still runs; what has ended meanwhile is told by its `Ended`.
    fn announce(&mut self) -> Vec<FromAgent> {
        let mut messages = Vec::new();
        for id in std::mem::take(&mut self.unannounced) {
            let Some(run) = self.runs.get(id) else { continue };
            if let Some(leader) = run.leader() {
                let start_time = super::process_tree::start_time(leader).unwrap_or(0);
                self.journal.runs_as(id, leader, start_time);
            }
            if let RunId::Task(a) = id {
                messages.push(FromAgent::Started { a, at: run.started });
            }
        }
        messages
    }

    fn flush_journal(&mut self) {
        if let Err(error) = self.journal.flush() {
            tracing::error!(%error, "the journal cannot be written: results that are not acknowledged would not survive the agent");
        }
    }

    async fn say_farewell(&mut self) {
        self.flush();
        let (done, is_done) = oneshot::channel();
        if let Some(link) = &self.link
            && link.frames.send(Frame::Close(done)).is_ok()
        {
            let _ = tokio::time::timeout(FAREWELL, is_done).await;
        }
    }

    fn kill_wait(&self) -> Duration {
        Duration::from_secs(self.welcome.as_ref().map_or(0, |welcome| welcome.kill_wait_secs.into()))
    }

    fn lease(&self) -> Option<Duration> {
        self.welcome.as_ref()?.lease_secs.map(|secs| Duration::from_secs(secs.into()))
    }

    fn may_elevate(&self) -> bool {
        self.welcome.as_ref().is_some_and(|welcome| welcome.elevation_allowed)
    }

    fn user(&self) -> Option<UserId> {
        self.welcome.as_ref().and_then(|welcome| self.task_user(welcome))
    }

    fn task_user(&self, welcome: &Welcome) -> Option<UserId> {
        welcome.task_user.filter(|_| nix::unistd::geteuid().is_root())
    }
}

fn send(link: &Link, messages: &[FromAgent]) {
    if !messages.is_empty() {
        let text = serde_json::to_string(messages).expect("messages are JSON");
        let _ = link.frames.send(Frame::Text(text));
    }
}

/// Removes what the node kept, when it has left its pool.
pub fn remove_traces(dir: &Path) -> std::io::Result<()> {
    std::fs::remove_dir_all(dir.join(node_root::ROOT))?;
    ssh::remove_host_key(dir)?;
    Journal::remove(dir)
}
