//! Facts about the installation, by name.

use super::db::{Conn, Result};

pub async fn get(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = ?").bind(name).fetch_optional(conn).await?)
}

pub async fn set(conn: &mut Conn, name: &str, value: &str) -> Result<()> {
    sqlx::query("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, name: &str) -> Result<()> {
    sqlx::query("DELETE FROM meta WHERE name = ?").bind(name).execute(conn).await?;
    Ok(())
}
