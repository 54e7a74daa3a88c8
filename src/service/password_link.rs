//! Links by which users set their passwords themselves: for new users, and for those who forgot. A link works once, for a
//! day, and only the newest one of a user; whoever gives it out never learns the password.

use super::session::{From, begin, describe, new_secret, too_many};
use super::{Caller, Context, Error, Result, activity, user};
use crate::api::{self, Code, Duration, Role, Secret};
use crate::auth::secret;
use crate::domain::permission::Permission;
use crate::store::password_link as table;
use crate::store::user as users;

pub const LIFE: Duration = Duration::from_days(1);

/// Begins the name of no user: guesses of links share one counter for each address.
const GUESSES: &str = "#password-link";

/// Makes a user who sets the password by a link.
///
/// # Errors
/// `InvalidPropertyValue`, `UserExists`.
pub async fn user_invite(cx: &Context, caller: &Caller, name: &str, role: Role) -> Result<api::PasswordLink> {
    // Nobody knows this one.
    let password = new_secret(cx);
    user::user_create(cx, caller, name, role, password).await?;
    password_link_create(cx, caller, name).await
}

/// A link for a user; the password stays until it is used.
///
/// # Errors
/// `UserNotFound`; `OperationInvalidForCurrentState` for a disabled user.
pub async fn password_link_create(cx: &Context, caller: &Caller, name: &str) -> Result<api::PasswordLink> {
    caller.may(None, Permission::UserWrite)?;
    let secret = new_secret(cx);
    let (name, hash, expires) = (name.to_owned(), secret::hash(&secret.0), cx.clock.now().plus(LIFE));
    let user = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let row = users::find(conn, &name).await?.ok_or(Error::from(Code::UserNotFound))?;
                if row.disabled {
                    let reason = "The user is disabled.";
                    return Err(api::Error::new(Code::OperationInvalidForCurrentState).with("Reason", reason).into());
                }
                table::set(conn, row.key, &hash, expires).await?;
                Ok::<_, Error>(row.name)
            })
        })
        .await?;
    tracing::info!(user, by = caller.name(), "a link to set a password was made");
    Ok(api::PasswordLink { user, token: secret, expiry_time: expires })
}

/// Sets the password by the secret of a link, ends what was opened by the old one, and signs in.
///
/// # Errors
/// `AuthenticationFailed` when the link does not work any more; `InvalidPropertyValue` for the password; `TooManyRequests`.
pub async fn password_set(cx: &Context, from: &From, set: api::PasswordSet) -> Result<(api::Session, Secret)> {
    let now = cx.clock.now();
    cx.identity.throttle.begin(GUESSES, from.address, now).map_err(too_many)?;
    let link = secret::hash(&set.token.0);
    let found = table::find(&mut *cx.store.read().await?, &link, now).await?;
    activity::is_by(cx, &found.ok_or_else(dead)?);
    cx.identity.throttle.succeeded(GUESSES, from.address);
    let password_hash = user::hash_password(cx, set.password).await?;
    let (secret, address) = (new_secret(cx), from.address);
    let session = secret::hash(&secret.0);
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                // Looked at again inside the transaction: the link works once.
                let name = table::find(conn, &link, now).await?.ok_or_else(dead)?;
                let row = users::find(conn, &name).await?.ok_or_else(dead)?;
                table::delete(conn, row.key).await?;
                users::set_password(conn, row.key, &password_hash).await?;
                user::end_grants(conn, row.key).await?;
                begin(conn, row.key, &session, now, address).await?;
                Ok::<_, Error>(row)
            })
        })
        .await?;
    tracing::info!(user = %row.name, from = %from.address, "a user set a password by a link");
    Ok((describe(cx, &row.name, row.role), secret))
}

fn dead() -> Error {
    let reason = "The link does not work any more. Ask an Owner for a new one.";
    api::Error { message: reason.to_owned(), ..api::Error::new(Code::AuthenticationFailed) }.into()
}
