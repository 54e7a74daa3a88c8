//! Notes each call for the activity log: named by its route, about what its path names.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::error::failure_of;
use crate::api::Via;
use crate::auth::shared_key::percent_decode;
use crate::domain::activity;
use crate::rest::request_info::RequestInfo;
use crate::service::{Context, Recorded};

/// Marks the answer to a program that asks whether a person has let it in, and hears that nobody has yet.
#[derive(Clone, Copy)]
pub struct StillWaiting;

const ACCOUNTS: &str = "/providers/microsoft.batch/batchaccounts/";

pub async fn record(State(cx): State<Context>, mut request: Request, next: Next) -> Response {
    let info = request.extensions().get::<RequestInfo>().cloned().expect("the outermost layer sets it");
    let path = percent_decode(request.uri().path(), false);
    let route = request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned());
    let route = route.unwrap_or_else(|| "/unknown".to_owned());
    let operation = activity::of_management(info.method.as_str(), &route);
    let is_sign_in = operation.name.starts_with("Fournil/");
    let recorded = Recorded::begin(&cx, Via::Management, operation, info.from, &info.request_id);
    let named = activity::resource(&route, &path);
    match named.split_once(ACCOUNTS.trim_start_matches('/')) {
        Some((_, below)) => {
            let (account, below) = below.split_once('/').unwrap_or((below, ""));
            recorded.on_account(account);
            recorded.about(below);
        }
        // Sign-in is about nothing but who signs in.
        None if is_sign_in => {}
        None => recorded.about(&named),
    }
    request.extensions_mut().insert(recorded.clone());
    let response = next.run(request).await;
    let failure = failure_of(&response);
    let status = response.status();
    if response.extensions().get::<StillWaiting>().is_some() {
        recorded.measure(&cx, status.as_u16());
        return response;
    }
    let code = match &failure {
        Some(failure) => Some((failure.status.as_u16(), failure.code)),
        // Sign-in writes its errors itself.
        None if status.is_client_error() => Some((status.as_u16(), "AuthenticationFailed")),
        None if status.is_server_error() => Some((status.as_u16(), "ServerBusy")),
        None => None,
    };
    recorded.end(&cx, code).await;
    response
}
