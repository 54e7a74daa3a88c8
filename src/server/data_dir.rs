//! The folder that holds everything: `state/` (the database), `run/` (how to reach the running server) and `lock`.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A data folder that this process alone uses, until this is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder and its parts if need be, and takes the lock.
    ///
    /// # Errors
    /// When another process has the lock, or the folder cannot be made.
    pub fn lock(path: &Path) -> anyhow::Result<DataDir> {
        for folder in [path.to_owned(), state_dir(path), run_dir(path)] {
            make_private(&folder)?;
        }
        let file = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&file);
        let lock = lock.with_context(|| format!("{} cannot be opened", file.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(DataDir { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("another server uses {}: stop it first, or choose another --data-dir", path.display())
            }
            Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("{} cannot be locked", file.display())),
        }
    }

    pub fn state(&self) -> PathBuf {
        state_dir(&self.path)
    }

    pub fn admin_socket(&self) -> PathBuf {
        admin_socket(&self.path)
    }

    /// Says where this server is, for local agents. Whole or not at all, so that a reader never sees half of it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_url(&self, url: &str) -> anyhow::Result<()> {
        let (file, draft) = (url_file(&self.path), run_dir(&self.path).join("url.new"));
        let mut out = OpenOptions::new().create(true).truncate(true).write(true).mode(0o644).open(&draft)?;
        writeln!(out, "{url}")?;
        std::fs::rename(&draft, &file).with_context(|| format!("{} cannot be written", file.display()))
    }
}

/// Holds the database.
pub fn state_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("state")
}

fn run_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("run")
}

/// Holds the URL of the running server; agents on this machine read it.
pub fn url_file(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join("url")
}

/// Where the admin program talks to the running server.
pub fn admin_socket(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join("admin.sock")
}

fn make_private(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the folder {} cannot be made", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_folder_is_the_owners_alone_and_taken_once() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("deep/data");
        let first = DataDir::lock(&path).unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&first.state())), (0o700, 0o700));
        assert!(DataDir::lock(&path).unwrap_err().to_string().contains("another server uses"));
        drop(first);
        assert!(DataDir::lock(&path).is_ok());
    }

    #[test]
    fn the_url_is_replaced_whole() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::lock(temp.path()).unwrap();
        for url in ["http://127.0.0.1:11111", "http://127.0.0.1:2"] {
            dir.write_url(url).unwrap();
            assert_eq!(std::fs::read_to_string(url_file(temp.path())).unwrap(), format!("{url}\n"));
        }
    }
}
