//! Who may do what on the management plane: every route, with every kind of wrong caller.

use axum::http::Method;
use fournil::api::{Duration, Role};
use fournil::arm;
use fournil::service::user;
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm, SUBSCRIPTION, token_of};

/// A path that has a name for each part that callers choose.
fn filled(path: &str) -> String {
    [
        ("{subscription}", SUBSCRIPTION),
        ("{group}", "default"),
        ("{account}", "test"),
        ("{location}", "local"),
        ("{pool}", "p"),
        ("{certificate}", "sha1-0a1b"),
        ("{application}", "app"),
        ("{version}", "1"),
        ("{namespace}", "Microsoft.Batch"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (part, name)| path.replace(part, name))
    .replace(['{', '}'], "")
}

/// A body that suits the route, so that it is the caller who is refused.
pub fn body(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "{account}" => json!({ "location": "local", "tags": { "a": "b" } }),
        "{group}" => json!({ "location": "local" }),
        "{certificate}" => json!({ "properties": { "data": "AAAA", "format": "Cer" } }),
        "{pool}" => json!({ "properties": { "vmSize": "local_1" } }),
        "{assignment}" => {
            json!({ "properties": { "roleDefinitionId": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "principalId": "x" } })
        }
        "activate" => json!({ "format": "zip" }),
        "regeneratekeys" => json!({ "keyName": "Primary" }),
        "checknameavailability" => json!({ "name": "abc", "type": "Microsoft.Batch/batchAccounts" }),
        _ => json!({}),
    }
}

/// Routes that change something, or show a secret.
fn is_guarded(method: &Method, path: &str) -> bool {
    let reads = ["checknameavailability", "register"];
    *method != Method::GET && !reads.iter().any(|end| path.ends_with(end))
}

#[tokio::test]
async fn every_route_refuses_whoever_has_no_token_that_is_valid() {
    let arm = Arm::new().await;
    let short = user::token_create(&arm.world.cx, &arm.world.caller, "owner", "", Some(Duration::from_mins(1)));
    let expired = short.await.unwrap().1.0;
    let (revoked, secret) = user::token_create(&arm.world.cx, &arm.world.caller, "owner", "", None).await.unwrap();
    user::token_revoke(&arm.world.cx, &arm.world.caller, &revoked.id).await.unwrap();
    arm.world.clock.forward(Duration::from_mins(2));
    let routes = arm::known();
    assert!(routes.len() > 40, "{}", routes.len());
    for (method, path) in routes {
        let target = filled(path);
        for (token, code) in [
            (None, "AuthenticationFailed"),
            (Some("garbage"), "InvalidAuthenticationToken"),
            (Some("fna_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "InvalidAuthenticationToken"),
            (Some(expired.as_str()), "InvalidAuthenticationToken"),
            (Some(secret.0.as_str()), "InvalidAuthenticationToken"),
        ] {
            let answer = arm.send(method.clone(), &target, token, Some(body(path))).await;
            answer.is_arm_error(401, code);
            assert!(answer.header("www-authenticate").starts_with("Bearer authorization_uri=\"http"), "{target}");
        }
    }
    // Paths that are not there tell no more.
    for path in ["/subscriptions/x/y/z", "/providers/Microsoft.Compute/operations", "/nothing"] {
        arm.send(Method::GET, path, None, None).await.is_arm_error(401, "AuthenticationFailed");
        arm.get(path).await.is_arm_error(404, "ResourceNotFound");
    }
}

#[tokio::test]
async fn a_reader_changes_nothing_and_sees_no_keys() {
    let arm = Arm::new().await;
    let pool = json!({ "properties": { "vmSize": "local_1" } });
    arm.put(&format!("{ACCOUNT}/pools/p"), pool).await.is(200);
    let reader = token_of(&arm.world, "reader", Role::Reader).await;
    let before = arm.get(ACCOUNT).await.json();
    let mut refused = 0;
    // Who may see and say who does what differs from scope to scope: see `permission_walk`.
    let is_of_roles = |path: &str| path.contains("/microsoft.authorization/roleassignments");
    for (method, path) in arm::known().into_iter().filter(|(_, path)| !is_of_roles(path)) {
        let answer = arm.send(method.clone(), &filled(path), Some(&reader.0), Some(body(path))).await;
        if is_guarded(&method, path) {
            answer.is_arm_error(403, "AuthorizationFailed");
            refused += 1;
        } else {
            assert_ne!(answer.status, 403, "{method} {path}");
            assert_ne!(answer.status, 401, "{method} {path}");
        }
    }
    assert_eq!(refused, 27);
    assert_eq!(arm.get(ACCOUNT).await.json(), before);
}

#[tokio::test]
async fn other_methods_are_refused_by_name() {
    let arm = Arm::new().await;
    for (_, path) in arm::known() {
        let answer = arm.call(Method::TRACE, &filled(path), None).await;
        answer.is_arm_error(405, "MethodNotAllowed");
        assert!(!answer.header("allow").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn each_role_may_do_what_its_name_says() {
    let arm = Arm::new().await;
    let account = json!({ "location": "local" });
    let other = ACCOUNT.replace("batchAccounts/test", "batchAccounts/other");
    let pool = json!({ "properties": { "vmSize": "local_1" } });
    for (role, account_status, pool_status, keys_status) in [
        (Role::Owner, 202, 200, 200),
        (Role::Contributor, 200, 200, 200),
        (Role::Reader, 403, 403, 403),
        (Role::BatchDataContributor, 403, 200, 403),
        (Role::BatchJobSubmitter, 403, 403, 403),
    ] {
        let token = token_of(&arm.world, &format!("u{}", role.as_str().len()), role).await;
        let send = |method, target: String, body: &Value| {
            let (arm, token, body) = (&arm, token.0.clone(), body.clone());
            async move { arm.send(method, &target, Some(&token), Some(body)).await.status.as_u16() }
        };
        assert_eq!(send(Method::PUT, other.clone(), &account).await, account_status, "{role}");
        assert_eq!(send(Method::PUT, format!("{ACCOUNT}/pools/p"), &pool).await, pool_status, "{role}");
        assert_eq!(send(Method::POST, format!("{ACCOUNT}/listKeys"), &json!({})).await, keys_status, "{role}");
    }
}

#[tokio::test]
async fn a_request_says_its_version() {
    let arm = Arm::new().await;
    for version in ["2015-12-01", "2021-01-01-preview", "2024-02-01", "2024-07-01", "2025-06-01", "2031-01-01"] {
        arm.get(&format!("{ACCOUNT}?api-version={version}")).await.is(200);
    }
    arm.get(&format!("{ACCOUNT}?api-version=latest")).await.is_arm_error(400, "InvalidApiVersionParameter");
    arm.get(&format!("{ACCOUNT}?api-version=")).await.is_arm_error(400, "MissingApiVersionParameter");
    let target = arm.get(&format!("{ACCOUNT}?$top=3")).await.is_arm_error(400, "UnsupportedQueryParameter");
    assert_eq!(target, "$top");
}
