//! How the node is, said with each heartbeat.

use super::super::process::UserId;
use super::super::{node_root, sample};
use super::Node;
use crate::api::NodeError;
use crate::api::agent::FromAgent;

impl Node {
    pub(super) fn beat(&mut self) {
        let sample = self.sampler.sample(&self.root);
        let health = self.unreachable_root().or_else(|| disk_full(sample.disk_free_bytes));
        if health != self.health {
            self.health = health;
            self.outbox.push(FromAgent::Health { error: self.health.clone() });
        }
        self.outbox.push(FromAgent::Heartbeat { sample });
        self.send_soon();
    }

    /// The task user must be able to reach the root; only where it could not be mounted can it not.
    pub(super) fn unreachable_root(&self) -> Option<NodeError> {
        let obstacle = node_root::obstacle(&self.root, self.user()?)?;
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
