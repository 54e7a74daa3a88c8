//! Personal access tokens of the signed-in user.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// The user's tokens, newest first.
#[server(prefix = "/portal/fn", endpoint = "token_list", input = Json)]
pub async fn token_list() -> Result<Vec<api::Token>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::token_list(&cx, &caller, Some(caller.name())).await?)
}

/// Makes a token; its secret is in this answer and nowhere else.
#[server(prefix = "/portal/fn", endpoint = "token_create", input = Json)]
pub async fn token_create(description: String, life: api::Duration) -> Result<api::NewToken, api::Error> {
    let (cx, caller) = request::context()?;
    let (token, secret) = service::user::token_create(&cx, &caller, caller.name(), &description, Some(life)).await?;
    Ok(api::NewToken { token, secret })
}

/// Ends a token.
#[server(prefix = "/portal/fn", endpoint = "token_revoke", input = Json)]
pub async fn token_revoke(id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::token_revoke(&cx, &caller, &id).await?)
}
