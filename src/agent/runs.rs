//! The runs that have begun and are not over, and their processes: how they are ended, and when nothing of them is left.
//!
//! ```text
//! Alive ──exit──▶ Draining ──no process left──▶ over
//!   │                ▲
//!   └─end─▶ Ending ──┤ (SIGTERM; what is left gets SIGKILL after the kill wait)
//!              └─────▶ Killed ──exit──▶ Draining
//! ```
//!
//! A run that holds does not drain when its first process has ended with 0: what that left in the background stays, until the
//! run goes on with another first process or is ended.
//!
//! A run is over only when its last process is: what it left in the background is killed, whatever groups, sessions or
//! parents that changed. Its control group says what that is. Where there are none, an orphan that got rid of all marks is of no
//! known run; it is killed when the last of the runs that there were when it was found ends.

mod held;
mod owners;
mod signals;

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::groups::Group;
use super::leftovers::kill;
use super::limit_mark::NodeMark;
use super::node_core::{Fate, Processes};
use super::process::{self, Exit};
use super::process_tree::{self, Orphans};
use super::run_id::RunId;
use super::{clock, failure};
use crate::api::agent::Usage;
use crate::api::{self, TaskFailureInformation, Timestamp};
use signals::{signal_group, signal_tree};

/// How long the end of killed processes holds up the end of their run. Only a process stuck in the kernel takes longer.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Run {
    /// Relative to the node's root.
    pub directory: String,
    pub slots: i32,
    pub limit: Option<api::Duration>,
    pub started: Timestamp,
    pub fate: Fate,
    leader: i32,
    /// When it has run for as long as it may.
    too_long_at: Option<Instant>,
    /// The limit by which its processes are known.
    limit_mark: u64,
    /// Absent where nothing is limited.
    pub group: Option<Group>,
    /// Is held when its first process has ended with 0.
    holds: bool,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Alive {
        too_long_at: Option<Instant>,
    },
    /// Its first process has ended well, and what that left in the background stays until the run goes on or is ended.
    Held {
        too_long_at: Option<Instant>,
    },
    Ending {
        kill_at: Instant,
    },
    Killed,
    Draining {
        exit: i32,
        at: Timestamp,
        kill_at: Instant,
        usage: Usage,
    },
}

impl Run {
    /// A run whose first process has just begun.
    pub fn new(directory: String, slots: i32, limit: Option<api::Duration>, leader: i32, limit_mark: u64) -> Self {
        let too_long_at = limit.and_then(api::Duration::to_std).and_then(|limit| clock::instant().checked_add(limit));
        let phase = Phase::Alive { too_long_at };
        Run {
            directory,
            slots,
            limit,
            started: clock::now(),
            fate: Fate::Report,
            leader,
            too_long_at,
            limit_mark,
            group: None,
            holds: false,
            phase,
        }
    }

    pub fn limit_mark(&self) -> u64 {
        self.limit_mark
    }

    pub fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held { .. })
    }

    pub fn is_draining(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. })
    }

    pub fn in_group(self, group: Option<Group>) -> Self {
        Run { group, ..self }
    }

    /// Whether it is held when its first process has ended with 0.
    pub fn holding(self, holds: bool) -> Self {
        Run { holds, ..self }
    }

    fn processes_in_group(&self) -> Vec<i32> {
        let all = self.group.as_ref().map(Group::processes).unwrap_or_default();
        all.into_iter().filter(|pid| process_tree::is_alive(*pid)).collect()
    }

    /// Goes on with another first process, whose predecessor has ended. `limited`: the time that the run may take counts on.
    pub fn go_on(self, leader: i32, limit_mark: u64, limited: bool) -> Self {
        let too_long_at = self.too_long_at.filter(|_| limited);
        Run {
            fate: Fate::Report,
            holds: false,
            leader,
            limit_mark,
            phase: Phase::Alive { too_long_at },
            too_long_at,
            ..self
        }
    }

    /// The first process, while it runs.
    pub fn leader(&self) -> Option<i32> {
        (!self.is_draining() && !self.is_held()).then_some(self.leader)
    }
}

/// A run of which nothing is left.
#[derive(Debug)]
pub struct Over {
    pub id: RunId,
    pub run: Run,
    pub at: Timestamp,
    pub exit: i32,
    pub failure: Option<TaskFailureInformation>,
    pub usage: Usage,
}

pub struct Runs {
    runs: HashMap<RunId, Run>,
    by_leader: HashMap<i32, RunId>,
    slots_in_use: i32,
    orphans: Orphans,
    /// Tells the processes of this node from those of others.
    mark: String,
    node_mark: NodeMark,
    n_marked: u64,
    /// Orphans of no known run, each with the runs that could own it.
    unowned: HashMap<i32, Vec<RunId>>,
    /// Not all that ended was taken off the process table yet.
    has_more_exits: bool,
    /// Held since they were asked for last.
    newly_held: Vec<RunId>,
    /// In the background of held runs, and of interest when they end.
    followed: HashSet<i32>,
    /// One of them has ended since this was asked last.
    has_followed_end: bool,
}

/// How many children are taken off the process table in one go: the loop has other work, however fast a task forks.
const MAX_EXITS: usize = 1000;

impl Runs {
    pub fn new(mark: String) -> io::Result<Self> {
        Ok(Runs {
            runs: HashMap::new(),
            by_leader: HashMap::new(),
            slots_in_use: 0,
            orphans: Orphans::open()?,
            node_mark: NodeMark::of(&mark),
            n_marked: 0,
            mark,
            unowned: HashMap::new(),
            has_more_exits: false,
            newly_held: Vec::new(),
            followed: HashSet::new(),
            has_followed_end: false,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (RunId, &Run)> {
        self.runs.iter().map(|(id, run)| (*id, run))
    }

    /// By which the processes of a run that is about to begin will be known.
    pub fn next_limit_mark(&mut self) -> u64 {
        self.n_marked += 1;
        self.node_mark.limit(self.n_marked)
    }

    pub fn add(&mut self, id: RunId, run: Run) {
        self.slots_in_use += run.slots;
        self.by_leader.insert(run.leader, id);
        self.runs.insert(id, run);
    }

    fn terminate(&mut self, id: RunId, kill_wait: Duration, now: Instant) {
        let orphans = self.orphans_of(id);
        let Some(run) = self.runs.get_mut(&id) else { return };
        let leader = run.leader;
        run.phase = Phase::Ending { kill_at: now + kill_wait };
        let grouped = run.processes_in_group();
        signal_tree(leader, &orphans, &grouped, Signal::TERM);
        // A stopped process acts on the signal only when it goes on.
        signal_tree(leader, &orphans, &grouped, Signal::CONT);
    }

    /// Does what is due, and says what comes next.
    pub fn tick(&mut self, kill_wait: Duration, now: Instant) {
        let too_long = |run: &Run| match run.phase {
            Phase::Alive { too_long_at } | Phase::Held { too_long_at } => too_long_at.is_some_and(|at| at <= now),
            Phase::Ending { .. } | Phase::Killed | Phase::Draining { .. } => false,
        };
        let to_kill = |run: &Run| matches!(run.phase, Phase::Ending { kill_at } if kill_at <= now);
        let due = |is_due: &dyn Fn(&Run) -> bool| {
            self.runs.iter().filter(|(_, run)| is_due(run)).map(|(id, _)| *id).collect::<Vec<_>>()
        };
        let (too_long, to_kill) = (due(&too_long), due(&to_kill));
        for id in too_long {
            let limit = self.runs[&id].limit.expect("only a run with a limit is too long");
            self.end(id, Fate::RanTooLong(limit), kill_wait, now);
        }
        for id in to_kill {
            let orphans = self.orphans_of(id);
            if let Some(run) = self.runs.get_mut(&id) {
                run.phase = Phase::Killed;
                signal_tree(run.leader, &orphans, &[], Signal::KILL);
                if let Some(group) = &mut run.group {
                    group.kill();
                }
            }
        }
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let deadline = |run: &Run| match run.phase {
            Phase::Alive { too_long_at } | Phase::Held { too_long_at } => too_long_at,
            Phase::Ending { kill_at } => Some(kill_at),
            // Looked at when a child ends; this is for a child that does not.
            Phase::Draining { kill_at, .. } => Some(if kill_at > now { kill_at } else { kill_at + DRAIN_PATIENCE }),
            Phase::Killed => None,
        };
        let more_exits = self.has_more_exits.then_some(now);
        self.runs.values().filter_map(deadline).chain(more_exits).min()
    }

    /// Takes the children that have ended off the process table, and says which runs are over by now.
    pub fn reap(&mut self, now: Instant) -> Vec<Over> {
        let exits = std::iter::from_fn(process::next_exit).take(MAX_EXITS);
        self.has_more_exits = exits.map(|exit| self.take_exit(exit, now)).count() == MAX_EXITS;
        self.settle(now)
    }

    fn take_exit(&mut self, Exit { pid, code }: Exit, now: Instant) {
        let id = self.by_leader.remove(&pid);
        let Some(run) = id.and_then(|id| self.runs.get_mut(&id)) else {
            process::reap(pid);
            self.unowned.remove(&pid);
            self.has_followed_end |= self.followed.remove(&pid);
            return;
        };
        if let Phase::Alive { too_long_at } = run.phase
            && run.holds
            && code == 0
        {
            process::reap(pid);
            run.phase = Phase::Held { too_long_at };
            self.newly_held.extend(id);
            return;
        }
        // What still runs of one that is being ended keeps its time to end in good order.
        let kill_at = match run.phase {
            Phase::Ending { kill_at } => kill_at,
            _ => now,
        };
        if kill_at <= now {
            // The zombie holds the group's number, so this hits no other group.
            signal_group(pid, Signal::KILL);
        }
        let at = clock::now();
        run.phase = Phase::Draining { exit: code, at, kill_at, usage: process::reap(pid) };
    }

    /// The draining runs of which nothing is left. Kills what is left of the others when its time has come.
    fn settle(&mut self, now: Instant) -> Vec<Over> {
        let draining: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, run)| matches!(run.phase, Phase::Draining { .. }))
            .map(|(id, _)| *id)
            .collect();
        if draining.is_empty() {
            return Vec::new();
        }
        let orphans = self.orphans.list();
        let owners: Vec<(i32, Option<RunId>)> =
            orphans.into_iter().map(|pid| (pid, self.owner_or_last(pid, &draining))).collect();
        let mut over = Vec::new();
        for id in draining {
            let mut left: Vec<i32> =
                owners.iter().filter(|(_, owner)| *owner == Some(id)).map(|(pid, _)| *pid).collect();
            let Some(run) = self.runs.get_mut(&id) else { continue };
            left.extend(run.processes_in_group());
            let Phase::Draining { exit, at, kill_at, usage } = run.phase else { continue };
            let is_stuck = now >= kill_at + DRAIN_PATIENCE;
            if left.is_empty() || is_stuck {
                if is_stuck && !left.is_empty() {
                    tracing::error!(run = %id, pids = ?left, "processes of a task do not end");
                }
                over.extend(self.remove(id).map(|run| finish(id, run, exit, at, usage)));
            } else if now >= kill_at {
                if let Some(group) = &mut run.group {
                    group.kill();
                }
                left.iter().flat_map(|pid| process_tree::tree_of(*pid)).for_each(kill);
            }
        }
        over
    }

    fn remove(&mut self, id: RunId) -> Option<Run> {
        let run = self.runs.remove(&id)?;
        self.slots_in_use -= run.slots;
        Some(run)
    }
}

impl Processes for Runs {
    fn ids(&self) -> Vec<RunId> {
        self.runs.keys().copied().collect()
    }

    fn fate(&self, id: RunId) -> Option<Fate> {
        self.runs.get(&id).map(|run| run.fate)
    }

    fn started(&self, id: RunId) -> Option<Timestamp> {
        self.runs.get(&id).map(|run| run.started)
    }

    fn leader(&self, id: RunId) -> Option<(i32, u64)> {
        let leader = self.runs.get(&id)?.leader()?;
        Some((leader, process_tree::start_time(leader).unwrap_or(0)))
    }

    fn slots_in_use(&self) -> i32 {
        self.slots_in_use
    }

    /// SIGTERM, and SIGKILL after `kill_wait`.
    fn end(&mut self, id: RunId, fate: Fate, kill_wait: Duration, now: Instant) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.fate = fate;
            match run.phase {
                Phase::Alive { .. } => self.terminate(id, kill_wait, now),
                Phase::Held { .. } => self.terminate_held(id, kill_wait, now),
                Phase::Ending { .. } | Phase::Killed | Phase::Draining { .. } => {}
            }
        }
    }
}

fn finish(id: RunId, mut run: Run, exit: i32, at: Timestamp, usage: Usage) -> Over {
    let failure = match run.fate {
        Fate::RanTooLong(limit) => Some(failure::ran_too_long(limit)),
        Fate::Report | Fate::GiveBack => {
            failure::of_exit(exit, run.group.as_mut().map(Group::hits).unwrap_or_default())
        }
    };
    Over { id, run, at, exit, failure, usage }
}
