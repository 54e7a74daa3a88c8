//! Core time of pools: counted when the number of their nodes changes, by the half hour.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::Row;

use super::convert::{self, get, time};
use super::db::{Conn, Result};
use super::pool::PoolRow;
use crate::api::{Duration, Timestamp};
use crate::domain::usage;

/// Core time by interval and size of nodes.
pub type Usage = BTreeMap<(Timestamp, String), i64>;

/// Counts the core time of the pool as it was until now. To be called before its nodes change.
pub async fn count(conn: &mut Conn, pool: &PoolRow, now: Timestamp) -> Result<()> {
    let parts: Vec<_> = uncounted(pool, now).map(|(start, millis)| json!([start.micros(), millis])).collect();
    if !parts.is_empty() {
        sqlx::query(
            "INSERT INTO pool_usage (account_key, pool_id, start, vm_size, core_millis) \
             SELECT ?2, ?3, value ->> 0, ?4, value ->> 1 FROM json_each(?1) WHERE true \
             ON CONFLICT DO UPDATE SET core_millis = core_millis + excluded.core_millis",
        )
        .bind(convert::to_json(&parts))
        .bind(pool.account_key)
        .bind(&pool.id)
        .bind(&pool.settings.vm_size)
        .execute(&mut *conn)
        .await?;
        let oldest = now.micros() - usage::KEPT.micros();
        sqlx::query("DELETE FROM pool_usage WHERE start < ?1").bind(oldest).execute(&mut *conn).await?;
    }
    sqlx::query("UPDATE pools SET usage_since = ?2, dedicated_core_millis = ?3 WHERE key = ?1")
        .bind(pool.key)
        .bind(now.max(pool.usage_since).micros())
        .bind(dedicated_core_millis(pool, now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Core time of dedicated nodes, up to now.
pub fn dedicated_core_millis(pool: &PoolRow, now: Timestamp) -> i64 {
    let since = now.max(pool.usage_since).since(pool.usage_since);
    pool.dedicated_core_millis + core_millis(since, pool.cores * pool.node_counts.in_use(true))
}

/// Core time by interval since it was counted last, as the pool is.
pub fn uncounted(pool: &PoolRow, now: Timestamp) -> impl Iterator<Item = (Timestamp, i64)> + use<> {
    let cores = pool.cores * (pool.node_counts.in_use(true) + pool.node_counts.in_use(false));
    let parts = if cores > 0 { usage::split(pool.usage_since, now) } else { Vec::new() };
    parts.into_iter().map(move |(start, length)| (start, core_millis(length, cores)))
}

fn core_millis(length: Duration, cores: i64) -> i64 {
    length.micros() / 1000 * cores
}

/// Ids of the pools of an account that used something in intervals that begin in the window, in the order of ids. Pools that
/// have nodes now are among them.
pub async fn pool_ids(conn: &mut Conn, account_key: i64, from: Timestamp, to: Timestamp) -> Result<Vec<String>> {
    let ids = sqlx::query_scalar(
        "SELECT pool_id FROM pool_usage WHERE account_key = ?1 AND start >= ?2 AND start < ?3 \
         UNION SELECT id FROM pools WHERE account_key = ?1 AND n_dedicated + n_low_priority > 0 ORDER BY 1 COLLATE NOCASE",
    )
    .bind(account_key)
    .bind(from.micros())
    .bind(to.micros())
    .fetch_all(conn)
    .await?;
    Ok(ids)
}

/// What a pool used in intervals that begin in the window, as far as it is counted.
pub async fn of_pool(
    conn: &mut Conn,
    account_key: i64,
    pool_id: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Usage> {
    let rows = sqlx::query(
        "SELECT start, vm_size, core_millis FROM pool_usage \
         WHERE account_key = ?1 AND pool_id = ?2 AND start >= ?3 AND start < ?4",
    )
    .bind(account_key)
    .bind(pool_id)
    .bind(from.micros())
    .bind(to.micros())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok(((time(row, "start")?, get(row, "vm_size")?), row.try_get("core_millis")?))).collect()
}
