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
    // What is the user's own is not taken away here, so it has no id to do it by.
    let own = everywhere(cx, users::list(&mut conn).await?);
    let mut all: Vec<RoleAssignment> = own.into_iter().map(|row| RoleAssignment { id: String::new(), ..row }).collect();
    all.extend(table::list(&mut conn, &scopes).await?);
    Ok(all)
}

/// What of the assignments around a scope is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those that hold here, without those of parts of the scope.
    pub at_scope: bool,
    /// Of the user with this id only.
    pub principal: Option<String>,
}

/// Assignments that hold in a scope, and those of its parts; `None` is everything. Users' own roles are assignments at `/`. For
/// programs; see [`role_assignment_list`] for people.
///
/// # Errors
/// `AccountNotFound`; `InsufficientAccountPermissions`.
pub async fn role_assignment_around(
    cx: &Context,
    caller: &Caller,
    scope: Option<&Scope>,
    wanted: &Wanted,
) -> Result<Vec<RoleAssignment>> {
    may_look(caller, scope)?;
    let mut conn = cx.store.read().await?;
    let outer: Vec<String> = scope.map(Scope::with_outer).unwrap_or_default().iter().map(ToString::to_string).collect();
    let inner = scope.map_or_else(|| "/".to_owned(), |scope| format!("{scope}/"));
    let holds_here = |row: &RoleAssignment| row.scope == "/" || outer.contains(&row.scope);
    let mut all = everywhere(cx, users::list(&mut conn).await?);
    all.extend(table::list(&mut conn, &[]).await?);
    all.retain(|row| holds_here(row) || (!wanted.at_scope && row.scope.starts_with(&inner)));
    if let Some(id) = &wanted.principal {
        all.retain(|row| cx.installation.principal_id(&row.user).eq_ignore_ascii_case(id));
    }
    Ok(all)
}

/// Users' own roles, as assignments for everything.
fn everywhere(cx: &Context, users: Vec<users::UserRow>) -> Vec<RoleAssignment> {
    let users = users.into_iter().filter(|user| user.role != Role::NoRole && !user.disabled);
    users
        .map(|user| RoleAssignment {
            // Programs want a name for everything; it is that of nothing else.
            id: cx.installation.principal_id(&user.name),
            user: user.name,
            role: user.role,
            scope: "/".to_owned(),
            creation_time: user.created,
            created_by: String::new(),
        })
        .collect()
}

/// Whether the caller may know who does what there. Chosen here: of a group or a subscription, only who looks after users may.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_look(caller: &Caller, scope: Option<&Scope>) -> Result<()> {
    match scope {
        Some(Scope::Account { account, .. }) => match account.parse() {
            Ok(account) => caller.may(Some(&account), Permission::AccountRead),
            Err(_) => Err(Code::AccountNotFound.into()),
        },
        _ => caller.may(None, Permission::UserWrite),
    }
}

/// One assignment of exactly this scope.
///
/// # Errors
/// `ResourceNotFound`; `InsufficientAccountPermissions`.
pub async fn role_assignment_get(
    cx: &Context,
    caller: &Caller,
    scope: Option<&Scope>,
    id: &str,
) -> Result<RoleAssignment> {
    let here = scope.map_or_else(|| "/".to_owned(), ToString::to_string);
    let all = role_assignment_around(cx, caller, scope, &Wanted { at_scope: true, principal: None }).await?;
    let found = all.into_iter().find(|row| row.scope == here && row.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| Code::ResourceNotFound.into())
}

/// Makes an assignment with an id that the caller chose; whether it was made, or was there as it is said. For programs.
///
/// # Errors
/// `UserNotFound` for a principal that there is not; `RoleAssignmentExists` where the user has the role under another id, or the id is
/// another assignment's.
pub async fn role_assignment_put(
    cx: &Context,
    caller: &Caller,
    scope: &Scope,
    id: &str,
    role: Role,
    principal: &str,
) -> Result<(RoleAssignment, bool)> {
    may_assign(caller, Some(scope))?;
    let id = id.to_ascii_lowercase();
    let (there, users) = {
        let mut conn = cx.store.read().await?;
        (table::find(&mut conn, &id).await?.map(|(_, row)| row), users::list(&mut conn).await?)
    };
    let user = users.into_iter().find(|user| cx.installation.principal_id(&user.name).eq_ignore_ascii_case(principal));
    let user = user.ok_or(Error::from(Code::UserNotFound))?.name;
    match there {
        Some(row) if row.user == user && row.role == role && row.scope == scope.to_string() => Ok((row, false)),
        Some(_) => {
            let reason = "The id is that of another assignment, and an assignment does not change.";
            Err(api::Error::new(Code::RoleAssignmentExists).with("Reason", reason).into())
        }
        None => {
            let create = api::RoleAssignmentCreate { user, role, scope: scope.to_string() };
            Ok((make(cx, caller, id, create).await?, true))
        }
    }
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
    let mut bits = [0; 16];
    cx.random.fill(&mut bits);
    make(cx, caller, uuid::Builder::from_random_bytes(bits).into_uuid().to_string(), create).await
}

async fn make(cx: &Context, caller: &Caller, id: String, create: api::RoleAssignmentCreate) -> Result<RoleAssignment> {
    let scope = read_scope(&create.scope)?;
    may_assign(caller, Some(&scope))?;
    if create.role == Role::NoRole {
        let reason = "A role that allows nothing is not assigned.";
        return Err(api::Error::invalid_property("role", create.role.as_str(), reason).into());
    }
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
                may_assign(&who, Some(&read_scope(&row.scope)?)).map_err(|_| Error::from(Code::ResourceNotFound))?;
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

/// Whether the caller gives and takes roles there.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_assign(caller: &Caller, scope: Option<&Scope>) -> Result<()> {
    match scope {
        Some(Scope::Account { account, .. }) => match account.parse() {
            Ok(account) => caller.may(Some(&account), Permission::UserWrite),
            Err(_) => Err(Code::AccountNotFound.into()),
        },
        _ => caller.may(None, Permission::UserWrite),
    }
}
