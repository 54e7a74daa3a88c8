//! The pool's application packages and container images on a node: brought there once after each boot, before anything runs.
//! Pure.

use super::transfer;
use crate::api::agent::Package;
use crate::api::{NodeError, TaskFailureInformation};

/// The code of a node that lacks a package of its pool, and of a task that lacks its own.
pub const ERROR: &str = "ApplicationPackageError";

#[derive(Debug, Default)]
pub struct PoolPackages {
    life: Life,
    packages: Vec<Package>,
}

#[derive(Debug, Default)]
enum Life {
    /// The server has not said which they are.
    #[default]
    Unknown,
    Due,
    Running,
    Deployed,
    /// Tried again after the next boot.
    Failed(NodeError),
}

impl PoolPackages {
    /// The pool's packages count when the node starts; later changes count from the next boot.
    /// `has_containers`: its tasks run in containers, for which the node must be ready as well.
    pub fn set_once(&mut self, packages: &[Package], has_containers: bool) {
        if matches!(self.life, Life::Unknown) {
            self.life = if packages.is_empty() && !has_containers { Life::Deployed } else { Life::Due };
            self.packages = packages.to_vec();
        }
    }

    pub fn all(&self) -> &[Package] {
        &self.packages
    }

    pub fn is_due(&self) -> bool {
        matches!(self.life, Life::Due)
    }

    pub fn is_deployed(&self) -> bool {
        matches!(self.life, Life::Deployed)
    }

    pub fn error(&self) -> Option<NodeError> {
        match &self.life {
            Life::Failed(error) => Some(error.clone()),
            _ => None,
        }
    }

    pub fn begins(&mut self) {
        self.life = Life::Running;
    }

    pub fn ends(&mut self, failure: Option<TaskFailureInformation>) {
        self.life = match failure {
            None => Life::Deployed,
            Some(failure) => Life::Failed(NodeError {
                code: code_of(&failure).to_owned(),
                message: failure.message.unwrap_or_default(),
                error_details: failure.details,
            }),
        };
    }
}

/// What is said of a node that lacks something.
fn code_of(failure: &TaskFailureInformation) -> &str {
    let known = [transfer::INVALID_IMAGE, transfer::NO_PROGRAM];
    known.into_iter().find(|code| *code == failure.code).unwrap_or(ERROR)
}

/// The variables by which programs find a package, on Linux: hyphens, periods and `#` are underscores; the application's id as
/// it is and in capitals. Source: application packages, environment variables.
pub fn variable_names(application: &str, version: &str, is_default: bool) -> Vec<String> {
    let plain = |text: &str| text.replace(['.', '-', '#'], "_");
    let (id, version) = (plain(application), plain(version));
    let mut names = Vec::new();
    for (id, version) in [(id.clone(), version.clone()), (id.to_ascii_uppercase(), version.to_ascii_uppercase())] {
        names.push(format!("AZ_BATCH_APP_PACKAGE_{id}_{version}"));
        if is_default {
            names.push(format!("AZ_BATCH_APP_PACKAGE_{id}"));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::failure;

    #[test]
    fn programs_find_packages_by_variables() {
        let check = |id, version, default, expected: &[&str]| {
            let names: Vec<String> = expected.iter().map(|name| format!("AZ_BATCH_APP_PACKAGE_{name}")).collect();
            assert_eq!(variable_names(id, version, default), names);
        };
        check("blender", "2.70", false, &["blender_2_70", "BLENDER_2_70"]);
        check("my-App", "1.0-rc", true, &["my_App_1_0_rc", "my_App", "MY_APP_1_0_RC", "MY_APP"]);
    }

    #[test]
    fn without_packages_there_is_nothing_to_wait_for() {
        let mut pool = PoolPackages::default();
        assert!(!pool.is_deployed() && !pool.is_due());
        pool.set_once(&[], false);
        assert!(pool.is_deployed());
        // A change counts from the next boot.
        pool.set_once(&[Package::default()], false);
        assert!(pool.is_deployed());
    }

    #[test]
    fn a_package_that_cannot_be_deployed_is_the_nodes_error() {
        let mut pool = PoolPackages::default();
        pool.set_once(&[Package::default()], false);
        assert!(pool.is_due());
        pool.begins();
        assert!(!pool.is_due() && !pool.is_deployed());
        pool.ends(Some(failure::launch_failed("x")));
        assert_eq!(pool.error().unwrap().code, ERROR);
        assert!(!pool.is_deployed());
    }
}
