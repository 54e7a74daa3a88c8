//! The folder that holds everything: `state/` (the database), `storage/` (the files of blobs), `run/` (how to reach the running server), `tls/` (its own
//! authority, when it has one) and `lock`.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::api::agent::AUTHORITY_FILE;

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

    /// Holds the files of blobs.
    pub fn storage(&self) -> PathBuf {
        self.path.join("storage")
    }

    pub fn admin_socket(&self) -> PathBuf {
        admin_socket(&self.path)
    }

    /// Holds the server's own authority; made when it is first asked for.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn tls(&self) -> anyhow::Result<PathBuf> {
        let folder = self.path.join("tls");
        make_private(&folder)?;
        Ok(folder)
    }

    /// Says where this server is, for local agents, and with TLS whom they are to trust.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn write_url(&self, url: &str, authority: Option<&str>) -> anyhow::Result<()> {
        let (url_file, authority_file) = (url_file(&self.path), authority_file(&self.path));
        match authority {
            // Before the URL: who reads that finds the other.
            Some(pem) => write_whole(&authority_file, pem)?,
            None => remove_if_there(&authority_file)?,
        }
        write_whole(&url_file, &format!("{url}\n"))
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

/// Holds the certificate of the authority that vouches for the running server, when that speaks TLS. It stands beside the
/// URL, where agents look for it.
pub fn authority_file(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join(AUTHORITY_FILE)
}

/// Where the admin program talks to the running server.
pub fn admin_socket(data_dir: &Path) -> PathBuf {
    run_dir(data_dir).join("admin.sock")
}

/// Whole or not at all, so that a reader never sees half of it.
fn write_whole(file: &Path, text: &str) -> anyhow::Result<()> {
    let draft = file.with_extension("new");
    let attempt = || {
        let mut out = OpenOptions::new().create(true).truncate(true).write(true).mode(0o644).open(&draft)?;
        out.write_all(text.as_bytes())?;
        std::fs::rename(&draft, file)
    };
    attempt().with_context(|| format!("{} cannot be written", file.display()))
}

fn remove_if_there(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", file.display()))
        }
        _ => Ok(()),
    }
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
    fn the_url_is_replaced_whole_and_the_authority_goes_with_tls() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::lock(temp.path()).unwrap();
        for (url, authority) in [("https://127.0.0.1:11111", Some("pem")), ("http://127.0.0.1:2", None)] {
            dir.write_url(url, authority).unwrap();
            assert_eq!(std::fs::read_to_string(url_file(temp.path())).unwrap(), format!("{url}\n"));
            assert_eq!(std::fs::read_to_string(authority_file(temp.path())).ok().as_deref(), authority);
        }
    }
}
