//! The processes of a node, played: they take their time, end with a code, and may be deaf to the wish that they end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fournil::agent::node_core::{Fate, Processes};
use fournil::agent::run_id::RunId;
use fournil::api::Timestamp;
use fournil::api::agent::Attempt;

/// Of a run on several nodes at once: what its process does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The only command of a usual task, or the command of a primary.
    Command,
    Coordination,
    /// The coordination command has ended well. A subtask stays so until it is ended.
    Held,
}

#[derive(Clone, Debug)]
pub struct Process {
    pub part: Part,
    /// Instances of its task; 0 of a usual one.
    pub n_instances: usize,
    pub fate: Fate,
    pub slots: i32,
    pub started: Timestamp,
    pub ends_at: Instant,
    pub exit: i32,
    /// Of the time between the wish that it ends and its violent end, the part that it takes, in hundredths.
    pub stubborn: u32,
    pub is_ending: bool,
}

impl Process {
    /// It goes on by a word only.
    pub fn waits(&self) -> bool {
        self.part == Part::Held && !self.is_ending
    }
}

/// What has ended.
pub type Over = (RunId, Process);

#[derive(Debug, Default)]
pub struct Played {
    runs: BTreeMap<RunId, Process>,
}

impl Played {
    pub fn begin(&mut self, run: RunId, process: Process) {
        self.runs.insert(run, process);
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub fn next_end(&self) -> Option<Instant> {
        self.runs.values().filter(|process| !process.waits()).map(|process| process.ends_at).min()
    }

    /// Takes those that have ended.
    pub fn over(&mut self, now: Instant) -> Vec<Over> {
        let over: Vec<RunId> =
            self.runs.iter().filter(|(_, p)| !p.waits() && p.ends_at <= now).map(|(id, _)| *id).collect();
        over.into_iter().filter_map(|id| Some((id, self.runs.remove(&id)?))).collect()
    }

    pub fn has_instances(&self) -> bool {
        self.runs.values().any(|process| process.n_instances > 1)
    }

    /// Runs that are ending and will be given back.
    pub fn n_given_back(&self) -> usize {
        self.runs.values().filter(|process| process.fate == Fate::GiveBack).count()
    }

    /// Instances whose coordination command has ended well.
    pub fn ready(&self) -> Vec<Attempt> {
        let is_ready = |process: &Process| process.n_instances > 0 && process.part != Part::Coordination;
        self.runs.iter().filter(|(_, process)| is_ready(process)).filter_map(|(run, _)| run.attempt()).collect()
    }

    /// A primary that waits for the others.
    pub fn take_waiting(&mut self, run: RunId) -> Option<Process> {
        let waits = self.runs.get(&run).is_some_and(Process::waits);
        if waits { self.runs.remove(&run) } else { None }
    }

    /// All die at once.
    pub fn kill_all(&mut self) -> Vec<RunId> {
        std::mem::take(&mut self.runs).into_keys().collect()
    }
}

impl Processes for Played {
    fn ids(&self) -> Vec<RunId> {
        self.runs.keys().copied().collect()
    }

    fn fate(&self, run: RunId) -> Option<Fate> {
        self.runs.get(&run).map(|process| process.fate)
    }

    fn started(&self, run: RunId) -> Option<Timestamp> {
        self.runs.get(&run).map(|process| process.started)
    }

    fn leader(&self, run: RunId) -> Option<(i32, u64)> {
        self.runs.contains_key(&run).then_some((1, 1))
    }

    fn slots_in_use(&self) -> i32 {
        self.runs.values().map(|process| process.slots).sum()
    }

    fn end(&mut self, run: RunId, fate: Fate, kill_wait: Duration, now: Instant) {
        let Some(process) = self.runs.get_mut(&run) else { return };
        process.fate = fate;
        let waits = process.waits();
        if !std::mem::replace(&mut process.is_ending, true) {
            if waits {
                process.ends_at = now + kill_wait * process.stubborn / 100;
            }
            process.ends_at = process.ends_at.min(now + kill_wait * process.stubborn / 100);
        }
    }
}
