//! Subscriptions and resource groups: rows that somebody made, and what the accounts' own columns say.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;

use super::convert::{get, json, to_json};
use super::db::{Conn, Result};
use crate::api::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub struct ResourceGroupRow {
    pub subscription_id: String,
    pub name: String,
    pub location: String,
    pub tags: BTreeMap<String, String>,
}

impl ResourceGroupRow {
    fn read(row: &SqliteRow) -> Result<ResourceGroupRow> {
        Ok(ResourceGroupRow {
            subscription_id: get(row, "subscription_id")?,
            name: get(row, "name")?,
            location: get(row, "location")?,
            tags: json(row, "tags")?,
        })
    }
}

/// Subscriptions that accounts or groups name.
pub async fn subscriptions(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("SELECT subscription_id FROM accounts UNION SELECT subscription_id FROM resource_groups")
        .fetch_all(conn)
        .await?)
}

/// The groups of a subscription by name: those that were made, and those that only accounts name, which are where the
/// first of their accounts is.
pub async fn list(conn: &mut Conn, subscription: &str) -> Result<Vec<ResourceGroupRow>> {
    let rows = sqlx::query(
        "SELECT subscription_id, name, location, tags FROM resource_groups WHERE subscription_id = ?1 \
         UNION ALL SELECT subscription_id, resource_group, location, '{}' FROM accounts a \
         WHERE subscription_id = ?1 COLLATE NOCASE \
         AND key = (SELECT MIN(key) FROM accounts b WHERE b.subscription_id = a.subscription_id COLLATE NOCASE \
                    AND b.resource_group = a.resource_group COLLATE NOCASE) \
         AND NOT EXISTS (SELECT 1 FROM resource_groups g WHERE g.subscription_id = ?1 AND g.name = a.resource_group) \
         ORDER BY name COLLATE NOCASE",
    )
    .bind(subscription)
    .fetch_all(conn)
    .await?;
    rows.iter().map(ResourceGroupRow::read).collect()
}

/// Makes a group, or replaces its tags. The place of one that is there stays.
pub async fn put(conn: &mut Conn, row: &ResourceGroupRow, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO resource_groups (subscription_id, name, location, tags, created) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (subscription_id, name) DO UPDATE SET tags = excluded.tags",
    )
    .bind(&row.subscription_id)
    .bind(&row.name)
    .bind(&row.location)
    .bind(to_json(&row.tags))
    .bind(now.micros())
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether accounts are in the group, those that are being deleted with them.
pub async fn has_accounts(conn: &mut Conn, subscription: &str, name: &str) -> Result<bool> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE subscription_id = ? COLLATE NOCASE AND resource_group = ? COLLATE NOCASE)",
    )
    .bind(subscription)
    .bind(name)
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Deletes the row of a group; its roles go with it.
pub async fn delete(conn: &mut Conn, subscription: &str, name: &str) -> Result<()> {
    sqlx::query("DELETE FROM resource_groups WHERE subscription_id = ? COLLATE NOCASE AND name = ? COLLATE NOCASE")
        .bind(subscription)
        .bind(name)
        .execute(conn)
        .await?;
    Ok(())
}
