//! Sessions of users as those see them who look after users: where they were begun, and how to end them.

use super::{Caller, Context, Error, Result, Who};
use crate::api::{self, Code};
use crate::domain::permission::Permission;
use crate::store::session as table;
use crate::store::user as users;

/// Sessions that last, newest first.
///
/// # Errors
/// `UserNotFound`.
pub async fn session_list(cx: &Context, caller: &Caller, user: &str) -> Result<Vec<api::OpenSession>> {
    may_look_after(caller, user)?;
    let mut conn = cx.store.read().await?;
    let row = users::find(&mut conn, user).await?.ok_or(Error::from(Code::UserNotFound))?;
    let own = match &caller.who {
        Who::User { session: Some(hash), .. } => Some(table::id(hash)),
        _ => None,
    };
    let mut sessions = table::list(&mut conn, row.key, cx.clock.now()).await?;
    sessions.iter_mut().for_each(|session| session.is_current = own.as_ref() == Some(&session.id));
    Ok(sessions)
}

/// Ends a session at once.
///
/// # Errors
/// `UserNotFound`; `ResourceNotFound` when it has ended.
pub async fn session_revoke(cx: &Context, caller: &Caller, user: &str, id: &str) -> Result<()> {
    may_look_after(caller, user)?;
    let (name, id) = (user.to_owned(), id.to_owned());
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                let row = users::find(conn, &name).await?.ok_or(Error::from(Code::UserNotFound))?;
                let is_gone = !table::delete_by_id(conn, row.key, &id).await?;
                if is_gone { Err(Error::from(Code::ResourceNotFound)) } else { Ok(()) }
            })
        })
        .await?;
    tracing::info!(user, by = caller.name(), "a session was ended");
    Ok(())
}

/// Users look after their own sessions while signed in to the portal.
fn may_look_after(caller: &Caller, user: &str) -> Result<()> {
    match &caller.who {
        Who::User { name, session: Some(_), .. } if name.eq_ignore_ascii_case(user) => Ok(()),
        _ => caller.may(None, Permission::UserWrite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::secret;

    #[test]
    fn the_id_of_a_session_is_no_secret() {
        let hash = secret::hash("a secret");
        assert_eq!(table::id(&hash).len(), 16);
        assert_ne!(table::id(&hash), table::id(&secret::hash("another")));
    }
}
