//! Reads and deletions of blobs, and their lists.

use std::io;

use axum::body::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::bucket::Entered;
use super::{Result, StorageCaller, check_conditions, find_container};
use crate::api::{Blob, BlobPart, StorageCode, StorageError};
use crate::blob::BlobFiles;
use crate::domain::condition::Condition;
use crate::domain::storage_access::Action;
use crate::service::{Context, etag};
use crate::store::blob::{self as table, BlobRow};

/// How much of a blob is in memory at once.
const PIECE_BYTES: u64 = 256 << 10;

/// A blob, and where its bytes are.
#[derive(Clone, Debug)]
pub struct Found {
    pub blob: Blob,
    bytes: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Files(Vec<BlobPart>),
    Bucket { bucket: Entered, container: String },
}

/// # Errors
/// `ContainerNotFound`, `BlobNotFound`, `ConditionNotMet`.
pub async fn blob_get(
    cx: &Context,
    caller: &StorageCaller,
    container: &str,
    name: &str,
    only_if: &[Condition],
) -> Result<Found> {
    caller.may(Action::ReadBlob, container, name)?;
    let found = match caller.bucket(cx)? {
        Some(bucket) => {
            let blob = bucket.head(container, name).await?;
            Found { blob, bytes: Source::Bucket { bucket, container: container.to_owned() } }
        }
        None => {
            let mut conn = cx.store.read().await?;
            let container = find_container(&mut conn, caller.storage.key, container).await?;
            let row = table::find(&mut conn, container.key, name).await?.ok_or(StorageCode::BlobNotFound)?;
            Found { blob: to_api(&row), bytes: Source::Files(row.parts) }
        }
    };
    // Of a read, a tag that is still the same says that there is nothing new.
    let there = Some((found.blob.etag.as_str(), found.blob.modified));
    check_conditions(only_if, there).map_err(|_| StorageCode::ConditionNotMet)?;
    Ok(found)
}

/// Bytes as they come.
pub type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// The bytes of a blob from `start` up to but not including `end`.
///
/// # Errors
/// Those of the bucket, where the blob is in one; it has begun to answer when this returns.
pub async fn blob_read(cx: &Context, found: Found, start: u64, end: u64) -> Result<Pieces> {
    match found.bytes {
        Source::Files(parts) => Ok(read_files(cx, parts, start, end).boxed()),
        Source::Bucket { bucket, container } => bucket.read(&container, &found.blob, start, end).await,
    }
}

fn read_files(
    cx: &Context,
    parts: Vec<BlobPart>,
    start: u64,
    end: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let mut before = 0;
    let mut wanted = Vec::new();
    for part in parts {
        let (from, to) = (start.max(before), end.min(before + part.length));
        if from < to {
            wanted.push((part.file, from - before, to - from));
        }
        before += part.length;
    }
    let reader = Reader { files: cx.blobs.clone(), wanted: wanted.into_iter(), open: None };
    stream::try_unfold(reader, |mut reader| async move { Ok(reader.next_piece().await?.map(|piece| (piece, reader))) })
}

struct Reader {
    files: BlobFiles,
    /// Files, each with where to begin and how much to read.
    wanted: std::vec::IntoIter<(String, u64, u64)>,
    open: Option<(tokio::fs::File, u64)>,
}

impl Reader {
    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        while self.open.as_ref().is_none_or(|(_, left)| *left == 0) {
            let Some((name, from, length)) = self.wanted.next() else { return Ok(None) };
            let mut file = self.files.open_file(&name).await?;
            file.seek(io::SeekFrom::Start(from)).await?;
            self.open = Some((file, length));
        }
        let Some((file, left)) = &mut self.open else { return Ok(None) };
        let mut piece = vec![0; usize::try_from((*left).min(PIECE_BYTES)).unwrap_or_default()];
        let n = file.read(&mut piece).await?;
        if n == 0 {
            return Err(io::Error::other("a blob's file is shorter than it was"));
        }
        piece.truncate(n);
        *left -= n as u64;
        Ok(Some(Bytes::from(piece)))
    }
}

/// # Errors
/// `ContainerNotFound`, `BlobNotFound`, `ConditionNotMet`.
pub async fn blob_delete(
    cx: &Context,
    caller: &StorageCaller,
    container: &str,
    name: &str,
    only_if: Vec<Condition>,
) -> Result<()> {
    caller.may(Action::DeleteBlob, container, name)?;
    if let Some(bucket) = caller.bucket(cx)? {
        let there = bucket.head(container, name).await?;
        let there = Some((there.etag.as_str(), there.modified));
        check_conditions(&only_if, there).map_err(|_| StorageCode::ConditionNotMet)?;
        return bucket.delete(container, name).await;
    }
    let (container, name, storage_key) = (container.to_owned(), name.to_owned(), caller.storage.key);
    let deleting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let container = find_container(conn, storage_key, &container).await?;
            let row = table::find(conn, container.key, &name).await?.ok_or(StorageCode::BlobNotFound)?;
            let there = etag::text(row.etag);
            check_conditions(&only_if, Some((&there, row.modified))).map_err(|_| StorageCode::ConditionNotMet)?;
            table::delete(conn, container.key, &name).await?;
            Ok(row.parts.into_iter().map(|part| part.file).collect::<Vec<_>>())
        })
    });
    let files = deleting.await?;
    cx.blobs.remove(&files).await;
    Ok(())
}

/// Which blobs to list.
#[derive(Clone, Debug, Default)]
pub struct ListWish {
    pub prefix: String,
    /// Names that go on after the prefix up to this text are listed once, as a folder.
    pub delimiter: String,
    /// Where to begin: what the page before said, or nothing.
    pub from: String,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Blob(Blob),
    /// Up to and including the delimiter.
    Folder(String),
}

impl Entry {
    pub fn name(&self) -> &str {
        match self {
            Entry::Blob(blob) => &blob.name,
            Entry::Folder(name) => name,
        }
    }
}

/// A page of entries, and where the next one begins: a name, or what only a bucket understands.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn blob_list(
    cx: &Context,
    caller: &StorageCaller,
    container: &str,
    wish: ListWish,
) -> Result<(Vec<Entry>, Option<String>)> {
    /// After everything that begins with the text before it.
    const LAST: char = char::MAX;
    caller.may(Action::ListBlobs, container, "")?;
    if let Some(bucket) = caller.bucket(cx)? {
        return bucket.list(container, &wish).await;
    }
    let mut conn = cx.store.read().await?;
    let container = find_container(&mut conn, caller.storage.key, container).await?;
    let mut entries = Vec::new();
    let mut from = wish.from;
    loop {
        let n_wanted = i64::try_from(wish.limit + 1 - entries.len()).unwrap_or(i64::MAX);
        let rows = table::list(&mut conn, container.key, &wish.prefix, &from, n_wanted).await?;
        let is_last = (rows.len() as i64) < n_wanted;
        let mut skips_to = None;
        for row in rows {
            if entries.len() == wish.limit {
                return Ok((entries, Some(row.name)));
            }
            match folder_of(&row.name, &wish.prefix, &wish.delimiter) {
                Some(folder) => {
                    skips_to = Some(format!("{folder}{LAST}"));
                    entries.push(Entry::Folder(folder));
                    break;
                }
                None => entries.push(Entry::Blob(to_api(&row))),
            }
        }
        match skips_to {
            // All else in the folder is passed over, however much it is.
            Some(next) => from = next,
            None if is_last => return Ok((entries, None)),
            None => return Err(StorageError::new(StorageCode::InternalError, "A list did not end.")),
        }
    }
}

fn folder_of(name: &str, prefix: &str, delimiter: &str) -> Option<String> {
    if delimiter.is_empty() {
        return None;
    }
    let rest = name.strip_prefix(prefix)?;
    rest.find(delimiter).map(|at| format!("{prefix}{}", &rest[..at + delimiter.len()]))
}

pub(super) fn to_api(row: &BlobRow) -> Blob {
    Blob {
        name: row.name.clone(),
        length: row.length.unsigned_abs(),
        settings: row.settings.clone(),
        created: row.created,
        modified: row.modified,
        etag: etag::text(row.etag),
    }
}

impl Found {
    /// The files, where it is of files.
    pub(super) fn files(&self) -> Option<&[BlobPart]> {
        match &self.bytes {
            Source::Files(parts) => Some(parts),
            Source::Bucket { .. } => None,
        }
    }
}
