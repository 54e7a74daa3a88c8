//! One request to the collector.

use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use rustls::{ClientConfig, RootCertStore};

use crate::auth::shared_key::percent_decode;

/// Of one try.
const TIME: Duration = Duration::from_secs(10);
const LONGEST_ANSWER: usize = 64 * 1024;
/// What a hosted collector wants to see, as OpenTelemetry's programs are told it.
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];

pub struct Collector {
    pub url: Uri,
    headers: HeaderMap,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Why spans were not taken.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    reason: String,
    /// The same spans may be taken later.
    pub may_pass: bool,
}

impl Collector {
    pub fn new(endpoint: &str) -> anyhow::Result<Collector> {
        let url: Uri = format!("{endpoint}/v1/traces").parse()?;
        let said = HEADERS.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
        // The text itself is secret.
        let headers = match said {
            Some((name, text)) => headers(&text).with_context(|| format!("{name} is no list of NAME=VALUE"))?,
            None => HeaderMap::new(),
        };
        let tls = tls(url.scheme_str() == Some("https"))?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Collector { url, headers, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// How many of the spans the collector says it has not taken.
    ///
    /// # Errors
    /// When it has taken none.
    pub async fn send(&self, body: Bytes) -> Result<u64, Failure> {
        let answered = tokio::time::timeout(TIME, self.ask(body)).await;
        let failed = |reason: String| Failure { reason, may_pass: true };
        let (status, answer) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failed(chain(&error))),
            Err(_) => return Err(failed("no answer in time".to_owned())),
        };
        if status.is_success() {
            // Whatever else it says, it has them.
            let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
            return Ok(answer.partial_success.map_or(0, |partial| partial.rejected_spans.max(0).unsigned_abs()));
        }
        // Source: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
        let may_pass = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        Err(Failure { reason: format!("it answers {status}"), may_pass })
    }

    async fn ask(&self, body: Bytes) -> Result<(StatusCode, Bytes), hyper_util::client::legacy::Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let (parts, body) = self.client.request(request).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        Ok((parts.status, body.map(|body| body.to_bytes()).unwrap_or_default()))
    }
}

/// `name=value,name=value`, encoded as in URLs.
/// Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
fn headers(text: &str) -> Option<HeaderMap> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let mut value = HeaderValue::from_str(percent_decode(value.trim(), false).trim()).ok()?;
            value.set_sensitive(true);
            Some((name.trim().parse::<HeaderName>().ok()?, value))
        })
        .collect()
}

/// Whom the machine trusts; nobody, where nothing is encrypted.
fn tls(is_wanted: bool) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if is_wanted {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        anyhow::ensure!(!roots.is_empty(), "the machine trusts nobody: {:?}", found.errors);
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What went wrong, and why.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let read = headers("authorization=Basic%20abc==, X-Scope = 7,").unwrap();
        assert_eq!(read.get("authorization").unwrap(), "Basic abc==");
        assert_eq!(read.get("x-scope").unwrap(), "7");
        assert!(headers("").unwrap().is_empty());
        for bad in ["authorization", "a b=c", "a=b%0Ac"] {
            assert!(headers(bad).is_none(), "{bad}");
        }
    }
}
