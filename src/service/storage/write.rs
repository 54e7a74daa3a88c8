//! Writes of blobs. The bytes are on the disk before a row names them, and the row is committed before the answer: a 2xx
//! survives a power cut, and whoever reads sees the whole old blob or the whole new one.

use std::collections::HashSet;

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::Stream;

use super::blob::{Found, blob_read, to_api};
use super::bucket::{self, Entered};
use super::{Result, StorageCaller, check_conditions, find_container, new_file_name};
use crate::api::{Blob, BlobPart, BlobSettings, StorageCode, StorageError};
use crate::blob::{WriteError, Written};
use crate::domain::bucket::check_name;
use crate::domain::condition::Condition;
use crate::domain::storage::check_blob_name;
use crate::domain::storage_access::{Action, Target};
use crate::service::{Context, etag};
use crate::store::Conn;
use crate::store::blob::{self as table, BlobRow};

/// Source: scalability targets for Blob storage, version 2019-12-12 and later.
pub const LARGEST_BLOB_PUT: u64 = 5000 << 20;
pub const LARGEST_BLOCK: u64 = 4000 << 20;
const MOST_BLOCKS: usize = 50_000;
/// Of blocks that are not committed.
const MOST_UNCOMMITTED: i64 = 100_000;
/// Source: Put Block, blockid.
const LONGEST_BLOCK_ID: usize = 64;

/// Where a blob is or will be.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub container: &'a str,
    pub name: &'a str,
}

/// A block of a list, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockRef {
    Committed(String),
    Uncommitted(String),
    Latest(String),
}

/// Puts a blob that comes in one request. `md5` is what its writer says of the bytes.
///
/// # Errors
/// `ContainerNotFound`, `BlobAlreadyExists`, `ConditionNotMet`, `Md5Mismatch`, `RequestBodyTooLarge`, `InvalidResourceName`.
pub async fn blob_put<E: std::fmt::Display>(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    mut settings: BlobSettings,
    only_if: Vec<Condition>,
    md5: Option<[u8; 16]>,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<Blob> {
    check_place(cx, caller, place).await?;
    let file = new_file_name(cx);
    let written = write_file(cx, &file, LARGEST_BLOB_PUT, md5, body).await?;
    settings.content_md5.get_or_insert(STANDARD.encode(written.md5));
    let parts = vec![BlobPart { id: String::new(), file: file.clone(), length: written.length }];
    put(cx, caller, place, settings, only_if, Content::Parts(parts)).await
}

/// Puts a block that a later list can make part of a blob.
///
/// # Errors
/// `ContainerNotFound`, `InvalidBlockId`, `Md5Mismatch`, `RequestBodyTooLarge`, `InvalidResourceName`.
pub async fn block_put<E: std::fmt::Display>(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    id: &str,
    md5: Option<[u8; 16]>,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<()> {
    check_place(cx, caller, place).await?;
    let length = STANDARD.decode(id).map_err(|_| StorageCode::InvalidBlockId)?.len();
    if !(1..=LONGEST_BLOCK_ID).contains(&length) {
        return Err(StorageCode::InvalidBlockId.into());
    }
    let file = new_file_name(cx);
    let written = write_file(cx, &file, LARGEST_BLOCK, md5, body).await?;
    let part = BlobPart { id: id.to_owned(), file: file.clone(), length: written.length };
    let (container, name, now) = (place.container.to_owned(), place.name.to_owned(), cx.clock.now());
    let storage_key = caller.storage.key;
    let saving = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let container = find_container(conn, storage_key, &container).await?;
            let (same, n_blocks, another) = table::block_like(conn, container.key, &name, &part.id).await?;
            if another.is_some_and(|another| another.len() != part.id.len()) {
                return Err(StorageCode::InvalidBlockId.into());
            }
            if same.is_none() && n_blocks >= MOST_UNCOMMITTED {
                return Err(StorageCode::BlockCountExceedsLimit.into());
            }
            table::put_block(conn, container.key, &name, &part, now).await?;
            Ok(same.map(|same| same.file))
        })
    });
    remove_what_is_left(cx, saving.await.map(|old| ((), old.into_iter().collect())), &[file]).await
}

/// Makes a blob of blocks.
///
/// # Errors
/// `ContainerNotFound`, `InvalidBlockList`, `BlobAlreadyExists`, `ConditionNotMet`, `InvalidResourceName`.
pub async fn block_list_put(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    settings: BlobSettings,
    only_if: Vec<Condition>,
    blocks: Vec<BlockRef>,
) -> Result<Blob> {
    check_place(cx, caller, place).await?;
    if blocks.len() > MOST_BLOCKS {
        return Err(StorageCode::BlockCountExceedsLimit.into());
    }
    put(cx, caller, place, settings, only_if, Content::Blocks(blocks)).await
}

/// The blocks of a blob: those that it consists of, and those that are not committed.
///
/// # Errors
/// `ContainerNotFound`, `BlobNotFound`.
pub async fn block_list_get(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
) -> Result<(Option<Blob>, Vec<BlobPart>, Vec<BlobPart>)> {
    caller.may(Action::ReadBlob, place.container, place.name)?;
    if let Some(bucket) = caller.bucket(cx)? {
        let container = bucket::enter(cx, &bucket, place.container).await?;
        let uncommitted = table::blocks(&mut *cx.store.read().await?, container.key, place.name).await?;
        // Of what a blob was made is not known there.
        return match bucket.head(place.container, place.name).await {
            Ok(blob) => Ok((Some(blob), Vec::new(), uncommitted)),
            Err(error) if error.code == StorageCode::BlobNotFound && !uncommitted.is_empty() => {
                Ok((None, Vec::new(), uncommitted))
            }
            Err(error) => Err(error),
        };
    }
    let mut conn = cx.store.read().await?;
    let container = find_container(&mut conn, caller.storage.key, place.container).await?;
    let row = table::find(&mut conn, container.key, place.name).await?;
    let uncommitted = table::blocks(&mut conn, container.key, place.name).await?;
    if row.is_none() && uncommitted.is_empty() {
        return Err(StorageCode::BlobNotFound.into());
    }
    let committed = row.iter().flat_map(|row| row.parts.iter().filter(|part| !part.id.is_empty()).cloned());
    Ok((row.as_ref().map(to_api), committed.collect(), uncommitted))
}

/// Copies a blob of this storage. The copy shares the files' bytes with its source and none of its fate.
///
/// # Errors
/// Those of a write; `CannotVerifyCopySource` when the source goes meanwhile.
pub async fn blob_copy(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    source: &Found,
    settings: BlobSettings,
    only_if: Vec<Condition>,
) -> Result<Blob> {
    check_place(cx, caller, place).await?;
    let files = source.files().filter(|_| caller.storage.bucket.is_none());
    let Some(files) = files else { return copy_bytes(cx, caller, place, source, settings, only_if).await };
    let mut parts: Vec<BlobPart> = Vec::with_capacity(files.len());
    for part in files {
        let file = new_file_name(cx);
        if let Err(error) = cx.blobs.link(&part.file, &file).await {
            tracing::warn!(%error, "a blob's file could not be copied");
            cx.blobs.remove(&parts.iter().map(|part| part.file.clone()).collect::<Vec<_>>()).await;
            return Err(StorageCode::CannotVerifyCopySource.into());
        }
        parts.push(BlobPart { file, ..part.clone() });
    }
    put(cx, caller, place, settings, only_if, Content::Parts(parts)).await
}

/// A copy from or to a bucket: the bytes come and go as any others.
async fn copy_bytes(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    source: &Found,
    settings: BlobSettings,
    only_if: Vec<Condition>,
) -> Result<Blob> {
    let file = new_file_name(cx);
    let bytes = blob_read(cx, source.clone(), 0, source.blob.length).await?;
    let written = cx.blobs.write(&file, u64::MAX, bytes).await.map_err(|error| {
        tracing::warn!(%error, "a blob could not be copied");
        StorageError::from(StorageCode::ServerBusy)
    })?;
    let parts = vec![BlobPart { id: String::new(), file, length: written.length }];
    put(cx, caller, place, settings, only_if, Content::Parts(parts)).await
}

/// What a blob is to consist of.
enum Content {
    /// Of files that nothing names yet.
    Parts(Vec<BlobPart>),
    Blocks(Vec<BlockRef>),
}

async fn put(
    cx: &Context,
    caller: &StorageCaller,
    place: Place<'_>,
    settings: BlobSettings,
    only_if: Vec<Condition>,
    content: Content,
) -> Result<Blob> {
    if let Some(bucket) = caller.bucket(cx)? {
        return put_in_bucket(cx, caller, bucket, place, (settings, only_if), content).await;
    }
    let new_files: Vec<String> = match &content {
        Content::Parts(parts) => parts.iter().map(|part| part.file.clone()).collect(),
        Content::Blocks(_) => Vec::new(),
    };
    let (container, name, now) = (place.container.to_owned(), place.name.to_owned(), cx.clock.now());
    let caller = caller.clone();
    let saving = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let container_key = find_container(conn, caller.storage.key, &container).await?.key;
            let old = table::find(conn, container_key, &name).await?;
            let tag = old.as_ref().map(|old| (etag::text(old.etag), old.modified));
            check_conditions(&only_if, tag.as_ref().map(|(tag, modified)| (tag.as_str(), *modified)))?;
            if old.is_some() {
                // To create is not to replace.
                caller.access.check(Action::WriteBlob, Target { container: &container, blob: &name })?;
            }
            let uncommitted = table::blocks(conn, container_key, &name).await?;
            let parts = match content {
                Content::Parts(parts) => parts,
                Content::Blocks(blocks) => choose(&blocks, &uncommitted, old.as_ref())?,
            };
            let row = BlobRow {
                length: parts.iter().map(|part| i64::try_from(part.length).unwrap_or(i64::MAX)).sum(),
                created: old.as_ref().map_or(now, |old| old.created),
                etag: old.as_ref().map_or_else(|| etag::first(now), |old| etag::next(old.etag, now)),
                name,
                parts,
                settings,
                modified: now,
            };
            replace(conn, container_key, &row).await?;
            let used: HashSet<&str> = row.parts.iter().map(|part| part.file.as_str()).collect();
            let before = old.into_iter().flat_map(|old| old.parts).chain(uncommitted).map(|part| part.file);
            Ok((to_api(&row), before.filter(|file| !used.contains(file.as_str())).collect::<Vec<_>>()))
        })
    });
    remove_what_is_left(cx, saving.await, &new_files).await
}

async fn put_in_bucket(
    cx: &Context,
    caller: &StorageCaller,
    bucket: Entered,
    place: Place<'_>,
    (settings, only_if): (BlobSettings, Vec<Condition>),
    content: Content,
) -> Result<Blob> {
    let container = bucket::enter(cx, &bucket, place.container).await;
    if let (Err(_), Content::Parts(parts)) = (&container, &content) {
        cx.blobs.remove(&parts.iter().map(|part| part.file.clone()).collect::<Vec<_>>()).await;
    }
    let container = container?;
    let (parts, are_blocks) = match content {
        Content::Parts(parts) => (parts, false),
        Content::Blocks(blocks) => {
            let uncommitted = table::blocks(&mut *cx.store.read().await?, container.key, place.name).await?;
            (choose(&blocks, &uncommitted, None)?, true)
        }
    };
    let write = bucket::Write {
        caller: caller.clone(),
        bucket,
        container: place.container.to_owned(),
        container_key: container.key,
        name: place.name.to_owned(),
        settings,
        only_if,
        parts,
        are_blocks,
    };
    bucket::put(cx, write).await
}

async fn replace(conn: &mut Conn, container_key: i64, row: &BlobRow) -> Result<()> {
    table::put(conn, container_key, row).await?;
    Ok(table::delete_blocks(conn, container_key, &row.name).await?)
}

/// Finds the blocks that a list names.
fn choose(blocks: &[BlockRef], uncommitted: &[BlobPart], old: Option<&BlobRow>) -> Result<Vec<BlobPart>> {
    use std::collections::HashMap;
    let by_id = |parts: &[BlobPart]| -> HashMap<String, BlobPart> {
        parts.iter().filter(|part| !part.id.is_empty()).map(|part| (part.id.clone(), part.clone())).collect()
    };
    let (new, old) = (by_id(uncommitted), by_id(old.map_or(&[], |old| &old.parts)));
    let find = |block: &BlockRef| match block {
        BlockRef::Committed(id) => old.get(id),
        BlockRef::Uncommitted(id) => new.get(id),
        BlockRef::Latest(id) => new.get(id).or_else(|| old.get(id)),
    };
    blocks.iter().map(|block| find(block).cloned().ok_or_else(|| StorageCode::InvalidBlockList.into())).collect()
}

/// Before the bytes are taken: nobody sends gigabytes to hear that there is no such container.
async fn check_place(cx: &Context, caller: &StorageCaller, place: Place<'_>) -> Result<()> {
    caller.may(Action::CreateBlob, place.container, place.name)?;
    let bucket = caller.bucket(cx)?;
    let check = if bucket.is_some() { check_name } else { check_blob_name };
    check(place.name).map_err(|reason| StorageError::new(StorageCode::InvalidResourceName, reason))?;
    if let Some(bucket) = bucket {
        return bucket::enter(cx, &bucket, place.container).await.map(drop);
    }
    find_container(&mut *cx.store.read().await?, caller.storage.key, place.container).await.map(drop)
}

async fn write_file<E: std::fmt::Display>(
    cx: &Context,
    file: &str,
    most: u64,
    md5: Option<[u8; 16]>,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<Written> {
    let written = cx.blobs.write(file, most, body).await.map_err(|error| match error {
        WriteError::TooLong(_) => StorageError::from(StorageCode::RequestBodyTooLarge),
        WriteError::Body(reason) => StorageError::new(StorageCode::InvalidHeaderValue, reason),
        WriteError::Disk(error) => {
            tracing::error!(%error, "a blob's file cannot be written");
            StorageCode::ServerBusy.into()
        }
    })?;
    if md5.is_some_and(|md5| md5 != written.md5) {
        cx.blobs.remove(&[file.to_owned()]).await;
        return Err(StorageCode::Md5Mismatch.into());
    }
    Ok(written)
}

/// After a commit the files that nothing names any more, after a failure those that nothing names yet.
async fn remove_what_is_left<T>(cx: &Context, outcome: Result<(T, Vec<String>)>, new_files: &[String]) -> Result<T> {
    match outcome {
        Ok((done, old_files)) => {
            cx.blobs.remove(&old_files).await;
            Ok(done)
        }
        Err(error) => {
            cx.blobs.remove(new_files).await;
            Err(error)
        }
    }
}
