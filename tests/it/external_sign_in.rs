//! Signing in by a provider of OpenID Connect.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Map, Value, json};

use crate::support::provider::{CLIENT, Provider, Says};
use crate::support::server::{Browser, Reply, TestServer, USER, server_with};

struct World {
    provider: Provider,
    server: TestServer,
    owner: Browser,
}

async fn world(new_users: Option<&str>) -> World {
    let provider = Provider::start().await;
    let issuer = provider.url.clone();
    let server = server_with(|args| {
        args.oidc.oidc_issuer = Some(issuer);
        args.oidc.oidc_client_id = Some(CLIENT.into());
        args.oidc.oidc_name = Some("Our login".into());
        args.oidc.oidc_new_users = new_users.map(str::to_owned);
    })
    .await;
    let mut owner = server.browser();
    server.set_up(&mut owner).await;
    World { provider, server, owner }
}

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn anna() -> Says {
    Says { user_info: claims(json!({ "email": "anna@example.org", "email_verified": true })), ..Says::default() }
}

/// What the browser is given at the beginning: the cookie that ties the sign-in to it, and what the provider is asked.
struct Begun {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

impl World {
    async fn begin(&self, return_to: &str) -> Begun {
        let reply = self.server.browser().get(&format!("/portal/oidc/begin?return={return_to}")).await;
        let (place, cookie) = (reply.header("location").unwrap(), reply.header("set-cookie").unwrap());
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/portal/oidc"));
        let (path, query) = place.split_once('?').unwrap();
        assert_eq!(path, format!("{}/authorize", self.provider.url));
        let value = |name: &str| {
            let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name);
            found.unwrap_or_else(|| panic!("{name} in {query}")).1.to_owned()
        };
        assert_eq!((value("response_type").as_str(), value("code_challenge_method").as_str()), ("code", "S256"));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Begun { cookie, state: value("state"), nonce: value("nonce"), challenge: value("code_challenge") }
    }

    async fn finish(&self, cookie: &str, query: &str) -> Reply {
        let request = Request::get(format!("/portal/oidc/return?{query}")).header(header::COOKIE, cookie);
        self.server.browser().send(request.body(Body::empty()).unwrap()).await
    }

    /// The whole way. Where it leads, and the user that the browser is afterwards.
    async fn comes(&self, says: Says) -> (String, Option<String>) {
        let begun = self.begin("/accounts").await;
        self.provider.says(says, &begun.nonce, &begun.challenge);
        let reply = self.finish(&begun.cookie, &format!("code=c&state={}", begun.state)).await;
        let place = reply.header("location").unwrap().to_owned();
        let cookies = reply.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        let session =
            cookies.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("fournil_session="));
        let mut browser = self.server.browser();
        browser.cookie = session.map(str::to_owned);
        let who = browser.call("session_get", json!({})).await.json();
        (place, who["user"].as_str().map(str::to_owned))
    }

    async fn is_refused(&self, says: Says, reason: &str) {
        let expected = format!("/sign-in?refused={reason}&return=%2Faccounts");
        assert_eq!(self.comes(says).await, (expected, None));
    }

    async fn announce(&mut self, user: &str, name: Option<&str>) -> Reply {
        self.owner.call("user_set_external_name", json!({ "user": user, "external_name": name })).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_owner_announced_comes_in_and_is_the_same_person_ever_after() {
    let mut world = world(None).await;
    let info = world.server.browser().call("external_sign_in_info", json!({})).await.expect_ok();
    assert_eq!(info["name"], "Our login");
    world.is_refused(anna(), "unknown").await;
    world.announce(USER, Some("Anna@Example.org")).await.expect_ok();
    assert_eq!(world.comes(anna()).await, ("/accounts".into(), Some(USER.into())));
    // The address went to somebody else, and Anna has another one: the subject counts.
    let sub = |sub: &str| claims(json!({ "sub": sub }));
    let mut other = Says { token: sub("8"), ..anna() };
    other.user_info.insert("sub".into(), "8".into());
    world.is_refused(other.clone(), "taken").await;
    let renamed = Says { user_info: claims(json!({ "email": "new@example.org" })), ..Says::default() };
    assert_eq!(world.comes(renamed).await.1, Some(USER.into()));
    // Until an Owner says the name anew.
    world.announce(USER, Some("anna@example.org")).await.expect_ok();
    assert_eq!(world.comes(other).await.1, Some(USER.into()));
    world.is_refused(anna(), "taken").await;
    let attempts = world.owner.call("external_attempt_list", json!({})).await.expect_ok();
    assert_eq!(attempts.as_array().unwrap().len(), 6);
    assert_eq!((&attempts[0]["refusal"], &attempts[1]["user"]), (&json!("taken"), &json!(USER)));
    assert!(attempts[0]["claims"].as_str().unwrap().contains("anna@example.org"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_did_not_say_or_did_not_say_to_us_lets_nobody_in() {
    let mut world = world(None).await;
    world.announce(USER, Some("anna@example.org")).await.expect_ok();
    let with = |more: Value| Says { token: claims(more), ..anna() };
    world.is_refused(Says { forged: true, ..anna() }, "provider").await;
    world.is_refused(with(json!({ "nonce": "another" })), "provider").await;
    world.is_refused(with(json!({ "aud": "another" })), "provider").await;
    world.is_refused(with(json!({ "iss": "https://elsewhere" })), "provider").await;
    world.is_refused(with(json!({ "exp": 1_700_000_000 })), "provider").await;
    world.is_refused(with(json!({ "sub": "8" })), "provider").await;
    world.is_refused(Says::default(), "noname").await;
    let unverified = claims(json!({ "email": "anna@example.org", "email_verified": false }));
    world.is_refused(Says { user_info: unverified, ..Says::default() }, "unverified").await;
    // Who stole a code has not the verifier that it was asked for with.
    let begun = world.begin("/").await;
    world.provider.says(anna(), &begun.nonce, "of another");
    let reply = world.finish(&begun.cookie, &format!("code=c&state={}", begun.state)).await;
    assert_eq!(reply.header("location"), Some("/sign-in?refused=provider&return=%2F"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_ends_in_the_browser_that_began_it_once_and_in_time() {
    let mut world = world(None).await;
    world.announce(USER, Some("anna@example.org")).await.expect_ok();
    let expired = Some("/sign-in?refused=expired&return=%2F");
    let begun = world.begin("/").await;
    world.provider.says(anna(), &begun.nonce, &begun.challenge);
    let query = format!("code=c&state={}", begun.state);
    assert_eq!(world.finish("fournil_oidc=another", &query).await.header("location"), expired);
    let begun = world.begin("//elsewhere.example").await;
    world.provider.says(anna(), &begun.nonce, &begun.challenge);
    let query = format!("code=c&state={}", begun.state);
    assert_eq!(world.finish(&begun.cookie, &query).await.header("location"), Some("/"), "never elsewhere");
    assert_eq!(world.finish(&begun.cookie, &query).await.header("location"), expired, "twice");
    let begun = world.begin("/").await;
    world.server.clock.forward(fournil::api::Duration::from_mins(11));
    let query = format!("code=c&state={}", begun.state);
    assert_eq!(world.finish(&begun.cookie, &query).await.header("location"), expired, "too late");
    let begun = world.begin("/").await;
    let denied = world.finish(&begun.cookie, &format!("error=access_denied&state={}", begun.state)).await;
    assert_eq!(denied.header("location"), Some("/sign-in?refused=provider&return=%2F"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_become_users_where_the_operator_says_so_and_take_no_users_place() {
    let mut world = world(Some("Reader")).await;
    assert_eq!(world.comes(anna()).await.1, Some("anna@example.org".into()));
    assert_eq!(world.comes(anna()).await.1, Some("anna@example.org".into()));
    let users = world.owner.call("user_list", json!({})).await.expect_ok();
    let made = users.as_array().unwrap().iter().find(|user| user["name"] == "anna@example.org").unwrap();
    assert_eq!((&made["role"], &made["isExternal"]), (&json!("Reader"), &json!(true)));
    let other = |email: &str| {
        let mut says = Says { token: claims(json!({ "sub": "9" })), ..Says::default() };
        says.user_info = claims(json!({ "sub": "9", "email": email, "email_verified": true }));
        says
    };
    world.is_refused(other(USER), "taken").await;
    world.is_refused(other("a name/../with slashes"), "noname").await;
    // A disabled user stays out, and stands in the log of who tried.
    world.owner.call("user_set_disabled", json!({ "user": "anna@example.org", "disabled": true })).await.expect_ok();
    world.is_refused(anna(), "disabled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_have_not_one_name_at_the_provider_and_without_one_there_are_no_such_pages() {
    let mut world = world(None).await;
    let invite = json!({ "user": "bob", "role": "Reader" });
    world.owner.call("user_invite", invite).await.expect_ok();
    world.announce("bob", Some("bob@example.org")).await.expect_ok();
    let refused = world.announce(USER, Some("BOB@example.org")).await;
    let error = refused.expect_error(fournil::api::Code::InvalidPropertyValue);
    assert_eq!(error.value("PropertyName"), Some("externalName"));
    world.announce("bob", None).await.expect_ok();
    world.announce(USER, Some("bob@example.org")).await.expect_ok();
    world.announce("nobody", None).await.expect_error(fournil::api::Code::UserNotFound);

    let without = crate::support::server::server().await;
    assert_eq!(without.browser().get("/portal/oidc/begin").await.status.as_u16(), 404);
    assert_eq!(without.browser().call("external_sign_in_info", json!({})).await.expect_ok()["name"], Value::Null);
}
