//! Who may do what in a part of the installation. Whoever looks after users assigns roles everywhere; an Owner of one account
//! does in that account. Roles add up: what one allows, no other takes away.

use super::{Caller, Context, Error, Result};
use crate::api::{self, Code, Role, RoleAssignment};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::domain::scope::Scope;
use crate::store::role_assignment as table;
use crate::store::session as grants;
use crate::store::{account as accounts, user as users};

/// Assignments that hold in an account, those of its group and subscription with it, and users whose role holds everywhere;
/// without an account all assignments.
///
/// # Errors
/// `AccountNotFound`; `InsufficientAccountPermissions`.
pub async fn role_assignment_list(
    cx: &Context,
    caller: &Caller,
    account: Option<&AccountName>,
) -> Result<Vec<RoleAssignment>> {
    let Some(account) = account else {
        caller.may(None, Permission::UserWrite)?;
        return Ok(table::list(&mut *cx.store.read().await?, &[]).await?);
    };
    caller.may(Some(account), Permission::AccountRead)?;
    let mut conn = cx.store.read().await?;
    let row = accounts::find(&mut conn, account).await?.ok_or(Error::from(Code::AccountNotFound))?;
    let here = Scope::of_account(&row.subscription_id, &row.resource_group, account.as_str());
    let scopes: Vec<String> = here.with_outer().iter().map(ToString::to_string).collect();
    let everywhere =
        users::list(&mut conn).await?.into_iter().filter(|user| user.role != Role::NoRole && !user.disabled);
    let mut all: Vec<RoleAssignment> = everywhere
        .map(|user| RoleAssignment {
            id: String::new(),
            user: user.name,
            role: user.role,
            scope: "/".to_owned(),
            creation_time: user.created,
            created_by: String::new(),
        })
        .collect();
    all.extend(table::list(&mut conn, &scopes).await?);
    Ok(all)
}

/// Lets a user do in a scope what a role allows.
///
/// # Errors
/// `UserNotFound`, `AccountNotFound`, `InvalidPropertyValue` for a scope that is none; `RoleAssignmentExists`.
pub async fn role_assignment_create(
    cx: &Context,
    caller: &Caller,
    create: api::RoleAssignmentCreate,
) -> Result<RoleAssignment> {
    let scope = read_scope(&create.scope)?;
    may_assign(caller, &scope)?;
    if create.role == Role::NoRole {
        let reason = "A role that allows nothing is not assigned.";
        return Err(api::Error::invalid_property("role", create.role.as_str(), reason).into());
    }
    let mut bits = [0; 16];
    cx.random.fill(&mut bits);
    let id = uuid::Builder::from_random_bytes(bits).into_uuid().to_string();
    let (now, by) = (cx.clock.now(), caller.name().to_owned());
    let made = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                if let Scope::Account { account, .. } = &scope {
                    let account = account.parse().map_err(|_| Error::from(Code::AccountNotFound))?;
                    let row = accounts::find(conn, &account).await?.ok_or(Error::from(Code::AccountNotFound))?;
                    if Scope::of_account(&row.subscription_id, &row.resource_group, account.as_str()) != scope {
                        return Err(Error::from(Code::AccountNotFound));
                    }
                }
                let user = users::find(conn, &create.user).await?.ok_or(Error::from(Code::UserNotFound))?;
                let (name, scope) = (user.name, scope.to_string());
                let row =
                    RoleAssignment { id, user: name, role: create.role, scope, creation_time: now, created_by: by };
                let is_new = table::insert(conn, user.key, &row).await?;
                if is_new { Ok(row) } else { Err(Code::RoleAssignmentExists.into()) }
            })
        })
        .await?;
    tracing::info!(user = %made.user, role = %made.role, scope = made.scope, by = caller.name(), "a role was assigned");
    Ok(made)
}

/// Takes a role away; the user's sessions end, so that nothing goes on that the role allowed.
///
/// # Errors
/// `ResourceNotFound`, also for one that the caller may not take away.
pub async fn role_assignment_delete(cx: &Context, caller: &Caller, id: &str) -> Result<()> {
    let (id, who) = (id.to_owned(), caller.clone());
    let gone = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let (user_key, row) = table::find(conn, &id).await?.ok_or(Error::from(Code::ResourceNotFound))?;
                may_assign(&who, &read_scope(&row.scope)?).map_err(|_| Error::from(Code::ResourceNotFound))?;
                table::delete(conn, &id).await?;
                grants::delete_of_user(conn, user_key).await?;
                Ok::<_, Error>(row)
            })
        })
        .await?;
    tracing::info!(user = %gone.user, role = %gone.role, scope = gone.scope, by = caller.name(), "a role was taken away");
    Ok(())
}

fn read_scope(text: &str) -> Result<Scope> {
    text.parse().map_err(|error: crate::domain::scope::NotAScope| {
        api::Error::invalid_property("scope", text, error.to_string()).into()
    })
}

fn may_assign(caller: &Caller, scope: &Scope) -> Result<()> {
    match scope {
        Scope::Account { account, .. } => match account.parse() {
            Ok(account) => caller.may(Some(&account), Permission::UserWrite),
            Err(_) => Err(Code::AccountNotFound.into()),
        },
        _ => caller.may(None, Permission::UserWrite),
    }
}
