//! Containers: what tasks and pools may say of them. Running them is the agent's.

pub mod image;
pub mod options;

pub use options::Allowed;

use crate::api::ContainerSettings;

/// What the operator decides of containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containers {
    /// Podman, by its name or its path.
    pub program: String,
    pub allowed: Allowed,
}

impl Default for Containers {
    fn default() -> Self {
        Containers { program: "podman".to_owned(), allowed: Allowed::default() }
    }
}

/// Why a task's container does not fit its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("the pool has no containerConfiguration, so its tasks run in no containers")]
    PoolHasNone,
    #[error("the pool has a containerConfiguration, so each of its tasks runs in a container")]
    TaskHasNone,
}

/// In a pool with a container configuration all tasks and job managers run in containers, in another none does. Start,
/// preparation and release tasks of the first may. Source: container workloads, prerequisites.
pub fn mismatch(pool_has: bool, settings: Option<&ContainerSettings>, is_optional: bool) -> Option<Mismatch> {
    match (pool_has, settings) {
        (false, Some(_)) => Some(Mismatch::PoolHasNone),
        (true, None) if !is_optional => Some(Mismatch::TaskHasNone),
        (true, _) | (false, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_a_pool_with_containers_have_one_and_others_have_none() {
        let settings = ContainerSettings::of_image("busybox");
        let check = |pool, has, is_optional| mismatch(pool, has, is_optional);
        assert_eq!(check(true, Some(&settings), false), None);
        assert_eq!(check(true, None, false), Some(Mismatch::TaskHasNone));
        assert_eq!(check(true, None, true), None);
        assert_eq!(check(false, None, false), None);
        assert_eq!(check(false, Some(&settings), true), Some(Mismatch::PoolHasNone));
    }
}
