//! The routes of the data plane.

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::error::Failure;
use super::{
    activity, application, auth, call, certificate, error, file, image, job, job_schedule, node, node_user, pool,
    pool_usage, service_event, task, trace,
};
use crate::api::Code;
use crate::service::Context;

/// First parts of the data plane's paths. No page of the portal begins with one of them.
const ROOTS: &[&str] = &[
    "applications", "certificates", "jobs", "jobschedules", "nodecounts", "pools", "poolusagemetrics", "serviceevents",
    "supportedimages",
];

/// Whether a path belongs to the data plane. Certificates have their keys in the root: `/certificates(…)`.
pub fn owns(path: &str) -> bool {
    let root = path.split('/').nth(1).unwrap_or_default();
    ROOTS.contains(&root.split('(').next().unwrap_or_default())
}

/// The data plane and nothing else: below its roots, and on the host names of accounts. Every path is answered in Batch's
/// form.
pub fn routes(cx: &Context) -> Router {
    let resources = [
        pool::routes(),
        pool_usage::routes(),
        certificate::routes(),
        node::routes(),
        node_user::routes(),
        job::routes(),
        job_schedule::routes(),
        task::routes(),
        file::routes(),
        image::routes(),
        service_event::routes(),
        application::routes(),
    ];
    let router = resources
        .into_iter()
        .fold(Router::new(), Router::merge)
        .fallback(certificate::fallback)
        .method_not_allowed_fallback(|| async { Failure::from(Code::UnsupportedHttpVerb) })
        .layer(from_fn_with_state(cx.clone(), call::prepare))
        .layer(from_fn_with_state(cx.clone(), auth::authenticate))
        .layer(from_fn_with_state(cx.clone(), activity::record));
    trace::watch(router, cx).layer(from_fn_with_state(cx.clone(), error::finish)).with_state(cx.clone())
}
