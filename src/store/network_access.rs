//! From where accounts are reached, for who knows a node of theirs.

use super::convert::{json, name};
use super::db::{Conn, Result};
use crate::api::{NetworkProfile, PublicNetworkAccess};

/// From where the account of a pool is reached, for the agents of its nodes.
pub async fn network_of_pool(conn: &mut Conn, pool_key: i64) -> Result<Option<(PublicNetworkAccess, NetworkProfile)>> {
    let row = sqlx::query(
        "SELECT public_network_access, network_profile FROM accounts WHERE key = \
         (SELECT account_key FROM pools WHERE key = ?)",
    )
    .bind(pool_key)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((name(&row, "public_network_access")?, json(&row, "network_profile")?))).transpose()
}
