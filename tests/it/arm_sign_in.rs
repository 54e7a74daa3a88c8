//! Sign-in of programs on the management plane.

use axum::body::Body;
use axum::http::{Method, Request};
use fournil::api::{Duration, Role};
use fournil::service::{session, user};
use serde_json::json;

use crate::support::arm::{ACCOUNT, Arm, SUBSCRIPTION, form, token_of};
use crate::support::rest::Answer;

const TOKEN: &str = "/fournil/oauth2/v2.0/token";

fn open(path: &str) -> Request<Body> {
    Request::get(path).header("host", "batch.example:8080").body(Body::empty()).unwrap()
}

async fn exchange(arm: &Arm, client: &str, secret: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("scope", "https%3A%2F%2Fbatch.example%2F.default"),
    ];
    arm.answer(form(TOKEN, &fields)).await
}

#[tokio::test]
async fn a_program_finds_its_way_from_the_address_alone() {
    let arm = Arm::new().await;
    let cloud = arm.answer(open("/metadata/endpoints?api-version=2022-09-01")).await.is(200).json();
    assert_eq!(cloud["authentication"]["loginEndpoint"], "http://batch.example:8080");
    assert_eq!(cloud["authentication"]["audiences"], json!(["http://batch.example:8080/"]));
    assert_eq!(cloud["resourceManager"], "http://batch.example:8080");
    assert!(!cloud.to_string().contains(SUBSCRIPTION), "nothing of the installation is shown");
    let old = arm.answer(open("/metadata/endpoints?api-version=2019-05-01")).await.is(200).json();
    assert_eq!(old, json!([cloud]));
    let newer = format!("http://batch.example:8080/{}/v2.0", arm.world.cx.installation.tenant_id());
    for (tenant, way, token, issuer) in [
        ("fournil", "/v2.0", "/oauth2/v2.0/token", &newer),
        ("common", "/v2.0", "/oauth2/v2.0/token", &newer),
        ("ADFS", "", "/oauth2/token", &"http://batch.example:8080/adfs".to_owned()),
    ] {
        let path = format!("/{tenant}{way}/.well-known/openid-configuration");
        let found = arm.answer(open(&path)).await.is(200).json();
        let base = format!("http://batch.example:8080/{}", tenant.to_lowercase());
        assert_eq!(found["token_endpoint"], format!("{base}{token}"));
        assert_eq!(found["issuer"], *issuer);
        // Whoever is sent there is told what else to do, and sent to nowhere.
        let authorize =
            found["authorization_endpoint"].as_str().unwrap().strip_prefix("http://batch.example:8080").unwrap();
        let sent = arm.answer(open(&format!("{authorize}?client_id=x&redirect_uri=http%3A%2F%2Fevil"))).await.is(400);
        assert_eq!(sent.json()["error"], "unsupported_response_type");
        assert!(sent.headers.get("location").is_none());
    }
    arm.answer(open("/contoso.example/v2.0/.well-known/openid-configuration"))
        .await
        .is_arm_error(400, "invalid_tenant");
}

#[tokio::test]
async fn a_users_token_is_exchanged_for_one_that_lives_for_an_hour() {
    let arm = Arm::new().await;
    let answer = exchange(&arm, "OWNER", &arm.token.0).await.is(200).json();
    assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_i64()), (Some("Bearer"), Some(3600)));
    let access = answer["access_token"].as_str().unwrap().to_owned();
    let get = || arm.send(Method::GET, ACCOUNT, Some(&access), None);
    get().await.is(200);
    arm.world.clock.forward(Duration::from_mins(59));
    get().await.is(200);
    let token = user::token_list(&arm.world.cx, &arm.world.caller, None).await.unwrap().swap_remove(0);
    assert_eq!(token.last_used, Some(arm.world.cx.clock.now()), "the use is seen on the personal token");
    arm.world.clock.forward(Duration::from_mins(1));
    get().await.is_arm_error(401, "InvalidAuthenticationToken");
    session::remove_expired(&arm.world.cx).await.unwrap();
}

#[tokio::test]
async fn an_access_token_ends_with_what_it_stands_for() {
    let arm = Arm::new().await;
    let (cx, me) = (&arm.world.cx, &arm.world.caller);
    let works = async |access: &str| arm.send(Method::GET, ACCOUNT, Some(access), None).await.status == 200;
    let issue = async |client: &str, secret: &str| {
        let answer = exchange(&arm, client, secret).await.is(200).json();
        (answer["access_token"].as_str().unwrap().to_owned(), answer["expires_in"].as_i64().unwrap())
    };
    let (short, secret) = user::token_create(cx, me, "owner", "", Some(Duration::from_mins(10))).await.unwrap();
    let (access, life) = issue("owner", &secret.0).await;
    assert_eq!(life, 600, "not longer than the personal token");
    assert!(works(&access).await);
    user::token_revoke(cx, me, &short.id).await.unwrap();
    assert!(!works(&access).await, "revoked");
    exchange(&arm, "owner", &secret.0).await.is(401);

    let grace = token_of(&arm.world, "grace", Role::Reader).await;
    let (access, _) = issue("grace", &grace.0).await;
    assert!(works(&access).await);
    user::user_set_disabled(cx, me, "grace", true).await.unwrap();
    assert!(!works(&access).await, "disabled");
}

#[tokio::test]
async fn wrong_credentials_are_told_in_oauths_words_and_slowed_down() {
    let arm = Arm::new().await;
    let grace = token_of(&arm.world, "grace", Role::Reader).await;
    for (fields, status, error) in [
        (vec![("grant_type", "password")], 400, "unsupported_grant_type"),
        (vec![], 400, "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials"), ("client_id", "owner")], 401, "invalid_client"),
        (
            vec![("grant_type", "client_credentials"), ("client_id", "owner"), ("client_secret", &grace.0)],
            401,
            "invalid_client",
        ),
    ] {
        let answer = arm.answer(form(TOKEN, &fields)).await.is(status);
        assert_eq!(answer.json()["error"], error);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    arm.answer(form("/contoso/oauth2/v2.0/token", &[])).await.is(400);
    arm.answer(open(TOKEN)).await.is_arm_error(405, "MethodNotAllowed");
    // Guesses at one user wait longer and longer.
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(exchange(&arm, "nobody", "fnl_guess").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let waits = exchange(&arm, "nobody", "fnl_guess").await.is(429);
    assert_eq!((waits.json()["error"].as_str(), waits.header("retry-after")), (Some("temporarily_unavailable"), "1"));
    exchange(&arm, "grace", &grace.0).await.is(200);
}

#[tokio::test]
async fn the_identity_endpoint_takes_a_personal_token_as_its_header() {
    let arm = Arm::new().await;
    let ask = |header: Option<&str>| {
        let mut request = open("/msi/token?api-version=2019-08-01&resource=https://batch.example/");
        if let Some(header) = header {
            request.headers_mut().insert("x-identity-header", header.parse().unwrap());
        }
        request
    };
    let answer = arm.answer(ask(Some(&arm.token.0))).await.is(200).json();
    assert_eq!(
        (answer["resource"].as_str(), answer["token_type"].as_str()),
        (Some("https://batch.example/"), Some("Bearer"))
    );
    assert_eq!(answer["expires_on"], (arm.world.cx.clock.now().micros() / 1_000_000 + 3600).to_string());
    arm.send(Method::GET, ACCOUNT, answer["access_token"].as_str(), None).await.is(200);
    arm.answer(ask(None)).await.is_arm_error(401, "AuthenticationFailed");
    arm.answer(ask(Some("fnl_guess"))).await.is_arm_error(401, "AuthenticationFailed");
}
