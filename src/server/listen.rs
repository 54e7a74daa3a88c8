//! Takes connections and serves HTTP/1.1 on them, in clear or within TLS, within limits that a slow or hostile peer cannot stretch.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::shutdown::Stopping;
use super::tls::{Arrival, Tls};

/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// After a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(50);
/// A request's head must be whole after so long, also on a connection that is kept open.
const HEAD_TIME: Duration = Duration::from_secs(30);
const HEAD_LINES: usize = 100;
const HEAD_BYTES: usize = 64 * 1024;
/// Requests that are being answered when the server stops may take so long.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Serves until the server stops and the last answers are out.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, router: Router, mut stopping: Stopping) {
    let tls = tls.map(Arc::new);
    let turns = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let turn = turns.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, mostly: those of ended connections come back.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = stopping.wait() => break,
        };
        let (tls, router, stopping) = (tls.clone(), router.clone(), stopping.clone());
        tokio::spawn(async move {
            if let Err(error) = take_connection(stream, peer, tls.as_deref(), router, stopping).await {
                tracing::trace!(error = format!("{error:#}"), %peer, "a connection ended with an error");
            }
            drop(turn);
        });
    }
    drop(listener);
    let all = u32::try_from(CONNECTIONS).expect("the number is small");
    if tokio::time::timeout(LAST_WORDS, turns.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests were cut off: they took too long to end");
    }
}

/// Serves one connection to its end.
async fn take_connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<&Tls>,
    router: Router,
    mut stopping: Stopping,
) -> anyhow::Result<()> {
    // Answers are small: they go out at once.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return Ok(serve_connection(stream, peer, router, stopping).await?) };
    let arrival = tokio::select! {
        arrival = tls.accept(stream) => arrival.inspect_err(|error| tracing::debug!(%error, %peer, "no TLS with a client"))?,
        () = stopping.wait() => return Ok(()),
    };
    match arrival {
        Arrival::Tls(stream) => Ok(serve_connection(*stream, peer, router, stopping).await?),
        Arrival::Plain => Ok(()),
    }
}

/// Answers the requests of one connection; when the server stops, the one that is being answered is the last.
async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    mut stopping: Stopping,
) -> hyper::Result<()> {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEAD_LINES)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        done = connection.as_mut() => return done,
        () = stopping.wait() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
