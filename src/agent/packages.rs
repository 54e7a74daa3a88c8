//! The pool's application packages and container images on a node: brought there once after each boot, before anything runs.
//! Pure.

use std::time::{Duration, Instant};

use super::node_core::DISK_FULL;
use super::transfer;
use crate::api::agent::Package;
use crate::api::{NodeError, TaskFailureInformation};

/// The code of a node that lacks a package of its pool, and of a task that lacks its own.
pub const ERROR: &str = "ApplicationPackageError";

/// Before they are tried again for which there was no room; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const MOST_DOUBLINGS: u32 = 7;

#[derive(Debug, Default)]
pub struct PoolPackages {
    life: Life,
    packages: Vec<Package>,
    /// Of the last try.
    error: Option<NodeError>,
    /// How often there was no room.
    n_full: u32,
}

/// ```text
/// Unknown ──▶ Due ──▶ Running ──▶ Deployed
///              ▲         ├──────▶ Failed, until the next boot
///              └─ NoRoom ◀
/// ```
#[derive(Debug, Default)]
enum Life {
    /// The server has not said which they are.
    #[default]
    Unknown,
    Due,
    Running,
    Deployed,
    /// Tried again after the next boot.
    Failed,
    /// Tried again when there is room, not before.
    NoRoom {
        not_before: Instant,
    },
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

    /// Also while they are tried again.
    pub fn error(&self) -> Option<NodeError> {
        self.error.clone()
    }

    pub fn begins(&mut self) {
        self.life = Life::Running;
    }

    pub fn ends(&mut self, failure: Option<TaskFailureInformation>, now: Instant) {
        self.life = match &failure {
            None => Life::Deployed,
            Some(failure) if failure.code == DISK_FULL => {
                let pause = FIRST_PAUSE * (1 << self.n_full.min(MOST_DOUBLINGS));
                self.n_full += 1;
                Life::NoRoom { not_before: now + pause }
            }
            Some(_) => Life::Failed,
        };
        self.error = failure.map(|failure| NodeError {
            code: code_of(&failure).to_owned(),
            message: failure.message.unwrap_or_default(),
            error_details: failure.details,
        });
    }

    /// Those for which there was no room are due again when there is some. `has_room` is asked only then.
    pub fn try_again(&mut self, has_room: impl FnOnce() -> bool, now: Instant) {
        if matches!(self.life, Life::NoRoom { not_before } if now >= not_before) && has_room() {
            self.life = Life::Due;
        }
    }
}

/// What is said of a node that lacks something.
fn code_of(failure: &TaskFailureInformation) -> &str {
    let known = [transfer::INVALID_IMAGE, transfer::NO_PROGRAM, DISK_FULL];
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
    use crate::agent::{clock, failure};

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
        let now = clock::instant();
        pool.ends(Some(failure::launch_failed("x")), now);
        assert_eq!(pool.error().unwrap().code, ERROR);
        assert!(!pool.is_deployed());
        pool.try_again(|| true, now + Duration::from_secs(100_000));
        assert!(!pool.is_due(), "only a boot helps");
    }

    #[test]
    fn what_had_no_room_is_tried_again_when_there_is_some_and_more_and_more_seldom() {
        let mut pool = PoolPackages::default();
        pool.set_once(&[Package::default()], false);
        let mut now = clock::instant();
        for pause in [5, 10, 20, 40, 80, 160, 320, 640, 640] {
            pool.begins();
            let full = TaskFailureInformation { code: DISK_FULL.to_owned(), ..failure::launch_failed("x") };
            pool.ends(Some(full), now);
            pool.try_again(|| panic!("not yet"), now + Duration::from_secs(pause - 1));
            now += Duration::from_secs(pause);
            pool.try_again(|| false, now);
            assert!(!pool.is_due());
            pool.try_again(|| true, now);
            assert!(pool.is_due());
            assert_eq!(pool.error().unwrap().code, DISK_FULL, "until they are there");
        }
        pool.begins();
        pool.ends(None, now);
        assert!(pool.is_deployed() && pool.error().is_none());
    }
}
