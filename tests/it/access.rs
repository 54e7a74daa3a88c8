//! Roles that hold in a part of the installation: an account, a resource group, a subscription.

use axum::http::Method;
use fournil::api::{Code, Role, RoleAssignmentCreate, Secret};
use fournil::service::{Caller, role_assignment, user};
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm, token_of};
use crate::support::server::{Browser, PASSWORD, TestServer, USER, server_with_owner};

/// Accounts `first` and `second` in different groups, and grace, who may do nothing.
async fn installation() -> (TestServer, Browser, Browser) {
    let (server, mut owner) = server_with_owner().await;
    for (name, group) in [("first", "lab"), ("second", "office")] {
        let create = json!({ "create": { "name": name, "location": "local", "resourceGroup": group } });
        owner.call("account_create", create).await.expect_ok();
    }
    let cx = &server.server.cx;
    user::user_create(cx, &Caller::system(), "grace", Role::NoRole, Secret(PASSWORD.into())).await.unwrap();
    let mut grace = server.browser();
    grace.sign_in("grace", PASSWORD).await.expect_ok();
    (server, owner, grace)
}

fn scope(server: &TestServer, rest: &str) -> String {
    format!("/subscriptions/{}{rest}", server.server.cx.installation.subscription_id)
}

fn assign(role: &str, scope: &str) -> Value {
    json!({ "assign": { "user": "grace", "role": role, "scope": scope } })
}

async fn accounts(browser: &mut Browser) -> Vec<String> {
    let page = browser.call("account_list", json!({ "query": {} })).await.expect_ok();
    let rows = page["items"].as_array().unwrap();
    assert_eq!(page["total"], rows.len());
    rows.iter().map(|row| row["account"]["name"].as_str().unwrap().to_owned()).collect()
}

const FIRST: &str = "/resourceGroups/lab/providers/Microsoft.Batch/batchAccounts/first";

#[tokio::test]
async fn without_a_role_nothing_is_seen() {
    let (_server, _, mut grace) = installation().await;
    let refused = Code::InsufficientAccountPermissions;
    grace.call("account_list", json!({ "query": {} })).await.expect_error(refused);
    grace.call("account_get", json!({ "account": "first" })).await.expect_error(refused);
    grace.call("pool_list", json!({ "account": "first", "query": {} })).await.expect_error(refused);
    grace.call("location_list", json!({})).await.expect_error(refused);
    grace.call("activity_list", json!({ "account": null, "filter": {}, "query": {} })).await.expect_error(refused);
    assert_eq!(grace.call("session_get", json!({})).await.expect_ok()["role"], "None");
}

#[tokio::test]
async fn a_role_in_one_account_opens_that_one_and_no_other() {
    let (server, mut owner, mut grace) = installation().await;
    let made = owner
        .call("role_assignment_create", assign("Batch Data Contributor", &scope(&server, FIRST)))
        .await
        .expect_ok();
    let refused = Code::InsufficientAccountPermissions;
    assert_eq!(accounts(&mut grace).await, ["first"]);
    let pool = |account: &str| json!({ "account": account, "create": { "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 0 } });
    grace.call("pool_create", pool("first")).await.expect_ok();
    grace.call("pool_create", pool("second")).await.expect_error(refused);
    grace.call("key_list", json!({ "account": "first" })).await.expect_error(refused);
    grace
        .call("account_create", json!({ "create": { "name": "third", "location": "local" } }))
        .await
        .expect_error(refused);
    let session = grace.call("session_get", json!({})).await.expect_ok();
    assert_eq!(session["accountRoles"], json!([{ "account": "first", "role": "Batch Data Contributor" }]));
    // The log shows what concerns her account, and what she did herself.
    let log = grace.call("activity_list", json!({ "account": null, "filter": {}, "query": {} })).await.expect_ok();
    let seen = |row: &Value| row["account"] == "first" || (row["account"].is_null() && row["caller"] == "grace");
    assert!(log["items"].as_array().unwrap().iter().all(seen), "{log}");
    grace.call("activity_list", json!({ "account": "second", "filter": {}, "query": {} })).await.expect_error(refused);
    // Again, and taken away: at once, and the session with it.
    owner
        .call("role_assignment_create", assign("Batch Data Contributor", &scope(&server, FIRST)))
        .await
        .expect_error(Code::RoleAssignmentExists);
    owner.call("role_assignment_delete", json!({ "id": made["id"] })).await.expect_ok();
    grace.call("account_list", json!({ "query": {} })).await.expect_error(Code::Unauthorized);
    grace.sign_in("grace", PASSWORD).await.expect_ok();
    grace.call("account_list", json!({ "query": {} })).await.expect_error(refused);
}

#[tokio::test]
async fn groups_and_subscriptions_hold_for_what_is_in_them() {
    let (server, mut owner, mut grace) = installation().await;
    owner.call("role_assignment_create", assign("Reader", &scope(&server, "/resourceGroups/LAB"))).await.expect_ok();
    assert_eq!(accounts(&mut grace).await, ["first"]);
    owner.call("role_assignment_create", assign("Reader", &scope(&server, ""))).await.expect_ok();
    assert_eq!(accounts(&mut grace).await, ["first", "second"]);
    // Roles add up.
    owner.call("role_assignment_create", assign("Batch Account Contributor", &scope(&server, FIRST))).await.expect_ok();
    grace.call("key_list", json!({ "account": "first" })).await.expect_ok();
    grace.call("key_list", json!({ "account": "second" })).await.expect_error(Code::InsufficientAccountPermissions);
    let listed = grace.call("role_assignment_list", json!({ "account": "first" })).await.expect_ok();
    let lines: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row["user"].as_str().unwrap(), row["role"].as_str().unwrap()))
        .collect();
    assert_eq!(lines, ["ada Owner", "grace Reader", "grace Reader", "grace Batch Account Contributor"]);
    for wrong in ["", "/", "/subscriptions", "first"] {
        owner.call("role_assignment_create", assign("Reader", wrong)).await.expect_error(Code::InvalidPropertyValue);
    }
    let elsewhere = scope(&server, "/resourceGroups/office/providers/Microsoft.Batch/batchAccounts/first");
    owner.call("role_assignment_create", assign("Reader", &elsewhere)).await.expect_error(Code::AccountNotFound);
}

#[tokio::test]
async fn an_owner_of_one_account_assigns_roles_there_and_nowhere_else() {
    let (server, mut owner, mut grace) = installation().await;
    owner.call("role_assignment_create", assign("Owner", &scope(&server, FIRST))).await.expect_ok();
    let refused = Code::InsufficientAccountPermissions;
    let give = |scope: String| json!({ "assign": { "user": USER, "role": "Reader", "scope": scope } });
    let mine = grace.call("role_assignment_create", give(scope(&server, FIRST))).await.expect_ok();
    grace.call("role_assignment_create", give(scope(&server, "/resourceGroups/lab"))).await.expect_error(refused);
    grace.call("role_assignment_create", give(scope(&server, ""))).await.expect_error(refused);
    let second = "/resourceGroups/office/providers/Microsoft.Batch/batchAccounts/second";
    grace.call("role_assignment_create", give(scope(&server, second))).await.expect_error(refused);
    let other = owner.call("role_assignment_create", assign("Reader", &scope(&server, second))).await.expect_ok();
    grace.call("role_assignment_delete", json!({ "id": other["id"] })).await.expect_error(Code::ResourceNotFound);
    grace.call("role_assignment_delete", json!({ "id": mine["id"] })).await.expect_ok();
    // Neither users nor the limits of the account.
    grace.call("user_list", json!({})).await.expect_error(refused);
    grace.call("user_set_role", json!({ "user": "grace", "role": "Owner" })).await.expect_error(refused);
    let quotas = fournil::api::AccountQuotas::default();
    grace.call("account_quotas_set", json!({ "account": "first", "quotas": quotas })).await.expect_error(refused);
}

#[tokio::test]
async fn the_management_plane_knows_the_same_roles() {
    let arm = Arm::new().await;
    let world = &arm.world;
    let token = token_of(world, "grace", Role::NoRole).await;
    let get = |target: &'static str| arm.send(Method::GET, target, Some(&token.0), None);
    get(ACCOUNT).await.is(403);
    let create = fournil::api::RoleAssignmentCreate {
        user: "grace".into(),
        role: Role::BatchAccountReader,
        scope: ACCOUNT.into(),
    };
    fournil::service::role_assignment::role_assignment_create(&world.cx, &Caller::system(), create).await.unwrap();
    get(ACCOUNT).await.is(200);
    let list = get("/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Batch/batchAccounts").await;
    assert_eq!(list.is(200).json()["value"].as_array().unwrap().len(), 1);
    let groups = get("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups").await.is(200);
    assert_eq!(groups.json()["value"].as_array().unwrap().len(), 1);
    let keys = format!("{ACCOUNT}/listKeys");
    arm.send(Method::POST, &keys, Some(&token.0), None).await.is(403);
    arm.send(Method::DELETE, ACCOUNT, Some(&token.0), None).await.is(403);
}

#[tokio::test]
async fn whoever_links_storage_to_an_account_may_use_all_storage() {
    let (server, mut owner, mut grace) = installation().await;
    let link = |id: Value| json!({ "account": "first", "storage_account_id": id });
    owner.call("role_assignment_create", assign("Contributor", &scope(&server, FIRST))).await.expect_ok();
    let refused = Code::InsufficientAccountPermissions;
    grace.call("account_storage_set", link(json!("fournil"))).await.expect_error(refused);
    // By which nothing is linked yet, and could be one day.
    grace.call("account_storage_set", link(json!("later"))).await.expect_error(refused);
    let patch = json!({ "account": "first", "patch": { "storageAccountId": "fournil" } });
    grace.call("account_patch", patch).await.expect_error(refused);
    assert_eq!(
        grace.call("account_storage_get", json!({ "account": "first" })).await.expect_ok()["choices"],
        json!([])
    );
    owner.call("account_storage_set", link(json!("fournil"))).await.expect_ok();
    // What is linked may be named again, synchronised and taken away.
    grace.call("account_storage_set", link(json!("fournil"))).await.expect_ok();
    grace.call("account_storage_sync", json!({ "account": "first" })).await.expect_ok();
    grace.call("account_storage_set", link(Value::Null)).await.expect_ok();
    grace.call("account_storage_set", link(json!("fournil"))).await.expect_error(refused);
}

#[tokio::test]
async fn programs_link_storage_by_the_same_right() {
    let arm = Arm::new().await;
    let world = &arm.world;
    let patch = json!({ "properties": { "autoStorage": { "storageAccountId": "fournil" } } });
    for (name, role, status) in [("grace", Role::NoRole, 403), ("wren", Role::Contributor, 200)] {
        let token = token_of(world, name, role).await;
        let create =
            RoleAssignmentCreate { user: name.into(), role: Role::BatchAccountContributor, scope: ACCOUNT.into() };
        role_assignment::role_assignment_create(&world.cx, &Caller::system(), create).await.unwrap();
        arm.send(Method::PATCH, ACCOUNT, Some(&token.0), Some(patch.clone())).await.is(status);
        // The rest of the account is theirs to change.
        let tags = json!({ "tags": { "by": name } });
        arm.send(Method::PATCH, ACCOUNT, Some(&token.0), Some(tags)).await.is(200);
    }
}
