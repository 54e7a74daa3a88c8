//! What the metrics say of the store: numbers that are kept anyway, and how long commits take.

use std::collections::BTreeMap;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use serde_json::json;

use super::convert::{get, json};
use super::db::{Conn, Result};
use super::job::CountChange;
use crate::api::NodeState;

/// How the writer does. Clones count as one.
#[derive(Clone, Debug)]
pub struct Timings {
    /// Seconds from the first command of a transaction to its commit on the disk.
    pub transaction: Histogram,
    /// Commands of a transaction.
    pub commands: Histogram,
}

impl Default for Timings {
    fn default() -> Self {
        Timings {
            transaction: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            commands: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
        }
    }
}

/// Tasks that started and ended: counted for their accounts.
pub async fn count_task_events(conn: &mut Conn, changes: &BTreeMap<i64, CountChange>) -> Result<()> {
    let mut rows = Vec::new();
    for (job, change) in changes {
        for (event, n) in [
            ("TaskStartEvent", change.n_started),
            ("TaskCompleteEvent", change.n_completed),
            ("TaskFailEvent", change.n_ended_in_failure),
        ] {
            if n > 0 {
                rows.push(json!([job, event, n]));
            }
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO event_counts (account_key, event, n) \
         SELECT jobs.account_key, v.value ->> 1, SUM(v.value ->> 2) FROM json_each(?) AS v, jobs \
         WHERE jobs.key = v.value ->> 0 GROUP BY 1, 2 \
         ON CONFLICT (account_key, event) DO UPDATE SET n = n + excluded.n",
    )
    .bind(serde_json::Value::from(rows).to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// A pool's nodes.
#[derive(Clone, Debug)]
pub struct PoolNumbers {
    pub account: String,
    pub pool: String,
    /// Of a node.
    pub cores: i64,
    pub dedicated: i64,
    pub low_priority: i64,
    /// Dedicated and low-priority ones by state.
    pub by_state: BTreeMap<NodeState, [i64; 2]>,
}

pub async fn pools(conn: &mut Conn) -> Result<Vec<PoolNumbers>> {
    let rows = sqlx::query(
        "SELECT accounts.name AS account, pools.id, cores, n_dedicated, n_low_priority, node_counts FROM pools \
         JOIN accounts ON accounts.key = account_key ORDER BY accounts.name, pools.key",
    )
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PoolNumbers {
                account: get(row, "account")?,
                pool: get(row, "id")?,
                cores: get(row, "cores")?,
                dedicated: get(row, "n_dedicated")?,
                low_priority: get(row, "n_low_priority")?,
                by_state: json(row, "node_counts")?,
            })
        })
        .collect()
}

/// An account, and how many tasks wait and run in it.
#[derive(Clone, Debug)]
pub struct AccountNumbers {
    pub account: String,
    pub active_jobs: i64,
    pub active_tasks: i64,
    pub running_tasks: i64,
}

pub async fn accounts(conn: &mut Conn) -> Result<Vec<AccountNumbers>> {
    let rows = sqlx::query(
        "SELECT name, n_active_jobs, COALESCE(active, 0) AS active, COALESCE(running, 0) AS running FROM accounts \
         LEFT JOIN (SELECT account_key, SUM(n_active) AS active, SUM(n_running) AS running FROM jobs \
         WHERE state <> 'completed' GROUP BY account_key) ON account_key = key ORDER BY name",
    )
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(AccountNumbers {
                account: get(row, "name")?,
                active_jobs: get(row, "n_active_jobs")?,
                active_tasks: get(row, "active")?,
                running_tasks: get(row, "running")?,
            })
        })
        .collect()
}

/// Account, event, and how often it has happened.
pub async fn events(conn: &mut Conn) -> Result<Vec<(String, String, i64)>> {
    Ok(sqlx::query_as(
        "SELECT name, event, n FROM event_counts JOIN accounts ON accounts.key = account_key ORDER BY name, event",
    )
    .fetch_all(conn)
    .await?)
}
