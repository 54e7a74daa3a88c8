//! Reads, lists and deletes files below the node's root for the server.
//!
//! Every path is opened below a handle of the root by the kernel's own rule (`RESOLVE_BENEATH`): neither `..`, nor an absolute
//! path, nor a link that a task made can lead out, also not one that is swapped in between. Only regular files are read: a
//! pipe or a device that a task put there is not touched.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::process::{TaskUser, use_files_as};
use super::run_folder::depth_of_owned;
use super::{clock, node_root};
use crate::api::agent::{FileAsk, FileReply, MAX_READ_BYTES};
use crate::api::{Code, FileProperties, NodeFile, Timestamp};

/// More entries than this are left out of a listing.
const MAX_ENTRIES: usize = 50_000;

/// Where folders go that are being removed, and how their names begin there.
const DISCARDED: &str = "volatile";
const DISCARDED_NAME: &str = "removed-";

/// How the names of folders begin in which packages are unpacked.
const DEPLOYING_NAME: &str = "deploying-";

/// The folder in which a run unpacks its packages; the number tells runs apart.
pub fn staging(number: u64) -> String {
    format!("{DISCARDED}/{DEPLOYING_NAME}{}-{number}", clock::now().micros())
}

/// Whether it is a folder in which packages are unpacked.
pub fn is_staging(directory: &str) -> bool {
    directory.strip_prefix(DISCARDED).is_some_and(|rest| rest.trim_start_matches('/').starts_with(DEPLOYING_NAME))
}

/// Deeper folders are left out of a listing, and not deleted.
const MAX_DEPTH: usize = 256;

#[derive(Debug)]
pub struct NodeFiles {
    root: File,
    n_discarded: AtomicU64,
}

/// Whose files a node has.
#[derive(Clone, Copy, Debug)]
pub struct Users {
    pub pool: TaskUser,
    /// Has the files of ended tasks that ran as a user of their own, and of those that are just ending a part.
    pub keeper: Option<u32>,
}

impl Users {
    fn of(self, uid: u32, gid: u32) -> TaskUser {
        let user = TaskUser::in_pool(uid, gid, self.pool.pool());
        if uid == self.pool.uid { self.pool } else { self.keeper.map_or(user, |keeper| user.with_group(keeper)) }
    }
}

impl NodeFiles {
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = OpenOptions::new().read(true).custom_flags(nix::libc::O_DIRECTORY).open(root)?;
        Ok(NodeFiles { root, n_discarded: AtomicU64::new(0) })
    }

    /// Answers with the rights of whom the file belongs to. Call it on a thread that may wait for a disk.
    pub fn answer(&self, request: u64, ask: &FileAsk, users: Option<Users>) -> (FileReply, Vec<u8>) {
        use_files_as(users.and_then(|users| self.rights(ask, users)));
        let answer = match ask {
            FileAsk::List { path, recursive } => self.list(path, *recursive).map(|files| (files, Vec::new())),
            FileAsk::Stat { path } => self.stat(path).map(|file| (vec![file], Vec::new())),
            FileAsk::Read { path, offset, length } => {
                self.read(path, *offset, *length).map(|(file, data)| (vec![file], data))
            }
            // The node's loop answers it.
            FileAsk::UploadLogs { .. } => Err(Code::NotImplemented),
            FileAsk::Delete { path, recursive } => self.delete(path, *recursive).map(|()| (Vec::new(), Vec::new())),
        };
        match answer {
            Ok((files, data)) => (FileReply { request, files, error: None, reason: None }, data),
            Err(code) => (FileReply { request, files: Vec::new(), error: Some(code), reason: None }, Vec::new()),
        }
    }

    /// A file is read with the rights of its task's user, and the agent's own folders are listed and removed with the agent's. So
    /// neither a link nor a file that a task got hold of in some way shows more than the task could see itself.
    fn rights(&self, ask: &FileAsk, users: Users) -> Option<TaskUser> {
        let (path, may_be_above) = match ask {
            FileAsk::List { path, .. } => (path, true),
            FileAsk::Delete { path, .. } => (path, true),
            FileAsk::Stat { path } | FileAsk::Read { path, .. } => (path, false),
            FileAsk::UploadLogs { .. } => return Some(users.pool),
        };
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let depth = parts.first().map_or(0, |first| depth_of_owned(first));
        let is_delete = matches!(ask, FileAsk::Delete { .. });
        let is_above = parts.is_empty() || parts[0] == "workitems" && parts.len() < depth + usize::from(is_delete);
        if may_be_above && is_above {
            return None;
        }
        let owned = (depth > 0 && parts.len() >= depth).then(|| parts[..depth].join("/"));
        let owner = owned.and_then(|path| self.open_beneath(&path, OFlags::PATH, ResolveFlags::NO_SYMLINKS).ok());
        let owner = owner.and_then(|folder| fstat(folder).ok()).filter(|stat| stat.st_uid != 0);
        Some(owner.map_or(users.pool, |stat| users.of(stat.st_uid, stat.st_gid)))
    }

    /// The length of a regular file; None when there is none.
    pub fn length(&self, path: &str) -> Option<u64> {
        let stat = fstat(self.open_beneath(path, OFlags::PATH, ResolveFlags::empty()).ok()?).ok()?;
        is_regular(&stat).then_some(stat.st_size as u64)
    }

    /// Takes a folder away at once by moving it to the agent's own folder; says its name there. None when there is none. Done
    /// with the agent's own rights: a task that was elevated may have left what the task user cannot move.
    pub fn discard(&self, directory: &str) -> Option<String> {
        use_files_as(None);
        let result = self.try_discard(directory);
        if let Err(code) = result
            && code != Code::FileNotFound
        {
            tracing::warn!(directory, %code, "a folder could not be removed");
        }
        // The job's folders go with its last task's.
        for (end, _) in directory.rmatch_indices('/') {
            if self.delete(&directory[..end], false).is_err() {
                break;
            }
        }
        result.ok()
    }

    pub fn remove_discarded(&self, name: &str) {
        use_files_as(None);
        if let Err(code) = self.delete(&format!("{DISCARDED}/{name}"), true) {
            tracing::warn!(name, %code, "a folder could not be removed");
        }
    }

    /// Removes what an earlier agent did not come to remove.
    pub fn remove_all_discarded(&self) {
        let entries = self.list(DISCARDED, false).unwrap_or_default();
        let discarded = entries.into_iter().filter(|entry| entry.name.starts_with(DISCARDED_NAME));
        discarded.for_each(|entry| self.remove_discarded(&entry.name));
    }

    /// Moves away what an earlier agent was deploying when it ended.
    pub fn discard_deployments(&self) {
        let entries = self.list(DISCARDED, false).unwrap_or_default();
        for entry in entries.into_iter().filter(|entry| entry.name.starts_with(DEPLOYING_NAME)) {
            let _ = self.discard(&format!("{DISCARDED}/{}", entry.name));
        }
    }

    fn try_discard(&self, directory: &str) -> Result<String, Code> {
        let not_found = |e| code_of(e, Code::FileNotFound);
        let (parent, name) = self.open_parent(directory)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let discarded = self.open_beneath(DISCARDED, flags, ResolveFlags::NO_SYMLINKS).map_err(not_found)?;
        let number = self.n_discarded.fetch_add(1, Ordering::Relaxed);
        let new_name = format!("{DISCARDED_NAME}{}-{number}", clock::now().micros());
        renameat(&parent, &name, &discarded, &new_name).map_err(not_found)?;
        Ok(new_name)
    }

    pub fn open_beneath(&self, path: &str, flags: OFlags, more: ResolveFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | more;
        let path = path.trim_matches('/');
        let path = if path.is_empty() { "." } else { path };
        // The kernel asks to try again when a folder on the way was moved meanwhile.
        for _ in 0..16 {
            match openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
        Err(Errno::NOENT)
    }

    fn stat(&self, path: &str) -> Result<NodeFile, Code> {
        refuse_escape(path)?;
        let file =
            self.open_beneath(path, OFlags::PATH, ResolveFlags::empty()).map_err(|e| code_of(e, Code::FileNotFound))?;
        let stat = fstat(&file).map_err(|e| code_of(e, Code::FileNotFound))?;
        to_node_file(path.to_owned(), &stat).ok_or(Code::FileNotFound)
    }

    fn read(&self, path: &str, offset: u64, length: u64) -> Result<(NodeFile, Vec<u8>), Code> {
        refuse_escape(path)?;
        let not_found = |e| code_of(e, Code::FileNotFound);
        // Not to wait for a pipe's other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self.open_beneath(path, flags, ResolveFlags::empty()).map_err(not_found)?;
        let stat = fstat(&file).map_err(not_found)?;
        if !is_regular(&stat) {
            return Err(Code::FileNotFound);
        }
        let wanted = length.min(MAX_READ_BYTES).min((stat.st_size as u64).saturating_sub(offset));
        let mut data = vec![0; wanted as usize];
        let n = read_up_to(&File::from(file), &mut data, offset).map_err(|_| Code::InternalError)?;
        data.truncate(n);
        Ok((to_node_file(path.to_owned(), &stat).ok_or(Code::FileNotFound)?, data))
    }

    fn list(&self, path: &str, recursive: bool) -> Result<Vec<NodeFile>, Code> {
        refuse_escape(path).map_err(|_| Code::PathNotFound)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder =
            self.open_beneath(path, flags, ResolveFlags::empty()).map_err(|e| code_of(e, Code::PathNotFound))?;
        let mut files = Vec::new();
        self.list_into(&folder, path.trim_matches('/'), "", recursive, 0, &mut files);
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// `below` is the folder's path in the listing. Links are shown as what they lead to, if that is below the root; folders
    /// behind links are not entered.
    fn list_into(
        &self,
        folder: &OwnedFd,
        asked: &str,
        below: &str,
        recursive: bool,
        depth: usize,
        files: &mut Vec<NodeFile>,
    ) {
        let Ok(entries) = Dir::read_from(folder) else { return };
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | "..")) else {
                continue;
            };
            if files.len() >= MAX_ENTRIES {
                return;
            }
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let Ok(mut stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
            if is_link {
                let target = self.open_beneath(&format!("{asked}/{path}"), OFlags::PATH, ResolveFlags::empty());
                let Ok(target) = target.and_then(fstat) else { continue };
                stat = target;
            }
            let Some(file) = to_node_file(path.clone(), &stat) else { continue };
            let enter = recursive && file.is_directory && !is_link && depth < MAX_DEPTH;
            files.push(file);
            if enter && let Ok(child) = open_folder(folder, OsStr::new(name)) {
                self.list_into(&child, asked, &path, recursive, depth + 1, files);
            }
        }
    }

    /// The folders in a folder, by their paths.
    pub fn folders_in(&self, path: &str) -> Vec<String> {
        let entries = self.list(path, false).unwrap_or_default().into_iter().filter(|entry| entry.is_directory);
        entries.map(|entry| format!("{path}/{}", entry.name)).collect()
    }

    fn delete(&self, path: &str, recursive: bool) -> Result<(), Code> {
        let (parent, name) = self.open_parent(path)?;
        remove(&parent, OsStr::new(&name), recursive, 0).map_err(|e| code_of(e, Code::FileNotFound))
    }

    /// The folder that holds what is to go, opened without following any link, and the name in it.
    fn open_parent(&self, path: &str) -> Result<(OwnedFd, String), Code> {
        refuse_escape(path)?;
        let mut parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let name = parts.pop().ok_or(Code::Forbidden)?;
        if parts.is_empty() && node_root::is_fixed(OsStr::new(name)) {
            return Err(Code::Forbidden);
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let parent = self.open_beneath(&parts.join("/"), flags, ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV);
        Ok((parent.map_err(|e| code_of(e, Code::FileNotFound))?, name.to_owned()))
    }
}

/// Removes an entry of a folder that is open. Links are removed, never followed: each step goes by a handle. What is mounted
/// somewhere in it is not entered: nothing is removed through a mount.
fn remove(parent: &OwnedFd, name: &OsStr, recursive: bool, depth: usize) -> Result<(), Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => {}
        result => return result,
    }
    if recursive && depth < MAX_DEPTH {
        let folder = open_own_folder(parent, name)?;
        for entry in Dir::read_from(&folder)?.flatten() {
            let child = OsStr::from_bytes(entry.file_name().to_bytes());
            if child != "." && child != ".." {
                match remove(&folder, child, true, depth + 1) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

fn open_folder(parent: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent.as_fd(), name, flags, Mode::empty())
}

/// One on which nothing is mounted.
fn open_own_folder(parent: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(parent.as_fd(), name, flags, Mode::empty(), ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS)
}

/// What can only be meant to lead elsewhere. The kernel would refuse it too, where it does.
fn refuse_escape(path: &str) -> Result<(), Code> {
    if is_escape(path) { Err(Code::FileNotFound) } else { Ok(()) }
}

pub fn is_escape(path: &str) -> bool {
    path.starts_with('/') || path.contains('\0') || path.split('/').any(|part| part == "..")
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// None for what is neither a regular file nor a folder.
fn to_node_file(name: String, stat: &Stat) -> Option<NodeFile> {
    let is_directory = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile => false,
        _ => return None,
    };
    let properties = (!is_directory).then(|| FileProperties {
        last_modified: Timestamp::from_micros(stat.st_mtime * 1_000_000 + stat.st_mtime_nsec as i64 / 1000),
        content_length: stat.st_size as u64,
        content_type: Some(content_type(&name)),
        file_mode: Some(format!("0o{:o}", stat.st_mode)),
    });
    Some(NodeFile { name, url: String::new(), is_directory, properties })
}

fn content_type(name: &str) -> String {
    mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream").to_owned()
}

fn read_up_to(file: &File, data: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut n = 0;
    while n < data.len() {
        match file.read_at(&mut data[n..], offset + n as u64) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

fn code_of(error: Errno, not_found: Code) -> Code {
    match error {
        Errno::ACCESS | Errno::PERM => Code::Forbidden,
        Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY => Code::OperationInvalidForCurrentState,
        // Not there, a link or `..` that leads out, a loop, a name that is too long, a file where a folder should be.
        _ => not_found,
    }
}

#[cfg(test)]
mod tests {
    use nix::mount::{MsFlags, mount};
    use nix::sched::{CloneFlags, unshare};

    use super::*;

    /// In a namespace that goes with its thread.
    fn with_something_mounted_at(folder: &Path, then: impl FnOnce() + Send) {
        let in_namespace = || {
            let nothing = None::<&str>;
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing).unwrap();
            mount(nothing, folder, Some("tmpfs"), MsFlags::empty(), nothing).unwrap();
            then();
        };
        std::thread::scope(|scope| scope.spawn(in_namespace).join().unwrap());
    }

    #[test]
    fn nothing_is_removed_through_a_mount() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (root, disk) = (dir.path(), dir.path().join("workitems/j/disk"));
        std::fs::create_dir_all(&disk).unwrap();
        std::fs::create_dir(root.join(DISCARDED)).unwrap();
        with_something_mounted_at(&disk, || {
            let files = NodeFiles::open(root).unwrap();
            std::fs::write(disk.join("mine"), "mine").unwrap();
            files.delete("workitems/j", true).unwrap_err();
            files.delete("workitems/j/disk/mine", false).unwrap_err();
            super::super::mount_table::refuse_mounted_below(root).unwrap_err();
            let name = files.discard("workitems/j").unwrap();
            files.remove_discarded(&name);
            assert_eq!(std::fs::read(root.join(DISCARDED).join(name).join("disk/mine")).unwrap(), b"mine");
        });
        std::fs::create_dir_all(&disk).unwrap();
        NodeFiles::open(root).unwrap().delete("workitems/j", true).unwrap();
        assert!(!root.join("workitems/j").exists());
    }
}
