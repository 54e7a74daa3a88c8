//! Storage accounts and their containers.

use std::collections::HashSet;

use sqlx::sqlite::SqliteRow;

use super::convert::{get, json, opt_json, time, to_json};
use super::db::{Conn, Result};
use crate::api::{BucketAccess, KeyName, Secret, Timestamp};

#[derive(Clone, Debug)]
pub struct StorageRow {
    pub key: i64,
    pub name: String,
    pub primary: Secret,
    pub secondary: Secret,
    pub created: Timestamp,
    /// Where its blobs are, when they are not in the data folder.
    pub bucket: Option<BucketAccess>,
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
        bucket: opt_json(row, "bucket")?,
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

/// False when there is one of the name. The row's key is not looked at.
pub async fn insert(conn: &mut Conn, row: &StorageRow) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO storage_accounts (name, primary_key, secondary_key, created, bucket) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&row.name)
    .bind(&row.primary.0)
    .bind(&row.secondary.0)
    .bind(row.created.micros())
    .bind(row.bucket.as_ref().map(to_json))
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

/// Where the account's blobs are from now on, or with which credentials.
pub async fn set_bucket(conn: &mut Conn, key: i64, bucket: &BucketAccess) -> Result<()> {
    sqlx::query("UPDATE storage_accounts SET bucket = ? WHERE key = ?")
        .bind(to_json(bucket))
        .bind(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Who uses the storage account: Batch accounts that have it linked, and those whose packages are in it.
pub async fn users(conn: &mut Conn, name: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT name FROM accounts WHERE storage_account_id = ?1 OR storage_account_id LIKE '%/' || ?1 \
         UNION SELECT a.name FROM application_packages p JOIN applications o ON o.key = p.application_key \
         JOIN accounts a ON a.key = o.account_key WHERE p.storage = ?1 ORDER BY name",
    )
    .bind(name)
    .fetch_all(conn)
    .await?)
}

/// With its containers and the blocks that wait in them, whose files are said.
pub async fn delete(conn: &mut Conn, key: i64) -> Result<Vec<String>> {
    let files = sqlx::query_scalar(
        "SELECT file FROM blocks JOIN containers ON containers.key = container_key WHERE storage_key = ?",
    )
    .bind(key)
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query("DELETE FROM containers WHERE storage_key = ?").bind(key).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM storage_accounts WHERE key = ?").bind(key).execute(conn).await?;
    Ok(files)
}

pub async fn container(conn: &mut Conn, storage_key: i64, name: &str) -> Result<Option<ContainerRow>> {
    let row = sqlx::query("SELECT * FROM containers WHERE storage_key = ? AND name = ?")
        .bind(storage_key)
        .bind(name)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(container_row).transpose()
}

pub async fn container_names(conn: &mut Conn, storage_key: i64) -> Result<HashSet<String>> {
    let names =
        sqlx::query_scalar("SELECT name FROM containers WHERE storage_key = ?").bind(storage_key).fetch_all(conn);
    Ok(names.await?.into_iter().collect())
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
