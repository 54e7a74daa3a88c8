//! Resources of Batch's that this server does not have yet. Their lists are empty, because none can exist; making one is
//! refused, so that no program waits for what will not happen.

use axum::Router;
use axum::routing::get;

use super::call::{Call, PAGE};
use super::error::{Failure, Result};
use super::reply::NOTHING;
use crate::api::Code;
use crate::domain::odata::Field;
use crate::service::Context;

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/applications", get(|call| empty(call, "applications", &[])))
        .route("/applications/{application}", get(|| none(Code::ApplicationNotFound)))
}

/// Whatever a filter says, nothing fits it; but it must be a filter.
async fn empty(call: Call, kind: &'static str, fields: &'static [Field]) -> Result {
    let list = call.list_query(fields, &["id", "state", "url"], PAGE)?;
    Ok(call.list_reply(kind, &list, NOTHING))
}

async fn none(code: Code) -> Result {
    Err(Failure::from(code))
}
