//! Loads areas before somebody goes there.

use leptos::task::spawn_local;

use super::{account, arrive::Loading, installation, jobs, making, pools, storage};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Account,
    Pools,
    Jobs,
    Making,
    Storage,
    Installation,
}

impl Area {
    fn load(self) -> Loading {
        match self {
            Area::Account => account::loading(),
            Area::Pools => pools::loading(),
            Area::Jobs => jobs::loading(),
            Area::Making => making::loading(),
            Area::Storage => storage::loading(),
            Area::Installation => installation::loading(),
        }
    }
}

/// Where people go from a page of this area, or of the first file.
fn next(area: Option<Area>) -> &'static [Area] {
    match area {
        None => &[Area::Account, Area::Pools, Area::Jobs],
        Some(Area::Account) => &[Area::Pools, Area::Jobs],
        Some(Area::Pools | Area::Jobs) => &[Area::Pools, Area::Jobs, Area::Making],
        Some(Area::Making) => &[Area::Pools, Area::Jobs],
        Some(Area::Storage | Area::Installation) => &[],
    }
}

/// The area of the page at a path; nothing for pages of the first file.
pub fn area_of(path: &str) -> Option<Area> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    Some(match (segments.next()?, segments.next(), segments.next()) {
        ("sign-in" | "setup" | "password", ..) => return None,
        ("storage-accounts", ..) => Area::Storage,
        ("accounts", Some(_), Some("applications")) => Area::Storage,
        ("accounts", Some(_), Some("pools" | "jobs" | "jobschedules")) if segments.next_back() == Some("new") => {
            Area::Making
        }
        ("accounts", Some(_), Some("pools")) => Area::Pools,
        ("accounts", Some(_), Some("jobs" | "jobschedules")) => Area::Jobs,
        ("accounts", ..) => Area::Account,
        _ => Area::Installation,
    })
}

/// Somebody is about to go to a path. What fails is tried again when the page is really asked for.
pub fn foresee(path: &str) {
    if let Some(area) = area_of(path) {
        spawn_local(async move {
            let _ = area.load().await;
        });
    }
}

/// Somebody is at a path and may go on from there.
pub fn foresee_next(path: &str) {
    load(next(area_of(path)));
}

/// One after the other: what is asked for now shall not wait for them.
fn load(areas: &'static [Area]) {
    spawn_local(async move {
        for area in areas {
            let _ = area.load().await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_which_area_its_page_is_in() {
        let check = |path: &str, expected: Option<Area>| assert_eq!(area_of(path), expected, "{path}");
        check("/", None);
        check("/sign-in", None);
        check("/accounts", Some(Area::Account));
        check("/accounts/new", Some(Area::Account));
        check("/accounts/a/keys", Some(Area::Account));
        check("/accounts/a/pools", Some(Area::Pools));
        check("/accounts/a/pools/new", Some(Area::Making));
        check("/accounts/a/jobs/j/tasks/new", Some(Area::Making));
        check("/accounts/a/jobs/j/tasks/t", Some(Area::Jobs));
        check("/accounts/a/jobschedules/s", Some(Area::Jobs));
        check("/accounts/a/applications/new", Some(Area::Storage));
        check("/storage-accounts/s", Some(Area::Storage));
        check("/users/ada", Some(Area::Installation));
    }
}
