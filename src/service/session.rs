//! Signing in and out, the first user, and who stands behind a cookie or a token.

use std::net::IpAddr;

use super::{Caller, Context, Error, Result, Who, user};
use crate::api::{self, AccountRole, Code, Duration, Role, Secret, Timestamp};
use crate::auth::secret::{self, Hash};
use crate::domain::ids::AccountName;
use crate::domain::permission::Limit;
use crate::store::session::{self as grants, Grant};
use crate::store::{self, Conn, access_token, meta, role_assignment, user as users};

/// A session ends when it was not used for so long.
const IDLE_LIFE: Duration = Duration::from_mins(12 * 60);
/// And in any case after so long.
const LONGEST_LIFE: Duration = Duration::from_days(7);
/// Its end is moved at most this often.
const EXTEND_EVERY: Duration = Duration::from_mins(60);
/// How long the set-up link works.
pub const SET_UP_LIFE: Duration = Duration::from_mins(60);
/// The last use of a token is stored at most this often.
const TOKEN_USE_EVERY: Duration = Duration::from_mins(1);

const SET_UP_HASH: &str = "set_up_hash";
const SET_UP_EXPIRES: &str = "set_up_expires";

/// Where a request comes from that nobody has signed in for.
#[derive(Clone, Debug)]
pub struct From {
    pub address: IpAddr,
    pub request_id: String,
}

/// Who is signed in.
///
/// # Errors
/// `Unauthorized` for callers that are no users.
pub async fn session_get(cx: &Context, caller: &Caller) -> Result<api::Session> {
    match &caller.who {
        Who::User { name, role, accounts, .. } => {
            let roles =
                accounts.iter().map(|(account, role)| AccountRole { account: account.to_string(), role: *role });
            Ok(api::Session { account_roles: roles.collect(), ..describe(cx, name, *role) })
        }
        Who::SharedKey { .. } | Who::System => Err(Code::Unauthorized.into()),
    }
}

/// Signs in. Returns the secret of a new session, for the cookie.
///
/// # Errors
/// `AuthenticationFailed` whatever is wrong; `TooManyRequests` with `RetryAfter` in seconds.
pub async fn sign_in(cx: &Context, from: &From, sign_in: api::SignIn) -> Result<(api::Session, Secret)> {
    let now = cx.clock.now();
    cx.identity.throttle.begin(&sign_in.user, from.address, now).map_err(too_many)?;
    let found = users::find(&mut *cx.store.read().await?, &sign_in.user).await?;
    // The work is the same for a user who does not exist or is disabled, so that the time tells nothing.
    let hash = found.as_ref().map(|row| row.password_hash.clone());
    let right = cx.identity.hasher.verify(sign_in.password, hash).await;
    // A name that no user has can be a password in the wrong field.
    let known = found.as_ref().map(|row| row.name.clone());
    let Some(row) = found.filter(|row| right && !row.disabled) else {
        tracing::warn!(user = known, from = %from.address, request_id = from.request_id, "a sign-in failed");
        return Err(wrong_credentials());
    };
    cx.identity.throttle.succeeded(&sign_in.user, from.address);
    let secret = new_secret(cx);
    let (user_key, hash, address) = (row.key, secret::hash(&secret.0), from.address);
    cx.store.write(move |conn| Box::pin(async move { begin(conn, user_key, &hash, now, address).await })).await?;
    tracing::info!(user = %row.name, from = %from.address, "a user signed in");
    Ok((describe(cx, &row.name, row.role), secret))
}

fn wrong_credentials() -> Error {
    let reason = "The user or the password is wrong.";
    api::Error { message: reason.to_owned(), ..api::Error::new(Code::AuthenticationFailed) }.into()
}

pub(super) fn too_many(left: Duration) -> Error {
    let secs = left.micros().max(0).unsigned_abs().div_ceil(1_000_000);
    api::Error::new(Code::TooManyRequests).with("RetryAfter", secs.to_string()).into()
}

/// Makes the first user, who is Owner, with the secret of the printed link, and signs in.
///
/// # Errors
/// `AuthenticationFailed` when the link is not the one that was printed last, has been used, or is older than an hour;
/// `InvalidPropertyValue` for the name or the password; `TooManyRequests`.
pub async fn set_up(cx: &Context, from: &From, set_up: api::SetUp) -> Result<(api::Session, Secret)> {
    let now = cx.clock.now();
    // The name of no user: their names begin with a letter or digit.
    const GUESSES: &str = "#set-up";
    cx.identity.throttle.begin(GUESSES, from.address, now).map_err(too_many)?;
    let given = secret::hash(&set_up.token.0);
    check_set_up(&mut *cx.store.read().await?, &given, now).await?;
    cx.identity.throttle.succeeded(GUESSES, from.address);
    user::check_name(&set_up.user)?;
    let password_hash = user::hash_password(cx, set_up.password).await?;
    let (name, secret, address) = (set_up.user.clone(), new_secret(cx), from.address);
    let hash = secret::hash(&secret.0);
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                // Looked at again inside the transaction: the link works once.
                check_set_up(conn, &given, now).await?;
                let key = users::insert(conn, &name, Role::Owner, &password_hash, now).await?;
                forget_set_up(conn).await?;
                begin(conn, key.ok_or(Error::from(Code::UserExists))?, &hash, now, address).await
            })
        })
        .await?;
    tracing::info!(user = %set_up.user, from = %from.address, "the first user was made");
    Ok((describe(cx, &set_up.user, Role::Owner), secret))
}

async fn check_set_up(conn: &mut Conn, given: &Hash, now: Timestamp) -> Result<()> {
    let stored = meta::get(conn, SET_UP_HASH).await?.and_then(|text| secret::hash_from_text(&text));
    let expires = meta::get(conn, SET_UP_EXPIRES).await?.and_then(|text| text.parse().ok()).map(Timestamp::from_micros);
    let fits = stored.is_some_and(|stored| secret::equal(&stored, given));
    if fits && expires.is_some_and(|expires| now < expires) && !users::any(conn).await? {
        return Ok(());
    }
    let reason =
        "The link does not work any more. Start the server again for a new one, or ask an Owner to make a user.";
    Err(api::Error { message: reason.to_owned(), ..api::Error::new(Code::AuthenticationFailed) }.into())
}

/// The secret of a new set-up link, for the server's start; nothing when there are users. Older links die.
pub async fn new_set_up(cx: &Context) -> Result<Option<Secret>> {
    let secret = new_secret(cx);
    let (hash, expires) = (secret::hash(&secret.0), cx.clock.now().plus(SET_UP_LIFE));
    let needed = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                if users::any(conn).await? {
                    return Ok::<_, Error>(false);
                }
                meta::set(conn, SET_UP_HASH, &secret::hash_to_text(&hash)).await?;
                meta::set(conn, SET_UP_EXPIRES, &expires.micros().to_string()).await?;
                Ok(true)
            })
        })
        .await?;
    Ok(needed.then_some(secret))
}

/// No link makes a user any more.
pub(super) async fn forget_set_up(conn: &mut Conn) -> store::Result<()> {
    meta::delete(conn, SET_UP_HASH).await?;
    meta::delete(conn, SET_UP_EXPIRES).await
}

/// Ends the session.
pub async fn sign_out(cx: &Context, caller: &Caller) -> Result<()> {
    if let Who::User { session: Some(hash), .. } = caller.who {
        cx.store
            .write(move |conn| Box::pin(async move { grants::delete(conn, &hash).await.map_err(Error::from) }))
            .await?;
    }
    Ok(())
}

/// The user behind the secret of a session's cookie; nothing when the session has ended or the user is disabled.
pub async fn of_cookie(cx: &Context, secret: &str, from: &From) -> Result<Option<Caller>> {
    let (hash, now) = (secret::hash(secret), cx.clock.now());
    let mut conn = cx.store.read().await?;
    let grant = grants::find(&mut conn, &hash).await?;
    let Some(grant) = grant.filter(|grant| is_alive(grant, now)) else { return Ok(None) };
    let accounts = role_assignment::accounts_of(&mut conn, grant.user_key).await?;
    drop(conn);
    let expires = end_of(&grant, now);
    if expires.since(grant.expires) >= EXTEND_EVERY {
        cx.store
            .write(move |conn| Box::pin(async move { grants::extend(conn, &hash, expires).await.map_err(Error::from) }))
            .await?;
    }
    Ok(Some(caller(grant, accounts, Limit::default(), Some(hash), from)))
}

/// Whether the session that a caller came by still lives. For answers that go on for long.
pub async fn is_still_alive(cx: &Context, caller: &Caller) -> Result<bool> {
    let Who::User { session: Some(hash), .. } = &caller.who else { return Ok(false) };
    let grant = grants::find(&mut *cx.store.read().await?, hash).await?;
    Ok(grant.is_some_and(|grant| is_alive(&grant, cx.clock.now())))
}

/// The user behind a personal access token, or behind an access token that a program was given for one; nothing when it is
/// unknown, revoked or has expired.
pub async fn of_token(cx: &Context, token: &str, from: &From) -> Result<Option<Caller>> {
    let is_access_token = token.starts_with(secret::ACCESS_PREFIX);
    if !is_access_token && !token.starts_with(secret::TOKEN_PREFIX) {
        return Ok(None);
    }
    let (hash, now) = (secret::hash(token), cx.clock.now());
    let mut conn = cx.store.read().await?;
    let grant = match is_access_token {
        true => access_token::find(&mut conn, &hash).await?,
        false => grants::token_find(&mut conn, &hash).await?,
    };
    let Some(grant) = grant.filter(|grant| is_alive(grant, now)) else { return Ok(None) };
    let accounts = role_assignment::accounts_of(&mut conn, grant.user_key).await?;
    let within = match &grant.limit.scope {
        Some(scope) => Some(role_assignment::accounts_in(&mut conn, scope).await?),
        None => None,
    };
    drop(conn);
    if grant.last_used.is_none_or(|last| now.since(last) >= TOKEN_USE_EVERY) {
        cx.store
            .write(move |conn| {
                Box::pin(async move {
                    match is_access_token {
                        true => access_token::used(conn, &hash, now).await.map_err(Error::from),
                        false => grants::token_used(conn, &hash, now).await.map_err(Error::from),
                    }
                })
            })
            .await?;
    }
    let limit = Limit { role: grant.limit.role, accounts: within.map(Into::into) };
    Ok(Some(caller(grant, accounts, limit, None, from)))
}

/// Removes sessions and access tokens that have run out.
pub async fn remove_expired(cx: &Context) -> Result<()> {
    let now = cx.clock.now();
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                access_token::delete_expired(conn, now).await?;
                grants::delete_expired(conn, now).await.map_err(Error::from)
            })
        })
        .await
}

pub(super) async fn begin(conn: &mut Conn, user_key: i64, hash: &Hash, now: Timestamp, from: IpAddr) -> Result<()> {
    grants::insert(conn, hash, user_key, now, now.plus(IDLE_LIFE), &from.to_canonical().to_string()).await?;
    users::signed_in(conn, user_key, now).await?;
    Ok(())
}

pub(super) fn is_alive(grant: &Grant, now: Timestamp) -> bool {
    !grant.disabled && now < grant.expires
}

/// When a session ends that is used now.
fn end_of(grant: &Grant, now: Timestamp) -> Timestamp {
    now.plus(IDLE_LIFE).min(grant.created.plus(LONGEST_LIFE)).max(grant.expires)
}

fn caller(
    grant: Grant,
    accounts: Vec<(AccountName, Role)>,
    limit: Limit,
    session: Option<Hash>,
    from: &From,
) -> Caller {
    let who = Who::User { name: grant.user, role: grant.role, accounts: accounts.into(), limit, session };
    Caller { who, from: Some(from.address), request_id: from.request_id.clone(), only_if: Default::default() }
}

/// 256 random bits, as text.
pub fn new_secret(cx: &Context) -> Secret {
    let mut bits = [0; 32];
    cx.random.fill(&mut bits);
    secret::from_bits(&bits)
}

pub(super) fn describe(cx: &Context, user: &str, role: Role) -> api::Session {
    let installation = &cx.installation;
    api::Session {
        user: user.to_owned(),
        role,
        account_roles: Vec::new(),
        version: installation.version.clone(),
        build_id: installation.build_id.clone(),
        subscription_id: installation.subscription_id.clone(),
    }
}
