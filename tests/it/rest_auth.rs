//! Who may use the data plane: every route, with every kind of wrong credentials.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fournil::api::{AccountPatch, AuthenticationMode, Code, Duration, Role, Secret};
use fournil::service::{account, key, user};
use serde_json::json;

use crate::support::rest::{Ask, Rest};

/// Every path that a source of ours makes a route of, with ids of things that there are not.
fn paths() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rest");
    let mut paths = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text: String = fs::read_to_string(path).unwrap().split_whitespace().collect();
        for part in text.split(".route(\"").skip(1) {
            let route = part.split('"').next().unwrap();
            let filled = route.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            paths.insert(filled.collect::<Vec<_>>().join("/"));
        }
    }
    assert!(paths.contains("/jobs/x/tasks/x/files/x") && paths.len() > 30, "{paths:?}");
    paths
}

async fn each_route(rest: &Rest, check: impl AsyncFn(Ask)) {
    for path in paths() {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            check(rest.ask(method, &path)).await;
        }
    }
}

#[tokio::test]
async fn no_route_answers_without_credentials() {
    let rest = Rest::new().await;
    each_route(&rest, async |ask| {
        let (head, what) = (ask.method == "HEAD", format!("{} {}", ask.method, ask.path));
        let answer = rest.send(ask.unsigned()).await;
        assert_eq!(answer.status, 401, "{what}");
        assert!(answer.header("www-authenticate").starts_with("SharedKey"), "{what}");
        if head {
            assert!(answer.bytes.is_empty(), "{what}");
        } else {
            answer.is_error(401, "AuthenticationFailed");
        }
    })
    .await;
}

#[tokio::test]
async fn no_route_answers_a_wrong_signature() {
    let rest = Rest::new().await;
    each_route(&rest, async |ask| {
        let what = format!("{} {}", ask.method, ask.path);
        assert_eq!(rest.send(ask.with_key(&[7; 64])).await.status, 403, "{what}");
    })
    .await;
}

#[tokio::test]
async fn both_keys_sign_and_a_replaced_one_does_not() {
    let rest = Rest::new().await;
    rest.get("/pools").await.is(200);
    rest.send(rest.ask("GET", "/pools").with_key(&rest.keys[1])).await.is(200);
    let world = &rest.world;
    key::key_regenerate(&world.cx, &world.caller, &world.account, fournil::api::KeyName::Primary).await.unwrap();
    rest.get("/pools").await.is_error(403, "AuthenticationFailed");
    rest.send(rest.ask("GET", "/pools").with_key(&rest.keys[1])).await.is(200);
}

#[tokio::test]
async fn a_refusal_says_what_was_to_be_signed() {
    let rest = Rest::new().await;
    let answer = rest.send(rest.ask("GET", "/pools?maxresults=5").with_key(&[7; 64])).await;
    let detail = answer.is_error(403, "AuthenticationFailed").value("AuthenticationErrorDetail");
    assert!(detail.contains("GET\n") && detail.contains("/test/pools\napi-version:"), "{detail}");
}

#[tokio::test]
async fn an_unknown_account_is_told_what_a_wrong_key_is_told() {
    let rest = Rest::new().await;
    for name in ["nobody", "no body", "NOBODY-at-all-with-a-long-name"] {
        let ask = Ask { account: name.to_owned(), ..rest.ask("GET", "/pools") };
        let detail = rest.send(ask).await.is_error(403, "AuthenticationFailed").value("AuthenticationErrorDetail");
        assert!(detail.starts_with("The signature is not that of the account's keys"), "{detail}");
        // Zeros stand in for the keys of an account that there is not: they open nothing.
        let zeros = Ask { account: name.to_owned(), ..rest.ask("GET", "/pools").with_key(&[0; 64]) };
        rest.send(zeros).await.is_error(403, "AuthenticationFailed");
    }
}

#[tokio::test]
async fn the_name_of_the_account_is_read_in_any_case() {
    let rest = Rest::new().await;
    rest.send(Ask { account: "Test".to_owned(), ..rest.ask("GET", "/pools") }).await.is(200);
}

#[tokio::test]
async fn malformed_credentials_are_no_wrong_ones() {
    let rest = Rest::new().await;
    for header in ["SharedKey", "SharedKey test", "SharedKey test:abc", "SharedKey :AAAA", "Basic dGVzdDp0ZXN0", "x"] {
        let ask = rest.ask("GET", "/pools").unsigned().header("authorization", header);
        rest.send(ask).await.is_error(400, "InvalidAuthenticationInfo");
    }
}

#[tokio::test]
async fn a_request_is_good_for_fifteen_minutes() {
    let rest = Rest::new().await;
    let ask = |minutes| {
        let date = rest.world.cx.clock.now().plus(Duration::from_mins(minutes));
        rest.ask("GET", "/pools").header("ocp-date", &date.to_http_date())
    };
    rest.send(ask(15)).await.is(200);
    rest.send(ask(-15)).await.is(200);
    for minutes in [16, -16] {
        let detail =
            rest.send(ask(minutes)).await.is_error(403, "AuthenticationFailed").value("AuthenticationErrorDetail");
        assert!(detail.contains("15 minutes"), "{detail}");
    }
    let mut undated = rest.ask("GET", "/pools");
    undated.headers.remove("ocp-date");
    rest.send(undated).await.is_error(403, "AuthenticationFailed");
}

#[tokio::test]
async fn credentials_are_looked_at_before_anything_else() {
    let rest = Rest::new().await;
    let ask = || rest.ask("POST", "/pools?nonsense=1&api-version=x").body(b"{".repeat(2 << 20));
    rest.send(ask().unsigned()).await.is_error(401, "AuthenticationFailed");
    rest.send(ask()).await.is_error(400, "InvalidQueryParameterValue");
    rest.send(rest.ask("GET", "/no/such/path").unsigned()).await.is_error(401, "AuthenticationFailed");
}

#[tokio::test]
async fn a_key_opens_its_own_account_only() {
    let rest = Rest::new().await;
    let create = fournil::api::AccountCreate { name: "other".into(), location: "local".into(), ..Default::default() };
    account::account_create(&rest.world.cx, &rest.world.caller, create).await.unwrap();
    rest.send(Ask { account: "other".to_owned(), ..rest.ask("GET", "/pools") })
        .await
        .is_error(403, "AuthenticationFailed");
    let host = rest.ask("GET", "/pools").header("host", "other.localhost:8080");
    rest.send(host).await.is_error(403, "AuthenticationFailed");
    rest.send(rest.ask("GET", "/pools").header("host", "test.localhost:8080")).await.is(200);
}

#[tokio::test]
async fn an_account_that_is_closed_to_the_network_answers_nobody() {
    let rest = Rest::new().await;
    let world = &rest.world;
    let access = Some(fournil::api::PublicNetworkAccess::Disabled);
    let patch = fournil::api::AccountPatch { public_network_access: access, ..Default::default() };
    account::account_patch(&world.cx, &world.caller, &world.account, patch).await.unwrap();
    rest.get("/pools").await.is_error(403, "Forbidden");
}

#[tokio::test]
async fn an_account_takes_only_the_proofs_that_it_allows() {
    let rest = Rest::new().await;
    let (cx, me, account) = (&rest.world.cx, &rest.world.caller, rest.world.account.clone());
    user::user_create(cx, me, "ada", Role::Owner, Secret("correct horse battery".into())).await.unwrap();
    let (_, token) = user::token_create(cx, me, "ada", "", None).await.unwrap();
    let by_token = || {
        let ask = rest.ask("GET", "/pools").unsigned().header("host", "test.localhost:8080");
        ask.header("authorization", &format!("Bearer {}", token.0))
    };
    for (modes, key_status, token_status) in [
        (vec![], 200, 200),
        (vec![AuthenticationMode::Aad], 403, 200),
        (vec![AuthenticationMode::SharedKey], 200, 403),
        (vec![AuthenticationMode::TaskAuthenticationToken], 403, 403),
    ] {
        let patch = AccountPatch { allowed_authentication_modes: Some(modes), ..Default::default() };
        account::account_patch(cx, me, &account, patch).await.unwrap();
        rest.get("/pools").await.is(key_status);
        rest.send(by_token()).await.is(token_status);
    }
}

#[tokio::test]
async fn a_personal_access_token_does_what_its_user_may() {
    let rest = Rest::new().await;
    let world = &rest.world;
    let password = Secret("a long enough password".to_owned());
    user::user_create(&world.cx, &world.caller, "ann", Role::Reader, password).await.unwrap();
    let (_, token) = user::token_create(&world.cx, &world.caller, "ann", "test", None).await.unwrap();
    let ask = |method: &str, token: &str| {
        let ask = rest.ask(method, "/pools").unsigned().header("host", "test.localhost:8080");
        ask.header("authorization", &format!("Bearer {token}"))
    };
    rest.send(ask("GET", &token.0)).await.is(200);
    let create = json!({ "id": "p", "vmSize": "local_2" });
    let refused = rest.send(ask("POST", &token.0).json(&create)).await;
    refused.is_error(403, "InsufficientAccountPermissions");
    rest.send(ask("GET", "fnl_wrong")).await.is_error(403, "AuthenticationFailed");
    let without_account = ask("GET", &token.0).header("host", "127.0.0.1:8080");
    rest.send(without_account).await.is_error(400, "InvalidAuthenticationInfo");
    let unknown = ask("GET", &token.0).header("host", "nobody.localhost");
    assert_eq!(Code::AccountNotFound.status(), rest.send(unknown).await.status.as_u16());
}
