//! Tasks. Batches go in as one JSON parameter and come out of `json_each`: one static statement for any number of rows.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, opt_json, opt_name, opt_time, time};
use super::db::{Conn, Error, Result};
use super::task_cache::{FoundTask, TaskNames};
use crate::api::agent::Usage;
use crate::api::{self, TaskState, Timestamp};
use crate::domain::placement::Demands;
use crate::domain::retention;
use crate::domain::task::{Life, Phase, Spent};

/// A task as it is stored.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub key: i64,
    pub job_key: i64,
    pub id: String,
    /// The settings' JSON; read by [`TaskRow::settings`].
    pub settings: String,
    pub slots: i32,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub life: Life,
    /// `pool/node` of the last attempt.
    pub node_info: Option<String>,
    /// Waits for other tasks that are not over. Kept by [`super::dependency`], not saved with the row.
    pub n_waits: i64,
    /// It ended so that dependents may run.
    pub satisfied: bool,
    /// Its id as a number that ranges can name; only in jobs that use dependencies.
    pub number: Option<i32>,
    pub demands: Demands,
    /// When its files go; as they were when the row was read.
    pub files_until: Option<Timestamp>,
    /// Its files went, and it has not run since.
    pub files_gone: bool,
}

impl TaskRow {
    pub fn settings(&self) -> Result<api::TaskCreate> {
        serde_json::from_str(&self.settings).map_err(|e| Error::unreadable("task", e))
    }

    /// When its files go, as its life and its settings say now. Settings are read only where they say something of it.
    pub fn files_until_now(&self) -> Option<Timestamp> {
        let is_said = self.life.phase == Phase::Completed && self.settings.contains("retentionTime");
        let settings = is_said.then(|| self.settings().ok()).flatten();
        retention::until(&self.life, retention::of_task(settings.as_ref().and_then(|s| s.constraints.as_ref())))
    }
}

/// A task to be inserted.
pub struct NewTask {
    pub id: String,
    pub settings: String,
    pub slots: i32,
    pub etag: i64,
    pub number: Option<i32>,
    pub demands: Demands,
}

/// A statement with every column of [`TaskRow`] between its two parts; a macro, so that statements stay static.
macro_rules! concat_columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "t.key, t.job_key, t.id, t.settings, t.slots, t.created, t.modified, t.etag, t.state, t.state_since, ",
            "t.previous_state, t.previous_since, t.attempt, t.node_key, t.assigned, t.node_info, t.started, t.ended, ",
            "t.exit_code, t.failure, t.retries, t.last_retry, t.requeues, t.last_requeue, t.n_waits, t.satisfied, t.number, t.alone, t.dedicated, t.instances, t.wall, t.user_time, t.kernel_time, ",
            "t.blocks_read, t.blocks_written, t.files_until, t.files_gone, t.container",
            $after
        )
    };
}
pub(crate) use concat_columns;

pub fn read(row: &SqliteRow) -> Result<TaskRow> {
    let assigned: bool = get(row, "assigned")?;
    let phase = match (convert::name::<TaskState>(row, "state")?, assigned) {
        (TaskState::Active, false) => Phase::Waiting,
        (TaskState::Active, true) => Phase::Assigned,
        (TaskState::Preparing, _) => Phase::Preparing,
        (TaskState::Running, _) => Phase::Running,
        (TaskState::Completed, _) => Phase::Completed,
    };
    let previous = opt_name(row, "previous_state")?.zip(opt_time(row, "previous_since")?);
    let life = Life {
        phase,
        since: time(row, "state_since")?,
        previous,
        attempt: get(row, "attempt")?,
        node_key: get(row, "node_key")?,
        started: opt_time(row, "started")?,
        ended: opt_time(row, "ended")?,
        exit_code: get(row, "exit_code")?,
        failure: opt_json(row, "failure")?,
        container: opt_json(row, "container")?,
        retries: get(row, "retries")?,
        last_retry: opt_time(row, "last_retry")?,
        requeues: get(row, "requeues")?,
        last_requeue: opt_time(row, "last_requeue")?,
        spent: spent(row)?,
    };
    Ok(TaskRow {
        key: get(row, "key")?,
        job_key: get(row, "job_key")?,
        id: get(row, "id")?,
        settings: get(row, "settings")?,
        slots: get(row, "slots")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
        life,
        node_info: get(row, "node_info")?,
        n_waits: get(row, "n_waits")?,
        satisfied: get(row, "satisfied")?,
        number: get(row, "number")?,
        demands: demands(row)?,
        files_until: opt_time(row, "files_until")?,
        files_gone: get(row, "files_gone")?,
    })
}

/// What runs took, of a task or of all tasks of a job.
pub fn spent(row: &SqliteRow) -> Result<Spent> {
    let usage = Usage {
        user_micros: get(row, "user_time")?,
        kernel_micros: get(row, "kernel_time")?,
        blocks_read: get(row, "blocks_read")?,
        blocks_written: get(row, "blocks_written")?,
    };
    Ok(Spent { wall_micros: get(row, "wall")?, usage })
}

fn demands(row: &SqliteRow) -> Result<Demands> {
    Ok(Demands { alone: get(row, "alone")?, dedicated: get(row, "dedicated")?, instances: get(row, "instances")? })
}

/// Inserts tasks in this order; their ids must be free.
pub async fn insert(conn: &mut Conn, job_key: i64, tasks: &[NewTask], now: Timestamp) -> Result<()> {
    let rows: Vec<_> = tasks
        .iter()
        .map(|t| {
            let (alone, dedicated) = (i64::from(t.demands.alone), i64::from(t.demands.dedicated));
            json!([t.id, t.settings, t.slots, t.etag, t.number, alone, dedicated, t.demands.instances])
        })
        .collect();
    sqlx::query(
        "INSERT INTO tasks (job_key, id, settings, slots, etag, number, alone, dedicated, instances, state, state_since, created, modified) \
         SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, 'active', \
         ?3, ?3, ?3 FROM json_each(?1)",
    )
    .bind(convert::to_json(&rows))
    .bind(job_key)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of the ids that the job has already, as stored.
pub async fn existing(conn: &mut Conn, job_key: i64, ids: &[&str]) -> Result<Vec<String>> {
    let found =
        sqlx::query_scalar("SELECT id FROM tasks WHERE job_key = ?1 AND id IN (SELECT value FROM json_each(?2))")
            .bind(job_key)
            .bind(convert::to_json(&ids))
            .fetch_all(conn)
            .await?;
    Ok(found)
}

pub async fn find(conn: &mut Conn, job_key: i64, id: &str) -> Result<Option<TaskRow>> {
    let row = sqlx::query(concat_columns!("SELECT ", " FROM tasks t WHERE t.job_key = ?1 AND t.id = ?2"))
        .bind(job_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The task by names alone, in one statement.
pub async fn find_by_names(conn: &mut Conn, names: &TaskNames) -> Result<Option<FoundTask>> {
    let row = sqlx::query(concat_columns!(
        "SELECT j.id AS job_id, ",
        " FROM accounts a JOIN jobs j ON j.account_key = a.key AND j.id = ?2 JOIN tasks t ON t.job_key = j.key AND t.id = ?3 \
         WHERE a.name = ?1"
    ))
    .bind(names.account.as_str())
    .bind(names.job.as_str())
    .bind(names.task.as_str())
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(|row| Ok(FoundTask { job_id: get(row, "job_id")?, row: read(row)? })).transpose()
}

/// The tasks with these keys. One that cannot be read is left out and logged: it stops nothing else.
pub async fn with_keys(conn: &mut Conn, keys: &[i64]) -> Result<Vec<TaskRow>> {
    let rows =
        sqlx::query(concat_columns!("SELECT ", " FROM tasks t WHERE t.key IN (SELECT value FROM json_each(?1))"))
            .bind(convert::to_json(&keys))
            .fetch_all(conn)
            .await?;
    Ok(readable(&rows))
}

/// What nodes have: all tasks with a live attempt, of all nodes or of one.
pub async fn assigned(conn: &mut Conn, node_key: Option<i64>) -> Result<Vec<TaskRow>> {
    let rows = sqlx::query(concat_columns!(
        "SELECT ",
        " FROM tasks t WHERE t.assigned = 1 AND t.node_key IS NOT NULL AND (?1 IS NULL OR t.node_key = ?1)"
    ))
    .bind(node_key)
    .fetch_all(conn)
    .await?;
    Ok(readable(&rows))
}

/// The job's tasks that nodes have.
pub async fn assigned_of_job(conn: &mut Conn, job_key: i64) -> Result<Vec<TaskRow>> {
    let rows = sqlx::query(concat_columns!(
        "SELECT ",
        " FROM nodes n JOIN tasks t ON t.node_key = n.key AND t.assigned = 1 WHERE t.job_key = ?1"
    ))
    .bind(job_key)
    .fetch_all(conn)
    .await?;
    Ok(readable(&rows))
}

/// A waiting task, as little as planning needs.
pub struct WaitingTask {
    pub key: i64,
    pub slots: i32,
    pub affinity: Option<String>,
    pub demands: Demands,
}

/// The next waiting tasks of a job after `after`, in order of adding, without those that wait for other tasks.
pub async fn waiting(conn: &mut Conn, job_key: i64, after: i64, most: i64) -> Result<Vec<WaitingTask>> {
    let rows = sqlx::query(
        "SELECT key, slots, alone, dedicated, instances, CASE WHEN instr(settings, 'affinityId') AND json_valid(settings) \
         THEN settings ->> '$.affinityInfo.affinityId' END AS affinity \
         FROM tasks WHERE job_key = ?1 AND key > ?2 AND state = 'active' AND assigned = 0 AND n_waits = 0 ORDER BY key LIMIT ?3",
    )
    .bind(job_key)
    .bind(after)
    .bind(most)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let (key, slots, affinity) = (get(row, "key")?, get(row, "slots")?, get(row, "affinity")?);
            Ok(WaitingTask { key, slots, affinity, demands: demands(row)? })
        })
        .collect()
}

/// The first task of a job that waits for a node; else the first that waits for other tasks.
pub async fn first_waiting(conn: &mut Conn, job_key: i64) -> Result<Option<TaskRow>> {
    let free = sqlx::query(concat_columns!(
        "SELECT ",
        " FROM tasks t WHERE t.job_key = ?1 AND t.state = 'active' AND t.assigned = 0 AND t.n_waits = 0 ORDER BY t.key LIMIT 1"
    ));
    let blocked = sqlx::query(concat_columns!(
        "SELECT ",
        " FROM tasks t WHERE t.job_key = ?1 AND t.n_waits > 0 AND t.state = 'active' LIMIT 1"
    ));
    let row = match free.bind(job_key).fetch_optional(&mut *conn).await? {
        Some(row) => Some(row),
        None => blocked.bind(job_key).fetch_optional(conn).await?,
    };
    row.as_ref().map(read).transpose()
}

/// On how many nodes of a pool a task runs that must be alone there, and one of them: its job's id and its own.
pub async fn alone_on(conn: &mut Conn, pool_key: i64) -> Result<Option<(i64, String, String)>> {
    let row = sqlx::query(
        "SELECT COUNT(*) OVER () AS n, j.id AS job, t.id AS task FROM nodes n CROSS JOIN tasks t \
         ON t.node_key = n.key AND t.assigned = 1 AND t.alone = 1 JOIN jobs j ON j.key = t.job_key WHERE n.pool_key = ?1 LIMIT 1",
    )
    .bind(pool_key)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((get(&row, "n")?, get(&row, "job")?, get(&row, "task")?))).transpose()
}

/// Saves the lives of tasks; `modified` and `etag` are those of the settings and stay.
pub async fn save(conn: &mut Conn, tasks: &[TaskRow]) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = tasks.iter().map(life_columns).collect();
    sqlx::query(
        "UPDATE tasks SET state = v.value ->> 1, state_since = v.value ->> 2, previous_state = v.value ->> 3, \
         previous_since = v.value ->> 4, attempt = v.value ->> 5, node_key = v.value ->> 6, assigned = v.value ->> 7, \
         started = v.value ->> 8, ended = v.value ->> 9, exit_code = v.value ->> 10, result = v.value ->> 11, \
         failure = v.value ->> 12, retries = v.value ->> 13, last_retry = v.value ->> 14, requeues = v.value ->> 15, \
         last_requeue = v.value ->> 16, node_info = v.value ->> 17, satisfied = v.value ->> 18, wall = v.value ->> 19, \
         user_time = v.value ->> 20, kernel_time = v.value ->> 21, blocks_read = v.value ->> 22, \
         blocks_written = v.value ->> 23, files_until = v.value ->> 24, container = v.value ->> 25, \
         files_gone = CASE WHEN v.value ->> 1 = 'completed' THEN files_gone ELSE 0 END \
         FROM json_each(?1) AS v WHERE tasks.key = v.value ->> 0",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

fn life_columns(task: &TaskRow) -> serde_json::Value {
    let life = &task.life;
    let micros = |t: Option<Timestamp>| t.map(Timestamp::micros);
    json!([
        task.key,
        life.state().as_str(),
        life.since.micros(),
        life.previous.map(|(state, _)| state.as_str()),
        life.previous.map(|(_, since)| since.micros()),
        life.attempt,
        life.node_key,
        i64::from(life.live_attempt().is_some()),
        micros(life.started),
        micros(life.ended),
        life.exit_code,
        life.result().map(api::TaskExecutionResult::as_str),
        life.failure.as_ref().map(convert::to_json),
        life.retries,
        micros(life.last_retry),
        life.requeues,
        micros(life.last_requeue),
        task.node_info,
        i64::from(task.satisfied),
        life.spent.wall_micros,
        life.spent.usage.user_micros,
        life.spent.usage.kernel_micros,
        life.spent.usage.blocks_read,
        life.spent.usage.blocks_written,
        micros(task.files_until_now()),
        life.container.as_ref().map(convert::to_json),
    ])
}

/// New settings of a task (its constraints, for all that a caller can change).
pub async fn save_settings(conn: &mut Conn, task: &TaskRow) -> Result<()> {
    let until = task.files_until_now().filter(|_| !task.files_gone);
    sqlx::query("UPDATE tasks SET settings = ?2, modified = ?3, etag = ?4, files_until = ?5 WHERE key = ?1")
        .bind(task.key)
        .bind(&task.settings)
        .bind(task.modified.micros())
        .bind(task.etag)
        .bind(until.map(Timestamp::micros))
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, key: i64) -> Result<()> {
    sqlx::query("DELETE FROM tasks WHERE key = ?1").bind(key).execute(conn).await?;
    Ok(())
}

/// Deletes up to `most` tasks of a job; how many went.
pub async fn delete_some(conn: &mut Conn, job_key: i64, most: i64) -> Result<u64> {
    let done = sqlx::query("DELETE FROM tasks WHERE key IN (SELECT key FROM tasks WHERE job_key = ?1 LIMIT ?2)")
        .bind(job_key)
        .bind(most)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Rows that can be read; the others are logged with their key, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<TaskRow> {
    let mut tasks = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(task) => tasks.push(task),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(task.key = key, %error, "a stored task cannot be read and is left alone");
            }
        }
    }
    tasks
}
