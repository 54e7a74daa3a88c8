//! Gives files of one user to another: those of an ended run, so that its user id can be lent again, and those of a run that is
//! tried again. Every step goes by a handle, and no link is followed.

use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, Uid, chownat, fstat, openat, statat};
use rustix::io::Errno;

use crate::api::agent::Ids;

/// What lies deeper stays whose it is: nobody else comes through the folders above.
const MAX_DEPTH: usize = 256;

/// Whose files are given to whom.
#[derive(Clone, Debug)]
pub struct Gift {
    uids: Range<u32>,
    gids: Range<u32>,
    to: Ids,
}

impl Gift {
    pub fn of(from: Ids, to: Ids) -> Self {
        Gift { uids: from.uid..from.uid + 1, gids: from.gid..from.gid + 1, to }
    }

    /// Users with groups of the same numbers.
    pub fn of_all(ids: Range<u32>, to: Ids) -> Self {
        Gift { uids: ids.clone(), gids: ids, to }
    }
}

/// An entry of a folder, and what is in it before itself. Others' files are left alone.
pub fn entry(parent: impl AsFd, name: &OsStr, gift: &Gift) -> io::Result<()> {
    one(parent, name, gift, 0).or_else(|error| if error == Errno::NOENT { Ok(()) } else { Err(error.into()) })
}

/// The entries of a folder that belongs to somebody else.
pub fn entries(folder: impl AsFd, gift: &Gift) -> io::Result<()> {
    each(folder, |folder, name| match one(folder, name, gift, 0) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    })?;
    Ok(())
}

fn one(parent: impl AsFd, name: &OsStr, gift: &Gift, depth: usize) -> Result<(), Errno> {
    let stat = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && depth < MAX_DEPTH {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = openat(&parent, name, flags, Mode::empty())?;
        each(&folder, |folder, name| one(folder, name, gift, depth + 1))?;
        // Of the folder that was opened, which may have got another name.
        let stat = fstat(&folder)?;
        return change(folder, OsStr::new(""), (stat.st_uid, stat.st_gid), gift, AtFlags::EMPTY_PATH);
    }
    change(parent, name, (stat.st_uid, stat.st_gid), gift, AtFlags::SYMLINK_NOFOLLOW)
}

fn change(parent: impl AsFd, name: &OsStr, (uid, gid): (u32, u32), gift: &Gift, flags: AtFlags) -> Result<(), Errno> {
    let uid = gift.uids.contains(&uid).then(|| Uid::from_raw(gift.to.uid));
    let gid = gift.gids.contains(&gid).then(|| Gid::from_raw(gift.to.gid));
    if uid.is_none() && gid.is_none() { Ok(()) } else { chownat(parent, name, uid, gid, flags) }
}

fn each<F: AsFd>(folder: F, mut change: impl FnMut(&F, &OsStr) -> Result<(), Errno>) -> Result<(), Errno> {
    for entry in Dir::read_from(&folder)?.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            change(&folder, name)?;
        }
    }
    Ok(())
}
