//! Reads of blobs.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::call::Call;
use super::container::{marker, read_marker};
use super::{Result, reply, xml};
use crate::api::{Code, StorageCode};
use crate::rest::range::Range;
use crate::service::storage::blob::{self, ListWish};
use crate::service::storage::{account, write};

pub async fn get(call: &Call) -> Result<Response> {
    refuse_snapshots(call)?;
    let found = blob::blob_get(&call.cx, &call.caller, &call.container, &call.blob, &call.conditions()?).await?;
    let length = found.blob.length;
    let asked = call.header("x-ms-range").or_else(|| call.header("range")).filter(|_| call.method == Method::GET);
    let range = match asked.map(|text| Range::parse(text, length)) {
        // Of nothing there is no part.
        Some(Ok(_)) if length == 0 => return Err(StorageCode::InvalidRange.into()),
        Some(Err(error)) if error.code == Code::InvalidRange => return Err(StorageCode::InvalidRange.into()),
        Some(Ok(range)) => Some(range),
        // What is no range is as if it were not there. Source: RFC 9110, 14.2.
        Some(Err(_)) | None => None,
    };
    let Range { start, end } = range.unwrap_or(Range { start: 0, end: length });
    let blob = found.blob.clone();
    let body = match call.method {
        Method::HEAD => Body::empty(),
        _ => Body::from_stream(blob::blob_read(&call.cx, found, start, end).await?),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    reply::set_blob(headers, &blob, range.is_none());
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    if range.is_some() {
        reply::set(headers, "content-range", &format!("bytes {start}-{}/{length}", end - 1));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if call.by_sas {
        set_signed_headers(call, &mut response);
    }
    Ok(response)
}

/// A signature may say what headers its reader gets.
fn set_signed_headers(call: &Call, response: &mut Response) {
    for (param, name) in [
        ("rscc", "cache-control"),
        ("rscd", "content-disposition"),
        ("rsce", "content-encoding"),
        ("rscl", "content-language"),
        ("rsct", "content-type"),
    ] {
        if !call.query(param).is_empty() {
            reply::set(response.headers_mut(), name, call.query(param));
        }
    }
}

pub async fn get_properties(call: &Call) -> Result<Response> {
    refuse_snapshots(call)?;
    let found = blob::blob_get(&call.cx, &call.caller, &call.container, &call.blob, &call.conditions()?).await?;
    let mut response = reply::versioned(StatusCode::OK, &found.blob.etag, found.blob.modified);
    reply::set_metadata(response.headers_mut(), &found.blob.settings.metadata);
    Ok(response)
}

pub async fn delete(call: &Call) -> Result<Response> {
    refuse_snapshots(call)?;
    blob::blob_delete(&call.cx, &call.caller, &call.container, &call.blob, call.conditions()?).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

pub async fn list(call: &Call) -> Result<Response> {
    let limit = call.max_results()?;
    let wish = ListWish {
        prefix: call.query("prefix").to_owned(),
        delimiter: call.query("delimiter").to_owned(),
        from: read_marker(call.query("marker"))?,
        limit,
    };
    let (found, next) = blob::blob_list(&call.cx, &call.caller, &call.container, wish).await?;
    let with_metadata = call.query("include").split(',').any(|what| what == "metadata");
    let items: String = found.iter().map(|entry| xml::entry(entry, with_metadata)).collect();
    let delimiter = call.query("delimiter");
    let delimiter = if delimiter.is_empty() { String::new() } else { xml::element("Delimiter", delimiter) };
    Ok(reply::xml(format!(
        "{}<EnumerationResults ServiceEndpoint=\"{}{}/\" ContainerName=\"{}\">{}{}{}{delimiter}<Blobs>{items}</Blobs>{}</EnumerationResults>",
        xml::HEAD,
        xml::escape(&call.base_url),
        account::path(&call.caller.storage.name),
        xml::escape(&call.container),
        xml::element("Prefix", call.query("prefix")),
        xml::element("Marker", call.query("marker")),
        xml::element("MaxResults", &limit.to_string()),
        xml::element("NextMarker", &marker(next)),
    )))
}

pub async fn block_list(call: &Call) -> Result<Response> {
    let (blob, committed, uncommitted) = write::block_list_get(&call.cx, &call.caller, call.place()).await?;
    let (committed, uncommitted) = match call.query("blocklisttype") {
        "all" => (committed, uncommitted),
        "uncommitted" => (Vec::new(), uncommitted),
        _ => (committed, Vec::new()),
    };
    let mut response = reply::xml(xml::block_list(&committed, &uncommitted));
    if let Some(blob) = blob {
        reply::set_version(response.headers_mut(), &blob.etag, blob.modified);
        reply::set(response.headers_mut(), "x-ms-blob-content-length", &blob.length.to_string());
    }
    Ok(response)
}

fn refuse_snapshots(call: &Call) -> Result<()> {
    let asks = ["snapshot", "versionid"].iter().any(|name| !call.query(name).is_empty());
    if asks { Err(StorageCode::NotImplemented.into()) } else { Ok(()) }
}
