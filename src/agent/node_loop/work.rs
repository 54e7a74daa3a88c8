//! How the node begins tasks, and what follows from their ends.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::launcher::Launch;
use super::super::run_id::RunId;
use super::super::runs::{Fate, Over, Run};
use super::super::{clock, failure};
use super::Node;
use super::stages::Ending;
use crate::api::agent::{Ended, FromAgent, RunTask, Usage};
use crate::api::{ElevationLevel, TaskFailureInformation, Timestamp};

impl Node {
    /// Begins runs as long as there are slots for the first in the queue. One of the same task that is still ending goes first:
    /// both would write to the same folder.
    pub(super) fn begin_what_fits(&mut self) {
        if self.welcome.is_none() || self.stop.is_some() {
            return;
        }
        if self.start_task.due().is_some_and(|due| due <= clock::instant()) {
            self.begin_start_task();
        }
        let fitting = self.take_fitting();
        if fitting.is_empty() {
            return;
        }
        for (task, _) in &fitting {
            self.journal.begins(RunId::Task(task.a));
        }
        self.flush_journal();
        for (task, slots) in fitting {
            self.begin_task(task, slots);
        }
    }

    fn take_fitting(&mut self) -> Vec<(RunTask, i32)> {
        let slots = self.welcome.as_ref().map_or(1, |welcome| welcome.slots.max(1));
        let mut tasks: Vec<i64> = self.runs.iter().filter_map(|(id, _)| Some(id.attempt()?.task)).collect();
        let mut in_use = self.runs.slots_in_use();
        let mut fitting = Vec::new();
        while self.start_task.is_ready()
            && let Some(task) = self.queue.front()
        {
            // One that asks for more than there is runs alone.
            let needed = if task.slots == 0 { 0 } else { task.slots.clamp(1, slots) };
            if in_use + needed > slots || tasks.contains(&task.a.task) {
                break;
            }
            in_use += needed;
            tasks.push(task.a.task);
            fitting.extend(self.queue.pop_front().map(|task| (task, needed)));
        }
        fitting
    }

    fn begin_task(&mut self, task: RunTask, slots: i32) {
        let id = RunId::Task(task.a);
        let Some(facts) = self.facts.clone() else { return };
        let launch = Launch {
            run: id,
            node: facts,
            job_and_task: Some((task.job, task.task)),
            directory: task.directory,
            preparation: task.preparation,
            command_line: task.command_line,
            environment: task.environment,
            user: self.user(),
            elevated: task.elevated,
            limit_mark: self.runs.next_limit_mark(),
        };
        let (directory, limit_mark) = (launch.directory.clone(), launch.limit_mark);
        match self.begin_first_stage(launch, task.resource_files, task.output_files) {
            Ok(pid) => {
                let run = Run::new(directory, slots, task.max_wall_clock, pid, limit_mark);
                self.runs.add(id, run);
                self.unannounced.push(id);
                self.send_soon();
            }
            Err(failure) => {
                self.report_end(Ended {
                    a: task.a,
                    started: None,
                    at: clock::now(),
                    exit: None,
                    failure: Some(failure),
                    usage: Usage::default(),
                });
            }
        }
    }

    fn begin_start_task(&mut self) {
        let (Some(task), Some(facts)) = (self.start_task.task().cloned(), self.facts.clone()) else { return };
        let auto_user = task.user_identity.and_then(|identity| identity.auto_user);
        let elevated = auto_user.and_then(|user| user.elevation_level) == Some(ElevationLevel::Admin);
        self.start_task.begins(clock::now());
        self.tell_start_task();
        let id = RunId::StartTask;
        self.journal.begins(id);
        self.flush_journal();
        let launch = Launch {
            run: id,
            node: facts,
            job_and_task: None,
            directory: "startup".to_owned(),
            preparation: None,
            command_line: task.command_line,
            environment: task.environment_settings.unwrap_or_default(),
            user: self.user(),
            elevated,
            limit_mark: self.runs.next_limit_mark(),
        };
        let (directory, limit_mark) = (launch.directory.clone(), launch.limit_mark);
        match self.begin_first_stage(launch, task.resource_files.unwrap_or_default(), Vec::new()) {
            Ok(pid) => self.runs.add(id, Run::new(directory, 0, None, pid, limit_mark)),
            Err(failure) => self.on_start_task_end(None, Some(failure), clock::now()),
        }
    }

    pub(super) fn launch(&mut self, launch: &Launch) -> Result<i32, TaskFailureInformation> {
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        self.launcher.launch(launch)
    }

    pub(super) fn on_over(&mut self, over: Over) {
        if let Some(ending) = self.next_stage(over) {
            let Ending { id, run, at, exit, failure, usage } = ending;
            match id {
                RunId::StartTask => self.on_start_task_end(exit, failure, at),
                RunId::Session(number) => self.session_over(number, exit.unwrap_or(255)),
                RunId::Task(attempt) if run.fate == Fate::GiveBack => self.give_back(attempt),
                RunId::Task(a) => self.report_end(Ended { a, started: Some(run.started), at, exit, failure, usage }),
            }
        }
        self.clean_up();
    }

    fn report_end(&mut self, ended: Ended) {
        self.journal.ended(&ended);
        self.outbox.push(FromAgent::Ended(ended.clone()));
        self.ended.insert(ended.a, ended);
        self.send_soon();
    }

    fn on_start_task_end(&mut self, exit: Option<i32>, failure: Option<TaskFailureInformation>, at: Timestamp) {
        self.journal.forget(RunId::StartTask);
        self.start_task.ends(exit, failure, at, clock::instant());
        self.tell_start_task();
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
