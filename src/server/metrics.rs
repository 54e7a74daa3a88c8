//! Metrics for Prometheus, on an address of their own: whoever reaches it may read them, so it is off unless asked for and
//! on this machine unless the network is trusted.

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

use super::headers::ErrorAnswer;
use super::hosts::Hosts;
use super::listen;
use super::shutdown::Stopping;
use crate::api::Code;
use crate::service::Context;
use crate::service::metrics::metrics_get;

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// # Errors
/// When the address cannot be listened on.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on (metrics-listen)"))
}

pub async fn serve(listener: TcpListener, cx: Context, stopping: Stopping) {
    let Ok(address) = listener.local_addr() else { return };
    let hosts = Arc::new(Hosts::new(address, None, &[]));
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .fallback(|| async { ErrorAnswer::from(Code::ResourceNotFound) })
        .layer(from_fn_with_state(hosts, check_host))
        .with_state(cx);
    listen::serve(listener, None, routes, stopping).await;
}

async fn metrics(State(cx): State<Context>) -> Response {
    match metrics_get(&cx).await {
        Ok(text) => ([(header::CONTENT_TYPE, KIND), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

/// A page of a stranger can make a browser ask here under the stranger's own name.
async fn check_host(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match host.is_some_and(|host| hosts.contains(host)) {
        true => next.run(request).await,
        false => ErrorAnswer::from(Code::MisdirectedRequest).into_response(),
    }
}
