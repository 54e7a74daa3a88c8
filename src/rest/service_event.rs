//! What happened to pools, jobs and tasks: an extension of ours, since Azure sends its service log elsewhere.

use axum::Router;
use axum::routing::get;

use super::call::{Call, PAGE};
use super::error::Result;
use super::query;
use crate::api;
use crate::domain::odata::Stretch;
use crate::service::{Context, service_event};

pub fn routes() -> Router<Context> {
    Router::new().route("/serviceevents", get(service_event_list))
}

async fn service_event_list(call: Call) -> Result {
    let own = ["eventtype", "poolid", "jobid", "taskid", "starttime", "endtime"];
    let list = call.list_query_with(&own, &[], &[], PAGE)?;
    let text = |name: &str| call.query.get(name).unwrap_or_default().to_owned();
    for name in ["starttime", "endtime"] {
        if call.query.get(name).is_some_and(|text| text.parse::<api::Timestamp>().is_err()) {
            return Err(query::invalid(name, &text(name), "expected a time in ISO 8601").into());
        }
    }
    let [event_type, pool, job, task, from, to] = own.map(text);
    let filter = api::ServiceEventFilter { event_type, pool, job, task, from, to, ..Default::default() };
    let query = api::ListQuery {
        cursor: list.slice.after.clone().unwrap_or_default(),
        limit: u32::try_from(list.slice.limit).unwrap_or(u32::MAX),
        ..api::ListQuery::default()
    };
    let page = service_event::service_event_list(&call.cx, &call.caller, &call.account, &filter, &query).await?;
    Ok(call.list_reply("serviceevents", &list, Stretch { items: page.items, next: page.next }))
}
