//! The bytes of blobs: files in the data folder, each written once under a name of its own and never changed. Which blob they
//! are of is the store's to know.
//!
//! A file is written under a temporary name, synced, and moved to its place, and its folder is synced too: when a write has
//! returned it survives a power cut. Files that no row names are removed when the server starts.

pub mod bucket;

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use futures_util::{Stream, StreamExt};
use md5::{Digest, Md5};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

const FILES: &str = "files";
const DRAFTS: &str = "drafts";

/// A writer that says nothing for so long has gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// Folders below `files`, named by the first two digits of the names in them.
const N_FOLDERS: u32 = 256;

#[derive(Clone, Debug)]
pub struct BlobFiles {
    folder: PathBuf,
}

/// A file that is safely on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub length: u64,
    pub md5: [u8; 16],
}

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the body broke off: {0}")]
    Body(String),
    #[error("the body is longer than {0} bytes")]
    TooLong(u64),
    #[error("the file cannot be written: {0}")]
    Disk(#[from] io::Error),
}

impl BlobFiles {
    /// Makes the folder when it is not there, and removes what was being written when an earlier server ended.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<BlobFiles> {
        let drafts = folder.join(DRAFTS);
        match std::fs::remove_dir_all(&drafts) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&drafts)?;
        for n in 0..N_FOLDERS {
            builder.create(folder.join(FILES).join(format!("{n:02x}")))?;
        }
        std::fs::File::open(folder.join(FILES))?.sync_all()?;
        Ok(BlobFiles { folder: folder.to_owned() })
    }

    /// Writes what a body brings into the file `name` (hexadecimal digits).
    ///
    /// # Errors
    /// When the body breaks off or is longer than `most`, or the disk does not take it. Nothing is left then.
    pub async fn write<E: std::fmt::Display>(
        &self,
        name: &str,
        most: u64,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Written, WriteError> {
        let draft = self.folder.join(DRAFTS).join(name);
        let written = self.write_draft(&draft, most, body).await;
        let outcome = match written {
            Ok(written) => self.put_in_place(&draft, name).await.map(|()| written).map_err(WriteError::Disk),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            let _ = fs::remove_file(&draft).await;
        }
        outcome
    }

    async fn write_draft<E: std::fmt::Display>(
        &self,
        draft: &Path,
        most: u64,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Written, WriteError> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).await?;
        let (mut length, mut md5) = (0, Md5::new());
        let mut body = std::pin::pin!(body);
        let stalled = || WriteError::Body(format!("nothing came for {} seconds", LONGEST_SILENCE.as_secs()));
        while let Some(piece) = timeout(LONGEST_SILENCE, body.next()).await.map_err(|_| stalled())? {
            let piece = piece.map_err(|error| WriteError::Body(error.to_string()))?;
            length += piece.len() as u64;
            if length > most {
                return Err(WriteError::TooLong(most));
            }
            md5.update(&piece);
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        file.sync_all().await?;
        Ok(Written { length, md5: md5.finalize().into() })
    }

    async fn put_in_place(&self, draft: &Path, name: &str) -> io::Result<()> {
        let path = self.path(name);
        fs::rename(draft, &path).await?;
        sync_folder_of(&path).await
    }

    pub async fn open_file(&self, name: &str) -> io::Result<File> {
        File::open(self.path(name)).await
    }

    /// The same bytes under one more name; takes no more room.
    pub async fn link(&self, name: &str, new_name: &str) -> io::Result<()> {
        let path = self.path(new_name);
        fs::hard_link(self.path(name), &path).await?;
        sync_folder_of(&path).await
    }

    /// What cannot be removed now is removed at the next start.
    pub async fn remove(&self, names: &[String]) {
        for name in names {
            if let Err(error) = fs::remove_file(self.path(name)).await {
                tracing::warn!(file = name, %error, "a blob's file could not be removed");
            }
        }
    }

    /// Those of the files that are not there.
    pub fn missing<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        names.iter().map(String::as_str).filter(|name| !self.path(name).exists()).collect()
    }

    /// Removes files that were there before `since` and are not among `known`; says how many.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn sweep(&self, known: &HashSet<String>, since: SystemTime) -> io::Result<usize> {
        let mut n_removed = 0;
        for folder in std::fs::read_dir(self.folder.join(FILES))?.flatten() {
            for entry in std::fs::read_dir(folder.path())?.flatten() {
                let is_known = entry.file_name().to_str().is_some_and(|name| known.contains(name));
                // A hard link keeps the time of writing, but its file is known or as old as it looks.
                let is_old = entry.metadata().is_ok_and(|meta| changed(&meta) < since);
                if !is_known && is_old && std::fs::remove_file(entry.path()).is_ok() {
                    n_removed += 1;
                }
            }
        }
        Ok(n_removed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(FILES).join(&name[..2]).join(name)
    }
}

/// When the file's name or number of names changed last.
fn changed(meta: &std::fs::Metadata) -> SystemTime {
    use std::os::unix::fs::MetadataExt;
    let secs = u64::try_from(meta.ctime()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(secs, u32::try_from(meta.ctime_nsec()).unwrap_or(0))
}

async fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder).await?.sync_all().await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const NAME: &str = "ab12";

    fn body(pieces: &[&'static str]) -> impl Stream<Item = Result<Bytes, io::Error>> {
        stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(folder.path()).unwrap();
        let written = files.write(NAME, 6, body(&["abc", "def"])).await.unwrap();
        assert_eq!((written.length, written.md5), (6, Md5::digest("abcdef").into()));
        assert_eq!(std::fs::read(files.path(NAME)).unwrap(), b"abcdef");

        let broken = stream::iter([Ok(Bytes::from_static(b"abc")), Err("gone")]);
        assert!(matches!(files.write("cd", 9, broken).await, Err(WriteError::Body(_))));
        assert!(matches!(files.write("cd", 5, body(&["abc", "def"])).await, Err(WriteError::TooLong(5))));
        assert!(!files.path("cd").exists());
        assert_eq!(std::fs::read_dir(folder.path().join(DRAFTS)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_no_row_names_is_swept_but_not_what_is_being_made() {
        let folder = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(folder.path()).unwrap();
        for name in ["aa1", "aa2", "bb1"] {
            files.write(name, 9, body(&["x"])).await.unwrap();
        }
        let known = HashSet::from(["aa1".to_owned()]);
        assert_eq!(files.sweep(&known, SystemTime::UNIX_EPOCH).unwrap(), 0);
        let later = changed(&std::fs::metadata(files.path("bb1")).unwrap()) + std::time::Duration::from_secs(1);
        assert_eq!(files.sweep(&known, later).unwrap(), 2);
        assert!(files.path("aa1").exists());
    }

    #[tokio::test]
    async fn a_link_outlives_the_first_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(folder.path()).unwrap();
        files.write(NAME, 9, body(&["x"])).await.unwrap();
        files.link(NAME, "cd34").await.unwrap();
        files.remove(&[NAME.to_owned()]).await;
        assert_eq!(std::fs::read(files.path("cd34")).unwrap(), b"x");
    }
}
