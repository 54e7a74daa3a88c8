//! How the node begins tasks, and what follows from their ends.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::groups::Group;
use super::super::launcher::Launch;
use super::super::node_core::{DISK_FULL, Fate};
use super::super::run_id::RunId;
use super::super::runs::{Over, Run};
use super::super::{clock, failure, files};
use super::stages::{Ending, Files};
use super::{Node, deploy};
use crate::api::agent::{Attempt, Ended, FromAgent, Package, RunTask, RunUser, Usage};
use crate::api::{StartTask, TaskFailureInformation};

const START_TASK_FOLDER: &str = "startup";

impl Node {
    pub(super) fn begin_what_fits(&mut self) {
        if self.core.are_mounts_to_begin() {
            self.begin_mounts();
        }
        if self.core.are_packages_to_begin() {
            self.begin_packages();
        }
        if !self.is_being_given_away(START_TASK_FOLDER)
            && let Some(task) = self.core.start_task_to_begin(clock::now(), clock::instant())
        {
            self.begin_start_task(task);
        }
        let mut deploying = self.folders_in_deployment();
        let (root, runs) = (&self.root, &self.runs);
        // What another run is just deploying is not fetched twice.
        let mut has_no_user = self.must_wait_for_user();
        let must_wait = |task: &RunTask| {
            let missing = deploy::missing(root, &task.packages);
            let waits = missing.iter().any(|package| deploying.contains(&package.directory));
            let waits = waits || has_no_user(task);
            if !waits {
                deploying.extend(missing.into_iter().map(|package| package.directory));
            }
            waits
        };
        for (task, slots) in self.core.tasks_to_begin(runs, must_wait) {
            self.begin_task(task, slots);
        }
    }

    fn begin_task(&mut self, task: RunTask, slots: i32) {
        let id = RunId::Task(task.a);
        let Some(facts) = self.facts.clone() else { return };
        // Preparation and release tasks need none.
        let container = match self.in_container(task.container.map(|settings| *settings), task.a.task < 0) {
            Ok(container) => container,
            Err(failure) => return self.report_failure(task.a, failure),
        };
        let who = match self.who(id, &task.user, task.elevated) {
            Ok(who) => who,
            Err(failure) => return self.report_failure(task.a, failure),
        };
        let launch = Launch {
            run: id,
            node: facts,
            job_and_task: Some((task.job, task.task)),
            directory: task.directory,
            preparation: task.preparation,
            command_line: task.command_line,
            environment: task.environment,
            user: who.user,
            user_name: who.name,
            // Source: directories of nodes: tasks of the job read what its preparation task left.
            is_open: task.a.task < 0,
            instance: task.instance,
            elevated: who.elevated,
            limit_mark: self.runs.next_limit_mark(),
            packages: self.core.packages().iter().chain(&task.packages).cloned().collect(),
            container,
        };
        let (directory, limit_mark) = (launch.directory.clone(), launch.limit_mark);
        match self.begin_in_group(launch, slots, &task.packages, (task.resource_files, task.output_files)) {
            Ok((pid, group)) => {
                let run = Run::new(directory.clone(), slots, task.max_wall_clock, pid, limit_mark);
                let holds = self.holds(id);
                self.runs.add(id, run.in_group(group).holding(holds));
                self.core.begun(id, clock::instant());
            }
            // Not the task's own fault.
            Err(failure) if failure.code == DISK_FULL && self.is_disk_full_now() => {
                self.give_user_back(id, &directory);
                self.core.give_back(task.a, clock::instant());
            }
            Err(failure) => {
                self.give_user_back(id, &directory);
                self.report_failure(task.a, failure);
            }
        }
    }

    /// Of a task that has not begun.
    fn report_failure(&mut self, a: Attempt, failure: TaskFailureInformation) {
        let (at, failure) = (clock::now(), Some(failure));
        let ended = Ended { a, started: None, at, exit: None, failure, usage: Usage::default(), container: None };
        self.core.report_end(ended, clock::instant());
    }

    fn begin_start_task(&mut self, task: StartTask) {
        let Some(facts) = self.facts.clone() else { return };
        let container = match self.in_container(task.container_settings, true) {
            Ok(container) => container,
            Err(failure) => {
                return self.core.start_task_ended(None, Some(failure), None, clock::now(), clock::instant());
            }
        };
        let (user, elevated) = RunUser::of(task.user_identity.as_ref());
        let id = RunId::StartTask;
        let who = match self.who(id, &user, elevated) {
            Ok(who) => who,
            Err(failure) => {
                return self.core.start_task_ended(None, Some(failure), None, clock::now(), clock::instant());
            }
        };
        let launch = Launch {
            run: id,
            node: facts,
            job_and_task: None,
            directory: START_TASK_FOLDER.to_owned(),
            preparation: None,
            command_line: task.command_line,
            environment: task.environment_settings.unwrap_or_default(),
            user: who.user,
            user_name: who.name,
            is_open: true,
            instance: None,
            elevated: who.elevated,
            limit_mark: self.runs.next_limit_mark(),
            packages: self.core.packages().to_vec(),
            container,
        };
        let (directory, limit_mark) = (launch.directory.clone(), launch.limit_mark);
        match self.begin_in_group(launch, 0, &[], (task.resource_files.unwrap_or_default(), Vec::new())) {
            Ok((pid, group)) => {
                self.runs.add(id, Run::new(directory.clone(), 0, None, pid, limit_mark).in_group(group))
            }
            Err(failure) => {
                self.give_user_back(id, &directory);
                self.core.start_task_ended(None, Some(failure), None, clock::now(), clock::instant());
            }
        }
    }

    /// The run's first process, in a control group where there are any.
    pub(super) fn begin_in_group(
        &mut self,
        launch: Launch,
        slots: i32,
        packages: &[Package],
        files: Files,
    ) -> Result<(i32, Option<Group>), TaskFailureInformation> {
        let group = self.groups.take(slots).map_err(|error| failure::no_group(&error))?;
        match self.begin_run(launch, group.as_ref(), packages, files) {
            Ok(pid) => Ok((pid, group)),
            Err(failure) => {
                group.into_iter().for_each(|group| self.groups.give_back(group));
                Err(failure)
            }
        }
    }

    pub(super) fn on_over(&mut self, over: Over) {
        if let Some(ending) = self.next_stage(over) {
            let Ending { id, mut run, at, exit, failure, usage } = ending;
            let container = self.take_container_info(id);
            run.group.take().into_iter().for_each(|group| self.groups.give_back(group));
            self.give_user_back(id, &run.directory);
            match id {
                RunId::StartTask => self.core.start_task_ended(exit, failure, container, at, clock::instant()),
                RunId::Session(number) => self.session_over(number, exit.unwrap_or(255)),
                RunId::Mounts if run.fate == Fate::Report => self.on_mounts_end(failure),
                // It ends with the agent, or was ended with what it served.
                RunId::Mounts => self.core.journal.forget(id),
                RunId::Packages => self.on_packages_end(failure),
                RunId::Task(a) => {
                    let may_be_disk = run.fate == Fate::Report && failure.is_some() && self.is_disk_full_now();
                    let failure = if may_be_disk { failure.map(failure::on_full_disk) } else { failure };
                    let ended = Ended { a, started: Some(run.started), at, exit, failure, usage, container };
                    self.core.task_is_over(run.fate, ended, clock::instant());
                }
            }
        }
        self.clean_up();
    }

    fn is_disk_full_now(&mut self) -> bool {
        self.look_at_health();
        self.core.is_disk_full()
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
        let now: Vec<String> = now;
        let discarded: Vec<String> = now.iter().filter_map(|directory| self.files.discard(directory)).collect();
        // Of the node's own the server knows nothing.
        let asked: Vec<String> = now.into_iter().filter(|directory| !files::is_staging(directory)).collect();
        if !asked.is_empty() {
            self.core.say(FromAgent::CleanedUp { directories: asked }, clock::instant());
        }
        if !discarded.is_empty() {
            let files = Arc::clone(&self.files);
            tokio::task::spawn_blocking(move || discarded.iter().for_each(|name| files.remove_discarded(name)));
        }
    }
}
