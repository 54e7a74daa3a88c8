//! `/storage/{account}/{container}/{blob}`, and `/fournil/{container}/{blob}` for the default account: blob storage in the REST form of Azure Storage, so that its libraries work with
//! the built-in storage. Errors are that service's, in XML. No rule lives here.
//!
//! Bodies are streamed both ways; whoever calls is known before a byte of them is read.

mod auth;
mod blob;
mod call;
mod container;
mod copy;
mod reply;
mod write;
mod xml;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::any;

use self::call::{Call, Envelope};
use super::trace;
use crate::api::{StorageCode, StorageError};
use crate::service::Context;
use crate::service::storage::account;

type Result<T> = std::result::Result<T, StorageError>;

pub fn routes(cx: &Context) -> Router {
    let default = format!("/{}", account::DEFAULT_NAME);
    let routes = Router::new()
        .route("/storage/{*path}", any(serve))
        .route(&default, any(serve))
        .route(&format!("{default}/"), any(serve))
        .route(&format!("{default}/{{*path}}"), any(serve));
    trace::watch(routes, cx).with_state(cx.clone())
}

async fn serve(State(cx): State<Context>, request: Request) -> Response {
    let envelope = Envelope::of(&cx, &request);
    let outcome = match Call::read(cx, request).await {
        Ok((call, body)) => dispatch(&call, body).await,
        Err(error) => Err(error),
    };
    envelope.seal(outcome)
}

async fn dispatch(call: &Call, body: Body) -> Result<Response> {
    let (restype, comp) = (call.query("restype").to_owned(), call.query("comp").to_owned());
    let is_read = matches!(call.method, Method::GET | Method::HEAD);
    match (call.level(), restype.as_str(), comp.as_str()) {
        (call::Level::Account, "", "list") if call.method == Method::GET => container::list(call).await,
        (call::Level::Account, "account", "properties") if is_read => Ok(container::account_properties()),
        (call::Level::Container, "container", "") => match call.method {
            Method::PUT => container::create(call).await,
            Method::DELETE => container::delete(call).await,
            Method::GET | Method::HEAD => container::get(call).await,
            _ => Err(StorageCode::UnsupportedHttpVerb.into()),
        },
        (call::Level::Container, "container", "metadata") if is_read => container::get(call).await,
        (call::Level::Container, "container", "list") if call.method == Method::GET => blob::list(call).await,
        (call::Level::Blob, "", "") => match call.method {
            Method::GET | Method::HEAD => blob::get(call).await,
            Method::DELETE => blob::delete(call).await,
            Method::PUT if call.header("x-ms-copy-source").is_some() => copy::copy(call).await,
            Method::PUT => write::put_blob(call, body).await,
            _ => Err(StorageCode::UnsupportedHttpVerb.into()),
        },
        (call::Level::Blob, "", "metadata") if is_read => blob::get_properties(call).await,
        (call::Level::Blob, "", "block") if call.method == Method::PUT => write::put_block(call, body).await,
        (call::Level::Blob, "", "blocklist") if call.method == Method::PUT => write::put_block_list(call, body).await,
        (call::Level::Blob, "", "blocklist") if call.method == Method::GET => blob::block_list(call).await,
        _ => Err(StorageCode::NotImplemented.into()),
    }
}
