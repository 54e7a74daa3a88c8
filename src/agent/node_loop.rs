//! The node's loop: takes in what the server says and what becomes of processes, lets [`super::node_core`] decide, begins
//! tasks, and tells the server. It waits for the disk only to make a run's folder and files: the connection is another thread's, and so
//! are reading, measuring and deleting files.

mod containers;
mod deploy;
mod health;
mod hear;
mod instances;
mod log_upload;
mod mounts;
mod remote;
mod sheets;
mod stages;
mod users;
mod work;

use std::collections::{HashMap, HashSet};
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
use super::groups::Groups;
use super::journal::{FilePaper, Journal, Past};
use super::launcher::Launcher;
use super::node_core::{Core, Stop};
use super::process::{TaskUser, UserId};
use super::run_id::RunId;
use super::runs::Runs;
use super::sample::Sampler;
use super::server_client::{Frame, FromServer, Link};
use super::ssh;
use super::task_view::View;
use super::watches::{self, Watches};
use super::{clock, container, mount_table, node_root, run_id, task_view};
use crate::api::agent::{AgentConfig, FromAgent, HEARTBEAT_SECS, Welcome};
use crate::api::{TaskContainerExecutionInformation, Timestamp};
use remote::Remote;
use stages::Stages;
use users::Lent;

const HEARTBEAT: Duration = Duration::from_secs(HEARTBEAT_SECS);

/// A connection on which nothing was heard for so long is given up. Each heartbeat asks for an answer.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT_SECS);

/// How long the last messages may take to leave before the agent ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Lengths of watched files, by their watches.
type Measured = Vec<(u64, Option<u64>)>;

pub struct Node {
    config: AgentConfig,
    /// As tasks see it.
    root: PathBuf,
    mark: String,
    boot: String,
    booted_at: Timestamp,

    core: Core<FilePaper>,
    runs: Runs,
    /// Of runs whose command is not all of them.
    stages: HashMap<RunId, Stages>,
    launcher: Launcher,
    groups: Groups,

    facts: Option<Arc<NodeFacts>>,
    link: Option<Link>,
    /// Last word of any kind on the connection, to notice one that is dead.
    last_sign: Instant,
    heartbeat_at: Instant,
    sampler: Sampler,

    files: Arc<NodeFiles>,
    watches: Watches,
    measure_at: Option<Instant>,
    measured: UnboundedSender<Measured>,
    /// To be removed when the runs in them are over.
    clean_up_later: Vec<String>,
    remote: Remote,
    lent: Lent,
    freed: UnboundedSender<u32>,
    has_reclaimed: bool,
    /// The agent's folder.
    dir: PathBuf,
    /// Container images that are known to be on the node.
    images: HashSet<String>,
    /// What is known of containers that are over, until their runs are.
    container_infos: HashMap<RunId, TaskContainerExecutionInformation>,
}

/// Runs the node until it has to stop. SIGCHLD must be blocked in all threads, so that it arrives here only.
pub async fn run(
    config: AgentConfig,
    dir: PathBuf,
    (root, view): (PathBuf, Option<View>),
    mark: String,
    groups: Groups,
    (journal, past): (Journal, Past),
    mut from_server: Receiver<FromServer>,
) -> anyhow::Result<Stop> {
    let (measured_to, mut measured) = unbounded_channel();
    let (asks_to, mut asks) = unbounded_channel();
    let (freed_to, mut freed) = unbounded_channel();
    let remote = Remote::new(dir.clone(), asks_to);
    let mut node =
        Node::new(config, (dir, root, view), mark, groups, (journal, past), (measured_to, freed_to), remote)?;
    #[expect(deprecated, reason = "what it warns of cannot be: the descriptor lives as long as the value that owns it")]
    let children = AsyncFd::new(child_signals()?).context("listening for the ends of children")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let files = Arc::clone(&node.files);
    files.discard_deployments();
    tokio::task::spawn_blocking(move || files.remove_all_discarded());
    let stop = loop {
        node.begin_what_fits();
        if let Some(stop) = node.core.stopping().filter(|_| node.runs.is_empty()) {
            break stop;
        }
        let deadline = node.next_deadline();
        tokio::select! {
            news = from_server.recv() => node.on_server(news.context("the server's client has ended")?),
            Some(ask) = asks.recv() => node.on_ask(ask),
            Some(user) = freed.recv() => node.on_freed(user),
            Some(lengths) = measured.recv() => node.on_measured(&lengths),
            ended = children.readable() => {
                // One signal stands for any number of children: they are counted where they are reaped.
                let mut ended = ended?;
                ended.get_inner().read_signal()?;
                ended.clear_ready();
            }
            _ = terminate.recv() => node.stop(),
            _ = interrupt.recv() => node.stop(),
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
        // After a wait for the disk the server's word may be here already: it counts before the clock does.
        while let Ok(news) = from_server.try_recv() {
            node.on_server(news);
        }
        node.tick(clock::instant());
    };
    node.say_farewell().await;
    node.groups.remove();
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
        (dir, root, view): (PathBuf, PathBuf, Option<View>),
        mark: String,
        groups: Groups,
        (journal, past): (Journal, Past),
        (measured, freed): (UnboundedSender<Measured>, UnboundedSender<u32>),
        remote: Remote,
    ) -> anyhow::Result<Self> {
        let now = clock::instant();
        let node = Node {
            runs: Runs::new(mark.clone()).context("reading the process table")?,
            launcher: Launcher::open(&root, view, &dir).context("opening the node's root")?,
            files: Arc::new(NodeFiles::open(&root).context("opening the node's root")?),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/uuid")
                .context("making the boot's name")?
                .trim()
                .to_owned(),
            booted_at: clock::now(),
            core: Core::new(journal, past, now),
            config,
            root,
            mark,
            groups,
            stages: HashMap::new(),
            facts: None,
            link: None,
            last_sign: now,
            heartbeat_at: now,
            sampler: Sampler::default(),
            watches: Watches::default(),
            measure_at: None,
            measured,
            clean_up_later: Vec::new(),
            remote,
            lent: Lent::default(),
            freed,
            has_reclaimed: false,
            dir,
            images: HashSet::new(),
            container_infos: HashMap::new(),
        };
        Ok(node)
    }

    fn tick(&mut self, now: Instant) {
        self.runs.tick(self.core.kill_wait(), now);
        for over in self.runs.reap(now) {
            self.on_over(over);
        }
        for id in self.runs.take_newly_held() {
            self.on_held(id);
        }
        if self.runs.take_followed_end() {
            self.on_mount_server_end();
        }
        self.core.end_mounts_last(&mut self.runs, now);
        self.core.end_if_forsaken(&mut self.runs, now);
        if self.link.is_some() && now >= self.last_sign + SILENCE {
            tracing::warn!("nothing was heard from the server for {SILENCE:?}: connecting again");
            self.link = None;
            self.core.connection_changed();
        }
        if now >= self.heartbeat_at {
            self.heartbeat_at = now + HEARTBEAT;
            self.beat();
        }
        if self.measure_at.is_some_and(|at| now >= at) {
            self.measure();
        }
        self.settle_remote(now);
        if self.core.is_flush_due(now) {
            self.flush();
        }
    }

    fn next_deadline(&self) -> Instant {
        let decided = self.core.next_deadline(&self.runs);
        let deadlines = [decided, self.measure_at, self.runs.next_deadline(clock::instant())];
        deadlines.into_iter().flatten().chain(self.remote.next_deadline()).fold(self.heartbeat_at, Instant::min)
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
            let message = FromAgent::FileGrew { watch: growth.watch, length: growth.length, ended: growth.ended };
            self.core.say(message, now);
        }
        self.measure_at = (!self.watches.is_empty()).then_some(now + watches::PERIOD);
    }

    fn flush(&mut self) {
        let messages = self.core.flush(&self.runs, self.link.is_some());
        if let Some(link) = &self.link {
            send(link, &messages);
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

    fn stop(&mut self) {
        self.core.stop(Stop::Exit, &mut self.runs, clock::instant());
    }

    fn may_elevate(&self) -> bool {
        self.core.welcome().is_some_and(|welcome| welcome.elevation_allowed)
    }

    /// The pool's own user.
    fn user(&self) -> Option<TaskUser> {
        self.core.welcome().and_then(|welcome| self.task_user(welcome)).map(TaskUser::of_pool)
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
    mount_table::refuse_mounted_below(dir)?;
    std::fs::remove_dir_all(dir.join(node_root::ROOT))?;
    container::sweep::sweep(dir, &run_id::mark_of(dir)?);
    container::sweep::remove_folder(dir)?;
    task_view::remove(dir)?;
    ssh::remove_host_key(dir)?;
    Journal::remove(dir)
}
