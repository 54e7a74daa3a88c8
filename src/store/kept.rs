//! Kept files of tasks whose nodes are gone.

use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json, time};
use super::db::{Conn, Result};
use crate::api::{KeptEntry, Timestamp};

/// What is kept of one task.
#[derive(Clone, Debug)]
pub struct KeptRow {
    pub task_key: i64,
    /// The name of the file with the bytes.
    pub file: Option<String>,
    pub kept: Timestamp,
    pub entries: Vec<KeptEntry>,
}

/// To be kept.
#[derive(Clone, Debug)]
pub struct NewKept {
    pub task_key: i64,
    pub attempt: i64,
    pub entries: Vec<KeptEntry>,
}

/// A finished task whose files a node has.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub task_key: i64,
    pub attempt: i64,
    pub job: String,
    pub task: String,
}

/// The finished tasks that ran last on the node, the latest first.
pub async fn candidates(conn: &mut Conn, node_key: i64, failed_only: bool, limit: i64) -> Result<Vec<Candidate>> {
    let rows = sqlx::query(
        "SELECT t.key, t.attempt, j.id AS job, t.id AS task FROM tasks t JOIN jobs j ON j.key = t.job_key \
         WHERE t.state = 'completed' AND t.node_key = ?1 AND t.started IS NOT NULL AND (?2 = 0 OR t.result = 'failure') \
         ORDER BY t.ended DESC LIMIT ?3",
    )
    .bind(node_key)
    .bind(failed_only)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(Candidate {
            task_key: get(row, "key")?,
            attempt: get(row, "attempt")?,
            job: get(row, "job")?,
            task: get(row, "task")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Tasks that were deleted meanwhile are left out.
pub async fn insert(conn: &mut Conn, file: Option<&str>, bytes: u64, tasks: &[NewKept], now: Timestamp) -> Result<()> {
    let bundle: i64 = sqlx::query_scalar("INSERT INTO kept_bundles (file, bytes, kept) VALUES (?, ?, ?) RETURNING key")
        .bind(file)
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(now.micros())
        .fetch_one(&mut *conn)
        .await?;
    let rows: Vec<_> =
        tasks.iter().map(|task| json!([task.task_key, task.attempt, convert::to_json(&task.entries)])).collect();
    sqlx::query(
        "INSERT OR REPLACE INTO kept_tasks (task_key, attempt, bundle_key, entries) \
         SELECT t.key, v.value ->> 1, ?2, v.value ->> 2 FROM json_each(?1) v JOIN tasks t ON t.key = v.value ->> 0",
    )
    .bind(convert::to_json(&rows))
    .bind(bundle)
    .execute(conn)
    .await?;
    Ok(())
}

/// What is kept of this attempt of the task.
pub async fn find(conn: &mut Conn, task_key: i64, attempt: i64) -> Result<Option<KeptRow>> {
    let row = sqlx::query(
        "SELECT k.task_key, b.file, b.kept, k.entries FROM kept_tasks k JOIN kept_bundles b ON b.key = k.bundle_key \
         WHERE k.task_key = ? AND k.attempt = ?",
    )
    .bind(task_key)
    .bind(attempt)
    .fetch_optional(conn)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(KeptRow {
            task_key: get(row, "task_key")?,
            file: get(row, "file")?,
            kept: time(row, "kept")?,
            entries: json(row, "entries")?,
        })
    };
    row.as_ref().map(read).transpose()
}

pub async fn save_entries(conn: &mut Conn, task_key: i64, entries: &[KeptEntry]) -> Result<()> {
    sqlx::query("UPDATE kept_tasks SET entries = ?2 WHERE task_key = ?1")
        .bind(task_key)
        .bind(convert::to_json(&entries))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes away what is older than `before`, what is of no task any more, and the oldest of what goes beyond `most` bytes.
/// Says which files nothing names then.
pub async fn prune(conn: &mut Conn, before: Timestamp, most: u64) -> Result<Vec<String>> {
    let files: Vec<Option<String>> = sqlx::query_scalar(
        "DELETE FROM kept_bundles WHERE kept < ?1 OR NOT EXISTS (SELECT 1 FROM kept_tasks k WHERE k.bundle_key = kept_bundles.key) \
         OR key IN (SELECT key FROM (SELECT key, SUM(bytes) OVER (ORDER BY key DESC) AS total FROM kept_bundles) WHERE total > ?2) \
         RETURNING file",
    )
    .bind(before.micros())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    Ok(files.into_iter().flatten().collect())
}
