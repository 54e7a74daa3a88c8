//! Agents that the network rules of their accounts do not let in, or not any more.
//!
//! Who calls is asked before a connection is made, in `connect`; here again when it has become one, for rules change meanwhile, and
//! when they change. A node whose connection is ended runs on what it runs, as any that has lost its server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::driver::Driver;
use crate::api::{NetworkProfile, PublicNetworkAccess};
use crate::domain::network_access;
use crate::service::Result;
use crate::store::{self, Store};

/// From where an account lets the agents of its nodes in. One that is gone lets nobody in.
pub(super) struct AgentRules(Option<(PublicNetworkAccess, NetworkProfile)>);

impl AgentRules {
    pub async fn of_pool(store: &Store, pool_key: i64) -> store::Result<AgentRules> {
        Ok(AgentRules(store::network_access::network_of_pool(&mut *store.read().await?, pool_key).await?))
    }

    pub fn let_in(&self, from: Option<IpAddr>) -> bool {
        self.0.as_ref().is_some_and(|(access, profile)| network_access::lets_agent_in(*access, profile, from))
    }
}

impl Driver {
    /// Whether the node's agent may stay; ends the connection of one that may not.
    pub(super) async fn lets_in(&mut self, node_key: i64, connection: u64, from: Option<IpAddr>) -> Result<bool> {
        let Some(node) = self.nodes.get_mut(&node_key) else { return Ok(true) };
        let is_let_in = AgentRules::of_pool(&self.cx.store, node.row.pool_key).await?.let_in(from);
        node.from = from;
        if !is_let_in {
            self.hub.end(node_key, connection);
            self.refused(node_key, from);
        }
        Ok(is_let_in)
    }

    /// The node is of no use until the rules, or its address, are others: it says so.
    pub(super) fn refused(&mut self, node_key: i64, from: Option<IpAddr>) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        // Somebody else may have come with the node's token, or the agent by another way: as long as it is here, it is not missed.
        if node.connection.is_some() || node.facts.refused && node.from == from {
            return;
        }
        tracing::warn!(node = node.row.id, ?from, "the account's network rules do not let a node's agent in");
        (node.facts.refused, node.from) = (true, from);
        node.set_health(Some(network_access::agent_refusal(from)));
        self.node_changed(node_key);
    }

    /// Looks at all nodes of these accounts: agents that are here and may not be are sent away, and what is said of those that
    /// may come now is not true any more.
    pub(super) async fn rules_changed(&mut self, accounts: BTreeSet<i64>) -> Result<()> {
        let of_accounts = self.pools.iter().filter(|(_, pool)| accounts.contains(&pool.account_key));
        for pool_key in of_accounts.map(|(key, _)| *key).collect::<Vec<_>>() {
            let rules = AgentRules::of_pool(&self.cx.store, pool_key).await?;
            let nodes = self.nodes.iter().filter(|(_, node)| node.row.pool_key == pool_key);
            let nodes: Vec<_> = nodes.map(|(key, node)| (*key, node.connection, node.from)).collect();
            for (key, connection, from) in nodes {
                match connection {
                    Some(connection) if !rules.let_in(from) => {
                        self.hub.end(key, connection);
                        self.disconnected(key, connection);
                        self.refused(key, from);
                    }
                    None if rules.let_in(from) => self.not_refused(key),
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }

    /// Until its agent is here, the node is one that has not come or has fallen silent.
    fn not_refused(&mut self, key: i64) {
        let Some(node) = self.nodes.get_mut(&key).filter(|node| node.facts.refused) else { return };
        node.facts.refused = false;
        node.set_health(None);
        self.node_changed(key);
    }
}
