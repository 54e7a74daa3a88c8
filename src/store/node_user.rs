//! Users of nodes. Of passwords only hashes are here.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{get, time};
use super::db::{Conn, Result};
use crate::api::{Secret, Timestamp};

/// A user as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeUserRow {
    pub name: String,
    pub is_admin: bool,
    /// Tells it from an earlier user of the same name.
    pub made: Timestamp,
    pub expires: Timestamp,
    /// A hash in the form that names its own parameters; secret all the same.
    pub password_hash: Option<Secret>,
    pub ssh_public_key: Option<String>,
}

fn read(row: &SqliteRow) -> Result<NodeUserRow> {
    let hash: Option<String> = get(row, "password_hash")?;
    Ok(NodeUserRow {
        name: get(row, "name")?,
        is_admin: get(row, "is_admin")?,
        made: time(row, "made")?,
        expires: time(row, "expires")?,
        password_hash: hash.map(Secret),
        ssh_public_key: get(row, "ssh_public_key")?,
    })
}

/// Saves a user, new or known.
pub async fn save(conn: &mut Conn, node_key: i64, user: &NodeUserRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO node_users (node_key, name, is_admin, made, expires, password_hash, ssh_public_key) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (node_key, name) DO UPDATE SET is_admin = excluded.is_admin, made = excluded.made, expires = excluded.expires, \
         password_hash = excluded.password_hash, ssh_public_key = excluded.ssh_public_key",
    )
    .bind(node_key)
    .bind(&user.name)
    .bind(user.is_admin)
    .bind(user.made.micros())
    .bind(user.expires.micros())
    .bind(user.password_hash.as_ref().map(|hash| &hash.0))
    .bind(&user.ssh_public_key)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn find(conn: &mut Conn, node_key: i64, name: &str) -> Result<Option<NodeUserRow>> {
    let row = sqlx::query("SELECT * FROM node_users WHERE node_key = ?1 AND name = ?2")
        .bind(node_key)
        .bind(name)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Those of a node, by name; one that cannot be read is logged, and cannot log in.
pub async fn of_node(conn: &mut Conn, node_key: i64) -> Result<Vec<NodeUserRow>> {
    let rows = sqlx::query("SELECT * FROM node_users WHERE node_key = ?1 ORDER BY name")
        .bind(node_key)
        .fetch_all(conn)
        .await?;
    let readable = |row: &SqliteRow| {
        let name: String = row.try_get("name").unwrap_or_default();
        read(row)
            .inspect_err(
                |error| tracing::error!(node.key = node_key, name, %error, "a stored node user cannot be read"),
            )
            .ok()
    };
    Ok(rows.iter().filter_map(readable).collect())
}

/// True when there was such a user.
pub async fn delete(conn: &mut Conn, node_key: i64, name: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM node_users WHERE node_key = ?1 AND name = ?2")
        .bind(node_key)
        .bind(name)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes all users of a node.
pub async fn delete_all(conn: &mut Conn, node_key: i64) -> Result<()> {
    sqlx::query("DELETE FROM node_users WHERE node_key = ?1").bind(node_key).execute(conn).await?;
    Ok(())
}

pub async fn count(conn: &mut Conn, node_key: i64) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM node_users WHERE node_key = ?1").bind(node_key).fetch_one(conn).await?)
}
