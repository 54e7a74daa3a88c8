//! Applications in the portal: a package comes block by block with the user's own rights, and is active when it is whole.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use fournil::api::{Code, Role, Secret};
use fournil::service::{Caller, user};
use serde_json::{Value, json};

use crate::support::server::{Browser, PASSWORD, Reply, TestServer, server_with_owner};

/// Linked storage is chosen, synced, and taken away; what is linked and not there is said.
#[tokio::test]
async fn linked_storage_is_shown_with_what_could_be_linked() {
    let (_server, mut owner) = with_application().await;
    let at = json!({ "account": "studio" });
    let linked = owner.call("account_storage_get", at.clone()).await.expect_ok();
    assert_eq!((&linked["storageAccountId"], &linked["choices"]), (&json!("fournil"), &json!(["fournil"])));
    assert_eq!(linked["account"]["name"], "fournil");
    owner.call("account_storage_sync", at.clone()).await.expect_ok();
    for (id, expected) in [(json!("elsewhere"), json!("elsewhere")), (Value::Null, Value::Null)] {
        let link = json!({ "account": "studio", "storage_account_id": id });
        owner.call("account_storage_set", link).await.expect_ok();
        let linked = owner.call("account_storage_get", at.clone()).await.expect_ok();
        assert_eq!((&linked["storageAccountId"], &linked["account"]), (&expected, &Value::Null));
    }
    owner.call("account_storage_sync", at).await.expect_error(Code::AutoStorageNotConfigured);
}

/// An account with linked storage and an application `tool`.
async fn with_application() -> (TestServer, Browser) {
    let (server, mut owner) = server_with_owner().await;
    owner.call("account_create", json!({ "create": { "name": "studio", "location": "local" } })).await.expect_ok();
    let create = json!({ "account": "studio", "application": "tool", "create": { "displayName": "The tool" } });
    owner.call("application_create", create.clone()).await.expect_error(Code::AutoStorageNotConfigured);
    let link = json!({ "account": "studio", "storage_account_id": "fournil" });
    owner.call("account_storage_set", link).await.expect_ok();
    owner.call("application_create", create.clone()).await.expect_ok();
    owner.call("application_create", create).await.expect_error(Code::ConditionNotMet);
    (server, owner)
}

fn of(version: &str) -> Value {
    json!({ "account": "studio", "application": "tool", "version": version })
}

async fn block(browser: &Browser, version: &str, id: &str, body: &'static str) -> Reply {
    let uri = format!("/portal/packages/studio/tool/{version}?block={id}");
    let request = Request::builder().method(Method::PUT).uri(uri).header("content-type", "application/octet-stream");
    browser.send(request.body(Body::from(body)).unwrap()).await
}

async fn commit(browser: &mut Browser, version: &str, blocks: &[&str]) -> Reply {
    let mut body = of(version);
    body["blocks"] = json!(blocks);
    browser.call("application_package_commit", body).await
}

async fn activate(browser: &mut Browser, version: &str, text: &'static str) {
    browser.call("application_package_create", of(version)).await.expect_ok();
    assert_eq!(block(browser, version, "AAAA", text).await.status, StatusCode::CREATED);
    commit(browser, version, &["AAAA"]).await.expect_ok();
}

async fn versions(browser: &mut Browser) -> Vec<(String, String, Value)> {
    let list = browser.call("application_package_list", of("")).await.expect_ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |p: &Value| (text(&p["version"]), text(&p["state"]), p["contentLength"].clone());
    list.as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn a_package_is_active_when_all_of_it_has_come() {
    let (server, mut owner) = with_application().await;
    let made = owner.call("application_package_create", of("1.0")).await.expect_ok();
    assert_eq!((&made["state"], &made["storageUrl"]), (&json!("Pending"), &Value::Null));
    owner.call("application_package_create", of("1.0")).await.expect_error(Code::ConditionNotMet);
    for (id, part) in [("AAAA", "half "), ("AAAB", "and half")] {
        assert_eq!(block(&owner, "1.0", id, part).await.status, StatusCode::CREATED);
    }
    // Nothing of it can be used before.
    assert_eq!(owner.call("application_choice_list", json!({ "account": "studio" })).await.expect_ok(), json!([]));
    commit(&mut owner, "1.0", &["AAAA", "AAAC"]).await.expect_error(Code::InvalidInput);
    assert_eq!(versions(&mut owner).await, [("1.0".to_owned(), "Pending".to_owned(), Value::Null)]);
    commit(&mut owner, "1.0", &["AAAA", "AAAB"]).await.expect_ok();
    server.clock.forward(fournil::api::Duration::from_mins(1));
    activate(&mut owner, "1.1", "new").await;
    let expected = [("1.1", 3), ("1.0", 13)].map(|(name, n)| (name.to_owned(), "Active".to_owned(), json!(n)));
    assert_eq!(versions(&mut owner).await, expected);
    let choices = owner.call("application_choice_list", json!({ "account": "studio" })).await.expect_ok();
    assert_eq!(choices, json!([{ "id": "tool", "versions": ["1.0", "1.1"] }]));
    let log = owner.call("activity_list", json!({ "account": "studio", "filter": {}, "query": {} })).await.expect_ok();
    let names: Vec<&str> = log["items"].as_array().unwrap().iter().map(|e| e["operation"].as_str().unwrap()).collect();
    let expected = "Microsoft.Batch/batchAccounts/applications/versions/commit/action";
    assert!(names.contains(&expected), "{names:?}");
}

#[tokio::test]
async fn an_active_package_keeps_its_content_until_the_new_one_is_whole() {
    let (_server, mut owner) = with_application().await;
    activate(&mut owner, "1.0", "old").await;
    assert_eq!(block(&owner, "1.0", "AAAA", "newer").await.status, StatusCode::CREATED);
    assert_eq!(versions(&mut owner).await, [("1.0".to_owned(), "Active".to_owned(), json!(3))]);
    commit(&mut owner, "1.0", &["AAAA"]).await.expect_ok();
    assert_eq!(versions(&mut owner).await, [("1.0".to_owned(), "Active".to_owned(), json!(5))]);

    let closed = json!({ "account": "studio", "application": "tool", "patch": { "allowUpdates": false, "defaultVersion": "1.0" } });
    owner.call("application_update", closed).await.expect_ok();
    block(&owner, "1.0", "AAAA", "x").await.expect_error(Code::ApplicationUpdatesNotAllowed);
    commit(&mut owner, "1.0", &[]).await.expect_error(Code::ApplicationUpdatesNotAllowed);
    owner.call("application_package_delete", of("1.0")).await.expect_error(Code::ApplicationUpdatesNotAllowed);
    owner.call("application_delete", of("")).await.expect_error(Code::ApplicationNotEmpty);
    block(&owner, "2.0", "AAAA", "x").await.expect_error(Code::ApplicationPackageNotFound);
}

#[tokio::test]
async fn a_list_of_applications_is_searched_sorted_and_paged() {
    let (_server, mut owner) = with_application().await;
    for id in ["Blender", "blur", "zip"] {
        owner
            .call("application_create", json!({ "account": "studio", "application": id, "create": {} }))
            .await
            .expect_ok();
    }
    let mut list = async |query: Value| {
        let page = owner.call("application_list", json!({ "account": "studio", "query": query })).await.expect_ok();
        let ids: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()).collect();
        (ids.join(" "), page["next"].clone(), page["total"].clone())
    };
    assert_eq!(list(json!({})).await, ("Blender blur tool zip".to_owned(), Value::Null, json!(4)));
    assert_eq!(list(json!({ "search": "BL", "states": ["active"] })).await.0, "Blender blur");
    let (first, next, _) = list(json!({ "limit": 3, "sort": "creationTime" })).await;
    assert_eq!(first, "tool Blender blur");
    assert_eq!(list(json!({ "limit": 3, "sort": "creationTime", "cursor": next })).await.0, "zip");
    let bad = json!({ "account": "studio", "query": { "sort": "nothing" } });
    owner.call("application_list", bad).await.expect_error(Code::InvalidQueryParameterValue);
}

#[tokio::test]
async fn a_right_in_the_account_is_enough_and_a_reader_uploads_nothing() {
    let (server, mut owner) = with_application().await;
    let cx = &server.server.cx;
    for (name, role) in [("grace", Role::NoRole), ("rita", Role::Reader)] {
        user::user_create(cx, &Caller::system(), name, role, Secret(PASSWORD.into())).await.unwrap();
    }
    let scope = format!(
        "/subscriptions/{}/resourceGroups/default/providers/Microsoft.Batch/batchAccounts/studio",
        cx.installation.subscription_id
    );
    let assign = json!({ "assign": { "user": "grace", "role": "Batch Data Contributor", "scope": scope } });
    owner.call("role_assignment_create", assign).await.expect_ok();
    let mut grace = server.browser();
    grace.sign_in("grace", PASSWORD).await.expect_ok();
    activate(&mut grace, "1.0", "hers").await;
    let mut rita = server.browser();
    rita.sign_in("rita", PASSWORD).await.expect_ok();
    assert_eq!(versions(&mut rita).await.len(), 1);
    rita.call("application_package_create", of("2.0")).await.expect_error(Code::InsufficientAccountPermissions);
    block(&rita, "1.0", "AAAA", "x").await.expect_error(Code::InsufficientAccountPermissions);
    commit(&mut rita, "1.0", &[]).await.expect_error(Code::InsufficientAccountPermissions);
    rita.call("application_delete", of("")).await.expect_error(Code::InsufficientAccountPermissions);
    block(&server.browser(), "1.0", "AAAA", "x").await.expect_error(Code::Unauthorized);
}
