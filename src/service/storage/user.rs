//! Blob storage for users of the portal: the same operations, with a user's rights in the place of a key's.

use std::collections::BTreeMap;

use axum::body::Bytes;
use futures_util::{Stream, TryStreamExt};

use super::write::{BlockRef, Place};
use super::{StorageCaller, account, blob, bucket, container, write};
use crate::api::agent::MAX_READ_BYTES;
use crate::api::{
    self, Blob, BlobCommit, BlobPage, BlobSettings, BucketCredentials, BucketHealth, Code, Container, ContainerPage,
    FileText, KeyName, SasWish, StorageAccount, StorageKeys, StorageLink, StorageSas,
};
use crate::domain::condition::{Condition, Tags};
use crate::domain::permission::Permission;
use crate::domain::storage_access::Access;
use crate::service::{Caller, Context, Result, file};

/// Entries of a page.
const PAGE: usize = 200;
/// Chosen here: whoever has no key gives away access for a month at most.
const LONGEST_SHARE: api::Duration = api::Duration::from_days(31);

/// # Errors
/// `InsufficientAccountPermissions`, as all functions here.
pub async fn storage_list(cx: &Context, caller: &Caller) -> Result<Vec<StorageAccount>> {
    caller.may(None, Permission::StorageRead)?;
    account::storage_list(cx).await
}

/// Makes a storage account of a bucket.
///
/// # Errors
/// As [`bucket::account::storage_link`].
pub async fn storage_link(cx: &Context, caller: &Caller, link: StorageLink) -> Result<StorageAccount> {
    caller.may(None, Permission::StorageLink)?;
    bucket::account::storage_link(cx, link).await
}

/// Other credentials for a bucket.
///
/// # Errors
/// As [`bucket::account::storage_credentials_set`].
pub async fn storage_credentials_set(
    cx: &Context,
    caller: &Caller,
    name: &str,
    new: BucketCredentials,
) -> Result<StorageAccount> {
    caller.may(None, Permission::StorageLink)?;
    bucket::account::storage_credentials_set(cx, name, new).await
}

/// Gives a bucket up; what is in it stays there.
///
/// # Errors
/// `InvalidPropertyValue`, also while a Batch account uses it.
pub async fn storage_unlink(cx: &Context, caller: &Caller, name: &str) -> Result<()> {
    caller.may(None, Permission::StorageLink)?;
    bucket::account::storage_unlink(cx, name).await
}

/// Asks a bucket whether it is there.
///
/// # Errors
/// `InvalidPropertyValue` for what is no bucket.
pub async fn storage_check(cx: &Context, caller: &Caller, name: &str) -> Result<BucketHealth> {
    caller.may(None, Permission::StorageRead)?;
    bucket::account::storage_check(cx, name).await
}

/// Both keys. Reading them is written to the log.
pub async fn storage_keys(cx: &Context, caller: &Caller, name: &str) -> Result<StorageKeys> {
    caller.may(None, Permission::KeyRead)?;
    tracing::info!(storage = name, user = caller.name(), from = caller.from_text(), "keys of storage were asked for");
    account::storage_keys(cx, name).await
}

/// Replaces one key; what was signed with it opens nothing from then on.
pub async fn storage_key_regenerate(cx: &Context, caller: &Caller, name: &str, key: KeyName) -> Result<StorageKeys> {
    caller.may(None, Permission::KeyWrite)?;
    tracing::info!(
        storage = name,
        user = caller.name(),
        from = caller.from_text(),
        "a key of storage is to be replaced"
    );
    account::storage_key_regenerate(cx, name, key).await
}

/// A signed URL that does for a while what the user may do. Who may read keys may make one for as long as a key could.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn storage_sas(cx: &Context, caller: &Caller, wish: SasWish) -> Result<StorageSas> {
    let only_reads = wish.permissions.chars().all(|letter| matches!(letter, 'r' | 'l'));
    caller.may(None, if only_reads { Permission::StorageRead } else { Permission::StorageWrite })?;
    if wish.life > LONGEST_SHARE && caller.may(None, Permission::KeyRead).is_err() {
        let reason = "without the right to read keys, 31 days at most";
        return Err(api::Error::invalid_property("life", wish.life.to_string(), reason).into());
    }
    let SasWish { account, container, permissions, .. } = &wish;
    let (user, from) = (caller.name(), caller.from_text());
    tracing::info!(storage = account, container, permissions, user, from, "a signed URL was made");
    account::storage_sas(cx, wish).await
}

/// Containers from the name `from` on.
pub async fn container_list(cx: &Context, caller: &Caller, account: &str, from: &str) -> Result<ContainerPage> {
    let inside = enter(cx, caller, account, Permission::StorageRead).await?;
    let (containers, next) = container::container_list(cx, &inside, "", from, PAGE).await?;
    Ok(ContainerPage { containers, next })
}

/// # Errors
/// `ContainerAlreadyExists`, `InvalidInput`.
pub async fn container_create(cx: &Context, caller: &Caller, account: &str, name: &str) -> Result<Container> {
    let inside = enter(cx, caller, account, Permission::StorageWrite).await?;
    Ok(container::container_create(cx, &inside, name, BTreeMap::new()).await?)
}

/// Deletes it with all that is in it.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn container_delete(cx: &Context, caller: &Caller, account: &str, name: &str) -> Result<()> {
    let inside = enter(cx, caller, account, Permission::StorageWrite).await?;
    container::container_delete(cx, &inside, name).await?;
    tracing::info!(storage = account, container = name, user = caller.name(), "a container was deleted");
    Ok(())
}

/// What is in a folder: blobs, and the folders below it. A folder is a prefix that ends in a slash, or empty.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn blob_list(
    cx: &Context,
    caller: &Caller,
    account: &str,
    container: &str,
    folder: String,
    from: String,
) -> Result<BlobPage> {
    let inside = enter(cx, caller, account, Permission::StorageRead).await?;
    let wish = blob::ListWish { prefix: folder, delimiter: "/".to_owned(), from, limit: PAGE };
    let (entries, next) = blob::blob_list(cx, &inside, container, wish).await?;
    let mut page = BlobPage { folders: Vec::new(), blobs: Vec::new(), next };
    for entry in entries {
        match entry {
            blob::Entry::Folder(name) => page.folders.push(name),
            blob::Entry::Blob(blob) => page.blobs.push(blob),
        }
    }
    Ok(page)
}

/// # Errors
/// `ContainerNotFound`, `BlobNotFound`.
pub async fn blob_get(cx: &Context, caller: &Caller, account: &str, place: Place<'_>) -> Result<Blob> {
    Ok(blob_open(cx, caller, account, place).await?.blob)
}

/// A blob that is to be read.
///
/// # Errors
/// As [`blob_get`].
pub async fn blob_open(cx: &Context, caller: &Caller, account: &str, place: Place<'_>) -> Result<blob::Found> {
    let inside = enter(cx, caller, account, Permission::StorageRead).await?;
    Ok(blob::blob_get(cx, &inside, place.container, place.name, &[]).await?)
}

/// A part of a blob as text. An `offset` of `u64::MAX` asks for the last `length` bytes.
///
/// # Errors
/// As [`blob_get`].
pub async fn blob_text(
    cx: &Context,
    caller: &Caller,
    account: &str,
    place: Place<'_>,
    offset: u64,
    length: u64,
) -> Result<FileText> {
    let found = blob_open(cx, caller, account, place).await?;
    let (file_length, length) = (found.blob.length, length.min(MAX_READ_BYTES));
    let offset = if offset == u64::MAX { file_length.saturating_sub(length) } else { offset.min(file_length) };
    let end = offset.saturating_add(length).min(file_length);
    let pieces = blob::blob_read(cx, found, offset, end).await?;
    let pieces: Vec<Bytes> = pieces.try_collect().await.map_err(|error| {
        tracing::warn!(%error, "a blob cannot be read");
        Code::ServerBusy
    })?;
    Ok(file::to_text(&pieces.concat(), offset, file_length, false))
}

/// # Errors
/// `ContainerNotFound`, `BlobNotFound`.
pub async fn blob_delete(cx: &Context, caller: &Caller, account: &str, place: Place<'_>) -> Result<()> {
    let inside = enter(cx, caller, account, Permission::StorageWrite).await?;
    Ok(blob::blob_delete(cx, &inside, place.container, place.name, Vec::new()).await?)
}

/// A block of a blob that [`blob_commit`] will make.
///
/// # Errors
/// `ContainerNotFound`, `RequestBodyTooLarge`, `InvalidInput`.
pub async fn block_put<E: std::fmt::Display>(
    cx: &Context,
    caller: &Caller,
    account: &str,
    place: Place<'_>,
    id: &str,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<()> {
    let inside = enter(cx, caller, account, Permission::StorageWrite).await?;
    Ok(write::block_put(cx, &inside, place, id, None, body).await?)
}

/// # Errors
/// `ContainerNotFound`, `BlobAlreadyExists`, `InvalidInput`.
pub async fn blob_commit(
    cx: &Context,
    caller: &Caller,
    account: &str,
    container: &str,
    commit: BlobCommit,
) -> Result<Blob> {
    let inside = enter(cx, caller, account, Permission::StorageWrite).await?;
    let settings = BlobSettings { content_type: commit.content_type, ..BlobSettings::default() };
    let only_if = if commit.replace { Vec::new() } else { vec![Condition::NoneMatch(Tags::Any)] };
    let blocks = commit.blocks.into_iter().map(BlockRef::Uncommitted).collect();
    let place = Place { container, name: &commit.name };
    Ok(write::block_list_put(cx, &inside, place, settings, only_if, blocks).await?)
}

/// The storage as whoever has its key sees it, for a user who may.
async fn enter(cx: &Context, caller: &Caller, account: &str, permission: Permission) -> Result<StorageCaller> {
    caller.may(None, permission)?;
    Ok(StorageCaller { storage: account::find(cx, account).await?, access: Access::Everything })
}
