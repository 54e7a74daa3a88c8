//! Failures on their way out. A handler's [`Failure`] travels as an extension of an empty answer; [`finish`], the outermost
//! layer, writes Batch's error body, because only there the request's id, host and method are at hand.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply::JSON;
use super::request_info::RequestInfo;
use crate::api::{self, Code};
use crate::service::{self, Context};

pub type Result<T = Response> = std::result::Result<T, Failure>;

/// An error, with the status that it has here.
#[derive(Clone, Debug)]
pub struct Failure {
    pub error: api::Error,
    pub(super) status: StatusCode,
}

impl Failure {
    pub fn with_status(error: impl Into<api::Error>, status: StatusCode) -> Self {
        Failure { error: error.into(), status }
    }
}

impl From<api::Error> for Failure {
    fn from(error: api::Error) -> Self {
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Failure { error, status }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        api::Error::new(code).into()
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        api::Error::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every answer its headers, and every failure its body.
pub async fn finish(State(cx): State<Context>, mut request: Request, next: Next) -> Response {
    let info = RequestInfo::read(&cx, &request);
    request.extensions_mut().insert(info.clone());
    let mut response = next.run(request).await;
    if let Some(failure) = failure_of(&response) {
        response = write(&cx, &info, failure, response.headers());
    }
    info.set_headers(response.headers_mut());
    response
}

/// What went wrong, if anything did. axum's own refusals (a path that is not UTF-8) have no [`Failure`] yet.
pub(super) fn failure_of(response: &Response) -> Option<Failure> {
    if let Some(failure) = response.extensions().get::<Failure>() {
        return Some(failure.clone());
    }
    match response.status() {
        StatusCode::NOT_FOUND => Some(Code::ResourceNotFound.into()),
        StatusCode::METHOD_NOT_ALLOWED => Some(Code::UnsupportedHttpVerb.into()),
        status if status.is_client_error() => Some(Failure::with_status(Code::InvalidUri, status)),
        status if status.is_server_error() => Some(Failure::with_status(Code::InternalError, status)),
        _ => None,
    }
}

fn write(cx: &Context, info: &RequestInfo, failure: Failure, headers: &HeaderMap) -> Response {
    let Failure { error, status } = failure;
    let bodiless = status == StatusCode::NOT_MODIFIED || info.method == Method::HEAD;
    let mut response =
        if bodiless { Body::empty().into_response() } else { Json(body(cx, info, &error)).into_response() };
    *response.status_mut() = status;
    let out = response.headers_mut();
    if bodiless {
        out.remove(CONTENT_TYPE);
        out.remove(CONTENT_LENGTH);
    } else {
        out.insert(CONTENT_TYPE, JSON);
    }
    if status != StatusCode::NOT_MODIFIED {
        out.insert("x-ms-error-code", HeaderValue::from_static(error.code.as_str()));
    }
    if status == StatusCode::UNAUTHORIZED {
        out.append(WWW_AUTHENTICATE, HeaderValue::from_static("SharedKey realm=\"batch\""));
        out.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"batch\""));
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let said = error.value("RetryAfter").and_then(|secs| HeaderValue::from_str(secs).ok());
        let said = said.or_else(|| headers.get(RETRY_AFTER).cloned());
        out.insert(RETRY_AFTER, said.unwrap_or(HeaderValue::from_static("1")));
    }
    // What a 405 allows is said by the router.
    if let Some(allow) = headers.get(axum::http::header::ALLOW) {
        out.insert(axum::http::header::ALLOW, allow.clone());
    }
    response
}

fn body(cx: &Context, info: &RequestInfo, error: &api::Error) -> serde_json::Value {
    let text = format!("{}\nRequestId:{}\nTime:{}", error.message, info.request_id, cx.clock.now());
    let mut body = json!({
        "odata.metadata": format!("{}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element", info.base_url),
        "code": error.code.as_str(),
        "message": { "lang": "en-US", "value": text },
    });
    if !error.values.is_empty() {
        body["values"] = json!(error.values);
    }
    body
}
