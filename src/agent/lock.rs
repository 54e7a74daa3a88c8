//! One agent to a folder: `agent.pid` is locked as long as the agent lives, whatever ends it, and says which process it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::process_tree;

const FILE_NAME: &str = "agent.pid";

/// Held until it is dropped or the process ends.
#[derive(Debug)]
pub struct AgentLock {
    _file: File,
}

impl AgentLock {
    /// None when another agent holds the folder.
    pub fn acquire(dir: &Path) -> io::Result<Option<Self>> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(FILE_NAME))?;
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file())) {
            Ok(_) => {}
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let pid = std::process::id();
        file.set_len(0)?;
        writeln!(file, "{pid} {}", process_tree::start_time(pid as i32).unwrap_or(0))?;
        Ok(Some(AgentLock { _file: file }))
    }
}

/// Who has a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// An agent that is just starting has not yet said its id.
    Somebody {
        pid: Option<i32>,
    },
}

/// Asks without taking the lock, so that it never stands in a starting agent's way.
pub fn holder(dir: &Path) -> io::Result<Holder> {
    let mut file = match OpenOptions::new().read(true).write(true).open(dir.join(FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(error),
    };
    let mut lock = whole_file();
    fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    if i32::from(lock.l_type) == libc::F_UNLCK {
        return Ok(Holder::Nobody);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let named = text.trim().split_once(' ').and_then(|(pid, start)| Some((pid.parse().ok()?, start.parse().ok()?)));
    let pid =
        named.filter(|(pid, start): &(i32, u64)| process_tree::start_time(*pid) == Some(*start)).map(|(pid, _)| pid);
    Ok(Holder::Somebody { pid })
}

/// A lock of the open file, not of the process: it goes with the last copy of the descriptor.
fn whole_file() -> libc::flock {
    libc::flock { l_type: libc::F_WRLCK as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_agent_and_asking_does_not_disturb_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()).unwrap(), Holder::Nobody);
        let lock = AgentLock::acquire(dir.path()).unwrap().unwrap();
        assert!(AgentLock::acquire(dir.path()).unwrap().is_none());
        assert_eq!(holder(dir.path()).unwrap(), Holder::Somebody { pid: Some(std::process::id() as i32) });
        drop(lock);
        assert_eq!(holder(dir.path()).unwrap(), Holder::Nobody);
        assert!(AgentLock::acquire(dir.path()).unwrap().is_some());
    }
}
