//! The routes of the data plane.

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::error::Failure;
use super::{absent, auth, call, error, file, image, job, node, pool, task};
use crate::api::Code;
use crate::service::Context;

/// First parts of the data plane's paths. No page of the portal begins with one of them.
pub const ROOTS: &[&str] = &[
    "applications", "certificates", "jobs", "jobschedules", "nodecounts", "pools", "poolusagemetrics",
    "supportedimages",
];

/// The data plane and nothing else: below its roots, and on the host names of accounts. Every path is answered in Batch's
/// form.
pub fn all(cx: &Context) -> Router {
    let resources = [
        pool::routes(),
        node::routes(),
        job::routes(),
        task::routes(),
        file::routes(),
        image::routes(),
        absent::routes(),
    ];
    resources
        .into_iter()
        .fold(Router::new(), Router::merge)
        .fallback(|| async { Failure::from(Code::ResourceNotFound) })
        .method_not_allowed_fallback(|| async { Failure::from(Code::UnsupportedHttpVerb) })
        .layer(from_fn_with_state(cx.clone(), call::prepare))
        .layer(from_fn_with_state(cx.clone(), auth::authenticate))
        .layer(from_fn_with_state(cx.clone(), error::finish))
        .with_state(cx.clone())
}
