//! Compute nodes.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, NodeId, PoolId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of a pool's nodes.
#[server(prefix = "/portal/fn", endpoint = "node_list", input = Json)]
pub async fn node_list(
    account: AccountName,
    pool: PoolId,
    query: api::ListQuery,
) -> Result<api::Page<api::Node>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_list(&cx, &caller, &account, &pool, &query).await?)
}

/// One node.
#[server(prefix = "/portal/fn", endpoint = "node_get", input = Json)]
pub async fn node_get(account: AccountName, pool: PoolId, node: NodeId) -> Result<api::Node, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_get(&cx, &caller, &account, &pool, &node).await?)
}

/// What of its tasks' use of the machine a node limits.
#[server(prefix = "/portal/fn", endpoint = "node_limits_get", input = Json)]
pub async fn node_limits_get(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
) -> Result<Option<api::agent::NodeLimits>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_limits_get(&cx, &caller, &account, &pool, &node).await?)
}

/// What a node measured of its machine.
#[server(prefix = "/portal/fn", endpoint = "node_history", input = Json)]
pub async fn node_history(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    span: api::HistorySpan,
) -> Result<api::NodeHistory, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node_history::node_history(&cx, &caller, &account, &pool, &node, span).await?)
}

/// All nodes of a pool, as little as a heat map needs.
#[server(prefix = "/portal/fn", endpoint = "node_map", input = Json)]
pub async fn node_map(account: AccountName, pool: PoolId) -> Result<Vec<api::NodeCell>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_map(&cx, &caller, &account, &pool).await?)
}

/// Restarts a node when its tasks are over.
#[server(prefix = "/portal/fn", endpoint = "node_reboot", input = Json)]
pub async fn node_reboot(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    body: api::NodeReboot,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_reboot(&cx, &caller, &account, &pool, &node, body).await?)
}

/// Restarts a node and removes its files.
#[server(prefix = "/portal/fn", endpoint = "node_reimage", input = Json)]
pub async fn node_reimage(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    body: api::NodeReimage,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_reimage(&cx, &caller, &account, &pool, &node, body).await?)
}

/// Stops a node until it is started.
#[server(prefix = "/portal/fn", endpoint = "node_deallocate", input = Json)]
pub async fn node_deallocate(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    body: api::NodeDeallocate,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_deallocate(&cx, &caller, &account, &pool, &node, body).await?)
}

/// Takes a low-priority node away for a time.
#[server(prefix = "/portal/fn", endpoint = "node_preempt", input = Json)]
pub async fn node_preempt(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    body: api::NodePreempt,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_preempt(&cx, &caller, &account, &pool, &node, body).await?)
}

/// Lets no new tasks come to a node.
#[server(prefix = "/portal/fn", endpoint = "node_disable_scheduling", input = Json)]
pub async fn node_disable_scheduling(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    body: api::NodeDisableScheduling,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_disable_scheduling(&cx, &caller, &account, &pool, &node, body).await?)
}

/// Starts a deallocated node.
#[server(prefix = "/portal/fn", endpoint = "node_start", input = Json)]
pub async fn node_start(account: AccountName, pool: PoolId, node: NodeId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_start(&cx, &caller, &account, &pool, &node).await?)
}

/// Lets tasks come to a node again.
#[server(prefix = "/portal/fn", endpoint = "node_enable_scheduling", input = Json)]
pub async fn node_enable_scheduling(account: AccountName, pool: PoolId, node: NodeId) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_enable_scheduling(&cx, &caller, &account, &pool, &node).await?)
}
