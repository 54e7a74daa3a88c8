//! Jobs and their counters.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json as json_column, name, opt_json, opt_name, opt_time, time};
use super::db::{Conn, Result};
use super::service_event;
use crate::api::{self, DisableJobOption, JobState, TaskCounts, TaskCountsResult, Timestamp};
use crate::domain::task::Spent;

/// A job as it is stored.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub key: i64,
    pub account_key: i64,
    /// The schedule that made it.
    pub schedule_key: Option<i64>,
    pub id: String,
    pub pool_id: String,
    pub settings: api::JobCreate,
    pub state: JobState,
    pub since: Timestamp,
    pub previous: Option<(JobState, Timestamp)>,
    pub ended: Option<Timestamp>,
    pub terminate_reason: Option<String>,
    /// Why it got no pool.
    pub scheduling_error: Option<api::JobSchedulingError>,
    pub disable_tasks: Option<DisableJobOption>,
    pub deadline: Option<Timestamp>,
    /// Its end does not wait for nodes.
    pub forced: bool,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub counts: TaskCountsResult,
    /// What all its tasks took, how often they were retried, and how long those that ended had waited, in microseconds.
    pub spent: Spent,
    pub n_retries: i64,
    pub waited_micros: i64,
}

/// Tasks of a job that entered or left a state: `[active, running, succeeded, failed]`, tasks and slots; and what they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountChange {
    pub tasks: [i64; 4],
    pub slots: [i64; 4],
    pub spent: Spent,
    pub n_retries: i64,
    pub waited_micros: i64,
    pub n_started: i64,
    pub n_completed: i64,
    /// Of the completed ones.
    pub n_ended_in_failure: i64,
}

pub fn read(row: &SqliteRow) -> Result<JobRow> {
    let counts = |names: [&'static str; 4]| -> Result<TaskCounts> {
        let [active, running, succeeded, failed] =
            [get(row, names[0])?, get(row, names[1])?, get(row, names[2])?, get(row, names[3])?];
        Ok(TaskCounts { active, running, completed: succeeded + failed, succeeded, failed })
    };
    Ok(JobRow {
        key: get(row, "key")?,
        account_key: get(row, "account_key")?,
        schedule_key: get(row, "schedule_key")?,
        id: get(row, "id")?,
        pool_id: get(row, "pool_id")?,
        settings: json_column(row, "settings")?,
        state: name(row, "state")?,
        since: time(row, "state_since")?,
        previous: opt_name(row, "previous_state")?.zip(opt_time(row, "previous_since")?),
        ended: opt_time(row, "ended")?,
        terminate_reason: get(row, "terminate_reason")?,
        scheduling_error: opt_json(row, "scheduling_error")?,
        disable_tasks: opt_name(row, "disable_tasks")?,
        deadline: opt_time(row, "deadline")?,
        forced: get(row, "forced")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
        counts: TaskCountsResult {
            task_counts: counts(["n_active", "n_running", "n_succeeded", "n_failed"])?,
            task_slot_counts: counts(["s_active", "s_running", "s_succeeded", "s_failed"])?,
        },
        spent: super::task::spent(row)?,
        n_retries: get(row, "n_retries")?,
        waited_micros: get(row, "waited")?,
    })
}

/// Inserts the job; its key is given back.
pub async fn insert(conn: &mut Conn, job: &JobRow) -> Result<i64> {
    let row = sqlx::query(
        "INSERT INTO jobs (account_key, id, pool_id, settings, priority, state, state_since, deadline, created, modified, etag, \
         has_consequences, schedule_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING key",
    )
    .bind(job.account_key)
    .bind(&job.id)
    .bind(&job.pool_id)
    .bind(convert::to_json(&job.settings))
    .bind(job.settings.priority.unwrap_or(0))
    .bind(job.state.as_str())
    .bind(job.since.micros())
    .bind(job.deadline.map(Timestamp::micros))
    .bind(job.created.micros())
    .bind(job.modified.micros())
    .bind(job.etag)
    .bind(job.settings.has_consequences())
    .bind(job.schedule_key)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("UPDATE accounts SET n_jobs = n_jobs + 1, n_active_jobs = n_active_jobs + 1 WHERE key = ?1")
        .bind(job.account_key)
        .execute(&mut *conn)
        .await?;
    count_in_schedule(conn, job, 1).await?;
    Ok(row.try_get(0)?)
}

pub async fn find(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<JobRow>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE account_key = ?1 AND id = ?2")
        .bind(account_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The job by names alone, in one statement.
pub async fn find_by_names(conn: &mut Conn, account: &str, id: &str) -> Result<Option<JobRow>> {
    let row =
        sqlx::query("SELECT j.* FROM accounts a JOIN jobs j ON j.account_key = a.key AND j.id = ?2 WHERE a.name = ?1")
            .bind(account)
            .bind(id)
            .fetch_optional(conn)
            .await?;
    row.as_ref().map(read).transpose()
}

/// The jobs with these keys, without those that cannot be read.
pub async fn with_keys(conn: &mut Conn, keys: &[i64]) -> Result<Vec<JobRow>> {
    let rows = sqlx::query("SELECT * FROM jobs WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&keys))
        .fetch_all(conn)
        .await?;
    Ok(readable(&rows))
}

/// Those of the jobs in which the end of a task can have consequences.
pub async fn with_consequences(conn: &mut Conn, keys: &[i64]) -> Result<Vec<JobRow>> {
    let rows =
        sqlx::query("SELECT * FROM jobs WHERE has_consequences = 1 AND key IN (SELECT value FROM json_each(?1))")
            .bind(convert::to_json(&keys))
            .fetch_all(conn)
            .await?;
    Ok(readable(&rows))
}

pub async fn with_key(conn: &mut Conn, key: i64) -> Result<Option<JobRow>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// Every job that is not completed: what a scheduler starts with.
pub async fn unfinished(conn: &mut Conn) -> Result<Vec<JobRow>> {
    let rows = sqlx::query("SELECT * FROM jobs WHERE state <> 'completed'").fetch_all(conn).await?;
    Ok(readable(&rows))
}

/// Jobs whose time is up.
pub async fn expired(conn: &mut Conn, now: Timestamp) -> Result<Vec<i64>> {
    let keys = sqlx::query_scalar(
        "SELECT key FROM jobs WHERE deadline <= ?1 AND state IN ('active', 'disabling', 'disabled', 'enabling') \
         AND deadline IS NOT NULL AND state <> 'completed'",
    )
    .bind(now.micros())
    .fetch_all(conn)
    .await?;
    Ok(keys)
}

/// Saves everything but id and counters. Whether the job counts as active is kept in its account.
pub async fn save(conn: &mut Conn, job: &JobRow) -> Result<()> {
    sqlx::query(
        "UPDATE accounts SET n_active_jobs = n_active_jobs + (?2 <> 'completed') - \
         (SELECT state <> 'completed' FROM jobs WHERE key = ?1) WHERE key = (SELECT account_key FROM jobs WHERE key = ?1)",
    )
    .bind(job.key)
    .bind(job.state.as_str())
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE jobs SET pool_id = ?2, settings = ?3, priority = ?4, state = ?5, state_since = ?6, previous_state = ?7, \
         previous_since = ?8, ended = ?9, terminate_reason = ?10, disable_tasks = ?11, deadline = ?12, modified = ?13, \
         etag = ?14, forced = ?15, scheduling_error = ?16 WHERE key = ?1",
    )
    .bind(job.key)
    .bind(&job.pool_id)
    .bind(convert::to_json(&job.settings))
    .bind(job.settings.priority.unwrap_or(0))
    .bind(job.state.as_str())
    .bind(job.since.micros())
    .bind(job.previous.map(|(state, _)| state.as_str()))
    .bind(job.previous.map(|(_, since)| since.micros()))
    .bind(job.ended.map(Timestamp::micros))
    .bind(&job.terminate_reason)
    .bind(job.disable_tasks.map(DisableJobOption::as_str))
    .bind(job.deadline.map(Timestamp::micros))
    .bind(job.modified.micros())
    .bind(job.etag)
    .bind(job.forced)
    .bind(job.scheduling_error.as_ref().map(convert::to_json))
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds to the counters of many jobs at once.
pub async fn count(conn: &mut Conn, changes: &BTreeMap<i64, CountChange>) -> Result<()> {
    let rows: Vec<_> = changes
        .iter()
        .filter(|(_, change)| **change != CountChange::default())
        .map(|(key, change)| {
            let CountChange {
                tasks: t, slots: s, spent: Spent { wall_micros, usage }, n_retries, waited_micros, ..
            } = change;
            json!([
                key, t[0], t[1], t[2], t[3], s[0], s[1], s[2], s[3], wall_micros, usage.user_micros,
                usage.kernel_micros, usage.blocks_read, usage.blocks_written, n_retries, waited_micros
            ])
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE jobs SET n_active = n_active + (v.value ->> 1), n_running = n_running + (v.value ->> 2), \
         n_succeeded = n_succeeded + (v.value ->> 3), n_failed = n_failed + (v.value ->> 4), \
         s_active = s_active + (v.value ->> 5), s_running = s_running + (v.value ->> 6), \
         s_succeeded = s_succeeded + (v.value ->> 7), s_failed = s_failed + (v.value ->> 8), \
         wall = wall + (v.value ->> 9), user_time = user_time + (v.value ->> 10), \
         kernel_time = kernel_time + (v.value ->> 11), blocks_read = blocks_read + (v.value ->> 12), \
         blocks_written = blocks_written + (v.value ->> 13), n_retries = n_retries + (v.value ->> 14), \
         waited = waited + (v.value ->> 15) \
         FROM json_each(?1) AS v WHERE jobs.key = v.value ->> 0",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a job that has no tasks any more.
pub async fn delete(conn: &mut Conn, job: &JobRow, now: Timestamp) -> Result<()> {
    service_event::job_deleted(conn, job, now).await?;
    sqlx::query("DELETE FROM jobs WHERE key = ?1").bind(job.key).execute(&mut *conn).await?;
    sqlx::query("UPDATE accounts SET n_jobs = n_jobs - 1, n_active_jobs = n_active_jobs - ?2 WHERE key = ?1")
        .bind(job.account_key)
        .bind(i64::from(job.state != JobState::Completed))
        .execute(&mut *conn)
        .await?;
    count_in_schedule(conn, job, -1).await
}

async fn count_in_schedule(conn: &mut Conn, job: &JobRow, change: i64) -> Result<()> {
    if let Some(schedule) = job.schedule_key {
        let sql = "UPDATE job_schedules SET n_jobs = n_jobs + ?2 WHERE key = ?1";
        sqlx::query(sql).bind(schedule).bind(change).execute(conn).await?;
    }
    Ok(())
}

/// Marks jobs as being deleted, by force where their schedule is. Completed ones count as active again: all but completed jobs do.
pub async fn mark_deleting(conn: &mut Conn, keys: &[i64], now: Timestamp) -> Result<()> {
    let keys = convert::to_json(&keys);
    sqlx::query(
        "UPDATE accounts SET n_active_jobs = n_active_jobs + v.n FROM (SELECT account_key, COUNT(*) AS n FROM jobs \
         WHERE key IN (SELECT value FROM json_each(?1)) AND state = 'completed' GROUP BY account_key) AS v \
         WHERE accounts.key = v.account_key",
    )
    .bind(&keys)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE jobs SET previous_state = state, previous_since = state_since, state = 'deleting', state_since = ?2, \
         forced = MAX(forced, COALESCE((SELECT s.forced FROM job_schedules AS s WHERE s.key = jobs.schedule_key), 0)) \
         WHERE key IN (SELECT value FROM json_each(?1)) AND state <> 'deleting'",
    )
    .bind(&keys)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// Tasks of active jobs that wait for a pool of this name.
pub async fn count_waiting(conn: &mut Conn, account_key: i64, pool_id: &str) -> Result<i64> {
    let n = sqlx::query_scalar(
        "SELECT COALESCE(SUM(n_active), 0) FROM jobs WHERE account_key = ?1 AND pool_id = ?2 AND state = 'active'",
    )
    .bind(account_key)
    .bind(pool_id)
    .fetch_one(conn)
    .await?;
    Ok(n)
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<JobRow> {
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(job) => jobs.push(job),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(job.key = key, %error, "a stored job cannot be read and is left alone");
            }
        }
    }
    jobs
}
