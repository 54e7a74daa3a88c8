//! What the benchmarks need of a Batch client: requests signed with the account's key, one kept connection.

use anyhow::{Context, bail};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::auth::shared_key::{Signed, candidates, sign};
use fournil::server::clock::SystemClock;
use fournil::service::context::Clock;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

const VERSION: &str = "api-version=2024-02-01.19.0";

pub struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    url: String,
    account: String,
    key: Vec<u8>,
}

impl Client {
    pub fn new(url: &str, account: &str, key: &str) -> anyhow::Result<Client> {
        let http = Http::builder(TokioExecutor::new()).build(HttpConnector::new());
        Ok(Client { http, url: url.to_owned(), account: account.to_owned(), key: STANDARD.decode(key)? })
    }

    /// The answer's body; an error for anything but 2xx.
    pub async fn call(&self, method: Method, path: &str, query: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let query = if query.is_empty() { VERSION.to_owned() } else { format!("{VERSION}&{query}") };
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let headers = self.signed_headers(&method, path, &query, body.len())?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        (*request.method_mut(), *request.headers_mut()) = (method, headers);
        *request.uri_mut() = format!("{}{path}?{query}", self.url).parse()?;
        let response = self.http.request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? })
    }

    /// A request without a body as it goes over the wire; good for a quarter of an hour, as often as one likes.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub fn request_bytes(&self, method: Method, path: &str) -> anyhow::Result<Vec<u8>> {
        let headers = self.signed_headers(&method, path, VERSION, 0)?;
        let host = self.url.trim_start_matches("http://");
        let mut text = format!("{method} {path}?{VERSION} HTTP/1.1\r\nhost: {host}\r\n");
        for (name, value) in &headers {
            text.push_str(&format!("{name}: {}\r\n", value.to_str()?));
        }
        text.push_str("\r\n");
        Ok(text.into_bytes())
    }

    fn signed_headers(&self, method: &Method, path: &str, query: &str, body_bytes: usize) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| -> anyhow::Result<()> {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
            Ok(())
        };
        set("ocp-date", SystemClock.now().to_http_date())?;
        set("content-type", "application/json; odata=minimalmetadata".to_owned())?;
        if body_bytes > 0 {
            set("content-length", body_bytes.to_string())?;
        }
        let signed = Signed { method: method.as_str(), path, query, headers: &headers };
        let text = candidates(&signed, &self.account).next().context("there is always a text to sign")?;
        let signature = STANDARD.encode(sign(&self.key, &text));
        headers.insert("authorization", HeaderValue::from_str(&format!("SharedKey {}:{signature}", self.account))?);
        Ok(headers)
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, "", None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, "", Some(body)).await
    }
}
