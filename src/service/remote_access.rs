//! The way to a node from outside: which of its ports are reached by which of the server's, and where its users log in.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::node::find;
use super::node_user;
use super::pool::find as find_pool;
use super::{Caller, Context, Result};
use crate::api::{self, Code};
use crate::domain::endpoint::SSH_PORT;
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::permission::Permission;
use crate::store::endpoint::EndpointRow;
use crate::store::node::NodeRow;
use crate::store::{self, Conn};

/// What the operator says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAccess {
    /// Where the ports of nodes are listened on.
    pub listen: IpAddr,
    /// The address or host name that callers are told.
    pub address: String,
    pub map_ssh: MapSsh,
}

impl Default for RemoteAccess {
    /// Open to this machine only.
    fn default() -> Self {
        let listen = IpAddr::from(Ipv4Addr::LOCALHOST);
        RemoteAccess { listen, address: listen.to_string(), map_ssh: MapSsh::default() }
    }
}

/// Whether the SSH port of nodes is mapped in pools that do not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapSsh {
    /// As Batch does: in pools that are made with an api-version before 2024-07-01.
    #[default]
    AsVersion,
    Always,
    Never,
}

impl MapSsh {
    pub fn holds(self, is_old_version: bool) -> bool {
        match self {
            MapSsh::AsVersion => is_old_version,
            MapSsh::Always => true,
            MapSsh::Never => false,
        }
    }
}

/// # Errors
/// `NodeNotFound`; `OperationNotValidOnNode` where the pool maps no port to the nodes' SSH server.
pub async fn node_remote_login_settings(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
) -> Result<api::RemoteLoginSettings> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let node = find(&mut conn, &pool, node).await?;
    login(cx, &mut conn, &node).await?.ok_or_else(|| {
        let reason = "the pool maps no port to port 22 of its nodes: it needs an inbound NAT pool with backendPort 22";
        api::Error::new(Code::OperationNotValidOnNode).with("Reason", reason).into()
    })
}

/// All that a page needs to let somebody in.
///
/// # Errors
/// `NodeNotFound`.
pub async fn node_access_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
) -> Result<api::NodeAccess> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let node = find(&mut conn, &pool, node).await?;
    let (users, now) = (store::node_user::of_node(&mut conn, node.key).await?, cx.clock.now());
    Ok(api::NodeAccess {
        login: login(cx, &mut conn, &node).await?,
        host_key: node.ssh_host_key.clone(),
        is_open: users.iter().any(|user| user.expires > now),
        users: users.into_iter().map(node_user::to_api).collect(),
        elevation_allowed: cx.installation.elevation_allowed,
    })
}

async fn login(cx: &Context, conn: &mut Conn, node: &NodeRow) -> Result<Option<api::RemoteLoginSettings>> {
    let endpoints = store::endpoint::of_nodes(conn, &[node.key]).await?;
    let ssh = endpoints.into_iter().find(|endpoint| endpoint.backend_port == SSH_PORT);
    Ok(ssh.map(|endpoint| api::RemoteLoginSettings {
        remote_login_ip_address: cx.installation.remote.address.clone(),
        remote_login_port: endpoint.frontend_port,
    }))
}

/// The endpoints of nodes as GET returns them, by the nodes' keys.
pub async fn endpoints(
    cx: &Context,
    conn: &mut Conn,
    nodes: &[NodeRow],
) -> Result<HashMap<i64, api::NodeEndpointConfiguration>> {
    let keys: Vec<i64> = nodes.iter().map(|node| node.key).collect();
    let mut by_node: HashMap<i64, api::NodeEndpointConfiguration> = HashMap::new();
    for row in store::endpoint::of_nodes(conn, &keys).await? {
        let of_node = by_node.entry(row.node_key).or_default();
        of_node.inbound_endpoints.push(to_api(cx, row));
    }
    Ok(by_node)
}

fn to_api(cx: &Context, row: EndpointRow) -> api::InboundEndpoint {
    let address = cx.installation.remote.address.clone();
    let is_address = address.parse::<IpAddr>().is_ok();
    api::InboundEndpoint {
        name: format!("{}.{}", row.name, row.number),
        protocol: row.protocol,
        public_ip_address: is_address.then(|| address.clone()),
        public_fqdn: Some(address),
        frontend_port: row.frontend_port,
        backend_port: row.backend_port,
    }
}
