//! Pools.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, PoolId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the pools.
#[server(prefix = "/portal/fn", endpoint = "pool_list", input = Json)]
pub async fn pool_list(account: AccountName, query: api::ListQuery) -> Result<api::Page<api::PoolSummary>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_list(&cx, &caller, &account, &query).await?)
}

/// One pool with its counts.
#[server(prefix = "/portal/fn", endpoint = "pool_get", input = Json)]
pub async fn pool_get(account: AccountName, pool: PoolId) -> Result<api::PoolSummary, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_get(&cx, &caller, &account, &pool).await?)
}

/// Makes a pool; its nodes follow.
#[server(prefix = "/portal/fn", endpoint = "pool_create", input = Json)]
pub async fn pool_create(account: AccountName, create: api::PoolCreate) -> Result<api::Pool, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_create(&cx, &caller, &account, create).await?)
}

/// As [`pool_create`], from the text of REST's body: what it says is read as strictly as there.
#[server(prefix = "/portal/fn", endpoint = "pool_create_from_json", input = Json)]
pub async fn pool_create_from_json(account: AccountName, text: String) -> Result<api::Pool, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_create_from_json(&cx, &caller, &account, &text).await?)
}

/// Changes a pool that is still as the page has read it.
#[server(prefix = "/portal/fn", endpoint = "pool_edit", input = Json)]
pub async fn pool_edit(
    account: AccountName,
    pool: PoolId,
    e_tag: String,
    edit: api::PoolEdit,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::edit::pool_edit(&cx, &caller, &account, &pool, &e_tag, edit).await?)
}

/// Sets a new size; nodes come and go afterwards.
#[server(prefix = "/portal/fn", endpoint = "pool_resize", input = Json)]
pub async fn pool_resize(account: AccountName, pool: PoolId, resize: api::PoolResize) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_resize(&cx, &caller, &account, &pool, resize).await?)
}

/// Takes nodes out of a pool; its target shrinks with them.
#[server(prefix = "/portal/fn", endpoint = "pool_remove_nodes", input = Json)]
pub async fn pool_remove_nodes(account: AccountName, pool: PoolId, remove: api::NodeRemove) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_remove_nodes(&cx, &caller, &account, &pool, remove).await?)
}

/// Stops a resize; the pool keeps the nodes it has.
#[server(prefix = "/portal/fn", endpoint = "pool_stop_resize", input = Json)]
pub async fn pool_stop_resize(account: AccountName, pool: PoolId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_stop_resize(&cx, &caller, &account, &pool).await?)
}

/// Turns autoscale on, or changes its formula or interval.
#[server(prefix = "/portal/fn", endpoint = "pool_enable_auto_scale", input = Json)]
pub async fn pool_enable_auto_scale(
    account: AccountName,
    pool: PoolId,
    enable: api::PoolEnableAutoScale,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_enable_auto_scale(&cx, &caller, &account, &pool, enable).await?)
}

/// Turns autoscale off; the pool keeps its size.
#[server(prefix = "/portal/fn", endpoint = "pool_disable_auto_scale", input = Json)]
pub async fn pool_disable_auto_scale(account: AccountName, pool: PoolId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_disable_auto_scale(&cx, &caller, &account, &pool).await?)
}

/// Runs a formula on the pool as it is; nothing comes of it.
#[server(prefix = "/portal/fn", endpoint = "pool_evaluate_auto_scale", input = Json)]
pub async fn pool_evaluate_auto_scale(
    account: AccountName,
    pool: PoolId,
    evaluate: api::PoolEvaluateAutoScale,
) -> Result<api::AutoScaleRun, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_evaluate_auto_scale(&cx, &caller, &account, &pool, evaluate).await?)
}

/// Deletes the pool and its nodes.
#[server(prefix = "/portal/fn", endpoint = "pool_delete", input = Json)]
pub async fn pool_delete(account: AccountName, pool: PoolId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool::pool_delete(&cx, &caller, &account, &pool).await?)
}

/// Why a pool does not become what it is to be, or cannot run the tasks that wait for it.
#[server(prefix = "/portal/fn", endpoint = "pool_waiting", input = Json)]
pub async fn pool_waiting(account: AccountName, pool: PoolId) -> Result<api::WhyWaiting, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::waiting::pool_waiting(&cx, &caller, &account, &pool).await?)
}

/// What a pool did: nodes by state, running tasks, slots.
#[server(prefix = "/portal/fn", endpoint = "pool_history", input = Json)]
pub async fn pool_history(
    account: AccountName,
    pool: PoolId,
    span: api::HistorySpan,
) -> Result<api::PoolHistory, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool_history::pool_history(&cx, &caller, &account, &pool, span).await?)
}
