//! The agent's one loop: takes in what the server says and what becomes of processes, keeps the queue of tasks, and tells the
//! server. Everything that can wait for a disk happens on other threads.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::environment::NodeFacts;
use super::files::NodeFiles;
use super::journal::{Journal, Past};
use super::launcher::{self, Launch, Launched};
use super::process::UserId;
use super::run_id::RunId;
use super::runs::{Fate, Over, Run, Runs};
use super::sample::{self, Sampler};
use super::server_client::{self, Frame, FromServer, Link};
use super::start_task::StartTaskLife;
use super::watches::{self, Watches};
use super::{clock, failure, lease, node_root};
use crate::api::agent::{
    AgentConfig, Attempt, Ended, FromAgent, HEARTBEAT_SECS, Hello, RunTask, ToAgent, Welcome,
};
use crate::api::{ElevationLevel, NodeError, Timestamp};

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
    /// Not acknowledged.
    ended: BTreeMap<Attempt, Ended>,
    journal: Journal,
    start_task: StartTaskLife,
    launcher: mpsc::Sender<Launch>,
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
}

/// What comes in besides the server's words.
struct Inputs {
    launched: UnboundedReceiver<Launched>,
    measured: UnboundedReceiver<Vec<(u64, Option<u64>)>>,
}

/// Runs the node until it has to stop.
pub async fn run(config: AgentConfig, root: PathBuf, mark: String, journal: Journal, past: Past) -> anyhow::Result<Stop> {
    let (mut node, mut inputs) = Node::new(config, root, mark, journal, past)?;
    let mut from_server = server_client::start(node.config.clone());
    let mut children = signal(SignalKind::child()).context("listening for the ends of children")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let stop = loop {
        node.begin_what_fits();
        if let Some(stop) = node.stop.filter(|_| node.runs.is_empty()) {
            break stop;
        }
        let deadline = node.next_deadline();
        tokio::select! {
            news = from_server.recv() => node.on_server(news.context("the server's client has ended")?),
            launched = inputs.launched.recv() => node.on_launched(launched.context("the launcher has ended")?),
            Some(lengths) = inputs.measured.recv() => node.on_measured(&lengths),
            _ = children.recv() => {}
            _ = terminate.recv() => node.stop(Stop::Exit),
            _ = interrupt.recv() => node.stop(Stop::Exit),
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
        while let Ok(launched) = inputs.launched.try_recv() {
            node.on_launched(launched);
        }
        node.tick(clock::instant());
    };
    node.say_farewell().await;
    Ok(stop)
}

impl Node {
    fn new(config: AgentConfig, root: PathBuf, mark: String, journal: Journal, past: Past) -> anyhow::Result<(Self, Inputs)> {
        let (to_loop, launched) = unbounded_channel();
        let (measured_to, measured) = unbounded_channel();
        let now = clock::instant();
        let node = Node {
            runs: Runs::new(mark.clone()).context("reading the process table")?,
            launcher: launcher::start(&root, to_loop).context("starting the launcher")?,
            files: Arc::new(NodeFiles::open(&root).context("opening the node's root")?),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/uuid").context("making the boot's name")?.trim().to_owned(),
            booted_at: clock::now(),
            ended: past.ended.into_iter().map(|ended| (ended.a, ended)).collect(),
            given_back: past.begun,
            config,
            root,
            mark,
            journal,
            queue: VecDeque::new(),
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
            measured: measured_to,
            clean_up_later: Vec::new(),
        };
        Ok((node, Inputs { launched, measured }))
    }

    // ---- What the server says.

    fn on_server(&mut self, news: FromServer) {
        self.last_sign = clock::instant();
        match news {
            FromServer::Connected(link) => {
                self.is_welcome = false;
                let hello = FromAgent::Hello(self.hello(&link));
                send(&link, &[hello]);
                self.link = Some(link);
            }
            FromServer::Lost => {
                self.link = None;
                self.is_welcome = false;
                self.watches.clear();
            }
            FromServer::Heard => self.last_word = self.last_sign,
            FromServer::Messages(messages) => {
                self.last_word = self.last_sign;
                for message in messages {
                    self.on_message(message);
                }
            }
        }
    }

    fn hello(&self, link: &Link) -> Hello {
        let waiting = self.queue.iter().map(|task| task.a);
        let running = self.runs.iter().filter_map(|(id, _)| id.attempt());
        Hello {
            node: self.config.node.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: self.boot.clone(),
            booted_at: self.booted_at,
            ip_address: link.ip_address.clone(),
            cores: sample::cores(),
            memory_mib: sample::memory_mib(),
            alive: waiting.chain(running).collect(),
            ended: self.ended.keys().copied().collect(),
            start_task: self.start_task.report(),
        }
    }

    fn on_message(&mut self, message: ToAgent) {
        match message {
            ToAgent::Welcome(welcome) => self.on_welcome(welcome),
            _ if !self.is_welcome => tracing::warn!("the server spoke before its welcome"),
            ToAgent::Run { tasks } => self.on_run(tasks),
            ToAgent::Recall { attempts } => self.on_recall(&attempts),
            ToAgent::Kill { attempts } => self.on_kill(&attempts),
            ToAgent::Ack { attempts } => attempts.iter().for_each(|attempt| self.forget_end(*attempt)),
            ToAgent::CleanUp { directories } => {
                self.clean_up_later.extend(directories);
                self.clean_up();
            }
            ToAgent::File { request, ask } => {
                let (files, user) = (Arc::clone(&self.files), self.user());
                let Some(frames) = self.link.as_ref().map(|link| link.frames.clone()) else { return };
                tokio::task::spawn_blocking(move || {
                    let (reply, data) = files.answer(request, &ask, user);
                    let _ = frames.send(Frame::Binary(server_client::file_frame(&reply, &data)));
                });
            }
            ToAgent::Watch { watch, path, from, secs } => {
                self.watches.set(watch, path, from, secs);
                self.measure_at.get_or_insert(clock::instant());
            }
            ToAgent::Reboot => self.stop(Stop::Reboot),
            ToAgent::Leave => self.stop(Stop::Leave),
        }
    }

    fn on_welcome(&mut self, welcome: Welcome) {
        let user = self.task_user(&welcome);
        if let Err(error) = node_root::lay_out(&self.root, user) {
            tracing::error!(%error, "the node's folders could not be made");
        }
        let facts = NodeFacts::of(&welcome, &self.config.node, &self.root, user_name(user), self.mark.clone());
        self.facts = Some(Arc::new(facts));
        self.is_welcome = true;
        self.start_task.set_once(welcome.start_task.clone(), clock::instant());
        let stale = welcome.stale.clone();
        self.welcome = Some(welcome);
        self.health = self.unreachable_root();
        for attempt in &stale {
            self.forget_end(*attempt);
        }
        let is_here = |attempt: &Attempt| self.runs.get(RunId::Task(*attempt)).is_some() || self.queue.iter().any(|task| task.a == *attempt);
        let to_kill: Vec<Attempt> = stale.into_iter().filter(is_here).collect();
        self.on_kill(&to_kill);
        // All that was said on an earlier connection may be lost.
        self.outbox = self.ended.values().cloned().map(FromAgent::Ended).collect();
        self.outbox.extend(self.start_task.report().map(FromAgent::StartTask));
        self.outbox.extend(self.health.clone().map(|error| FromAgent::Health { error: Some(error) }));
        self.unannounced = self.runs.iter().filter(|(id, _)| *id != RunId::StartTask).map(|(id, _)| id).collect();
        self.heartbeat_at = clock::instant();
        self.send_soon();
    }

    fn on_run(&mut self, tasks: Vec<RunTask>) {
        for task in tasks {
            let id = RunId::Task(task.a);
            let is_known = self.runs.get(id).is_some() || self.ended.contains_key(&task.a) || self.queue.iter().any(|t| t.a == task.a);
            if self.stop.is_some() {
                self.give_back(task.a);
            } else if !is_known {
                self.queue.push_back(task);
            }
        }
    }

    fn on_recall(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            if self.take_from_queue(*attempt) {
                self.give_back(*attempt);
            }
        }
    }

    fn on_kill(&mut self, attempts: &[Attempt]) {
        let (kill_wait, now) = (self.kill_wait(), clock::instant());
        for attempt in attempts {
            let id = RunId::Task(*attempt);
            if self.runs.get(id).is_some() {
                self.runs.end(id, Fate::GiveBack, kill_wait, now);
            } else if !self.ended.contains_key(attempt) {
                self.take_from_queue(*attempt);
                self.give_back(*attempt);
            }
        }
    }

    fn take_from_queue(&mut self, attempt: Attempt) -> bool {
        let place = self.queue.iter().position(|task| task.a == attempt);
        place.and_then(|place| self.queue.remove(place)).is_some()
    }

    fn give_back(&mut self, attempt: Attempt) {
        self.journal.forget(RunId::Task(attempt));
        self.given_back.push(attempt);
        self.send_soon();
    }

    fn forget_end(&mut self, attempt: Attempt) {
        if self.ended.remove(&attempt).is_some() {
            self.journal.forget(RunId::Task(attempt));
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
        for task in std::mem::take(&mut self.queue) {
            self.give_back(task.a);
        }
        let kill_wait = if stop == Stop::Leave { Duration::ZERO } else { self.kill_wait() };
        self.runs.end_all(kill_wait, clock::instant());
    }

    // ---- Beginning and ending runs.

    /// Begins runs as long as there are slots for the first in the queue. One of the same task that is still ending goes first:
    /// both would write to the same folder.
    fn begin_what_fits(&mut self) {
        let Some(welcome) = self.welcome.as_ref().filter(|_| self.stop.is_none()) else { return };
        let slots = welcome.slots.max(1);
        let mut launches = Vec::new();
        if self.start_task.due().is_some_and(|due| due <= clock::instant()) {
            launches.extend(self.begin_start_task());
        }
        while self.start_task.is_ready()
            && let Some(task) = self.queue.front()
        {
            // One that asks for more than there is runs alone.
            let needed = task.slots.clamp(1, slots);
            let is_ending = self.runs.iter().any(|(id, _)| id.attempt().is_some_and(|a| a.task == task.a.task));
            if self.runs.slots_in_use() + needed > slots || is_ending {
                break;
            }
            if let Some(task) = self.queue.pop_front() {
                launches.extend(self.begin_task(task, needed));
            }
        }
        if launches.is_empty() {
            return;
        }
        self.flush_journal();
        for launch in launches {
            if self.launcher.send(launch).is_err() {
                tracing::error!("the launcher has ended");
            }
        }
    }

    fn begin_task(&mut self, task: RunTask, slots: i32) -> Option<Launch> {
        let id = RunId::Task(task.a);
        let run = Run::new(task.directory.clone(), slots, task.max_wall_clock);
        self.journal.begins(id);
        if task.elevated && !self.may_elevate() {
            self.on_over(Over { id, run, at: clock::now(), exit: None, failure: Some(failure::not_elevated()) });
            return None;
        }
        self.runs.launching(id, run);
        Some(Launch {
            run: id,
            node: Arc::clone(self.facts.as_ref()?),
            job_and_task: Some((task.job, task.task)),
            directory: task.directory,
            command_line: task.command_line,
            environment: task.environment,
            user: self.user(),
            elevated: task.elevated,
        })
    }

    fn begin_start_task(&mut self) -> Option<Launch> {
        let task = self.start_task.task()?.clone();
        let auto_user = task.user_identity.and_then(|identity| identity.auto_user);
        let elevated = auto_user.and_then(|user| user.elevation_level) == Some(ElevationLevel::Admin);
        self.start_task.begins(clock::now());
        self.tell_start_task();
        let (id, directory) = (RunId::StartTask, "startup".to_owned());
        let run = Run::new(directory.clone(), 0, None);
        self.journal.begins(id);
        if elevated && !self.may_elevate() {
            self.on_over(Over { id, run, at: clock::now(), exit: None, failure: Some(failure::not_elevated()) });
            return None;
        }
        self.runs.launching(id, run);
        Some(Launch {
            run: id,
            node: Arc::clone(self.facts.as_ref()?),
            job_and_task: None,
            directory,
            command_line: task.command_line,
            environment: task.environment_settings.unwrap_or_default(),
            user: self.user(),
            elevated,
        })
    }

    fn on_launched(&mut self, launched: Launched) {
        let Launched { run, at, result } = launched;
        let has_begun = result.is_ok();
        if let Some(over) = self.runs.launched(run, result, at, self.kill_wait()) {
            self.on_over(over);
        } else if has_begun && run != RunId::StartTask {
            self.unannounced.push(run);
            self.send_soon();
        }
    }

    fn on_over(&mut self, over: Over) {
        let Over { id, run, at, exit, failure } = over;
        match id {
            RunId::StartTask => {
                self.journal.forget(id);
                self.start_task.ends(exit, failure, at, clock::instant());
                self.tell_start_task();
            }
            RunId::Task(attempt) if run.fate == Fate::GiveBack => self.give_back(attempt),
            RunId::Task(a) => {
                let ended = Ended { a, started: run.started, at, exit, failure };
                self.journal.ended(&ended);
                self.outbox.push(FromAgent::Ended(ended.clone()));
                self.ended.insert(a, ended);
                self.send_soon();
            }
        }
        self.clean_up();
    }

    fn tell_start_task(&mut self) {
        self.outbox.extend(self.start_task.report().map(FromAgent::StartTask));
        self.send_soon();
    }

    /// Takes the folders of tasks that are gone out of the way at once, since the next task may have the same name; removing
    /// what is in them may take long.
    fn clean_up(&mut self) {
        if self.clean_up_later.is_empty() {
            return;
        }
        let busy: HashSet<&str> = self.runs.iter().map(|(_, run)| run.directory.as_str()).collect();
        let is_busy = |directory: &String| busy.iter().any(|b| b.strip_prefix(directory.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let (later, now) = std::mem::take(&mut self.clean_up_later).into_iter().partition(is_busy);
        self.clean_up_later = later;
        let discarded: Vec<String> = Vec::into_iter(now).filter_map(|directory| self.files.discard(&directory)).collect();
        if !discarded.is_empty() {
            let files = Arc::clone(&self.files);
            tokio::task::spawn_blocking(move || discarded.iter().for_each(|name| files.remove_discarded(name)));
        }
    }

    // ---- Time.

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
        if self.flush_at.is_some_and(|at| now >= at) {
            self.flush();
        }
    }

    fn next_deadline(&self) -> Instant {
        let lease_end = lease::ends_at(self.lease().filter(|_| !self.runs.is_empty() || !self.queue.is_empty()), self.last_word);
        let start_task = self.start_task.due().filter(|_| self.welcome.is_some() && self.stop.is_none());
        let deadlines = [self.flush_at, self.measure_at, self.runs.next_deadline(), start_task, lease_end];
        deadlines.into_iter().flatten().fold(self.heartbeat_at, Instant::min)
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
        let tasks: Vec<RunId> = self.runs.iter().filter(|(id, run)| *id != RunId::StartTask && run.fate != Fate::GiveBack).map(|(id, _)| id).collect();
        for id in tasks {
            self.runs.end(id, Fate::GiveBack, kill_wait, now);
        }
        // Counted anew, so that what is ending is not ended again each time.
        self.last_word = now;
    }

    fn beat(&mut self) {
        let sample = self.sampler.sample(&self.root);
        let health = self.unreachable_root().or_else(|| disk_full(sample.disk_free_bytes));
        if health != self.health {
            self.health = health;
            self.outbox.push(FromAgent::Health { error: self.health.clone() });
        }
        self.outbox.push(FromAgent::Heartbeat { sample });
        if let Some(link) = &self.link {
            let _ = link.frames.send(Frame::Ping);
        }
        self.send_soon();
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

    // ---- Telling the server.

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
            if let (RunId::Task(a), Some(at)) = (id, run.started) {
                messages.push(FromAgent::Started { a, at });
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

    // ---- What the welcome says.

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

    /// The task user must be able to reach the root; only where it could not be mounted can it not.
    fn unreachable_root(&self) -> Option<NodeError> {
        let obstacle = node_root::obstacle(&self.root, self.user()?)?;
        let fix = format!(
            "The tasks' user cannot pass through {}. Let it (chmod o+x), keep the data folder elsewhere, or let the agent mount file systems (CAP_SYS_ADMIN).",
            obstacle.display()
        );
        Some(NodeError { code: "NodeRootUnreachable".to_owned(), message: fix, error_details: Vec::new() })
    }
}

fn send(link: &Link, messages: &[FromAgent]) {
    if !messages.is_empty() {
        let text = serde_json::to_string(messages).expect("messages are JSON");
        let _ = link.frames.send(Frame::Text(text));
    }
}

fn disk_full(free_bytes: u64) -> Option<NodeError> {
    (free_bytes < sample::DISK_FULL_BYTES).then(|| NodeError {
        code: "DiskFull".to_owned(),
        message: format!("The node's disk has {free_bytes} bytes left."),
        error_details: Vec::new(),
    })
}

/// Batch's name for its automatic user where the system has none for the number.
fn user_name(user: Option<UserId>) -> String {
    let uid = user.map_or_else(nix::unistd::geteuid, nix::unistd::Uid::from_raw);
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    known.map_or_else(|| "_azbatch".to_owned(), |user| user.name)
}

/// Removes what the node kept, when it has left its pool.
pub fn remove_traces(dir: &Path) -> std::io::Result<()> {
    std::fs::remove_dir_all(dir.join(node_root::ROOT))?;
    Journal::remove(dir)
}
