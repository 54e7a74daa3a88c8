//! Storage accounts and their containers.

use sqlx::sqlite::SqliteRow;

use super::convert::{get, json, time, to_json};
use super::db::{Conn, Result};
use crate::api::{KeyName, Secret, Timestamp};

#[derive(Clone, Debug)]
pub struct StorageRow {
    pub key: i64,
    pub name: String,
    pub primary: Secret,
    pub secondary: Secret,
    pub created: Timestamp,
}

#[derive(Clone, Debug)]
pub struct ContainerRow {
    pub key: i64,
    pub name: String,
    pub metadata: std::collections::BTreeMap<String, String>,
    pub modified: Timestamp,
    pub etag: i64,
}

fn storage_row(row: &SqliteRow) -> Result<StorageRow> {
    Ok(StorageRow {
        key: get(row, "key")?,
        name: get(row, "name")?,
        primary: Secret(get(row, "primary_key")?),
        secondary: Secret(get(row, "secondary_key")?),
        created: time(row, "created")?,
    })
}

fn container_row(row: &SqliteRow) -> Result<ContainerRow> {
    Ok(ContainerRow {
        key: get(row, "key")?,
        name: get(row, "name")?,
        metadata: json(row, "metadata")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
    })
}

pub async fn find(conn: &mut Conn, name: &str) -> Result<Option<StorageRow>> {
    let row = sqlx::query("SELECT * FROM storage_accounts WHERE name = ?").bind(name).fetch_optional(conn).await?;
    row.as_ref().map(storage_row).transpose()
}

pub async fn all(conn: &mut Conn) -> Result<Vec<StorageRow>> {
    let rows = sqlx::query("SELECT * FROM storage_accounts ORDER BY name").fetch_all(conn).await?;
    rows.iter().map(storage_row).collect()
}

/// False when there is one of the name.
pub async fn insert(conn: &mut Conn, name: &str, primary: &Secret, secondary: &Secret, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO storage_accounts (name, primary_key, secondary_key, created) VALUES (?, ?, ?, ?) \
         ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(&primary.0)
    .bind(&secondary.0)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces one of the keys.
pub async fn replace_key(conn: &mut Conn, key: i64, which: KeyName, new: &Secret) -> Result<()> {
    let statement = match which {
        KeyName::Primary => "UPDATE storage_accounts SET primary_key = ? WHERE key = ?",
        KeyName::Secondary => "UPDATE storage_accounts SET secondary_key = ? WHERE key = ?",
    };
    sqlx::query(statement).bind(&new.0).bind(key).execute(conn).await?;
    Ok(())
}

pub async fn container(conn: &mut Conn, storage_key: i64, name: &str) -> Result<Option<ContainerRow>> {
    let row = sqlx::query("SELECT * FROM containers WHERE storage_key = ? AND name = ?")
        .bind(storage_key)
        .bind(name)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(container_row).transpose()
}

/// Containers from `from` on, in order of their names.
pub async fn containers(
    conn: &mut Conn,
    storage_key: i64,
    prefix: &str,
    from: &str,
    limit: i64,
) -> Result<Vec<ContainerRow>> {
    let rows = sqlx::query(
        "SELECT * FROM containers WHERE storage_key = ? AND name >= ? AND name <= ? AND substr(name, 1, length(?)) = ? \
         ORDER BY name LIMIT ?",
    )
    .bind(storage_key)
    .bind(from.max(prefix))
    .bind(super::blob::last_name(prefix))
    .bind(prefix)
    .bind(prefix)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(container_row).collect()
}

/// False when there is one of the name.
pub async fn insert_container(conn: &mut Conn, storage_key: i64, row: &ContainerRow) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO containers (storage_key, name, metadata, modified, etag) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT DO NOTHING",
    )
    .bind(storage_key)
    .bind(&row.name)
    .bind(to_json(&row.metadata))
    .bind(row.modified.micros())
    .bind(row.etag)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Its blobs and blocks go with it.
pub async fn delete_container(conn: &mut Conn, key: i64) -> Result<()> {
    sqlx::query("DELETE FROM containers WHERE key = ?").bind(key).execute(conn).await?;
    Ok(())
}

/// Names of all files that a container's blobs and blocks are in.
pub async fn files_of_container(conn: &mut Conn, key: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT p.value ->> 'file' FROM blobs, json_each(blobs.parts) p WHERE container_key = ?1 \
         UNION SELECT file FROM blocks WHERE container_key = ?1",
    )
    .bind(key)
    .fetch_all(conn)
    .await?)
}

/// Names of all files that anything is in.
pub async fn all_files(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT p.value ->> 'file' FROM blobs, json_each(blobs.parts) p UNION SELECT file FROM blocks \
         UNION SELECT file FROM kept_bundles WHERE file IS NOT NULL",
    )
    .fetch_all(conn)
    .await?)
}
