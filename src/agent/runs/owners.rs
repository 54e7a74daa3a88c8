//! Which run an orphan is of.

use super::super::run_id::RunId;
use super::super::{limit_mark, process_tree};
use super::Runs;

impl Runs {
    pub(super) fn orphans_of(&mut self, id: RunId) -> Vec<i32> {
        let orphans = self.orphans.list();
        orphans.into_iter().filter(|pid| self.owner(*pid) == Some(id)).collect()
    }

    /// The run of an orphan; of one that is of no known run the last that could own it, when that one ends.
    pub(super) fn owner_or_last(&mut self, pid: i32, draining: &[RunId]) -> Option<RunId> {
        self.owner(pid).or_else(|| {
            let possible = self.unowned.entry(pid).or_insert_with(|| self.runs.keys().copied().collect());
            possible.retain(|id| self.runs.contains_key(id));
            let all_end = possible.iter().all(|id| draining.contains(id));
            if all_end { possible.first().or(draining.first()).copied() } else { None }
        })
    }

    fn owner(&self, pid: i32) -> Option<RunId> {
        self.owner_by_limit(pid).or_else(|| self.owner_by_marks(pid))
    }

    fn owner_by_limit(&self, pid: i32) -> Option<RunId> {
        let limit = limit_mark::limit_of(pid)?;
        self.runs.iter().find(|(_, run)| run.limit_mark == limit).map(|(id, _)| *id)
    }

    fn owner_by_marks(&self, pid: i32) -> Option<RunId> {
        process_tree::run_by_marker(pid, &self.mark).filter(|id| self.runs.contains_key(id)).or_else(|| {
            let session = process_tree::session(pid)?;
            self.runs.iter().find(|(_, run)| run.leader == session).map(|(id, _)| *id)
        })
    }
}
