//! Certificates of accounts. Their data and passwords are written here and never read again.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, name, opt_json, opt_name, opt_time, time};
use super::db::{Conn, Result};
use crate::api::{CertificateCreate, CertificateFormat, CertificateState, DeleteCertificateError, Timestamp};

/// Columns of [`CertificateRow`]: the private ones are not among them.
macro_rules! concat_columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "key, account_key, id, algorithm, format, iif(format = 'cer', data, NULL) AS public_data, state, state_since, \
             previous_state, previous_since, delete_error",
            $after
        )
    };
}
pub(crate) use concat_columns;

/// A certificate as it is stored, without its secrets.
#[derive(Clone, Debug)]
pub struct CertificateRow {
    pub key: i64,
    pub account_key: i64,
    pub thumbprint: String,
    pub algorithm: String,
    pub format: CertificateFormat,
    pub public_data: Option<String>,
    pub state: CertificateState,
    pub since: Timestamp,
    pub previous: Option<(CertificateState, Timestamp)>,
    pub delete_error: Option<DeleteCertificateError>,
}

pub fn read(row: &SqliteRow) -> Result<CertificateRow> {
    Ok(CertificateRow {
        key: get(row, "key")?,
        account_key: get(row, "account_key")?,
        thumbprint: get(row, "id")?,
        algorithm: get(row, "algorithm")?,
        format: name(row, "format")?,
        public_data: get(row, "public_data")?,
        state: name(row, "state")?,
        since: time(row, "state_since")?,
        previous: opt_name(row, "previous_state")?.zip(opt_time(row, "previous_since")?),
        delete_error: opt_json(row, "delete_error")?,
    })
}

/// Inserts an active certificate; `thumbprint` is in the form that is kept.
pub async fn insert(
    conn: &mut Conn,
    account_key: i64,
    thumbprint: &str,
    create: &CertificateCreate,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO certificates (account_key, id, algorithm, format, data, password, state, state_since) \
         VALUES (?1, ?2, 'sha1', ?3, ?4, ?5, 'active', ?6)",
    )
    .bind(account_key)
    .bind(thumbprint)
    .bind(create.certificate_format.as_str())
    .bind(&create.data.0)
    .bind(create.password.as_ref().map(|password| &password.0))
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn find(conn: &mut Conn, account_key: i64, thumbprint: &str) -> Result<Option<CertificateRow>> {
    let row = sqlx::query(concat_columns!("SELECT ", " FROM certificates WHERE account_key = ?1 AND id = ?2"))
        .bind(account_key)
        .bind(thumbprint)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Saves the state and what belongs to it.
pub async fn save(conn: &mut Conn, certificate: &CertificateRow) -> Result<()> {
    sqlx::query(
        "UPDATE certificates SET state = ?2, state_since = ?3, previous_state = ?4, previous_since = ?5, delete_error = ?6 \
         WHERE key = ?1",
    )
    .bind(certificate.key)
    .bind(certificate.state.as_str())
    .bind(certificate.since.micros())
    .bind(certificate.previous.map(|(state, _)| state.as_str()))
    .bind(certificate.previous.map(|(_, since)| since.micros()))
    .bind(certificate.delete_error.as_ref().map(convert::to_json))
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts another content in the place of the one that is there.
pub async fn replace(conn: &mut Conn, key: i64, content: &CertificateCreate) -> Result<()> {
    sqlx::query("UPDATE certificates SET format = ?2, data = ?3, password = ?4 WHERE key = ?1")
        .bind(key)
        .bind(content.certificate_format.as_str())
        .bind(&content.data.0)
        .bind(content.password.as_ref().map(|password| &password.0))
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, key: i64) -> Result<()> {
    sqlx::query("DELETE FROM certificates WHERE key = ?1").bind(key).execute(conn).await?;
    Ok(())
}

/// Ids of pools of the account that name the certificate, at most so many.
pub async fn users(conn: &mut Conn, account_key: i64, thumbprint: &str, most: i64) -> Result<Vec<String>> {
    let pools = sqlx::query_scalar(
        "SELECT id FROM pools AS p WHERE account_key = ?1 AND EXISTS (SELECT 1 FROM \
         json_each(p.settings, '$.certificateReferences') AS r WHERE r.value ->> '$.thumbprint' = ?2) ORDER BY id LIMIT ?3",
    )
    .bind(account_key)
    .bind(thumbprint)
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(pools)
}

/// Of these thumbprints the first that the account has no certificate of.
pub async fn first_missing(conn: &mut Conn, account_key: i64, thumbprints: &[&str]) -> Result<Option<String>> {
    let missing = sqlx::query_scalar(
        "SELECT value FROM json_each(?2) WHERE NOT EXISTS (SELECT 1 FROM certificates WHERE account_key = ?1 AND id = value) \
         ORDER BY json_each.key LIMIT 1",
    )
    .bind(account_key)
    .bind(json!(thumbprints).to_string())
    .fetch_optional(conn)
    .await?;
    Ok(missing)
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<CertificateRow> {
    let mut certificates = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(certificate.key = key, %error, "a stored certificate cannot be read and is left alone");
            }
        }
    }
    certificates
}
