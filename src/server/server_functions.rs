//! `/portal/fn/…`: finds the caller, runs the server function, and gives errors their HTTP status.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;

use super::arguments;
use super::headers::ErrorAnswer;
use super::request::{Around, session_cookie};
use crate::api::{self, Code, Via};
use crate::domain::activity::{self, Operation};
use crate::service::session::{self, From};
use crate::service::{self, Caller, Context, Recorded, RequestId};
use crate::trace;

/// Marks an answer that is an error, and names the function: nobody needs it.
const ERROR_MARK: &str = "serverfnerror";
/// Errors are short.
const ERROR_BYTES: usize = 64 * 1024;

/// Goes with an answer that is an error.
#[derive(Clone, Copy)]
struct Failed(Code);

#[derive(Clone)]
pub struct ServerFunctions {
    cx: Context,
    is_https: bool,
    /// Paths of all server functions.
    known: Arc<HashSet<&'static str>>,
}

impl ServerFunctions {
    pub fn new(cx: Context, is_https: bool) -> ServerFunctions {
        let known = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        ServerFunctions { cx, is_https, known: Arc::new(known) }
    }
}

pub async fn serve(State(state): State<ServerFunctions>, request: Request) -> Response {
    let from = from_of(request.extensions());
    let Some(path) = state.known.get(request.uri().path()).copied() else {
        return answer(Code::ResourceNotFound.into(), &from);
    };
    trace::current(|span| span.set_route(path));
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let operation = activity::of_function(&name);
    let recorded = Recorded::begin(&state.cx, Via::Portal, operation.clone(), Some(from.address), &from.request_id);
    let response = perform(&state, request, &from, &recorded, &operation).await;
    // Every page asks who is signed in before anybody is: that is no attempt.
    if name == "session_get" {
        return response;
    }
    let failure = response.extensions().get::<Failed>().map(|failed| (failed.0.status(), failed.0.as_str()));
    recorded.end(&state.cx, failure).await;
    response
}

async fn perform(
    state: &ServerFunctions,
    request: Request,
    from: &From,
    recorded: &Recorded,
    operation: &Operation,
) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let caller = match signed_in(&state.cx, &parts).await {
        Ok(caller) => caller,
        Err(error) => return answer(error.into(), from),
    };
    if let Some(caller) = &caller {
        recorded.by(caller);
    }
    if operation.is_recorded {
        // The layer outside this one refuses what is longer.
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return answer(Code::RequestBodyTooLarge.into(), from);
        };
        arguments::note(recorded, &operation.name, &bytes);
        body = bytes.into();
    }
    // A page would be sent back to where it came from instead of getting its answer.
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let around = Around { cx: recorded.context(&state.cx), from: from.clone(), caller, is_https: state.is_https };
    let provide = move || provide_context(around.clone());
    let response =
        leptos_axum::handle_server_fns_with_context(provide, Request::from_parts(parts, body)).await.into_response();
    let mut response = with_status(response, from).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The user whose session the request carries.
pub async fn signed_in(cx: &Context, parts: &Parts) -> service::Result<Option<Caller>> {
    match session_cookie(&parts.headers) {
        Some(secret) => session::of_cookie(cx, secret, &from(parts)).await,
        None => Ok(None),
    }
}

pub fn from(parts: &Parts) -> From {
    from_of(&parts.extensions)
}

fn from_of(extensions: &Extensions) -> From {
    let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let id = extensions.get::<RequestId>().map(|id| id.0.clone());
    From { address: address.unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into()), request_id: id.unwrap_or_default() }
}

/// A server function's error comes as 500 whatever it is: gives it the status of its code, and the request's id.
async fn with_status(response: Response, from: &From) -> Response {
    if response.headers().get(ERROR_MARK).is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let error = match to_bytes(body, ERROR_BYTES).await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| Code::InternalError.into()),
        Err(_) => Code::InternalError.into(),
    };
    let mut response = answer(error, from);
    if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
        response.headers_mut().insert(header::SET_COOKIE, cookie.clone());
    }
    response
}

fn answer(error: api::Error, from: &From) -> Response {
    let code = error.code;
    let mut response = ErrorAnswer(api::Error { request_id: from.request_id.clone(), ..error }).into_response();
    response.extensions_mut().insert(Failed(code));
    response
}
