//! Headers of every answer, and the shape of errors that no face of the server claims.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use super::ids;
use crate::api::{self, Code};
use crate::service::{Context, RequestId};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// An error as JSON with its status: `code`, `message`, `values`.
pub struct ErrorAnswer(pub api::Error);

impl From<Code> for ErrorAnswer {
    fn from(code: Code) -> Self {
        ErrorAnswer(code.into())
    }
}

impl IntoResponse for ErrorAnswer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let said = self.0.value("RetryAfter").and_then(|secs| HeaderValue::from_str(secs).ok());
        let retry_after = said.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(HeaderValue::from_static("1")));
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(self.0)).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, secs);
        }
        response
    }
}

/// Names the request, for its answer, its errors and the log.
pub async fn name_request(State(cx): State<Context>, mut request: Request, next: Next) -> Response {
    let id = ids::uuid(&*cx.random);
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // Whatever is logged on the way says which request it was.
    let span = tracing::info_span!("request", request_id = id, trace_id = tracing::field::Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.in_scope(
        || tracing::debug!(%method, path, status = status.as_u16(), request_id = id, "a request was answered"),
    );
    // An answer may carry its own, when the one it passes on was made elsewhere.
    response.headers_mut().entry(REQUEST_ID).or_insert(HeaderValue::from_str(&id).expect("a UUID is a legal value"));
    response
}

/// What the browser is told of the portal.
#[derive(Clone, Debug)]
pub struct PortalHeaders(HeaderMap);

impl PortalHeaders {
    /// `index` is the page whose inline scripts are allowed, and no others.
    pub fn new(index: &str, build_id: &str, is_https: bool) -> PortalHeaders {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).expect("the value is ours and ASCII");
            headers.insert(HeaderName::from_static(name), value);
        };
        set("content-security-policy", &content_security_policy(index));
        set("x-content-type-options", "nosniff");
        set("x-frame-options", "DENY");
        set("referrer-policy", "no-referrer");
        set("cross-origin-opener-policy", "same-origin");
        set("cross-origin-resource-policy", "same-origin");
        set("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
        set("x-fournil-build", build_id);
        if is_https {
            set("strict-transport-security", "max-age=31536000");
        }
        PortalHeaders(headers)
    }
}

/// Adds what is not there yet: an answer may be stricter.
pub async fn add_portal_headers(State(headers): State<Arc<PortalHeaders>>, request: Request, next: Next) -> Response {
    let is_localhost = is_localhost(request.headers());
    let mut response = next.run(request).await;
    // A browser that keeps to TLS does so on all ports of a name: other programs on the own machine would suffer.
    for (name, value) in
        headers.0.iter().filter(|(name, _)| !(is_localhost && *name == header::STRICT_TRANSPORT_SECURITY))
    {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

fn is_localhost(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    host.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case("localhost"))
}

fn content_security_policy(index: &str) -> String {
    let hashes: String = inline_scripts(index)
        .map(|script| format!(" 'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script))))
        .collect();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The text of scripts that stand in the page itself. The page is ours: tags are in lower case and well formed.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pages_own_inline_scripts_are_allowed() {
        let page = "<html><script type=\"module\">go()</script><script src=\"/a.js\"></script></html>";
        let policy = content_security_policy(page);
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest("go()"));
        assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' 'sha256-{hash}';")), "{policy}");
        assert!(!policy.contains("unsafe-inline"));
        assert!(content_security_policy("").contains("script-src 'self' 'wasm-unsafe-eval';"));
    }
}
