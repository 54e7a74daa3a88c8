//! The pool's file systems, before anything else runs. Where programs serve them, the run of the process that mounts is held with
//! these: they belong to it, are fenced like tasks, and end after all tasks when the agent ends.

use super::super::launcher::Launch;
use super::super::node_core::{Fate, Processes};
use super::super::run_id::RunId;
use super::super::runs::Run;
use super::super::transfer::{Work, mount_server_ended, mounts_need_root};
use super::super::{clock, files};
use super::Node;
use super::stages::{Stage, Stages};
use crate::api::{MountConfiguration, TaskFailureInformation};

/// The folder of the node's root below which they are mounted.
const MOUNTS: &str = "fsmounts";

impl Node {
    pub(super) fn begin_mounts(&mut self) {
        let mounts = self.core.mounts_begin();
        if let Err(failure) = self.try_begin_mounts(mounts) {
            self.on_mounts_end(Some(failure));
        }
    }

    fn try_begin_mounts(&mut self, mounts: Vec<MountConfiguration>) -> Result<(), TaskFailureInformation> {
        // In the machine's own namespace they would outlive the node, and what removes the node's folder would meet them.
        let Some(facts) = self.facts.clone().filter(|_| self.launcher.view.is_some()) else {
            return Err(mounts_need_root());
        };
        let (id, limit_mark) = (RunId::Mounts, self.runs.next_limit_mark());
        let staging = files::staging(limit_mark);
        let (group, root) = (self.user().map(|user| user.pool()), self.root.display().to_string());
        let (root, folder) = (format!("{root}/{MOUNTS}"), format!("{root}/{staging}"));
        let n_servers = mounts.iter().filter(|mount| mount.azure_blob_file_system_configuration.is_some()).count();
        let sheet = self.to_sheet(Work::Mount { mounts, root, folder, group })?;
        self.core.journal.begins(id);
        self.core.flush_journal();
        let launch = Launch::of_mounts(facts, self.user(), limit_mark);
        let begun = self.launcher.launch_mounts(&launch, (&sheet, &staging));
        if begun.is_err() {
            self.clean_up_later.push(staging.clone());
        }
        let run = Run::new(launch.directory.clone(), 0, None, begun?, limit_mark);
        self.runs.add(id, run.holding(n_servers > 0));
        let now = Stage::Mount { sheet, staging, n_servers };
        self.stages.insert(id, Stages::of_mounts(launch, now));
        Ok(())
    }

    /// All are mounted, and `n_servers` programs serve some of them.
    pub(super) fn on_mounts_held(&mut self, n_servers: usize) {
        self.on_mounts_end(None);
        if self.runs.follow_background(RunId::Mounts) < n_servers {
            self.on_mount_server_end();
        }
    }

    /// Without it what it served is gone, too.
    pub(super) fn on_mount_server_end(&mut self) {
        if self.core.stopping().is_none() && self.runs.is_held(RunId::Mounts) {
            self.runs.end(RunId::Mounts, Fate::GiveBack, self.core.kill_wait(), clock::instant());
            self.on_mounts_end(Some(mount_server_ended()));
        }
    }

    /// They are there, or why they are not.
    pub(super) fn on_mounts_end(&mut self, failure: Option<TaskFailureInformation>) {
        self.core.mounts_ended(failure, clock::instant());
        if let Some(error) = self.core.mounts_error() {
            tracing::warn!(error = error.message, "the pool's file systems are not on the node");
            self.look_at_health();
        }
    }
}
