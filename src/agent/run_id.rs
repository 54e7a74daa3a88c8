//! Names what the agent runs, in the journal and in the environment of its processes.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

use crate::api::agent::Attempt;

/// The environment variable by which a process is known as part of a run, whatever it did to its parents and sessions.
pub const MARKER: &str = "FOURNIL_ATTEMPT";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunId {
    StartTask,
    /// The mounting of the pool's file systems, and what serves them.
    Mounts,
    /// The deployment of the pool's application packages.
    Packages,
    Task(Attempt),
    /// Of a remote user; the number is the agent process's own.
    Session(u64),
}

impl RunId {
    pub fn attempt(self) -> Option<Attempt> {
        match self {
            RunId::StartTask | RunId::Mounts | RunId::Packages | RunId::Session(_) => None,
            RunId::Task(attempt) => Some(attempt),
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunId::StartTask => f.write_str("start"),
            RunId::Mounts => f.write_str("mounts"),
            RunId::Packages => f.write_str("packages"),
            RunId::Session(number) => write!(f, "session-{number}"),
            RunId::Task(a) => write!(f, "{}.{}", a.task, a.number),
        }
    }
}

/// The text names no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARun;

impl FromStr for RunId {
    type Err = NotARun;

    fn from_str(text: &str) -> Result<Self, NotARun> {
        if text == "start" {
            return Ok(RunId::StartTask);
        }
        if text == "mounts" {
            return Ok(RunId::Mounts);
        }
        if text == "packages" {
            return Ok(RunId::Packages);
        }
        if let Some(number) = text.strip_prefix("session-") {
            return number.parse().map(RunId::Session).map_err(|_| NotARun);
        }
        let (task, number) = text.split_once('.').ok_or(NotARun)?;
        let number = number.parse().map_err(|_| NotARun)?;
        Ok(RunId::Task(Attempt { task: task.parse().map_err(|_| NotARun)?, number }))
    }
}

/// What marks the processes of one node's folder: attempts of two nodes, or of two installations on a machine, can have the
/// same numbers. Device and inode need no record that could be lost.
pub fn mark_of(dir: &Path) -> std::io::Result<String> {
    let meta = dir.metadata()?;
    Ok(format!("{:x}-{:x}:", meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        let task = RunId::Task(Attempt { task: 12, number: 3 });
        for run in [RunId::StartTask, RunId::Mounts, RunId::Packages, RunId::Session(7), task] {
            assert_eq!(run.to_string().parse(), Ok(run));
        }
        for bad in ["", "12", "a.b", "1.2.3", "stop", "session-", "session-x"] {
            assert_eq!(bad.parse::<RunId>(), Err(NotARun), "{bad}");
        }
    }
}
