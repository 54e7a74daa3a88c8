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

/// Makes a token; its secret is in this answer and nowhere else. Without a limit it lets do whatever its user may.
#[server(prefix = "/portal/fn", endpoint = "token_create", input = Json)]
pub async fn token_create(
    description: String,
    life: api::Duration,
    limit: Option<api::TokenLimit>,
) -> Result<api::NewToken, api::Error> {
    let (cx, caller) = request::context()?;
    let (who, limit) = (caller.name(), limit.unwrap_or_default());
    let made = service::user::token_create_limited(&cx, &caller, who, &description, Some(life), limit).await;
    let (token, secret) = made?;
    Ok(api::NewToken { token, secret })
}

/// Ends a token.
#[server(prefix = "/portal/fn", endpoint = "token_revoke", input = Json)]
pub async fn token_revoke(id: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::user::token_revoke(&cx, &caller, &id).await?)
}

/// The program that waits for the word of the person to whom it showed this code.
#[server(prefix = "/portal/fn", endpoint = "device_sign_in_get", input = Json)]
pub async fn device_sign_in_get(code: String) -> Result<api::AskingProgram, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::device_sign_in::device_sign_in_get(&cx, &caller, &code).await?)
}

/// Lets the program in as the signed-in user.
#[server(prefix = "/portal/fn", endpoint = "device_sign_in_allow", input = Json)]
pub async fn device_sign_in_allow(code: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::device_sign_in::device_sign_in_allow(&cx, &caller, &code).await?)
}

/// Refuses the program.
#[server(prefix = "/portal/fn", endpoint = "device_sign_in_refuse", input = Json)]
pub async fn device_sign_in_refuse(code: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::device_sign_in::device_sign_in_refuse(&cx, &caller, &code).await?)
}
