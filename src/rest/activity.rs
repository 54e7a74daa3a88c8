//! Notes each call for the activity log: named by its route, about what its path names.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::error::failure_of;
use super::request_info::RequestInfo;
use crate::api::Via;
use crate::auth::shared_key::percent_decode;
use crate::domain::activity::{self, Operation};
use crate::service::{Context, Recorded};

pub async fn record(State(cx): State<Context>, mut request: Request, next: Next) -> Response {
    let info = request.extensions().get::<RequestInfo>().cloned().expect("the outermost layer sets it");
    let path = percent_decode(request.uri().path(), false);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let operation = match &route {
        Some(route) => of_route(&info.method, route.as_str()),
        None => activity::of_batch(info.method.as_str(), activity::known_path(&path)),
    };
    let recorded = Recorded::begin(&cx, Via::Batch, operation, info.from, &info.request_id);
    recorded.about(&activity::resource(
        route.as_ref().map_or_else(|| activity::known_path(&path), MatchedPath::as_str),
        &path,
    ));
    request.extensions_mut().insert(recorded.clone());
    let response = next.run(request).await;
    let failure = failure_of(&response).map(|failure| (failure.status.as_u16(), failure.error.code.as_str()));
    // A condition that a read states and that does not hold is no failure.
    recorded.end(&cx, failure.filter(|(status, _)| *status >= 400)).await;
    response
}

type ByRoute = HashMap<String, Vec<(Method, Operation)>>;

/// As [`activity::of_batch`], kept: every request asks, and there are as many answers as routes and methods.
fn of_route(method: &Method, route: &str) -> Operation {
    static KNOWN: LazyLock<RwLock<ByRoute>> = LazyLock::new(RwLock::default);
    let find = |known: &ByRoute| {
        known.get(route).and_then(|all| all.iter().find(|(m, _)| m == method)).map(|(_, operation)| operation.clone())
    };
    if let Some(operation) = find(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
        return operation;
    }
    let operation = activity::of_batch(method.as_str(), route);
    // Methods that a stranger makes up are not kept.
    if matches!(*method, Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE) {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default().push((method.clone(), operation.clone()));
    }
    operation
}

/// What a body that makes something calls it.
#[derive(serde::Deserialize)]
struct Named {
    id: Option<String>,
    thumbprint: Option<String>,
}

/// Says what is made, where the path only names the list that it comes into.
pub(super) fn note_id(recorded: &Recorded, route: &str, body: &[u8]) {
    let is_list = !route.ends_with('}') && activity::of_batch("POST", route).name.ends_with("/write");
    let named = if is_list { serde_json::from_slice::<Named>(body).ok() } else { None };
    if let Some(id) = named.and_then(|named| named.id.or(named.thumbprint)) {
        recorded.makes(&id);
    }
}
