//! Names of files as clients say them, and files below the node's root and nowhere else.
//!
//! Clients see the paths that tasks see. What `..` and absolute paths mean is settled in the text; links are the kernel's
//! matter (`RESOLVE_BENEATH`), so that none that a task made leads out, also not one that is swapped in meanwhile.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

pub struct Root {
    /// As clients see it.
    path: PathBuf,
    dir: File,
}

impl Root {
    pub fn open(path: &Path) -> io::Result<Root> {
        let dir = OpenOptions::new().read(true).custom_flags(nix::libc::O_DIRECTORY).open(path)?;
        Ok(Root { path: path.to_owned(), dir })
    }

    /// The absolute name of what a client means; relative names begin at the root. It may lie outside.
    pub fn absolute(&self, said: &str) -> PathBuf {
        let mut absolute = if said.starts_with('/') { PathBuf::from("/") } else { self.path.clone() };
        for component in Path::new(said).components() {
            match component {
                Component::Normal(name) => absolute.push(name),
                Component::ParentDir => drop(absolute.pop()),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        absolute
    }

    /// The same relative to the root; refused when it lies outside.
    fn below(&self, said: &str) -> Result<PathBuf, Errno> {
        let absolute = self.absolute(said);
        absolute.strip_prefix(&self.path).map(Path::to_owned).map_err(|_| Errno::ACCESS)
    }

    pub fn open_file(&self, said: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let path = self.below(said)?;
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        // The kernel takes it for a mistake where nothing is really opened.
        let no_terminal = if flags.contains(OFlags::PATH) { OFlags::empty() } else { OFlags::NOCTTY };
        let flags = flags | OFlags::CLOEXEC | no_terminal;
        // The kernel asks to try again when a folder on the way was moved meanwhile.
        for _ in 0..16 {
            match openat2(&self.dir, path, flags, mode, resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::XDEV | Errno::LOOP) => return Err(Errno::ACCESS),
                result => return result,
            }
        }
        Err(Errno::NOENT)
    }

    /// The folder that holds a thing, and the thing's name in it. The root itself is in no folder.
    pub fn open_parent(&self, said: &str) -> Result<(OwnedFd, PathBuf), Errno> {
        let path = self.below(said)?;
        let name = path.file_name().map(OsStr::to_owned).ok_or(Errno::ACCESS)?;
        let parent = self.absolute(said);
        let parent = parent.parent().unwrap_or(Path::new("/")).to_str().ok_or(Errno::INVAL)?.to_owned();
        Ok((self.open_file(&parent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?, name.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn root() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("root/shared")).unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        std::fs::write(dir.path().join("root/shared/a"), "a").unwrap();
        let root = Root::open(&dir.path().join("root")).unwrap();
        (dir, root)
    }

    fn opens(root: &Root, said: &str) -> bool {
        root.open_file(said, OFlags::RDONLY, Mode::empty()).is_ok()
    }

    #[test]
    fn names_mean_what_they_mean_to_tasks() {
        let (dir, root) = root();
        let absolute = dir.path().join("root/shared/a").display().to_string();
        for good in ["shared/a", "./shared//a", "shared/../shared/a", &absolute, ".", ""] {
            assert!(opens(&root, good), "{good}");
        }
        assert_eq!(root.absolute("../../x/./y"), dir.path().parent().unwrap().join("x/y"));
    }

    #[test]
    fn nothing_leads_out_of_the_root() {
        let (dir, root) = root();
        let secret = dir.path().join("secret").display().to_string();
        symlink("../../secret", dir.path().join("root/shared/up")).unwrap();
        symlink(&secret, dir.path().join("root/shared/away")).unwrap();
        symlink("/proc/self/root", dir.path().join("root/shared/magic")).unwrap();
        let through = format!("shared/magic{secret}");
        let sibling = format!("{}/root-of-another/a", dir.path().display());
        for bad in
            ["../secret", "shared/../../secret", &secret, "shared/up", "shared/away", &through, "/etc/passwd", &sibling]
        {
            assert!(!opens(&root, bad), "{bad}");
            assert!(
                root.open_parent(bad).is_err() || bad.starts_with("shared/up") || bad.starts_with("shared/away"),
                "{bad}"
            );
        }
        assert!(root.open_parent(".").is_err(), "the root itself is not touched");
        assert!(root.open_parent("shared/new").is_ok());
    }
}
