//! The first user, signing in and out, and what ends a session.

use fournil::api::{Code, Duration, Role, Secret};
use fournil::service::{Caller, session, user};
use serde_json::json;

use crate::support::server::{PASSWORD, USER, server, server_with_owner};

fn set_up_body(link: &str) -> serde_json::Value {
    let token = link.split_once('#').unwrap().1;
    json!({ "set_up": { "token": token, "user": "mallory", "password": "another long password" } })
}

#[tokio::test]
async fn the_set_up_link_makes_an_owner_once() {
    let (server, mut browser) = server_with_owner().await;
    let session = browser.call("session_get", json!({})).await.expect_ok();
    assert_eq!((session["user"].as_str(), session["role"].as_str()), (Some(USER), Some("Owner")));

    let link = server.server.set_up_link.clone().unwrap();
    assert!(link.starts_with(&format!("{}/setup#", server.server.url)));
    server.browser().call("set_up", set_up_body(&link)).await.expect_error(Code::AuthenticationFailed);
    assert_eq!(server.stop().await.start().await.server.set_up_link, None);
}

#[tokio::test]
async fn many_who_use_the_link_at_once_make_one_user() {
    let server = server().await;
    let link = server.server.set_up_link.clone().unwrap();
    let tries = (0..4).map(|i| {
        let (mut browser, mut body) = (server.browser(), set_up_body(&link));
        body["set_up"]["user"] = format!("user{i}").into();
        tokio::spawn(async move { browser.call("set_up", body).await.status.is_success() })
    });
    let mut n_made = 0;
    for made in tries.collect::<Vec<_>>() {
        n_made += usize::from(made.await.unwrap());
    }
    assert_eq!(n_made, 1);
    assert_eq!(user::user_list(&server.server.cx, &Caller::system()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_link_dies_after_an_hour_and_with_the_next_start() {
    let server = server().await;
    let old = server.server.set_up_link.clone().unwrap();
    let server = server.stop().await.start().await;
    server.browser().call("set_up", set_up_body(&old)).await.expect_error(Code::AuthenticationFailed);

    let new = server.server.set_up_link.clone().unwrap();
    server.clock.forward(Duration::from_mins(60));
    server.browser().call("set_up", set_up_body(&new)).await.expect_error(Code::AuthenticationFailed);
    let again = server.stop().await.start().await;
    let link = again.server.set_up_link.clone().unwrap();
    again.browser().call("set_up", set_up_body(&link)).await.expect_ok();
}

#[tokio::test]
async fn a_short_password_is_refused_and_the_link_still_works() {
    let server = server().await;
    let mut body = set_up_body(server.server.set_up_link.as_deref().unwrap());
    body["set_up"]["password"] = "elevenchars".into();
    let error = server.browser().call("set_up", body.clone()).await.expect_error(Code::InvalidPropertyValue);
    assert_eq!((error.value("PropertyName"), error.value("PropertyValue")), (Some("password"), Some("")));
    body["set_up"]["password"] = "twelve chars".into();
    server.browser().call("set_up", body).await.expect_ok();
}

#[tokio::test]
async fn each_sign_in_is_a_session_of_its_own_that_signing_out_ends() {
    let (server, first) = server_with_owner().await;
    let mut second = server.browser();
    second.cookie = Some("fournil_session=chosen-by-somebody-else".into());
    second.sign_in("ADA", PASSWORD).await.expect_ok();
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(second.cookie.as_ref().unwrap().len(), "fournil_session=".len() + 43);

    let mut stolen = second.clone();
    second.call("sign_out", json!({})).await.expect_ok();
    assert_eq!(second.cookie, None);
    stolen.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
    first.clone().call("session_get", json!({})).await.expect_ok();
}

#[tokio::test]
async fn a_wrong_password_an_unknown_and_a_disabled_user_are_told_the_same() {
    let (server, mut browser) = server_with_owner().await;
    user_create(&server.server.cx, "bob", Role::Reader).await;
    user::user_set_disabled(&server.server.cx, &Caller::system(), "bob", true).await.unwrap();
    let wrong = browser.sign_in(USER, "not the password").await.expect_error(Code::AuthenticationFailed);
    let unknown = browser.sign_in("nobody", PASSWORD).await.expect_error(Code::AuthenticationFailed);
    let disabled = browser.sign_in("bob", PASSWORD).await.expect_error(Code::AuthenticationFailed);
    for other in [unknown, disabled] {
        assert_eq!((&wrong.message, &wrong.values), (&other.message, &other.values));
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_until_the_wait_is_over() {
    let (server, mut browser) = server_with_owner().await;
    for _ in 0..5 {
        browser.sign_in(USER, "not the password").await.expect_error(Code::AuthenticationFailed);
    }
    let refused = browser.sign_in(USER, PASSWORD).await;
    refused.expect_error(Code::TooManyRequests);
    assert_eq!(refused.header("retry-after"), Some("1"));
    server.clock.forward(Duration::from_secs(1));
    browser.sign_in(USER, PASSWORD).await.expect_ok();
}

#[tokio::test]
async fn many_guesses_at_once_gain_nothing() {
    let (server, _) = server_with_owner().await;
    let guesses: Vec<_> = (0..60)
        .map(|i| {
            let mut browser = server.browser();
            tokio::spawn(async move { browser.sign_in(&format!("user{i}"), "not the password").await.status.as_u16() })
        })
        .collect();
    let mut n_checked = 0;
    for guess in guesses {
        n_checked += usize::from(guess.await.unwrap() == 403);
    }
    assert_eq!(n_checked, 20);
}

#[tokio::test]
async fn a_session_ends_when_it_rests_for_12_hours_and_after_7_days() {
    let (server, mut browser) = server_with_owner().await;
    let hours = |n: i64| Duration::from_mins(60 * n);
    for _ in 0..15 {
        server.clock.forward(hours(11));
        browser.call("session_get", json!({})).await.expect_ok();
    }
    server.clock.forward(hours(3));
    browser.call("session_get", json!({})).await.expect_error(Code::Unauthorized);

    browser.sign_in(USER, PASSWORD).await.expect_ok();
    server.clock.forward(hours(12));
    browser.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
}

#[tokio::test]
async fn disabling_a_user_and_changing_a_password_end_sessions_and_tokens() {
    use fournil::service::session::{From, of_token};
    let (server, _) = server_with_owner().await;
    let (cx, me) = (&server.server.cx, &Caller::system());
    user_create(cx, "bob", Role::Contributor).await;
    let from = From { address: [127, 0, 0, 1].into(), request_id: String::new() };
    for ending in ["disable", "password"] {
        let mut browser = server.browser();
        browser.sign_in("bob", PASSWORD).await.expect_ok();
        let (_, token) = user::token_create(cx, me, "bob", "ci", None).await.unwrap();
        assert!(of_token(cx, &token.0, &from).await.unwrap().is_some());
        if ending == "disable" {
            user::user_set_disabled(cx, me, "bob", true).await.unwrap();
            user::user_set_disabled(cx, me, "bob", false).await.unwrap();
        } else {
            user::user_set_password(cx, me, "bob", Secret("a new long password".into())).await.unwrap();
        }
        browser.call("session_get", json!({})).await.expect_error(Code::Unauthorized);
        assert!(of_token(cx, &token.0, &from).await.unwrap().is_none(), "{ending}");
    }
}

#[tokio::test]
async fn tokens_expire_and_can_be_revoked() {
    use fournil::service::session::{From, of_token};
    let (server, _) = server_with_owner().await;
    let (cx, me) = (&server.server.cx, &Caller::system());
    let from = From { address: [127, 0, 0, 1].into(), request_id: String::new() };
    let (token, secret) = user::token_create(cx, me, USER, "ci", Some(Duration::from_days(2))).await.unwrap();
    let (revoked, revoked_secret) = user::token_create(cx, me, USER, "", None).await.unwrap();
    assert!(of_token(cx, &secret.0, &from).await.unwrap().is_some());
    assert!(of_token(cx, "fnl_something", &from).await.unwrap().is_none());
    user::token_revoke(cx, me, &revoked.id).await.unwrap();
    assert!(of_token(cx, &revoked_secret.0, &from).await.unwrap().is_none());
    let listed = user::token_list(cx, me, Some(USER)).await.unwrap();
    assert_eq!(listed.iter().map(|t| (&t.id, t.last_used.is_some())).collect::<Vec<_>>(), [(&token.id, true)]);
    server.clock.forward(Duration::from_days(2));
    assert!(of_token(cx, &secret.0, &from).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_owner_cannot_be_shut_out() {
    let (server, _) = server_with_owner().await;
    let (cx, me) = (&server.server.cx, &Caller::system());
    let refused = user::user_set_disabled(cx, me, USER, true).await.unwrap_err();
    assert_eq!(refused.public.code, Code::OperationInvalidForCurrentState);
    user_create(cx, "eve", Role::Owner).await;
    user::user_set_disabled(cx, me, USER, true).await.unwrap();
}

async fn user_create(cx: &fournil::service::Context, name: &str, role: Role) {
    user::user_create(cx, &Caller::system(), name, role, Secret(PASSWORD.into())).await.unwrap();
}

#[tokio::test]
async fn users_look_after_their_own_tokens() {
    let (server, mut owner) = server_with_owner().await;
    let cx = &server.server.cx;
    user::user_create(cx, &Caller::system(), "grace", Role::Reader, Secret(PASSWORD.into())).await.unwrap();
    let mut grace = server.browser();
    grace.sign_in("grace", PASSWORD).await.expect_ok();
    let body = json!({ "description": "ci", "life": "P30D" });
    let made = grace.call("token_create", body.clone()).await.expect_ok();
    assert_eq!((made["token"]["user"].as_str(), made["token"]["description"].as_str()), (Some("grace"), Some("ci")));
    assert_eq!(made["token"]["expiryTime"], "2027-02-14T08:00:00Z");
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("fnl_"));
    let listed = grace.call("token_list", json!({})).await.expect_ok();
    assert_eq!(listed, json!([made["token"]]), "without the secret");
    assert_eq!(owner.call("token_list", json!({})).await.expect_ok(), json!([]));

    let too_long = json!({ "description": "", "life": "P400D" });
    let error = grace.call("token_create", too_long).await.expect_error(Code::InvalidPropertyValue);
    assert_eq!(error.value("PropertyName"), Some("expiry"));
    let of_owner = owner.call("token_create", body).await.expect_ok();
    let id = json!({ "id": of_owner["token"]["id"] });
    grace.call("token_revoke", id.clone()).await.expect_error(Code::ResourceNotFound);
    owner.call("token_revoke", id).await.expect_ok();
    // A token makes no tokens.
    let from = session::From { address: std::net::Ipv4Addr::LOCALHOST.into(), request_id: String::new() };
    let by_token = session::of_token(cx, secret, &from).await.unwrap().unwrap();
    assert!(user::token_create(cx, &by_token, "grace", "", None).await.is_err());
    grace.call("token_revoke", json!({ "id": made["token"]["id"] })).await.expect_ok();
    assert_eq!(grace.call("token_list", json!({})).await.expect_ok(), json!([]));
}
