//! Account keys.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// When each key was last used; the keys themselves are left empty.
#[server(prefix = "/portal/fn", endpoint = "key_info", input = Json)]
pub async fn key_info(account: AccountName) -> Result<api::AccountKeys, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::key::key_info(&cx, &caller, &account).await?)
}

/// Both keys. Reading them is written to the log.
#[server(prefix = "/portal/fn", endpoint = "key_list", input = Json)]
pub async fn key_list(account: AccountName) -> Result<api::AccountKeys, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::key::key_list(&cx, &caller, &account).await?)
}

/// Replaces one key; the old one stops working at once.
#[server(prefix = "/portal/fn", endpoint = "key_regenerate", input = Json)]
pub async fn key_regenerate(account: AccountName, key: api::KeyName) -> Result<api::AccountKeys, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::key::key_regenerate(&cx, &caller, &account, key).await?)
}
