//! What keeps a node from running tasks.

use super::super::process::UserId;
use super::super::{node_root, sample};
use super::Node;
use crate::api::NodeError;

impl Node {
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

pub(super) fn disk_full(free_bytes: u64) -> Option<NodeError> {
    (free_bytes < sample::DISK_FULL_BYTES).then(|| NodeError {
        code: "DiskFull".to_owned(),
        message: format!("The node's disk has {free_bytes} bytes left."),
        error_details: Vec::new(),
    })
}
