//! A program that has no browser signs in as a person, by a code that the person allows in the portal (RFC 8628).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fournil::api::{Code, Duration};
use serde_json::{Value, json};

use crate::support::server::{Browser, TestServer, USER, server_with_owner};

const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn post(program: &Browser, way: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post(format!("/fournil/oauth2/v2.0/{way}"))
        .header("content-type", "application/x-www-form-urlencoded");
    let reply = program.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

/// Begins and returns the code for the person and the program's own.
async fn begin(program: &Browser) -> (String, String) {
    let (status, begun) = post(program, "devicecode", &[("client_id", CLIENT), ("scope", "openid")]).await;
    assert_eq!(status, 200, "{begun}");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert!(text("message").contains(&text("user_code")) && text("verification_uri").ends_with("/device"));
    (text("user_code"), text("device_code"))
}

async fn poll(program: &Browser, code: &str) -> (StatusCode, Value) {
    post(program, "token", &[("grant_type", GRANT), ("client_id", CLIENT), ("device_code", code)]).await
}

async fn accounts(server: &TestServer, token: &str) -> StatusCode {
    let subscription = &server.server.cx.installation.subscription_id;
    let path = format!("/subscriptions/{subscription}/providers/Microsoft.Batch/batchAccounts?api-version=2024-02-01");
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    server.browser().send(request.body(Body::empty()).unwrap()).await.status
}

fn claims(token: &Value) -> Value {
    let body = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
async fn a_program_waits_until_a_person_lets_it_in_and_acts_as_that_person() {
    let (server, mut person) = server_with_owner().await;
    let program = server.browser();
    let (user_code, device_code) = begin(&program).await;
    let (status, waiting) = poll(&program, &device_code).await;
    assert_eq!((status.as_u16(), waiting["error"].as_str()), (400, Some("authorization_pending")));
    assert_eq!(poll(&program, &device_code).await.1["error"], "slow_down");
    let by_code = json!({ "code": user_code.to_lowercase().replace('-', " ") });
    let asking = person.call("device_sign_in_get", by_code.clone()).await.expect_ok();
    assert_eq!((asking["clientId"].as_str(), asking["from"].as_str()), (Some(CLIENT), Some("127.0.0.1")));
    person.call("device_sign_in_allow", by_code.clone()).await.expect_ok();
    person.call("device_sign_in_allow", by_code).await.expect_error(Code::ResourceNotFound);

    let (status, given) = poll(&program, &device_code).await;
    assert_eq!(status, 200, "{given}");
    assert_eq!(accounts(&server, given["access_token"].as_str().unwrap()).await, 200);
    let id = claims(&given["id_token"]);
    assert_eq!((id["aud"].as_str(), id["preferred_username"].as_str()), (Some(CLIENT), Some(USER)));
    let tenant = server.server.cx.installation.tenant_id();
    assert_eq!(claims(&given["access_token"])["tid"], tenant);
    let found = program.get("/fournil/v2.0/.well-known/openid-configuration").await;
    let found: Value = serde_json::from_slice(&found.body).unwrap();
    assert_eq!(found["issuer"], id["iss"], "strict clients compare them");
    assert_eq!(poll(&program, &device_code).await.1["error"], "expired_token", "it is given once");

    let refresh = given["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh)];
    let (status, renewed) = post(&program, "token", &again).await;
    assert_eq!(
        (status.as_u16(), accounts(&server, renewed["access_token"].as_str().unwrap()).await.as_u16()),
        (200, 200)
    );

    let tokens = person.call("token_list", json!({})).await.expect_ok();
    assert_eq!(tokens[0]["description"], format!("{CLIENT} at 127.0.0.1, by a device code"));
    person.call("token_revoke", json!({ "id": tokens[0]["id"] })).await.expect_ok();
    assert_eq!(accounts(&server, renewed["access_token"].as_str().unwrap()).await, 401);
    assert_eq!(post(&program, "token", &again).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_person_can_refuse_and_a_code_runs_out() {
    let (server, mut person) = server_with_owner().await;
    let program = server.browser();
    let (user_code, device_code) = begin(&program).await;
    person.call("device_sign_in_refuse", json!({ "code": user_code })).await.expect_ok();
    assert_eq!(poll(&program, &device_code).await.1["error"], "access_denied");

    let (user_code, device_code) = begin(&program).await;
    server.clock.forward(Duration::from_mins(15));
    person.call("device_sign_in_allow", json!({ "code": user_code })).await.expect_error(Code::ResourceNotFound);
    assert_eq!(poll(&program, &device_code).await.1["error"], "expired_token");
    assert_eq!(person.call("token_list", json!({})).await.expect_ok(), json!([]), "nothing is left behind");
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_nobody_can_ask_without_end() {
    let (server, mut person) = server_with_owner().await;
    let guess = json!({ "code": "BCDF-GHJK" });
    for _ in 0..5 {
        person.call("device_sign_in_get", guess.clone()).await.expect_error(Code::ResourceNotFound);
    }
    person.call("device_sign_in_get", guess).await.expect_error(Code::TooManyRequests);
    let program = server.browser();
    for _ in 0..20 {
        begin(&program).await;
    }
    let (status, refused) = post(&program, "devicecode", &[("client_id", CLIENT)]).await;
    assert_eq!((status.as_u16(), refused["error"].as_str()), (429, Some("temporarily_unavailable")));
    assert_eq!(post(&program, "devicecode", &[]).await.1["error"], "invalid_request");
    let strange = Request::post("/contoso.example/oauth2/v2.0/devicecode").body(Body::from("client_id=x")).unwrap();
    assert_eq!(program.send(strange).await.status, 400);
}
