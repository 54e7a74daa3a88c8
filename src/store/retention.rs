//! Files of ended tasks whose time is over, and nodes that still have some whose time is not.

use super::convert::{self, get};
use super::db::{Conn, Result};
use super::task::{TaskRow, concat_columns, read};
use crate::api::Timestamp;

/// A task whose files are due.
#[derive(Debug)]
pub struct DueTask {
    pub key: i64,
    /// Its job's id.
    pub job: String,
    /// Absent when it cannot be read.
    pub row: Option<TaskRow>,
}

/// A job on a node of which the files of the preparation or the release task are due.
#[derive(Clone, Copy, Debug)]
pub struct DueRun {
    pub key: i64,
    pub job_key: i64,
    pub node_key: i64,
    pub preparation: bool,
    pub release: bool,
}

/// Whether anything is due.
pub async fn is_due(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let is_due = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM tasks WHERE files_until <= ?1) \
         OR EXISTS (SELECT 1 FROM job_nodes WHERE preparation_until <= ?1) \
         OR EXISTS (SELECT 1 FROM job_nodes WHERE release_until <= ?1)",
    )
    .bind(now.micros())
    .fetch_one(conn)
    .await?;
    Ok(is_due)
}

/// At most so many tasks, the longest due first.
pub async fn due_tasks(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<DueTask>> {
    let rows = sqlx::query(concat_columns!(
        "SELECT j.id AS job, ",
        " FROM tasks t JOIN jobs j ON j.key = t.job_key WHERE t.files_until <= ?1 ORDER BY t.files_until LIMIT ?2"
    ))
    .bind(now.micros())
    .bind(most)
    .fetch_all(conn)
    .await?;
    let due = |row| -> Result<DueTask> {
        let task = read(row).inspect_err(|error| tracing::error!(%error, "a task's files cannot be cleaned up"));
        Ok(DueTask { key: get(row, "key")?, job: get(row, "job")?, row: task.ok() })
    };
    rows.iter().map(due).collect()
}

/// The same of preparation and release tasks.
pub async fn due_runs(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<DueRun>> {
    let rows = sqlx::query(
        "SELECT key, job_key, node_key, COALESCE(preparation_until <= ?1, 0) AS preparation, \
         COALESCE(release_until <= ?1, 0) AS release FROM job_nodes \
         WHERE preparation_until <= ?1 OR release_until <= ?1 LIMIT ?2",
    )
    .bind(now.micros())
    .bind(most)
    .fetch_all(conn)
    .await?;
    let due = |row| {
        Ok(DueRun {
            key: get(row, "key")?,
            job_key: get(row, "job_key")?,
            node_key: get(row, "node_key")?,
            preparation: get(row, "preparation")?,
            release: get(row, "release")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Tasks whose files are looked at again later, or never where no time is given.
pub async fn postpone(conn: &mut Conn, tasks: &[(i64, Option<Timestamp>)]) -> Result<()> {
    let rows: Vec<_> = tasks.iter().map(|(key, until)| (key, until.map(Timestamp::micros))).collect();
    sqlx::query("UPDATE tasks SET files_until = v.value ->> 1 FROM json_each(?1) AS v WHERE tasks.key = v.value ->> 0")
        .bind(convert::to_json(&rows))
        .execute(conn)
        .await?;
    Ok(())
}

/// The files of these tasks go.
pub async fn tasks_gone(conn: &mut Conn, tasks: &[i64]) -> Result<()> {
    sqlx::query("UPDATE tasks SET files_until = NULL, files_gone = 1 WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&tasks))
        .execute(conn)
        .await?;
    Ok(())
}

/// The files go that are due of these jobs on nodes.
pub async fn runs_gone(conn: &mut Conn, job_nodes: &[i64], now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE job_nodes SET preparation_until = CASE WHEN preparation_until > ?2 THEN preparation_until END, \
         release_until = CASE WHEN release_until > ?2 THEN release_until END \
         WHERE key IN (SELECT value FROM json_each(?1))",
    )
    .bind(convert::to_json(&job_nodes))
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// When the files of a job's preparation and release tasks go: by key of the job on a node.
pub async fn set_runs_until(conn: &mut Conn, untils: &[(i64, Option<Timestamp>, Option<Timestamp>)]) -> Result<()> {
    let micros = |t: Option<Timestamp>| t.map(Timestamp::micros);
    let rows: Vec<_> = untils.iter().map(|(key, p, r)| (key, micros(*p), micros(*r))).collect();
    sqlx::query(
        "UPDATE job_nodes SET preparation_until = v.value ->> 1, release_until = v.value ->> 2 \
         FROM json_each(?1) AS v WHERE job_nodes.key = v.value ->> 0",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of the nodes that have files of ended tasks whose time is not over.
pub async fn nodes_with_files(conn: &mut Conn, nodes: &[i64], now: Timestamp) -> Result<Vec<i64>> {
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let found = sqlx::query_scalar(
        "SELECT v.value FROM json_each(?1) AS v WHERE EXISTS \
         (SELECT 1 FROM tasks WHERE node_key = v.value AND files_until > ?2) OR EXISTS \
         (SELECT 1 FROM job_nodes WHERE node_key = v.value AND (preparation_until > ?2 OR release_until > ?2))",
    )
    .bind(convert::to_json(&nodes))
    .bind(now.micros())
    .fetch_all(conn)
    .await?;
    Ok(found)
}
