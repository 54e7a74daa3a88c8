//! Answers in ARM's form.

use axum::Json;
use axum::http::header::{ETAG, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::{Call, percent_encode};
use crate::domain::odata::Stretch;

/// Seconds until a client looks again how far a long operation is. Chosen here: Azure says 15, but nothing here takes long.
const LOOK_AGAIN: &str = "1";

pub fn resource(value: &impl Serialize) -> Response {
    Json(value).into_response()
}

/// A resource in a version. ARM's ETags are weak.
pub fn with_etag(mut response: Response, e_tag: &str) -> Response {
    set(response.headers_mut(), ETAG, e_tag);
    response
}

/// A list that has one page.
pub fn whole(items: Vec<Value>) -> Response {
    Json(json!({ "value": items })).into_response()
}

/// A page of a list.
pub fn page(call: &Call, page: Stretch<Value>) -> Response {
    let mut body = json!({ "value": page.items });
    if let Some(after) = page.next {
        body["nextLink"] = call.next_link(&after).into();
    }
    Json(body).into_response()
}

/// A page of a list of which only some properties are wanted, named as in `$select`. What says which resource it is stays.
pub fn page_of(call: &Call, page: Stretch<Value>, select: Option<&[&str]>) -> Response {
    let Some(select) = select else { return self::page(call, page) };
    let cut = |mut item: Value| {
        if let Some(properties) = item.get_mut("properties").and_then(Value::as_object_mut) {
            let is_wanted = |name: &str| select.iter().any(|wanted| wanted.strip_prefix("properties/") == Some(name));
            properties.retain(|name, _| is_wanted(name));
        }
        item
    };
    self::page(call, page.map(|items| items.into_iter().map(cut).collect()))
}

/// A long operation has begun; `path` tells how it goes.
pub fn accepted(call: &Call, path: &str) -> Response {
    let mut response = StatusCode::ACCEPTED.into_response();
    let version = percent_encode(&call.version);
    set(response.headers_mut(), LOCATION, &format!("{}{path}?api-version={version}", call.base_url));
    set(response.headers_mut(), RETRY_AFTER, LOOK_AGAIN);
    response
}

/// It still goes on.
pub fn not_yet(call: &Call) -> Response {
    accepted(call, call.path())
}

/// A header whose value may hold what headers cannot; then it is left out.
pub fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
