//! Folders of runs: where they lie, whose they are, and what is in them before the command.
//!
//! The folders above belong to the agent, so that no task can put its own in another one's place. A run's folder belongs to
//! the run's user, and what is in it is made with that user's rights: what a task put there leads nobody anywhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    FileType, Gid, Mode, OFlags, ResolveFlags, Uid, fchmod, fchown, fcntl_setfl, fstat, mkdirat, openat, openat2,
};
use rustix::io::Errno;

use super::files;
use super::hand_over::{self, Gift};
use super::process::{TaskUser, use_files_as};
use crate::api::agent::Ids;

/// Folders of tasks lie so deep: `workitems/{job}/job-1/{task}`.
const DEPTH_OF_TASKS: usize = 4;

/// How many parts of a path lead to what has an owner of its own; 0 where nothing has.
pub fn depth_of_owned(first: &str) -> usize {
    match first {
        "workitems" => DEPTH_OF_TASKS,
        "shared" => 2,
        "startup" => 1,
        _ => 0,
    }
}

/// A run's folder and its output files, open.
pub struct Prepared {
    pub folder: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

/// Makes the run's folder and `wd` in it, and opens its output files. What an earlier attempt left stays, and is the run's user's
/// from then on. `is_open`: all tasks of the pool may read it.
pub fn prepare(root: &File, directory: &str, user: Option<TaskUser>, is_open: bool) -> io::Result<Prepared> {
    if files::is_escape(directory) {
        return Err(io::Error::other("it lies outside of the node's root"));
    }
    let (above, name, below) = split(directory);
    let parent = if above.is_empty() { None } else { Some(open_above(root, above, user)?) };
    let owner = user.map(|user| Ids { uid: user.uid, gid: if is_open { user.pool() } else { user.gid } });
    let (folder, is_new) = match &parent {
        Some(parent) => take(parent, name, owner, is_open)?,
        None => take(root, name, owner, is_open)?,
    };
    use_files_as(user);
    let prepared = fill(folder, below, is_new);
    use_files_as(None);
    prepared
}

/// The folder that holds the owned one, that one's name, and what is below it.
fn split(directory: &str) -> (&str, &str, &str) {
    let first = directory.split('/').next().unwrap_or_default();
    let depth = depth_of_owned(first).max(1);
    let ends: Vec<usize> = directory.match_indices('/').map(|(at, _)| at).collect();
    let above = if depth > 1 { ends.get(depth.min(ends.len() + 1).saturating_sub(2)).copied() } else { None };
    let end = if ends.len() >= depth { ends[depth - 1] } else { directory.len() };
    let begin = above.map_or(0, |at| at + 1);
    (&directory[..above.unwrap_or(0)], &directory[begin..end], directory[end..].trim_start_matches('/'))
}

/// The agent's own folder on the way; usually it is there.
fn open_above(root: &File, path: &str, user: Option<TaskUser>) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open =
        |path: &str| openat2(root, path, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS);
    match open(path) {
        Err(Errno::NOENT) => {}
        opened => return Ok(opened?),
    }
    let mut parent = None;
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for end in ends {
        let begin = path[..end].rfind('/').map_or(0, |at| at + 1);
        let name = &path[begin..end];
        let is_new = match &parent {
            Some(parent) => exists_is_fine(mkdirat(parent, name, Mode::from_raw_mode(0o750)))?,
            None => exists_is_fine(mkdirat(root, name, Mode::from_raw_mode(0o750)))?,
        };
        let folder = open(&path[..end])?;
        if let Some(user) = user.filter(|_| is_new) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            fchown(openat(&folder, ".", flags, Mode::empty())?, None, Some(Gid::from_raw(user.pool())))?;
        }
        parent = Some(folder);
    }
    parent.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// The owned folder; true when it was not there.
fn take(parent: impl AsFd, name: &str, owner: Option<Ids>, is_open: bool) -> io::Result<(OwnedFd, bool)> {
    let is_new = exists_is_fine(mkdirat(&parent, name, Mode::from_raw_mode(0o750)))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(&parent, name, flags, Mode::empty())?;
    let Some(owner) = owner else { return Ok((folder, is_new)) };
    let stat = fstat(&folder)?;
    if is_new {
        fchown(&folder, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid)))?;
    } else if (stat.st_uid, stat.st_gid) != (owner.uid, owner.gid) {
        if stat.st_uid == 0 {
            // The container program makes folders that everybody may read, wherever a task wants its own to be.
            fchmod(&folder, Mode::from_raw_mode(0o750))?;
        }
        let from = Ids { uid: stat.st_uid, gid: stat.st_gid };
        hand_over::entry(&parent, OsStr::new(name), &Gift::of(from, owner))?;
    }
    if is_open {
        // What is made there is the pool's as well.
        fchmod(&folder, Mode::from_raw_mode(0o2750))?;
    }
    Ok((folder, is_new))
}

fn fill(folder: OwnedFd, below: &str, mut is_new: bool) -> io::Result<Prepared> {
    let mut folder = folder;
    for name in below.split('/').filter(|name| !name.is_empty()) {
        is_new = exists_is_fine(mkdirat(&folder, name, Mode::from_raw_mode(0o770)))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = openat(&folder, name, flags, Mode::empty())?;
    }
    exists_is_fine(mkdirat(&folder, "wd", Mode::from_raw_mode(0o770)))?;
    let stdout = open_output(&folder, "stdout.txt", is_new)?;
    Ok(Prepared { stdout, stderr: open_output(&folder, "stderr.txt", is_new)?, folder })
}

fn exists_is_fine(made: Result<(), Errno>) -> io::Result<bool> {
    match made {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A file that is already there may be anything that an earlier attempt made of it: a pipe must not stop the thread.
pub fn open_output(folder: &OwnedFd, name: &str, is_new: bool) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
    let mode = Mode::from_raw_mode(0o640);
    if is_new {
        return Ok(openat(folder, name, flags, mode)?);
    }
    let file = openat(folder, name, flags | OFlags::NONBLOCK, mode)?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other(format!("{name} is not a regular file")));
    }
    fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_split_where_the_agents_own_end() {
        let check = |directory, parts| assert_eq!(split(directory), parts, "{directory}");
        check("startup", ("", "startup", ""));
        check("workitems/j/job-1/t", ("workitems/j/job-1", "t", ""));
        check("workitems/j/job-1/t/3", ("workitems/j/job-1", "t", "3"));
        check("workitems/j", ("workitems", "j", ""));
        check("other/x", ("", "other", "x"));
    }

    #[test]
    fn a_folder_is_made_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = File::open(dir.path()).unwrap();
        for _ in 0..2 {
            prepare(&root, "workitems/j/job-1/t/2", None, false).unwrap();
        }
        assert!(dir.path().join("workitems/j/job-1/t/2/wd").is_dir());
        assert!(dir.path().join("workitems/j/job-1/t/2/stdout.txt").is_file());
        assert!(prepare(&root, "workitems/../../x", None, false).is_err());
    }

    #[test]
    fn folders_that_the_container_program_made_are_the_users_from_then_on() {
        use std::os::unix::fs::MetadataExt;
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let root = File::open(dir.path()).unwrap();
        let folder = dir.path().join("workitems/j/job-1/t");
        std::fs::create_dir_all(folder.join("wd/deep")).unwrap();
        prepare(&root, "workitems/j/job-1/t", Some(TaskUser::of_pool(7000)), false).unwrap();
        for path in [folder.clone(), folder.join("wd"), folder.join("wd/deep")] {
            let metadata = std::fs::metadata(&path).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (7000, 7000), "{path:?}");
        }
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o7777, 0o750);
    }

    #[test]
    fn a_link_on_the_way_is_not_followed() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = File::open(dir.path()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("workitems")).unwrap();
        assert!(prepare(&root, "workitems/j/job-1/t", None, false).is_err());
        std::fs::remove_file(dir.path().join("workitems")).unwrap();
        std::fs::create_dir_all(dir.path().join("workitems/j/job-1")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("workitems/j/job-1/t")).unwrap();
        assert!(prepare(&root, "workitems/j/job-1/t", None, false).is_err());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
