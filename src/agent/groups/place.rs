//! Where control groups can be made: below the agent's own, in version 2 or in version 1, or some controllers in one and some in
//! the other.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    Memory,
    Processes,
    Cpu,
}

impl Controller {
    pub const ALL: [Controller; 3] = [Controller::Memory, Controller::Processes, Controller::Cpu];

    pub fn name(self) -> &'static str {
        match self {
            Controller::Memory => "memory",
            Controller::Processes => "pids",
            Controller::Cpu => "cpu",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

/// A hierarchy of groups, and the controllers that are used in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The agent's own group; in version 2 the one in which it was before it made room for the groups of tasks.
    pub base: PathBuf,
    pub mount: PathBuf,
    pub version: Version,
    pub controllers: Vec<Controller>,
}

/// In version 2 a group with processes of its own cannot hand controllers down: the server's and the agents' go there.
pub const OWN_PROCESSES: &str = "fournil-processes";

/// What this machine offers.
pub fn find() -> Vec<Branch> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (mounts, own) = (read("/proc/self/mountinfo"), read("/proc/self/cgroup"));
    let mut found = version_one(&mounts, &own);
    let Some(two) = version_two(&mounts, &own) else { return found };
    let offered = fs::read_to_string(two.base.join("cgroup.controllers")).unwrap_or_default();
    let is_offered = |controller: &Controller| offered.split_whitespace().any(|name| name == controller.name());
    let is_known = |controller: &Controller| found.iter().any(|branch| branch.controllers.contains(controller));
    let controllers: Vec<Controller> = Controller::ALL.into_iter().filter(|c| is_offered(c) && !is_known(c)).collect();
    found.extend((!controllers.is_empty()).then_some(Branch { controllers, ..two }));
    found
}

struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

/// Lines of `/proc/self/mountinfo`: fields, a dash, and three more fields.
fn mounts(text: &str) -> impl Iterator<Item = Mount<'_>> {
    text.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        Some(Mount { root, point, kind: after.next()?, options: after.nth(1)? })
    })
}

/// The group of this process in the hierarchy with the controllers for which `is_it` holds; lines are `id:controllers:path`.
fn own_group(own: &str, is_it: impl Fn(&str) -> bool) -> Option<&str> {
    own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        is_it(controllers).then_some(path)
    })
}

fn version_one(text: &str, own: &str) -> Vec<Branch> {
    let mut found: Vec<Branch> = Vec::new();
    for mount in mounts(text).filter(|mount| mount.kind == "cgroup") {
        let is_in = |list: &str, name: &str| list.split(',').any(|one| one == name);
        let is_used = |controller: &Controller| found.iter().any(|branch| branch.controllers.contains(controller));
        let controllers: Vec<Controller> =
            Controller::ALL.into_iter().filter(|c| is_in(mount.options, c.name()) && !is_used(c)).collect();
        let Some(first) = controllers.first() else { continue };
        let Some(path) = own_group(own, |list| is_in(list, first.name())) else { continue };
        let (base, point) = (folder(&mount, path), PathBuf::from(mount.point));
        found.push(Branch { base, mount: point, version: Version::One, controllers });
    }
    found
}

fn version_two(text: &str, own: &str) -> Option<Branch> {
    let mount = mounts(text).find(|mount| mount.kind == "cgroup2")?;
    let base = folder(&mount, own_group(own, str::is_empty)?);
    let base = if base.ends_with(OWN_PROCESSES) { base.parent()?.to_owned() } else { base };
    Some(Branch { base, mount: PathBuf::from(mount.point), version: Version::Two, controllers: Vec::new() })
}

/// A container sees a part of the hierarchy only, and its own path in it with or without what lies above.
fn folder(mount: &Mount<'_>, path: &str) -> PathBuf {
    let below = Path::new(path).strip_prefix(mount.root).unwrap_or(Path::new(""));
    // One that is out of sight begins with `..`.
    let is_seen = !below.components().any(|part| part == std::path::Component::ParentDir);
    if is_seen { Path::new(mount.point).join(below) } else { PathBuf::from(mount.point) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        39 31 0:36 / /sys/fs/cgroup/pids rw shared:9 - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn hierarchies_of_version_one_are_found_each_where_it_is() {
        let own = "5:memory:/user/me\n4:cpu,cpuacct:/\n3:pids:/\n2:cpuset:/\n0::/\n";
        let found = version_one(V1, own);
        let check = |n: usize, base: &str, controllers: &[Controller]| {
            assert_eq!((found[n].base.as_path(), found[n].controllers.as_slice()), (Path::new(base), controllers));
        };
        assert_eq!(found.len(), 3);
        check(0, "/sys/fs/cgroup/cpu,cpuacct", &[Controller::Cpu]);
        check(1, "/sys/fs/cgroup/memory/user/me", &[Controller::Memory]);
        check(2, "/sys/fs/cgroup/pids", &[Controller::Processes]);
        assert_eq!(version_two(V1, own).unwrap().base, Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn version_two_is_found_below_a_service_and_in_a_container() {
        let check = |root: &str, path: &str, base: &str| {
            let mounts = format!("30 23 0:26 {root} /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
            let own = format!("0::{path}\n");
            assert_eq!(version_two(&mounts, &own).unwrap().base, Path::new(base), "{root} {path}");
            assert_eq!(version_one(&mounts, &own), []);
        };
        check("/", "/", "/sys/fs/cgroup/");
        check("/", "/system.slice/fournil.service", "/sys/fs/cgroup/system.slice/fournil.service");
        let moved = "/system.slice/fournil.service/fournil-processes";
        check("/", moved, "/sys/fs/cgroup/system.slice/fournil.service");
        check("/docker/abc", "/docker/abc", "/sys/fs/cgroup/");
        check("/", "/../other", "/sys/fs/cgroup");
        check("/elsewhere", "/docker/abc", "/sys/fs/cgroup/");
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert_eq!(version_one("", ""), []);
        assert_eq!(version_two("1 2 3", "0::/"), None);
    }
}
