//! Remote users and their sessions: the SSH server is there while somebody may enter, and a session for as long as its user
//! may stay.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use super::super::clock;
use super::super::node_core::{Fate, Processes};
use super::super::process_tree;
use super::super::run_id::RunId;
use super::super::runs::Run;
use super::super::session::SessionLaunch;
use super::super::ssh::{Ask, Begin, Server, Session, Visitor, is_open_to};
use super::Node;
use crate::api::agent::{FromAgent, RemoteReport, RemoteUser};
use crate::api::{NodeError, Timestamp};

/// After the server could not be started.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// Chosen here: each is a process tree.
const MOST_SESSIONS: usize = 100;

pub struct Remote {
    /// The node's folder, where its key lies.
    pub(super) dir: PathBuf,
    users: Vec<RemoteUser>,
    /// Those of them that may enter, for the server.
    open_to: watch::Sender<Vec<RemoteUser>>,
    pub(super) asks: UnboundedSender<Ask>,
    server: Option<Server>,
    report: RemoteReport,
    /// The port that was listened on last.
    port: Option<u16>,
    retry_at: Option<Instant>,
    sessions: HashMap<u64, Open>,
    n_sessions: u64,
}

struct Open {
    /// Absent for what the agent does itself.
    visitor: Option<Visitor>,
    exit: oneshot::Sender<i32>,
}

impl Remote {
    pub fn new(dir: PathBuf, asks: UnboundedSender<Ask>) -> Self {
        Remote {
            dir,
            users: Vec::new(),
            open_to: watch::Sender::new(Vec::new()),
            asks,
            server: None,
            report: RemoteReport::default(),
            port: None,
            retry_at: None,
            sessions: HashMap::new(),
            n_sessions: 0,
        }
    }

    /// As the server is told it after each welcome; nothing where there is nothing to tell.
    pub fn report(&self) -> Option<FromAgent> {
        (self.report != RemoteReport::default()).then(|| FromAgent::Remote(self.report.clone()))
    }

    /// When the next user expires, or the server is tried again.
    pub fn next_deadline(&self) -> Option<Instant> {
        let now = clock::now();
        let next = self.open_to.borrow().iter().map(|user| user.expires).min();
        let expiry = next.and_then(|at| clock::instant().checked_add(wait_until(at, now)));
        expiry.into_iter().chain(self.retry_at).min()
    }

    /// A session of the agent's own; its number, and what will tell its exit code.
    pub fn open_own(&mut self) -> (u64, oneshot::Receiver<i32>) {
        self.n_sessions += 1;
        let (exit, ended) = oneshot::channel();
        self.sessions.insert(self.n_sessions, Open { visitor: None, exit });
        (self.n_sessions, ended)
    }

    pub fn forget_own(&mut self, number: u64) {
        self.sessions.remove(&number);
    }

    fn start(&mut self, now: Instant) {
        match Server::start(&self.dir, self.port, self.open_to.subscribe(), self.asks.clone()) {
            Ok((server, key)) => {
                tracing::info!(port = server.port, "remote users can log in");
                (self.port, self.retry_at) = (Some(server.port), None);
                self.report = RemoteReport { port: self.port, host_key: Some(key), error: None };
                self.server = Some(server);
            }
            Err(error) => {
                tracing::error!(%error, "the SSH server cannot be started; it is tried again");
                self.retry_at = Some(now + TRY_AGAIN);
                self.report.error = Some(NodeError {
                    code: "RemoteAccessFailed".to_owned(),
                    message: format!("The node's SSH server cannot be started: {error}."),
                    error_details: Vec::new(),
                });
            }
        }
    }

    fn stop(&mut self) {
        if self.server.take().is_some() {
            tracing::info!("nobody may log in any more: the SSH server stops");
        }
        self.retry_at = None;
        (self.report.port, self.report.error) = (None, None);
    }
}

fn wait_until(at: Timestamp, now: Timestamp) -> Duration {
    at.since(now).to_std().unwrap_or_default()
}

impl Node {
    pub(super) fn on_users(&mut self, users: Vec<RemoteUser>) {
        self.remote.users = users;
        self.settle_remote(clock::instant());
    }

    /// Whoever may not be here any more goes at once; the server is there if somebody may come.
    pub(super) fn settle_remote(&mut self, now: Instant) {
        let at = clock::now();
        let open_to = || self.remote.users.iter().filter(|user| is_open_to(user, at));
        let is_changed = !open_to().eq(self.remote.open_to.borrow().iter());
        let is_due = self.remote.retry_at.is_some_and(|retry_at| retry_at <= now);
        if !is_changed && !is_due {
            return;
        }
        let open_to: Vec<RemoteUser> = open_to().cloned().collect();
        let is_open = !open_to.is_empty() && self.core.stopping().is_none();
        self.remote.open_to.send_replace(open_to);
        let before = self.remote.report.clone();
        match (is_open, self.remote.server.is_some()) {
            (true, false) => self.remote.start(now),
            (false, _) => self.remote.stop(),
            (true, true) => {}
        }
        if self.remote.report != before {
            self.core.say(FromAgent::Remote(self.remote.report.clone()), now);
        }
        let users = self.remote.open_to.borrow();
        let gone = self
            .remote
            .sessions
            .iter()
            .filter(|(_, open)| open.visitor.as_ref().is_some_and(|visitor| !visitor.is_welcome(&users, at)));
        let gone: Vec<u64> = gone.map(|(number, _)| *number).collect();
        drop(users);
        for number in gone {
            // A shell does not listen to anything milder.
            self.runs.end(RunId::Session(number), Fate::GiveBack, Duration::ZERO, now);
        }
    }

    pub(super) fn on_ask(&mut self, ask: Ask) {
        match ask {
            Ask::Begin(begin) => self.begin_session(begin),
            Ask::Upload(wanted) => self.upload_log(wanted),
            Ask::End { session } => {
                let kill_wait = self.core.kill_wait();
                self.runs.end(RunId::Session(session), Fate::GiveBack, kill_wait, clock::instant());
            }
        }
    }

    fn begin_session(&mut self, begin: Begin) {
        let Begin { visitor, program, terminal, variables, reply } = begin;
        let refusal = if self.core.stopping().is_some() {
            Some("the node is stopping")
        } else if !visitor.is_welcome(&self.remote.open_to.borrow(), clock::now()) {
            Some("the user may not log in any more")
        } else if visitor.is_admin && !self.may_elevate() {
            Some("the operator does not allow administrators")
        } else if self.remote.sessions.len() >= MOST_SESSIONS {
            Some("there are too many sessions")
        } else {
            None
        };
        let refuse = |reply: oneshot::Sender<_>, reason: io::Error| drop(reply.send(Err(reason)));
        let facts = match (refusal, self.facts.clone()) {
            (None, Some(node)) => node,
            (refusal, _) => return refuse(reply, io::Error::other(refusal.unwrap_or("the node is not ready"))),
        };
        self.remote.n_sessions += 1;
        let number = self.remote.n_sessions;
        let run = RunId::Session(number);
        self.core.journal.begins(run);
        self.core.flush_journal();
        let launch = SessionLaunch {
            run,
            node: facts,
            program,
            terminal,
            variables,
            user: self.user(),
            elevated: visitor.is_admin,
            limit_mark: self.runs.next_limit_mark(),
        };
        let (pid, ends) = match self.launcher.launch_session(&launch) {
            Ok(begun) => begun,
            Err(error) => {
                self.core.journal.forget(run);
                return refuse(reply, error);
            }
        };
        self.core.journal.runs_as(run, pid, process_tree::start_time(pid).unwrap_or(0));
        self.core.flush_journal();
        // No folder of a task's, and no slots: sessions take nothing from tasks but what the machine has.
        self.runs.add(run, Run::new(String::new(), 0, None, pid, launch.limit_mark));
        let (exit, ended) = oneshot::channel();
        self.remote.sessions.insert(number, Open { visitor: Some(visitor), exit });
        let session = Session {
            number,
            input: ends.input,
            output: ends.output,
            errors: ends.errors,
            terminal: ends.terminal,
            exit: ended,
        };
        if reply.send(Ok(session)).is_err() {
            self.on_ask(Ask::End { session: number });
        }
    }

    /// Nothing of the session is left.
    pub(super) fn session_over(&mut self, number: u64, exit: i32) {
        self.core.journal.forget(RunId::Session(number));
        self.core.send_soon(clock::instant());
        if let Some(open) = self.remote.sessions.remove(&number) {
            let _ = open.exit.send(exit);
        }
    }
}
