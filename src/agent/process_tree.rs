//! Reads the process table: who descends from whom, and what belongs to which run.
//!
//! The agent is the reaper of its descendants: whoever loses its parent becomes a child of the agent, of its first thread.
//! Tasks are started by another thread, so the first thread's list of children holds orphans only, and is empty nearly
//! always. Looking there is all that the end of a task costs.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

use super::run_id::{MARKER, RunId};

/// The processes that were left to the agent by parents that ended.
pub struct Orphans {
    children: File,
    buffer: Vec<u8>,
}

impl Orphans {
    /// Must be called in the process's first thread or any other of it, after which the list is readable from anywhere.
    pub fn open() -> io::Result<Self> {
        let pid = std::process::id();
        Ok(Orphans { children: File::open(format!("/proc/self/task/{pid}/children"))?, buffer: vec![0; 4096] })
    }

    pub fn list(&mut self) -> Vec<i32> {
        let mut length = 0;
        while let Ok(n) = self.children.read_at(&mut self.buffer[length..], length as u64) {
            if n == 0 {
                break;
            }
            length += n;
            if length == self.buffer.len() {
                self.buffer.resize(length * 2, 0);
            }
        }
        pids_in(&self.buffer[..length])
    }
}

fn pids_in(text: &[u8]) -> Vec<i32> {
    text.split(|b| *b == b' ').filter_map(|word| std::str::from_utf8(word).ok()?.parse().ok()).collect()
}

/// `pid` and all that descends from it, parents first.
pub fn tree_of(pid: i32) -> Vec<i32> {
    let mut tree = vec![pid];
    let mut next = 0;
    while next < tree.len() {
        let threads = fs::read_dir(format!("/proc/{}/task", tree[next])).into_iter().flatten().flatten();
        for thread in threads {
            let children = pids_in(&fs::read(thread.path().join("children")).unwrap_or_default());
            // An id can come twice when the table changes while it is read.
            tree.extend(children.into_iter().filter(|child| *child != pid));
        }
        next += 1;
        if tree.len() > MAX_TREE {
            break;
        }
    }
    tree
}

/// More than a machine has; ends the walk through a table that grows as fast as it is read.
const MAX_TREE: usize = 1 << 20;

/// Every process of the machine.
pub fn all() -> Vec<i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Of which run a process is by its environment, if `mark` is that of its node. The environment may have been cleared.
pub fn run_by_marker(pid: i32, mark: &str) -> Option<RunId> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|b| *b == 0).find_map(|variable| {
        let value = std::str::from_utf8(variable).ok()?.strip_prefix(MARKER)?.strip_prefix('=')?;
        value.strip_prefix(mark)?.parse().ok()
    })
}

/// When a process began, in the kernel's ticks since boot: together with the id it names one process for ever.
pub fn start_time(pid: i32) -> Option<u64> {
    stat_field(pid, 19)
}

/// The session of a process; a run's first process leads one.
pub fn session(pid: i32) -> Option<i32> {
    stat_field(pid, 3)
}

/// The process group; a run's first process leads one.
pub fn group(pid: i32) -> Option<i32> {
    stat_field(pid, 2)
}

/// A zombie has ended already and only waits for its parent.
pub fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.split(' ').next(), Some("Z" | "X" | "x") | None))
}

fn stat_field<T: std::str::FromStr>(pid: i32, index: usize) -> Option<T> {
    stat(pid)?.split(' ').nth(index)?.parse().ok()
}

/// The fields of `/proc/…/stat` from the state on: the name before it can hold anything, also blanks and brackets.
fn stat(pid: i32) -> Option<String> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_is_in_the_table() {
        let own = std::process::id() as i32;
        assert!(all().contains(&own));
        assert!(is_alive(own) && start_time(own).is_some_and(|t| t > 0));
        assert!(session(own).is_some());
        assert_eq!(tree_of(own)[0], own);
        assert_eq!(run_by_marker(own, "x:"), None);
    }

    #[test]
    fn what_is_not_there_is_not_alive() {
        assert!(!is_alive(i32::MAX) && start_time(i32::MAX).is_none());
    }
}
