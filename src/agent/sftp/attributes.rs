//! Attributes of files, as the system and as SFTP has them.

use std::os::fd::AsFd;

use russh_sftp::protocol::FileAttributes;
use rustix::fs::{AtFlags, Mode, RawMode, Stat, Timespec, Timestamps, fchmod, ftruncate, futimens};
use rustix::io::Errno;

/// Rights that a client may set: no set-user-id, no set-group-id, no sticky bit.
const RIGHTS: RawMode = 0o777;

pub const AT_ITSELF: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

pub fn of(stat: &Stat) -> FileAttributes {
    FileAttributes {
        size: Some(stat.st_size as u64),
        uid: Some(stat.st_uid),
        user: None,
        gid: Some(stat.st_gid),
        group: None,
        permissions: Some(stat.st_mode),
        // SFTP's version 3 counts seconds in 32 bits.
        atime: u32::try_from(stat.st_atime).ok(),
        mtime: u32::try_from(stat.st_mtime).ok(),
    }
}

/// The mode of a new file.
pub fn mode(attributes: &FileAttributes, usual: RawMode) -> Mode {
    Mode::from_raw_mode(attributes.permissions.map_or(usual, |permissions| permissions as RawMode & RIGHTS))
}

/// Sets what is said of size, rights and times. Owners stay: nobody but the system's administrator can change them.
pub fn set(file: impl AsFd, attributes: &FileAttributes) -> Result<(), Errno> {
    if let Some(size) = attributes.size {
        ftruncate(&file, size)?;
    }
    if attributes.permissions.is_some() {
        fchmod(&file, mode(attributes, 0))?;
    }
    if let (Some(accessed), Some(modified)) = (attributes.atime, attributes.mtime) {
        let at = |secs: u32| Timespec { tv_sec: secs.into(), tv_nsec: 0 };
        futimens(&file, &Timestamps { last_access: at(accessed), last_modification: at(modified) })?;
    }
    Ok(())
}
