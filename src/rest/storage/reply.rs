//! Headers that describe a container or a blob.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Result;
use super::call::Call;
use crate::api::{Blob, BlobSettings, StorageCode, StorageError, Timestamp};

pub fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

/// An answer without a body for what has a version.
pub fn versioned(status: StatusCode, etag: &str, modified: Timestamp) -> Response {
    let mut response = status.into_response();
    set_version(response.headers_mut(), etag, modified);
    response
}

pub fn set_version(headers: &mut HeaderMap, etag: &str, modified: Timestamp) {
    set(headers, "etag", &format!("\"{etag}\""));
    set(headers, "last-modified", &modified.to_http_date());
}

/// What cannot stand in a header is left out.
pub fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

pub fn set_metadata(headers: &mut HeaderMap, metadata: &std::collections::BTreeMap<String, String>) {
    for (name, value) in metadata {
        set(headers, &format!("x-ms-meta-{name}"), value);
    }
}

/// `is_whole` says that the answer holds all of the blob, so that its checksum is the answer's.
pub fn set_blob(headers: &mut HeaderMap, blob: &Blob, is_whole: bool) {
    set_version(headers, &blob.etag, blob.modified);
    let settings = &blob.settings;
    let content_type = settings.content_type.as_deref().unwrap_or("application/octet-stream");
    set(headers, "content-type", content_type);
    let md5_name = if is_whole { "content-md5" } else { "x-ms-blob-content-md5" };
    for (name, value) in [
        ("content-encoding", &settings.content_encoding),
        ("content-language", &settings.content_language),
        ("content-disposition", &settings.content_disposition),
        ("cache-control", &settings.cache_control),
        (md5_name, &settings.content_md5),
    ] {
        if let Some(value) = value {
            set(headers, name, value);
        }
    }
    set(headers, "x-ms-creation-time", &blob.created.to_http_date());
    set(headers, "x-ms-blob-type", "BlockBlob");
    set(headers, "x-ms-lease-status", "unlocked");
    set(headers, "x-ms-lease-state", "available");
    set(headers, "accept-ranges", "bytes");
    set(headers, "x-ms-server-encrypted", "false");
    set_metadata(headers, &settings.metadata);
}

/// What a writer says of a blob. Where the blob comes as the body itself, the body's own headers count too.
pub fn read_settings(call: &Call, body_is_blob: bool) -> Result<BlobSettings> {
    let of = |name: &str| {
        call.owned_header(&format!("x-ms-blob-{name}")).or_else(|| call.owned_header(name).filter(|_| body_is_blob))
    };
    let content_md5 = call.owned_header("x-ms-blob-content-md5");
    content_md5.as_deref().map(read_md5).transpose()?;
    Ok(BlobSettings {
        content_type: of("content-type"),
        content_encoding: of("content-encoding"),
        content_language: of("content-language"),
        content_disposition: call.owned_header("x-ms-blob-content-disposition"),
        cache_control: of("cache-control"),
        content_md5,
        metadata: call.metadata()?,
    })
}

pub fn read_md5(text: &str) -> Result<[u8; 16]> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| StorageError::new(StorageCode::InvalidHeaderValue, "An MD5 is 16 bytes in base64."))
}
