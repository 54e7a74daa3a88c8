//! Pools.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json, name, opt_json, opt_name, opt_time, time};
use super::db::{Conn, Result};
use super::{pool_usage, service_event};
use crate::api::{
    self, AllocationState, AutoScaleRun, NodeCounts, NodeDeallocationOption, NodeState, PoolLifetimeOption, PoolState,
    ResizeError, Timestamp,
};
use crate::domain::pool::Sizes;

/// A pool as it is stored.
#[derive(Clone, Debug)]
pub struct PoolRow {
    pub key: i64,
    pub account_key: i64,
    pub id: String,
    pub settings: api::PoolCreate,
    pub state: PoolState,
    pub since: Timestamp,
    pub allocation: AllocationState,
    pub allocation_since: Timestamp,
    pub resize_errors: Option<Vec<ResizeError>>,
    pub deadline: Option<Timestamp>,
    pub deallocation: NodeDeallocationOption,
    pub target: Sizes,
    /// Cores of one node.
    pub cores: i64,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub current: Sizes,
    pub node_counts: StateCounts,
    pub running_slots: i64,
    /// Core time is known from here on.
    pub usage_from: Timestamp,
    /// Up to here the core time is counted; since then the pool has the nodes that it has.
    pub usage_since: Timestamp,
    pub dedicated_core_millis: i64,
    pub auto_scale: AutoScale,
    /// Whom it was made for.
    pub made_for: Option<MadeFor>,
    /// SSH is mapped on its nodes even if the settings do not ask for it.
    pub maps_ssh: bool,
}

/// The job or job schedule that a pool was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFor {
    pub kind: PoolLifetimeOption,
    pub id: String,
    /// Absent when it is done: the pool is left to itself.
    pub key: Option<i64>,
}

/// How far a pool is with its formula, which is among its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoScale {
    /// When it was last turned on or changed.
    pub changed: Option<Timestamp>,
    /// When the formula is run next; absent while autoscale is off.
    pub next: Option<Timestamp>,
    pub run: Option<AutoScaleRun>,
}

impl PoolRow {
    pub fn is_auto_scaled(&self) -> bool {
        self.settings.enable_auto_scale.unwrap_or_default()
    }
}

/// Nodes by state: dedicated and low-priority ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateCounts(pub BTreeMap<NodeState, [i64; 2]>);

impl StateCounts {
    pub fn change(&mut self, state: NodeState, dedicated: bool, by: i64) {
        let counter = &mut self.0.entry(state).or_default()[usize::from(!dedicated)];
        *counter += by;
        self.0.retain(|_, counts| *counts != [0, 0]);
    }

    /// Of one kind of node, in the wire's shape.
    pub fn of_kind(&self, dedicated: bool) -> NodeCounts {
        self.sum(|counts| counts[usize::from(!dedicated)])
    }

    pub fn all(&self) -> NodeCounts {
        self.sum(|counts| counts[0] + counts[1])
    }

    fn sum(&self, pick: impl Fn(&[i64; 2]) -> i64) -> NodeCounts {
        let mut sum = NodeCounts::default();
        for (state, counts) in &self.0 {
            *sum.of(*state) += pick(counts);
            sum.total += pick(counts);
        }
        sum
    }

    /// Nodes of one kind that use their cores: deallocated and preempted ones do not.
    pub fn in_use(&self, dedicated: bool) -> i64 {
        let counts = self.of_kind(dedicated);
        counts.total - counts.deallocated - counts.preempted
    }

    fn to_text(&self) -> String {
        convert::to_json(&self.0.iter().map(|(state, counts)| (state.as_str(), counts)).collect::<BTreeMap<_, _>>())
    }
}

pub fn read(row: &SqliteRow) -> Result<PoolRow> {
    let counts: BTreeMap<String, [i64; 2]> = json(row, "node_counts")?;
    let node_counts = counts.into_iter().filter_map(|(state, counts)| Some((state.parse().ok()?, counts))).collect();
    Ok(PoolRow {
        key: get(row, "key")?,
        account_key: get(row, "account_key")?,
        id: get(row, "id")?,
        settings: json(row, "settings")?,
        state: name(row, "state")?,
        since: time(row, "state_since")?,
        allocation: name(row, "allocation_state")?,
        allocation_since: time(row, "allocation_since")?,
        resize_errors: opt_json(row, "resize_errors")?,
        deadline: opt_time(row, "resize_deadline")?,
        deallocation: name(row, "deallocation")?,
        target: Sizes { dedicated: get(row, "target_dedicated")?, low_priority: get(row, "target_low_priority")? },
        cores: get(row, "cores")?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
        etag: get(row, "etag")?,
        current: Sizes { dedicated: get(row, "n_dedicated")?, low_priority: get(row, "n_low_priority")? },
        node_counts: StateCounts(node_counts),
        running_slots: get(row, "running_slots")?,
        usage_from: time(row, "usage_from")?,
        usage_since: time(row, "usage_since")?,
        dedicated_core_millis: get(row, "dedicated_core_millis")?,
        auto_scale: AutoScale {
            changed: opt_time(row, "auto_scale_changed")?,
            next: opt_time(row, "auto_scale_next")?,
            run: opt_json(row, "auto_scale_run")?,
        },
        made_for: match (opt_name(row, "made_for")?, get::<Option<String>>(row, "made_for_id")?) {
            (Some(kind), Some(id)) => Some(MadeFor { kind, id, key: get(row, "made_for_key")? }),
            _ => None,
        },
        maps_ssh: get(row, "maps_ssh")?,
    })
}

/// Inserts the pool; its key is given back.
pub async fn insert(conn: &mut Conn, pool: &PoolRow) -> Result<i64> {
    let row = sqlx::query(
        "INSERT INTO pools (account_key, id, settings, state, state_since, allocation_state, allocation_since, resize_deadline, \
         deallocation, target_dedicated, target_low_priority, cores, created, modified, etag, usage_from, usage_since, \
         auto_scale_next, maps_ssh, made_for, made_for_id, made_for_key) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?13, ?13, ?16, ?17, ?18, ?19, ?20) RETURNING key",
    )
    .bind(pool.account_key)
    .bind(&pool.id)
    .bind(convert::to_json(&pool.settings))
    .bind(pool.state.as_str())
    .bind(pool.since.micros())
    .bind(pool.allocation.as_str())
    .bind(pool.allocation_since.micros())
    .bind(pool.deadline.map(Timestamp::micros))
    .bind(pool.deallocation.as_str())
    .bind(pool.target.dedicated)
    .bind(pool.target.low_priority)
    .bind(pool.cores)
    .bind(pool.created.micros())
    .bind(pool.modified.micros())
    .bind(pool.etag)
    .bind(pool.auto_scale.next.map(Timestamp::micros))
    .bind(pool.maps_ssh)
    .bind(pool.made_for.as_ref().map(|owner| owner.kind.as_str()))
    .bind(pool.made_for.as_ref().map(|owner| owner.id.as_str()))
    .bind(pool.made_for.as_ref().and_then(|owner| owner.key))
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("UPDATE accounts SET n_pools = n_pools + 1 WHERE key = ?1")
        .bind(pool.account_key)
        .execute(conn)
        .await?;
    Ok(row.try_get(0)?)
}

pub async fn find(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<PoolRow>> {
    let row = sqlx::query("SELECT * FROM pools WHERE account_key = ?1 AND id = ?2")
        .bind(account_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Whether the tasks of a pool run in containers; nothing when there is no such pool.
pub async fn has_containers(conn: &mut Conn, account_key: i64, id: &str) -> Result<Option<bool>> {
    let has = sqlx::query_scalar(
        "SELECT settings -> '$.virtualMachineConfiguration.containerConfiguration' IS NOT NULL FROM pools \
         WHERE account_key = ?1 AND id = ?2",
    );
    Ok(has.bind(account_key).bind(id).fetch_optional(conn).await?)
}

/// The pool by names alone, in one statement.
pub async fn find_by_names(conn: &mut Conn, account: &str, id: &str) -> Result<Option<PoolRow>> {
    let row =
        sqlx::query("SELECT p.* FROM accounts a JOIN pools p ON p.account_key = a.key AND p.id = ?2 WHERE a.name = ?1")
            .bind(account)
            .bind(id)
            .fetch_optional(conn)
            .await?;
    row.as_ref().map(read).transpose()
}

pub async fn with_key(conn: &mut Conn, key: i64) -> Result<Option<PoolRow>> {
    let row = sqlx::query("SELECT * FROM pools WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// Every pool, without those that cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<PoolRow>> {
    let rows = sqlx::query("SELECT * FROM pools").fetch_all(conn).await?;
    Ok(readable(&rows))
}

/// Cores that the other pools of the account ask for: dedicated and low-priority.
pub async fn cores_asked(conn: &mut Conn, account_key: i64, except: i64) -> Result<Sizes> {
    let row = sqlx::query(
        "SELECT COALESCE(SUM(cores * MAX(target_dedicated, n_dedicated)), 0), \
         COALESCE(SUM(cores * MAX(target_low_priority, n_low_priority)), 0) \
         FROM pools WHERE account_key = ?1 AND key <> ?2",
    )
    .bind(account_key)
    .bind(except)
    .fetch_one(conn)
    .await?;
    Ok(Sizes { dedicated: row.try_get(0)?, low_priority: row.try_get(1)? })
}

/// The pools that were made for a job or job schedule which is not done.
pub async fn made_for(conn: &mut Conn, kind: PoolLifetimeOption, key: i64) -> Result<Vec<PoolRow>> {
    let rows =
        sqlx::query("SELECT * FROM pools WHERE made_for_key = ?1 AND made_for = ?2").bind(key).bind(kind.as_str());
    Ok(readable(&rows.fetch_all(conn).await?))
}

/// The owner of these pools is done.
pub async fn leave_to_themselves(conn: &mut Conn, kind: PoolLifetimeOption, key: i64) -> Result<()> {
    let sql = "UPDATE pools SET made_for_key = NULL WHERE made_for_key = ?1 AND made_for = ?2";
    sqlx::query(sql).bind(key).bind(kind.as_str()).execute(conn).await?;
    Ok(())
}

/// Pools whose formula is to be run.
pub async fn auto_scale_due(conn: &mut Conn, now: Timestamp) -> Result<Vec<PoolRow>> {
    let rows = sqlx::query("SELECT * FROM pools WHERE auto_scale_next <= ?1").bind(now.micros());
    Ok(readable(&rows.fetch_all(conn).await?))
}

/// Pools that have a formula.
pub async fn auto_scaled(conn: &mut Conn) -> Result<Vec<PoolRow>> {
    let rows = sqlx::query("SELECT * FROM pools WHERE auto_scale_next IS NOT NULL").fetch_all(conn).await?;
    Ok(readable(&rows))
}

/// Saves how far the pool is with its formula.
pub async fn save_auto_scale(conn: &mut Conn, pool: &PoolRow) -> Result<()> {
    sqlx::query("UPDATE pools SET auto_scale_changed = ?2, auto_scale_next = ?3, auto_scale_run = ?4 WHERE key = ?1")
        .bind(pool.key)
        .bind(pool.auto_scale.changed.map(Timestamp::micros))
        .bind(pool.auto_scale.next.map(Timestamp::micros))
        .bind(pool.auto_scale.run.as_ref().map(convert::to_json))
        .execute(conn)
        .await?;
    Ok(())
}

/// Saves settings, states and targets.
pub async fn save(conn: &mut Conn, pool: &PoolRow) -> Result<()> {
    sqlx::query(
        "UPDATE pools SET settings = ?2, state = ?3, state_since = ?4, allocation_state = ?5, allocation_since = ?6, \
         resize_errors = ?7, resize_deadline = ?8, deallocation = ?9, target_dedicated = ?10, target_low_priority = ?11, \
         modified = ?12, etag = ?13, cores = ?14 WHERE key = ?1",
    )
    .bind(pool.key)
    .bind(convert::to_json(&pool.settings))
    .bind(pool.state.as_str())
    .bind(pool.since.micros())
    .bind(pool.allocation.as_str())
    .bind(pool.allocation_since.micros())
    .bind(pool.resize_errors.as_ref().map(convert::to_json))
    .bind(pool.deadline.map(Timestamp::micros))
    .bind(pool.deallocation.as_str())
    .bind(pool.target.dedicated)
    .bind(pool.target.low_priority)
    .bind(pool.modified.micros())
    .bind(pool.etag)
    .bind(pool.cores)
    .execute(conn)
    .await?;
    Ok(())
}

/// Nodes came, went or changed their state.
pub async fn count_nodes(
    conn: &mut Conn,
    pool_key: i64,
    now: Timestamp,
    change: impl FnOnce(&mut StateCounts),
) -> Result<()> {
    let Some(mut pool) = with_key(conn, pool_key).await? else { return Ok(()) };
    let mut counts = pool.node_counts.clone();
    change(&mut counts);
    if [true, false].iter().any(|kind| counts.in_use(*kind) != pool.node_counts.in_use(*kind)) {
        pool_usage::count(conn, &pool, now).await?;
    }
    pool.node_counts = counts;
    let of = |dedicated: bool| pool.node_counts.of_kind(dedicated).total;
    sqlx::query("UPDATE pools SET node_counts = ?2, n_dedicated = ?3, n_low_priority = ?4 WHERE key = ?1")
        .bind(pool_key)
        .bind(pool.node_counts.to_text())
        .bind(of(true))
        .bind(of(false))
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes a pool that has no nodes any more.
pub async fn delete(conn: &mut Conn, pool: &PoolRow, now: Timestamp) -> Result<()> {
    service_event::pool_deleted(conn, pool, now).await?;
    sqlx::query("DELETE FROM pools WHERE key = ?1").bind(pool.key).execute(&mut *conn).await?;
    sqlx::query("UPDATE accounts SET n_pools = n_pools - 1 WHERE key = ?1")
        .bind(pool.account_key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<PoolRow> {
    let mut pools = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(pool) => pools.push(pool),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(pool.key = key, %error, "a stored pool cannot be read and is left alone");
            }
        }
    }
    pools
}
