//! What a node decides: which tasks wait, begin and are given back, what is remembered of their ends, and what the server is
//! told. No processes, files or sockets: the node's loop carries out what is decided here, and so does a simulation.
//!
//! Times are arguments. The monotonic ones count waits, the others are reported.

mod preliminaries;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

pub use super::fate::{Fate, Processes, Stop};
use super::journal::{Journal, Paper, Past};
use super::lease;
use super::run_id::RunId;
use super::start_task::StartTaskLife;
use crate::api::NodeError;
use crate::api::agent::{Attempt, Ended, FromAgent, Hello, RunTask, ToAgent, Welcome};
use preliminaries::{Before, is_idle};

/// How long messages are collected before they are sent.
pub const COLLECT: Duration = Duration::from_millis(1);
/// The same while tasks wait on the node. Nobody's slot is idle then, and what each message costs the server is shared by the
/// ends of several short tasks; it is a small part of the time for which the server sends ahead.
pub const COLLECT_BUSY: Duration = Duration::from_millis(10);

/// The error of a node that has no room for what tasks write.
pub const DISK_FULL: &str = "DiskFull";

pub struct Core<P> {
    pub journal: Journal<P>,
    queue: VecDeque<RunTask>,
    /// Not acknowledged.
    ended: BTreeMap<Attempt, Ended>,
    given_back: Vec<Attempt>,
    /// Running, not told yet.
    unannounced: Vec<RunId>,
    outbox: Vec<FromAgent>,
    start_task: StartTaskLife,
    before: Before,
    stop: Option<Stop>,
    health: Option<NodeError>,
    welcome: Option<Welcome>,
    is_welcome: bool,
    last_word: Instant,
    flush_at: Option<Instant>,
}

impl<P: Paper> Core<P> {
    pub fn new(journal: Journal<P>, past: Past, now: Instant) -> Self {
        Core {
            journal,
            queue: VecDeque::new(),
            ended: past.ended.into_iter().map(|ended| (ended.a, ended)).collect(),
            given_back: past.begun,
            unannounced: Vec::new(),
            outbox: Vec::new(),
            start_task: StartTaskLife::default(),
            before: Before::default(),
            stop: None,
            health: None,
            welcome: None,
            is_welcome: false,
            last_word: now,
            flush_at: None,
        }
    }

    /// The last one; a later connection may bring another.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// Whether the server has answered on this connection.
    pub fn is_welcome(&self) -> bool {
        self.is_welcome
    }

    pub fn stopping(&self) -> Option<Stop> {
        self.stop
    }

    pub fn kill_wait(&self) -> Duration {
        Duration::from_secs(self.welcome.as_ref().map_or(0, |welcome| welcome.kill_wait_secs.into()))
    }

    /// Completes a greeting with what is here.
    pub fn hello(&self, facts: Hello, runs: &impl Processes) -> Hello {
        let waiting = self.queue.iter().map(|task| task.a);
        let running = runs.ids().into_iter().filter_map(RunId::attempt);
        Hello {
            alive: waiting.chain(running).collect(),
            ended: self.ended.keys().copied().collect(),
            packages_deployed: self.before.is_done(),
            start_task: self.start_task.report(),
            ..facts
        }
    }

    /// A connection has begun or ended: nothing is said on it before the server's welcome.
    pub fn connection_changed(&mut self) {
        self.is_welcome = false;
    }

    /// The server has shown that it lives.
    pub fn heard(&mut self, now: Instant) {
        self.last_word = now;
    }

    /// Does what the server says, and gives back what is not decided here.
    pub fn on_message(&mut self, message: ToAgent, runs: &mut impl Processes, now: Instant) -> Option<ToAgent> {
        match message {
            ToAgent::Welcome(welcome) => self.on_welcome(welcome, runs, now),
            _ if !self.is_welcome => tracing::warn!("the server spoke before its welcome"),
            ToAgent::Run { tasks } => self.on_run(tasks, runs, now),
            ToAgent::Recall { attempts } => self.on_recall(&attempts, now),
            ToAgent::Kill { attempts } => self.on_kill(&attempts, runs, now),
            ToAgent::Ack { attempts } => attempts.iter().for_each(|attempt| self.forget_end(*attempt)),
            ToAgent::Reboot => self.stop(Stop::Reboot, runs, now),
            ToAgent::Leave => self.stop(Stop::Leave, runs, now),
            other @ (ToAgent::Go { .. }
            | ToAgent::CleanUp { .. }
            | ToAgent::File { .. }
            | ToAgent::Users { .. }
            | ToAgent::Watch { .. }) => {
                return Some(other);
            }
        }
        None
    }

    fn on_welcome(&mut self, welcome: Welcome, runs: &mut impl Processes, now: Instant) {
        self.is_welcome = true;
        self.before.set_once(&welcome);
        self.start_task.set_once(welcome.start_task.clone(), now);
        let stale = welcome.stale.clone();
        self.welcome = Some(welcome);
        for attempt in &stale {
            self.forget_end(*attempt);
        }
        let is_here = |attempt: &Attempt| {
            runs.fate(RunId::Task(*attempt)).is_some() || self.queue.iter().any(|task| task.a == *attempt)
        };
        let to_kill: Vec<Attempt> = stale.into_iter().filter(is_here).collect();
        self.on_kill(&to_kill, runs, now);
        // All that was said on an earlier connection may be lost.
        self.outbox = self.ended.values().cloned().map(FromAgent::Ended).collect();
        self.outbox.extend(self.start_task.report().map(FromAgent::StartTask));
        self.outbox.extend(self.health.clone().map(|error| FromAgent::Health { error: Some(error) }));
        self.unannounced = runs.ids().into_iter().filter(|id| id.attempt().is_some()).collect();
        self.send_soon(now);
    }

    fn on_run(&mut self, tasks: Vec<RunTask>, runs: &impl Processes, now: Instant) {
        for task in tasks {
            let is_known = runs.fate(RunId::Task(task.a)).is_some()
                || self.ended.contains_key(&task.a)
                || self.queue.iter().any(|t| t.a == task.a);
            if self.stop.is_some() || (self.is_disk_full() && task.a.task > 0) {
                self.give_back(task.a, now);
            } else if !is_known && task.slots == 0 {
                // What takes no slot waits for none.
                self.queue.push_front(task);
            } else if !is_known {
                self.queue.push_back(task);
            }
        }
    }

    fn on_recall(&mut self, attempts: &[Attempt], now: Instant) {
        for attempt in attempts {
            if self.take_from_queue(*attempt) {
                self.give_back(*attempt, now);
            }
        }
    }

    fn on_kill(&mut self, attempts: &[Attempt], runs: &mut impl Processes, now: Instant) {
        for attempt in attempts {
            let id = RunId::Task(*attempt);
            if runs.fate(id).is_some() {
                runs.end(id, Fate::GiveBack, self.kill_wait(), now);
            } else if !self.ended.contains_key(attempt) {
                self.take_from_queue(*attempt);
                self.give_back(*attempt, now);
            }
        }
    }

    fn take_from_queue(&mut self, attempt: Attempt) -> bool {
        let place = self.queue.iter().position(|task| task.a == attempt);
        place.and_then(|place| self.queue.remove(place)).is_some()
    }

    /// The attempt is over without an end.
    pub fn give_back(&mut self, attempt: Attempt, now: Instant) {
        self.journal.forget(RunId::Task(attempt));
        self.given_back.push(attempt);
        self.send_soon(now);
    }

    fn forget_end(&mut self, attempt: Attempt) {
        if self.ended.remove(&attempt).is_some() {
            self.journal.forget(RunId::Task(attempt));
        }
    }

    /// What waits is given back at once, what runs when it is over; nothing begins any more.
    pub fn stop(&mut self, stop: Stop, runs: &mut impl Processes, now: Instant) {
        self.stop = Some(stop);
        self.give_back_queue(now);
        let kill_wait = if stop == Stop::Leave { Duration::ZERO } else { self.kill_wait() };
        for id in runs.ids().into_iter().filter(|id| *id != RunId::Mounts) {
            runs.end(id, Fate::GiveBack, kill_wait, now);
        }
        self.end_mounts_last(runs, now);
    }

    fn give_back_queue(&mut self, now: Instant) {
        for task in std::mem::take(&mut self.queue) {
            self.give_back(task.a, now);
        }
    }

    /// The server may run the tasks elsewhere by now: they end. The start task is the node's own.
    pub fn end_if_forsaken(&mut self, runs: &mut impl Processes, now: Instant) {
        if !lease::has_ended(self.lease(), self.last_word, now) {
            return;
        }
        if !is_idle(runs) || !self.queue.is_empty() {
            tracing::warn!("the server was silent for longer than the lease: ending all tasks");
        }
        self.give_back_queue(now);
        let kill_wait = self.kill_wait();
        let is_task = |id: &RunId| id.attempt().is_some() && runs.fate(*id) != Some(Fate::GiveBack);
        for id in runs.ids().into_iter().filter(is_task).collect::<Vec<_>>() {
            runs.end(id, Fate::GiveBack, kill_wait, now);
        }
        // Counted anew, so that what is ending is not ended again each time.
        self.last_word = now;
    }

    fn lease(&self) -> Option<Duration> {
        self.welcome.as_ref()?.lease_secs.map(|secs| Duration::from_secs(secs.into()))
    }

    /// When something must be done though nothing happens.
    pub fn next_deadline(&self, runs: &impl Processes) -> Option<Instant> {
        let is_idle = self.queue.is_empty() && is_idle(runs);
        let lease_end = lease::ends_at(self.lease().filter(|_| !is_idle), self.last_word);
        let start_task = self.start_task.due().filter(|_| self.may_begin() && self.before.is_done());
        [self.flush_at, start_task, lease_end].into_iter().flatten().min()
    }

    fn may_begin(&self) -> bool {
        self.welcome.is_some() && self.stop.is_none()
    }

    /// The tasks that are to begin now, with the slots that each takes: as many as there are slots for the first in the queue.
    /// One of the same task that is still ending goes first: both would write to the same folder. Their begins are in the
    /// journal then. `must_wait` is asked once of each that would begin.
    pub fn tasks_to_begin(
        &mut self,
        runs: &impl Processes,
        mut must_wait: impl FnMut(&RunTask) -> bool,
    ) -> Vec<(RunTask, i32)> {
        let Some(welcome) = self.welcome.as_ref().filter(|_| self.stop.is_none()) else { return Vec::new() };
        if self.queue.is_empty() || !self.start_task.is_ready() || !self.before.is_done() {
            return Vec::new();
        }
        let slots = welcome.slots.max(1);
        let mut tasks: Vec<i64> = runs.ids().into_iter().filter_map(|id| Some(id.attempt()?.task)).collect();
        let mut in_use = runs.slots_in_use();
        let mut fitting = Vec::new();
        while let Some(task) = self.queue.front() {
            // One that asks for more than there is runs alone.
            let needed = if task.slots == 0 { 0 } else { task.slots.clamp(1, slots) };
            if in_use + needed > slots || tasks.contains(&task.a.task) || must_wait(task) {
                break;
            }
            in_use += needed;
            tasks.push(task.a.task);
            fitting.extend(self.queue.pop_front().map(|task| (task, needed)));
        }
        for (task, _) in &fitting {
            self.journal.begins(RunId::Task(task.a));
        }
        if !fitting.is_empty() {
            self.flush_journal();
        }
        fitting
    }

    /// Its first process runs.
    pub fn begun(&mut self, run: RunId, now: Instant) {
        self.unannounced.push(run);
        self.send_soon(now);
    }

    /// Nothing of a task's run is left.
    pub fn task_is_over(&mut self, fate: Fate, ended: Ended, now: Instant) {
        if fate == Fate::GiveBack {
            self.give_back(ended.a, now);
        } else {
            self.report_end(ended, now);
        }
    }

    pub fn report_end(&mut self, ended: Ended, now: Instant) {
        self.journal.ended(&ended);
        self.outbox.push(FromAgent::Ended(ended.clone()));
        self.ended.insert(ended.a, ended);
        self.send_soon(now);
    }

    /// Says something of the node itself.
    pub fn say(&mut self, message: FromAgent, now: Instant) {
        self.outbox.push(message);
        self.send_soon(now);
    }

    /// What keeps the node from running tasks; told when it changes. On a full disk tasks could only fail, through no fault of
    /// theirs: they are given back, so that they run elsewhere or later, and that counts nothing.
    /// Source: nodes, `errors`. What was written stays: it may tell whose it is.
    pub fn set_health(&mut self, health: Option<NodeError>, runs: &mut impl Processes, now: Instant) {
        if health != self.health {
            self.health = health;
            self.say(FromAgent::Health { error: self.health.clone() }, now);
        }
        if self.is_disk_full() {
            self.give_back_tasks(runs, now);
        }
    }

    pub fn is_disk_full(&self) -> bool {
        self.health.as_ref().is_some_and(|error| error.code == DISK_FULL)
    }

    /// Preparation and release tasks of jobs stay: they are this node's own.
    fn give_back_tasks(&mut self, runs: &mut impl Processes, now: Instant) {
        let (tasks, others) = std::mem::take(&mut self.queue).into_iter().partition(|task| task.a.task > 0);
        self.queue = others;
        let tasks: VecDeque<RunTask> = tasks;
        tasks.into_iter().for_each(|task| self.give_back(task.a, now));
        let runs_on =
            |id: &RunId| id.attempt().is_some_and(|attempt| attempt.task > 0) && runs.fate(*id) == Some(Fate::Report);
        for id in runs.ids().into_iter().filter(runs_on).collect::<Vec<_>>() {
            runs.end(id, Fate::GiveBack, self.kill_wait(), now);
        }
    }

    pub fn send_soon(&mut self, now: Instant) {
        let collect = if self.queue.is_empty() { COLLECT } else { COLLECT_BUSY };
        let due = now + collect;
        self.flush_at = Some(self.flush_at.map_or(due, |at| at.min(due)));
    }

    pub fn is_flush_due(&self, now: Instant) -> bool {
        self.flush_at.is_some_and(|at| now >= at)
    }

    /// Everything that is to be said; it is in the journal then. Without a server that listens nothing is: all of it is said
    /// again after the next welcome, from what is remembered.
    pub fn flush(&mut self, runs: &impl Processes, has_link: bool) -> Vec<FromAgent> {
        self.flush_at = None;
        let mut messages = self.announce(runs);
        self.flush_journal();
        if !has_link || !self.is_welcome {
            self.outbox.clear();
            return Vec::new();
        }
        messages.append(&mut self.outbox);
        if !self.given_back.is_empty() {
            messages.push(FromAgent::GaveBack { attempts: std::mem::take(&mut self.given_back) });
        }
        messages
    }

    /// `Started` of what still runs; what has ended meanwhile is told by its `Ended`.
    fn announce(&mut self, runs: &impl Processes) -> Vec<FromAgent> {
        let mut messages = Vec::new();
        for id in std::mem::take(&mut self.unannounced) {
            let Some(at) = runs.started(id) else { continue };
            if let Some((pid, start_time)) = runs.leader(id) {
                self.journal.runs_as(id, pid, start_time);
            }
            if let RunId::Task(a) = id {
                messages.push(FromAgent::Started { a, at });
            }
        }
        messages
    }

    pub fn flush_journal(&mut self) {
        if let Err(error) = self.journal.flush() {
            tracing::error!(%error, "the journal cannot be written: results that are not acknowledged would not survive the agent");
        }
    }
}
