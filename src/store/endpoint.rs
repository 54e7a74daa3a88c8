//! By which ports of the server nodes are reached.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, name};
use super::db::{Conn, Result};
use crate::api::InboundProtocol;

/// A port of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    pub node_key: i64,
    /// The NAT pool's.
    pub name: String,
    /// Of the node among those of its pool.
    pub number: i64,
    pub protocol: InboundProtocol,
    pub backend_port: i32,
    pub frontend_port: i32,
}

fn read(row: &SqliteRow) -> Result<EndpointRow> {
    Ok(EndpointRow {
        node_key: get(row, "node_key")?,
        name: get(row, "name")?,
        number: get(row, "number")?,
        protocol: name(row, "protocol")?,
        backend_port: get(row, "backend_port")?,
        frontend_port: get(row, "frontend_port")?,
    })
}

pub async fn insert(conn: &mut Conn, endpoints: &[EndpointRow]) -> Result<()> {
    let rows: Vec<_> = endpoints
        .iter()
        .map(|e| json!([e.node_key, e.name, e.number, e.protocol, e.backend_port, e.frontend_port]))
        .collect();
    sqlx::query(
        "INSERT INTO node_endpoints (node_key, name, number, protocol, backend_port, frontend_port) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1)",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

/// Every port that is given to a node.
pub async fn ports(conn: &mut Conn) -> Result<Vec<(InboundProtocol, i32)>> {
    let rows = sqlx::query("SELECT protocol, frontend_port FROM node_endpoints").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((name(row, "protocol")?, get(row, "frontend_port")?))).collect()
}

/// Numbers that nodes of the pool have.
pub async fn numbers(conn: &mut Conn, pool_key: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar(
        "SELECT DISTINCT number FROM node_endpoints JOIN nodes ON key = node_key WHERE pool_key = ?1",
    )
    .bind(pool_key)
    .fetch_all(conn)
    .await?)
}

/// Those of some nodes, by node and name.
pub async fn of_nodes(conn: &mut Conn, nodes: &[i64]) -> Result<Vec<EndpointRow>> {
    let rows = sqlx::query(
        "SELECT * FROM node_endpoints WHERE node_key IN (SELECT value FROM json_each(?1)) ORDER BY node_key, name",
    )
    .bind(convert::to_json(&nodes))
    .fetch_all(conn)
    .await?;
    Ok(readable(&rows))
}

pub async fn all(conn: &mut Conn) -> Result<Vec<EndpointRow>> {
    let rows = sqlx::query("SELECT * FROM node_endpoints ORDER BY node_key, name").fetch_all(conn).await?;
    Ok(readable(&rows))
}

/// One that cannot be read is logged, and leads nowhere.
fn readable(rows: &[SqliteRow]) -> Vec<EndpointRow> {
    let readable = |row: &SqliteRow| {
        let key: i64 = row.try_get("node_key").unwrap_or(-1);
        read(row).inspect_err(|error| tracing::error!(node.key = key, %error, "a stored endpoint cannot be read")).ok()
    };
    rows.iter().filter_map(readable).collect()
}
