//! Blobs, and the blocks that are to become some.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{get, json, time, to_json};
use super::db::{Conn, Result};
use crate::api::{BlobPart, BlobSettings, Timestamp};

#[derive(Clone, Debug)]
pub struct BlobRow {
    pub name: String,
    pub length: i64,
    pub parts: Vec<BlobPart>,
    pub settings: BlobSettings,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
}

fn blob_row(row: &SqliteRow) -> Result<BlobRow> {
    Ok(BlobRow {
        name: get(row, "name")?,
        length: get(row, "length")?,
        parts: json(row, "parts")?,
        settings: json(row, "settings")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
    })
}

pub async fn find(conn: &mut Conn, container_key: i64, name: &str) -> Result<Option<BlobRow>> {
    let row = sqlx::query("SELECT * FROM blobs WHERE container_key = ? AND name = ?")
        .bind(container_key)
        .bind(name)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(blob_row).transpose()
}

/// Puts a blob in the place of what has its name.
pub async fn put(conn: &mut Conn, container_key: i64, row: &BlobRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO blobs (container_key, name, length, parts, settings, created, modified, etag) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (container_key, name) DO UPDATE SET length = excluded.length, \
         parts = excluded.parts, settings = excluded.settings, created = excluded.created, modified = excluded.modified, \
         etag = excluded.etag",
    )
    .bind(container_key)
    .bind(&row.name)
    .bind(row.length)
    .bind(to_json(&row.parts))
    .bind(to_json(&row.settings))
    .bind(row.created.micros())
    .bind(row.modified.micros())
    .bind(row.etag)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, container_key: i64, name: &str) -> Result<()> {
    sqlx::query("DELETE FROM blobs WHERE container_key = ? AND name = ?")
        .bind(container_key)
        .bind(name)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives a blob another name, which no other blob has.
pub async fn rename(conn: &mut Conn, container_key: i64, name: &str, to: &str) -> Result<()> {
    sqlx::query("UPDATE blobs SET name = ?3 WHERE container_key = ?1 AND name = ?2")
        .bind(container_key)
        .bind(name)
        .bind(to)
        .execute(conn)
        .await?;
    Ok(())
}

/// Blobs from `from` on, in order of their names.
pub async fn list(conn: &mut Conn, container_key: i64, prefix: &str, from: &str, limit: i64) -> Result<Vec<BlobRow>> {
    let rows = sqlx::query(
        // The parts are of no interest to a list, and may be many.
        "SELECT name, length, '[]' AS parts, settings, created, modified, etag FROM blobs \
         WHERE container_key = ? AND name >= ? AND name <= ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT ?",
    )
    .bind(container_key)
    .bind(from.max(prefix))
    .bind(last_name(prefix))
    .bind(prefix)
    .bind(prefix)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(blob_row).collect()
}

/// Behind all names that begin with the prefix: the index is read no further.
pub(super) fn last_name(prefix: &str) -> String {
    [prefix, "\u{10ffff}\u{10ffff}"].concat()
}

/// Blocks of a blob that are not committed, by id.
pub async fn blocks(conn: &mut Conn, container_key: i64, blob: &str) -> Result<Vec<BlobPart>> {
    let rows = sqlx::query("SELECT id, file, length FROM blocks WHERE container_key = ? AND blob = ? ORDER BY id")
        .bind(container_key)
        .bind(blob)
        .fetch_all(conn)
        .await?;
    rows.iter().map(block).collect()
}

/// One of them, and how many there are.
pub async fn block_like(
    conn: &mut Conn,
    container_key: i64,
    blob: &str,
    id: &str,
) -> Result<(Option<BlobPart>, i64, Option<String>)> {
    let row = sqlx::query("SELECT id, file, length FROM blocks WHERE container_key = ? AND blob = ? AND id = ?")
        .bind(container_key)
        .bind(blob)
        .bind(id)
        .fetch_optional(&mut *conn)
        .await?;
    let counts = sqlx::query("SELECT COUNT(*), MIN(id) FROM blocks WHERE container_key = ? AND blob = ?")
        .bind(container_key)
        .bind(blob)
        .fetch_one(conn)
        .await?;
    Ok((row.as_ref().map(block).transpose()?, counts.try_get(0)?, counts.try_get(1)?))
}

pub async fn put_block(conn: &mut Conn, container_key: i64, blob: &str, part: &BlobPart, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO blocks (container_key, blob, id, file, length, created) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET file = excluded.file, length = excluded.length, created = excluded.created",
    )
    .bind(container_key)
    .bind(blob)
    .bind(&part.id)
    .bind(&part.file)
    .bind(i64::try_from(part.length).unwrap_or(i64::MAX))
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete_blocks(conn: &mut Conn, container_key: i64, blob: &str) -> Result<()> {
    sqlx::query("DELETE FROM blocks WHERE container_key = ? AND blob = ?")
        .bind(container_key)
        .bind(blob)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes away blocks that nobody committed since `before`; says their files.
pub async fn delete_old_blocks(conn: &mut Conn, before: Timestamp) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("DELETE FROM blocks WHERE created < ? RETURNING file")
        .bind(before.micros())
        .fetch_all(conn)
        .await?)
}

fn block(row: &SqliteRow) -> Result<BlobPart> {
    let length: i64 = get(row, "length")?;
    Ok(BlobPart { id: get(row, "id")?, file: get(row, "file")?, length: length.unsigned_abs() })
}
