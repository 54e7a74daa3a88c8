//! Writes of blobs.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::call::Call;
use super::{Result, reply, xml};
use crate::api::{Blob, StorageCode, StorageError};
use crate::service::storage::write;

/// Of a list of blocks: 50 000 blocks with their tags.
const LONGEST_LIST: usize = 16 << 20;

pub async fn put_blob(call: &Call, body: Body) -> Result<Response> {
    match call.header("x-ms-blob-type") {
        Some("BlockBlob") => {}
        Some("PageBlob" | "AppendBlob") => {
            return Err(StorageError::new(StorageCode::NotImplemented, "All blobs here are block blobs."));
        }
        Some(_) => return Err(StorageError::new(StorageCode::InvalidHeaderValue, "HeaderName: x-ms-blob-type.")),
        None => return Err(StorageError::new(StorageCode::MissingRequiredHeader, "HeaderName: x-ms-blob-type.")),
    }
    if call.content_length()? > write::LARGEST_BLOB_PUT {
        return Err(StorageCode::RequestBodyTooLarge.into());
    }
    let (settings, conditions, md5) = (reply::read_settings(call, true)?, call.conditions()?, body_md5(call)?);
    let bytes = body.into_data_stream();
    let made = write::blob_put(&call.cx, &call.caller, call.place(), settings, conditions, md5, bytes).await?;
    let mut response = written(&made);
    if let Some(md5) = &made.settings.content_md5 {
        reply::set(response.headers_mut(), "content-md5", md5);
    }
    Ok(response)
}

pub async fn put_block(call: &Call, body: Body) -> Result<Response> {
    if call.content_length()? > write::LARGEST_BLOCK {
        return Err(StorageCode::RequestBodyTooLarge.into());
    }
    let (id, bytes) = (call.query("blockid"), body.into_data_stream());
    write::block_put(&call.cx, &call.caller, call.place(), id, body_md5(call)?, bytes).await?;
    let mut response = StatusCode::CREATED.into_response();
    reply::set(response.headers_mut(), "x-ms-request-server-encrypted", "false");
    Ok(response)
}

pub async fn put_block_list(call: &Call, body: Body) -> Result<Response> {
    let (settings, conditions, md5) = (reply::read_settings(call, false)?, call.conditions()?, body_md5(call)?);
    let text = axum::body::to_bytes(body, LONGEST_LIST).await;
    let text = text.map_err(|_| StorageCode::RequestBodyTooLarge)?;
    if md5.is_some_and(|md5| md5 != <[u8; 16]>::from(<md5::Md5 as md5::Digest>::digest(&text))) {
        return Err(StorageCode::Md5Mismatch.into());
    }
    let blocks = xml::read_block_list(&String::from_utf8_lossy(&text))?;
    let made = write::block_list_put(&call.cx, &call.caller, call.place(), settings, conditions, blocks).await?;
    Ok(written(&made))
}

fn written(blob: &Blob) -> Response {
    let mut response = reply::versioned(StatusCode::CREATED, &blob.etag, blob.modified);
    reply::set(response.headers_mut(), "x-ms-request-server-encrypted", "false");
    response
}

/// What the client says of the bytes that it sends.
fn body_md5(call: &Call) -> Result<Option<[u8; 16]>> {
    call.header("content-md5").map(reply::read_md5).transpose()
}
