//! Accounts, their keys and their counts.

use std::collections::{BTreeMap, HashMap};

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::convert::{get, json, name, opt_time, time, to_json};
use super::db::{Conn, Error, Result};
use crate::api::{
    AccountCounts, AccountQuotas, AuthenticationMode, NetworkProfile, NodeState, ProvisioningState,
    PublicNetworkAccess, Secret, Timestamp,
};
use crate::domain::ids::AccountName;
use crate::domain::quota;

/// An account without its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountRow {
    pub key: i64,
    pub name: AccountName,
    pub subscription_id: String,
    pub resource_group: String,
    pub location: String,
    pub state: ProvisioningState,
    pub public_network_access: PublicNetworkAccess,
    pub network_profile: NetworkProfile,
    /// How callers of the data plane may prove who they are; empty for all ways.
    pub authentication_modes: Vec<AuthenticationMode>,
    pub storage_account_id: Option<String>,
    pub storage_synced: Option<Timestamp>,
    pub tags: BTreeMap<String, String>,
    pub quotas: AccountQuotas,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: i64,
    pub n_pools: i64,
    pub n_jobs: i64,
    pub n_active_jobs: i64,
    pub n_job_schedules: i64,
    pub n_active_job_schedules: i64,
}

const COLUMNS: &str = "key, name, subscription_id, resource_group, location, state, public_network_access, \
    network_profile, authentication_modes, storage_account_id, storage_synced, tags, quotas, created, modified, etag, n_pools, n_jobs, \
    n_active_jobs, n_job_schedules, n_active_job_schedules";

impl AccountRow {
    /// Whether another active job or job schedule fits into the quota, which they share.
    pub fn has_room_for_job(&self) -> bool {
        quota::job_refusal(self.n_active_jobs, self.n_active_job_schedules, &self.quotas).is_none()
    }

    fn read(row: &SqliteRow) -> Result<AccountRow> {
        Ok(AccountRow {
            key: get(row, "key")?,
            name: name(row, "name")?,
            subscription_id: get(row, "subscription_id")?,
            resource_group: get(row, "resource_group")?,
            location: get(row, "location")?,
            state: name(row, "state")?,
            public_network_access: name(row, "public_network_access")?,
            network_profile: json(row, "network_profile")?,
            authentication_modes: json(row, "authentication_modes")?,
            storage_account_id: get(row, "storage_account_id")?,
            storage_synced: opt_time(row, "storage_synced")?,
            tags: json(row, "tags")?,
            quotas: json(row, "quotas")?,
            created: time(row, "created")?,
            modified: time(row, "modified")?,
            etag: get(row, "etag")?,
            n_pools: get(row, "n_pools")?,
            n_jobs: get(row, "n_jobs")?,
            n_active_jobs: get(row, "n_active_jobs")?,
            n_job_schedules: get(row, "n_job_schedules")?,
            n_active_job_schedules: get(row, "n_active_job_schedules")?,
        })
    }
}

pub async fn find(conn: &mut Conn, account: &AccountName) -> Result<Option<AccountRow>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE name = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(AccountRow::read).transpose()
}

pub async fn find_by_key(conn: &mut Conn, key: i64) -> Result<Option<AccountRow>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE key = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(key).fetch_optional(conn).await?;
    row.as_ref().map(AccountRow::read).transpose()
}

/// Saves a new account and returns its key; nothing when the name is taken. `row.key` is not looked at.
pub async fn insert(conn: &mut Conn, row: &AccountRow, primary: &Secret, secondary: &Secret) -> Result<Option<i64>> {
    let key = sqlx::query_scalar(
        "INSERT INTO accounts (name, subscription_id, resource_group, location, state, public_network_access, \
         authentication_modes, storage_account_id, storage_synced, tags, quotas, primary_key, secondary_key, created, modified, etag, network_profile) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING key",
    )
    .bind(row.name.as_str())
    .bind(&row.subscription_id)
    .bind(&row.resource_group)
    .bind(&row.location)
    .bind(row.state.as_str())
    .bind(row.public_network_access.as_str())
    .bind(to_json(&row.authentication_modes))
    .bind(&row.storage_account_id)
    .bind(row.storage_synced.map(Timestamp::micros))
    .bind(to_json(&row.tags))
    .bind(to_json(&row.quotas))
    .bind(&primary.0)
    .bind(&secondary.0)
    .bind(row.created.micros())
    .bind(row.modified.micros())
    .bind(row.etag)
    .bind(to_json(&row.network_profile))
    .fetch_optional(conn)
    .await?;
    Ok(key)
}

/// Saves what may change on an account: state, access, modes, storage, tags, quotas, times.
pub async fn update(conn: &mut Conn, row: &AccountRow) -> Result<()> {
    sqlx::query(
        "UPDATE accounts SET state = ?, public_network_access = ?, network_profile = ?, authentication_modes = ?, storage_account_id = ?, \
         storage_synced = ?, tags = ?, quotas = ?, modified = ?, etag = ? WHERE key = ?",
    )
    .bind(row.state.as_str())
    .bind(row.public_network_access.as_str())
    .bind(to_json(&row.network_profile))
    .bind(to_json(&row.authentication_modes))
    .bind(&row.storage_account_id)
    .bind(row.storage_synced.map(Timestamp::micros))
    .bind(to_json(&row.tags))
    .bind(to_json(&row.quotas))
    .bind(row.modified.micros())
    .bind(row.etag)
    .bind(row.key)
    .execute(conn)
    .await?;
    Ok(())
}

/// A column that lists of accounts are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    Name,
    Created,
    Location,
}

impl SortBy {
    const fn column(self) -> &'static str {
        match self {
            SortBy::Name => "name",
            SortBy::Created => "created",
            SortBy::Location => "location",
        }
    }
}

/// What to list, and from where.
#[derive(Clone, Debug)]
pub struct ListAccounts {
    pub prefix: String,
    pub states: Vec<ProvisioningState>,
    /// Only those of this subscription and resource group, without regard to case.
    pub subscription: Option<String>,
    pub group: Option<String>,
    /// Only these.
    pub only: Option<Vec<AccountName>>,
    pub sort: SortBy,
    pub descending: bool,
    /// Value of the sort column and key of the last row of the page before.
    pub after: Option<(After, i64)>,
    pub limit: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum After {
    Number(i64),
    Text(String),
}

impl ListAccounts {
    /// The value of the sort column in a row, to go on after it.
    pub fn value_of(&self, row: &AccountRow) -> After {
        match self.sort {
            SortBy::Name => After::Text(row.name.to_string()),
            SortBy::Created => After::Number(row.created.micros()),
            SortBy::Location => After::Text(row.location.clone()),
        }
    }
}

pub async fn list(conn: &mut Conn, ask: &ListAccounts) -> Result<Vec<AccountRow>> {
    let (column, order) = (ask.sort.column(), if ask.descending { "DESC" } else { "ASC" });
    let mut sql = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM accounts WHERE 1"));
    push_filter(&mut sql, ask);
    if let Some((value, key)) = &ask.after {
        sql.push(format!(" AND ({column}, key) {} (", if ask.descending { "<" } else { ">" }));
        match value {
            After::Number(number) => sql.push_bind(*number),
            After::Text(text) => sql.push_bind(text.clone()),
        };
        sql.push(", ").push_bind(*key).push(")");
    }
    sql.push(format!(" ORDER BY {column} {order}, key {order} LIMIT ")).push_bind(ask.limit);
    let rows = sql.build().fetch_all(conn).await?;
    rows.iter().map(AccountRow::read).collect()
}

/// Rows of the whole list that [`list`] gives in pages.
pub async fn list_total(conn: &mut Conn, ask: &ListAccounts) -> Result<i64> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM accounts WHERE 1");
    push_filter(&mut sql, ask);
    Ok(sql.build_query_scalar().fetch_one(conn).await?)
}

fn push_filter(sql: &mut QueryBuilder<Sqlite>, ask: &ListAccounts) {
    if !ask.prefix.is_empty() {
        // Names are ASCII: everything with the prefix lies below the prefix followed by the greatest character.
        sql.push(" AND name >= ").push_bind(ask.prefix.clone());
        sql.push(" AND name < ").push_bind(format!("{}\u{10ffff}", ask.prefix));
    }
    for (condition, value) in [(" AND subscription_id = ", &ask.subscription), (" AND resource_group = ", &ask.group)] {
        if let Some(value) = value {
            sql.push(condition).push_bind(value.clone()).push(" COLLATE NOCASE");
        }
    }
    if let Some(only) = &ask.only {
        sql.push(" AND name IN (SELECT value FROM json_each(").push_bind(to_json(only)).push("))");
    }
    if !ask.states.is_empty() {
        sql.push(" AND state IN (");
        let mut states = sql.separated(", ");
        for state in &ask.states {
            states.push_bind(state.as_str());
        }
        sql.push(")");
    }
}

/// What each of the accounts holds, from the counters of its pools and jobs.
pub async fn counts(conn: &mut Conn, accounts: &[AccountRow]) -> Result<HashMap<i64, AccountCounts>> {
    let mut counts: HashMap<i64, AccountCounts> = accounts.iter().map(|a| (a.key, own_counts(a))).collect();
    if accounts.is_empty() {
        return Ok(counts);
    }
    add_node_counts(conn, accounts, &mut counts).await?;
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT account_key, SUM(n_active) AS active, SUM(n_running) AS running, SUM(n_succeeded) AS succeeded, \
         SUM(n_failed) AS failed FROM jobs WHERE account_key IN (",
    );
    push_keys(&mut sql, accounts);
    sql.push(") GROUP BY account_key");
    for row in sql.build().fetch_all(conn).await? {
        let count = counts.entry(get(&row, "account_key")?).or_default();
        count.tasks_active = get(&row, "active")?;
        count.tasks_running = get(&row, "running")?;
        count.tasks_succeeded = get(&row, "succeeded")?;
        count.tasks_failed = get(&row, "failed")?;
    }
    Ok(counts)
}

fn own_counts(account: &AccountRow) -> AccountCounts {
    AccountCounts {
        pools: account.n_pools,
        jobs: account.n_jobs,
        active_jobs: account.n_active_jobs,
        job_schedules: account.n_job_schedules,
        active_job_schedules: account.n_active_job_schedules,
        ..AccountCounts::default()
    }
}

async fn add_node_counts(
    conn: &mut Conn,
    accounts: &[AccountRow],
    counts: &mut HashMap<i64, AccountCounts>,
) -> Result<()> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT account_key, cores, n_dedicated, n_low_priority, node_counts FROM pools WHERE account_key IN (",
    );
    push_keys(&mut sql, accounts);
    sql.push(")");
    for row in sql.build().fetch_all(conn).await? {
        let count = counts.entry(get(&row, "account_key")?).or_default();
        count.dedicated_cores += get::<i64>(&row, "cores")? * get::<i64>(&row, "n_dedicated")?;
        count.low_priority_cores += get::<i64>(&row, "cores")? * get::<i64>(&row, "n_low_priority")?;
        for (state, [dedicated, low_priority]) in json::<BTreeMap<NodeState, [i64; 2]>>(&row, "node_counts")? {
            let n = dedicated + low_priority;
            count.nodes += n;
            match state {
                NodeState::Idle => count.nodes_idle += n,
                NodeState::Running => count.nodes_running += n,
                NodeState::Unusable | NodeState::Unknown | NodeState::StartTaskFailed => count.nodes_broken += n,
                _ => {}
            }
        }
    }
    Ok(())
}

fn push_keys(sql: &mut QueryBuilder<Sqlite>, accounts: &[AccountRow]) {
    let mut keys = sql.separated(", ");
    for account in accounts {
        keys.push_bind(account.key);
    }
}

/// Keys of what an account held when its deletion was asked for.
#[derive(Debug, Default)]
pub struct Contents {
    pub pools: Vec<i64>,
    pub jobs: Vec<i64>,
    pub job_schedules: Vec<i64>,
}

/// Marks what the account holds as being deleted.
pub async fn delete_contents(conn: &mut Conn, account_key: i64, now: Timestamp) -> Result<Contents> {
    sqlx::query(
        "UPDATE pools SET state = 'deleting', state_since = ?1, target_dedicated = 0, target_low_priority = 0 \
         WHERE account_key = ?2 AND state <> 'deleting'",
    )
    .bind(now.micros())
    .bind(account_key)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE accounts SET n_active_job_schedules = n_job_schedules WHERE key = ?1")
        .bind(account_key)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "UPDATE job_schedules SET previous_state = state, previous_since = state_since, state = 'deleting', \
         state_since = ?1, wake = NULL WHERE account_key = ?2 AND state <> 'deleting'",
    )
    .bind(now.micros())
    .bind(account_key)
    .execute(&mut *conn)
    .await?;
    let mut keys = Contents::default();
    for (sql, keys) in [
        ("SELECT key FROM pools WHERE account_key = ?", &mut keys.pools),
        ("SELECT key FROM jobs WHERE account_key = ?", &mut keys.jobs),
        ("SELECT key FROM job_schedules WHERE account_key = ?", &mut keys.job_schedules),
    ] {
        *keys = sqlx::query_scalar(sql).bind(account_key).fetch_all(&mut *conn).await?;
    }
    super::job::mark_deleting(conn, &keys.jobs, now).await?;
    Ok(keys)
}

/// Removes an account that is marked and holds nothing any more; false when it does hold something, or is not marked.
pub async fn delete_empty(conn: &mut Conn, account_key: i64) -> Result<bool> {
    let done = sqlx::query(
        "DELETE FROM accounts WHERE key = ?1 AND state = 'Deleting' \
         AND NOT EXISTS (SELECT 1 FROM pools WHERE account_key = ?1) AND NOT EXISTS (SELECT 1 FROM jobs WHERE account_key = ?1) \
         AND NOT EXISTS (SELECT 1 FROM job_schedules WHERE account_key = ?1)",
    )
    .bind(account_key)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Accounts that are marked to be deleted.
pub async fn deleting(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar("SELECT key FROM accounts WHERE state = 'Deleting'").fetch_all(conn).await?)
}

/// The key of an account that is in use.
pub async fn key_of(conn: &mut Conn, account: &AccountName) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT key FROM accounts WHERE name = ?")
        .bind(account.as_str())
        .fetch_optional(conn)
        .await
        .map_err(Error::from)
}

/// Key and name of every account.
pub async fn names(conn: &mut Conn) -> Result<Vec<(i64, AccountName)>> {
    let rows = sqlx::query("SELECT key, name FROM accounts").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((get(row, "key")?, name(row, "name")?))).collect()
}

/// The limits of an account; none is left of one that is gone.
pub async fn quotas(conn: &mut Conn, key: i64) -> Result<AccountQuotas> {
    let row = sqlx::query("SELECT quotas FROM accounts WHERE key = ?1").bind(key).fetch_optional(conn).await?;
    row.as_ref().map_or_else(|| Ok(AccountQuotas::default()), |row| json(row, "quotas"))
}
