//! Requests to buckets. They follow no redirection, and everything has a time limit: a service that takes a request and then
//! says nothing must not hold anybody for ever.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Uri;
use axum::http::uri::Scheme;
use futures_util::future::BoxFuture;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector as StoreConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;

const TO_CONNECT: Duration = Duration::from_secs(10);
/// Until the answer begins: with it a part of 64 MiB goes up at 1 MiB a second.
const TO_ANSWER: Duration = Duration::from_secs(90);
const IDLE: Duration = Duration::from_secs(30);

type Https = Client<HttpsConnector<HttpConnector<Resolver>>, HttpRequestBody>;

/// `silence` is how long a body may stand still.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    pub answer: Duration,
    pub silence: Duration,
}

impl Default for Transport {
    fn default() -> Transport {
        Transport { answer: TO_ANSWER, silence: Duration::from_secs(30) }
    }
}

impl StoreConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = client().map_err(|error| object_store::Error::Generic { store: "TLS", source: error.into() })?;
        Ok(HttpClient::new(Sender { client: client.clone(), limits: *self }))
    }
}

/// Connections of all buckets are kept together. Made with the first bucket: few installations have one.
fn client() -> io::Result<&'static Https> {
    static CLIENT: OnceLock<Https> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let mut http = HttpConnector::new_with_resolver(Resolver);
    http.enforce_http(false);
    http.set_connect_timeout(Some(TO_CONNECT));
    http.set_nodelay(true);
    let builder =
        HttpsConnectorBuilder::new().with_provider_and_native_roots(rustls::crypto::ring::default_provider())?;
    let connector = builder.https_or_http().enable_http1().wrap_connector(http);
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    Ok(CLIENT.get_or_init(|| client.build(connector)))
}

#[derive(Clone)]
struct Sender {
    client: Https,
    limits: Transport,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl HttpService for Sender {
    // As `async_trait` writes it.
    fn call<'s, 'f>(&'s self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.send(request))
    }
}

impl Sender {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        check_target(request.uri()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let answer = tokio::time::timeout(self.limits.answer, self.client.request(request)).await;
        let answer = answer.map_err(|_| silent())?.map_err(failed)?;
        let silence = self.limits.silence;
        let guarded = |inner| Guarded { inner, silence, deadline: Box::pin(sleep(silence)), waits: false };
        Ok(answer.map(|inner| HttpResponseBody::new(guarded(inner))))
    }
}

fn silent() -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut))
}

fn failed(error: ClientError) -> HttpError {
    let kind = if error.is_connect() { HttpErrorKind::Connect } else { kind_of(&error) };
    HttpError::new(kind, error)
}

fn kind_of(error: &(dyn StdError + 'static)) -> HttpErrorKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_timeout) {
            return HttpErrorKind::Timeout;
        }
        cause = error.source();
    }
    // Whether the other side has seen the request is not known: only what may be said twice is said again.
    HttpErrorKind::Interrupted
}

/// Instances of the clouds find their own credentials at such addresses: no bucket is there.
fn is_forbidden(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => {
            let of_instances = [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254];
            v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || v6.segments() == of_instances
        }
    }
}

fn forbidden() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the address is one at which there is no bucket")
}

/// Addresses that are written as such go past the resolver.
fn check_target(uri: &Uri) -> io::Result<()> {
    let is_http = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_open = !host.is_empty() && !host.parse().is_ok_and(is_forbidden);
    if is_http && is_open { Ok(()) } else { Err(forbidden()) }
}

/// The very addresses that were looked at are those that are spoken to.
#[derive(Clone)]
struct Resolver;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found.filter(|address| !is_forbidden(address.ip())).collect();
            if open.is_empty() { Err(forbidden()) } else { Ok(open.into_iter()) }
        })
    }
}

/// A body that breaks off when nothing of it comes for too long.
struct Guarded {
    inner: Incoming,
    silence: Duration,
    deadline: Pin<Box<Sleep>>,
    /// Only the time in which somebody waits for the body counts: a slow reader is not the bucket's silence.
    waits: bool,
}

impl Body for Guarded {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.waits = false;
                Poll::Ready(frame.map(|frame| frame.map_err(|error| HttpError::new(kind_of(&error), error))))
            }
            Poll::Pending => {
                if !std::mem::replace(&mut self.waits, true) {
                    let end = Instant::now() + self.silence;
                    self.deadline.as_mut().reset(end);
                }
                ready!(self.deadline.as_mut().poll(cx));
                Poll::Ready(Some(Err(silent())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_goes_where_instances_of_clouds_find_their_credentials() {
        for (url, is_open) in [
            ("https://s3.us-east-1.amazonaws.com/b", true),
            ("http://127.0.0.1:9000/b", true),
            ("http://10.0.0.3/b", true),
            ("http://[::1]:9000/b", true),
            ("http://169.254.169.254/latest", false),
            ("http://[::ffff:169.254.169.254]/latest", false),
            ("http://[fd00:ec2::254]/latest", false),
            ("http://[fe80::1]/", false),
            ("http://0.0.0.0/", false),
            ("ftp://host/", false),
            ("/path", false),
        ] {
            assert_eq!(check_target(&url.parse().unwrap()).is_ok(), is_open, "{url}");
        }
    }
}
