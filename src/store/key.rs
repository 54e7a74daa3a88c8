//! Keys of accounts, in the rows of their accounts.

use sqlx::{QueryBuilder, Sqlite};

use super::convert::{get, json, name, opt_time};
use super::db::{Conn, Result};
use crate::api::{
    AuthenticationMode, KeyName, NetworkProfile, ProvisioningState, PublicNetworkAccess, Secret, Timestamp,
};
use crate::domain::ids::AccountName;

/// Both keys of an account, and what decides whether they may be used.
#[derive(Clone, Debug)]
pub struct KeysRow {
    pub account_key: i64,
    pub state: ProvisioningState,
    pub public_network_access: PublicNetworkAccess,
    pub network_profile: NetworkProfile,
    /// Empty for all.
    pub authentication_modes: Vec<AuthenticationMode>,
    pub primary: Secret,
    pub secondary: Secret,
    pub primary_last_used: Option<Timestamp>,
    pub secondary_last_used: Option<Timestamp>,
}

pub async fn find(conn: &mut Conn, account: &AccountName) -> Result<Option<KeysRow>> {
    let row = sqlx::query(
        "SELECT key, state, public_network_access, network_profile, authentication_modes, primary_key, secondary_key, primary_last_used, \
         secondary_last_used FROM accounts WHERE name = ?",
    )
    .bind(account.as_str())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(KeysRow {
        account_key: get(&row, "key")?,
        state: name(&row, "state")?,
        public_network_access: name(&row, "public_network_access")?,
        network_profile: json(&row, "network_profile")?,
        authentication_modes: json(&row, "authentication_modes")?,
        primary: Secret(get(&row, "primary_key")?),
        secondary: Secret(get(&row, "secondary_key")?),
        primary_last_used: opt_time(&row, "primary_last_used")?,
        secondary_last_used: opt_time(&row, "secondary_last_used")?,
    }))
}

/// Puts a new key in the place of the old one, which has never been used yet.
pub async fn replace(conn: &mut Conn, account_key: i64, which: KeyName, key: &Secret) -> Result<()> {
    let sql = match which {
        KeyName::Primary => "UPDATE accounts SET primary_key = ?, primary_last_used = NULL WHERE key = ?",
        KeyName::Secondary => "UPDATE accounts SET secondary_key = ?, secondary_last_used = NULL WHERE key = ?",
    };
    sqlx::query(sql).bind(&key.0).bind(account_key).execute(conn).await?;
    Ok(())
}

/// When keys were used last. Times only grow.
pub async fn used(conn: &mut Conn, uses: &[(i64, KeyName, Timestamp)]) -> Result<()> {
    for which in KeyName::ALL {
        let of_this: Vec<_> = uses.iter().filter(|(_, name, _)| name == which).collect();
        if of_this.is_empty() {
            continue;
        }
        let column = match which {
            KeyName::Primary => "primary_last_used",
            KeyName::Secondary => "secondary_last_used",
        };
        let mut sql = QueryBuilder::<Sqlite>::new("WITH used (account_key, at) AS (");
        sql.push_values(of_this, |mut row, (account_key, _, at)| {
            row.push_bind(*account_key).push_bind(at.micros());
        });
        sql.push(format!(
            ") UPDATE accounts SET {column} = MAX(COALESCE({column}, 0), used.at) FROM used WHERE accounts.key = used.account_key"
        ));
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}
