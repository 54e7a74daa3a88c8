//! Users and their personal access tokens.

use super::{Caller, Context, Error, Result, Who, session};
use crate::api::{self, Code, Duration, Role, Secret, Timestamp};
use crate::auth::{password, secret};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::domain::scope::Scope;
use crate::store::session as grants;
use crate::store::user::{self as table, UserRow};
use crate::store::{self, Conn, account as accounts, role_assignment};

/// How long a token lives when its maker does not say.
pub const TOKEN_LIFE: Duration = Duration::from_days(90);
/// And at most.
pub const LONGEST_TOKEN_LIFE: Duration = Duration::from_days(366);

pub async fn user_list(cx: &Context, caller: &Caller) -> Result<Vec<api::User>> {
    caller.may(None, Permission::UserWrite)?;
    let rows = table::list(&mut *cx.store.read().await?).await?;
    Ok(rows.iter().map(|row| to_api(cx, row)).collect())
}

/// # Errors
/// `InvalidPropertyValue`, `UserExists`.
pub async fn user_create(cx: &Context, caller: &Caller, user: &str, role: Role, password: Secret) -> Result<api::User> {
    caller.may(None, Permission::UserWrite)?;
    check_name(user)?;
    let hash = hash_password(cx, password).await?;
    let (name, now) = (user.to_owned(), cx.clock.now());
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                table::insert(conn, &name, role, &hash, now).await?.ok_or(Error::from(Code::UserExists))?;
                session::forget_set_up(conn).await?;
                find(conn, &name).await
            })
        })
        .await?;
    tracing::info!(user = %row.name, %role, by = caller.name(), "a user was made");
    Ok(to_api(cx, &row))
}

/// Lets a user in, or keeps the user out: sessions and tokens of a disabled user are gone.
///
/// # Errors
/// `UserNotFound`; `OperationInvalidForCurrentState` for the last Owner.
pub async fn user_set_disabled(cx: &Context, caller: &Caller, user: &str, disabled: bool) -> Result<api::User> {
    caller.may(None, Permission::UserWrite)?;
    let name = user.to_owned();
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let row = find(conn, &name).await?;
                check_owner_remains(conn, &row, !disabled).await?;
                table::set_disabled(conn, row.key, disabled).await?;
                if disabled {
                    end_grants(conn, row.key).await?;
                }
                Ok::<_, Error>(UserRow { disabled, ..row })
            })
        })
        .await?;
    tracing::info!(user = %row.name, disabled, by = caller.name(), "a user was disabled or enabled");
    Ok(to_api(cx, &row))
}

/// Gives a user another role; the user's sessions end, so that no page goes on with what it showed before.
///
/// # Errors
/// `UserNotFound`; `OperationInvalidForCurrentState` for the last Owner.
pub async fn user_set_role(cx: &Context, caller: &Caller, user: &str, role: Role) -> Result<api::User> {
    caller.may(None, Permission::UserWrite)?;
    let name = user.to_owned();
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let row = find(conn, &name).await?;
                check_owner_remains(conn, &row, role == Role::Owner).await?;
                table::set_role(conn, row.key, role).await?;
                grants::delete_of_user(conn, row.key).await?;
                Ok::<_, Error>(UserRow { role, ..row })
            })
        })
        .await?;
    tracing::info!(user = %row.name, %role, by = caller.name(), "a user was given another role");
    Ok(to_api(cx, &row))
}

/// Somebody must be able to look after users.
async fn check_owner_remains(conn: &mut Conn, row: &UserRow, stays: bool) -> Result<()> {
    if !stays && !row.disabled && row.role == Role::Owner && table::n_owners(conn).await? == 1 {
        let reason = "It is the last Owner who can sign in. Make another one first.";
        return Err(api::Error::new(Code::OperationInvalidForCurrentState).with("Reason", reason).into());
    }
    Ok(())
}

/// Sets a new password; sessions and tokens that came by the old one are gone.
///
/// # Errors
/// `UserNotFound`, `InvalidPropertyValue`.
pub async fn user_set_password(cx: &Context, caller: &Caller, user: &str, password: Secret) -> Result<()> {
    caller.may(None, Permission::UserWrite)?;
    let (name, hash) = (user.to_owned(), hash_password(cx, password).await?);
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                let row = find(conn, &name).await?;
                table::set_password(conn, row.key, &hash).await?;
                end_grants(conn, row.key).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    tracing::info!(user, by = caller.name(), "a password was set");
    Ok(())
}

/// Whose tokens a caller looks after: users their own, while signed in to the portal; who looks after users, everybody's.
/// Users do not by a token: who steals one must not be able to make another that outlives it.
fn may_look_after(caller: &Caller, user: Option<&str>) -> Result<()> {
    match &caller.who {
        Who::User { name, session: Some(_), .. } if user.is_some_and(|user| user.eq_ignore_ascii_case(name)) => Ok(()),
        _ => caller.may(None, Permission::UserWrite),
    }
}

/// Makes a token and returns its secret, which is shown this once.
///
/// # Errors
/// `UserNotFound`, `InvalidPropertyValue`; `OperationInvalidForCurrentState` for a disabled user.
pub async fn token_create(
    cx: &Context,
    caller: &Caller,
    user: &str,
    description: &str,
    life: Option<Duration>,
) -> Result<(api::Token, Secret)> {
    token_create_limited(cx, caller, user, description, life, Default::default()).await
}

/// The same of a token that lets do no more than the limit says.
///
/// # Errors
/// And `InvalidPropertyValue` for a scope in which there is nothing.
pub async fn token_create_limited(
    cx: &Context,
    caller: &Caller,
    user: &str,
    description: &str,
    life: Option<Duration>,
    limit: api::TokenLimit,
) -> Result<(api::Token, Secret)> {
    may_look_after(caller, Some(user))?;
    let life = life.unwrap_or(TOKEN_LIFE);
    if life <= Duration(0) || life > LONGEST_TOKEN_LIFE {
        return Err(api::Error::invalid_property("expiry", life.to_string(), "A token lives for 1 to 366 days.").into());
    }
    if description.chars().count() > 256 {
        return Err(api::Error::invalid_property(
            "description",
            description,
            "A description has at most 256 characters.",
        )
        .into());
    }
    let mut bits = [0; 32];
    cx.random.fill(&mut bits);
    let secret = secret::token(&bits);
    let (name, hash, id, description, now) =
        (user.to_owned(), secret::hash(&secret.0), cx.random.hex(6), description.to_owned(), cx.clock.now());
    let token = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let row = find(conn, &name).await?;
                if row.disabled {
                    return Err(api::Error::new(Code::OperationInvalidForCurrentState)
                        .with("Reason", "The user is disabled.")
                        .into());
                }
                let limit = checked_limit(conn, limit).await?;
                let token = new_token(id, row.name, description, now, life, limit);
                grants::token_insert(conn, &hash, row.key, &token).await?;
                Ok::<_, Error>(token)
            })
        })
        .await?;
    tracing::info!(user = %token.user, token = %token.id, by = caller.name(), "a token was made");
    Ok((token, secret))
}

fn new_token(
    id: String,
    user: String,
    description: String,
    now: Timestamp,
    life: Duration,
    limit: api::TokenLimit,
) -> api::Token {
    api::Token { id, user, description, creation_time: now, expiry_time: now.plus(life), last_used: None, limit }
}

/// The limit with its scope as it is kept. One that only seems to limit, because of a slip of the pen, is refused.
async fn checked_limit(conn: &mut Conn, limit: api::TokenLimit) -> Result<api::TokenLimit> {
    let Some(given) = limit.scope.filter(|scope| !scope.is_empty()) else {
        return Ok(api::TokenLimit { role: limit.role, scope: None });
    };
    let wrong = |reason: String| Error::from(api::Error::invalid_property("scope", &given, reason));
    let scope = match given.to_ascii_lowercase().parse::<AccountName>() {
        Ok(name) => {
            let account = accounts::find(conn, &name).await?;
            let account = account.ok_or_else(|| wrong("There is no account of this name.".to_owned()))?;
            Scope::of_account(&account.subscription_id, &account.resource_group, name.as_str())
        }
        Err(_) => given.parse::<Scope>().map_err(|reason| wrong(reason.to_string()))?,
    };
    let scope = scope.to_string();
    if role_assignment::accounts_in(conn, &scope).await?.is_empty() {
        return Err(wrong("There is no account in this scope.".to_owned()));
    }
    Ok(api::TokenLimit { role: limit.role, scope: Some(scope) })
}

/// All tokens, or those of one user.
///
/// # Errors
/// `UserNotFound`.
pub async fn token_list(cx: &Context, caller: &Caller, user: Option<&str>) -> Result<Vec<api::Token>> {
    may_look_after(caller, user)?;
    let mut conn = cx.store.read().await?;
    let user_key = match user {
        Some(user) => Some(find(&mut conn, user).await?.key),
        None => None,
    };
    Ok(grants::token_list(&mut conn, user_key).await?)
}

/// Ends a token, and the access tokens that programs were given for it.
///
/// # Errors
/// `ResourceNotFound`, also for one that the caller does not look after.
pub async fn token_revoke(cx: &Context, caller: &Caller, id: &str) -> Result<()> {
    let (wanted, who) = (id.to_owned(), caller.clone());
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                let not_found = || Error::from(Code::ResourceNotFound);
                let owner = grants::token_owner(conn, &wanted).await?;
                may_look_after(&who, Some(owner.as_deref().unwrap_or_default())).map_err(|_| not_found())?;
                if grants::token_delete(conn, &wanted).await? { Ok(()) } else { Err(not_found()) }
            })
        })
        .await?;
    tracing::info!(token = id, by = caller.name(), "a token was revoked");
    Ok(())
}

/// Hashes a password that is long enough.
pub(super) async fn hash_password(cx: &Context, password: Secret) -> Result<Secret> {
    let length = password.0.chars().count();
    if !(password::MIN_LENGTH..=password::MAX_LENGTH).contains(&length) {
        let reason = format!(
            "A password has at least {} characters, and at most {}.",
            password::MIN_LENGTH,
            password::MAX_LENGTH
        );
        return Err(api::Error::invalid_property("password", "", reason).into());
    }
    let mut salt = [0; 16];
    cx.random.fill(&mut salt);
    Ok(cx.identity.hasher.hash(password, salt).await)
}

/// Names may be e-mail addresses: 1–64 letters, digits and `.-_@+`, beginning with a letter or digit.
pub(super) fn check_name(user: &str) -> Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_@+".contains(c);
    if (1..=64).contains(&user.len())
        && user.chars().all(legal)
        && user.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return Ok(());
    }
    let reason = "A user's name has 1 to 64 characters, each a letter (A–Z), a digit or one of . - _ @ +, and begins with a letter or digit.";
    Err(api::Error::invalid_property("user", user, reason).into())
}

async fn find(conn: &mut Conn, user: &str) -> Result<UserRow> {
    table::find(conn, user).await?.ok_or_else(|| Code::UserNotFound.into())
}

pub(super) async fn end_grants(conn: &mut Conn, user_key: i64) -> store::Result<()> {
    grants::delete_of_user(conn, user_key).await?;
    grants::token_delete_of_user(conn, user_key).await
}

pub(super) fn to_api(cx: &Context, row: &UserRow) -> api::User {
    api::User {
        principal_id: cx.installation.principal_id(&row.name),
        name: row.name.clone(),
        role: row.role,
        disabled: row.disabled,
        creation_time: row.created,
        last_sign_in: row.last_sign_in,
        external_name: row.external_name.clone(),
        is_external: row.external_id.is_some(),
    }
}
