//! Applications. The data plane only reads them: the management plane makes them.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;

use super::call::{Call, PAGE};
use super::error::Result;
use super::reply;
use crate::service::{Context, application};

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/applications", get(application_list))
        .route("/applications/{application}", get(application_get))
}

async fn application_list(call: Call) -> Result {
    let list = call.list_query(&[], &[], PAGE)?;
    let found = application::application_summary_slice(&call.cx, &call.caller, &call.account, &list.slice).await?;
    Ok(call.list_reply("applications", &list, found))
}

async fn application_get(call: Call, Path(id): Path<String>) -> Result {
    call.no_query()?;
    let found = application::application_summary_get(&call.cx, &call.caller, &call.account, &id).await?;
    Ok(reply::element(&call.base_url, "applications", &found, None))
}
