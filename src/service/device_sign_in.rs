//! A program that has no browser is let in by a person (RFC 8628): it shows a code, and the person allows it in the portal. What it gets is
//! a personal access token of that person, which the page of tokens lists and ends.

use super::session::{From, too_many};
use super::{Caller, Context, Result, user};
use crate::api::{self, Code, Duration};
use crate::auth::device_codes::{Answer, Asking, INTERVAL, LIFE};
use crate::auth::secret;

/// How long a program that was let in stays in, unless its token is revoked.
const TOKEN_LIFE: Duration = Duration::from_days(30);
/// How much of a client id is kept; it is whatever the program says.
const LONGEST_CLIENT: usize = 100;
/// How long to wait when too many wait already.
const TOO_MANY_WAIT: Duration = Duration::from_secs(60);

/// Begins to wait for a person.
///
/// # Errors
/// `TooManyRequests` with `RetryAfter` in seconds when too many programs wait.
pub fn device_sign_in_begin(cx: &Context, from: &From, client: &str) -> Result<api::DeviceSignIn> {
    let (mut bits, mut letters) = ([0; 32], [0; 8]);
    cx.random.fill(&mut bits);
    cx.random.fill(&mut letters);
    let (device_code, client) = (secret::from_bits(&bits), cut(client));
    let begun = cx.identity.device_codes.begin(&device_code, &letters, &client, from.address, cx.clock.now());
    let user_code = begun.ok_or_else(|| too_many(TOO_MANY_WAIT))?;
    Ok(api::DeviceSignIn { device_code, user_code, life: LIFE, interval: INTERVAL })
}

/// Who asks by the code.
///
/// # Errors
/// `ResourceNotFound`; `TooManyRequests` for somebody who tries codes.
pub async fn device_sign_in_get(cx: &Context, caller: &Caller, code: &str) -> Result<api::AskingProgram> {
    let asking = find(cx, caller, code)?;
    Ok(api::AskingProgram { client_id: asking.client, from: asking.from.to_string(), expiry_time: asking.expires })
}

/// Lets the program in as the caller.
///
/// # Errors
/// `ResourceNotFound`; `TooManyRequests`; `Unauthorized` for callers without a session.
pub async fn device_sign_in_allow(cx: &Context, caller: &Caller, code: &str) -> Result<()> {
    let asking = find(cx, caller, code)?;
    let description = format!("{} at {}, by a device code", asking.client, asking.from);
    let (token, secret) = user::token_create(cx, caller, caller.name(), &description, Some(TOKEN_LIFE)).await?;
    if !cx.identity.device_codes.answer(code, Some(secret), cx.clock.now()) {
        // Its time has run out meanwhile.
        user::token_revoke(cx, caller, &token.id).await?;
        return Err(Code::ResourceNotFound.into());
    }
    Ok(())
}

/// Refuses the program.
///
/// # Errors
/// `ResourceNotFound`; `TooManyRequests`.
pub async fn device_sign_in_refuse(cx: &Context, caller: &Caller, code: &str) -> Result<()> {
    find(cx, caller, code)?;
    let is_heard = cx.identity.device_codes.answer(code, None, cx.clock.now());
    if is_heard { Ok(()) } else { Err(Code::ResourceNotFound.into()) }
}

fn find(cx: &Context, caller: &Caller, code: &str) -> Result<Asking> {
    let address = caller.from.unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]));
    // The name of no user: their names begin with a letter or digit.
    let counted = format!("#device {}", caller.name());
    let now = cx.clock.now();
    cx.identity.throttle.begin(&counted, address, now).map_err(too_many)?;
    let asking = cx.identity.device_codes.of_user_code(code, now).ok_or(Code::ResourceNotFound)?;
    cx.identity.throttle.succeeded(&counted, address);
    Ok(asking)
}

/// Tells the program whether it was let in; what it is given it is given once.
pub fn device_sign_in_poll(cx: &Context, client: &str, device_code: &str) -> Answer {
    cx.identity.device_codes.poll(device_code, &cut(client), cx.clock.now())
}

fn cut(client: &str) -> String {
    client.chars().filter(|c| !c.is_control()).take(LONGEST_CLIENT).collect()
}
