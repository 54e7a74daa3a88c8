//! Compute nodes, and the folders that they still have to remove.

use serde_json::json as json_value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json, name, opt_json, opt_name, opt_time, time};
use super::db::{Conn, Result};
use super::pool;
use crate::api::agent::NodeLimits;
use crate::api::{NodeDeallocationOption, NodeError, NodeState, SchedulingState, StartTaskInformation, Timestamp};
use crate::domain::node::{Order, OrderKind};
use crate::domain::task_user::MOST_BLOCKS;

/// A node as it is stored.
#[derive(Clone, Debug)]
pub struct NodeRow {
    pub key: i64,
    pub pool_key: i64,
    pub id: String,
    pub dedicated: bool,
    pub state: NodeState,
    pub since: Timestamp,
    pub scheduling: SchedulingState,
    /// How often a user has said something to the node.
    pub word: i64,
    /// What becomes of tasks while scheduling is disabled.
    pub disable_option: Option<NodeDeallocationOption>,
    /// What is to be done with it by a user's word.
    pub order: Option<Order>,
    pub deallocated: bool,
    /// When it comes back, of a node that the operator has taken away.
    pub away_until: Option<Timestamp>,
    /// The agent's secret; the node's own folder has it too.
    pub token: String,
    pub slots: i32,
    pub allocated: Timestamp,
    /// Its block of user ids.
    pub user_block: Option<u32>,
    pub booted: Option<Timestamp>,
    /// Of the agent process that spoke last.
    pub boot: Option<String>,
    pub ip_address: String,
    pub agent_version: Option<String>,
    pub start_task_info: Option<StartTaskInformation>,
    /// The public key of its SSH server, as `known_hosts` has it.
    pub ssh_host_key: Option<String>,
    /// What of its tasks' use can be limited, as its agent said.
    pub limits: Option<NodeLimits>,
    pub ready: bool,
    pub leaving: bool,
    pub errors: Vec<NodeError>,
    pub recent: Vec<i64>,
    pub running_tasks: i64,
    pub running_slots: i64,
    pub tasks_run: i64,
    pub tasks_succeeded: i64,
}

pub fn read(row: &SqliteRow) -> Result<NodeRow> {
    Ok(NodeRow {
        key: get(row, "key")?,
        pool_key: get(row, "pool_key")?,
        id: get(row, "id")?,
        dedicated: get(row, "dedicated")?,
        state: name(row, "state")?,
        since: time(row, "state_since")?,
        scheduling: name(row, "scheduling")?,
        word: get(row, "word")?,
        disable_option: opt_name(row, "disable_option")?,
        order: order(row)?,
        deallocated: get(row, "deallocated")?,
        away_until: opt_time(row, "away_until")?,
        token: get(row, "token")?,
        slots: get(row, "slots")?,
        allocated: time(row, "allocated")?,
        user_block: get(row, "user_block")?,
        booted: opt_time(row, "booted")?,
        boot: get(row, "boot")?,
        ip_address: get(row, "ip_address")?,
        agent_version: get(row, "agent_version")?,
        start_task_info: opt_json(row, "start_task_info")?,
        ssh_host_key: get(row, "ssh_host_key")?,
        limits: opt_json(row, "limits")?,
        ready: get(row, "ready")?,
        leaving: get(row, "leaving")?,
        errors: opt_json(row, "errors")?.unwrap_or_default(),
        recent: json(row, "recent")?,
        running_tasks: get(row, "running_tasks")?,
        running_slots: get(row, "running_slots")?,
        tasks_run: get(row, "tasks_run")?,
        tasks_succeeded: get(row, "tasks_succeeded")?,
    })
}

fn order(row: &SqliteRow) -> Result<Option<Order>> {
    let kind: Option<OrderKind> = opt_name(row, "order_kind")?;
    let tasks = opt_name(row, "order_option")?;
    Ok(kind.map(|kind| Order { kind, tasks: tasks.unwrap_or(NodeDeallocationOption::Requeue) }))
}

/// Inserts nodes of one pool and counts them.
pub async fn insert(conn: &mut Conn, pool_key: i64, nodes: &[NodeRow]) -> Result<()> {
    let rows: Vec<_> =
        nodes.iter().map(|n| json_value!([n.id, n.dedicated, n.token, n.slots, n.allocated.micros()])).collect();
    sqlx::query(
        "INSERT INTO nodes (pool_key, id, dedicated, token, slots, allocated, state, state_since) \
         SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'creating', value ->> 4 FROM json_each(?1)",
    )
    .bind(convert::to_json(&rows))
    .bind(pool_key)
    .execute(&mut *conn)
    .await?;
    give_user_blocks(conn, pool_key).await?;
    let Some(now) = nodes.first().map(|node| node.allocated) else { return Ok(()) };
    pool::count_nodes(conn, pool_key, now, |counts| {
        for node in nodes {
            counts.change(NodeState::Creating, node.dedicated, 1);
        }
    })
    .await
}

/// Gives new nodes the smallest blocks of user ids that no node has.
async fn give_user_blocks(conn: &mut Conn, pool_key: i64) -> Result<()> {
    sqlx::query(
        "WITH RECURSIVE block (b) AS (SELECT 0 UNION ALL SELECT b + 1 FROM block WHERE b + 1 < ?1), \
         free AS (SELECT b, row_number() OVER (ORDER BY b) AS n FROM block \
             WHERE b NOT IN (SELECT user_block FROM nodes WHERE user_block IS NOT NULL)), \
         new AS (SELECT key, row_number() OVER (ORDER BY key) AS n FROM nodes WHERE pool_key = ?2 AND user_block IS NULL) \
         UPDATE nodes SET user_block = free.b FROM new JOIN free ON free.n = new.n WHERE nodes.key = new.key",
    )
    .bind(MOST_BLOCKS)
    .bind(pool_key)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn find(conn: &mut Conn, pool_key: i64, id: &str) -> Result<Option<NodeRow>> {
    let row = sqlx::query("SELECT * FROM nodes WHERE pool_key = ?1 AND id = ?2")
        .bind(pool_key)
        .bind(id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn with_key(conn: &mut Conn, key: i64) -> Result<Option<NodeRow>> {
    let row = sqlx::query("SELECT * FROM nodes WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

pub async fn with_id(conn: &mut Conn, id: &str) -> Result<Option<NodeRow>> {
    let row = sqlx::query("SELECT * FROM nodes WHERE id = ?1").bind(id).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// Every node, or those of one pool; without those that cannot be read.
pub async fn all(conn: &mut Conn, pool_key: Option<i64>) -> Result<Vec<NodeRow>> {
    let rows = sqlx::query("SELECT * FROM nodes WHERE ?1 IS NULL OR pool_key = ?1 ORDER BY pool_key, id")
        .bind(pool_key)
        .fetch_all(conn)
        .await?;
    Ok(readable(&rows))
}

/// The ids of all nodes, readable or not.
pub async fn ids(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("SELECT id FROM nodes").fetch_all(conn).await?)
}

/// Saves what the scheduler knows of a node, all but the counters; a change of state is counted in the pool. When a user has
/// said something since, which the scheduler is about to hear, the state stays as that word has set it.
pub async fn save(conn: &mut Conn, node: &NodeRow) -> Result<()> {
    let before = state_and_word(conn, node.key).await?;
    sqlx::query(
        "UPDATE nodes SET state = iif(word = ?12, ?2, state), state_since = iif(word = ?12, ?3, state_since), booted = ?4, \
         boot = ?5, ip_address = ?6, agent_version = ?7, start_task_info = ?8, ready = ?9, leaving = max(leaving, ?10), \
         errors = ?11, ssh_host_key = ?13, limits = ?14 WHERE key = ?1",
    )
    .bind(node.key)
    .bind(node.state.as_str())
    .bind(node.since.micros())
    .bind(node.booted.map(Timestamp::micros))
    .bind(&node.boot)
    .bind(&node.ip_address)
    .bind(&node.agent_version)
    .bind(node.start_task_info.as_ref().map(convert::to_json))
    .bind(node.ready)
    .bind(node.leaving)
    .bind((!node.errors.is_empty()).then(|| convert::to_json(&node.errors)))
    .bind(node.word)
    .bind(&node.ssh_host_key)
    .bind(node.limits.as_ref().map(convert::to_json))
    .execute(&mut *conn)
    .await?;
    match before {
        Some((state, word)) if word == node.word => count_change(conn, node, state).await,
        _ => Ok(()),
    }
}

/// Saves a user's word to a node, with the state that it brings about.
pub async fn save_word(conn: &mut Conn, node: &NodeRow) -> Result<()> {
    let before = state_and_word(conn, node.key).await?;
    sqlx::query(
        "UPDATE nodes SET word = word + 1, state = ?2, state_since = ?3, scheduling = ?4, disable_option = ?5, order_kind = ?6, \
         order_option = ?7, deallocated = ?8, leaving = ?9, away_until = ?10 WHERE key = ?1",
    )
    .bind(node.key)
    .bind(node.state.as_str())
    .bind(node.since.micros())
    .bind(node.scheduling.as_str())
    .bind(node.disable_option.map(NodeDeallocationOption::as_str))
    .bind(node.order.map(|order| order.kind.as_str()))
    .bind(node.order.map(|order| order.tasks.as_str()))
    .bind(node.deallocated)
    .bind(node.leaving)
    .bind(node.away_until.map(Timestamp::micros))
    .execute(&mut *conn)
    .await?;
    match before {
        Some((state, _)) => count_change(conn, node, state).await,
        None => Ok(()),
    }
}

/// The order has been carried out: forgets it. What else users have said stays.
pub async fn forget_order(conn: &mut Conn, key: i64, deallocated: bool) -> Result<()> {
    sqlx::query("UPDATE nodes SET order_kind = NULL, order_option = NULL, deallocated = ?2 WHERE key = ?1")
        .bind(key)
        .bind(deallocated)
        .execute(conn)
        .await?;
    Ok(())
}

/// These nodes are not away any more.
pub async fn come_back(conn: &mut Conn, keys: &[i64]) -> Result<()> {
    sqlx::query("UPDATE nodes SET away_until = NULL WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&keys))
        .execute(conn)
        .await?;
    Ok(())
}

async fn state_and_word(conn: &mut Conn, key: i64) -> Result<Option<(NodeState, i64)>> {
    let row = sqlx::query("SELECT state, word FROM nodes WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.map(|row| Ok((name(&row, "state")?, get(&row, "word")?))).transpose()
}

async fn count_change(conn: &mut Conn, node: &NodeRow, before: NodeState) -> Result<()> {
    if before == node.state {
        return Ok(());
    }
    pool::count_nodes(conn, node.pool_key, node.since, |counts| {
        counts.change(before, node.dedicated, -1);
        counts.change(node.state, node.dedicated, 1);
    })
    .await
}

/// What changed on a node by the tasks that began or ended there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskChange {
    pub running_tasks: i64,
    pub running_slots: i64,
    pub run: i64,
    pub succeeded: i64,
    /// Keys of tasks that ended, oldest first.
    pub ended: Vec<i64>,
}

/// Adds to the counters of a node and of its pool.
pub async fn count_tasks(conn: &mut Conn, node_key: i64, change: &TaskChange) -> Result<()> {
    let newest: Vec<i64> = change.ended.iter().rev().take(10).copied().collect();
    sqlx::query(
        "UPDATE nodes SET running_tasks = running_tasks + ?2, running_slots = running_slots + ?3, tasks_run = tasks_run + ?4, \
         tasks_succeeded = tasks_succeeded + ?5, recent = CASE WHEN ?6 = '[]' THEN recent ELSE \
         (SELECT json_group_array(value) FROM (SELECT value FROM (SELECT value, 0 AS old, key FROM json_each(?6) \
         UNION ALL SELECT value, 1, key FROM json_each(recent)) ORDER BY old, key LIMIT 10)) END WHERE key = ?1",
    )
    .bind(node_key)
    .bind(change.running_tasks)
    .bind(change.running_slots)
    .bind(change.run)
    .bind(change.succeeded)
    .bind(convert::to_json(&newest))
    .execute(&mut *conn)
    .await?;
    if (change.running_slots, change.running_tasks) != (0, 0) {
        sqlx::query(
            "UPDATE pools SET running_slots = running_slots + ?2, running_tasks = running_tasks + ?3 \
             WHERE key = (SELECT pool_key FROM nodes WHERE key = ?1)",
        )
        .bind(node_key)
        .bind(change.running_slots)
        .bind(change.running_tasks)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Removes nodes of one pool.
pub async fn delete(conn: &mut Conn, nodes: &[NodeRow], now: Timestamp) -> Result<()> {
    for node in nodes {
        sqlx::query(
            "UPDATE pools SET running_slots = running_slots - ?2, running_tasks = running_tasks - ?3 WHERE key = ?1",
        )
        .bind(node.pool_key)
        .bind(node.running_slots)
        .bind(node.running_tasks)
        .execute(&mut *conn)
        .await?;
        sqlx::query("DELETE FROM nodes WHERE key = ?1").bind(node.key).execute(&mut *conn).await?;
        pool::count_nodes(conn, node.pool_key, now, |counts| counts.change(node.state, node.dedicated, -1)).await?;
    }
    Ok(())
}

/// Remembers a folder to remove, on one node.
pub async fn clean_up(conn: &mut Conn, node_key: i64, directory: &str) -> Result<()> {
    sqlx::query("INSERT INTO clean_ups (node_key, directory) SELECT key, ?2 FROM nodes WHERE key = ?1")
        .bind(node_key)
        .bind(directory)
        .execute(conn)
        .await?;
    Ok(())
}

/// The same of many folders: nodes, and what to remove there. Nodes that are gone need not be told.
pub async fn clean_up_many(conn: &mut Conn, folders: &[(i64, String)]) -> Result<()> {
    sqlx::query(
        "INSERT INTO clean_ups (node_key, directory) SELECT n.key, v.value ->> 1 FROM json_each(?1) AS v \
         CROSS JOIN nodes AS n ON n.key = v.value ->> 0",
    )
    .bind(convert::to_json(&folders))
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers a folder to remove on all nodes of an account; their keys.
pub async fn clean_up_everywhere(conn: &mut Conn, account_key: i64, directory: &str) -> Result<Vec<i64>> {
    let nodes: Vec<i64> = sqlx::query_scalar(
        "INSERT INTO clean_ups (node_key, directory) SELECT n.key, ?2 FROM nodes n JOIN pools p ON p.key = n.pool_key \
         WHERE p.account_key = ?1 RETURNING node_key",
    )
    .bind(account_key)
    .bind(directory)
    .fetch_all(conn)
    .await?;
    Ok(nodes)
}

/// Folders that a node has to remove: `(key, folder)`.
pub async fn clean_ups(conn: &mut Conn, node_key: i64) -> Result<Vec<(i64, String)>> {
    let rows = sqlx::query("SELECT key, directory FROM clean_ups WHERE node_key = ?1 ORDER BY key LIMIT 1000")
        .bind(node_key)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((get(row, "key")?, get(row, "directory")?))).collect()
}

pub async fn forget_clean_ups(conn: &mut Conn, keys: &[i64]) -> Result<()> {
    sqlx::query("DELETE FROM clean_ups WHERE key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&keys))
        .execute(conn)
        .await?;
    Ok(())
}

/// Rows that can be read; the others are logged, and work goes on without them.
pub fn readable(rows: &[SqliteRow]) -> Vec<NodeRow> {
    let mut nodes = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(node) => nodes.push(node),
            Err(error) => {
                let key: i64 = row.try_get("key").unwrap_or(-1);
                tracing::error!(node.key = key, %error, "a stored node cannot be read and is left alone");
            }
        }
    }
    nodes
}
