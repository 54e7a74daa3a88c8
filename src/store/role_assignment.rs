//! Roles that users have in a part of the installation.

use sqlx::sqlite::SqliteRow;

use super::convert::{get, name, time};
use super::db::{Conn, Result};
use crate::api::{Role, RoleAssignment};
use crate::domain::ids::AccountName;

/// Which role a user has in which account by all assignments.
pub async fn accounts_of(conn: &mut Conn, user_key: i64) -> Result<Vec<(AccountName, Role)>> {
    let rows = sqlx::query(
        "SELECT accounts.name, role_assignments.role FROM role_assignments JOIN accounts ON scope IN ( \
         lower('/subscriptions/' || subscription_id), \
         lower('/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group), \
         lower('/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group || \
         '/providers/microsoft.batch/batchaccounts/' || accounts.name)) \
         WHERE user_key = ?",
    )
    .bind(user_key)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok((name(row, "name")?, name(row, "role")?))).collect()
}

/// The accounts that there are in a scope, which is in lower case.
pub async fn accounts_in(conn: &mut Conn, scope: &str) -> Result<Vec<AccountName>> {
    let rows = sqlx::query(
        "SELECT name FROM accounts WHERE ?1 IN ( \
         lower('/subscriptions/' || subscription_id), \
         lower('/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group), \
         lower('/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group || \
         '/providers/microsoft.batch/batchaccounts/' || name))",
    )
    .bind(scope)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| name(row, "name")).collect()
}

/// False when the user has the role there already.
pub async fn insert(conn: &mut Conn, user_key: i64, row: &RoleAssignment) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO role_assignments (id, user_key, role, scope, created, created_by) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (user_key, role, scope) DO NOTHING",
    )
    .bind(&row.id)
    .bind(user_key)
    .bind(row.role.as_str())
    .bind(&row.scope)
    .bind(row.creation_time.micros())
    .bind(&row.created_by)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Those of these scopes; without any, all.
pub async fn list(conn: &mut Conn, scopes: &[String]) -> Result<Vec<RoleAssignment>> {
    let rows = sqlx::query(
        "SELECT id, name, role_assignments.role, scope, role_assignments.created, created_by \
         FROM role_assignments JOIN users ON users.key = user_key \
         WHERE json_array_length(?1) = 0 OR scope IN (SELECT value FROM json_each(?1)) ORDER BY name, scope, role_assignments.role",
    )
    .bind(serde_json::Value::from(scopes.to_vec()).to_string())
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

/// With the key of its user.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<(i64, RoleAssignment)>> {
    let row = sqlx::query(
        "SELECT user_key, id, name, role_assignments.role, scope, role_assignments.created, created_by \
         FROM role_assignments JOIN users ON users.key = user_key WHERE id = ?",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((get(&row, "user_key")?, read(&row)?))).transpose()
}

pub async fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM role_assignments WHERE id = ?").bind(id).execute(conn).await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<RoleAssignment> {
    Ok(RoleAssignment {
        id: get(row, "id")?,
        user: get(row, "name")?,
        role: name(row, "role")?,
        scope: get(row, "scope")?,
        creation_time: time(row, "created")?,
        created_by: get(row, "created_by")?,
    })
}
