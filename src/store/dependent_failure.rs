//! Tasks that failed and whose dependents are to fail with them: a row until all dependents have. Waits stay where they are, so
//! that a task which is put back waits again.

use std::collections::BTreeMap;

use super::convert::{self, get};
use super::db::{Conn, Result};
use super::dependency::Satisfied;

/// A failed task of which dependents may be left, by its id or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub key: i64,
    pub job_key: i64,
    pub id: Option<String>,
    pub number: Option<i32>,
}

impl Failure {
    /// The failed task as a reader knows it.
    pub fn on(&self) -> String {
        self.id.clone().or_else(|| self.number.map(|number| number.to_string())).unwrap_or_default()
    }
}

/// Remembers those of the failed tasks for which others wait; whether there are any.
pub async fn queue(conn: &mut Conn, failed: &[Satisfied]) -> Result<bool> {
    let mut by_job: BTreeMap<i64, (Vec<&str>, Vec<i32>)> = BTreeMap::new();
    for Satisfied { job_key, id, number } in failed {
        let (ids, numbers) = by_job.entry(*job_key).or_default();
        ids.push(id);
        numbers.extend(number);
    }
    let mut n_queued = 0;
    for (job_key, (ids, numbers)) in by_job {
        let by_id = sqlx::query(
            "INSERT INTO task_releases (job_key, id, failed) SELECT ?2, v.value, 1 FROM json_each(?1) AS v WHERE EXISTS \
             (SELECT 1 FROM task_waits AS w WHERE w.job_key = ?2 AND w.id = v.value AND w.id IS NOT NULL)",
        )
        .bind(convert::to_json(&ids))
        .bind(job_key)
        .execute(&mut *conn)
        .await?;
        let by_number = sqlx::query(
            "INSERT INTO task_releases (job_key, number, failed) SELECT ?2, v.value, 1 FROM json_each(?1) AS v WHERE EXISTS \
             (SELECT 1 FROM task_waits AS w WHERE w.job_key = ?2 AND w.number IS NOT NULL AND w.number >= v.value \
             AND w.first <= v.value)",
        )
        .bind(convert::to_json(&numbers))
        .bind(job_key)
        .execute(&mut *conn)
        .await?;
        n_queued += by_id.rows_affected() + by_number.rows_affected();
    }
    Ok(n_queued > 0)
}

/// Remembers what waits `w` of job `?1` wait for, where it has failed; of a range one number is enough.
macro_rules! queue_failed_of {
    ($waits:literal) => {
        concat!(
            "INSERT INTO task_releases (job_key, id, number, failed) SELECT DISTINCT ?1, f.id, f.number, 1 FROM (SELECT \
             CASE WHEN EXISTS (SELECT 1 FROM tasks AS d WHERE d.job_key = ?1 AND d.id = w.id AND d.state = 'completed' \
             AND d.satisfied = 0) THEN w.id END AS id, CASE WHEN w.id IS NULL THEN \
             (SELECT d.number FROM tasks AS d WHERE d.job_key = ?1 AND d.number IS NOT NULL AND d.number BETWEEN w.first \
             AND w.number AND d.state = 'completed' AND d.satisfied = 0 LIMIT 1) END AS number FROM ",
            $waits,
            ") AS f WHERE f.id IS NOT NULL OR f.number IS NOT NULL"
        )
    };
}

/// The same of what these tasks wait for, where it has failed already.
pub async fn queue_of(conn: &mut Conn, job_key: i64, tasks: &[&str]) -> Result<bool> {
    let queued = sqlx::query(queue_failed_of!(
        "json_each(?2) AS v CROSS JOIN tasks AS t ON t.job_key = ?1 AND t.id = v.value \
         CROSS JOIN task_waits AS w ON w.task_key = t.key"
    ))
    .bind(job_key)
    .bind(convert::to_json(&tasks))
    .execute(conn)
    .await?;
    Ok(queued.rows_affected() > 0)
}

/// The same of all tasks of a job.
pub async fn queue_of_job(conn: &mut Conn, job_key: i64) -> Result<bool> {
    let queued =
        sqlx::query(queue_failed_of!("task_waits AS w WHERE w.job_key = ?1")).bind(job_key).execute(conn).await?;
    Ok(queued.rows_affected() > 0)
}

pub async fn is_any(conn: &mut Conn) -> Result<bool> {
    let is_any = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM task_releases WHERE failed = 1)");
    Ok(is_any.fetch_one(conn).await?)
}

/// The first that are queued.
pub async fn queued(conn: &mut Conn) -> Result<Vec<Failure>> {
    let rows =
        sqlx::query("SELECT key, job_key, id, number FROM task_releases WHERE failed = 1 ORDER BY key LIMIT 100")
            .fetch_all(conn)
            .await?;
    let read = |row| {
        let (key, job_key) = (get(row, "key")?, get(row, "job_key")?);
        Ok(Failure { key, job_key, id: get(row, "id")?, number: get(row, "number")? })
    };
    rows.iter().map(read).collect()
}

/// Tasks that wait for it and have not ended. None when it is not the failed task any more: put back, or one of its number
/// may still end well.
pub async fn dependents(conn: &mut Conn, failure: &Failure, most: i64) -> Result<Vec<i64>> {
    let Failure { job_key, id, number, .. } = failure;
    let query = match id {
        Some(_) => sqlx::query_scalar(
            "SELECT w.task_key FROM task_waits AS w JOIN tasks AS t ON t.key = w.task_key AND t.state = 'active' \
             WHERE w.job_key = ?1 AND w.id = ?2 AND w.id IS NOT NULL AND EXISTS (SELECT 1 FROM tasks AS d \
             WHERE d.job_key = ?1 AND d.id = ?2 AND d.state = 'completed' AND d.satisfied = 0) LIMIT ?4",
        ),
        None => sqlx::query_scalar(
            "SELECT w.task_key FROM task_waits AS w JOIN tasks AS t ON t.key = w.task_key AND t.state = 'active' \
             WHERE w.job_key = ?1 AND w.number IS NOT NULL AND w.number >= ?3 AND w.first <= ?3 AND NOT EXISTS \
             (SELECT 1 FROM tasks AS d WHERE d.job_key = ?1 AND d.number = ?3 AND d.number IS NOT NULL \
             AND (d.state <> 'completed' OR d.satisfied = 1)) LIMIT ?4",
        ),
    };
    Ok(query.bind(job_key).bind(id).bind(number).bind(most).fetch_all(conn).await?)
}

/// All their dependents have failed.
pub async fn forget(conn: &mut Conn, keys: &[i64]) -> Result<()> {
    sqlx::query("DELETE FROM task_releases WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&keys))
        .execute(conn)
        .await?;
    Ok(())
}
