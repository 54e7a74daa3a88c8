//! Signals to all that belongs to a run.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::super::process_tree;

/// The whole tree of a run: by its group at once, since a group cannot fork away from a signal, and what left the group one
/// by one. Nobody gets a signal twice.
pub(super) fn signal_tree(leader: i32, orphans: &[i32], grouped: &[i32], signal: Signal) {
    let tree = std::iter::once(&leader).chain(orphans).flat_map(|pid| process_tree::tree_of(*pid));
    let all: BTreeSet<i32> = tree.chain(grouped.iter().copied()).collect();
    let outside: Vec<i32> = all.into_iter().filter(|pid| process_tree::group(*pid) != Some(leader)).collect();
    signal_group(leader, signal);
    for pid in outside.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

pub(super) fn signal_group(leader: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(leader) {
        let _ = kill_process_group(group, signal);
    }
}
