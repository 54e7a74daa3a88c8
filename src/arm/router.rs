//! The routes of the management plane.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};
use tower::Layer;
use tower::util::MapRequestLayer;

use super::error::Failure;
use super::{
    absent, account, activity, application, application_package, call, certificate, error, key, location, names,
    network, operation_result, pool, provider, resource_group, role_assignment, role_definition, sign_in, subscription,
};
use crate::api::Code;
use crate::rest::trace;
use crate::service::Context;

/// First parts of the management plane's paths. No page of the portal begins with one of them.
const ROOTS: &[&str] = &["subscriptions", "providers", "tenants", "metadata", "msi"];

/// Whether a path belongs to the management plane.
pub fn owns(path: &str) -> bool {
    let root = path.split('/').nth(1).unwrap_or_default();
    ROOTS.iter().any(|own| own.eq_ignore_ascii_case(root)) || sign_in::owns(path)
}

/// Routes, and what they are called, so that a test can walk all of them.
#[derive(Default)]
pub struct Routes {
    router: Router<Context>,
    known: Vec<(Method, &'static str)>,
}

impl Routes {
    /// The fixed parts of a path are in lower case; see [`names`].
    pub fn on<H, T>(mut self, method: Method, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, Context>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("ARM uses ordinary methods");
        self.known.push((method, path));
        Routes { router: self.router.route(path, on(filter, handler)), ..self }
    }

    pub fn and(mut self, other: Routes) -> Routes {
        self.known.extend(other.known);
        Routes { router: self.router.merge(other.router), ..self }
    }
}

fn resources() -> Routes {
    [
        subscription::routes(),
        resource_group::routes(),
        provider::routes(),
        location::routes(),
        account::routes(),
        key::routes(),
        operation_result::routes(),
        pool::routes(),
        certificate::routes(),
        application::routes(),
        application_package::routes(),
        network::routes(),
        role_assignment::routes(),
        role_definition::routes(),
        absent::routes(),
    ]
    .into_iter()
    .fold(Routes::default(), Routes::and)
}

/// Every route that needs a token.
pub fn known() -> Vec<(Method, &'static str)> {
    resources().known
}

/// The management plane and nothing else. Every path is answered in ARM's form.
pub fn routes(cx: &Context) -> Router {
    let guarded = resources()
        .router
        .fallback(|| async { Failure::from(Code::ResourceNotFound) })
        .method_not_allowed_fallback(|| async { Failure::from(Code::UnsupportedHttpVerb) })
        .layer(from_fn_with_state(cx.clone(), call::prepare))
        .layer(from_fn_with_state(cx.clone(), call::authenticate))
        .layer(from_fn_with_state(cx.clone(), activity::record));
    let guarded = trace::watch(guarded, cx);
    let open = sign_in::routes().route_layer(from_fn_with_state(cx.clone(), activity::record));
    let inner = trace::watch(open, cx)
        .fallback_service(guarded.with_state(cx.clone()))
        .layer(from_fn_with_state(cx.clone(), error::finish))
        .with_state(cx.clone());
    // Outside of the router: what it looks at is the path as it is left by this.
    Router::new().fallback_service(MapRequestLayer::new(names::plain).layer(inner))
}
