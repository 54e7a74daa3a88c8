//! The way to nodes: their users reach the agents, and their ports the forwarder.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::driver::{Driver, Node};
use super::forwarder::{PortNews, Wanted};
use crate::api::agent::{RemoteReport, RemoteUser, ToAgent};
use crate::api::{InboundNatPool, InboundProtocol, NodeError};
use crate::domain::endpoint::{self, SSH_PORT};
use crate::service::Result;
use crate::store::endpoint::EndpointRow;
use crate::store::node::NodeRow;
use crate::store::pool::PoolRow;
use crate::store::{self, Conn};

/// Codes of errors that keep nobody's tasks from running.
const PORT_IN_USE: &str = "EndpointPortInUse";
const NO_PORT_LEFT: &str = "EndpointPortsExhausted";
pub const NO_REMOTE_ACCESS: &str = "RemoteAccessFailed";

/// What the driver knows of the way to a node.
#[derive(Default)]
pub(super) struct Remote {
    /// Where its SSH server listens.
    port: Option<u16>,
    error: Option<NodeError>,
    endpoints: Vec<EndpointRow>,
    /// By NAT pool.
    port_errors: BTreeMap<String, NodeError>,
}

/// Whether a node with this error cannot run tasks.
pub(super) fn is_fatal(error: &NodeError) -> bool {
    ![PORT_IN_USE, NO_PORT_LEFT, NO_REMOTE_ACCESS].contains(&error.code.as_str())
}

impl Node {
    /// The node's errors are what its agent says of its health, and what is wrong with the way to it.
    pub(super) fn set_health(&mut self, health: Option<NodeError>) {
        let remote = self.remote.error.iter().chain(self.remote.port_errors.values());
        let errors: Vec<NodeError> = health.iter().chain(remote).cloned().collect();
        if errors != self.row.errors {
            self.row.errors = errors;
            self.unsaved = true;
        }
    }

    fn health(&self) -> Option<NodeError> {
        self.row.errors.iter().find(|error| is_fatal(error)).cloned()
    }
}

impl Driver {
    pub(super) async fn users_of(&self, node_key: i64) -> Result<Vec<RemoteUser>> {
        let mut conn = self.cx.store.read().await?;
        let users = store::node_user::of_node(&mut conn, node_key).await?.into_iter();
        let user = |row: store::node_user::NodeUserRow| RemoteUser {
            name: row.name,
            made: row.made,
            is_admin: row.is_admin,
            expires: row.expires,
            password_hash: row.password_hash,
            ssh_public_key: row.ssh_public_key,
        };
        Ok(users.map(user).collect())
    }

    /// Tells agents who may log in now; those that are away hear it when they are back.
    pub(super) async fn users_changed(&mut self, nodes: BTreeSet<i64>) -> Result<()> {
        for key in nodes {
            if self.nodes.get(&key).is_some_and(|node| node.connection.is_some()) {
                let users = self.users_of(key).await?;
                self.hub.send(key, ToAgent::Users { users });
            }
        }
        Ok(())
    }

    pub(super) fn remote_reported(&mut self, node_key: i64, report: RemoteReport) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        (node.remote.port, node.remote.error) = (report.port, report.error);
        if report.host_key.is_some() && report.host_key != node.row.ssh_host_key {
            (node.row.ssh_host_key, node.unsaved) = (report.host_key, true);
        }
        node.set_health(node.health());
        self.ports_changed = true;
        self.node_changed(node_key);
    }

    /// Nothing is known of a connection that has just begun.
    pub(super) fn forget_remote(&mut self, node_key: i64) {
        if let Some(node) = self.nodes.get_mut(&node_key) {
            (node.remote.port, node.remote.error) = (None, None);
            node.set_health(node.health());
            self.ports_changed = true;
        }
    }

    pub(super) fn port_told(&mut self, news: &PortNews) {
        let PortNews { node_key, name, port, error } = news;
        let Some(node) = self.nodes.get_mut(node_key) else { return };
        match error {
            None => drop(node.remote.port_errors.remove(name)),
            Some(error) => {
                tracing::warn!(node = node.row.id, port, %error, "a port of a node cannot be listened on; it is tried again");
                let message = format!("Port {port} of the server, for {name}, cannot be listened on: {error}.");
                node.remote.port_errors.insert(name.clone(), self::error(PORT_IN_USE, message));
            }
        }
        node.set_health(node.health());
        self.node_changed(*node_key);
    }

    pub(super) async fn load_endpoints(&mut self) -> Result<()> {
        let mut by_node: HashMap<i64, Vec<EndpointRow>> = HashMap::new();
        for row in store::endpoint::all(&mut *self.cx.store.read().await?).await? {
            by_node.entry(row.node_key).or_default().push(row);
        }
        for key in self.nodes.keys().copied().collect::<Vec<_>>() {
            self.set_endpoints(key, by_node.remove(&key).unwrap_or_default());
        }
        Ok(())
    }

    /// The ports that a node has got; for those that it lacks there were none left when it was made.
    pub(super) fn set_endpoints(&mut self, node_key: i64, endpoints: Vec<EndpointRow>) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        let asked = self.pools.get(&node.row.pool_key).map_or(&[] as &[_], |pool| &pool.nat_pools);
        for pool in asked.iter().filter(|pool| endpoints.iter().all(|endpoint| endpoint.name != pool.name)) {
            let (first, last) = (pool.frontend_port_range_start, pool.frontend_port_range_end);
            let message = format!("All ports from {first} to {last}, for {}, are other nodes' already.", pool.name);
            node.remote.port_errors.insert(pool.name.clone(), error(NO_PORT_LEFT, message));
        }
        node.remote.endpoints = endpoints;
        node.set_health(node.health());
        self.ports_changed = true;
    }

    /// Lets the forwarder listen on the ports of the nodes that are there.
    pub(super) fn open_ports(&mut self) {
        if !std::mem::take(&mut self.ports_changed) {
            return;
        }
        let here = self.nodes.iter().filter(|(_, node)| node.connection.is_some() && !node.facts.leaving);
        let wanted = here.flat_map(|(key, node)| {
            let pools = self.pools.get(&node.row.pool_key).map_or(&[] as &[_], |pool| &pool.nat_pools);
            node.remote.endpoints.iter().filter_map(|endpoint| wanted(*key, endpoint, pools, node.remote.port))
        });
        let mut wanted: Vec<Wanted> = wanted.collect();
        wanted.sort_by_key(|wanted| (wanted.protocol, wanted.port));
        self.forwarder.set(wanted);
    }
}

fn wanted(node_key: i64, endpoint: &EndpointRow, pools: &[InboundNatPool], ssh: Option<u16>) -> Option<Wanted> {
    // The rules of a NAT pool that is gone are not known, so nobody gets in.
    let pool = pools.iter().find(|pool| pool.name == endpoint.name)?;
    let backend = match endpoint.backend_port {
        // Closed while the node has no users.
        SSH_PORT => ssh?,
        other => u16::try_from(other).ok()?,
    };
    Some(Wanted {
        node_key,
        name: endpoint.name.clone(),
        protocol: endpoint.protocol,
        port: u16::try_from(endpoint.frontend_port).ok()?,
        backend,
        rules: pool.network_security_group_rules.clone().unwrap_or_default(),
    })
}

fn error(code: &str, message: String) -> NodeError {
    NodeError { code: code.to_owned(), message, error_details: Vec::new() }
}

/// Gives ports to nodes that were just made, in the transaction that made them.
pub(super) async fn assign_endpoints(conn: &mut Conn, pool: &PoolRow, nodes: &[NodeRow]) -> Result<Vec<EndpointRow>> {
    let nat_pools = endpoint::nat_pools(pool.settings.network_configuration.as_ref(), pool.maps_ssh);
    if nat_pools.is_empty() {
        return Ok(Vec::new());
    }
    let mut ports: BTreeSet<(InboundProtocol, i32)> = store::endpoint::ports(conn).await?.into_iter().collect();
    let mut numbers: BTreeSet<i64> = store::endpoint::numbers(conn, pool.key).await?.into_iter().collect();
    let mut made = Vec::new();
    for node in nodes {
        let number = endpoint::free_number(&numbers);
        numbers.insert(number);
        let seed = node.id.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        for nat_pool in &nat_pools {
            let Some(port) = endpoint::free_port(nat_pool, &ports, seed) else { continue };
            ports.insert((nat_pool.protocol, port));
            made.push(EndpointRow {
                node_key: node.key,
                name: nat_pool.name.clone(),
                number,
                protocol: nat_pool.protocol,
                backend_port: nat_pool.backend_port,
                frontend_port: port,
            });
        }
    }
    store::endpoint::insert(conn, &made).await?;
    Ok(made)
}
