//! Puts packages that are unpacked in the working directory where tasks find them. Done with the agent's rights, and without a
//! network: from then on the files belong to the agent, and tasks read and run them and change nothing.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, Uid, fchmod, fchown, openat, statat, syncfs};

use super::deploy;
use super::failure::{self, Result};
use crate::agent::process::UserId;
use crate::api::agent::Package;

/// Folders in each other, the package's own included; unpacking made fewer.
const MAX_DEPTH: usize = 128;

/// `group` is the tasks' user, which has a group of its number; without one the agent and its tasks are the same user.
pub fn all(packages: &[Package], root: &str, group: Option<UserId>) -> Result<()> {
    for (index, package) in packages.iter().enumerate() {
        let done = one(&deploy::folder(index), &package.directory, Path::new(root), group);
        done.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => failure::no_room_for_package(package),
            _ => failure::of_package(package, &format!("It could not be put in its place: {error}.")),
        })?;
    }
    Ok(())
}

fn one(from: &str, directory: &str, root: &Path, group: Option<UserId>) -> io::Result<()> {
    let here = File::open(".")?;
    freeze(here.as_fd(), OsStr::new(from), group, 0)?;
    // A name must not come before its content, also not after a power cut.
    syncfs(&here)?;
    let target = root.join(directory);
    let mut path = root.to_owned();
    for part in Path::new(directory).parent().into_iter().flat_map(Path::iter) {
        path.push(part);
        make_folder(&path, group)?;
    }
    match fs::rename(from, &target) {
        // Another one was faster.
        Err(_) if target.is_dir() => Ok(()),
        result => result,
    }
}

fn make_folder(path: &Path, group: Option<UserId>) -> io::Result<()> {
    match DirBuilder::new().mode(0o750).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    if group.is_some() {
        chown(path, Some(0), group)?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o750))
}

/// Takes an entry over: from the top down, so that nobody else can change what is below a folder that was looked at. Zip files
/// made on other systems know nothing of rights, so every file can be run.
fn freeze(parent: impl AsFd, name: &OsStr, group: Option<UserId>, depth: usize) -> io::Result<()> {
    let stat = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory if depth < MAX_DEPTH => {
            let folder = openat(&parent, name, flags | OFlags::DIRECTORY, Mode::empty())?;
            take_over(&folder, group, 0o750)?;
            for entry in Dir::read_from(&folder)? {
                let entry = entry?;
                let child = OsStr::from_bytes(entry.file_name().to_bytes());
                if child != "." && child != ".." {
                    freeze(&folder, child, group, depth + 1)?;
                }
            }
            Ok(())
        }
        FileType::RegularFile if stat.st_nlink == 1 => {
            take_over(&openat(&parent, name, flags, Mode::empty())?, group, 0o550)
        }
        _ => Err(io::Error::other(format!("{} is neither a file nor a folder", name.display()))),
    }
}

fn take_over(file: &OwnedFd, group: Option<UserId>, mode: u32) -> io::Result<()> {
    if let Some(group) = group {
        fchown(file, Some(Uid::ROOT), Some(Gid::from_raw(group)))?;
    }
    Ok(fchmod(file, Mode::from_raw_mode(mode))?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_can_be_read_and_run_and_links_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("0");
        fs::create_dir_all(package.join("bin")).unwrap();
        fs::write(package.join("bin/x"), "x").unwrap();
        fs::set_permissions(package.join("bin/x"), Permissions::from_mode(0o4777)).unwrap();
        let here = File::open(dir.path()).unwrap();
        freeze(&here, OsStr::new("0"), None, 0).unwrap();
        let mode = |path: &str| fs::metadata(package.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("bin"), mode("bin/x")), (0o750, 0o550));
        symlink("/etc/passwd", package.join("link")).unwrap();
        assert!(freeze(&here, OsStr::new("0"), None, 0).is_err());
        fs::remove_file(package.join("link")).unwrap();
        fs::hard_link(package.join("bin/x"), package.join("again")).unwrap();
        assert!(freeze(&here, OsStr::new("0"), None, 0).is_err());
    }
}
