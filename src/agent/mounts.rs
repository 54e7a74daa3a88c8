//! The pool's file systems on a node: mounted once after each boot, before anything else. Pure.

use crate::api::{MountConfiguration, NodeError, TaskFailureInformation};

/// The code of a node that lacks a file system of its pool. Chosen here: Batch's pages name none.
pub const ERROR: &str = "MountConfigurationError";

#[derive(Debug, Default)]
pub struct PoolMounts {
    life: Life,
    mounts: Vec<MountConfiguration>,
}

#[derive(Debug, Default)]
enum Life {
    /// The server has not said which they are.
    #[default]
    Unknown,
    Due,
    Running,
    Mounted,
    /// Tried again after the next boot.
    Failed(NodeError),
}

impl PoolMounts {
    /// The pool's mounts count when the node starts; later changes count from the next boot.
    pub fn set_once(&mut self, mounts: &[MountConfiguration]) {
        if matches!(self.life, Life::Unknown) {
            self.life = if mounts.is_empty() { Life::Mounted } else { Life::Due };
            self.mounts = mounts.to_vec();
        }
    }

    pub fn is_due(&self) -> bool {
        matches!(self.life, Life::Due)
    }

    pub fn is_done(&self) -> bool {
        matches!(self.life, Life::Mounted)
    }

    pub fn error(&self) -> Option<NodeError> {
        match &self.life {
            Life::Failed(error) => Some(error.clone()),
            _ => None,
        }
    }

    pub fn begins(&mut self) -> Vec<MountConfiguration> {
        self.life = Life::Running;
        self.mounts.clone()
    }

    /// Also when what serves a mounted one has ended.
    pub fn ends(&mut self, failure: Option<TaskFailureInformation>) {
        self.life = match failure {
            None => Life::Mounted,
            Some(failure) => Life::Failed(NodeError {
                code: ERROR.to_owned(),
                message: failure.message.unwrap_or_default(),
                error_details: failure.details,
            }),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::failure;

    #[test]
    fn a_file_system_that_cannot_be_mounted_is_the_nodes_error() {
        let mut pool = PoolMounts::default();
        assert!(!pool.is_done() && !pool.is_due());
        pool.set_once(&[MountConfiguration::default()]);
        assert!(pool.is_due());
        assert_eq!(pool.begins().len(), 1);
        pool.ends(Some(failure::launch_failed("x")));
        assert_eq!(pool.error().unwrap().code, ERROR);
        assert!(!pool.is_done());
    }

    #[test]
    fn without_mounts_there_is_nothing_to_wait_for() {
        let mut pool = PoolMounts::default();
        pool.set_once(&[]);
        assert!(pool.is_done());
        pool.set_once(&[MountConfiguration::default()]);
        assert!(pool.is_done(), "a change counts from the next boot");
    }
}
