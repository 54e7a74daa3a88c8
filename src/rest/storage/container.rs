//! Containers, and the account itself.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::Call;
use super::{Result, reply, xml};
use crate::api::{StorageCode, StorageError};
use crate::service::storage::{account, container};

pub async fn create(call: &Call) -> Result<Response> {
    let made = container::container_create(&call.cx, &call.caller, &call.container, call.metadata()?).await?;
    Ok(reply::versioned(StatusCode::CREATED, &made.etag, made.modified))
}

pub async fn delete(call: &Call) -> Result<Response> {
    container::container_delete(&call.cx, &call.caller, &call.container).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

pub async fn get(call: &Call) -> Result<Response> {
    let found = container::container_get(&call.cx, &call.caller, &call.container).await?;
    let mut response = reply::versioned(StatusCode::OK, &found.etag, found.modified);
    reply::set_metadata(response.headers_mut(), &found.metadata);
    for (name, value) in [("x-ms-lease-status", "unlocked"), ("x-ms-lease-state", "available")] {
        reply::set(response.headers_mut(), name, value);
    }
    Ok(response)
}

pub async fn list(call: &Call) -> Result<Response> {
    let (prefix, limit) = (call.query("prefix"), call.max_results()?);
    let from = read_marker(call.query("marker"))?;
    let (found, next) = container::container_list(&call.cx, &call.caller, prefix, &from, limit).await?;
    let with_metadata = call.query("include").split(',').any(|what| what == "metadata");
    let items: String = found.iter().map(|container| xml::container(container, with_metadata)).collect();
    Ok(reply::xml(format!(
        "{}<EnumerationResults ServiceEndpoint=\"{}{}/\">{}{}{}<Containers>{items}</Containers>{}</EnumerationResults>",
        xml::HEAD,
        xml::escape(&call.base_url),
        account::path(&call.caller.storage.name),
        xml::element("Prefix", prefix),
        xml::element("Marker", call.query("marker")),
        xml::element("MaxResults", &limit.to_string()),
        xml::element("NextMarker", &marker(next)),
    )))
}

/// What libraries ask for before they do anything else.
pub fn account_properties() -> Response {
    let mut response = StatusCode::OK.into_response();
    for (name, value) in [("x-ms-sku-name", "Standard_LRS"), ("x-ms-account-kind", "StorageV2")] {
        reply::set(response.headers_mut(), name, value);
    }
    response
}

/// With which a client asks for the next page. Opaque: names may hold anything.
pub fn marker(next: Option<String>) -> String {
    next.map(|name| URL_SAFE_NO_PAD.encode(name)).unwrap_or_default()
}

pub fn read_marker(text: &str) -> Result<String> {
    let name = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| StorageError::new(StorageCode::InvalidQueryParameterValue, "QueryParameterName: marker."))
}
