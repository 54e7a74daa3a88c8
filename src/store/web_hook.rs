//! Web hooks and what is to be sent to them. Deliveries are queued by a trigger, with the event.

use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json as json_column, name, opt_time, time};
use super::db::{Conn, Result};
use crate::api::{Secret, ServiceEventType, Timestamp, WebHook, WebHookDelivery, WebHookSettings};

/// A hook with its place in the store.
#[derive(Clone, Debug)]
pub struct HookRow {
    pub key: i64,
    pub hook: WebHook,
}

fn read(row: &SqliteRow) -> Result<HookRow> {
    let types: Vec<String> = json_column(row, "types")?;
    Ok(HookRow {
        key: get(row, "key")?,
        hook: WebHook {
            id: get(row, "id")?,
            url: get(row, "url")?,
            event_types: types.iter().filter_map(|text| text.parse().ok()).collect(),
            job_id_prefix: get(row, "job_prefix")?,
            enabled: get(row, "enabled")?,
            creation_time: time(row, "created")?,
            last_modified: time(row, "modified")?,
            failing_since: opt_time(row, "failing_since")?,
            switched_off: opt_time(row, "switched_off")?,
            waiting: get(row, "n_waiting")?,
            dropped: get(row, "n_dropped")?,
        },
    })
}

const COLUMNS: &str =
    "key, id, url, types, job_prefix, enabled, created, modified, failing_since, switched_off, n_waiting, n_dropped";

pub async fn list(conn: &mut Conn, account_key: i64) -> Result<Vec<HookRow>> {
    let sql = format!("SELECT {COLUMNS} FROM web_hooks WHERE account_key = ? ORDER BY id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account_key).fetch_all(conn).await?;
    let mut hooks = Vec::with_capacity(rows.len());
    for row in &rows {
        match read(row) {
            Ok(hook) => hooks.push(hook),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a web hook is left out"),
        }
    }
    Ok(hooks)
}

pub async fn find(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<HookRow>> {
    let sql = format!("SELECT {COLUMNS} FROM web_hooks WHERE account_key = ? AND id = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account_key).bind(id).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

fn types(types: &[ServiceEventType]) -> String {
    convert::to_json(&types.iter().map(|t| t.as_str()).collect::<Vec<_>>())
}

/// Saves a new hook; false when the name is taken.
pub async fn insert(
    conn: &mut Conn,
    account_key: i64,
    hook: &WebHookSettings,
    secret: &Secret,
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO web_hooks (account_key, id, url, types, job_prefix, enabled, secret, created, modified) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (account_key, id) DO NOTHING",
    )
    .bind(account_key)
    .bind(&hook.id)
    .bind(&hook.url)
    .bind(types(&hook.event_types))
    .bind(&hook.job_id_prefix)
    .bind(hook.enabled)
    .bind(&secret.0)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Saves what a user says of it. What it has failed at before is forgotten.
pub async fn update(conn: &mut Conn, key: i64, hook: &WebHookSettings, now: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE web_hooks SET url = ?2, types = ?3, job_prefix = ?4, enabled = ?5, modified = ?6, failing_since = NULL, \
         switched_off = NULL WHERE key = ?1",
    )
    .bind(key)
    .bind(&hook.url)
    .bind(types(&hook.event_types))
    .bind(&hook.job_id_prefix)
    .bind(hook.enabled)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_secret(conn: &mut Conn, key: i64, secret: &Secret, now: Timestamp) -> Result<()> {
    let sql = "UPDATE web_hooks SET secret = ?2, modified = ?3 WHERE key = ?1";
    sqlx::query(sql).bind(key).bind(&secret.0).bind(now.micros()).execute(conn).await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, key: i64) -> Result<()> {
    // The triggers of its deliveries find no hook to count at.
    sqlx::query("DELETE FROM web_hooks WHERE key = ?").bind(key).execute(conn).await?;
    Ok(())
}

/// Queues a delivery that tells of nothing.
pub async fn insert_test(conn: &mut Conn, key: i64, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO web_hook_deliveries (hook_key, at, kind, body, queued, next) VALUES (?1, ?2, 'WebHookTestEvent', '{}', ?2, ?2)",
    )
    .bind(key)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// Which deliveries of a hook are asked for.
#[derive(Clone, Debug, Default)]
pub struct AskDeliveries {
    /// Somewhere in the type or the ids, in any case of letters; empty for all.
    pub text: String,
    /// Only those of which a try has failed and none has arrived.
    pub failed_only: bool,
    /// Below this key.
    pub before: Option<i64>,
    pub limit: i64,
}

/// A hook's deliveries, newest first; one more than the limit where there is one.
pub async fn deliveries(conn: &mut Conn, hook_key: i64, ask: &AskDeliveries) -> Result<Vec<WebHookDelivery>> {
    let rows = sqlx::query(
        "SELECT * FROM web_hook_deliveries WHERE hook_key = ?1 AND key < ?2 AND (?4 = '' \
         OR instr(lower(kind || ' ' || COALESCE(pool, '') || '/' || COALESCE(job, '') || '/' || COALESCE(task, '')), ?4) > 0) \
         AND (NOT ?5 OR (state <> 'delivered' AND tries > 0)) ORDER BY key DESC LIMIT ?3",
    )
    .bind(hook_key)
    .bind(ask.before.unwrap_or(i64::MAX))
    .bind(ask.limit + 1)
    .bind(ask.text.to_ascii_lowercase())
    .bind(ask.failed_only)
    .fetch_all(conn)
    .await?;
    rows.iter().map(read_delivery).collect()
}

fn read_delivery(row: &SqliteRow) -> Result<WebHookDelivery> {
    let ids = ["pool", "job", "task"].map(|column| get::<Option<String>>(row, column));
    let mut resource = Vec::new();
    for id in ids {
        resource.extend(id?);
    }
    let state = name(row, "state")?;
    Ok(WebHookDelivery {
        id: get(row, "key")?,
        event_type: get(row, "kind")?,
        resource: resource.join("/"),
        time: time(row, "at")?,
        state,
        tries: get(row, "tries")?,
        last_try: opt_time(row, "last_try")?,
        next_try: Some(time(row, "next")?).filter(|_| state == crate::api::WebHookDeliveryState::Waiting),
        status: get(row, "status")?,
        error: get(row, "error")?,
    })
}

/// Sends a delivery again, from its first try on; false when the hook has none of this key.
pub async fn send_again(conn: &mut Conn, hook_key: i64, delivery: i64, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE web_hook_deliveries SET state = 'waiting', tries = 0, queued = ?3, next = ?3, status = NULL, error = NULL \
         WHERE key = ?1 AND hook_key = ?2",
    )
    .bind(delivery)
    .bind(hook_key)
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Something to send now.
#[derive(Clone, Debug)]
pub struct Due {
    pub key: i64,
    pub account: String,
    pub event_key: Option<i64>,
    pub at: Timestamp,
    pub kind: String,
    pub pool: Option<String>,
    pub job: Option<String>,
    pub task: Option<String>,
    /// The event's own body.
    pub body: String,
    pub queued: Timestamp,
    pub tries: i64,
    pub url: String,
    pub secret: Secret,
}

/// Hooks that have something to send.
pub async fn due_hooks(conn: &mut Conn, now: Timestamp) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar(
        "SELECT key FROM web_hooks AS h WHERE enabled = 1 AND n_waiting > 0 AND EXISTS \
         (SELECT 1 FROM web_hook_deliveries WHERE hook_key = h.key AND state = 'waiting' AND next <= ?)",
    )
    .bind(now.micros())
    .fetch_all(conn)
    .await?)
}

/// Some of what a hook has to send, the longest due first.
pub async fn due(conn: &mut Conn, hook_key: i64, now: Timestamp, most: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query(
        "SELECT d.*, h.url, h.secret, a.name AS account FROM web_hook_deliveries AS d JOIN web_hooks AS h ON h.key = d.hook_key \
         JOIN accounts AS a ON a.key = h.account_key WHERE d.hook_key = ?1 AND d.state = 'waiting' AND d.next <= ?2 \
         AND h.enabled = 1 ORDER BY d.next LIMIT ?3",
    )
    .bind(hook_key)
    .bind(now.micros())
    .bind(most)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                key: get(row, "key")?,
                account: get(row, "account")?,
                event_key: get(row, "event_key")?,
                at: time(row, "at")?,
                kind: get(row, "kind")?,
                pool: get(row, "pool")?,
                job: get(row, "job")?,
                task: get(row, "task")?,
                body: get(row, "body")?,
                queued: time(row, "queued")?,
                tries: get(row, "tries")?,
                url: get(row, "url")?,
                secret: Secret(get(row, "secret")?),
            })
        })
        .collect()
}

/// How a try went.
#[derive(Clone, Debug)]
pub struct Tried {
    pub key: i64,
    pub at: Timestamp,
    pub status: Option<i64>,
    pub error: Option<String>,
    /// Whether the receiver took it.
    pub is_delivered: bool,
    /// When it is tried again, where it is.
    pub next: Option<Timestamp>,
}

/// Saves how tries of a hook went. A delivery that was sent again meanwhile is left alone.
pub async fn save_tries(conn: &mut Conn, hook_key: i64, tries: &[Tried]) -> Result<()> {
    let row = |t: &Tried| {
        let state = match (t.is_delivered, t.next) {
            (true, _) => "delivered",
            (false, Some(_)) => "waiting",
            (false, None) => "failed",
        };
        json!([t.key, state, t.at.micros(), t.status, t.error, t.next.map(Timestamp::micros)])
    };
    sqlx::query(
        "UPDATE web_hook_deliveries SET state = v.value ->> 1, tries = tries + 1, last_try = v.value ->> 2, \
         status = v.value ->> 3, error = v.value ->> 4, next = COALESCE(v.value ->> 5, next) \
         FROM json_each(?1) AS v WHERE web_hook_deliveries.key = v.value ->> 0 AND state = 'waiting' AND hook_key = ?2",
    )
    .bind(serde_json::Value::from(tries.iter().map(row).collect::<Vec<_>>()).to_string())
    .bind(hook_key)
    .execute(conn)
    .await?;
    Ok(())
}

/// Since when a hook fails; none of one that does not, or is gone.
pub async fn failing_since(conn: &mut Conn, hook_key: i64) -> Result<Option<Timestamp>> {
    let sql = "SELECT failing_since FROM web_hooks WHERE key = ?";
    let since: Option<Option<i64>> = sqlx::query_scalar(sql).bind(hook_key).fetch_optional(conn).await?;
    Ok(since.flatten().map(Timestamp::from_micros))
}

pub async fn set_failing(conn: &mut Conn, hook_key: i64, since: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE web_hooks SET failing_since = ?2 WHERE key = ?1";
    sqlx::query(sql).bind(hook_key).bind(since.map(Timestamp::micros)).execute(conn).await?;
    Ok(())
}

pub async fn switch_off(conn: &mut Conn, hook_key: i64, now: Timestamp) -> Result<()> {
    let sql = "UPDATE web_hooks SET enabled = 0, switched_off = ?2 WHERE key = ?1";
    sqlx::query(sql).bind(hook_key).bind(now.micros()).execute(conn).await?;
    Ok(())
}

/// Removes deliveries that are over and older than this, and all but the newest of each hook; how many.
pub async fn prune(conn: &mut Conn, oldest: Timestamp, newest: i64, most: i64) -> Result<u64> {
    let done = sqlx::query(
        "WITH cuts AS MATERIALIZED (SELECT key AS hook, (SELECT key FROM web_hook_deliveries WHERE hook_key = h.key \
         ORDER BY key DESC LIMIT 1 OFFSET ?2) AS cut FROM web_hooks AS h) \
         DELETE FROM web_hook_deliveries WHERE key IN (SELECT d.key FROM cuts CROSS JOIN web_hook_deliveries AS d \
         ON d.hook_key = cuts.hook WHERE d.state <> 'waiting' AND (d.queued < ?1 OR d.key <= cuts.cut) LIMIT ?3)",
    )
    .bind(oldest.micros())
    .bind(newest)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
