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

/// All nodes of a pool, as little as a heat map needs.
#[server(prefix = "/portal/fn", endpoint = "node_map", input = Json)]
pub async fn node_map(account: AccountName, pool: PoolId) -> Result<Vec<api::NodeCell>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node::node_map(&cx, &caller, &account, &pool).await?)
}
