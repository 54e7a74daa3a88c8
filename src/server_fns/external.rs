//! Signing in by a provider of OpenID Connect, and how users are known to it.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service::external_sign_in;

/// Whether there is a provider, for the sign-in page.
#[server(prefix = "/portal/fn", endpoint = "external_sign_in_info", input = Json)]
pub async fn external_sign_in_info() -> Result<api::ExternalSignIn, api::Error> {
    let (cx, _) = request::anonymous()?;
    Ok(external_sign_in::external_sign_in_info(&cx))
}

/// The last sign-ins by it.
#[server(prefix = "/portal/fn", endpoint = "external_attempt_list", input = Json)]
pub async fn external_attempt_list() -> Result<Vec<api::ExternalAttempt>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(external_sign_in::external_attempt_list(&cx, &caller)?)
}

/// By which name it knows a user; absent takes the name away.
#[server(prefix = "/portal/fn", endpoint = "user_set_external_name", input = Json)]
pub async fn user_set_external_name(user: String, external_name: Option<String>) -> Result<api::User, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(external_sign_in::user_set_external_name(&cx, &caller, &user, external_name).await?)
}
