//! Ends what an earlier agent of a node's folder left running. Used by an agent when it starts, and by the local provider
//! when it takes a node away.
//!
//! A process belongs to the folder if its environment or its limits carry the folder's mark, if it sees the folder's root where
//! tasks see their node (where the agent has its own mount namespace), or if it descends from a process of the journal or
//! shares its session, or if it is in one of the node's control groups. All but the first find those that cleared their environment.
//! The groups are removed with the last of them.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::journal::Past;
use super::limit_mark::NodeMark;
use super::node_root::{MOUNT_POINT, ROOT};
use super::{clock, container, groups, process_tree, run_id};

/// How long processes that were killed are waited for. Only a process stuck in the kernel takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many looks in a row must find nothing: what flees by starting itself anew and ending can be between two processes'
/// entries of the table at the moment of a look.
const EMPTY_LOOKS: u32 = 20;

/// Kills until nothing is left; says how many processes there were. Other agents' processes are never touched: the caller
/// holds the folder's lock, or has made sure that no agent does.
pub fn kill_all(dir: &Path) -> io::Result<usize> {
    let mut folder = Folder::of(dir)?;
    let mut killed = HashSet::new();
    let mut n_empty = 0;
    let deadline = clock::instant() + PATIENCE;
    while n_empty < EMPTY_LOOKS {
        let found = folder.kill_what_is_there();
        if found.is_empty() {
            n_empty += 1;
            continue;
        }
        n_empty = 0;
        if clock::instant() > deadline {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "processes of the node do not end"));
        }
        if found.iter().all(|pid| killed.contains(pid)) {
            // They are nobody's children here, so there is nothing to wait on.
            std::thread::sleep(Duration::from_millis(1));
        }
        killed.extend(found);
    }
    groups::remove_all(dir)?;
    container::sweep::sweep(dir, &folder.mark);
    Ok(killed.len())
}

pub(super) fn kill(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

struct Folder {
    dir: PathBuf,
    mark: String,
    node_mark: NodeMark,
    /// Device and inode of the node's root.
    root: Option<(u64, u64)>,
    /// First processes of what the journal says had begun, with their start times, as far as they lived when this was made.
    leaders: HashMap<i32, u64>,
    /// Processes of others. Not looked at again, so that all looks but the first are quick and find what is new in time.
    strangers: HashSet<i32>,
}

impl Folder {
    fn of(dir: &Path) -> io::Result<Self> {
        let root = dir.join(ROOT).metadata().ok().map(|m| (m.dev(), m.ino()));
        let leaders = Past::read(dir)?.leaders.into_iter();
        let leaders = leaders.filter(|(pid, start)| process_tree::start_time(*pid) == Some(*start));
        let mark = run_id::mark_of(dir)?;
        Ok(Folder {
            dir: dir.to_owned(),
            node_mark: NodeMark::of(&mark),
            mark,
            root,
            leaders: leaders.collect(),
            strangers: HashSet::from([std::process::id() as i32]),
        })
    }

    /// Kills each as soon as it is found: a moment later it may have made another and be gone.
    fn kill_what_is_there(&mut self) -> Vec<i32> {
        let leaders = self.leaders.iter().filter(|(pid, start)| process_tree::start_time(**pid) == Some(**start));
        let mut found: Vec<i32> = leaders.flat_map(|(pid, _)| process_tree::tree_of(*pid)).collect();
        found.extend(groups::processes_of(&self.dir));
        found.retain(|pid| self.kill_if_alive(*pid));
        for pid in process_tree::all() {
            if self.strangers.contains(&pid) {
                continue;
            }
            if self.owns(pid) && self.kill_if_alive(pid) {
                found.push(pid);
            } else {
                self.strangers.insert(pid);
            }
        }
        found
    }

    fn kill_if_alive(&self, pid: i32) -> bool {
        let is_there = !self.strangers.contains(&pid) && process_tree::is_alive(pid);
        if is_there {
            kill(pid);
        }
        is_there
    }

    fn owns(&self, pid: i32) -> bool {
        let in_session = || process_tree::session(pid).is_some_and(|sid| self.leaders.contains_key(&sid));
        self.node_mark.is_on(pid)
            || self.sees_root(pid)
            || process_tree::run_by_marker(pid, &self.mark).is_some()
            || in_session()
    }

    fn sees_root(&self, pid: i32) -> bool {
        let seen = PathBuf::from(format!("/proc/{pid}/root{MOUNT_POINT}"));
        self.root.is_some() && seen.metadata().ok().map(|m| (m.dev(), m.ino())) == self.root
    }
}
