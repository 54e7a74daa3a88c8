//! The activity log. Rows are added by the writer itself, with the change that they tell of.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::convert::{get, name, time};
use super::db::{Conn, Result};
use crate::api::{self, Activity, CallerKind, Timestamp};

/// How many rows a page looks at, at most: a filter that fits few must not hold a reader for long.
const LOOK_AT: i64 = 100_000;

/// A row that waits for the transaction that it belongs to.
#[derive(Debug)]
pub struct Note {
    row: Mutex<Activity>,
    /// 0 until it is written.
    key: AtomicI64,
}

impl Note {
    pub fn new(row: Activity) -> Note {
        Note { row: Mutex::new(row), key: AtomicI64::new(0) }
    }

    /// What it says, to be changed until it is written.
    pub fn row(&self) -> MutexGuard<'_, Activity> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its key, once it is written.
    pub fn key(&self) -> Option<i64> {
        Some(self.key.load(Ordering::Acquire)).filter(|key| *key != 0)
    }

    /// False when it has a key already.
    pub(super) fn give(&self, key: i64) -> bool {
        self.key.compare_exchange(0, key, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Its transaction failed.
    pub(super) fn take_back(&self) {
        self.key.store(0, Ordering::Release);
    }
}

pub(super) async fn last_key(conn: &mut Conn) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(key), 0) FROM activity").fetch_one(conn).await?)
}

/// Writes notes that have their keys. What a caller that nobody knows says of itself stands in the log only where it names
/// something that exists: otherwise it could be a password in the wrong field. Who says a name and succeeds has proved it:
/// such a call is a sign-in.
pub(super) async fn insert(conn: &mut Conn, notes: &[Arc<Note>]) -> std::result::Result<(), sqlx::Error> {
    if notes.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = notes.iter().map(|note| to_json(note.key().unwrap_or_default(), &note.row())).collect();
    sqlx::query(
        "INSERT INTO activity (key, at, operation, account, resource, caller, caller_kind, via, address, code, request_id, \
         left_out) \
         SELECT value->>0, value->>1, value->>2, \
         CASE WHEN value->>6 <> 'Unknown' OR EXISTS (SELECT 1 FROM accounts WHERE name = value->>3) THEN value->>3 END, \
         value->>4, \
         CASE WHEN value->>6 <> 'Unknown' OR EXISTS (SELECT 1 FROM users WHERE name = value->>5) THEN value->>5 ELSE '' END, \
         CASE WHEN value->>6 = 'Unknown' AND value->>9 = '' AND value->>5 <> '' THEN 'User' ELSE value->>6 END, value->>7, value->>8, value->>9, value->>10, value->>11 FROM json_each(?)",
    )
    .bind(serde_json::Value::from(rows).to_string())
    .execute(conn)
    .await?;
    Ok(())
}

fn to_json(key: i64, row: &Activity) -> serde_json::Value {
    json!([
        key,
        row.time.micros(),
        row.operation,
        row.account,
        row.resource,
        row.caller,
        row.caller_kind.as_str(),
        row.via.as_str(),
        row.client_address,
        row.code,
        row.request_id,
        row.left_out,
    ])
}

/// Says that a call failed after all, though it had changed something.
pub async fn failed(conn: &mut Conn, key: i64, code: &str) -> Result<()> {
    sqlx::query("UPDATE activity SET code = ? WHERE key = ?").bind(code).bind(key).execute(conn).await?;
    Ok(())
}

/// Which rows, newest first.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub account: Option<String>,
    /// Only what concerns these accounts, and what belongs to none.
    pub accounts: Option<Vec<String>>,
    /// Of what belongs to no account, only calls of this caller.
    pub own_only: Option<String>,
    /// In lower case.
    pub operation: String,
    pub resource: String,
    pub caller: String,
    pub failed_only: bool,
    /// From this moment on, and up to, but not including, that one.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Only rows with smaller keys.
    pub before: Option<i64>,
    pub limit: i64,
}

/// A page, and where to go on when there may be more; such a page may be short or empty.
pub async fn list(conn: &mut Conn, ask: &Ask) -> Result<(Vec<Activity>, Option<i64>)> {
    let newest = match ask.to {
        Some(to) => {
            key_at(conn, "SELECT key FROM activity WHERE at < ? ORDER BY at DESC, key DESC LIMIT 1", to).await?
        }
        None => Some(last_key(conn).await?),
    };
    let oldest = match ask.from {
        Some(from) => key_at(conn, "SELECT key FROM activity WHERE at >= ? ORDER BY at, key LIMIT 1", from).await?,
        None => sqlx::query_scalar("SELECT MIN(key) FROM activity").fetch_one(&mut *conn).await?,
    };
    let (Some(newest), Some(oldest)) = (newest, oldest) else { return Ok((Vec::new(), None)) };
    let newest = ask.before.map_or(newest, |before| newest.min(before - 1));
    let floor = oldest.max(newest - LOOK_AT);
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM activity WHERE key >= ");
    sql.push_bind(floor).push(" AND key <= ").push_bind(newest);
    push_filter(&mut sql, ask);
    sql.push(" ORDER BY key DESC LIMIT ").push_bind(ask.limit + 1);
    let mut rows: Vec<Activity> = Vec::new();
    for row in &sql.build().fetch_all(conn).await? {
        // One that cannot be read hides no other.
        match read(row) {
            Ok(activity) => rows.push(activity),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a row of the activity log is left out")
            }
        }
    }
    let limit = usize::try_from(ask.limit).unwrap_or(0);
    if rows.len() > limit {
        rows.truncate(limit);
        let next = rows.last().map(|row| row.id);
        return Ok((rows, next));
    }
    Ok((rows, (floor > oldest).then_some(floor)))
}

fn push_filter(sql: &mut QueryBuilder<Sqlite>, ask: &Ask) {
    if let Some(account) = &ask.account {
        sql.push(" AND account = ").push_bind(account.clone());
    }
    if let Some(accounts) = &ask.accounts {
        sql.push(" AND (account IS NULL OR account IN (SELECT value FROM json_each(");
        sql.push_bind(super::convert::to_json(accounts)).push(")))");
    }
    if let Some(own) = &ask.own_only {
        sql.push(" AND (account IS NOT NULL OR caller = ").push_bind(own.clone()).push(")");
    }
    if !ask.caller.is_empty() {
        sql.push(" AND caller = ").push_bind(ask.caller.clone());
    }
    for (column, part) in [("operation", &ask.operation), ("resource", &ask.resource)] {
        if !part.is_empty() {
            sql.push(format_args!(" AND instr(lower({column}), ")).push_bind(part.clone()).push(") > 0");
        }
    }
    if ask.failed_only {
        sql.push(" AND code <> ''");
    }
    if let Some(from) = ask.from {
        sql.push(" AND at >= ").push_bind(from.micros());
    }
    if let Some(to) = ask.to {
        sql.push(" AND at < ").push_bind(to.micros());
    }
}

async fn key_at(conn: &mut Conn, sql: &'static str, at: Timestamp) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(sql).bind(at.micros()).fetch_optional(conn).await?)
}

fn read(row: &SqliteRow) -> Result<Activity> {
    let kind: CallerKind = name(row, "caller_kind")?;
    let via: api::Via = name(row, "via")?;
    Ok(Activity {
        id: get(row, "key")?,
        time: time(row, "at")?,
        operation: get(row, "operation")?,
        account: get(row, "account")?,
        resource: get(row, "resource")?,
        caller: get(row, "caller")?,
        caller_kind: kind,
        via,
        client_address: get(row, "address")?,
        code: get(row, "code")?,
        request_id: get(row, "request_id")?,
        left_out: get(row, "left_out")?,
    })
}

/// Removes the oldest rows that are older than this, at most so many; how many they were.
pub async fn prune(conn: &mut Conn, older_than: Timestamp, most: i64) -> Result<u64> {
    let done =
        sqlx::query("DELETE FROM activity WHERE key IN (SELECT key FROM activity WHERE at < ? ORDER BY at LIMIT ?)")
            .bind(older_than.micros())
            .bind(most)
            .execute(conn)
            .await?;
    Ok(done.rows_affected())
}
