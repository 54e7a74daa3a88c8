//! Signing in by the word of a provider of OpenID Connect, which [`crate::server::oidc`] has verified.

use super::session::{From, begin, new_secret};
use super::{Caller, Context, Error, Result, session, user};
use crate::api::{self, Code, ExternalAttempt, ExternalRefusal, ExternalSignIn, Role, Secret};
use crate::auth::secret;
use crate::domain::external::{self, Known, Outcome, Person};
use crate::domain::permission::Permission;
use crate::store::Conn;
use crate::store::user::{self as users, UserRow};

/// Source: RFC 5321: the longest address.
const LONGEST_NAME: usize = 254;

/// What the operator has set, as everybody may know it.
pub fn external_sign_in_info(cx: &Context) -> ExternalSignIn {
    ExternalSignIn { name: cx.installation.external_name.clone() }
}

/// The last sign-ins by the provider, newest first, with what it said.
pub fn external_attempt_list(cx: &Context, caller: &Caller) -> Result<Vec<ExternalAttempt>> {
    caller.may(None, Permission::UserWrite)?;
    Ok(cx.identity.attempts.all())
}

/// Signs in whom the provider named, and returns the user's name and the secret of a new session for the cookie.
///
/// # Errors
/// Why the person is not let in; or those of the store.
pub async fn external_sign_in(
    cx: &Context,
    from: &From,
    person: Person,
    new_users: Option<Role>,
) -> Result<std::result::Result<(String, Secret), ExternalRefusal>> {
    let (now, address, secret) = (cx.clock.now(), from.address, new_secret(cx));
    let session = secret::hash(&secret.0);
    // Nobody knows this one: a user who comes by the provider has no password until an Owner makes a link for one.
    // Making a hash is work on purpose: it is left out where nobody is made a user.
    let password = match new_users {
        Some(_) => user::hash_password(cx, new_secret(cx)).await?,
        None => Secret(String::new()),
    };
    let entered = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let name = person.name.as_deref().unwrap_or_default();
                let by_id = users::find_by_external_id(conn, &person.id).await?;
                let by_name = users::find_by_external_name(conn, name).await?;
                let namesake = users::find(conn, name).await?.is_some();
                let known = |row: &Option<UserRow>| row.as_ref().map(known);
                let outcome = external::decide(&person, known(&by_id), known(&by_name), namesake, new_users);
                let key = match outcome {
                    Err(refusal) => return Ok(Err(refusal)),
                    Ok(Outcome::SignIn(key) | Outcome::Bind(key)) => key,
                    Ok(Outcome::Create(_)) if user::check_name(name).is_err() => {
                        return Ok(Err(ExternalRefusal::NoName));
                    }
                    Ok(Outcome::Create(role)) => {
                        let made = users::insert(conn, name, role, &password, now).await?;
                        let key = made.ok_or(Error::from(Code::UserExists))?;
                        users::set_external_name(conn, key, Some(name)).await?;
                        session::forget_set_up(conn).await?;
                        key
                    }
                };
                users::bind(conn, key, &person.id).await?;
                begin(conn, key, &session, now, address).await?;
                let row = users::find_by_external_id(conn, &person.id).await?;
                Ok::<_, Error>(Ok(row.ok_or(Error::from(Code::UserNotFound))?.name))
            })
        })
        .await?;
    Ok(entered.map(|name| {
        tracing::info!(user = %name, from = %from.address, "a user signed in by the provider");
        (name, secret)
    }))
}

fn known(row: &UserRow) -> Known {
    Known { key: row.key, disabled: row.disabled, is_bound: row.external_id.is_some() }
}

/// Says by which name the provider knows a user; nothing keeps the provider's word from letting the user in. Whoever was bound to
/// the user before is forgotten, and the next person of that name is bound.
///
/// # Errors
/// `UserNotFound`, `InvalidPropertyValue` for a name that another user has.
pub async fn user_set_external_name(
    cx: &Context,
    caller: &Caller,
    user: &str,
    external_name: Option<String>,
) -> Result<api::User> {
    caller.may(None, Permission::UserWrite)?;
    let external_name = external_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) =
        external_name.as_ref().filter(|name| name.len() > LONGEST_NAME || name.contains(char::is_control))
    {
        let reason = format!("at most {LONGEST_NAME} characters, as the provider writes them");
        return Err(api::Error::invalid_property("externalName", &**name, reason).into());
    }
    let (name, cleared) = (user.to_owned(), external_name.is_none());
    let row = cx
        .store
        .write(move |conn| Box::pin(async move { set_name(conn, &name, external_name.as_deref()).await }))
        .await?;
    tracing::info!(user = %row.name, cleared, by = caller.name(), "a user's external name was set");
    Ok(user::to_api(cx, &row))
}

async fn set_name(conn: &mut Conn, user: &str, external_name: Option<&str>) -> Result<UserRow> {
    let row = users::find(conn, user).await?.ok_or(Error::from(Code::UserNotFound))?;
    let other = users::find_by_external_name(conn, external_name.unwrap_or_default()).await?;
    if other.is_some_and(|other| other.key != row.key) {
        let name = external_name.unwrap_or_default();
        return Err(api::Error::invalid_property("externalName", name, "another user has this external name").into());
    }
    users::set_external_name(conn, row.key, external_name).await?;
    Ok(UserRow { external_name: external_name.map(str::to_owned), external_id: None, ..row })
}
