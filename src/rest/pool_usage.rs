//! What pools have used.

use axum::Router;
use axum::routing::get;

use super::call::{Call, PAGE};
use super::error::Result;
use super::query;
use crate::api::{self, Timestamp};
use crate::domain::odata::POOL_USAGE_FIELDS;
use crate::service::{Context, pool_usage};

pub fn routes() -> Router<Context> {
    Router::new().route("/poolusagemetrics", get(pool_usage_metrics_list))
}

async fn pool_usage_metrics_list(call: Call) -> Result {
    let list = call.list_query_with(&["starttime", "endtime"], POOL_USAGE_FIELDS, &[], PAGE)?;
    let (start, end) = (time(&call, "starttime")?, time(&call, "endtime")?);
    if let (Some(from), Some(to)) = (start, end)
        && from > to
    {
        return Err(query::invalid("endtime", &to.to_string(), "the end comes before the start").into());
    }
    let metrics =
        pool_usage::pool_usage_metrics_slice(&call.cx, &call.caller, &call.account, start, end, &list.slice).await?;
    Ok(call.list_reply("poolusagemetrics", &list, metrics))
}

fn time(call: &Call, name: &str) -> std::result::Result<Option<Timestamp>, api::Error> {
    let read = |text: &str| text.parse().map_err(|_| query::invalid(name, text, "expected a time in ISO 8601"));
    call.query.get(name).map(read).transpose()
}
