//! What is known of a request before it is known who calls.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::header::{HOST, HeaderValue};
use axum::http::{HeaderMap, Method};

use crate::service::Context;
use crate::service::context::RequestId;

#[derive(Clone, Debug)]
pub struct RequestInfo {
    pub method: Method,
    /// The server's, or a new GUID where the server gave none.
    pub request_id: String,
    pub from: Option<IpAddr>,
    /// Scheme and host as the client reached us: links in answers begin with it.
    pub base_url: String,
    /// The client's own id, when it wants it back.
    client_request_id: Option<HeaderValue>,
}

impl RequestInfo {
    pub fn read(cx: &Context, request: &Request) -> Self {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let wanted = text("return-client-request-id").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let id = headers.get("client-request-id").or_else(|| headers.get("x-ms-client-request-id"));
        RequestInfo {
            method: request.method().clone(),
            request_id: request.extensions().get::<RequestId>().map_or_else(|| new_guid(cx), |id| id.0.clone()),
            from: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
            base_url: base_url(&cx.installation.base_url, text(HOST.as_str())),
            client_request_id: id.filter(|id| wanted && id.len() <= 128).cloned(),
        }
    }

    pub fn set_headers(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert("request-id", id);
        }
        if let Some(id) = &self.client_request_id {
            headers.insert("client-request-id", id.clone());
        }
    }
}

fn new_guid(cx: &Context) -> String {
    let mut bytes = [0; 16];
    cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The installation's scheme with the host that the client named; a host that could not stand in a URL is not repeated.
fn base_url(own: &str, host: Option<&str>) -> String {
    let scheme = own.split_once("://").map_or("http", |(scheme, _)| scheme);
    let sound = |h: &&str| {
        !h.is_empty()
            && h.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
    };
    host.filter(sound).map_or_else(|| own.trim_end_matches('/').to_owned(), |host| format!("{scheme}://{host}"))
}

/// The account that a host name begins with: `{account}.{location}.batch.{our host}`, `{account}.{our host}`, or, for a
/// server on the own machine, `{account}.localhost`.
pub fn account_in_host<'h>(own_url: &str, host: &'h str) -> Option<&'h str> {
    let own = own_url.split_once("://").map_or(own_url, |(_, host)| host);
    let (own, host) = (without_port(own), without_port(host));
    let (account, rest) = host.split_once('.')?;
    let ours = |rest: &str| rest.eq_ignore_ascii_case(own) || rest.eq_ignore_ascii_case("localhost");
    let below_batch = rest
        .split_once('.')
        .and_then(|(_, rest)| rest.split_once('.'))
        .is_some_and(|(batch, rest)| batch.eq_ignore_ascii_case("batch") && ours(rest));
    (ours(rest) || below_batch).then_some(account)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_the_host_that_the_client_named() {
        assert_eq!(base_url("http://127.0.0.1:80", Some("batch.lab:8080")), "http://batch.lab:8080");
        assert_eq!(base_url("https://batch.lab/", None), "https://batch.lab");
        assert_eq!(base_url("https://batch.lab", Some("a\"b")), "https://batch.lab");
    }

    #[test]
    fn a_host_name_can_name_the_account() {
        let check = |own, host, account| assert_eq!(account_in_host(own, host), account, "{host}");
        check("https://batch.lab:8443", "acc.batch.lab:8443", Some("acc"));
        check("https://lab", "acc.here.batch.lab", Some("acc"));
        check("http://127.0.0.1:8080", "acc.localhost:8080", Some("acc"));
        check("http://127.0.0.1:8080", "acc.here.batch.localhost", Some("acc"));
        check("http://127.0.0.1:8080", "127.0.0.1:8080", None);
        check("https://batch.lab", "batch.lab", None);
        check("https://batch.lab", "acc.elsewhere", None);
        check("http://127.0.0.1:8080", "[::1]:8080", None);
        check("http://127.0.0.1:8080", "localhost:8080", None);
    }
}
