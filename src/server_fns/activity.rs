//! Who did what.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// A page of the activity log, newest first: of an account, or of all that the caller may see.
#[server(prefix = "/portal/fn", endpoint = "activity_list", input = Json)]
pub async fn activity_list(
    account: Option<AccountName>,
    filter: api::ActivityFilter,
    query: api::ListQuery,
) -> Result<api::Page<api::Activity>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::activity::activity_list(&cx, &caller, account.as_ref(), &filter, &query).await?)
}
