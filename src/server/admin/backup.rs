//! A copy of the database while the server works.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::api::{Code, Error};
use crate::service::Result;
use crate::store::Store;

/// Writes it whole or not at all, and returns when it is on the disk.
///
/// # Errors
/// `InvalidInput` when the file exists already or cannot be written.
pub async fn write(store: &Store, file: &Path) -> Result<()> {
    let draft = draft_of(file);
    // Made by us first, so that nobody else can read it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(|e| refused(file, &e))?;
    let written = match store.backup_to(&draft).await {
        Ok(()) => publish(&draft, file).map_err(|e| refused(file, &e).into()),
        Err(error) => Err(error.into()),
    };
    // Both names of a finished file are the same file until here.
    let _ = std::fs::remove_file(&draft);
    if written.is_ok() {
        tracing::info!(file = %file.display(), "a backup was written");
    }
    written
}

fn draft_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn publish(draft: &Path, file: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    // Unlike a rename, a link never replaces what is there.
    std::fs::hard_link(draft, file)?;
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn refused(file: &Path, error: &io::Error) -> Error {
    let reason = format!("{} cannot be written: {error}", file.display());
    Error::new(Code::InvalidInput).with("Reason", reason)
}
