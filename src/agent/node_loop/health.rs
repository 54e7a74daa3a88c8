//! How the node is: said with each heartbeat.

use super::super::process::UserId;
use super::super::{clock, node_root, sample};
use super::Node;
use crate::api::NodeError;
use crate::api::agent::FromAgent;

impl Node {
    pub(super) fn beat(&mut self) {
        let now = clock::instant();
        let sample = self.sampler.sample(&self.root);
        let health = self.trouble(self.user()).or_else(|| disk_full(sample.disk_free_bytes));
        self.core.set_health(health, now);
        self.core.say(FromAgent::Heartbeat { sample }, now);
    }

    /// What keeps the node from running tasks at all.
    pub(super) fn trouble(&self, user: Option<UserId>) -> Option<NodeError> {
        self.unreachable_root(user).or_else(|| self.core.packages_error())
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

fn disk_full(free_bytes: u64) -> Option<NodeError> {
    (free_bytes < sample::DISK_FULL_BYTES).then(|| NodeError {
        code: "DiskFull".to_owned(),
        message: format!("The node's disk has {free_bytes} bytes left."),
        error_details: Vec::new(),
    })
}

/// Batch's name for its automatic user where the system has none for the number.
pub(super) fn user_name(user: Option<UserId>) -> String {
    let uid = user.map_or_else(nix::unistd::geteuid, nix::unistd::Uid::from_raw);
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    known.map_or_else(|| "_azbatch".to_owned(), |user| user.name)
}
