//! Web hooks of an account.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

#[server(prefix = "/portal/fn", endpoint = "web_hook_list", input = Json)]
pub async fn web_hook_list(account: AccountName) -> Result<Vec<api::WebHook>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_list(&cx, &caller, &account).await?)
}

/// Makes a hook; its secret is given back this once.
#[server(prefix = "/portal/fn", endpoint = "web_hook_create", input = Json)]
pub async fn web_hook_create(
    account: AccountName,
    hook: api::WebHookSettings,
) -> Result<api::WebHookSecret, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_create(&cx, &caller, &account, hook).await?)
}

#[server(prefix = "/portal/fn", endpoint = "web_hook_update", input = Json)]
pub async fn web_hook_update(account: AccountName, hook: api::WebHookSettings) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_update(&cx, &caller, &account, hook).await?)
}

#[server(prefix = "/portal/fn", endpoint = "web_hook_delete", input = Json)]
pub async fn web_hook_delete(account: AccountName, id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_delete(&cx, &caller, &account, &id).await?)
}

#[server(prefix = "/portal/fn", endpoint = "web_hook_regenerate_secret", input = Json)]
pub async fn web_hook_regenerate_secret(account: AccountName, id: String) -> Result<api::WebHookSecret, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_regenerate_secret(&cx, &caller, &account, &id).await?)
}

/// Sends a test event.
#[server(prefix = "/portal/fn", endpoint = "web_hook_test", input = Json)]
pub async fn web_hook_test(account: AccountName, id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_test(&cx, &caller, &account, &id).await?)
}

#[server(prefix = "/portal/fn", endpoint = "web_hook_delivery_list", input = Json)]
pub async fn web_hook_delivery_list(
    account: AccountName,
    id: String,
    query: api::ListQuery,
) -> Result<api::Page<api::WebHookDelivery>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_delivery_list(&cx, &caller, &account, &id, &query).await?)
}

/// Sends a delivery again.
#[server(prefix = "/portal/fn", endpoint = "web_hook_redeliver", input = Json)]
pub async fn web_hook_redeliver(account: AccountName, id: String, delivery: i64) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::web_hook::web_hook_redeliver(&cx, &caller, &account, &id, delivery).await?)
}
