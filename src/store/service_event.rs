//! Service events. Those of pools and jobs come into the table by triggers; here are the others, and who reads and prunes them.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::convert::{self, get, json as json_column, name, time};
use super::db::{Conn, Result};
use super::job::JobRow;
use super::pool::PoolRow;
use crate::api::{ServiceEvent, ServiceEventType, Timestamp};

/// How many rows a page looks at, at most: a filter that fits few must not hold a reader for long.
const LOOK_AT: i64 = 100_000;

/// Where an event stands in time: when, and its key.
pub type Place = (i64, i64);

/// The pool is removed now.
pub(super) async fn pool_deleted(conn: &mut Conn, pool: &PoolRow, now: Timestamp) -> Result<()> {
    let body = json!({ "id": pool.id, "startTime": pool.since, "endTime": now });
    insert_one(conn, pool.account_key, now, ServiceEventType::PoolDeleteComplete, ["pool", &pool.id], &body).await
}

/// The job is removed now.
pub(super) async fn job_deleted(conn: &mut Conn, job: &JobRow, now: Timestamp) -> Result<()> {
    let body = json!({ "id": job.id, "poolId": job.pool_id, "startTime": job.since, "endTime": now });
    insert_one(conn, job.account_key, now, ServiceEventType::JobDeleteComplete, ["job", &job.id], &body).await
}

async fn insert_one(
    conn: &mut Conn,
    account_key: i64,
    now: Timestamp,
    what: ServiceEventType,
    [kind, id]: [&str; 2],
    body: &serde_json::Value,
) -> Result<()> {
    let of = |wanted: &str| (kind == wanted).then(|| id.to_owned());
    sqlx::query("INSERT INTO service_events (account_key, at, kind, pool, job, body) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(account_key)
        .bind(now.micros())
        .bind(what.as_str())
        .bind(of("pool"))
        .bind(of("job"))
        .bind(body.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// A job of which somebody wants to know what happens to its tasks.
#[derive(Clone, Debug)]
pub struct WatchedJob {
    pub key: i64,
    pub account_key: i64,
    pub id: String,
    /// How often its tasks run again that say nothing of it.
    pub most_retries: Option<i32>,
    pub manager: Option<String>,
    /// What web hooks want to hear of its tasks; absent where the account has all events of tasks.
    pub only: Option<Vec<String>>,
}

/// Those of the jobs whose accounts have events of tasks, or web hooks that want some of them.
pub async fn watched_jobs(conn: &mut Conn, keys: &[i64]) -> Result<Vec<WatchedJob>> {
    let rows = sqlx::query(
        "SELECT j.key, j.account_key, j.id, j.settings ->> '$.constraints.maxTaskRetryCount' AS most_retries, \
         j.settings ->> '$.jobManagerTask.id' AS manager, iif(a.task_events, NULL, (SELECT json_group_array(t.value) \
         FROM web_hooks AS h, json_each(h.types) AS t WHERE h.account_key = a.key AND h.enabled = 1 \
         AND (h.job_prefix = '' OR substr(j.id, 1, length(h.job_prefix)) = h.job_prefix COLLATE NOCASE))) AS only \
         FROM jobs j JOIN accounts a ON a.key = j.account_key WHERE j.key IN (SELECT value FROM json_each(?1)) \
         AND (a.task_events = 1 OR EXISTS (SELECT 1 FROM web_hooks WHERE account_key = a.key AND enabled = 1))",
    )
    .bind(convert::to_json(&keys))
    .fetch_all(conn)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(WatchedJob {
            key: get(row, "key")?,
            account_key: get(row, "account_key")?,
            id: get(row, "id")?,
            most_retries: get(row, "most_retries")?,
            manager: get(row, "manager")?,
            only: convert::opt_json(row, "only")?,
        })
    };
    rows.iter().map(read).collect()
}

/// An event of a task that is to be written.
#[derive(Debug)]
pub struct TaskEvent<'a> {
    pub job: &'a WatchedJob,
    pub task: &'a str,
    pub what: ServiceEventType,
    pub body: serde_json::Value,
}

pub async fn insert_task_events(conn: &mut Conn, events: &[TaskEvent<'_>], now: Timestamp) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let row = |e: &TaskEvent<'_>| json!([e.job.account_key, e.what.as_str(), e.job.id, e.task, e.body.to_string()]);
    sqlx::query(
        "INSERT INTO service_events (account_key, at, kind, job, task, body) \
         SELECT value ->> 0, ?2, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)",
    )
    .bind(serde_json::Value::from(events.iter().map(row).collect::<Vec<_>>()).to_string())
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// Which events, newest first.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub account_key: i64,
    /// Empty: all.
    pub types: Vec<ServiceEventType>,
    pub pool: String,
    pub job: String,
    pub task: String,
    /// A part of any id.
    pub resource: String,
    /// From this moment on, and up to, but not including, that one.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Only what comes before this place.
    pub before: Option<Place>,
    pub limit: i64,
}

/// A page, and where to go on when there may be more; such a page may be short or empty.
pub async fn list(conn: &mut Conn, ask: &Ask) -> Result<(Vec<ServiceEvent>, Option<Place>)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM (SELECT * FROM service_events");
    push_stretch(&mut sql, ask);
    sql.push(" ORDER BY at DESC, key DESC LIMIT ").push_bind(LOOK_AT).push(") WHERE 1");
    push_filter(&mut sql, ask);
    sql.push(" ORDER BY at DESC, key DESC LIMIT ").push_bind(ask.limit + 1);
    let rows = sql.build().fetch_all(&mut *conn).await?;
    let limit = usize::try_from(ask.limit).unwrap_or(0);
    let next = match rows.get(limit.saturating_sub(1)).filter(|_| rows.len() > limit) {
        Some(last) => Some(place(last)?),
        None => end_of_look(conn, ask).await?,
    };
    let mut events = Vec::with_capacity(rows.len().min(limit));
    for row in rows.iter().take(limit) {
        // One that cannot be read hides no other.
        match read(row) {
            Ok(event) => events.push(event),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a service event is left out"),
        }
    }
    Ok((events, next))
}

/// The last place that a page has looked at, where there is more behind it.
async fn end_of_look(conn: &mut Conn, ask: &Ask) -> Result<Option<Place>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT at, key FROM service_events");
    push_stretch(&mut sql, ask);
    sql.push(" ORDER BY at DESC, key DESC LIMIT 2 OFFSET ").push_bind(LOOK_AT - 1);
    let rows = sql.build().fetch_all(conn).await?;
    rows.first().filter(|_| rows.len() > 1).map(place).transpose()
}

fn push_stretch(sql: &mut QueryBuilder<Sqlite>, ask: &Ask) {
    sql.push(" WHERE account_key = ").push_bind(ask.account_key);
    if let Some(from) = ask.from {
        sql.push(" AND at >= ").push_bind(from.micros());
    }
    if let Some(to) = ask.to {
        sql.push(" AND at < ").push_bind(to.micros());
    }
    if let Some((at, key)) = ask.before {
        sql.push(" AND (at, key) < (").push_bind(at).push(", ").push_bind(key).push(")");
    }
}

fn push_filter(sql: &mut QueryBuilder<Sqlite>, ask: &Ask) {
    if !ask.types.is_empty() {
        let types: Vec<_> = ask.types.iter().map(|t| t.as_str()).collect();
        sql.push(" AND kind IN (SELECT value FROM json_each(").push_bind(convert::to_json(&types)).push("))");
    }
    for (condition, id) in [(" AND pool = ", &ask.pool), (" AND job = ", &ask.job), (" AND task = ", &ask.task)] {
        if !id.is_empty() {
            sql.push(condition).push_bind(id.clone());
        }
    }
    if !ask.resource.is_empty() {
        sql.push(" AND instr(lower(COALESCE(pool, '') || '/' || COALESCE(job, '') || '/' || COALESCE(task, '')), ");
        sql.push_bind(ask.resource.to_ascii_lowercase()).push(") > 0");
    }
}

fn place(row: &SqliteRow) -> Result<Place> {
    Ok((get(row, "at")?, get(row, "key")?))
}

pub(super) fn read(row: &SqliteRow) -> Result<ServiceEvent> {
    Ok(ServiceEvent {
        id: get(row, "key")?,
        time: time(row, "at")?,
        event_type: name(row, "kind")?,
        pool_id: get(row, "pool")?,
        job_id: get(row, "job")?,
        task_id: get(row, "task")?,
        properties: json_column(row, "body")?,
    })
}

/// Whether the account has events of tasks.
pub async fn has_task_events(conn: &mut Conn, account_key: i64) -> Result<bool> {
    let sql = "SELECT task_events FROM accounts WHERE key = ?";
    Ok(sqlx::query_scalar(sql).bind(account_key).fetch_optional(conn).await?.unwrap_or(false))
}

pub async fn set_task_events(conn: &mut Conn, account_key: i64, on: bool) -> Result<()> {
    let sql = "UPDATE accounts SET task_events = ?2 WHERE key = ?1";
    sqlx::query(sql).bind(account_key).bind(on).execute(conn).await?;
    Ok(())
}

/// The first account behind this key that has events, and whether it is there still.
pub async fn next_account(conn: &mut Conn, after: i64) -> Result<Option<(i64, bool)>> {
    Ok(sqlx::query_as(
        "SELECT e.key, EXISTS (SELECT 1 FROM accounts WHERE key = e.key) FROM \
         (SELECT MIN(account_key) AS key FROM service_events WHERE account_key > ?) AS e WHERE e.key IS NOT NULL",
    )
    .bind(after)
    .fetch_optional(conn)
    .await?)
}

/// The place of the newest event of an account of which so many are newer.
pub async fn place_behind(conn: &mut Conn, account_key: i64, newer: i64) -> Result<Option<Place>> {
    Ok(sqlx::query_as(
        "SELECT at, key FROM service_events WHERE account_key = ? ORDER BY at DESC, key DESC LIMIT 1 OFFSET ?",
    )
    .bind(account_key)
    .bind(newer)
    .fetch_optional(conn)
    .await?)
}

/// Removes some of the account's events up to a place, oldest first; how many.
pub async fn prune(conn: &mut Conn, account_key: i64, (at, key): Place, most: i64) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM service_events WHERE key IN (SELECT key FROM service_events \
         WHERE account_key = ?1 AND (at, key) <= (?2, ?3) ORDER BY at, key LIMIT ?4)",
    )
    .bind(account_key)
    .bind(at)
    .bind(key)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
