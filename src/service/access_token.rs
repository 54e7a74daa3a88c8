//! Sign-in of programs: a personal access token is exchanged for an access token that lives for an hour, as the clients of
//! Azure's management plane expect. It is a signed JSON Web Token for those who look into it; here it is known by its hash, so
//! it ends with the personal one.

use serde_json::json;

use super::session::{From, is_alive, too_many};
use super::{Context, Error, Result};
use crate::api::{self, Code, Duration, Secret, Timestamp};
use crate::auth::secret;
use crate::store::access_token as table;
use crate::store::session as grants;
use crate::store::user as users;

/// How long an access token lives, unless the personal one ends before.
pub const LIFE: Duration = Duration::from_mins(60);

/// Begins the name of no user. Programs that name none share one counter of guesses.
const PROGRAM: &str = "#program ";

/// An access token for a program that knows the secret of a personal access token. `client` is the user that the secret
/// must belong to; absent when the program names none. `at` is the server's URL as the program knows it.
///
/// # Errors
/// `AuthenticationFailed` whatever is wrong; `TooManyRequests` with `RetryAfter` in seconds.
pub async fn access_token_issue(
    cx: &Context,
    from: &From,
    client: Option<&str>,
    given: &Secret,
    at: &str,
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
    let access = sign(cx, at, client, &grant, now)?;
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

/// What a program is told of the person whom it acts for, as OpenID Connect says it.
///
/// # Errors
/// `InternalError` when it cannot be signed.
pub fn id_token(cx: &Context, token: &api::AccessToken, client: &str, at: &str) -> Result<Secret> {
    let (now, expires) = (token.issued, token.expires);
    Claims { at, user: &token.user, client, audience: client, now, expires }.sign(cx)
}

/// What the program is called that a token names when it said nothing.
const NO_CLIENT: &str = "managed identity";

fn sign(cx: &Context, at: &str, client: Option<&str>, grant: &grants::Grant, now: Timestamp) -> Result<Secret> {
    let expires = now.plus(LIFE).min(grant.expires);
    let claims = Claims {
        at,
        user: &grant.user,
        client: client.unwrap_or(NO_CLIENT),
        audience: &format!("{at}/"),
        now,
        expires,
    };
    claims.sign(cx)
}

/// What a token says of a user, in the words of Microsoft's tokens.
struct Claims<'a> {
    /// The server's URL.
    at: &'a str,
    user: &'a str,
    client: &'a str,
    audience: &'a str,
    now: Timestamp,
    expires: Timestamp,
}

impl Claims<'_> {
    fn sign(&self, cx: &Context) -> Result<Secret> {
        let (tenant, id) = (cx.installation.tenant_id(), cx.installation.principal_id(self.user));
        let secs = |time: Timestamp| time.micros().div_euclid(1_000_000);
        let claims = json!({
            "iss": issuer(self.at, &tenant), "aud": self.audience, "sub": id, "oid": id, "tid": tenant,
            "appid": self.client, "name": self.user, "preferred_username": self.user, "upn": self.user, "ver": "2.0",
            "iat": secs(self.now), "nbf": secs(self.now), "exp": secs(self.expires),
            // Nobody can guess a token, and no two are the same.
            "jti": cx.random.hex(32),
        });
        cx.signer.sign(&claims).map(Secret).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            Code::InternalError.into()
        })
    }
}

/// Who has issued tokens, as they and the configuration of OpenID Connect say it.
pub fn issuer(at: &str, tenant: &str) -> String {
    format!("{at}/{tenant}/v2.0")
}
