//! Requests to the provider. They go where the operator and the provider's own description say, and follow no redirection.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{HttpRequest, HttpResponse};

/// A person waits for it.
const TIME: Duration = Duration::from_secs(20);
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Goes through `openidconnect`, which wants an error type with a text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(String);

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

pub async fn send(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let answered = tokio::time::timeout(TIME, send_it(request)).await;
    answered
        .unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in time")))
        .map_err(|error| HttpError(format!("{error:#}")))
}

async fn send_it(request: HttpRequest) -> anyhow::Result<HttpResponse> {
    let response = client()?.request(request.map(|body| Full::new(Bytes::from(body)))).await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| anyhow::anyhow!(error))?;
    Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
}

/// Made at the first sign-in: few installations have a provider.
fn client() -> anyhow::Result<&'static HttpClient> {
    static CLIENT: OnceLock<HttpClient> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let provider = rustls::crypto::ring::default_provider();
    let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
    let connector = builder.context("reading whom the machine trusts")?.https_or_http().enable_http1().build();
    Ok(CLIENT.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
}
