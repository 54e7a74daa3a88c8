//! Users.

use sqlx::sqlite::SqliteRow;

use super::convert::{get, name, opt_time, time};
use super::db::{Conn, Result};
use crate::api::{Role, Secret, Timestamp};

#[derive(Clone, Debug)]
pub struct UserRow {
    pub key: i64,
    pub name: String,
    pub role: Role,
    /// In PHC's string form: the algorithm, its parameters, the salt and the hash.
    pub password_hash: Secret,
    pub disabled: bool,
    pub created: Timestamp,
    pub last_sign_in: Option<Timestamp>,
    /// By which name the sign-in provider knows the user.
    pub external_name: Option<String>,
    /// Who that is, since the first time: issuer and subject.
    pub external_id: Option<String>,
}

impl UserRow {
    fn read(row: &SqliteRow) -> Result<UserRow> {
        Ok(UserRow {
            key: get(row, "key")?,
            name: get(row, "name")?,
            role: name(row, "role")?,
            password_hash: Secret(get(row, "password_hash")?),
            disabled: get(row, "disabled")?,
            created: time(row, "created")?,
            last_sign_in: opt_time(row, "last_sign_in")?,
            external_name: get(row, "external_name")?,
            external_id: get(row, "external_id")?,
        })
    }
}

/// Without regard to case.
pub async fn find(conn: &mut Conn, user: &str) -> Result<Option<UserRow>> {
    let row = sqlx::query("SELECT * FROM users WHERE name = ?").bind(user).fetch_optional(conn).await?;
    row.as_ref().map(UserRow::read).transpose()
}

/// Without regard to case.
pub async fn find_by_external_name(conn: &mut Conn, external_name: &str) -> Result<Option<UserRow>> {
    let query = sqlx::query("SELECT * FROM users WHERE external_name = ?").bind(external_name);
    query.fetch_optional(conn).await?.as_ref().map(UserRow::read).transpose()
}

pub async fn find_by_external_id(conn: &mut Conn, external_id: &str) -> Result<Option<UserRow>> {
    let query = sqlx::query("SELECT * FROM users WHERE external_id = ?").bind(external_id);
    query.fetch_optional(conn).await?.as_ref().map(UserRow::read).transpose()
}

/// Nobody is bound to the user by it yet.
pub async fn set_external_name(conn: &mut Conn, user_key: i64, external_name: Option<&str>) -> Result<()> {
    sqlx::query("UPDATE users SET external_name = ?, external_id = NULL WHERE key = ?")
        .bind(external_name)
        .bind(user_key)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn bind(conn: &mut Conn, user_key: i64, external_id: &str) -> Result<()> {
    sqlx::query("UPDATE users SET external_id = ? WHERE key = ?")
        .bind(external_id)
        .bind(user_key)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn list(conn: &mut Conn) -> Result<Vec<UserRow>> {
    let rows = sqlx::query("SELECT * FROM users ORDER BY name").fetch_all(conn).await?;
    rows.iter().map(UserRow::read).collect()
}

pub async fn any(conn: &mut Conn) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(conn).await?)
}

/// Saves a new user and returns the key; nothing when the name is taken.
pub async fn insert(
    conn: &mut Conn,
    user: &str,
    role: Role,
    password_hash: &Secret,
    now: Timestamp,
) -> Result<Option<i64>> {
    let key = sqlx::query_scalar(
        "INSERT INTO users (name, role, password_hash, created) VALUES (?, ?, ?, ?) \
         ON CONFLICT (name) DO NOTHING RETURNING key",
    )
    .bind(user)
    .bind(role.as_str())
    .bind(&password_hash.0)
    .bind(now.micros())
    .fetch_optional(conn)
    .await?;
    Ok(key)
}

pub async fn set_disabled(conn: &mut Conn, user_key: i64, disabled: bool) -> Result<()> {
    sqlx::query("UPDATE users SET disabled = ? WHERE key = ?").bind(disabled).bind(user_key).execute(conn).await?;
    Ok(())
}

pub async fn set_role(conn: &mut Conn, user_key: i64, role: Role) -> Result<()> {
    sqlx::query("UPDATE users SET role = ? WHERE key = ?").bind(role.as_str()).bind(user_key).execute(conn).await?;
    Ok(())
}

pub async fn set_password(conn: &mut Conn, user_key: i64, password_hash: &Secret) -> Result<()> {
    sqlx::query("UPDATE users SET password_hash = ? WHERE key = ?")
        .bind(&password_hash.0)
        .bind(user_key)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn signed_in(conn: &mut Conn, user_key: i64, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE users SET last_sign_in = ? WHERE key = ?")
        .bind(now.micros())
        .bind(user_key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Owners that can sign in.
pub async fn n_owners(conn: &mut Conn) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE role = 'Owner' AND disabled = 0").fetch_one(conn).await?)
}
