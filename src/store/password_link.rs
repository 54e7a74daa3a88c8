//! Links by which users set their passwords, once.

use super::db::{Conn, Result};
use super::session::Hash;
use crate::api::Timestamp;

/// Saves a user's link in the place of an older one.
pub async fn set(conn: &mut Conn, user_key: i64, hash: &Hash, expires: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO password_links (user_key, hash, expires) VALUES (?, ?, ?) \
         ON CONFLICT (user_key) DO UPDATE SET hash = excluded.hash, expires = excluded.expires",
    )
    .bind(user_key)
    .bind(hash.as_slice())
    .bind(expires.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// The name of the user whose link it is, if it still works and the user is not disabled.
pub async fn find(conn: &mut Conn, hash: &Hash, now: Timestamp) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(
        "SELECT name FROM password_links JOIN users ON users.key = user_key WHERE hash = ? AND expires > ? AND disabled = 0",
    )
    .bind(hash.as_slice())
    .bind(now.micros())
    .fetch_optional(conn)
    .await?)
}

pub async fn delete(conn: &mut Conn, user_key: i64) -> Result<()> {
    sqlx::query("DELETE FROM password_links WHERE user_key = ?").bind(user_key).execute(conn).await?;
    Ok(())
}
