//! What happened to pools, jobs and tasks.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the account's service events, newest first.
#[server(prefix = "/portal/fn", endpoint = "service_event_list", input = Json)]
pub async fn service_event_list(
    account: AccountName,
    filter: api::ServiceEventFilter,
    query: api::ListQuery,
) -> Result<api::Page<api::ServiceEvent>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::service_event::service_event_list(&cx, &caller, &account, &filter, &query).await?)
}

#[server(prefix = "/portal/fn", endpoint = "service_event_settings_get", input = Json)]
pub async fn service_event_settings_get(account: AccountName) -> Result<api::ServiceEventSettings, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::service_event::service_event_settings_get(&cx, &caller, &account).await?)
}

#[server(prefix = "/portal/fn", endpoint = "service_event_settings_set", input = Json)]
pub async fn service_event_settings_set(
    account: AccountName,
    settings: api::ServiceEventSettings,
) -> Result<api::ServiceEventSettings, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::service_event::service_event_settings_set(&cx, &caller, &account, settings).await?)
}
