//! What goes before tasks on a node: the pool's file systems, its application packages, then its start task.

use std::time::Instant;

use super::super::fate::{Fate, Processes};
use super::super::mounts::PoolMounts;
use super::super::packages::PoolPackages;
use super::super::run_id::RunId;
use super::{Core, Paper};
use crate::api::agent::{FromAgent, Package, Welcome};
use crate::api::{
    MountConfiguration, NodeError, StartTask, TaskContainerExecutionInformation, TaskFailureInformation, Timestamp,
};

#[derive(Default)]
pub(super) struct Before {
    mounts: PoolMounts,
    packages: PoolPackages,
}

impl Before {
    pub fn set_once(&mut self, welcome: &Welcome) {
        self.mounts.set_once(&welcome.mounts);
        self.packages.set_once(&welcome.packages, welcome.containers.is_some());
    }

    pub fn is_done(&self) -> bool {
        self.mounts.is_done() && self.packages.is_deployed()
    }
}

/// Nothing runs but what serves the pool's file systems.
pub(super) fn is_idle(runs: &impl Processes) -> bool {
    runs.ids().into_iter().all(|id| id == RunId::Mounts)
}

impl<P: Paper> Core<P> {
    /// Whether the pool's file systems are to be mounted now; nothing else begins before.
    pub fn are_mounts_to_begin(&self) -> bool {
        self.may_begin() && self.before.mounts.is_due()
    }

    pub fn mounts_begin(&mut self) -> Vec<MountConfiguration> {
        self.before.mounts.begins()
    }

    /// They are there, or why they are not.
    pub fn mounts_ended(&mut self, failure: Option<TaskFailureInformation>, now: Instant) {
        if failure.is_some() {
            self.journal.forget(RunId::Mounts);
        }
        self.before.mounts.ends(failure);
        if self.before.is_done() {
            self.say(FromAgent::PackagesDeployed, now);
        }
    }

    /// What serves the pool's file systems ends when nothing else runs any more: tasks write to the last.
    pub fn end_mounts_last(&mut self, runs: &mut impl Processes, now: Instant) {
        let is_last = runs.ids() == [RunId::Mounts] && runs.fate(RunId::Mounts) == Some(Fate::Report);
        if self.stop.is_some() && is_last {
            runs.end(RunId::Mounts, Fate::GiveBack, self.kill_wait(), now);
        }
    }

    /// Why the pool's file systems are not here.
    pub fn mounts_error(&self) -> Option<NodeError> {
        self.before.mounts.error()
    }

    /// Whether the pool's application packages are to be deployed now; nothing else begins before.
    pub fn are_packages_to_begin(&self) -> bool {
        self.may_begin() && self.before.mounts.is_done() && self.before.packages.is_due()
    }

    /// The pool's application packages.
    pub fn packages(&self) -> &[Package] {
        self.before.packages.all()
    }

    /// Why the pool's application packages are not here.
    pub fn packages_error(&self) -> Option<NodeError> {
        self.before.packages.error()
    }

    pub fn packages_begin(&mut self) -> Vec<Package> {
        self.before.packages.begins();
        self.before.packages.all().to_vec()
    }

    pub fn packages_ended(&mut self, failure: Option<TaskFailureInformation>, now: Instant) {
        self.journal.forget(RunId::Packages);
        self.before.packages.ends(failure, now);
        if self.before.is_done() {
            self.say(FromAgent::PackagesDeployed, now);
        }
    }

    /// The pool's packages are tried again for which there was no room.
    pub fn try_packages_again(&mut self, has_room: impl FnOnce() -> bool, now: Instant) {
        self.before.packages.try_again(has_room, now);
    }

    /// The start task, when it is to begin now. Its begin is in the journal then.
    pub fn start_task_to_begin(&mut self, at: Timestamp, now: Instant) -> Option<StartTask> {
        if !self.may_begin() || !self.before.is_done() || self.start_task.due().is_none_or(|due| due > now) {
            return None;
        }
        let task = self.start_task.task().cloned()?;
        self.start_task.begins(at);
        self.tell_start_task(now);
        self.journal.begins(RunId::StartTask);
        self.flush_journal();
        Some(task)
    }

    pub fn start_task_ended(
        &mut self,
        exit: Option<i32>,
        failure: Option<TaskFailureInformation>,
        container: Option<TaskContainerExecutionInformation>,
        at: Timestamp,
        now: Instant,
    ) {
        self.journal.forget(RunId::StartTask);
        self.start_task.ran_in(container);
        self.start_task.ends(exit, failure, at, now);
        self.tell_start_task(now);
    }

    fn tell_start_task(&mut self, now: Instant) {
        self.outbox.extend(self.start_task.report().map(FromAgent::StartTask));
        self.send_soon(now);
    }
}
