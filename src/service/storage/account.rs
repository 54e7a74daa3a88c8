//! Storage accounts: an installation has one from its first start, and the operator can make more.

use std::time::SystemTime;

use crate::api::{
    BucketAccess, Duration, KeyName, SasWish, Secret, StorageAccount, StorageError, StorageKeys, StorageSas,
};
use crate::auth::shared_key::percent_decode;
use crate::auth::storage::sas;
use crate::domain::storage::{check_account_name, check_blob_name, check_container_name, without_query};
use crate::service::{Context, Error, Result, key};
use crate::store::storage::{self as table, StorageRow};
use crate::{api, store};

/// The name of the account that every installation has.
pub const DEFAULT_NAME: &str = "fournil";

/// Letters of permissions, in the order in which they are written.
const PERMISSIONS: &str = "racwdl";
/// Chosen here: nobody needs an address that opens something for longer.
const LONGEST_LIFE: Duration = Duration::from_days(10 * 366);

/// Makes the default account at an installation's first start.
///
/// # Errors
/// Those of the store.
pub async fn storage_ensure_default(cx: &Context) -> Result<()> {
    if table::all(&mut *cx.store.read().await?).await?.is_empty() {
        insert(cx, DEFAULT_NAME.to_owned(), None).await?;
    }
    Ok(())
}

/// # Errors
/// `InvalidPropertyValue` for a name that is none or taken.
pub async fn storage_create(cx: &Context, name: String) -> Result<StorageAccount> {
    check_account_name(&name).map_err(|reason| api::Error::invalid_property("name", &*name, reason))?;
    if !insert(cx, name.clone(), None).await? {
        return Err(api::Error::invalid_property("name", name, "there is a storage account of this name").into());
    }
    tracing::info!(storage = name, "a storage account was made");
    find(cx, &name).await.map(|row| to_api(cx, &row))
}

pub(super) async fn insert(cx: &Context, name: String, bucket: Option<BucketAccess>) -> Result<bool> {
    let (primary, secondary) = (key::new_key(cx), key::new_key(cx));
    let row = StorageRow { key: 0, name, primary, secondary, created: cx.clock.now(), bucket };
    let write =
        cx.store.write::<_, Error, _>(move |conn| Box::pin(async move { Ok(table::insert(conn, &row).await?) }));
    write.await
}

pub async fn storage_list(cx: &Context) -> Result<Vec<StorageAccount>> {
    let rows = table::all(&mut *cx.store.read().await?).await?;
    Ok(rows.iter().map(|row| to_api(cx, row)).collect())
}

/// Both keys, and the text from which programs connect. Reading them is written to the log.
///
/// # Errors
/// `InvalidPropertyValue` for an account that is not there.
pub async fn storage_keys(cx: &Context, name: &str) -> Result<StorageKeys> {
    let row = find(cx, name).await?;
    tracing::info!(storage = name, "the keys of a storage account were read");
    Ok(to_keys(cx, row))
}

/// Replaces one key: what was signed with the old one, URLs too, opens nothing from then on.
///
/// # Errors
/// `InvalidPropertyValue` for an account that is not there.
pub async fn storage_key_regenerate(cx: &Context, name: &str, which: KeyName) -> Result<StorageKeys> {
    let (row, new) = (find(cx, name).await?, key::new_key(cx));
    let key = row.key;
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(table::replace_key(conn, key, which, &new).await?) })
    });
    write.await?;
    tracing::info!(storage = name, key = %which, "a key of a storage account was replaced");
    Ok(to_keys(cx, find(cx, name).await?))
}

fn to_keys(cx: &Context, row: StorageRow) -> StorageKeys {
    let endpoint = endpoint(cx, &row.name);
    let scheme = endpoint.split_once("://").map_or("http", |(scheme, _)| scheme);
    let text = format!(
        "DefaultEndpointsProtocol={scheme};AccountName={};AccountKey={};BlobEndpoint={endpoint};",
        row.name, row.primary.0
    );
    StorageKeys { name: row.name, primary: row.primary, secondary: row.secondary, connection_string: Secret(text) }
}

/// A URL that opens a container, or one blob of it. What it opens need not be there yet.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn storage_sas(cx: &Context, wish: SasWish) -> Result<StorageSas> {
    let refuse = |name: &str, value: &str, reason: &str| api::Error::invalid_property(name, value, reason);
    check_container_name(&wish.container).map_err(|reason| refuse("container", &wish.container, reason))?;
    if let Some(blob) = &wish.blob {
        check_blob_name(blob).map_err(|reason| refuse("blob", blob, reason))?;
    }
    let is_known = !wish.permissions.is_empty() && wish.permissions.chars().all(|letter| PERMISSIONS.contains(letter));
    if !is_known || (wish.blob.is_some() && wish.permissions.contains('l')) {
        let reason = "letters of racwdl: read, add, create, write, delete and, for a container, list";
        return Err(refuse("permissions", &wish.permissions, reason).into());
    }
    if wish.life.micros() <= 0 || wish.life > LONGEST_LIFE {
        return Err(refuse("life", &wish.life.to_string(), "longer than nothing and at most ten years").into());
    }
    // They are signed in this order by everybody.
    let permissions: String = PERMISSIONS.chars().filter(|letter| wish.permissions.contains(*letter)).collect();
    let row = find(cx, &wish.account).await?;
    Ok(url_of(cx, &row, &wish.container, wish.blob.as_deref(), &permissions, wish.life))
}

/// A URL that opens a container.
pub(super) fn container_url(
    cx: &Context,
    row: &StorageRow,
    container: &str,
    permissions: &str,
    life: Duration,
) -> StorageSas {
    url_of(cx, row, container, None, permissions, life)
}

/// A URL that opens one blob.
pub(in crate::service) fn blob_url(
    cx: &Context,
    row: &StorageRow,
    container: &str,
    blob: &str,
    permissions: &str,
    life: Duration,
) -> StorageSas {
    url_of(cx, row, container, Some(blob), permissions, life)
}

/// The container, and the blob in it, that an address of this storage account leads to; whatever signature it has.
pub(super) fn place_of(cx: &Context, row: &StorageRow, url: &str) -> Option<(String, Option<String>)> {
    let path = without_query(url).strip_prefix(&endpoint(cx, &row.name))?.strip_prefix('/')?;
    let path = percent_decode(path.trim_end_matches('/'), false);
    let (container, blob) = path.split_once('/').map_or((&*path, None), |(container, blob)| (container, Some(blob)));
    let is_sound = check_container_name(container).is_ok() && blob.is_none_or(|blob| check_blob_name(blob).is_ok());
    is_sound.then(|| (container.to_owned(), blob.map(str::to_owned)))
}

pub(super) fn url_of(
    cx: &Context,
    row: &StorageRow,
    container: &str,
    blob: Option<&str>,
    permissions: &str,
    life: Duration,
) -> StorageSas {
    let end = cx.clock.now().plus(life);
    let sas = sas::make(&row.name, container, blob, permissions, end, &row.primary);
    let blob = blob.map(|blob| format!("/{}", encode(blob))).unwrap_or_default();
    let url = format!("{}/{container}{blob}?{sas}", endpoint(cx, &row.name));
    StorageSas { url: Secret(url), sas: Secret(sas), expiry_time: end }
}

/// For whom a storage request's signature is checked.
///
/// # Errors
/// Those of the store.
pub async fn signing_storage(cx: &Context, name: &str) -> std::result::Result<Option<StorageRow>, StorageError> {
    Ok(table::find(&mut *cx.store.read().await?, name).await?)
}

/// Removes files that nothing names: what an earlier server was making when it ended.
pub async fn storage_sweep(cx: &Context) -> Result<()> {
    // A second earlier: the file system's clock is coarser than ours, and what is new must stay.
    let micros = u64::try_from(cx.clock.now().micros()).unwrap_or(0).saturating_sub(1_000_000);
    let since = SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(micros);
    let known: Vec<String> = table::all_files(&mut *cx.store.read().await?).await?;
    let blobs = cx.blobs.clone();
    let swept = tokio::task::spawn_blocking(move || blobs.sweep(&known.into_iter().collect(), since)).await;
    match swept {
        Ok(Ok(0)) => {}
        Ok(Ok(n_files)) => tracing::info!(n_files, "files of no blob were removed"),
        Ok(Err(error)) => tracing::warn!(%error, "files of no blob could not be looked for"),
        Err(error) => tracing::error!(%error, "looking for files of no blob ended badly"),
    }
    Ok(())
}

/// Takes away blocks that were never made a blob.
pub async fn storage_expire_blocks(cx: &Context) -> Result<()> {
    /// Source: Put Block, Azure Storage: uncommitted blocks are discarded after a week.
    const KEPT: Duration = Duration::from_days(7);
    let before = api::Timestamp::from_micros(cx.clock.now().micros() - KEPT.micros());
    let deleting = cx.store.write::<_, store::Error, _>(move |conn| {
        Box::pin(async move { store::blob::delete_old_blocks(conn, before).await })
    });
    let files = deleting.await?;
    cx.blobs.remove(&files).await;
    Ok(())
}

pub(super) async fn find(cx: &Context, name: &str) -> Result<StorageRow> {
    let found = table::find(&mut *cx.store.read().await?, name).await?;
    found.ok_or_else(|| api::Error::invalid_property("account", name, "there is no such storage account").into())
}

pub(in crate::service) fn to_api(cx: &Context, row: &StorageRow) -> StorageAccount {
    StorageAccount {
        name: row.name.clone(),
        blob_endpoint: endpoint(cx, &row.name),
        creation_time: row.created,
        bucket: row.bucket.as_ref().map(|access| access.bucket.clone()),
        health: cx.buckets.health(row.key),
    }
}

fn endpoint(cx: &Context, name: &str) -> String {
    format!("{}{}", cx.installation.base_url.trim_end_matches('/'), path(name))
}

/// Where an account is on this server. The default one is at the root: for hosts without a name of their own some libraries
/// take the first part of the path for the account's name, and the second for the container's.
pub fn path(name: &str) -> String {
    if name == DEFAULT_NAME { format!("/{name}") } else { format!("/storage/{name}") }
}

/// Percent-encodes a blob's name for a URL; slashes stay.
fn encode(name: &str) -> String {
    let piece = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(piece).collect()
}
