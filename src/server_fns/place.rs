//! Subscriptions and resource groups, which accounts are in.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// Subscriptions that have something the caller sees, and the installation's own.
#[server(prefix = "/portal/fn", endpoint = "subscription_list", input = Json)]
pub async fn subscription_list() -> Result<Vec<String>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::resource_group::subscription_list(&cx, &caller).await?)
}

/// Groups of a subscription, by name.
#[server(prefix = "/portal/fn", endpoint = "resource_group_list", input = Json)]
pub async fn resource_group_list(subscription: String) -> Result<Vec<api::ResourceGroup>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::resource_group::resource_group_list(&cx, &caller, &subscription).await?)
}

/// One group, with its accounts.
#[server(prefix = "/portal/fn", endpoint = "resource_group_get", input = Json)]
pub async fn resource_group_get(subscription: String, group: String) -> Result<api::ResourceGroupContent, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::resource_group::resource_group_content(&cx, &caller, &subscription, &group).await?)
}

/// Makes a group, or replaces the tags of one that is there.
#[server(prefix = "/portal/fn", endpoint = "resource_group_put", input = Json)]
pub async fn resource_group_put(
    subscription: String,
    group: String,
    put: api::ResourceGroupPut,
) -> Result<api::ResourceGroup, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::resource_group::resource_group_put(&cx, &caller, &subscription, &group, put).await?.0)
}

/// Deletes a group that is empty.
#[server(prefix = "/portal/fn", endpoint = "resource_group_delete", input = Json)]
pub async fn resource_group_delete(subscription: String, group: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::resource_group::resource_group_delete(&cx, &caller, &subscription, &group).await?)
}
