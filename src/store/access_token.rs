//! Access tokens that stand for a personal access token for a while. Known by hash only.

use super::db::{Conn, Result};
use super::session::{Grant, Hash};
use crate::api::Timestamp;

/// Saves an access token for the personal one, and returns when it expires: not later than that one. Nothing when that
/// one is gone.
pub async fn insert(
    conn: &mut Conn,
    hash: &Hash,
    token: &Hash,
    created: Timestamp,
    expires: Timestamp,
) -> Result<Option<Timestamp>> {
    let expires: Option<i64> = sqlx::query_scalar(
        "INSERT INTO access_tokens (hash, token_key, created, expires) \
         SELECT ?1, key, ?2, MIN(?3, expires) FROM tokens WHERE hash = ?4 RETURNING expires",
    )
    .bind(hash.as_slice())
    .bind(created.micros())
    .bind(expires.micros())
    .bind(token.as_slice())
    .fetch_optional(conn)
    .await?;
    Ok(expires.map(Timestamp::from_micros))
}

/// `last_used` is the personal token's.
pub async fn find(conn: &mut Conn, hash: &Hash) -> Result<Option<Grant>> {
    let row = sqlx::query(
        "SELECT user_key, name, role, disabled, a.created, a.expires, last_used, limit_role, limit_scope FROM access_tokens a \
         JOIN tokens t ON t.key = token_key JOIN users ON users.key = user_key WHERE a.hash = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(Grant::read).transpose()
}

/// Notes the use on the personal token.
pub async fn used(conn: &mut Conn, hash: &Hash, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE tokens SET last_used = ?1 WHERE key = (SELECT token_key FROM access_tokens WHERE hash = ?2)")
        .bind(now.micros())
        .bind(hash.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete_expired(conn: &mut Conn, now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE expires <= ?").bind(now.micros()).execute(conn).await?;
    Ok(())
}
