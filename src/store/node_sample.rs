//! What nodes measured: a row is ten minutes of one node. What the bytes say, `domain::node_history` knows.

use sqlx::Row;

use super::convert;
use super::db::{Conn, Result};

/// Bytes to add to a node's chunk.
#[derive(Clone, Debug)]
pub struct Addition {
    pub node_key: i64,
    pub chunk: i64,
    pub frame: Vec<u8>,
}

/// Adds frames of any number of nodes; those of nodes that are gone are left out.
pub async fn add(conn: &mut Conn, additions: &[Addition]) -> Result<()> {
    let rows: Vec<(i64, i64, String)> = additions.iter().map(|a| (a.node_key, a.chunk, hex(&a.frame))).collect();
    // What two blobs make together counts as text, byte for byte.
    sqlx::query(
        "INSERT INTO node_samples (node_key, chunk, frames) SELECT n.key, v.value ->> 1, unhex(v.value ->> 2) \
         FROM json_each(?1) AS v CROSS JOIN nodes AS n ON n.key = v.value ->> 0 WHERE true \
         ON CONFLICT (node_key, chunk) DO UPDATE SET frames = CAST(frames || excluded.frames AS BLOB)",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// Chunks of a node from `first` on, oldest first.
pub async fn of_node(conn: &mut Conn, node_key: i64, first: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let rows = sqlx::query("SELECT chunk, frames FROM node_samples WHERE node_key = ?1 AND chunk >= ?2 ORDER BY chunk")
        .bind(node_key)
        .bind(first)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("chunk")?, row.try_get("frames")?))).collect()
}

/// Forgets chunks before `first`.
pub async fn forget_old(conn: &mut Conn, first: i64) -> Result<()> {
    // Node by node: each looks at the beginning of its own rows only.
    sqlx::query(
        "DELETE FROM node_samples WHERE (node_key, chunk) IN (SELECT s.node_key, s.chunk FROM nodes \
         CROSS JOIN node_samples AS s ON s.node_key = nodes.key AND s.chunk < ?1)",
    )
    .bind(first)
    .execute(conn)
    .await?;
    Ok(())
}
