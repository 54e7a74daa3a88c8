//! What goes before tasks on a node: the pool's application packages, then its start task.

use std::time::Instant;

use super::super::run_id::RunId;
use super::{Core, Paper};
use crate::api::agent::{FromAgent, Package};
use crate::api::{NodeError, StartTask, TaskContainerExecutionInformation, TaskFailureInformation, Timestamp};

impl<P: Paper> Core<P> {
    /// Whether the pool's application packages are to be deployed now; nothing else begins before.
    pub fn are_packages_to_begin(&self) -> bool {
        self.may_begin() && self.packages.is_due()
    }

    /// The pool's application packages.
    pub fn packages(&self) -> &[Package] {
        self.packages.all()
    }

    /// Why the pool's application packages are not here.
    pub fn packages_error(&self) -> Option<NodeError> {
        self.packages.error()
    }

    pub fn packages_begin(&mut self) -> Vec<Package> {
        self.packages.begins();
        self.packages.all().to_vec()
    }

    pub fn packages_ended(&mut self, failure: Option<TaskFailureInformation>, now: Instant) {
        self.journal.forget(RunId::Packages);
        self.packages.ends(failure);
        if self.packages.is_deployed() {
            self.say(FromAgent::PackagesDeployed, now);
        }
    }

    /// The start task, when it is to begin now. Its begin is in the journal then.
    pub fn start_task_to_begin(&mut self, at: Timestamp, now: Instant) -> Option<StartTask> {
        if !self.may_begin() || !self.packages.is_deployed() || self.start_task.due().is_none_or(|due| due > now) {
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
