//! Role assignments and definitions by the management plane, as `az role assignment` uses them.

use axum::http::Method;
use fournil::api::{Role, Secret};
use fournil::service::user;
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm, SUBSCRIPTION, token_of};

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const ONE: &str = "11111111-1111-4111-8111-111111111111";
const TWO: &str = "22222222-2222-4222-8222-222222222222";

fn at(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments{}{name}", if name.is_empty() { "" } else { "/" })
}

fn role(scope: &str, id: &str) -> Value {
    json!({ "properties": {
        "roleDefinitionId": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{id}"),
        "principalId": null,
        "principalType": "User",
    } })
}

/// A plane with user grace, who may do nothing yet: her id, and her token.
async fn with_grace() -> (Arm, String, Secret) {
    let arm = Arm::new().await;
    let token = token_of(&arm.world, "grace", Role::NoRole).await;
    let users = user::user_list(&arm.world.cx, &arm.world.caller).await.unwrap();
    let id = users.into_iter().find(|user| user.name == "grace").unwrap().principal_id;
    (arm, id, token)
}

fn assign(scope: &str, id: &str, principal: &str) -> Value {
    let mut body = role(scope, id);
    body["properties"]["principalId"] = principal.into();
    body
}

async fn names(arm: &Arm, target: &str) -> Vec<String> {
    arm.get(target).await.is(200).each("name")
}

#[tokio::test]
async fn a_role_is_assigned_found_and_taken_away() {
    let (arm, grace, token) = with_grace().await;
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    arm.send(Method::GET, ACCOUNT, Some(&token.0), None).await.is(403);
    let body = assign(&subscription, READER, &grace);
    let made = arm.put(&at(ACCOUNT, ONE), body.clone()).await.is(201).json();
    assert_eq!(made["name"], ONE);
    let properties = &made["properties"];
    assert_eq!((&properties["principalId"], &properties["principalType"]), (&json!(grace), &json!("User")));
    assert_eq!(
        properties["roleDefinitionId"],
        format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}")
    );
    assert_eq!(properties["scope"], ACCOUNT.to_ascii_lowercase());
    arm.send(Method::GET, ACCOUNT, Some(&token.0), None).await.is(200);

    // The same again is no failure; another role under the name is, and so is the same role under another name.
    arm.put(&at(ACCOUNT, ONE), body.clone()).await.is(200);
    arm.put(&at(ACCOUNT, ONE), assign(&subscription, OWNER, &grace)).await.is_arm_error(409, "RoleAssignmentExists");
    arm.put(&at(ACCOUNT, TWO), body).await.is_arm_error(409, "RoleAssignmentExists");

    assert_eq!(arm.get(&at(ACCOUNT, ONE)).await.is(200).json(), made);
    assert_eq!(arm.get(made["id"].as_str().unwrap()).await.is(200).json(), made);
    arm.get(&at(&subscription, ONE)).await.is(404);
    assert_eq!(arm.delete(&at(ACCOUNT, ONE)).await.is(200).json(), made);
    arm.delete(&at(ACCOUNT, ONE)).await.is(204);
    arm.send(Method::GET, ACCOUNT, Some(&token.0), None).await.is(403);
}

#[tokio::test]
async fn lists_show_what_holds_at_a_scope_or_below_it() {
    let (arm, grace, _) = with_grace().await;
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    let group = format!("{subscription}/resourceGroups/default");
    arm.put(&at(ACCOUNT, ONE), assign(&subscription, OWNER, &grace)).await.is(201);
    arm.put(&at(&group, TWO), assign("", READER, &grace)).await.is(201);
    let owner = arm.world.cx.installation.principal_id("owner");
    let all = names(&arm, &at(&subscription, "")).await;
    assert_eq!(all, [owner.as_str(), TWO, ONE].map(str::to_owned));
    let filtered = |scope: &str, filter: &str| format!("{}?$filter={filter}", at(scope, ""));
    assert_eq!(names(&arm, &filtered(&subscription, "atScope()")).await, std::slice::from_ref(&owner));
    assert_eq!(names(&arm, &filtered(&group, "atScope()")).await, [owner.clone(), TWO.to_owned()]);
    assert_eq!(names(&arm, &filtered(ACCOUNT, "atScope()")).await, [owner.as_str(), TWO, ONE].map(str::to_owned));
    let hers = filtered(&subscription, &format!("principalId%20eq%20%27{grace}%27"));
    assert_eq!(names(&arm, &hers).await, [TWO, ONE]);
    // A user's own role is an assignment at the root that only the user's page changes.
    let own = arm.get(&at("", &owner)).await.is(200).json();
    assert_eq!((&own["properties"]["scope"], &own["name"]), (&json!("/"), &json!(owner)));
    arm.delete(&at("", &owner)).await.is_arm_error(409, "OperationInvalidForCurrentState");
    arm.put(&at("", ONE), assign("", READER, &grace)).await.is_arm_error(400, "ScopeNotSupported");
}

#[tokio::test]
async fn what_cannot_be_assigned_is_refused_by_name() {
    let (arm, grace, _) = with_grace().await;
    let put = async |scope: &str, name: &str, change: &dyn Fn(&mut Value)| {
        let mut body = assign("", READER, &grace);
        change(&mut body["properties"]);
        arm.put(&at(scope, name), body).await
    };
    let nothing = |_: &mut Value| ();
    put(ACCOUNT, "not-a-guid", &nothing).await.is_arm_error(400, "InvalidRoleAssignmentId");
    let target = put(ACCOUNT, ONE, &|p| p["principalId"] = json!(ONE)).await.is_arm_error(400, "PrincipalNotFound");
    assert_eq!(target, "properties.principalId");
    let unknown = put(ACCOUNT, ONE, &|p| p["roleDefinitionId"] = json!(TWO)).await;
    assert_eq!(unknown.is_arm_error(400, "RoleDefinitionDoesNotExist"), "properties.roleDefinitionId");
    let group = put(ACCOUNT, ONE, &|p| p["principalType"] = json!("Group")).await;
    assert_eq!(group.is_arm_error(400, "InvalidPropertyValue"), "properties.principalType");
    let condition = put(ACCOUNT, ONE, &|p| p["condition"] = json!("x")).await;
    assert_eq!(condition.is_arm_error(400, "UnsupportedProperty"), "properties.condition");
    let nowhere = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/nowhere");
    put(&nowhere, ONE, &nothing).await.is_arm_error(404, "ResourceGroupNotFound");
    arm.get(&format!("{}?$filter=scope%20eq%20%27x%27", at(ACCOUNT, ""))).await.is_arm_error(400, "InvalidFilter");
}

#[tokio::test]
async fn roles_are_listed_with_azures_ids_and_what_they_allow() {
    let (arm, _, _) = with_grace().await;
    let list = format!("{ACCOUNT}/providers/Microsoft.Authorization/roleDefinitions");
    assert_eq!(names(&arm, &list).await.len(), 7);
    let one = arm.get(&format!("{list}?$filter=roleName%20eq%20%27Azure%20Batch%20Job%20Submitter%27")).await.json();
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    let definition = &one["value"][0];
    assert_eq!(definition["name"], "48e5e92e-a480-4e71-aa9c-2778f4c13781");
    assert_eq!(arm.get(definition["id"].as_str().unwrap()).await.is(200).json(), *definition);
    let owner = arm.get(&format!("/providers/Microsoft.Authorization/roleDefinitions/{OWNER}")).await.is(200).json();
    let actions = owner["properties"]["permissions"][0]["actions"].as_array().unwrap().clone();
    assert!(actions.contains(&json!("Microsoft.Authorization/roleAssignments/write")));
    assert_eq!(names(&arm, &format!("{list}?$filter=type%20eq%20%27CustomRole%27")).await, [""; 0]);
    arm.get(&format!("{list}/{ONE}")).await.is_arm_error(404, "RoleDefinitionDoesNotExist");
}

#[tokio::test]
async fn an_owner_of_one_account_assigns_there_and_sees_no_more() {
    let (arm, grace, token) = with_grace().await;
    arm.put(&at(ACCOUNT, ONE), assign("", OWNER, &grace)).await.is(201);
    let other = token_of(&arm.world, "other", Role::NoRole).await;
    let other_id = arm.world.cx.installation.principal_id("other");
    let as_grace = async |method: Method, target: String, body: Option<Value>| {
        arm.send(method, &target, Some(&token.0), body).await
    };
    as_grace(Method::PUT, at(ACCOUNT, TWO), Some(assign("", READER, &other_id))).await.is(201);
    arm.send(Method::GET, ACCOUNT, Some(&other.0), None).await.is(200);
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/default");
    as_grace(Method::PUT, at(&group, TWO), Some(assign("", READER, &other_id))).await.is(403);
    as_grace(Method::GET, at(&group, ""), None).await.is(403);
    as_grace(Method::DELETE, at(ACCOUNT, TWO), None).await.is(200);
}
