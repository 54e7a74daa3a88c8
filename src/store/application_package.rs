//! Packages of applications, and where their bytes are.

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{get, name, opt_time, time, to_json};
use super::db::{Conn, Result};
use crate::api::{PackageState, Timestamp};

/// Columns of [`PackageRow`]. The length is that of the blob, which those who hold the storage's keys can delete.
macro_rules! select_packages {
    ($rest:literal) => {
        concat!(
            "SELECT p.*, (SELECT b.length FROM storage_accounts AS s JOIN containers AS c ON c.storage_key = s.key \
             JOIN blobs AS b ON b.container_key = c.key WHERE s.name = p.storage AND c.name = p.container AND \
             b.name = p.content) AS content_length FROM application_packages AS p WHERE ",
            $rest
        )
    };
}
pub(crate) use select_packages;

#[derive(Clone, Debug)]
pub struct PackageRow {
    pub key: i64,
    pub application_key: i64,
    pub version: String,
    pub state: PackageState,
    pub format: Option<String>,
    pub storage: String,
    pub container: String,
    /// The blob that callers write to.
    pub upload: String,
    /// The blob that nodes read; there while the package is active.
    pub content: Option<String>,
    pub content_length: Option<i64>,
    pub activated: Option<Timestamp>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
}

pub fn read(row: &SqliteRow) -> Result<PackageRow> {
    Ok(PackageRow {
        key: get(row, "key")?,
        application_key: get(row, "application_key")?,
        version: get(row, "id")?,
        state: name(row, "state")?,
        format: get(row, "format")?,
        storage: get(row, "storage")?,
        container: get(row, "container")?,
        upload: get(row, "upload")?,
        content: get(row, "content")?,
        content_length: get(row, "content_length")?,
        activated: opt_time(row, "activated")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
    })
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<PackageRow> {
    let mut packages = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(package) => packages.push(package),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(package.key = key, %error, "a stored package cannot be read and is left alone");
            }
        }
    }
    packages
}

pub async fn find(conn: &mut Conn, application_key: i64, version: &str) -> Result<Option<PackageRow>> {
    let row = sqlx::query(select_packages!("application_key = ?1 AND id = ?2"))
        .bind(application_key)
        .bind(version)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The active versions of these applications, each with its application's key.
pub async fn active_versions(conn: &mut Conn, application_keys: &[i64]) -> Result<Vec<(i64, String)>> {
    Ok(sqlx::query_as(
        "SELECT application_key, id FROM application_packages WHERE state = 'Active' AND \
         application_key IN (SELECT value FROM json_each(?1)) ORDER BY application_key, id",
    )
    .bind(to_json(&application_keys))
    .fetch_all(conn)
    .await?)
}

/// The key of the new row.
pub async fn insert(conn: &mut Conn, package: &PackageRow) -> Result<i64> {
    let done = sqlx::query(
        "INSERT INTO application_packages (application_key, id, state, storage, container, upload, created, modified, etag) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(package.application_key)
    .bind(&package.version)
    .bind(package.state.as_str())
    .bind(&package.storage)
    .bind(&package.container)
    .bind(&package.upload)
    .bind(package.created.micros())
    .bind(package.modified.micros())
    .bind(package.etag)
    .execute(conn)
    .await?;
    Ok(done.last_insert_rowid())
}

/// Saves what can change.
pub async fn save(conn: &mut Conn, package: &PackageRow) -> Result<()> {
    sqlx::query(
        "UPDATE application_packages SET state = ?2, format = ?3, storage = ?4, container = ?5, upload = ?6, content = ?7, \
         activated = ?8, modified = ?9, etag = ?10 WHERE key = ?1",
    )
    .bind(package.key)
    .bind(package.state.as_str())
    .bind(&package.format)
    .bind(&package.storage)
    .bind(&package.container)
    .bind(&package.upload)
    .bind(&package.content)
    .bind(package.activated.map(Timestamp::micros))
    .bind(package.modified.micros())
    .bind(package.etag)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, key: i64) -> Result<()> {
    sqlx::query("DELETE FROM application_packages WHERE key = ?1").bind(key).execute(conn).await?;
    Ok(())
}

/// What a reference asks for; without a version for the application's default one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub account_key: i64,
    pub application: String,
    pub version: Option<String>,
}

/// What is there for a reference.
#[derive(Clone, Debug)]
pub struct Found {
    /// As it was created; absent when there is no such application.
    pub application: Option<String>,
    /// The version that the reference means; absent when it names none and there is no default.
    pub version: Option<String>,
    /// Where an active package is: storage account, container and blob.
    pub place: Option<(String, String, String)>,
}

/// What is there for each of these, in their order.
pub async fn look_up(conn: &mut Conn, wanted: &[Wanted]) -> Result<Vec<Found>> {
    let rows = sqlx::query(
        "SELECT a.id AS application, coalesce(p.id, w.value ->> '$.version', a.default_version) AS version, \
         p.storage, p.container, p.content FROM json_each(?1) AS w \
         LEFT JOIN applications AS a ON a.account_key = w.value ->> '$.account_key' AND a.id = w.value ->> '$.application' \
         LEFT JOIN application_packages AS p ON p.application_key = a.key AND p.state = 'Active' AND \
         p.id = coalesce(w.value ->> '$.version', a.default_version) ORDER BY w.key",
    )
    .bind(to_json(&wanted))
    .fetch_all(conn)
    .await?;
    let found = |row: &SqliteRow| {
        let storage: Option<String> = get(row, "storage")?;
        let (container, content): (Option<String>, Option<String>) = (get(row, "container")?, get(row, "content")?);
        let place =
            storage.zip(container).zip(content).map(|((storage, container), content)| (storage, container, content));
        Ok(Found { application: get(row, "application")?, version: get(row, "version")?, place })
    };
    rows.iter().map(found).collect()
}
