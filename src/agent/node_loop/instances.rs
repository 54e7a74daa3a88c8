//! Instances of tasks that run on several nodes, from the end of their coordination command on.
//!
//! ```text
//! Common ──all there──▶ Coordination ──ended with 0──▶ held ──Go, the primary──▶ Download ──▶ Command ──▶ …
//! ```
//!
//! What a coordination command leaves in the background stays as long as the instance does. An instance that is no primary is
//! held until the server has it killed.

use super::super::clock;
use super::super::node_core::{Fate, Processes};
use super::super::run_id::RunId;
use super::Node;
use super::stages::{Stage, Stages, wd};
use crate::agent::transfer::Work;
use crate::api::agent::{Attempt, FromAgent};

impl Node {
    /// The coordination command of an instance has ended well, or its files are there.
    pub(super) fn on_held(&mut self, id: RunId) {
        match self.stages.get(&id).map(|stages| &stages.now) {
            Some(Stage::Coordination) => {
                if let Some(a) = id.attempt() {
                    self.core.say(FromAgent::Ready { a }, clock::instant());
                }
            }
            Some(Stage::Images { .. } | Stage::Download { .. }) => self.go_on_with(id),
            Some(Stage::Mount { n_servers, .. }) => self.on_mounts_held(*n_servers),
            _ => tracing::error!(run = %id, "a run is held in a stage that does not hold"),
        }
    }

    /// All instances are ready. It may be said more than once.
    pub(super) fn go(&mut self, attempt: Attempt) {
        let id = RunId::Task(attempt);
        let is_waiting_primary = self.stages.get(&id).is_some_and(|stages| {
            let is_primary = stages.launch.instance.as_ref().is_some_and(|instance| instance.id == 0);
            is_primary && matches!(stages.now, Stage::Coordination)
        });
        if is_waiting_primary {
            self.go_on_with(id);
        }
    }

    /// The next stage of an instance that is held: its own files, then its command.
    fn go_on_with(&mut self, id: RunId) {
        let Some(run) = self.runs.take_held(id) else { return };
        let Some(mut stages) = self.stages.remove(&id) else { return };
        let Stages { launch, resource_files, .. } = &mut stages;
        let files = std::mem::take(resource_files);
        let begun = if files.is_empty() {
            self.launcher.launch(launch, &launch.command_line, run.group.as_ref()).map(|pid| (pid, Stage::Command))
        } else {
            let (group, limit_mark) = (run.group.as_ref(), launch.limit_mark);
            let begun = self.launch_transfer(launch, &wd(launch), group, limit_mark, Work::Download(files));
            begun.map(|(pid, sheet)| (pid, Stage::Download { sheet }))
        };
        match begun {
            Ok((pid, stage)) => {
                // By the same mark, so that what was left in the background is known as the run's.
                let limit_mark = run.limit_mark();
                let holds = matches!(stage, Stage::Images { .. } | Stage::Download { .. });
                stages.now = stage;
                self.stages.insert(id, stages);
                self.go_on(id, run.go_on(pid, limit_mark, true).holding(holds));
            }
            Err(failure) => {
                stages.now = Stage::Broken { failure };
                self.stages.insert(id, stages);
                self.runs.put_back(id, run);
                self.runs.end(id, Fate::Report, self.core.kill_wait(), clock::instant());
            }
        }
    }

    /// The instances whose coordination command has ended well.
    pub(super) fn ready_instances(&self) -> Vec<Attempt> {
        let is_ready = |id: &RunId, stages: &Stages| match stages.now {
            Stage::Deploy { .. }
            | Stage::Install { .. }
            | Stage::Common { .. }
            | Stage::Mount { .. }
            | Stage::Broken { .. } => false,
            Stage::Coordination => self.runs.is_held(*id),
            Stage::Images { .. } | Stage::Download { .. } | Stage::Command | Stage::Upload { .. } => {
                stages.launch.instance.is_some()
            }
        };
        self.stages.iter().filter(|(id, stages)| is_ready(id, stages)).filter_map(|(id, _)| id.attempt()).collect()
    }
}
