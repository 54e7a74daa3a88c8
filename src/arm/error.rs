//! Failures on their way out, in ARM's form: `{"error": {"code", "message", "target", "details"}}`. A handler's [`Failure`]
//! travels as an extension of an empty answer; [`finish`] writes it, because only there the request is at hand.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::reply::set;
use super::spelling;
use crate::api::{self, Code};
use crate::rest::request_info::RequestInfo;
use crate::service::{self, Context};

pub type Result<T = Response> = std::result::Result<T, Failure>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const CLIENT_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// An error as ARM says it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// The path of the property that is wrong.
    pub target: Option<String>,
    /// More that is known, as code and message.
    details: Vec<(String, String)>,
    /// Seconds to wait.
    retry_after: Option<String>,
}

impl Failure {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Failure {
        Failure { status, code, message: message.into(), target: None, details: Vec::new(), retry_after: None }
    }

    /// A property of the body that cannot be what it says.
    pub fn property(target: &str, reason: &str) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "InvalidPropertyValue", format!("{target}: {reason}")).about(target)
    }

    /// Names the property that is wrong.
    pub fn about(self, target: &str) -> Failure {
        Failure { target: Some(target.to_owned()), ..self }
    }

    pub fn with_status(self, status: StatusCode) -> Failure {
        Failure { status, ..self }
    }

    pub fn not_found(what: &str, group: &str) -> Failure {
        let message = format!("The resource '{what}' in the resource group '{group}' was not found.");
        Failure::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }
}

impl From<api::Error> for Failure {
    /// For what operations answer: they know the data plane's names of properties.
    fn from(error: api::Error) -> Failure {
        Failure::read(&error, spelling::target)
    }
}

impl Failure {
    /// For what is wrong with the body as it was sent.
    pub fn of_body(error: &api::Error) -> Failure {
        Failure::read(error, str::to_owned)
    }

    fn read(error: &api::Error, spell: impl Fn(&str) -> String) -> Failure {
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (status, code) = match error.code {
            Code::InsufficientAccountPermissions => (status, "AuthorizationFailed"),
            Code::Unauthorized => (status, "AuthenticationFailed"),
            Code::AccountNotFound => (status, "ResourceNotFound"),
            Code::InvalidRequestBody => (status, "InvalidRequestContent"),
            Code::UnsupportedHttpVerb => (status, "MethodNotAllowed"),
            other => (status, other.as_str()),
        };
        let target = error.value("PropertyName").or(error.value("QueryParameterName")).map(spell);
        let reason = error.value("Reason").unwrap_or_default();
        let message = match &target {
            Some(target) => format!("{} {target}: {reason}", error.message),
            None => format!("{} {reason}", error.message),
        };
        let message = message.trim_end_matches([' ', ':']).to_owned();
        let details = error.values.iter().filter(|v| !matches!(v.key.as_str(), "PropertyName" | "Reason"));
        Failure {
            status,
            code,
            message,
            target,
            details: details.map(|v| (v.key.clone(), v.value.clone())).collect(),
            retry_after: error.value("RetryAfter").map(str::to_owned),
        }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Failure {
        api::Error::new(code).into()
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Failure {
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
    let client_id = request.headers().get(CLIENT_ID).filter(|id| id.len() <= 128).cloned();
    request.extensions_mut().insert(info.clone());
    let mut response = next.run(request).await;
    if let Some(failure) = failure_of(&response) {
        response = write(&cx, &info, failure, response.headers());
    }
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, &info.request_id);
    set(headers, CORRELATION_ID, &info.request_id);
    if let Some(id) = client_id {
        headers.insert(CLIENT_ID, id);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// What went wrong, if anything did. axum's own refusals (a path that is not UTF-8) have no [`Failure`] yet; sign-in
/// writes OAuth's errors itself.
pub(super) fn failure_of(response: &Response) -> Option<Failure> {
    if let Some(failure) = response.extensions().get::<Failure>() {
        return Some(failure.clone());
    }
    let has_body = response.headers().contains_key("content-type");
    match response.status() {
        _ if has_body => None,
        StatusCode::NOT_FOUND => Some(Code::ResourceNotFound.into()),
        StatusCode::METHOD_NOT_ALLOWED => Some(Code::UnsupportedHttpVerb.into()),
        status if status.is_client_error() => Some(Failure { status, ..Code::InvalidUri.into() }),
        status if status.is_server_error() => Some(Failure { status, ..Code::InternalError.into() }),
        _ => None,
    }
}

fn write(cx: &Context, info: &RequestInfo, failure: Failure, headers: &HeaderMap) -> Response {
    let mut response = match info.method {
        Method::HEAD => Body::empty().into_response(),
        _ => Json(json!({ "error": body(&failure) })).into_response(),
    };
    *response.status_mut() = failure.status;
    let out = response.headers_mut();
    set(out, HeaderName::from_static("x-ms-failure-cause"), "service");
    set(out, HeaderName::from_static("x-ms-error-code"), failure.code);
    if failure.status == StatusCode::UNAUTHORIZED {
        let uri = format!("{}/{}", info.base_url, cx.installation.tenant_id());
        set(out, WWW_AUTHENTICATE, &format!("Bearer authorization_uri=\"{uri}\", error=\"invalid_token\""));
    }
    if let Some(secs) = &failure.retry_after {
        set(out, RETRY_AFTER, secs);
    } else if failure.status == StatusCode::SERVICE_UNAVAILABLE {
        set(out, RETRY_AFTER, "1");
    }
    // What a 405 allows is said by the router.
    if let Some(allow) = headers.get(ALLOW) {
        out.insert(ALLOW, allow.clone());
    }
    response
}

fn body(failure: &Failure) -> Value {
    let mut body = json!({ "code": failure.code, "message": failure.message });
    if let Some(target) = &failure.target {
        body["target"] = target.as_str().into();
    }
    if !failure.details.is_empty() {
        let details = failure.details.iter().map(|(code, message)| json!({ "code": code, "message": message }));
        body["details"] = details.collect();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_property_is_the_target_in_arms_spelling() {
        let error = api::Error::invalid_property("targetDedicatedNodes", "-1", "between 0 and 7");
        let failure = Failure::from(error);
        assert_eq!(failure.target.as_deref(), Some("properties.scaleSettings.fixedScale.targetDedicatedNodes"));
        assert!(failure.message.ends_with("fixedScale.targetDedicatedNodes: between 0 and 7"), "{}", failure.message);
        assert_eq!(body(&failure)["details"], json!([{ "code": "PropertyValue", "message": "-1" }]));
    }

    #[test]
    fn codes_that_arm_names_otherwise_are_arms() {
        let check = |code: Code, status: u16, name: &str| {
            let failure = Failure::from(code);
            assert_eq!((failure.status.as_u16(), failure.code), (status, name));
        };
        check(Code::InsufficientAccountPermissions, 403, "AuthorizationFailed");
        check(Code::AccountNotFound, 404, "ResourceNotFound");
        check(Code::SubscriptionNotFound, 404, "SubscriptionNotFound");
        check(Code::PoolExists, 409, "PoolExists");
    }
}
