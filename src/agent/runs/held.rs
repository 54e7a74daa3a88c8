//! Runs whose first process has ended well, and which are held with what it left in the background.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::super::run_id::RunId;
use super::super::{clock, process_tree};
use super::{Phase, Run, Runs};
use crate::api::agent::Usage;

impl Runs {
    /// Nothing but the background is left of it.
    pub(super) fn terminate_held(&mut self, id: RunId, kill_wait: Duration, now: Instant) {
        let mut left = self.orphans_of(id);
        let Some(run) = self.runs.get_mut(&id) else { return };
        left.extend(run.processes_in_group());
        let (at, kill_at) = (clock::now(), now + kill_wait);
        run.phase = Phase::Draining { exit: 0, at, kill_at, usage: Usage::default() };
        let all: BTreeSet<i32> = left.into_iter().flat_map(process_tree::tree_of).collect();
        for pid in all.into_iter().filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
            let _ = kill_process(pid, Signal::CONT);
        }
    }

    /// The runs that are held since this was asked last.
    pub fn take_newly_held(&mut self) -> Vec<RunId> {
        std::mem::take(&mut self.newly_held)
    }

    /// Follows what a held run has left in the background, and says how many processes these are.
    pub fn follow_background(&mut self, id: RunId) -> usize {
        self.followed = self.orphans_of(id).into_iter().collect();
        self.followed.len()
    }

    /// Whether one that is followed has ended since this was asked last.
    pub fn take_followed_end(&mut self) -> bool {
        std::mem::take(&mut self.has_followed_end)
    }

    pub fn is_held(&self, id: RunId) -> bool {
        self.runs.get(&id).is_some_and(Run::is_held)
    }

    /// Takes a run that is held out, to go on with it.
    pub fn take_held(&mut self, id: RunId) -> Option<Run> {
        self.runs.get(&id).filter(|run| run.is_held())?;
        self.remove(id)
    }

    /// Takes back one that was held.
    pub fn put_back(&mut self, id: RunId, run: Run) {
        self.slots_in_use += run.slots;
        self.runs.insert(id, run);
    }
}
