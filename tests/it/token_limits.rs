//! Tokens that let do less than their user may. What each operation takes is walked over in `permission_walk`; here is what is
//! around it.

use axum::http::Method;
use fournil::api::{Code, Role, TokenLimit};
use fournil::service::{Caller, access_token, session, user};
use serde_json::{Value, json};

use crate::support::people::{call, installation};
use crate::support::server::{Browser, PASSWORD, TestServer, USER};

const VERSION: &str = "api-version=2024-02-01.19.0";

async fn owner(server: &TestServer) -> Browser {
    let mut owner = server.browser();
    owner.sign_in(USER, PASSWORD).await.expect_ok();
    owner
}

async fn status(server: &TestServer, account: &str, method: Method, token: &str) -> u16 {
    let body = (method == Method::POST).then(|| json!({ "id": "p", "vmSize": "local_1" }));
    let target = format!("/pools?{VERSION}");
    call(server, Some(account), &method, &target, Some(token), body.as_ref()).await.status.as_u16()
}

#[tokio::test]
async fn a_token_is_limited_to_a_role_in_an_account_by_its_name() {
    let (server, _) = installation().await;
    let mut owner = owner(&server).await;
    let limit = json!({ "role": "Reader", "scope": "First" });
    let body = json!({ "description": "dashboard", "life": "P1D", "limit": limit });
    let made = owner.call("token_create", body).await.expect_ok();
    let scope = format!(
        "/subscriptions/{}/resourcegroups/lab/providers/microsoft.batch/batchaccounts/first",
        server.server.cx.installation.subscription_id
    );
    assert_eq!((&made["token"]["role"], &made["token"]["scope"]), (&json!("Reader"), &json!(scope)));
    let listed = owner.call("token_list", json!({})).await.expect_ok();
    assert_eq!(listed, json!([made["token"]]));
    let token = made["secret"].as_str().unwrap();
    assert_eq!(status(&server, "first", Method::GET, token).await, 200);
    assert_eq!(status(&server, "first", Method::POST, token).await, 403);
    assert_eq!(status(&server, "second", Method::GET, token).await, 403);

    // What a program is given for it is limited alike.
    let (cx, secret) = (&server.server.cx, fournil::api::Secret(token.to_owned()));
    let from = session::From { address: std::net::Ipv4Addr::LOCALHOST.into(), request_id: String::new() };
    let access = access_token::access_token_issue(cx, &from, Some(USER), &secret, "https://batch.example").await;
    let access = access.unwrap().access_token.0;
    assert_eq!(status(&server, "first", Method::GET, &access).await, 200);
    assert_eq!(status(&server, "first", Method::POST, &access).await, 403);
    assert_eq!(status(&server, "second", Method::GET, &access).await, 403);

    // A list shows what is within its reach.
    let subscription = &cx.installation.subscription_id;
    let accounts =
        format!("/subscriptions/{subscription}/providers/Microsoft.Batch/batchAccounts?api-version=2024-02-01");
    let shown = call(&server, None, &Method::GET, &accounts, Some(token), None).await.expect_ok();
    let names: Vec<&Value> = shown["value"].as_array().unwrap().iter().map(|account| &account["name"]).collect();
    assert_eq!(names, ["first"]);
}

#[tokio::test]
async fn a_limit_never_gives_what_the_user_may_not() {
    let (server, _) = installation().await;
    let (cx, me) = (&server.server.cx, Caller::system());
    user::user_create(cx, &me, "eve", Role::Reader, fournil::api::Secret(PASSWORD.into())).await.unwrap();
    let limit = TokenLimit { role: Some(Role::Owner), scope: Some("first".into()) };
    let (_, token) = user::token_create_limited(cx, &me, "eve", "", None, limit).await.unwrap();
    assert_eq!(status(&server, "first", Method::GET, &token.0).await, 200);
    assert_eq!(status(&server, "first", Method::POST, &token.0).await, 403);
}

#[tokio::test]
async fn a_limit_that_limits_nothing_is_refused() {
    let (server, _) = installation().await;
    let mut owner = owner(&server).await;
    for scope in ["nobody", "/subscriptions/other", "/resourceGroups/lab", "first/"] {
        let body = json!({ "description": "", "life": "P1D", "limit": { "scope": scope } });
        let error = owner.call("token_create", body).await.expect_error(Code::InvalidPropertyValue);
        assert_eq!(error.value("PropertyName"), Some("scope"), "{scope}");
    }
    let made = owner.call("token_create", json!({ "description": "", "life": "P1D", "limit": { "scope": "" } })).await;
    assert_eq!(made.expect_ok()["token"]["scope"], Value::Null);
}

#[tokio::test]
async fn whoever_deletes_an_account_hears_that_it_is_gone_though_the_role_went_with_it() {
    let (server, people) = installation().await;
    let subscription = &server.server.cx.installation.subscription_id;
    for (person, group, account) in
        [("Owner-SomeFirst", "lab", "first"), ("Contributor-SomeOtherGroup", "office", "second")]
    {
        let token = &people.iter().find(|known| known.name == person).unwrap().token.0;
        let target = format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Batch/batchAccounts/{account}\
             ?api-version=2024-02-01"
        );
        let begun = call(&server, None, &Method::DELETE, &target, Some(token), None).await;
        assert_eq!(begun.status, 202, "{begun:?}");
        let at = begun.header("location").unwrap().strip_prefix(&server.server.url).unwrap().to_owned();
        assert_eq!(call(&server, None, &Method::GET, &at, Some(token), None).await.status, 204, "{person}");
        // What is there is still nobody's who may not look at it.
        let stranger = &people.iter().find(|known| known.name == "Reader-SomeSecond").unwrap().token.0;
        let other = at.replace("delete-", "create-");
        assert_ne!(call(&server, None, &Method::GET, &other, Some(stranger), None).await.status, 200);
    }
}
