//! Control groups: what tasks may use of the machine, and all processes of a run, whatever became of their parents.
//!
//! ```text
//! {the agent's own group}/fournil-tasks/     all nodes of this machine together
//!                            {node}/         one node
//!                               {n}/         one run
//! ```
//!
//! A group serves one run at a time and is used again: making and removing groups costs more than a short task does, and the
//! kernel keeps each removed one as long as anything that it cached is in memory. One whose run has left much is removed.
//! The node's groups are named in a file of its folder, before they are made, so that whoever ends the node finds them.

mod files;
mod place;
mod share;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::leftovers::kill;
use crate::api::agent::{LimitsObstacle, NodeLimits, NodeSize};
use place::{Branch, Controller, Version};
use share::{Limits, Machine};

const ALL_NODES: &str = "fournil-tasks";

/// Names the folders of the node's groups, one a line.
const LIST: &str = "groups";

/// A group in which a run has left more is not used again: it would count as the next one's.
const MOST_LEFT_BYTES: u64 = 64 << 20;

/// The groups of a node.
#[derive(Debug, Default)]
pub struct Groups {
    dir: PathBuf,
    branches: Vec<(Branch, PathBuf)>,
    obstacle: Option<LimitsObstacle>,
    machine: Option<Machine>,
    /// The node's, and its number of slots; absent where nothing is limited.
    node: Option<(Limits, i32)>,
    n_made: u64,
    free: Vec<Group>,
    /// Could not be removed yet.
    stuck: Vec<Group>,
}

impl Groups {
    /// Makes the node's groups, as far as the system lets it. What an earlier agent had must have been removed.
    pub fn open(dir: &Path, mark: &str) -> Groups {
        let name = mark.trim_end_matches(':');
        let mut groups = Groups { dir: dir.to_owned(), ..Groups::default() };
        let found = place::find();
        let planned: Vec<PathBuf> = found.iter().map(|branch| branch.base.join(ALL_NODES).join(name)).collect();
        if let Err(error) = write_list(dir, &planned) {
            groups.obstacle = Some(LimitsObstacle::NotPermitted { detail: error.to_string() });
            return groups;
        }
        let machine = files::machine(&found);
        groups.machine = Some(machine);
        for (branch, folder) in found.into_iter().zip(planned) {
            match make_node(&branch, &folder, machine) {
                Ok(()) => groups.branches.push((branch, folder)),
                Err(error) => groups.obstacle = Some(obstacle(&error)),
            }
        }
        let is_there = |c: &&Controller| groups.branches.iter().any(|(branch, _)| branch.controllers.contains(c));
        let missing: Vec<&str> = Controller::ALL.iter().filter(|c| !is_there(c)).map(|c| c.name()).collect();
        if !missing.is_empty() && groups.obstacle.is_none() {
            groups.obstacle = Some(LimitsObstacle::NoControllers { detail: missing.join(", ") });
        }
        groups
    }

    /// How large the node is; absent where the operator wants nothing limited.
    pub fn set_size(&mut self, size: Option<NodeSize>, slots: i32) {
        let limits = size.zip(self.machine).map(|(size, machine)| machine.for_node(size));
        self.node = limits.map(|limits| (limits, slots.max(1)));
        let Some((limits, _)) = self.node else { return };
        for (branch, folder) in &self.branches {
            if let Err(error) = files::limit(folder, branch.version, &branch.controllers, limits) {
                tracing::warn!(%error, "the node as a whole is not limited as its size says");
            }
        }
    }

    /// What the server is told.
    pub fn statement(&self) -> NodeLimits {
        let is_limited = |controller| self.branches.iter().any(|(branch, _)| branch.controllers.contains(&controller));
        NodeLimits {
            memory: is_limited(Controller::Memory),
            processes: is_limited(Controller::Processes),
            cpu: is_limited(Controller::Cpu),
            obstacle: self.obstacle.clone(),
        }
    }

    /// A group for a run; nothing where nothing is limited.
    ///
    /// # Errors
    /// Where the node has groups and one more cannot be made: the run would go unlimited.
    pub fn take(&mut self, slots: i32) -> io::Result<Option<Group>> {
        let Some((node, of)) = self.node.filter(|_| !self.branches.is_empty()) else { return Ok(None) };
        let limits = node.part(slots, of);
        while let Some(mut group) = self.free.pop() {
            match group.set_limits(limits) {
                Ok(()) => return Ok(Some(group)),
                Err(_) => self.discard(group),
            }
        }
        let mut group = loop {
            self.n_made += 1;
            match Group::make(&self.branches, self.n_made) {
                // A node that was killed has left it, and this one's folder has the number that its folder had.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => break made?,
            }
        };
        group.set_limits(limits)?;
        Ok(Some(group))
    }

    /// The group of a run of which no process is left.
    pub fn give_back(&mut self, group: Group) {
        for stuck in std::mem::take(&mut self.stuck) {
            self.discard(stuck);
        }
        if group.left_bytes() > MOST_LEFT_BYTES || !group.processes().is_empty() {
            self.discard(group);
        } else {
            self.free.push(group);
        }
    }

    fn discard(&mut self, group: Group) {
        if group.remove().is_err() {
            self.stuck.push(group);
        }
    }

    /// Removes all, when nothing runs any more.
    pub fn remove(&mut self) {
        self.free.clear();
        self.stuck.clear();
        if let Err(error) = remove_all(&self.dir) {
            tracing::warn!(%error, "control groups of the node are left");
        }
    }
}

/// Processes in the groups that an agent of the folder made.
pub fn processes_of(dir: &Path) -> Vec<i32> {
    let folders = read_list(dir).into_iter().flat_map(|folder| with_children(&folder));
    folders.flat_map(|folder| files::processes(&folder)).collect::<BTreeSet<i32>>().into_iter().collect()
}

/// Removes the groups that an agent of the folder made; they must hold no process.
pub fn remove_all(dir: &Path) -> io::Result<()> {
    for folder in read_list(dir) {
        let mut all = with_children(&folder);
        all.reverse();
        all.iter().try_for_each(|folder| remove_folder(folder))?;
        // That of all nodes goes with the last of them.
        let _ = folder.parent().map(fs::remove_dir);
    }
    match fs::remove_file(dir.join(LIST)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A group of one run.
#[derive(Debug)]
pub struct Group {
    branches: Vec<GroupBranch>,
    limits: Option<Limits>,
    /// The limits are not what is written: they must be written again.
    is_altered: bool,
}

#[derive(Debug)]
struct GroupBranch {
    folder: PathBuf,
    version: Version,
    controllers: Vec<Controller>,
    join: File,
    counters: Vec<Counter>,
}

/// Counts how often a limit was run into.
#[derive(Debug)]
struct Counter {
    controller: Controller,
    name: &'static str,
    file: File,
    seen: u64,
}

/// The limits that a run has run into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The most bytes that it may use.
    pub memory: Option<u64>,
    /// The most processes and threads that it may have.
    pub processes: Option<u64>,
}

impl Group {
    fn make(branches: &[(Branch, PathBuf)], n: u64) -> io::Result<Group> {
        let mut group = Group { branches: Vec::new(), limits: None, is_altered: false };
        for (branch, node) in branches {
            let folder = node.join(n.to_string());
            fs::create_dir(&folder)?;
            let join = OpenOptions::new().write(true).open(folder.join(files::join_file(branch.version)))?;
            let counter = |controller: &Controller| {
                let (file, name) = files::counter(branch.version, *controller)?;
                // Older kernels do not count.
                let file = File::open(folder.join(file)).ok()?;
                Some(Counter { controller: *controller, name, file, seen: 0 })
            };
            let counters = branch.controllers.iter().filter_map(counter).collect();
            let (version, controllers) = (branch.version, branch.controllers.clone());
            group.branches.push(GroupBranch { folder, version, controllers, join, counters });
        }
        Ok(group)
    }

    /// Whoever writes `0` to these is in the group.
    pub fn join(&self) -> Vec<BorrowedFd<'_>> {
        self.branches.iter().map(|branch| branch.join.as_fd()).collect()
    }

    fn set_limits(&mut self, limits: Limits) -> io::Result<()> {
        // What an earlier run has run into is not this one's.
        self.hits();
        if self.limits != Some(limits) || self.is_altered {
            self.is_altered = true;
            for branch in &self.branches {
                files::limit(&branch.folder, branch.version, &branch.controllers, limits)?;
            }
            (self.limits, self.is_altered) = (Some(limits), false);
        }
        Ok(())
    }

    pub fn processes(&self) -> Vec<i32> {
        self.branches.first().map(|branch| files::processes(&branch.folder)).unwrap_or_default()
    }

    /// Kills all that is in it: first it can make no more processes, so that it cannot outrun this.
    pub fn kill(&mut self) {
        self.is_altered = true;
        for branch in &self.branches {
            if branch.controllers.contains(&Controller::Processes) {
                let _ = fs::write(branch.folder.join("pids.max"), "0");
            }
            if branch.version == Version::Two {
                let _ = fs::write(branch.folder.join("cgroup.kill"), "1");
            }
        }
        self.processes().into_iter().for_each(kill);
    }

    /// The limits that were run into since this was asked last.
    pub fn hits(&mut self) -> Hits {
        let limits = self.limits;
        let mut hits = Hits::default();
        for counter in self.branches.iter_mut().flat_map(|branch| &mut branch.counters) {
            let mut text = [0; 1024];
            let Ok(length) = counter.file.read_at(&mut text, 0) else { continue };
            let text = std::str::from_utf8(&text[..length]).unwrap_or_default();
            let count = files::value_of(text, counter.name).unwrap_or(0);
            if std::mem::replace(&mut counter.seen, count) < count {
                match counter.controller {
                    Controller::Memory => hits.memory = limits.map(|limits| limits.memory_bytes),
                    Controller::Processes => hits.processes = limits.map(|limits| limits.processes),
                    Controller::Cpu => {}
                }
            }
        }
        hits
    }

    fn left_bytes(&self) -> u64 {
        let branch = self.branches.iter().find(|branch| branch.controllers.contains(&Controller::Memory));
        let read = |branch: &GroupBranch| {
            fs::read_to_string(branch.folder.join(files::usage_file(branch.version))).ok()?.trim().parse().ok()
        };
        branch.and_then(read).unwrap_or(0)
    }

    fn remove(&self) -> io::Result<()> {
        self.branches.iter().try_for_each(|branch| remove_folder(&branch.folder))
    }
}

fn make_node(branch: &Branch, node: &Path, machine: Machine) -> io::Result<()> {
    let all = branch.base.join(ALL_NODES);
    if files::hand_down(&branch.base, branch).is_err() {
        files::make_room(&branch.base)?;
        files::hand_down(&branch.base, branch)?;
    }
    files::make(&all, branch)?;
    files::limit(&all, branch.version, &branch.controllers, machine.for_tasks())?;
    files::make(node, branch)
}

fn obstacle(error: &io::Error) -> LimitsObstacle {
    let detail = error.to_string();
    match error.kind() {
        io::ErrorKind::ResourceBusy => LimitsObstacle::ProcessesBeside { detail },
        _ => LimitsObstacle::NotPermitted { detail },
    }
}

fn write_list(dir: &Path, folders: &[PathBuf]) -> io::Result<()> {
    let lines: String = folders.iter().map(|folder| format!("{}\n", folder.display())).collect();
    fs::write(dir.join(LIST), lines)
}

/// Only names that an agent can have written: whoever reads it removes what they name.
fn read_list(dir: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(dir.join(LIST)).unwrap_or_default();
    let is_ours = |folder: &PathBuf| folder.parent().is_some_and(|parent| parent.ends_with(ALL_NODES));
    text.lines().map(PathBuf::from).filter(is_ours).collect()
}

/// A group and those in it, parents first.
fn with_children(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while next < all.len() {
        let entries = fs::read_dir(&all[next]).into_iter().flatten().flatten();
        all.extend(entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
        next += 1;
    }
    all
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
