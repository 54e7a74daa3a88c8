//! Preparation and release tasks of jobs on nodes. The scheduler is the only writer.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json as json_column, opt_json};
use super::db::{Conn, Result};
use crate::domain::job_node::Kind;
use crate::domain::task::Life;

#[derive(Clone, Debug, PartialEq)]
pub struct JobNodeRow {
    /// 0 before it is stored.
    pub key: i64,
    pub job_key: i64,
    pub node_key: i64,
    pub node_id: String,
    pub pool_id: String,
    pub boot: Option<String>,
    pub preparation: Life,
    pub release: Option<Life>,
}

impl JobNodeRow {
    pub fn life(&self, kind: Kind) -> Option<&Life> {
        match kind {
            Kind::Preparation => Some(&self.preparation),
            Kind::Release => self.release.as_ref(),
        }
    }

    pub fn life_mut(&mut self, kind: Kind) -> Option<&mut Life> {
        match kind {
            Kind::Preparation => Some(&mut self.preparation),
            Kind::Release => self.release.as_mut(),
        }
    }
}

fn read(row: &SqliteRow) -> Result<JobNodeRow> {
    Ok(JobNodeRow {
        key: get(row, "key")?,
        job_key: get(row, "job_key")?,
        node_key: get(row, "node_key")?,
        node_id: get(row, "id")?,
        pool_id: get(row, "pool_id")?,
        boot: get(row, "boot")?,
        preparation: json_column(row, "preparation")?,
        release: opt_json(row, "release")?,
    })
}

/// Those of all jobs that are not completed.
pub async fn unfinished(conn: &mut Conn) -> Result<Vec<JobNodeRow>> {
    let rows =
        sqlx::query("SELECT n.* FROM jobs AS j JOIN job_nodes AS n ON n.job_key = j.key WHERE j.state <> 'completed'")
            .fetch_all(conn)
            .await?;
    Ok(readable(&rows))
}

pub async fn of_job(conn: &mut Conn, job_key: i64) -> Result<Vec<JobNodeRow>> {
    let rows = sqlx::query("SELECT * FROM job_nodes WHERE job_key = ?1").bind(job_key).fetch_all(conn).await?;
    Ok(readable(&rows))
}

/// Saves rows; those that are new get their keys.
pub async fn save(conn: &mut Conn, rows: &mut [JobNodeRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            let release = row.release.as_ref().map(convert::to_json);
            let preparation = convert::to_json(&row.preparation);
            json!([row.job_key, row.node_key, row.node_id, row.pool_id, row.boot, preparation, release])
        })
        .collect();
    let keys = sqlx::query(
        "INSERT INTO job_nodes (job_key, node_key, id, pool_id, boot, preparation, release) SELECT value ->> 0, value ->> 1, \
         value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?1) WHERE true \
         ON CONFLICT (job_key, id) DO UPDATE SET boot = excluded.boot, preparation = excluded.preparation, \
         release = excluded.release RETURNING key, job_key, id",
    )
    .bind(convert::to_json(&values))
    .fetch_all(conn)
    .await?;
    for saved in keys {
        let (key, job_key, id): (i64, i64, String) = (get(&saved, "key")?, get(&saved, "job_key")?, get(&saved, "id")?);
        if let Some(row) = rows.iter_mut().find(|row| row.job_key == job_key && row.node_id == id) {
            row.key = key;
        }
    }
    Ok(())
}

/// On how many nodes the job's preparation task failed for good, since they began.
pub async fn count_failed(conn: &mut Conn, job_key: i64) -> Result<i64> {
    let n = sqlx::query_scalar(
        "SELECT COUNT(*) FROM job_nodes AS j JOIN nodes AS n ON n.key = j.node_key AND n.boot IS j.boot WHERE j.job_key = ?1 \
         AND j.preparation ->> '$.phase' = 'completed' AND j.preparation ->> '$.failure' IS NOT NULL",
    )
    .bind(job_key)
    .fetch_one(conn)
    .await?;
    Ok(n)
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<JobNodeRow> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(one) => found.push(one),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(job_node.key = key, %error, "how a job's preparation went on a node cannot be read");
            }
        }
    }
    found
}
