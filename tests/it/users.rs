//! Users, as an Owner looks after them in the portal.

use fournil::api::{Code, Duration};
use serde_json::{Value, json};

use crate::support::server::{Browser, PASSWORD, TestServer, USER, server_with_owner};

async fn invite(owner: &mut Browser, user: &str, role: &str) -> String {
    let link = owner.call("user_invite", json!({ "user": user, "role": role })).await.expect_ok();
    link["token"].as_str().unwrap().to_owned()
}

fn set(token: &str, password: &str) -> Value {
    json!({ "set": { "token": token, "password": password } })
}

async fn grace(server: &TestServer, owner: &mut Browser) -> Browser {
    let token = invite(owner, "grace", "Contributor").await;
    let mut grace = server.browser();
    grace.call("password_set", set(&token, "another long password")).await.expect_ok();
    grace
}

#[tokio::test]
async fn a_user_sets_the_password_by_a_link_that_works_once() {
    let (server, mut owner) = server_with_owner().await;
    let token = invite(&mut owner, "grace", "Contributor").await;
    let mut browser = server.browser();
    let error = browser.call("password_set", set(&token, "short")).await.expect_error(Code::InvalidPropertyValue);
    assert_eq!(error.value("PropertyName"), Some("password"));
    let session = browser.call("password_set", set(&token, "another long password")).await.expect_ok();
    assert_eq!((&session["user"], &session["role"]), (&json!("grace"), &json!("Contributor")));
    browser.call("account_list", json!({ "query": {} })).await.expect_ok();
    let mut thief = server.browser();
    thief.call("password_set", set(&token, "yet another password")).await.expect_error(Code::AuthenticationFailed);
    browser.sign_in("grace", "another long password").await.expect_ok();
    owner.call("user_invite", json!({ "user": "GRACE", "role": "Reader" })).await.expect_error(Code::UserExists);
}

#[tokio::test]
async fn only_the_newest_link_of_a_user_works_and_only_for_a_day() {
    let (server, mut owner) = server_with_owner().await;
    let mut grace = grace(&server, &mut owner).await;
    let again = async |owner: &mut Browser| {
        let link = owner.call("password_link_create", json!({ "user": "grace" })).await.expect_ok();
        link["token"].as_str().unwrap().to_owned()
    };
    let old = again(&mut owner).await;
    let new = again(&mut owner).await;
    let mut browser = server.browser();
    browser.call("password_set", set(&old, PASSWORD)).await.expect_error(Code::AuthenticationFailed);
    grace.call("session_get", json!({})).await.expect_ok();
    browser.call("password_set", set(&new, PASSWORD)).await.expect_ok();
    grace.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
    let late = again(&mut owner).await;
    server.clock.forward(Duration::from_mins(24 * 60 + 1));
    server.browser().call("password_set", set(&late, PASSWORD)).await.expect_error(Code::AuthenticationFailed);
    owner.sign_in(USER, PASSWORD).await.expect_ok();
    let dead = again(&mut owner).await;
    owner.call("user_set_disabled", json!({ "user": "grace", "disabled": true })).await.expect_ok();
    server.browser().call("password_set", set(&dead, PASSWORD)).await.expect_error(Code::AuthenticationFailed);
    let call = json!({ "user": "grace" });
    owner.call("password_link_create", call).await.expect_error(Code::OperationInvalidForCurrentState);
}

#[tokio::test]
async fn another_role_holds_at_once_and_the_last_owner_stays() {
    let (server, mut owner) = server_with_owner().await;
    let mut grace = grace(&server, &mut owner).await;
    grace.call("user_list", json!({})).await.expect_error(Code::InsufficientAccountPermissions);
    owner.call("user_set_role", json!({ "user": "grace", "role": "Owner" })).await.expect_ok();
    grace.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
    grace.sign_in("grace", "another long password").await.expect_ok();
    assert_eq!(grace.call("user_list", json!({})).await.expect_ok().as_array().unwrap().len(), 2);
    grace.call("user_set_role", json!({ "user": USER, "role": "Reader" })).await.expect_ok();
    let last = json!({ "user": "grace", "role": "Reader" });
    grace.call("user_set_role", last).await.expect_error(Code::OperationInvalidForCurrentState);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let (server, mut owner) = server_with_owner().await;
    let mut first = grace(&server, &mut owner).await;
    server.clock.forward(Duration::from_mins(1));
    let mut second = server.browser();
    second.sign_in("grace", "another long password").await.expect_ok();
    let listed = second.call("session_list", json!({ "user": "grace" })).await.expect_ok();
    let sessions = listed.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!((&sessions[0]["isCurrent"], &sessions[0]["clientAddress"]), (&json!(true), &json!("127.0.0.1")));
    second.call("session_list", json!({ "user": USER })).await.expect_error(Code::InsufficientAccountPermissions);
    let end = json!({ "user": "grace", "id": sessions[1]["id"] });
    owner.call("session_revoke", end.clone()).await.expect_ok();
    owner.call("session_revoke", end).await.expect_error(Code::ResourceNotFound);
    first.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
    second.call("session_get", json!({})).await.expect_ok();
    // A session of another user is not found by its id.
    let mine = owner.call("session_list", json!({ "user": USER })).await.expect_ok()[0]["id"].clone();
    second.call("session_revoke", json!({ "user": "grace", "id": mine })).await.expect_error(Code::ResourceNotFound);
}
