//! HTTP for transfers: each request on a connection of its own, to an address that was looked at first.
//!
//! A name is resolved once, the addresses are checked, and the connection goes to one that passed: a name that changes its
//! mind meanwhile changes nothing. The same holds for each redirection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::agent::way::Way;
use crate::api::AddressRange;

const CONNECT_TIME: Duration = Duration::from_secs(20);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(90);
/// Bytes a second; an upload that is slower is given up.
const SLOWEST_UPLOAD: u64 = 32 << 10;
const MOST_REDIRECTIONS: usize = 5;
/// Tries of one request, and the pause after the first; each further pause is twice as long. About a minute in all: a server
/// that is started again meanwhile is not noticed.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub enum HttpError {
    /// What is written as an address is none.
    BadUrl(String),
    Forbidden(IpAddr),
    Status(u16),
    TimedOut(&'static str),
    TooManyRedirections,
    /// Anything of the network; trying again may help.
    Failed(String),
    /// The answer is not what was asked for.
    BadAnswer(String),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::BadUrl(reason) => write!(f, "the URL cannot be used ({reason})"),
            HttpError::Forbidden(address) => write!(f, "{address} is forbidden"),
            HttpError::Status(status) => write!(f, "the server answered with status {status}"),
            HttpError::TimedOut(what) => write!(f, "{what} took too long"),
            HttpError::TooManyRedirections => write!(f, "the server redirects more than {MOST_REDIRECTIONS} times"),
            HttpError::Failed(reason) | HttpError::BadAnswer(reason) => f.write_str(reason),
        }
    }
}

impl HttpError {
    fn may_pass(&self) -> bool {
        match self {
            HttpError::Status(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            HttpError::TimedOut(_) | HttpError::Failed(_) => true,
            _ => false,
        }
    }
}

pub type Result<T> = std::result::Result<T, HttpError>;

pub struct Client {
    forbidden: Vec<AddressRange>,
    /// What is not forbidden nevertheless.
    allowed: Vec<AddressRange>,
    /// Certificates of an authority that is trusted besides those that the machine trusts.
    authority: Option<String>,
    /// Made when it is first needed: reading what the machine trusts takes longer than a small download.
    tls: OnceLock<TlsConnector>,
    first_pause: Duration,
}

impl Client {
    pub fn new(forbidden: Vec<AddressRange>, authority: Option<String>) -> Client {
        Client { forbidden, allowed: Vec::new(), authority, tls: OnceLock::new(), first_pause: FIRST_PAUSE }
    }

    /// For requests of the server's own, such as those of web hooks.
    pub fn of_server(forbidden: Vec<AddressRange>, allowed: Vec<AddressRange>) -> Client {
        Client { allowed, ..Client::new(forbidden, None) }
    }

    fn tls(&self) -> anyhow::Result<TlsConnector> {
        if let Some(ready) = self.tls.get() {
            return Ok(ready.clone());
        }
        let mut trusted = RootCertStore::empty();
        // What the machine trusts and cannot be read is left out: then connections that need it fail, and say so.
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in
            self.authority.as_deref().map(|pem| CertificateDer::pem_slice_iter(pem.as_bytes())).into_iter().flatten()
        {
            trusted.add(certificate.context("reading the server's authority")?)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(self.tls.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
    }

    /// Does `work`, and again after a pause when it failed for a reason that may pass.
    pub async fn with_retries<T>(&self, mut work: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let mut pause = self.first_pause;
        for _ in 1..TRIES {
            match work().await {
                Err(error) if error.may_pass() => tokio::time::sleep(pause.min(LONGEST_PAUSE)).await,
                outcome => return outcome,
            }
            pause *= 2;
        }
        work().await
    }

    /// A successful answer to GET; redirections are followed.
    pub async fn get(&self, url: &str, headers: &HeaderMap) -> Result<Response<Incoming>> {
        let mut uri = parse(url)?;
        for _ in 0..=MOST_REDIRECTIONS {
            let asking = self.ask(Method::GET, &uri, headers.clone(), Body::empty());
            let response = within(SILENCE, "waiting for the server", asking).await?;
            if !response.status().is_redirection() {
                return successful(response);
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            uri = resolve(&uri, to.ok_or(HttpError::Status(response.status().as_u16()))?)?;
        }
        Err(HttpError::TooManyRedirections)
    }

    /// PUT of so many bytes; the answer must be a success.
    pub async fn put(&self, url: &str, mut headers: HeaderMap, length: u64, body: Body) -> Result<()> {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        let time = SILENCE + Duration::from_secs(length / SLOWEST_UPLOAD);
        let uri = parse(url)?;
        let asking = self.ask(Method::PUT, &uri, headers, body);
        successful(within(time, "uploading", asking).await?).map(drop)
    }

    /// The status of the answer to POST, whatever it is; redirections are not followed. Of its body so many bytes are read at most.
    pub async fn post(&self, url: &str, mut headers: HeaderMap, body: Vec<u8>, most: usize) -> Result<u16> {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let response = self.ask(Method::POST, &parse(url)?, headers, Body::from(body)).await?;
        let status = response.status().as_u16();
        // A connection that is cut before its answer has ended looks like a failure to many receivers.
        let _ = whole(&mut response.into_body(), most).await;
        Ok(status)
    }

    async fn ask(&self, method: Method, uri: &Uri, headers: HeaderMap, body: Body) -> Result<Response<Incoming>> {
        let way = within(CONNECT_TIME, "connecting", self.connect(uri)).await?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(way)).await;
        let (mut sender, connection) = handshake.map_err(failed)?;
        let driving = tokio::spawn(connection);
        let mut request = Request::new(body);
        *request.method_mut() = method;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| HttpError::BadUrl("its path".into()))?;
        *request.headers_mut() = headers;
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(host).map_err(|_| HttpError::BadUrl("its host".into()))?;
        request.headers_mut().insert(header::HOST, host);
        let agent = HeaderValue::from_static(concat!("fournil/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(header::USER_AGENT, agent);
        let answer = sender.send_request(request).await;
        if answer.is_err() {
            driving.abort();
        }
        answer.map_err(failed)
    }

    async fn connect(&self, uri: &Uri) -> Result<Box<dyn Way>> {
        let is_tls = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let addresses = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> =
            addresses.map_err(|e| HttpError::Failed(format!("{host} is not known: {e}")))?.collect();
        let is_in = |ranges: &[AddressRange], address: IpAddr| ranges.iter().any(|range| range.contains(address));
        let is_forbidden =
            |address: &SocketAddr| is_in(&self.forbidden, address.ip()) && !is_in(&self.allowed, address.ip());
        // One bad address among good ones is how a name sneaks in: none of them is spoken to.
        if let Some(address) = addresses.iter().find(|address| is_forbidden(address)) {
            return Err(HttpError::Forbidden(address.ip()));
        }
        let stream = TcpStream::connect(&addresses[..]).await;
        let stream = stream.map_err(|e| HttpError::Failed(format!("no connection to {host}:{port}: {e}")))?;
        if !is_tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|e| HttpError::BadUrl(e.to_string()))?;
        let tls = self.tls().map_err(|e| HttpError::BadAnswer(format!("{e:#}")))?;
        let stream = tls.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|e| HttpError::Failed(format!("no TLS with {host}:{port}: {e}")))?))
    }
}

/// The next piece of an answer's body; None at its end. A body that ends before its length is an error.
pub async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>> {
    loop {
        let frame = within(SILENCE, "waiting for the server", async { Ok(body.frame().await) }).await?;
        match frame.transpose().map_err(failed)?.map(hyper::body::Frame::into_data) {
            None => return Ok(None),
            Some(Ok(data)) => return Ok(Some(data)),
            // Trailers.
            Some(Err(_)) => {}
        }
    }
}

/// A whole body that is known to be small.
pub async fn whole(body: &mut Incoming, most: usize) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(piece) = next_piece(body).await? {
        all.extend_from_slice(&piece);
        if all.len() > most {
            return Err(HttpError::BadAnswer(format!("the answer is longer than {most} bytes")));
        }
    }
    Ok(all)
}

async fn within<T>(time: Duration, what: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(time, work).await.unwrap_or(Err(HttpError::TimedOut(what)))
}

fn failed(error: hyper::Error) -> HttpError {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    HttpError::Failed(format!("the connection failed: {error}{cause}"))
}

fn successful(response: Response<Incoming>) -> Result<Response<Incoming>> {
    if response.status().is_success() { Ok(response) } else { Err(HttpError::Status(response.status().as_u16())) }
}

fn parse(url: &str) -> Result<Uri> {
    let text = url.split('#').next().unwrap_or_default();
    let uri: Uri = escape(text).parse().map_err(|e: axum::http::uri::InvalidUri| HttpError::BadUrl(e.to_string()))?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    if is_web && uri.host().is_some_and(|host| !host.is_empty()) {
        Ok(uri)
    } else {
        Err(HttpError::BadUrl("it begins neither with http:// nor with https://".into()))
    }
}

/// Programs write blanks and letters of all scripts into URLs; on the wire they are escaped.
fn escape(url: &str) -> String {
    let piece = |byte: u8| match byte {
        b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    url.bytes().map(piece).collect()
}

/// Where a redirection leads.
fn resolve(from: &Uri, to: &str) -> Result<Uri> {
    let authority = from.authority().map_or("", |authority| authority.as_str());
    let scheme = from.scheme_str().unwrap_or("http");
    if to.starts_with("//") {
        return parse(&format!("{scheme}:{to}"));
    }
    if to.starts_with('/') {
        return parse(&format!("{scheme}://{authority}{to}"));
    }
    if to.contains("://") {
        return parse(to);
    }
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    parse(&format!("{scheme}://{authority}{folder}/{to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_are_resolved_as_browsers_do() {
        let from: Uri = "http://h:1/a/b?c".parse().unwrap();
        let check = |to: &str, expected: &str| assert_eq!(resolve(&from, to).unwrap().to_string(), expected, "{to}");
        check("/x?y", "http://h:1/x?y");
        check("x", "http://h:1/a/x");
        check("//other/x", "http://other/x");
        check("https://other:2/x", "https://other:2/x");
        for bad in ["file:///etc/passwd", "ftp://h/x", "http://"] {
            assert!(resolve(&from, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_programs_write_is_escaped() {
        assert_eq!(parse("http://h/a b/é?x=%20").unwrap().to_string(), "http://h/a%20b/%C3%A9?x=%20");
        assert_eq!(parse("http://h/a#b").unwrap().to_string(), "http://h/a");
        assert!(parse("unix:/run/x").is_err());
    }

    /// A client that does not wait between its tries.
    fn hasty() -> Client {
        Client { first_pause: Duration::ZERO, ..Client::new(Vec::new(), None) }
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_so_often_and_then_said() {
        let check = async |error: fn() -> HttpError, tries: u32| {
            let mut n = 0;
            let client = hasty();
            let outcome: Result<()> = client
                .with_retries(async || {
                    n += 1;
                    Err(error())
                })
                .await;
            assert_eq!(outcome.unwrap_err().to_string(), error().to_string());
            assert_eq!(n, tries, "{}", error());
        };
        let passing: [fn() -> HttpError; 3] =
            [|| HttpError::Status(503), || HttpError::Status(429), || HttpError::Failed("cut".into())];
        for error in passing {
            check(error, TRIES).await;
        }
        let lasting: [fn() -> HttpError; 3] =
            [|| HttpError::Status(404), || HttpError::Status(403), || HttpError::BadAnswer("x".into())];
        for error in lasting {
            check(error, 1).await;
        }
    }
}
