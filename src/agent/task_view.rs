//! What tasks see of the machine. As root they are in a mount namespace of their own, in which the folders for passing things are
//! the node's: nothing that a task leaves there meets another pool's tasks, and it goes with the node.
//!
//! The agent itself is not in it: its own folder may lie below one of these.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Folders of the node's folder, and what they are to its tasks.
const FOLDERS: [(&str, &str); 2] = [("tmp", "/tmp"), ("var-tmp", "/var/tmp")];

/// In memory, which counts as that of the task that writes there.
const SHARED_MEMORY: &str = "/dev/shm";

pub struct View {
    namespace: OwnedFd,
    /// The folders for passing things, as its tasks see them.
    pub folders: Vec<File>,
}

impl AsFd for View {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }
}

/// Makes the namespace out of this thread's; the agent must be in one of its own already.
///
/// # Errors
/// Where the system does not allow it.
pub fn make(dir: &Path) -> io::Result<View> {
    for (name, _) in FOLDERS {
        let folder = dir.join(name);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o1777))?;
    }
    let dir = dir.to_owned();
    // In a thread that ends, for a thread cannot leave a namespace that it has entered.
    let made = std::thread::spawn(move || in_new_namespace(&dir)).join();
    made.unwrap_or_else(|_| Err(io::Error::other("the thread that makes it has panicked")))
}

fn in_new_namespace(dir: &Path) -> io::Result<View> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    // Opened before the first mount, which may hide the others.
    let open = |(name, target): (&str, &'static str)| Ok((File::open(dir.join(name))?, target));
    let folders = FOLDERS.into_iter().map(open).collect::<io::Result<Vec<(File, &str)>>>()?;
    let nothing = None::<&str>;
    let hardened = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for (folder, target) in folders.iter().filter(|(_, target)| Path::new(target).is_dir()) {
        let source = format!("/proc/self/fd/{}", folder.as_raw_fd());
        mount(Some(source.as_str()), *target, nothing, MsFlags::MS_BIND, nothing)?;
        mount(nothing, *target, nothing, MsFlags::MS_REMOUNT | MsFlags::MS_BIND | hardened, nothing)?;
    }
    if Path::new(SHARED_MEMORY).is_dir() {
        mount(Some("tmpfs"), SHARED_MEMORY, Some("tmpfs"), hardened, Some("mode=1777"))?;
    }
    let folders = FOLDERS.iter().map(|(_, target)| *target).chain([SHARED_MEMORY]);
    let folders = folders.filter_map(|target| File::open(target).ok()).collect();
    Ok(View { namespace: File::open("/proc/thread-self/ns/mnt")?.into(), folders })
}

/// Removes the node's folders.
///
/// # Errors
/// When something of them cannot be removed.
pub fn remove(dir: &Path) -> io::Result<()> {
    FOLDERS.into_iter().try_for_each(|(name, _)| match fs::remove_dir_all(dir.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}
