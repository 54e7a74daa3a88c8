//! Only our own pages call what a session's cookie opens: what a browser says of a request's origin must be us.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::headers::ErrorAnswer;
use super::hosts::Hosts;
use crate::api::{self, Code};

/// For `/portal/…`: reads and writes come from our origin, writes carry JSON, or the bytes of a blob.
pub async fn check(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    match refusal(&hosts, request.method(), request.headers()) {
        Some(reason) => ErrorAnswer(api::Error::new(Code::Forbidden).with("Reason", reason)).into_response(),
        None => next.run(request).await,
    }
}

fn refusal(hosts: &Hosts, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Some("The request comes from another site.");
    }
    let is_ours = |origin: &str| {
        origin
            .split_once("://")
            .is_some_and(|(scheme, host)| matches!(scheme, "http" | "https") && hosts.contains(host))
    };
    if text("origin").is_some_and(|origin| !is_ours(origin)) {
        return Some("The request comes from another origin.");
    }
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    // Neither can a form of another site send, nor a script without asking first.
    let is_ours = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("application/octet-stream")
    });
    (!is_safe && !is_ours).then_some("The body must be application/json or application/octet-stream.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn check(method: Method, headers: &[(&'static str, &'static str)], allowed: bool) {
        let hosts = Hosts::new("127.0.0.1:8420".parse().unwrap(), None, &[]);
        let map =
            headers.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value))).collect();
        assert_eq!(refusal(&hosts, &method, &map).is_none(), allowed, "{method} {headers:?}");
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    #[test]
    fn our_pages_and_programs_pass() {
        check(Method::POST, &[JSON], true);
        check(Method::POST, &[JSON, ("origin", "http://127.0.0.1:8420"), ("sec-fetch-site", "same-origin")], true);
        check(Method::GET, &[("sec-fetch-site", "none")], true);
        check(Method::GET, &[], true);
    }

    #[test]
    fn other_sites_do_not() {
        check(Method::POST, &[JSON, ("origin", "http://evil.example")], false);
        check(Method::POST, &[JSON, ("origin", "http://127.0.0.1:9999")], false);
        check(Method::POST, &[JSON, ("origin", "null")], false);
        check(Method::POST, &[JSON, ("origin", "file://127.0.0.1:8420")], false);
        check(Method::POST, &[JSON, ("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[JSON, ("sec-fetch-site", "same-site")], false);
        check(Method::GET, &[("sec-fetch-site", "cross-site")], false);
    }

    #[test]
    fn forms_do_not() {
        check(Method::POST, &[], false);
        check(Method::POST, &[("content-type", "application/x-www-form-urlencoded")], false);
        check(Method::POST, &[("content-type", "text/plain")], false);
        check(Method::POST, &[("content-type", "application/json-but-not-quite")], false);
    }
}
