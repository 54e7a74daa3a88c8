//! Blobs on their way up: from files of the data folder, in parts, of which a few are in memory at a time.

use std::sync::LazyLock;

use axum::body::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{MultipartUpload, PutMode, PutMultipartOptions, PutOptions, PutPayload, UpdateVersion};
use tokio::io::AsyncReadExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Failure, Kind, OpenBucket, Result, attributes};
use crate::api::{Blob, BlobPart, BlobSettings};
use crate::blob::BlobFiles;
use crate::domain::bucket::{SMALLEST_PART, part_bytes};

/// Parts of one blob that go up at a time.
const AT_ONCE: usize = 4;
/// MiB of parts in memory, of all uploads together.
static MEMORY: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(192));

/// What the blob may find in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Anything,
    Nothing,
    /// The version with this ETag.
    Version(String),
}

pub struct Upload<'a> {
    pub container: &'a str,
    pub name: &'a str,
    pub settings: &'a BlobSettings,
    pub mode: Mode,
    /// The content, one after the other.
    pub parts: &'a [BlobPart],
}

impl OpenBucket {
    /// Puts a blob, and says what the bucket then has. Of what goes in several parts, `mode` is asked for before the last step;
    /// the services do not ask it with that step itself.
    ///
    /// # Errors
    /// `Exists` or `Changed` when the mode does not hold; `TooLong`; `Disk`; what makes the bucket useless.
    pub async fn put(&self, files: &BlobFiles, upload: Upload<'_>) -> Result<Blob> {
        let length: u64 = upload.parts.iter().map(|part| part.length).sum();
        let mut source = Source { files, left: upload.parts.iter(), open: None };
        if length <= SMALLEST_PART {
            self.put_at_once(&upload, &mut source, length).await?;
        } else {
            let part = part_bytes(length).ok_or_else(|| Failure::new(Kind::TooLong, format!("{length} bytes")))?;
            self.put_in_parts(&upload, &mut source, length, part).await?;
        }
        let made = self.head(upload.container, upload.name).await?;
        if made.length == length {
            return Ok(made);
        }
        Err(Failure::new(Kind::Unavailable, format!("{length} bytes were put and the bucket has {}", made.length)))
    }

    async fn put_at_once(&self, upload: &Upload<'_>, source: &mut Source<'_>, length: u64) -> Result<()> {
        let _room = room(length).await;
        let mode = match &upload.mode {
            Mode::Anything => PutMode::Overwrite,
            Mode::Nothing => PutMode::Create,
            Mode::Version(etag) => PutMode::Update(UpdateVersion { e_tag: Some(format!("\"{etag}\"")), version: None }),
        };
        let options =
            PutOptions { mode, attributes: attributes::of_settings(upload.settings), ..PutOptions::default() };
        let payload = source.read(length).await?;
        self.store.put_opts(&self.path(upload.container, upload.name)?, payload, options).await?;
        Ok(())
    }

    async fn put_in_parts(&self, upload: &Upload<'_>, source: &mut Source<'_>, length: u64, part: u64) -> Result<()> {
        let attributes = attributes::of_settings(upload.settings);
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let path = self.path(upload.container, upload.name)?;
        let mut going = self.store.put_multipart_opts(&path, options).await?;
        let outcome = async {
            send_parts(&mut *going, source, length, part).await?;
            self.check_mode(upload).await?;
            Ok(going.complete().await.map(drop)?)
        };
        let outcome = outcome.await;
        // What the bucket has of it is no use to anybody, and costs.
        if outcome.is_err()
            && let Err(error) = going.abort().await
        {
            tracing::warn!(%error, "parts of an upload that failed may be left in a bucket");
        }
        outcome
    }

    async fn check_mode(&self, upload: &Upload<'_>) -> Result<()> {
        if upload.mode == Mode::Anything {
            return Ok(());
        }
        let found = match self.head(upload.container, upload.name).await {
            Ok(blob) => Some(blob.etag),
            Err(failure) if failure.kind == Kind::NotFound => None,
            Err(failure) => return Err(failure),
        };
        match (&upload.mode, found) {
            (Mode::Nothing, Some(_)) => Err(Failure::new(Kind::Exists, "the blob was made meanwhile")),
            (Mode::Version(etag), found) if found.as_ref() != Some(etag) => {
                Err(Failure::new(Kind::Changed, "the blob was replaced meanwhile"))
            }
            _ => Ok(()),
        }
    }
}

async fn send_parts(going: &mut dyn MultipartUpload, source: &mut Source<'_>, length: u64, part: u64) -> Result<()> {
    let mut sending = FuturesUnordered::new();
    let mut left = length;
    while left > 0 {
        if sending.len() == AT_ONCE {
            sending.next().await.transpose()?;
        }
        let size = left.min(part);
        // One that waits for room waits for its own parts, too.
        let room = loop {
            tokio::select! {
                biased;
                room = room(size) => break room,
                Some(sent) = sending.next() => sent?,
            }
        };
        let sent = going.put_part(source.read(size).await?);
        sending.push(async move { sent.await.map(|()| drop(room)) });
        left -= size;
    }
    Ok(sending.try_collect::<()>().await?)
}

async fn room(bytes: u64) -> Option<SemaphorePermit<'static>> {
    let mib = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(1).max(1);
    // It is never closed.
    MEMORY.acquire_many(mib).await.ok()
}

struct Source<'a> {
    files: &'a BlobFiles,
    left: std::slice::Iter<'a, BlobPart>,
    open: Option<(tokio::fs::File, u64)>,
}

impl Source<'_> {
    /// The next bytes of the content, exactly so many.
    async fn read(&mut self, length: u64) -> Result<PutPayload> {
        let mut pieces: Vec<Bytes> = Vec::new();
        let mut missing = length;
        while missing > 0 {
            while self.open.as_ref().is_none_or(|(_, left)| *left == 0) {
                let part =
                    self.left.next().ok_or_else(|| Failure::new(Kind::Disk, "files are shorter than they were"))?;
                self.open = Some((self.files.open_file(&part.file).await?, part.length));
            }
            let Some((file, left)) = &mut self.open else { continue };
            let mut piece = vec![0; usize::try_from(missing.min(*left)).unwrap_or_default()];
            file.read_exact(&mut piece).await?;
            *left -= piece.len() as u64;
            missing -= piece.len() as u64;
            pieces.push(Bytes::from(piece));
        }
        Ok(PutPayload::from_iter(pieces))
    }
}
