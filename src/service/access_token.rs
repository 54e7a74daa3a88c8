//! Sign-in of programs: a personal access token is exchanged for an access token that lives for an hour, as the clients of
//! Azure's management plane expect.

use super::session::{From, is_alive, too_many};
use super::{Context, Error, Result};
use crate::api::{self, Code, Duration, Secret};
use crate::auth::secret;
use crate::store::access_token as table;
use crate::store::session as grants;
use crate::store::user as users;

/// How long an access token lives, unless the personal one ends before.
pub const LIFE: Duration = Duration::from_mins(60);

/// Begins the name of no user. Programs that name none share one counter of guesses.
const PROGRAM: &str = "#program ";

/// An access token for a program that knows the secret of a personal access token. `client` is the user that the secret
/// must belong to; absent when the program names none.
///
/// # Errors
/// `AuthenticationFailed` whatever is wrong; `TooManyRequests` with `RetryAfter` in seconds.
pub async fn access_token_issue(
    cx: &Context,
    from: &From,
    client: Option<&str>,
    given: &Secret,
) -> Result<api::AccessToken> {
    let now = cx.clock.now();
    // Not the counter of the user's password: who has a token must not be able to wipe out failures there.
    let counted = format!("{PROGRAM}{}", client.unwrap_or_default());
    cx.identity.throttle.begin(&counted, from.address, now).map_err(too_many)?;
    let token = secret::hash(&given.0);
    let grant = grants::token_find(&mut *cx.store.read().await?, &token).await?;
    let fits = |user: &str| client.is_none_or(|client| client.eq_ignore_ascii_case(user));
    let Some(grant) = grant.filter(|grant| is_alive(grant, now) && fits(&grant.user)) else {
        // A name that no user has can be a secret in the wrong field.
        let known = match client {
            Some(client) => users::find(&mut *cx.store.read().await?, client).await?.map(|row| row.name),
            None => None,
        };
        tracing::warn!(client = known, from = %from.address, request_id = from.request_id, "a program's sign-in failed");
        return Err(Code::AuthenticationFailed.into());
    };
    cx.identity.throttle.succeeded(&counted, from.address);
    let mut bits = [0; 32];
    cx.random.fill(&mut bits);
    let access = secret::access_token(&bits);
    let hash = secret::hash(&access.0);
    let expires = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let expires = table::insert(conn, &hash, &token, now, now.plus(LIFE)).await?;
                table::used(conn, &hash, now).await?;
                // It may have been revoked since it was looked at.
                expires.ok_or(Error::from(Code::AuthenticationFailed))
            })
        })
        .await?;
    tracing::info!(user = %grant.user, from = %from.address, "a program signed in");
    Ok(api::AccessToken { user: grant.user, access_token: access, issued: now, expires })
}
