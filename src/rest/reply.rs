//! Answers in Batch's form.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use crate::api::Timestamp;
use crate::domain::odata::Stretch;

pub const JSON: HeaderValue = HeaderValue::from_static("application/json;odata=minimalmetadata");
const DATA_SERVICE_ID: HeaderName = HeaderName::from_static("dataserviceid");

/// A list of what there is none of.
pub const NOTHING: Stretch<&str> = Stretch { items: Vec::new(), next: None };

/// An answer without a body. `url` is the resource that was acted upon.
pub fn done(status: StatusCode, url: &str) -> Response {
    let mut response = status.into_response();
    set(response.headers_mut(), DATA_SERVICE_ID, url);
    response
}

/// The answer to a creation.
pub fn created(url: &str) -> Response {
    let mut response = done(StatusCode::CREATED, url);
    set(response.headers_mut(), LOCATION, url);
    response
}

/// Adds what a conditional request needs next time.
pub fn with_version(mut response: Response, e_tag: &str, modified: Timestamp) -> Response {
    set(response.headers_mut(), ETAG, &format!("\"{e_tag}\""));
    set(response.headers_mut(), LAST_MODIFIED, &modified.to_http_date());
    response
}

/// A header whose value may hold what headers cannot; then it is left out.
pub fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[derive(Serialize)]
struct Element<'a, T> {
    #[serde(rename = "odata.metadata")]
    metadata: &'a str,
    #[serde(flatten)]
    value: T,
}

#[derive(Serialize)]
struct List<'a, T> {
    #[serde(rename = "odata.metadata")]
    metadata: &'a str,
    value: &'a [T],
    #[serde(rename = "odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<&'a str>,
}

/// One thing, with the properties that were asked for. `kind` is its name in the metadata, e.g. `pools`.
pub fn element(base_url: &str, kind: &str, value: &impl Serialize, select: Option<&[&str]>) -> Response {
    let metadata = format!("{base_url}/$metadata#{kind}/@Element");
    match select {
        None => json(&Element { metadata: &metadata, value }),
        Some(names) => json(&Element { metadata: &metadata, value: only(value, names) }),
    }
}

/// A page of a list.
pub fn list<T: Serialize>(
    base_url: &str,
    kind: &str,
    items: &[T],
    select: Option<&[&str]>,
    next: Option<&str>,
) -> Response {
    let metadata = format!("{base_url}/$metadata#{kind}");
    match select {
        None => json(&List { metadata: &metadata, value: items, next_link: next }),
        Some(names) => {
            let items: Vec<Value> = items.iter().map(|item| only(item, names)).collect();
            json(&List { metadata: &metadata, value: &items, next_link: next })
        }
    }
}

fn only(item: impl Serialize, names: &[&str]) -> Value {
    let mut value = serde_json::to_value(item).expect("shapes have string keys and no failing serializer");
    if let Value::Object(properties) = &mut value {
        properties.retain(|name, _| names.contains(&name.as_str()));
    }
    value
}

fn json(body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("shapes have string keys and no failing serializer");
    ([(CONTENT_TYPE, JSON)], Body::from(bytes)).into_response()
}
