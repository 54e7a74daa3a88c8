//! Copies within this storage. They are done when they are answered.

use axum::http::StatusCode;
use axum::response::Response;

use super::call::{Call, Names, own_part};
use super::{Result, auth, reply};
use crate::api::{BlobSettings, StorageCode, StorageError};
use crate::auth::storage::sas;
use crate::domain::storage_access::Access;
use crate::service::storage::{StorageCaller, blob, write};

/// Copy Blob, and Put Blob From URL (which says a blob's type): the source is opened by a signature in its URL, or by the
/// caller's own key.
pub async fn copy(call: &Call) -> Result<Response> {
    let url = call.header("x-ms-copy-source").unwrap_or_default();
    let elsewhere = || StorageError::new(StorageCode::CannotVerifyCopySource, "It is not a URL of this server.");
    let bases = [call.base_url.as_str(), call.cx.installation.base_url.as_str()];
    let (path, query) = own_part(url, &bases).ok_or_else(elsewhere)?;
    let names = Names::of(&path).filter(|names| !names.blob.is_empty()).ok_or_else(elsewhere)?;
    let reader = reader(call, query, &names).await?;
    let found = blob::blob_get(&call.cx, &reader, &names.container, &names.blob, &[]).await?;
    let said = reply::read_settings(call, false)?;
    // Metadata of the copy replaces all of the source's. Source: Copy Blob, Azure Storage.
    let metadata = if said.metadata.is_empty() { found.blob.settings.metadata.clone() } else { said.metadata.clone() };
    let settings = BlobSettings { metadata, ..found.blob.settings.clone() };
    let made = write::blob_copy(&call.cx, &call.caller, call.place(), &found, settings, call.conditions()?).await?;
    let is_put = call.header("x-ms-blob-type").is_some();
    let status = if is_put { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let mut response = reply::versioned(status, &made.etag, made.modified);
    if !is_put {
        reply::set(response.headers_mut(), "x-ms-copy-id", &call.info.request_id);
        reply::set(response.headers_mut(), "x-ms-copy-status", "success");
    }
    Ok(response)
}

async fn reader(call: &Call, query: &str, names: &Names) -> Result<StorageCaller> {
    if sas::is_in(query) {
        return auth::by_signature(&call.cx, query, names, call.info.from).await;
    }
    match &call.caller.access {
        Access::Everything if call.caller.storage.name == names.account => Ok(call.caller.clone()),
        _ => Err(StorageError::new(StorageCode::CannotVerifyCopySource, "Its URL has no signature.")),
    }
}
