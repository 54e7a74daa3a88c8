//! Users, for who looks after them.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// All users, by name.
#[server(prefix = "/portal/fn", endpoint = "user_list", input = Json)]
pub async fn user_list() -> Result<Vec<api::User>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::user_list(&cx, &caller).await?)
}

/// Makes a user, who sets the password by the link that comes back.
#[server(prefix = "/portal/fn", endpoint = "user_invite", input = Json)]
pub async fn user_invite(user: String, role: api::Role) -> Result<api::PasswordLink, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::password_link::user_invite(&cx, &caller, &user, role).await?)
}

/// Keeps a user out, or lets the user in again.
#[server(prefix = "/portal/fn", endpoint = "user_set_disabled", input = Json)]
pub async fn user_set_disabled(user: String, disabled: bool) -> Result<api::User, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::user_set_disabled(&cx, &caller, &user, disabled).await?)
}

/// Gives a user another role.
#[server(prefix = "/portal/fn", endpoint = "user_set_role", input = Json)]
pub async fn user_set_role(user: String, role: api::Role) -> Result<api::User, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::user_set_role(&cx, &caller, &user, role).await?)
}

/// A link by which a user sets a new password, once.
#[server(prefix = "/portal/fn", endpoint = "password_link_create", input = Json)]
pub async fn password_link_create(user: String) -> Result<api::PasswordLink, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::password_link::password_link_create(&cx, &caller, &user).await?)
}

/// A user's sessions that last.
#[server(prefix = "/portal/fn", endpoint = "session_list", input = Json)]
pub async fn session_list(user: String) -> Result<Vec<api::OpenSession>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::open_session::session_list(&cx, &caller, &user).await?)
}

/// Ends one of them.
#[server(prefix = "/portal/fn", endpoint = "session_revoke", input = Json)]
pub async fn session_revoke(user: String, id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::open_session::session_revoke(&cx, &caller, &user, &id).await?)
}
