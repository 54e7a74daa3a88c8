//! Network rules of accounts: from which addresses the data plane answers and agents are let in.

use axum::body::Body;
use axum::http::Request;
use fournil::api::Code;
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm};
use crate::support::rest::Rest;
use crate::support::server::{Browser, Reply, TestServer, server_with};

/// A server behind a proxy at 127.0.0.2 that is trusted, with account `acc`, its Owner and a token of that Owner.
async fn server_behind_proxy() -> (TestServer, Browser, String) {
    let server = server_with(|args| args.trusted_proxies = Some(vec!["127.0.0.1".into(), "10.0.0.0/8".into()])).await;
    let mut owner = server.browser();
    server.set_up(&mut owner).await;
    owner.call("account_create", json!({ "create": { "name": "acc", "location": "local" } })).await.expect_ok();
    let made = owner.call("token_create", json!({ "description": "", "life": "P1D" })).await.expect_ok();
    let token = made["secret"].as_str().unwrap().to_owned();
    (server, owner, token)
}

async fn call(server: &TestServer, token: &str, forwarded: Option<&str>) -> Reply {
    let request = Request::get("/pools?api-version=2024-02-01.19.0")
        .header("host", format!("acc.localhost:{}", server.server.address.port()))
        .header("authorization", format!("Bearer {token}"));
    let request = forwarded.into_iter().fold(request, |request, said| request.header("x-forwarded-for", said));
    server.browser().send(request.body(Body::empty()).unwrap()).await
}

fn patch(access: Value) -> Value {
    json!({ "account": "acc", "patch": { "networkProfile": { "accountAccess": access } } })
}

fn only(rules: &[&str]) -> Value {
    let rules: Vec<Value> = rules.iter().map(|rule| json!({ "action": "Allow", "value": rule })).collect();
    json!({ "defaultAction": "Deny", "ipRules": rules })
}

#[tokio::test]
async fn the_data_plane_answers_whom_the_rules_name() {
    let (server, mut owner, token) = server_behind_proxy().await;
    call(&server, &token, None).await.expect_ok();
    owner.call("account_patch", patch(only(&["192.0.2.0/24"]))).await.expect_ok();
    for (forwarded, status) in [
        (None, 403),
        (Some("192.0.2.7"), 200),
        (Some("192.0.3.7"), 403),
        // What a stranger made up before the proxy added the stranger's address.
        (Some("192.0.2.7, 198.51.100.1"), 403),
        (Some("198.51.100.1, 192.0.2.7, 10.1.1.1"), 200),
    ] {
        let reply = call(&server, &token, forwarded).await;
        assert_eq!(reply.status, status, "{forwarded:?} {reply:?}");
        if status == 403 {
            assert_eq!(reply.header("x-ms-error-code"), Some("Forbidden"), "{reply:?}");
        }
    }
    // The portal is not limited: it is where the rules are changed.
    owner.call("pool_list", json!({ "account": "acc", "query": {} })).await.expect_ok();
    owner.call("account_patch", patch(json!({ "defaultAction": "Allow" }))).await.expect_ok();
    call(&server, &token, None).await.expect_ok();
    let wrong = owner.call("account_patch", patch(only(&["192.0.2.0/24", "home"]))).await;
    let error = wrong.expect_error(Code::InvalidPropertyValue);
    assert_eq!(error.value("PropertyName"), Some("networkProfile.accountAccess.ipRules[1].value"));
}

#[tokio::test]
async fn nobody_is_believed_who_is_no_trusted_proxy() {
    let server = server_with(|_| ()).await;
    let mut owner = server.browser();
    server.set_up(&mut owner).await;
    owner.call("account_create", json!({ "create": { "name": "acc", "location": "local" } })).await.expect_ok();
    let made = owner.call("token_create", json!({ "description": "", "life": "P1D" })).await.expect_ok();
    let token = made["secret"].as_str().unwrap();
    owner.call("account_patch", patch(only(&["192.0.2.0/24"]))).await.expect_ok();
    assert_eq!(call(&server, token, Some("192.0.2.7")).await.status, 403);
    owner.call("account_patch", patch(only(&["127.0.0.0/8"]))).await.expect_ok();
    call(&server, token, Some("192.0.2.7")).await.expect_ok();
}

#[tokio::test]
async fn a_caller_whose_address_is_not_known_is_let_in_by_no_rule() {
    let rest = Rest::new().await;
    let profile = fournil::api::NetworkProfile {
        account_access: Some(serde_json::from_value(only(&["0.0.0.0/0", "::/0"])).unwrap()),
        node_management_access: None,
    };
    let patch = fournil::api::AccountPatch { network_profile: Some(profile), ..Default::default() };
    let world = &rest.world;
    fournil::service::account::account_patch(&world.cx, &world.caller, &world.account, patch).await.unwrap();
    rest.get("/pools").await.is_error(403, "Forbidden");
}

#[tokio::test]
async fn the_management_plane_stores_and_tells_the_rules() {
    let arm = Arm::new().await;
    let open = json!({ "defaultAction": "Allow", "ipRules": [] });
    let both = json!({ "accountAccess": open, "nodeManagementAccess": open });
    assert_eq!(arm.get(ACCOUNT).await.json()["properties"]["networkProfile"], both);
    let body = |profile: Value| json!({ "properties": { "networkProfile": profile } });
    let closed = only(&["192.0.2.1"]);
    arm.patch(ACCOUNT, body(json!({ "accountAccess": closed }))).await.is(200);
    arm.patch(ACCOUNT, body(json!({ "nodeManagementAccess": only(&["127.0.0.1"]) }))).await.is(200);
    let seen = arm.get(ACCOUNT).await.json()["properties"]["networkProfile"].clone();
    assert_eq!(seen, json!({ "accountAccess": closed, "nodeManagementAccess": only(&["127.0.0.1"]) }));
    let wrong = arm.patch(ACCOUNT, body(json!({ "accountAccess": only(&["x"]) }))).await;
    assert_eq!(
        wrong.is_arm_error(400, "InvalidPropertyValue"),
        "properties.networkProfile.accountAccess.ipRules[0].value"
    );
}
