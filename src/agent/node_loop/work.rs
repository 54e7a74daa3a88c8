//! How the node begins tasks, and what follows from their ends.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::launcher::{Launch, Launched};
use super::super::run_id::RunId;
use super::super::runs::{Fate, Over, Run};
use super::super::{clock, failure};
use super::Node;
use crate::api::ElevationLevel;
use crate::api::agent::{Ended, FromAgent, RunTask};

impl Node {
    /// Begins runs as long as there are slots for the first in the queue. One of the same task that is still ending goes first:
    /// both would write to the same folder.
    pub(super) fn begin_what_fits(&mut self) {
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

    pub(super) fn on_launched(&mut self, launched: Launched) {
        let Launched { run, at, result } = launched;
        let has_begun = result.is_ok();
        if let Some(over) = self.runs.launched(run, result, at, self.kill_wait()) {
            self.on_over(over);
        } else if has_begun && run != RunId::StartTask {
            self.unannounced.push(run);
            self.send_soon();
        }
    }

    pub(super) fn on_over(&mut self, over: Over) {
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
    pub(super) fn clean_up(&mut self) {
        if self.clean_up_later.is_empty() {
            return;
        }
        let busy: HashSet<&str> = self.runs.iter().map(|(_, run)| run.directory.as_str()).collect();
        let is_busy = |directory: &String| {
            busy.iter().any(|b| {
                b.strip_prefix(directory.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let (later, now) = std::mem::take(&mut self.clean_up_later).into_iter().partition(is_busy);
        self.clean_up_later = later;
        let discarded: Vec<String> =
            Vec::into_iter(now).filter_map(|directory| self.files.discard(&directory)).collect();
        if !discarded.is_empty() {
            let files = Arc::clone(&self.files);
            tokio::task::spawn_blocking(move || discarded.iter().for_each(|name| files.remove_discarded(name)));
        }
    }
}
