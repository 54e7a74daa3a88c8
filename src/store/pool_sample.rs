//! Samples of pools with autoscale: one row a pool each half minute, kept for a week.

use std::collections::HashMap;

use sqlx::Row;

use super::convert::{self, get, json, time};
use super::db::{Conn, Result};
use crate::api::{Duration, Timestamp};

/// Samples are kept so long. Chosen here: as long as the longest interval between two runs.
pub const KEPT: Duration = Duration::from_days(7);

/// What is known at one moment, in the order of autoscale's variables.
pub type Numbers = Vec<Option<f64>>;

/// Adds a sample of each of these pools.
pub async fn insert(conn: &mut Conn, at: Timestamp, samples: &[(i64, Numbers)]) -> Result<()> {
    let rows: Vec<(i64, String)> = samples.iter().map(|(pool, numbers)| (*pool, compact(numbers))).collect();
    sqlx::query(
        "INSERT OR REPLACE INTO pool_samples (pool_key, at, numbers) \
         SELECT pools.key, ?1, v.value ->> 1 FROM json_each(?2) AS v JOIN pools ON pools.key = v.value ->> 0",
    )
    .bind(at.micros())
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

/// Whole numbers without a fraction, nothing after the last that is known: most rows are a few dozen bytes.
fn compact(numbers: &Numbers) -> String {
    let n_known = numbers.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let texts = numbers[..n_known].iter().map(|number| match number {
        Some(number) if number.is_finite() => number.to_string(),
        _ => "null".to_owned(),
    });
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

/// Samples of the pool, oldest first; one that cannot be read is left out.
pub async fn of_pool(conn: &mut Conn, pool_key: i64, now: Timestamp) -> Result<Vec<(Timestamp, Numbers)>> {
    let rows =
        sqlx::query("SELECT at, numbers FROM pool_samples WHERE pool_key = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY at")
            .bind(pool_key)
            .bind(oldest(now))
            .bind(now.micros())
            .fetch_all(conn)
            .await?;
    Ok(rows.iter().filter_map(|row| Some((time(row, "at").ok()?, json(row, "numbers").ok()?))).collect())
}

/// Forgets what is older than a week.
pub async fn forget_old(conn: &mut Conn, now: Timestamp) -> Result<()> {
    // Pool by pool: each looks at the beginning of its own rows only.
    sqlx::query(
        "DELETE FROM pool_samples WHERE (pool_key, at) IN \
         (SELECT s.pool_key, s.at FROM pools CROSS JOIN pool_samples AS s ON s.pool_key = pools.key AND s.at < ?1)",
    )
    .bind(oldest(now))
    .execute(conn)
    .await?;
    Ok(())
}

fn oldest(now: Timestamp) -> i64 {
    now.micros().saturating_sub(KEPT.micros())
}

/// Tasks of the jobs that name a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Of jobs that run tasks, without those that wait for other tasks.
    pub active: i64,
    pub running: i64,
    pub succeeded: i64,
    pub failed: i64,
}

/// Counted over the jobs that exist, by pool.
pub async fn task_counts(conn: &mut Conn, pools: &[i64]) -> Result<HashMap<i64, TaskCounts>> {
    let rows = sqlx::query(
        "SELECT p.key, SUM((j.state = 'active') * (n_active - \
         (SELECT COUNT(*) FROM tasks AS t WHERE t.job_key = j.key AND t.n_waits > 0 AND t.state = 'active'))), SUM(n_running), SUM(n_succeeded), SUM(n_failed) \
         FROM json_each(?1) AS v CROSS JOIN pools AS p ON p.key = v.value \
         CROSS JOIN jobs AS j ON j.account_key = p.account_key AND j.pool_id = p.id GROUP BY p.key",
    )
    .bind(convert::to_json(&pools))
    .fetch_all(conn)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| -> Result<(i64, TaskCounts)> {
        let n = |index: usize| row.try_get::<i64, _>(index);
        Ok((get(row, "key")?, TaskCounts { active: n(1)?, running: n(2)?, succeeded: n(3)?, failed: n(4)? }))
    };
    rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_of_a_sample_is_short() {
        let check = |numbers: &[Option<f64>], expected: &str| assert_eq!(compact(&numbers.to_vec()), expected);
        check(&[Some(3.0), None, Some(0.25), None, None], "[3,null,0.25]");
        check(&[None, None], "[]");
        check(&[Some(f64::NAN), Some(1e15)], "[null,1000000000000000]");
    }
}
