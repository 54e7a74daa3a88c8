//! From where accounts are reached, for who knows a node of theirs.

use super::convert::{json, name};
use super::db::{Conn, Result};
use crate::api::{NetworkProfile, PublicNetworkAccess};

/// From where the account of a node is reached, for its agent.
pub async fn network_of_node(conn: &mut Conn, node_key: i64) -> Result<Option<(PublicNetworkAccess, NetworkProfile)>> {
    let row = sqlx::query(
        "SELECT public_network_access, network_profile FROM accounts WHERE key = \
         (SELECT account_key FROM pools WHERE key = (SELECT pool_key FROM nodes WHERE key = ?))",
    )
    .bind(node_key)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((name(&row, "public_network_access")?, json(&row, "network_profile")?))).transpose()
}
