//! `Microsoft.Authorization/roleDefinitions`: the built-in roles there are, under Azure's ids. They are the same at every scope, and
//! nobody makes others.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::error::{Failure, Result};
use super::router::Routes;
use super::{reply, role_assignment};
use crate::domain::role_definition::{self as definitions, RoleDefinition};
use crate::service::{Context, location};

const LISTS: [&str; 4] = [
    "/providers/microsoft.authorization/roledefinitions",
    "/subscriptions/{subscription}/providers/microsoft.authorization/roledefinitions",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.authorization/roledefinitions",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/providers/microsoft.authorization/roledefinitions",
];
const ITEMS: [&str; 4] = [
    "/providers/microsoft.authorization/roledefinitions/{definition}",
    "/subscriptions/{subscription}/providers/microsoft.authorization/roledefinitions/{definition}",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.authorization/roledefinitions/{definition}",
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/providers/microsoft.authorization/roledefinitions/{definition}",
];

pub fn routes() -> Routes {
    let routes =
        LISTS.iter().fold(Routes::default(), |routes, path| routes.on(Method::GET, path, role_definition_list));
    ITEMS.iter().fold(routes, |routes, path| routes.on(Method::GET, path, role_definition_get))
}

async fn role_definition_list(call: Call) -> Result {
    call.allow(&["$filter"])?;
    look(&call).await?;
    let fits = wanted(call.query("$filter").unwrap_or_default())?;
    let all = definitions::ALL.iter().filter(|definition| fits(definition));
    Ok(reply::whole(all.map(|definition| to_arm(&call.cx, definition)).collect()))
}

async fn role_definition_get(call: Call) -> Result {
    call.allow(&[])?;
    look(&call).await?;
    let name = call.name("definition");
    let found = definitions::of_id(name).filter(|_| !name.contains('/'));
    let found = found.ok_or_else(|| {
        let message = format!("The specified role definition with ID '{name}' does not exist.");
        Failure::new(StatusCode::NOT_FOUND, "RoleDefinitionDoesNotExist", message)
    })?;
    Ok(reply::resource(&to_arm(&call.cx, found)))
}

/// Whoever sees something of the installation knows its roles.
async fn look(call: &Call) -> Result<()> {
    location::location_list(&call.cx, &call.caller).await?;
    role_assignment::must_be_there(call).await
}

/// `roleName eq '…'` and `type eq 'BuiltInRole'` (or `'CustomRole'`, of which there are none); what says where a role can be assigned
/// holds for all of them.
fn wanted(filter: &str) -> Result<impl Fn(&RoleDefinition) -> bool> {
    let (mut name, mut kind) = (None, None);
    for term in filter.split(" and ").map(str::trim).filter(|term| !term.is_empty()) {
        let value = |property: &str| {
            let rest = term.strip_prefix(property)?.trim_start().strip_prefix("eq ")?;
            rest.trim().strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned)
        };
        if let Some(value) = value("roleName") {
            name = Some(value);
        } else if let Some(value) = value("type") {
            kind = Some(value);
        } else if !["atScope()", "atScopeAndBelow()"].iter().any(|known| known.eq_ignore_ascii_case(term)) {
            let message = "$filter: roleName eq '{name}', type eq 'BuiltInRole' and atScopeAndBelow() are known.";
            return Err(Failure::new(StatusCode::BAD_REQUEST, "InvalidFilter", message).about("$filter"));
        }
    }
    Ok(move |definition: &RoleDefinition| {
        name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(definition.name))
            && kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("BuiltInRole"))
    })
}

/// Ids name the installation's own subscription, whatever was asked: clients compare them as text.
pub fn id(cx: &Context, definition: &RoleDefinition) -> String {
    let subscription = cx.installation.subscription_id.to_ascii_lowercase();
    format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}", definition.id)
}

fn to_arm(cx: &Context, definition: &RoleDefinition) -> Value {
    json!({
        "id": id(cx, definition),
        "name": definition.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": definition.name,
            "type": "BuiltInRole",
            "description": definition.description,
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": definition.actions(),
                "notActions": [],
                "dataActions": definition.data_actions(),
                "notDataActions": [],
            }],
        },
    })
}
