//! Users of nodes, and the way to them.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, NodeId, PoolId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// All that a page needs to let somebody in to a node.
#[server(prefix = "/portal/fn", endpoint = "node_access_get", input = Json)]
pub async fn node_access_get(account: AccountName, pool: PoolId, node: NodeId) -> Result<api::NodeAccess, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::remote_access::node_access_get(&cx, &caller, &account, &pool, &node).await?)
}

/// Lets somebody log in to a node.
#[server(prefix = "/portal/fn", endpoint = "node_user_add", input = Json)]
pub async fn node_user_add(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    create: api::NodeUserCreate,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node_user::node_user_add(&cx, &caller, &account, &pool, &node, create).await?)
}

/// Lets somebody log in no more.
#[server(prefix = "/portal/fn", endpoint = "node_user_delete", input = Json)]
pub async fn node_user_delete(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    name: String,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::node_user::node_user_delete(&cx, &caller, &account, (&pool, &node, &name)).await?)
}
