//! Which misfortunes there are, and how often each has happened.

use std::collections::BTreeMap;
use std::fmt;

use fournil::agent::run_id::RunId;
use fournil::domain::multi_instance::of_attempt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A connection breaks; what was under way is lost, and both sides notice at times of their own.
    Cut,
    /// A node cannot be reached for a while.
    Partition,
    /// A frame arrives on a connection that has been replaced.
    Late,
    Doubled,
    /// Reports overtake each other.
    Reordered,
    /// The agent dies and leaves its processes.
    AgentDies,
    /// The node loses power: agent, processes and what was not written.
    PowerCut,
    /// And its journal with it.
    JournalLost,
    /// The journal ends in the middle of a line.
    JournalTorn,
    NodeDiskFull,
    /// The server is killed between two commits, or before it hears of one.
    ServerDies,
    /// It dies while its provider is at work.
    ProviderForgets,
    ServerDiskFull,
    ProviderFails,
    /// The wall clock is set.
    ClockStep,
    /// The server takes long for its next pass.
    Slow,
    /// The provider cannot reach a node's machine: what it is to do there is done when it can again.
    Unreachable,
    /// An agent heard nothing for so long that it ends its tasks.
    LeaseEnds,
    /// An instance of a task on several nodes dies with its machine.
    InstanceLost,
    CoordinationFails,
    /// No misfortune, but nothing is looked at without it: all instances of a task are ready, and its command begins.
    AllReady,
}

impl Fault {
    const ALL: &[Fault] = &[
        Fault::Cut,
        Fault::Partition,
        Fault::Late,
        Fault::Doubled,
        Fault::Reordered,
        Fault::AgentDies,
        Fault::PowerCut,
        Fault::JournalLost,
        Fault::JournalTorn,
        Fault::NodeDiskFull,
        Fault::ServerDies,
        Fault::ProviderForgets,
        Fault::ServerDiskFull,
        Fault::ProviderFails,
        Fault::ClockStep,
        Fault::Slow,
        Fault::Unreachable,
        Fault::LeaseEnds,
        Fault::InstanceLost,
        Fault::CoordinationFails,
        Fault::AllReady,
    ];
}

/// How often what has happened, misfortunes and users' words alike.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub faults: BTreeMap<Fault, u64>,
    /// Users' words that were taken, by name.
    pub words: BTreeMap<&'static str, u64>,
    pub tasks_completed: u64,
    pub n_worlds: u64,
    /// Machines at a time, in the largest world.
    pub most_machines: usize,
}

impl Faults {
    pub fn fired(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// These runs have died with their machine.
    pub fn lost_with(&mut self, runs: &[RunId]) {
        let subtasks = runs.iter().filter_map(|run| run.attempt()).filter(|a| of_attempt(a.task).1 > 0);
        subtasks.for_each(|_| self.fired(Fault::InstanceLost));
    }

    pub fn word_taken(&mut self, name: &'static str) {
        *self.words.entry(name).or_default() += 1;
    }

    pub fn add(&mut self, other: &Faults) {
        other.faults.iter().for_each(|(fault, n)| *self.faults.entry(*fault).or_default() += n);
        other.words.iter().for_each(|(word, n)| *self.words.entry(word).or_default() += n);
        self.tasks_completed += other.tasks_completed;
        self.n_worlds += other.n_worlds;
        self.most_machines = self.most_machines.max(other.most_machines);
    }

    pub fn never_fired(&self) -> Vec<String> {
        let faults =
            Fault::ALL.iter().filter(|fault| !self.faults.contains_key(fault)).map(|fault| format!("{fault:?}"));
        let words = crate::wishes::NAMES.iter().filter(|name| !self.words.contains_key(**name));
        faults.chain(words.map(|name| (*name).to_owned())).collect()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} worlds of up to {} nodes, {} tasks completed",
            self.n_worlds, self.most_machines, self.tasks_completed
        )?;
        writeln!(f, "faults: {:?}", self.faults)?;
        write!(f, "words: {:?}", self.words)
    }
}
