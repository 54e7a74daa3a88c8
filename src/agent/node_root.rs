//! The node's root: the folders that Batch promises, who may write them, and where tasks see them.
//!
//! As root the agent lives in a mount namespace of its own, in which the root is mounted at Batch's own path. So tasks use the
//! paths that they know from Batch, reach their files although the data folder is closed to them, and see no other node's.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::process::UserId;

/// Where Batch has the root on its nodes.
pub const MOUNT_POINT: &str = "/mnt/batch/tasks";

/// Name of the root in the node's folder.
pub const ROOT: &str = "root";

/// Written by all tasks; what they make there is the pool's, whoever they are.
const SHARED: &str = "shared";

/// Belongs to the user of the start task, which the others let read it.
const STARTUP: &str = "startup";

/// Written by the agent.
const CLOSED: [&str; 4] = ["applications", "fsmounts", "volatile", "workitems"];

/// The folders of which the root consists; they are never deleted.
pub fn is_fixed(name: &OsStr) -> bool {
    [SHARED, STARTUP].iter().chain(&CLOSED).any(|fixed| name == *fixed)
}

/// Makes the root and, where the system allows it, mounts it for this process and its tasks. Says where tasks see it. Must
/// run before the process has a second thread.
pub fn prepare(dir: &Path) -> io::Result<PathBuf> {
    let root = fs::canonicalize(dir)?.join(ROOT);
    DirBuilder::new().recursive(true).mode(0o750).create(&root)?;
    if !nix::unistd::geteuid().is_root() {
        return Ok(root);
    }
    match mount_privately(&root) {
        Ok(()) => Ok(PathBuf::from(MOUNT_POINT)),
        Err(error) => {
            tracing::warn!(error = %error, "tasks see the node at its real path: mounting it at {MOUNT_POINT} is not permitted here");
            Ok(root)
        }
    }
}

fn mount_privately(root: &Path) -> io::Result<()> {
    let target = Path::new(MOUNT_POINT);
    make_mount_point(target)?;
    if same_file(root, target) {
        // A rebooted agent is still in its namespace.
        return Ok(());
    }
    let nothing = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // What is mounted on the machine still appears here; what is mounted here does not appear on the machine.
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_SLAVE, nothing)?;
    mount(Some(root), target, nothing, MsFlags::MS_BIND, nothing)?;
    let hardened = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(nothing, target, nothing, hardened, nothing)?;
    Ok(())
}

/// An empty folder of the machine, which everybody may pass through whatever the agent's umask is.
fn make_mount_point(target: &Path) -> io::Result<()> {
    if target.is_dir() {
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        make_mount_point(parent)?;
    }
    match fs::create_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.and_then(|()| fs::set_permissions(target, Permissions::from_mode(0o755))),
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| path.metadata().map(|m| (m.dev(), m.ino())).ok();
    id(a).is_some() && id(a) == id(b)
}

/// Makes the folders, for tasks of `user`, or of the agent's own when there is none.
pub fn lay_out(root: &Path, user: Option<UserId>) -> io::Result<()> {
    make(root, None, user, 0o750)?;
    make(&root.join(SHARED), user, user, 0o2770)?;
    if !root.join(STARTUP).exists() {
        make(&root.join(STARTUP), user, user, 0o2750)?;
    }
    for name in CLOSED {
        make(&root.join(name), None, user, 0o750)?;
    }
    Ok(())
}

/// Only for folders whose parent tasks cannot write: else they could put a link to any file of the machine there.
fn make(path: &Path, owner: Option<UserId>, group: Option<UserId>, mode: u32) -> io::Result<()> {
    if let Err(error) = DirBuilder::new().mode(mode).create(path)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    if group.is_some() {
        chown(path, Some(owner.unwrap_or(0)), group)?;
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The first folder on the way to the root that `user` cannot pass through.
pub fn obstacle(root: &Path, user: UserId) -> Option<PathBuf> {
    let may_pass = |m: &fs::Metadata| {
        let bits = m.mode()
            >> if m.uid() == user {
                6
            } else if m.gid() == user {
                3
            } else {
                0
            };
        bits & 1 == 1
    };
    let mut ancestors: Vec<&Path> = root.ancestors().collect();
    ancestors.reverse();
    ancestors.into_iter().find(|path| !path.metadata().is_ok_and(|m| may_pass(&m))).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_batchs_folders_and_none_is_open_to_all() {
        let dir = tempfile::tempdir().unwrap();
        lay_out(&dir.path().join("root"), None).unwrap();
        for name in ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"] {
            let mode = dir.path().join("root").join(name).metadata().unwrap().mode();
            assert_eq!(mode & 0o7, 0, "{name}");
        }
        assert!(is_fixed(OsStr::new("shared")) && !is_fixed(OsStr::new("mine")));
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(obstacle(&root, 4_000_000), Some(dir.path().to_owned()));
    }
}
