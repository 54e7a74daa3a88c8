//! How the node is: said with each heartbeat.

use super::super::node_core::DISK_FULL;
use super::super::process::UserId;
use super::super::{clock, node_root, sample};
use super::Node;
use crate::api::NodeError;
use crate::api::agent::FromAgent;

impl Node {
    pub(super) fn beat(&mut self) {
        let sample = self.sampler.sample(&self.root);
        let root = &self.root;
        self.core.try_packages_again(|| !sample::is_disk_full(root, true), clock::instant());
        self.look_at_health();
        self.core.say(FromAgent::Heartbeat { sample }, clock::instant());
    }

    /// Also when something failed for which a full disk may be the reason.
    pub(super) fn look_at_health(&mut self) {
        let health = self.health(self.user().map(|user| user.pool()));
        self.core.set_health(health, &mut self.runs, clock::instant());
    }

    /// What keeps the node from running tasks at all.
    pub(super) fn health(&self, user: Option<UserId>) -> Option<NodeError> {
        let disk = || sample::is_disk_full(&self.root, self.core.is_disk_full()).then(disk_full);
        self.unreachable_root(user)
            .or_else(|| self.core.mounts_error())
            .or_else(|| self.core.packages_error())
            .or_else(disk)
    }

    /// The task user must be able to reach the root; only where it could not be mounted can it not.
    fn unreachable_root(&self, user: Option<UserId>) -> Option<NodeError> {
        let obstacle = node_root::obstacle(&self.root, user?)?;
        let fix = format!(
            "The tasks' user cannot pass through {}. Let it (chmod o+x), keep the data folder elsewhere, or let the agent mount file systems (CAP_SYS_ADMIN).",
            obstacle.display()
        );
        Some(NodeError { code: "NodeRootUnreachable".to_owned(), message: fix, error_details: Vec::new() })
    }
}

fn disk_full() -> NodeError {
    NodeError {
        code: DISK_FULL.to_owned(),
        message: "The node's disk has no room for what tasks write: less than 16 MiB, or no more files.".to_owned(),
        error_details: Vec::new(),
    }
}

/// Batch's name for its automatic user where the system has none for the number.
pub(super) fn user_name(user: Option<UserId>) -> String {
    let uid = user.map_or_else(nix::unistd::geteuid, nix::unistd::Uid::from_raw);
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    known.map_or_else(|| "_azbatch".to_owned(), |user| user.name)
}
