//! Sessions and personal access tokens. Their secrets are known by hash only.

use sqlx::sqlite::SqliteRow;

use super::convert::{get, name, opt_name, opt_time, time};
use super::db::{Conn, Result};
use crate::api::{self, Role, Timestamp, TokenLimit};

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// A session or a token, with the user it stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    pub user_key: i64,
    pub user: String,
    pub role: Role,
    pub disabled: bool,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub last_used: Option<Timestamp>,
    /// Of a token.
    pub limit: TokenLimit,
}

impl Grant {
    pub(super) fn read(row: &SqliteRow) -> Result<Grant> {
        Ok(Grant {
            user_key: get(row, "user_key")?,
            user: get(row, "name")?,
            role: name(row, "role")?,
            disabled: get(row, "disabled")?,
            created: time(row, "created")?,
            expires: time(row, "expires")?,
            last_used: opt_time(row, "last_used")?,
            limit: read_limit(row)?,
        })
    }
}

fn read_limit(row: &SqliteRow) -> Result<TokenLimit> {
    Ok(TokenLimit { role: opt_name(row, "limit_role")?, scope: get(row, "limit_scope")? })
}

/// What stands for a session where its secret must not: the beginning of the hash.
pub fn id(hash: &Hash) -> String {
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn insert(
    conn: &mut Conn,
    hash: &Hash,
    user_key: i64,
    created: Timestamp,
    expires: Timestamp,
    address: &str,
) -> Result<()> {
    sqlx::query("INSERT INTO sessions (hash, user_key, created, expires, address) VALUES (?, ?, ?, ?, ?)")
        .bind(hash.as_slice())
        .bind(user_key)
        .bind(created.micros())
        .bind(expires.micros())
        .bind(address)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn find(conn: &mut Conn, hash: &Hash) -> Result<Option<Grant>> {
    let row = sqlx::query(
        "SELECT user_key, name, role, disabled, sessions.created, expires, NULL AS last_used, NULL AS limit_role, \
         NULL AS limit_scope FROM sessions JOIN users ON users.key = user_key WHERE hash = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(Grant::read).transpose()
}

/// Lets a session live on; nothing happens when it has ended in the meantime.
pub async fn extend(conn: &mut Conn, hash: &Hash, expires: Timestamp) -> Result<()> {
    sqlx::query("UPDATE sessions SET expires = ? WHERE hash = ?")
        .bind(expires.micros())
        .bind(hash.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, hash: &Hash) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(hash.as_slice()).execute(conn).await?;
    Ok(())
}

pub async fn delete_of_user(conn: &mut Conn, user_key: i64) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE user_key = ?").bind(user_key).execute(conn).await?;
    Ok(())
}

/// Those of a user that last, newest first.
pub async fn list(conn: &mut Conn, user_key: i64, now: Timestamp) -> Result<Vec<api::OpenSession>> {
    let rows = sqlx::query(
        "SELECT hash, created, expires, address FROM sessions WHERE user_key = ? AND expires > ? ORDER BY created DESC",
    )
    .bind(user_key)
    .bind(now.micros())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let hash: Vec<u8> = get(row, "hash")?;
            Ok(api::OpenSession {
                id: hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
                creation_time: time(row, "created")?,
                expiry_time: time(row, "expires")?,
                client_address: get(row, "address")?,
                is_current: false,
            })
        })
        .collect()
}

/// False when the user has no such session.
pub async fn delete_by_id(conn: &mut Conn, user_key: i64, id: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM sessions WHERE user_key = ? AND lower(hex(substr(hash, 1, 8))) = ?")
        .bind(user_key)
        .bind(id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes sessions that have run out.
pub async fn delete_expired(conn: &mut Conn, now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires <= ?").bind(now.micros()).execute(conn).await?;
    Ok(())
}

/// Saves a token. `token.user` is not looked at.
pub async fn token_insert(conn: &mut Conn, hash: &Hash, user_key: i64, token: &api::Token) -> Result<()> {
    sqlx::query(
        "INSERT INTO tokens (id, hash, user_key, description, created, expires, limit_role, limit_scope) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&token.id)
    .bind(hash.as_slice())
    .bind(user_key)
    .bind(&token.description)
    .bind(token.creation_time.micros())
    .bind(token.expiry_time.micros())
    .bind(token.limit.role.map(Role::as_str))
    .bind(&token.limit.scope)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn token_find(conn: &mut Conn, hash: &Hash) -> Result<Option<Grant>> {
    let row = sqlx::query(
        "SELECT user_key, name, role, disabled, tokens.created, expires, last_used, limit_role, limit_scope \
         FROM tokens JOIN users ON users.key = user_key WHERE hash = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(Grant::read).transpose()
}

/// All tokens, or those of one user, newest first.
pub async fn token_list(conn: &mut Conn, user_key: Option<i64>) -> Result<Vec<api::Token>> {
    let rows = sqlx::query(
        "SELECT id, name, description, tokens.created, expires, last_used, limit_role, limit_scope \
         FROM tokens JOIN users ON users.key = user_key WHERE ?1 IS NULL OR user_key = ?1 ORDER BY tokens.key DESC",
    )
    .bind(user_key)
    .fetch_all(conn)
    .await?;
    rows.iter().map(read_token).collect()
}

fn read_token(row: &SqliteRow) -> Result<api::Token> {
    Ok(api::Token {
        id: get(row, "id")?,
        user: get(row, "name")?,
        description: get(row, "description")?,
        creation_time: time(row, "created")?,
        expiry_time: time(row, "expires")?,
        last_used: opt_time(row, "last_used")?,
        limit: read_limit(row)?,
    })
}

pub async fn token_used(conn: &mut Conn, hash: &Hash, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE tokens SET last_used = ? WHERE hash = ?")
        .bind(now.micros())
        .bind(hash.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// The name of the user whose token it is.
pub async fn token_owner(conn: &mut Conn, id: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("SELECT name FROM tokens JOIN users ON users.key = user_key WHERE id = ?")
        .bind(id)
        .fetch_optional(conn)
        .await?)
}

/// False when there is no such token.
pub async fn token_delete(conn: &mut Conn, id: &str) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM tokens WHERE id = ?").bind(id).execute(conn).await?.rows_affected() > 0)
}

pub async fn token_delete_of_user(conn: &mut Conn, user_key: i64) -> Result<()> {
    sqlx::query("DELETE FROM tokens WHERE user_key = ?").bind(user_key).execute(conn).await?;
    Ok(())
}
