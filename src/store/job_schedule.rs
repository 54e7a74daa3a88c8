//! Job schedules, and what they know of their jobs.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json as json_column, name, opt_name, opt_time, time};
use super::db::{Conn, Result};
use super::job::{self, JobRow};
use crate::api::{self, JobScheduleState, Timestamp};
use crate::domain::job_schedule::Turns;

/// A job schedule as it is stored.
#[derive(Clone, Debug)]
pub struct JobScheduleRow {
    pub key: i64,
    pub account_key: i64,
    pub id: String,
    pub settings: api::JobScheduleCreate,
    pub state: JobScheduleState,
    pub since: Timestamp,
    pub previous: Option<(JobScheduleState, Timestamp)>,
    pub ended: Option<Timestamp>,
    pub turns: Turns,
    pub wake: Option<Timestamp>,
    pub last_job: i64,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub n_jobs: i64,
    /// Its end, and its jobs', do not wait for nodes.
    pub forced: bool,
}

impl JobScheduleRow {
    /// The id of the last job that was made.
    pub fn recent_job(&self) -> Option<String> {
        (self.last_job > 0).then(|| self.job_id(self.last_job))
    }

    pub fn job_id(&self, number: i64) -> String {
        format!("{}:job-{number}", self.id)
    }
}

fn read(row: &SqliteRow) -> Result<JobScheduleRow> {
    let settings: api::JobScheduleCreate = json_column(row, "settings")?;
    Ok(JobScheduleRow {
        key: get(row, "key")?,
        account_key: get(row, "account_key")?,
        id: get(row, "id")?,
        state: name(row, "state")?,
        since: time(row, "state_since")?,
        previous: opt_name(row, "previous_state")?.zip(opt_time(row, "previous_since")?),
        ended: opt_time(row, "ended")?,
        turns: Turns {
            schedule: settings.schedule.unwrap_or_default(),
            first: time(row, "first_turn")?,
            taken: opt_time(row, "last_turn")?,
        },
        wake: opt_time(row, "wake")?,
        last_job: get(row, "last_job")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
        n_jobs: get(row, "n_jobs")?,
        forced: get(row, "forced")?,
        settings,
    })
}

/// Inserts the schedule; its key is given back.
pub async fn insert(conn: &mut Conn, schedule: &JobScheduleRow) -> Result<i64> {
    let row = sqlx::query(
        "INSERT INTO job_schedules (account_key, id, settings, state, state_since, first_turn, wake, created, modified, etag) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING key",
    )
    .bind(schedule.account_key)
    .bind(&schedule.id)
    .bind(convert::to_json(&schedule.settings))
    .bind(schedule.state.as_str())
    .bind(schedule.since.micros())
    .bind(schedule.turns.first.micros())
    .bind(schedule.wake.map(Timestamp::micros))
    .bind(schedule.created.micros())
    .bind(schedule.modified.micros())
    .bind(schedule.etag)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE accounts SET n_job_schedules = n_job_schedules + 1, n_active_job_schedules = n_active_job_schedules + 1 \
         WHERE key = ?1",
    )
    .bind(schedule.account_key)
    .execute(conn)
    .await?;
    Ok(row.try_get(0)?)
}

pub async fn find(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<JobScheduleRow>> {
    let row = sqlx::query("SELECT * FROM job_schedules WHERE account_key = ?1 AND id = ?2")
        .bind(account_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The schedules with these keys, without those that cannot be read.
pub async fn with_keys(conn: &mut Conn, keys: &[i64]) -> Result<Vec<JobScheduleRow>> {
    let rows = sqlx::query("SELECT * FROM job_schedules WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&keys))
        .fetch_all(conn)
        .await?;
    Ok(readable(&rows))
}

pub async fn with_key(conn: &mut Conn, key: i64) -> Result<Option<JobScheduleRow>> {
    let row = sqlx::query("SELECT * FROM job_schedules WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// Every schedule that is not completed: what a scheduler starts with.
pub async fn unfinished(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar("SELECT key FROM job_schedules WHERE state <> 'completed'").fetch_all(conn).await?)
}

/// Schedules whose time to wake has come.
pub async fn awake(conn: &mut Conn, now: Timestamp) -> Result<Vec<i64>> {
    let keys = sqlx::query_scalar("SELECT key FROM job_schedules WHERE wake <= ?1").bind(now.micros());
    Ok(keys.fetch_all(conn).await?)
}

/// Saves everything but id and the counter. Whether the schedule counts as active is kept in its account.
pub async fn save(conn: &mut Conn, schedule: &JobScheduleRow) -> Result<()> {
    sqlx::query(
        "UPDATE accounts SET n_active_job_schedules = n_active_job_schedules + (?2 <> 'completed') - \
         (SELECT state <> 'completed' FROM job_schedules WHERE key = ?1) \
         WHERE key = (SELECT account_key FROM job_schedules WHERE key = ?1)",
    )
    .bind(schedule.key)
    .bind(schedule.state.as_str())
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE job_schedules SET settings = ?2, state = ?3, state_since = ?4, previous_state = ?5, previous_since = ?6, \
         ended = ?7, first_turn = ?8, last_turn = ?9, wake = ?10, last_job = ?11, modified = ?12, etag = ?13, \
         forced = ?14 WHERE key = ?1",
    )
    .bind(schedule.key)
    .bind(convert::to_json(&schedule.settings))
    .bind(schedule.state.as_str())
    .bind(schedule.since.micros())
    .bind(schedule.previous.map(|(state, _)| state.as_str()))
    .bind(schedule.previous.map(|(_, since)| since.micros()))
    .bind(schedule.ended.map(Timestamp::micros))
    .bind(schedule.turns.first.micros())
    .bind(schedule.turns.taken.map(Timestamp::micros))
    .bind(schedule.wake.map(Timestamp::micros))
    .bind(schedule.last_job)
    .bind(schedule.modified.micros())
    .bind(schedule.etag)
    .bind(schedule.forced)
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a schedule that has no jobs any more.
pub async fn delete(conn: &mut Conn, schedule: &JobScheduleRow) -> Result<()> {
    sqlx::query("DELETE FROM job_schedules WHERE key = ?1").bind(schedule.key).execute(&mut *conn).await?;
    sqlx::query(
        "UPDATE accounts SET n_job_schedules = n_job_schedules - 1, n_active_job_schedules = n_active_job_schedules - ?2 \
         WHERE key = ?1",
    )
    .bind(schedule.account_key)
    .bind(i64::from(schedule.state != JobScheduleState::Completed))
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn has_active_job(conn: &mut Conn, key: i64) -> Result<bool> {
    let found = sqlx::query("SELECT 1 FROM jobs WHERE schedule_key = ?1 AND state <> 'completed' LIMIT 1")
        .bind(key)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// The job of the schedule that is not completed, if it can be read.
pub async fn active_job(conn: &mut Conn, key: i64) -> Result<Option<JobRow>> {
    let rows = sqlx::query("SELECT * FROM jobs WHERE schedule_key = ?1 AND state <> 'completed'")
        .bind(key)
        .fetch_all(conn)
        .await?;
    Ok(job::readable(&rows).pop())
}

/// The last jobs of these schedules, as far as they exist.
pub async fn recent_jobs(conn: &mut Conn, schedules: &[JobScheduleRow]) -> Result<Vec<JobRow>> {
    let ids: Vec<_> = schedules.iter().filter_map(|s| Some((s.account_key, s.recent_job()?))).collect();
    let rows = sqlx::query(
        "SELECT jobs.* FROM json_each(?1) AS v CROSS JOIN jobs ON jobs.account_key = v.value ->> 0 AND jobs.id = v.value ->> 1",
    )
    .bind(convert::to_json(&ids))
    .fetch_all(conn)
    .await?;
    Ok(job::readable(&rows))
}

/// Marks jobs of the schedule as being deleted, at most so many; their keys.
pub async fn delete_jobs(conn: &mut Conn, key: i64, most: i64, now: Timestamp) -> Result<Vec<i64>> {
    let jobs: Vec<i64> =
        sqlx::query_scalar("SELECT key FROM jobs WHERE schedule_key = ?1 AND state <> 'deleting' LIMIT ?2")
            .bind(key)
            .bind(most)
            .fetch_all(&mut *conn)
            .await?;
    job::mark_deleting(conn, &jobs, now).await?;
    Ok(jobs)
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<JobScheduleRow> {
    let mut schedules = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(schedule) => schedules.push(schedule),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(job_schedule.key = key, %error, "a stored job schedule cannot be read and is left alone");
            }
        }
    }
    schedules
}
