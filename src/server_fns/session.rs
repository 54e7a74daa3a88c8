//! Signing in and out, and the first user.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// Who is signed in.
#[server(prefix = "/portal/fn", endpoint = "session_get", input = Json)]
pub async fn session_get() -> Result<api::Session, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::session::session_get(&cx, &caller).await?)
}

/// Signs in; the session is a cookie.
#[server(prefix = "/portal/fn", endpoint = "sign_in", input = Json)]
pub async fn sign_in(sign_in: api::SignIn) -> Result<api::Session, api::Error> {
    let (cx, from) = request::anonymous()?;
    let (session, cookie) = service::session::sign_in(&cx, &from, sign_in).await?;
    request::set_cookie(&cookie);
    Ok(session)
}

/// Makes the first user, who is Owner, and signs in.
#[server(prefix = "/portal/fn", endpoint = "set_up", input = Json)]
pub async fn set_up(set_up: api::SetUp) -> Result<api::Session, api::Error> {
    let (cx, from) = request::anonymous()?;
    let (session, cookie) = service::session::set_up(&cx, &from, set_up).await?;
    request::set_cookie(&cookie);
    Ok(session)
}

/// Sets the password by a link, and signs in.
#[server(prefix = "/portal/fn", endpoint = "password_set", input = Json)]
pub async fn password_set(set: api::PasswordSet) -> Result<api::Session, api::Error> {
    let (cx, from) = request::anonymous()?;
    let (session, cookie) = service::password_link::password_set(&cx, &from, set).await?;
    request::set_cookie(&cookie);
    Ok(session)
}

/// Ends the session.
#[server(prefix = "/portal/fn", endpoint = "sign_out", input = Json)]
pub async fn sign_out() -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    service::session::sign_out(&cx, &caller).await?;
    request::clear_cookie();
    Ok(())
}
