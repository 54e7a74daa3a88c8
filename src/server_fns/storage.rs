//! Blob storage: its accounts, containers and blobs. Bytes are not carried here but by `/portal/blobs/…`.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service::storage::{user, write::Place};

/// Storage accounts of the installation.
#[server(prefix = "/portal/fn", endpoint = "storage_list", input = Json)]
pub async fn storage_list() -> Result<Vec<api::StorageAccount>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_list(&cx, &caller).await?)
}

/// Makes a storage account of a bucket. Its secret is never given back.
#[server(prefix = "/portal/fn", endpoint = "storage_link", input = Json)]
pub async fn storage_link(link: api::StorageLink) -> Result<api::StorageAccount, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_link(&cx, &caller, link).await?)
}

/// Other credentials for a bucket.
#[server(prefix = "/portal/fn", endpoint = "storage_credentials_set", input = Json)]
pub async fn storage_credentials_set(
    storage: String,
    new: api::BucketCredentials,
) -> Result<api::StorageAccount, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_credentials_set(&cx, &caller, &storage, new).await?)
}

/// Gives a bucket up; what is in it stays there.
#[server(prefix = "/portal/fn", endpoint = "storage_unlink", input = Json)]
pub async fn storage_unlink(storage: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_unlink(&cx, &caller, &storage).await?)
}

/// Asks a bucket whether it is there.
#[server(prefix = "/portal/fn", endpoint = "storage_check", input = Json)]
pub async fn storage_check(storage: String) -> Result<api::BucketHealth, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_check(&cx, &caller, &storage).await?)
}

/// Both keys. Reading them is written to the log.
#[server(prefix = "/portal/fn", endpoint = "storage_keys", input = Json)]
pub async fn storage_keys(storage: String) -> Result<api::StorageKeys, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_keys(&cx, &caller, &storage).await?)
}

/// Replaces one key; what was signed with it opens nothing from then on.
#[server(prefix = "/portal/fn", endpoint = "storage_key_regenerate", input = Json)]
pub async fn storage_key_regenerate(storage: String, key: api::KeyName) -> Result<api::StorageKeys, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_key_regenerate(&cx, &caller, &storage, key).await?)
}

/// A signed URL of a container or a blob.
#[server(prefix = "/portal/fn", endpoint = "storage_sas", input = Json)]
pub async fn storage_sas(wish: api::SasWish) -> Result<api::StorageSas, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::storage_sas(&cx, &caller, wish).await?)
}

/// Containers from the name `from` on.
#[server(prefix = "/portal/fn", endpoint = "container_list", input = Json)]
pub async fn container_list(storage: String, from: String) -> Result<api::ContainerPage, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::container_list(&cx, &caller, &storage, &from).await?)
}

#[server(prefix = "/portal/fn", endpoint = "container_create", input = Json)]
pub async fn container_create(storage: String, container: String) -> Result<api::Container, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::container_create(&cx, &caller, &storage, &container).await?)
}

/// Deletes it with all that is in it.
#[server(prefix = "/portal/fn", endpoint = "container_delete", input = Json)]
pub async fn container_delete(storage: String, container: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::container_delete(&cx, &caller, &storage, &container).await?)
}

/// What is in a folder, from the name `from` on. A folder is a prefix that ends in a slash, or empty.
#[server(prefix = "/portal/fn", endpoint = "blob_list", input = Json)]
pub async fn blob_list(
    storage: String,
    container: String,
    folder: String,
    from: String,
) -> Result<api::BlobPage, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::blob_list(&cx, &caller, &storage, &container, folder, from).await?)
}

#[server(prefix = "/portal/fn", endpoint = "blob_get", input = Json)]
pub async fn blob_get(storage: String, container: String, blob: String) -> Result<api::Blob, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::blob_get(&cx, &caller, &storage, Place { container: &container, name: &blob }).await?)
}

/// A part of a blob as text. An `offset` of `u64::MAX` asks for the last `length` bytes.
#[server(prefix = "/portal/fn", endpoint = "blob_text", input = Json)]
pub async fn blob_text(
    storage: String,
    container: String,
    blob: String,
    offset: u64,
    length: u64,
) -> Result<api::FileText, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::blob_text(&cx, &caller, &storage, Place { container: &container, name: &blob }, offset, length).await?)
}

#[server(prefix = "/portal/fn", endpoint = "blob_delete", input = Json)]
pub async fn blob_delete(storage: String, container: String, blob: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::blob_delete(&cx, &caller, &storage, Place { container: &container, name: &blob }).await?)
}

/// Makes a blob of blocks that were uploaded.
#[server(prefix = "/portal/fn", endpoint = "blob_commit", input = Json)]
pub async fn blob_commit(storage: String, container: String, commit: api::BlobCommit) -> Result<api::Blob, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(user::blob_commit(&cx, &caller, &storage, &container, commit).await?)
}
