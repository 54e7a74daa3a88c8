//! All routes, and what stands before them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::headers::{ErrorAnswer, PortalHeaders};
use super::hosts::{Door, Hosts};
use super::server_functions::ServerFunctions;
use super::shutdown::Stopping;
use super::{
    Portal, activity_export, blobs, csrf, download, events, headers, hosts, proxies, server_functions,
    service_event_export,
};
use crate::api::Code;
use crate::scheduler::{self, hub::Hub};
use crate::service::Context;
use crate::{arm, rest};

/// Longest body of a request of the portal. The data plane has limits of its own.
const BODY_BYTES: usize = 4 * 1024 * 1024;
/// How long an answer may take to begin.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// First parts of paths that belong to programs, beside those of the data plane and of the management plane: a browser
/// never gets the portal's page for them.
const PROGRAMS: &[&str] = &["storage", "fournil", "node", "portal", "livez", "readyz"];

pub struct Parts {
    pub cx: Context,
    pub portal: Portal,
    pub hosts: Hosts,
    pub is_https: bool,
    pub trusted_proxies: proxies::Trusted,
    pub stopping: Stopping,
    /// Signing in by a provider, if there is one.
    pub oidc: Router,
    /// The agents' door.
    pub hub: Hub,
}

pub fn router(parts: Parts) -> Router {
    let hosts = Arc::new(parts.hosts);
    let index = parts.portal.index().unwrap_or_default();
    let portal_headers = Arc::new(PortalHeaders::new(index, &parts.cx.installation.build_id, parts.is_https));
    let door = Door { hosts: hosts.clone(), data_plane: rest::routes(&parts.cx), management: arm::routes(&parts.cx) };
    let health = Router::new().route("/livez", get(alive)).route("/readyz", get(ready)).with_state(parts.cx.clone());
    Router::new()
        .merge(portal(&parts.cx, parts.is_https, parts.stopping, hosts))
        .merge(parts.oidc)
        .merge(health)
        .merge(files(parts.portal))
        .layer(from_fn_with_state(portal_headers, headers::add_portal_headers))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIME))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(map_response(name_too_large))
        .merge(scheduler::routes(parts.cx.store.clone(), parts.hub))
        .merge(rest::storage::routes(&parts.cx))
        .layer(from_fn_with_state(door, hosts::check))
        .layer(from_fn_with_state(parts.cx, headers::name_request))
        .layer(from_fn_with_state(parts.trusted_proxies, proxies::resolve))
}

/// What the session's cookie opens.
fn portal(cx: &Context, is_https: bool, stopping: Stopping, hosts: Arc<Hosts>) -> Router {
    let functions = ServerFunctions::new(cx.clone(), is_https);
    let events = events::Events { cx: cx.clone(), stopping };
    let routes = Router::new()
        .route("/portal/fn/{*name}", post(server_functions::serve).with_state(functions))
        .route("/portal/events", get(events::serve).with_state(events))
        .route("/portal/download/{account}/{job}/{task}/{*path}", get(download::task_file).with_state(cx.clone()))
        .route("/portal/node-files/{account}/{pool}/{node}/{*path}", get(download::node_file).with_state(cx.clone()))
        .merge(blobs::routes(cx))
        .route("/portal/activity/{format}", get(activity_export::serve).with_state(cx.clone()))
        .route("/portal/service-events/{account}", get(service_event_export::serve).with_state(cx.clone()))
        .route_layer(from_fn_with_state(hosts, csrf::check));
    rest::trace::watch(routes, cx)
}

/// Everything that has no route: the portal's files and places.
fn files(portal: Portal) -> Router {
    Router::new().fallback(file).with_state(portal)
}

async fn file(State(portal): State<Portal>, request: Request) -> Response {
    let path = request.uri().path();
    let root = path.split('/').nth(1).unwrap_or_default();
    let page = if PROGRAMS.contains(&root) { None } else { portal.answer(request.method(), path, request.headers()) };
    page.unwrap_or_else(|| ErrorAnswer::from(Code::ResourceNotFound).into_response())
}

/// A body over the limit is refused before it is read, in our own shape of errors.
async fn name_too_large(response: Response) -> Response {
    let is_ours =
        response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !is_ours {
        return ErrorAnswer::from(Code::RequestBodyTooLarge).into_response();
    }
    response
}

/// The process answers.
async fn alive() -> &'static str {
    "alive\n"
}

/// Operations can be served: the store reads and writes.
async fn ready(State(cx): State<Context>) -> Response {
    match cx.store.write(|_| Box::pin(async { Ok::<_, crate::store::Error>(()) })).await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the store does not work");
            ErrorAnswer::from(Code::ServerBusy).into_response()
        }
    }
}
