//! The terminal that a client asks for.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    pub kind: String,
    pub columns: u32,
    pub rows: u32,
}

/// Both ends of a new terminal: ours and the session's, which belongs to whoever this thread uses files as.
pub fn open_pair(terminal: &Terminal) -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    set_size(&ours, terminal.columns, terminal.rows)?;
    Ok((ours, theirs))
}

pub fn set_size(terminal: impl AsFd, columns: u32, rows: u32) -> io::Result<()> {
    let small = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    Ok(tcsetwinsize(terminal, Winsize { ws_row: small(rows), ws_col: small(columns), ws_xpixel: 0, ws_ypixel: 0 })?)
}
