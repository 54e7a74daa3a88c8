//! `Microsoft.Authorization/roleAssignments`, at everything, a subscription, a resource group or an account. A principal is a user.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Body, Shape};
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::role_definition;
use super::router::Routes;
use crate::api::{Code, RoleAssignment};
use crate::domain::role_definition as definitions;
use crate::domain::scope::Scope;
use crate::service::role_assignment::{self, Wanted};
use crate::service::{self, Context, resource_group};

/// Lists, and items, of each kind of scope.
const LISTS: [&str; 4] = [
    "/providers/microsoft.authorization/roleassignments",
    "/subscriptions/{subscription}/providers/microsoft.authorization/roleassignments",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.authorization/roleassignments",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/providers/microsoft.authorization/roleassignments",
];
const ITEMS: [&str; 4] = [
    "/providers/microsoft.authorization/roleassignments/{assignment}",
    "/subscriptions/{subscription}/providers/microsoft.authorization/roleassignments/{assignment}",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.authorization/roleassignments/{assignment}",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/providers/microsoft.authorization/roleassignments/{assignment}",
];

pub fn routes() -> Routes {
    let routes =
        LISTS.iter().fold(Routes::default(), |routes, path| routes.on(Method::GET, path, role_assignment_list));
    ITEMS.iter().fold(routes, |routes, path| {
        routes.on(Method::GET, path, role_assignment_get).on(Method::PUT, path, role_assignment_put).on(
            Method::DELETE,
            path,
            role_assignment_delete,
        )
    })
}

#[derive(Deserialize)]
struct AssignmentBody {
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    role_definition_id: String,
    principal_id: String,
    principal_type: Option<String>,
}

impl Shape for AssignmentBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type"];
    /// What is null or empty in what clients send back says nothing.
    const READ_ONLY_BELOW: &'static [&'static str] = &["scope", "createdOn", "updatedOn", "createdBy", "updatedBy"];
}

/// The scope that the path names, whether it is there or not; nothing for everything.
fn named(call: &Call) -> Option<Scope> {
    let [subscription, group, account] =
        ["subscription", "group", "account"].map(|name| call.name(name).to_ascii_lowercase());
    match (subscription.is_empty(), group.is_empty(), account.is_empty()) {
        (true, ..) => None,
        (_, true, _) => Some(Scope::Subscription(subscription)),
        (_, _, true) => Some(Scope::Group { subscription, group }),
        _ => Some(Scope::Account { subscription, group, account }),
    }
}

/// Refuses a scope that is not there.
pub(super) async fn must_be_there(call: &Call) -> Result<()> {
    let [subscription, group, account] = ["subscription", "group", "account"].map(|name| call.name(name));
    if !account.is_empty() {
        call.account().await?;
    } else if !group.is_empty() {
        resource_group::resource_group_get(&call.cx, &call.caller, subscription, group).await?;
    } else if !subscription.is_empty() {
        resource_group::subscription_get(&call.cx, &call.caller, subscription).await?;
    }
    Ok(())
}

/// The scope, for a caller who may assign roles there; whoever may not learns nothing of what there is.
async fn to_change(call: &Call) -> Result<Option<Scope>> {
    let scope = named(call);
    role_assignment::may_assign(&call.caller, scope.as_ref())?;
    must_be_there(call).await?;
    Ok(scope)
}

/// The scope, for a caller who may know who does what there.
async fn to_look(call: &Call) -> Result<Option<Scope>> {
    let scope = named(call);
    role_assignment::may_look(&call.caller, scope.as_ref())?;
    must_be_there(call).await?;
    Ok(scope)
}

async fn role_assignment_list(call: Call) -> Result {
    let wanted = wanted(call.query("$filter").unwrap_or_default())?;
    call.allow(&["$filter"])?;
    let scope = to_look(&call).await?;
    let rows = role_assignment::role_assignment_around(&call.cx, &call.caller, scope.as_ref(), &wanted).await?;
    Ok(reply::whole(rows.iter().filter_map(|row| to_arm(&call.cx, row)).collect()))
}

/// `atScope()`, `principalId eq '…'` and `assignedTo('…')`, joined by `and`. There are no groups of users, so the last two ask the
/// same.
fn wanted(filter: &str) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    for term in filter.split(" and ").map(str::trim).filter(|term| !term.is_empty()) {
        let quoted = |text: &str| text.trim().strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned);
        let principal = term
            .strip_prefix("principalId eq ")
            .or_else(|| term.strip_prefix("assignedTo(").and_then(|rest| rest.strip_suffix(')')))
            .and_then(quoted);
        match principal {
            Some(id) => wanted.principal = Some(id),
            None if term.eq_ignore_ascii_case("atScope()") => wanted.at_scope = true,
            None => {
                let message =
                    "$filter: atScope(), principalId eq '{id}' and assignedTo('{id}') are known, joined by and.";
                return Err(Failure::new(StatusCode::BAD_REQUEST, "InvalidFilter", message).about("$filter"));
            }
        }
    }
    Ok(wanted)
}

async fn role_assignment_get(call: Call) -> Result {
    call.allow(&[])?;
    let scope = to_look(&call).await?;
    let name = call.name("assignment");
    let row = role_assignment::role_assignment_get(&call.cx, &call.caller, scope.as_ref(), name).await?;
    to_arm(&call.cx, &row).map(|value| reply::resource(&value)).ok_or_else(|| Code::ResourceNotFound.into())
}

async fn role_assignment_put(call: Call, Body(body): Body<AssignmentBody>) -> Result {
    call.allow(&[])?;
    // Who may do everything everywhere is said of the user, not by an assignment.
    let Some(scope) = to_change(&call).await? else {
        let reason = "A role for everything is the user's own: change the user.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "ScopeNotSupported", reason));
    };
    let name = uuid::Uuid::parse_str(call.name("assignment")).map_err(|_| {
        let reason = "The name of a role assignment is a GUID.";
        Failure::new(StatusCode::BAD_REQUEST, "InvalidRoleAssignmentId", reason)
    })?;
    let Properties { role_definition_id, principal_id, principal_type } = body.properties;
    // Programs sign in for users as service principals; both are users here.
    if principal_type.as_deref().is_some_and(|kind| !["User", "ServicePrincipal"].contains(&kind)) {
        return Err(Failure::property(
            "properties.principalType",
            "Roles are assigned to users: User or ServicePrincipal.",
        ));
    }
    let definition = definitions::of_id(&role_definition_id).ok_or_else(|| {
        let message = format!("The role definition '{role_definition_id}' does not exist.");
        Failure::new(StatusCode::BAD_REQUEST, "RoleDefinitionDoesNotExist", message)
            .about("properties.roleDefinitionId")
    })?;
    let name = name.to_string();
    let put =
        role_assignment::role_assignment_put(&call.cx, &call.caller, &scope, &name, definition.role, &principal_id)
            .await;
    let (row, made) = put.map_err(|error| refused(error, &principal_id))?;
    let value = to_arm(&call.cx, &row).ok_or(Failure::from(Code::InternalError))?;
    Ok((if made { StatusCode::CREATED } else { StatusCode::OK }, reply::resource(&value)).into_response())
}

fn refused(error: service::Error, principal: &str) -> Failure {
    if error.public.code != Code::UserNotFound {
        return error.into();
    }
    let message = format!(
        "There is no user with the id '{principal}'. Users and their ids are on the page Users, and in `fournil admin user list --json`."
    );
    Failure::new(StatusCode::BAD_REQUEST, "PrincipalNotFound", message).about("properties.principalId")
}

/// Answers what is gone; one that is not there: 204.
async fn role_assignment_delete(call: Call) -> Result {
    call.allow(&["tenantid"])?;
    let scope = to_change(&call).await?;
    let name = call.name("assignment");
    let row = match role_assignment::role_assignment_get(&call.cx, &call.caller, scope.as_ref(), name).await {
        Ok(row) => row,
        Err(error) if error.public.code == Code::ResourceNotFound => return Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => return Err(error.into()),
    };
    if scope.is_none() {
        let reason = "It is the user's own role: change the user.";
        return Err(Failure::new(StatusCode::CONFLICT, "OperationInvalidForCurrentState", reason));
    }
    role_assignment::role_assignment_delete(&call.cx, &call.caller, &row.id).await?;
    to_arm(&call.cx, &row).map(|value| reply::resource(&value)).ok_or_else(|| Code::ResourceNotFound.into())
}

fn to_arm(cx: &Context, row: &RoleAssignment) -> Option<Value> {
    let definition = definitions::of(row.role)?;
    let scope = if row.scope == "/" { "" } else { row.scope.as_str() };
    let by = if row.created_by.is_empty() { String::new() } else { cx.installation.principal_id(&row.created_by) };
    Some(json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", row.id),
        "name": row.id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": role_definition::id(cx, definition),
            "principalId": cx.installation.principal_id(&row.user),
            "principalType": "User",
            "scope": row.scope,
            "condition": null,
            "conditionVersion": null,
            "description": null,
            "createdOn": row.creation_time,
            "updatedOn": row.creation_time,
            "createdBy": by,
            "updatedBy": by,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_clients_are_read_and_others_refused() {
        let check = |filter: &str, at_scope: bool, principal: Option<&str>| {
            let read = wanted(filter).unwrap();
            assert_eq!((read.at_scope, read.principal.as_deref()), (at_scope, principal), "{filter}");
        };
        check("", false, None);
        check("atScope()", true, None);
        check("principalId eq 'p'", false, Some("p"));
        check("atScope() and assignedTo('p')", true, Some("p"));
        for wrong in ["principalId eq p", "scope eq 'x'", "atScope() or atScope()", "assignedTo('p'"] {
            assert_eq!(wanted(wrong).unwrap_err().code, "InvalidFilter", "{wrong}");
        }
    }
}
