//! A mark that a task's processes cannot lose by accident, whatever they do to their environments, parents and sessions.
//!
//! It is a resource limit: every process inherits it, an unprivileged one can lower it but never raise it, and everybody can
//! read it in `/proc`. The limit on the number of file locks serves, because the kernel keeps it and has not enforced it
//! since Linux 2.4. Where it cannot be set (a lower one is in force) environments and sessions have to do.

use nix::libc;

/// The resource whose limit is the mark.
#[allow(clippy::unnecessary_cast, reason = "the constant's type is not the same with every C library")]
pub const RESOURCE: u32 = libc::RLIMIT_LOCKS as u32;

/// Above all limits that somebody might have set, and below the one that means none.
const MARKED: u64 = 1 << 62;
const NODE_BITS: u32 = 30;

/// What the marks of one node's runs have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeMark(u64);

impl NodeMark {
    /// Of what marks the node's processes in their environment. Two nodes of a machine can have the same with a chance of one
    /// in a thousand million.
    pub fn of(mark: &str) -> Self {
        // FNV-1a: the same in every version of the program.
        let hash = mark
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        NodeMark(MARKED | (hash >> (64 - NODE_BITS)) << 32)
    }

    /// The limit for the processes of the `n`-th run of an agent.
    pub fn limit(self, n: u64) -> u64 {
        self.0 | (n & u64::from(u32::MAX))
    }

    /// Whether a process is of the node.
    pub fn is_on(self, pid: i32) -> bool {
        limit_of(pid).is_some_and(|limit| limit & !u64::from(u32::MAX) == self.0)
    }
}

/// The limit that a process has.
pub fn limit_of(pid: i32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_tell_nodes_and_runs_apart() {
        let (one, other) = (NodeMark::of("fd01-1a2b:"), NodeMark::of("fd01-1a2c:"));
        assert_ne!(one, other);
        assert_ne!(one.limit(1), one.limit(2));
        assert_ne!(one.limit(1), other.limit(1));
        assert!(other.limit(u64::MAX) < libc::RLIM_INFINITY);
    }

    #[test]
    fn an_unmarked_process_is_of_no_node() {
        let own = std::process::id() as i32;
        assert!(!NodeMark::of("x:").is_on(own));
        assert!(!NodeMark::of("x:").is_on(i32::MAX));
    }
}
