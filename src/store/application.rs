//! Applications of accounts.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{get, time};
use super::db::{Conn, Result};
use crate::api::Timestamp;

/// Columns of [`ApplicationRow`].
macro_rules! select_applications {
    ($rest:literal) => {
        concat!(
            "SELECT a.*, (SELECT COUNT(*) FROM application_packages WHERE application_key = a.key) AS n_packages, \
             (SELECT COUNT(*) FROM application_packages WHERE application_key = a.key AND state = 'Active') AS n_active \
             FROM applications AS a WHERE ",
            $rest
        )
    };
}
pub(crate) use select_applications;

#[derive(Clone, Debug)]
pub struct ApplicationRow {
    pub key: i64,
    pub account_key: i64,
    pub id: String,
    pub display_name: Option<String>,
    pub allow_updates: bool,
    pub default_version: Option<String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub n_packages: i64,
    pub n_active: i64,
}

pub fn read(row: &SqliteRow) -> Result<ApplicationRow> {
    Ok(ApplicationRow {
        key: get(row, "key")?,
        account_key: get(row, "account_key")?,
        id: get(row, "id")?,
        display_name: get(row, "display_name")?,
        allow_updates: get(row, "allow_updates")?,
        default_version: get(row, "default_version")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
        n_packages: get(row, "n_packages")?,
        n_active: get(row, "n_active")?,
    })
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<ApplicationRow> {
    let mut applications = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(application) => applications.push(application),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(application.key = key, %error, "a stored application cannot be read and is left alone");
            }
        }
    }
    applications
}

pub async fn find(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<ApplicationRow>> {
    let row = sqlx::query(select_applications!("account_key = ?1 AND id = ?2"))
        .bind(account_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// All of an account, by their ids.
pub async fn all(conn: &mut Conn, account_key: i64) -> Result<Vec<ApplicationRow>> {
    let rows =
        sqlx::query(select_applications!("account_key = ?1 ORDER BY id")).bind(account_key).fetch_all(conn).await?;
    Ok(readable(&rows))
}

pub async fn count(conn: &mut Conn, account_key: i64) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM applications WHERE account_key = ?1")
        .bind(account_key)
        .fetch_one(conn)
        .await?)
}

/// The key of the new row.
pub async fn insert(conn: &mut Conn, application: &ApplicationRow) -> Result<i64> {
    let done = sqlx::query(
        "INSERT INTO applications (account_key, id, display_name, allow_updates, default_version, created, modified, etag) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(application.account_key)
    .bind(&application.id)
    .bind(&application.display_name)
    .bind(application.allow_updates)
    .bind(&application.default_version)
    .bind(application.created.micros())
    .bind(application.modified.micros())
    .bind(application.etag)
    .execute(conn)
    .await?;
    Ok(done.last_insert_rowid())
}

/// Saves what can change.
pub async fn save(conn: &mut Conn, application: &ApplicationRow) -> Result<()> {
    sqlx::query(
        "UPDATE applications SET display_name = ?2, allow_updates = ?3, default_version = ?4, modified = ?5, etag = ?6 \
         WHERE key = ?1",
    )
    .bind(application.key)
    .bind(&application.display_name)
    .bind(application.allow_updates)
    .bind(&application.default_version)
    .bind(application.modified.micros())
    .bind(application.etag)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, key: i64) -> Result<()> {
    sqlx::query("DELETE FROM applications WHERE key = ?1").bind(key).execute(conn).await?;
    Ok(())
}
