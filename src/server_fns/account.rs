//! Accounts and locations.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the accounts that the caller may see.
#[server(prefix = "/portal/fn", endpoint = "account_list", input = Json)]
pub async fn account_list(query: api::ListQuery) -> Result<api::Page<api::AccountSummary>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_list(&cx, &caller, &query).await?)
}

/// One account with its counts.
#[server(prefix = "/portal/fn", endpoint = "account_get", input = Json)]
pub async fn account_get(account: AccountName) -> Result<api::AccountSummary, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_get(&cx, &caller, &account).await?)
}

/// Makes an account with two new keys.
#[server(prefix = "/portal/fn", endpoint = "account_create", input = Json)]
pub async fn account_create(create: api::AccountCreate) -> Result<api::Account, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_create(&cx, &caller, create).await?)
}

/// Whether an account can have this name.
#[server(prefix = "/portal/fn", endpoint = "account_name_check", input = Json)]
pub async fn account_name_check(name: String) -> Result<api::NameAvailability, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_name_check(&cx, &caller, &name).await?)
}

/// Changes tags or access.
#[server(prefix = "/portal/fn", endpoint = "account_patch", input = Json)]
pub async fn account_patch(account: AccountName, patch: api::AccountPatch) -> Result<api::Account, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_patch(&cx, &caller, &account, patch).await?)
}

/// Deletes the account and everything in it.
#[server(prefix = "/portal/fn", endpoint = "account_delete", input = Json)]
pub async fn account_delete(account: AccountName) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_delete(&cx, &caller, &account).await?)
}

/// Links a storage account, or unlinks it.
#[server(prefix = "/portal/fn", endpoint = "account_storage_set", input = Json)]
pub async fn account_storage_set(
    account: AccountName,
    storage_account_id: Option<String>,
) -> Result<api::Account, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account_storage::account_storage_set(&cx, &caller, &account, storage_account_id).await?)
}

/// The linked storage, and what else could be linked.
#[server(prefix = "/portal/fn", endpoint = "account_storage_get", input = Json)]
pub async fn account_storage_get(account: AccountName) -> Result<api::LinkedStorage, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account_storage::account_storage_get(&cx, &caller, &account).await?)
}

/// Takes the keys of the linked storage as they are now.
#[server(prefix = "/portal/fn", endpoint = "account_storage_sync", input = Json)]
pub async fn account_storage_sync(account: AccountName) -> Result<api::Account, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account_storage::account_storage_sync(&cx, &caller, &account).await?)
}

/// Sets the limits of an account.
#[server(prefix = "/portal/fn", endpoint = "account_quotas_set", input = Json)]
pub async fn account_quotas_set(account: AccountName, quotas: api::AccountQuotas) -> Result<api::Account, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::account::account_quotas_set(&cx, &caller, &account, quotas).await?)
}

/// Where accounts can be, with the sizes of nodes there.
#[server(prefix = "/portal/fn", endpoint = "location_list", input = Json)]
pub async fn location_list() -> Result<Vec<api::Location>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::location::location_list(&cx, &caller).await?)
}

/// What all pools of the account did: nodes by state, running tasks, slots.
#[server(prefix = "/portal/fn", endpoint = "account_history", input = Json)]
pub async fn account_history(account: AccountName, span: api::HistorySpan) -> Result<api::PoolHistory, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::pool_history::account_history(&cx, &caller, &account, span).await?)
}
