//! Roles in a part of the installation.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// What holds in an account, or all assignments.
#[server(prefix = "/portal/fn", endpoint = "role_assignment_list", input = Json)]
pub async fn role_assignment_list(account: Option<AccountName>) -> Result<Vec<api::RoleAssignment>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::role_assignment::role_assignment_list(&cx, &caller, account.as_ref()).await?)
}

/// Gives a user a role in a scope.
#[server(prefix = "/portal/fn", endpoint = "role_assignment_create", input = Json)]
pub async fn role_assignment_create(assign: api::RoleAssignmentCreate) -> Result<api::RoleAssignment, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::role_assignment::role_assignment_create(&cx, &caller, assign).await?)
}

/// Takes it away.
#[server(prefix = "/portal/fn", endpoint = "role_assignment_delete", input = Json)]
pub async fn role_assignment_delete(id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::role_assignment::role_assignment_delete(&cx, &caller, &id).await?)
}
