//! Ends what an earlier agent of a node's folder left running. Used by an agent when it starts, and by the local provider
//! when it takes a node away.
//!
//! A process belongs to the folder if its environment carries the folder's mark, if it sees the folder's root where tasks see
//! their node (where the agent has its own mount namespace), or if it descends from a process of the journal or shares its
//! session. The last two find those that cleared their environment.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::journal::Past;
use super::node_root::{MOUNT_POINT, ROOT};
use super::{clock, process_tree, run_id};

/// How long processes that were killed are waited for. Only a process stuck in the kernel takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Kills until nothing is left; says how many processes there were. Other agents' processes are never touched: the caller
/// holds the folder's lock, or has made sure that no agent does.
pub fn kill_all(dir: &Path) -> io::Result<usize> {
    let folder = Folder::of(dir)?;
    let mut killed = HashSet::new();
    let deadline = clock::instant() + PATIENCE;
    loop {
        let found = folder.processes();
        if found.is_empty() {
            return Ok(killed.len());
        }
        for pid in found {
            kill(pid);
            killed.insert(pid);
        }
        if clock::instant() > deadline {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "processes of the node do not end"));
        }
        // They are nobody's children here, so there is nothing to wait on.
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(super) fn kill(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

struct Folder {
    mark: String,
    /// Device and inode of the node's root.
    root: Option<(u64, u64)>,
    leaders: Vec<(i32, u64)>,
    own: i32,
}

impl Folder {
    fn of(dir: &Path) -> io::Result<Self> {
        let root = dir.join(ROOT).metadata().ok().map(|m| (m.dev(), m.ino()));
        let leaders = Past::read(dir)?.leaders;
        Ok(Folder { mark: run_id::mark_of(dir)?, root, leaders, own: std::process::id() as i32 })
    }

    fn processes(&self) -> HashSet<i32> {
        let leaders = self.leaders.iter().map(|(pid, start)| (*pid, *start));
        let leaders: HashSet<i32> =
            leaders.filter(|(pid, start)| process_tree::start_time(*pid) == Some(*start)).map(|(pid, _)| pid).collect();
        let mut found: HashSet<i32> = leaders.iter().flat_map(|pid| process_tree::tree_of(*pid)).collect();
        found.extend(process_tree::all().into_iter().filter(|pid| self.owns(*pid, &leaders)));
        found.retain(|pid| *pid != self.own && process_tree::is_alive(*pid));
        found
    }

    fn owns(&self, pid: i32, leaders: &HashSet<i32>) -> bool {
        let in_session = || !leaders.is_empty() && process_tree::session(pid).is_some_and(|sid| leaders.contains(&sid));
        self.sees_root(pid) || process_tree::run_by_marker(pid, &self.mark).is_some() || in_session()
    }

    fn sees_root(&self, pid: i32) -> bool {
        let seen = PathBuf::from(format!("/proc/{pid}/root{MOUNT_POINT}"));
        self.root.is_some() && seen.metadata().ok().map(|m| (m.dev(), m.ino())) == self.root
    }
}
