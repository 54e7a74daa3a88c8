//! The activity log: every change, every reading of keys, and refused attempts, whoever calls and by whichever way.

use axum::http::Method;
use fournil::api::{self, Activity, ActivityFilter, CallerKind, Code, ListQuery, Role, Secret, Via};
use fournil::domain::activity as names;
use fournil::service::activity::{activity_list, activity_prune};
use fournil::service::reference::reference;
use fournil::service::{Caller, Context, user};
use serde_json::json;

use crate::security::{any_arguments, server_functions};
use crate::support::arm::{self, Arm};
use crate::support::program::{Serving, admin};
use crate::support::rest::Rest;
use crate::support::server::{PASSWORD, USER, server, server_with_owner};

/// Newest first.
async fn log(cx: &Context) -> Vec<Activity> {
    let query = ListQuery { limit: 1000, ..ListQuery::default() };
    activity_list(cx, &Caller::system(), None, &ActivityFilter::default(), &query).await.unwrap().items
}

async fn last(cx: &Context) -> Activity {
    log(cx).await.into_iter().next().expect("something was written")
}

/// The short form of a row.
fn line(row: &Activity) -> String {
    let operation = row.operation.trim_start_matches("Microsoft.Batch/batchAccounts/");
    format!("{} {} {} {}", row.caller, operation, row.resource, row.code).trim_end().to_owned()
}

#[tokio::test]
async fn changes_through_the_data_plane_are_one_row_each() {
    let rest = Rest::new().await;
    let cx = &rest.world.cx;
    let before = log(cx).await.len();
    rest.post("/pools", json!({ "id": "P1", "vmSize": "local_1", "targetDedicatedNodes": 0 })).await.is(201);
    rest.get("/pools/P1").await.is(200);
    rest.post("/jobs", json!({ "id": "j1", "poolInfo": { "poolId": "P1" } })).await.is(201);
    let tasks: Vec<_> = (0..100).map(|i| json!({ "id": format!("t{i}"), "commandLine": "x" })).collect();
    rest.post("/jobs/j1/addtaskcollection", json!({ "value": tasks })).await.is(200);
    rest.post("/jobs/j1/tasks", json!({ "id": "one", "commandLine": "x" })).await.is(201);
    rest.post("/jobs", json!({ "id": "j1", "poolInfo": { "poolId": "P1" } })).await.is_error(409, "JobExists");
    rest.delete("/jobs/j1/tasks/one").await.is(200);
    let rows = log(cx).await;
    let mut lines: Vec<_> = rows[..rows.len() - before].iter().map(line).collect();
    lines.reverse();
    assert_eq!(
        lines,
        [
            "test pools/write pools/P1",
            "test jobs/write jobs/j1",
            "test jobs/addTaskCollection/action jobs/j1",
            "test jobs/tasks/write jobs/j1/tasks/one",
            "test jobs/write jobs/j1 JobExists",
            "test jobs/tasks/delete jobs/j1/tasks/one",
        ]
    );
    let newest = &rows[0];
    assert_eq!(
        (newest.caller_kind, newest.via, newest.account.as_deref()),
        (CallerKind::SharedKey, Via::Batch, Some("test"))
    );
}

#[tokio::test]
async fn every_operation_of_the_data_plane_that_changes_something_is_noted() {
    let rest = Rest::new().await;
    let cx = &rest.world.cx;
    for operation in &reference().operations {
        let path = operation.path.replace("{*path}", "a").replace(['{', '}'], "");
        // Time gives the caller new credit for failures.
        rest.world.clock.forward(api::Duration::from_secs(60));
        let before = log(cx).await.len();
        rest.put(&operation.method, &path, json!({ "id": "x" })).await;
        let expected = names::of_batch(&operation.method, &operation.path);
        assert_eq!(
            expected.is_recorded,
            !matches!(operation.method.as_str(), "GET" | "HEAD") && operation.name != "pool_evaluate_auto_scale"
        );
        let rows = log(cx).await;
        assert_eq!(rows.len() - before, usize::from(expected.is_recorded), "{} {path}", operation.method);
        if expected.is_recorded {
            assert_eq!(
                (rows[0].operation.as_str(), rows[0].caller.as_str()),
                (expected.name.as_str(), "test"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn strangers_leave_a_trace_that_holds_nothing_of_theirs() {
    let rest = Rest::new().await;
    let cx = &rest.world.cx;
    rest.send(rest.ask("GET", "/pools").unsigned()).await.is(401);
    assert_eq!(
        (line(&last(cx).await).as_str(), last(cx).await.account),
        (" pools/read pools AuthenticationFailed", None)
    );
    rest.send(rest.ask("GET", "/pools").with_key(&[1; 64])).await.is(403);
    let row = last(cx).await;
    assert_eq!((row.account.as_deref(), row.caller_kind), (Some("test"), CallerKind::Unknown));
    let mut ask = rest.ask("DELETE", "/pools/p").with_key(&[1; 64]);
    ask.account = "hunter2secret".to_owned();
    rest.send(ask).await.is(403);
    assert_eq!(last(cx).await.account, None, "no such account");
    let before = log(cx).await.len();
    for _ in 0..200 {
        rest.send(rest.ask("GET", "/pools").unsigned()).await.is(401);
    }
    let n = log(cx).await.len() - before;
    assert!(n <= 30, "{n} rows of a flood");
    rest.world.clock.forward(api::Duration::from_secs(60));
    rest.send(rest.ask("GET", "/pools").unsigned()).await.is(401);
    assert!(last(cx).await.left_out >= 170, "{:?}", last(cx).await);
}

#[tokio::test]
async fn every_server_function_that_changes_something_is_noted_with_its_caller() {
    let (server, _) = server_with_owner().await;
    let cx = &server.server.cx;
    user::user_create(cx, &Caller::system(), "rita", Role::Reader, Secret(PASSWORD.into())).await.unwrap();
    let mut reader = server.browser();
    reader.sign_in("rita", PASSWORD).await.expect_ok();
    for path in server_functions() {
        let name = path.rsplit('/').next().unwrap();
        if matches!(name, "sign_out" | "set_up" | "sign_in") {
            continue;
        }
        server.clock.forward(api::Duration::from_secs(10));
        let before = log(cx).await.len();
        let reply = reader.call(name, any_arguments()).await;
        let operation = names::of_function(name);
        let is_refused = matches!(reply.status.as_u16(), 401 | 403);
        let rows = log(cx).await;
        assert_eq!(rows.len() - before, usize::from(operation.is_recorded || is_refused), "{name}: {reply:?}");
        if operation.is_recorded {
            assert_eq!(
                (rows[0].operation.as_str(), rows[0].caller.as_str(), rows[0].via),
                (operation.name.as_str(), "rita", Via::Portal)
            );
        }
    }
}

#[tokio::test]
async fn signing_in_and_failing_to_is_noted() {
    let (server, mut browser) = server_with_owner().await;
    let cx = &server.server.cx;
    assert_eq!(line(&last(cx).await), format!("{USER} Fournil/setUp/action"));
    browser.sign_in(USER, PASSWORD).await.expect_ok();
    let row = last(cx).await;
    assert_eq!((line(&row), row.caller_kind), (format!("{USER} Fournil/signIn/action"), CallerKind::User));
    assert_eq!(row.client_address.as_deref(), Some("127.0.0.1"));
    // Also from a page on which somebody is signed in.
    browser.sign_in(USER, "a wrong password").await.expect_error(Code::AuthenticationFailed);
    let row = last(cx).await;
    assert_eq!(
        (line(&row), row.caller_kind),
        (format!("{USER} Fournil/signIn/action  AuthenticationFailed"), CallerKind::Unknown)
    );
    // Asking who is signed in is no attempt: every page does.
    server.browser().call("session_get", json!({})).await.expect_error(Code::Unauthorized);
    assert_eq!(last(cx).await, row);
    // A password in the field of the name.
    browser.sign_in(PASSWORD, "x").await.expect_error(Code::AuthenticationFailed);
    assert_eq!(line(&last(cx).await), " Fournil/signIn/action  AuthenticationFailed");
}

#[tokio::test]
async fn readings_of_keys_are_noted_before_the_keys_are_given_out() {
    let (server, mut browser) = server_with_owner().await;
    let cx = &server.server.cx;
    browser.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    let row = last(cx).await;
    assert_eq!((line(&row), row.account.as_deref()), (format!("{USER} write"), Some("abc")));
    let reply = browser.call("key_list", json!({ "account": "abc" })).await;
    reply.expect_ok();
    let row = last(cx).await;
    assert_eq!(line(&row), format!("{USER} listKeys/action"));
    assert_eq!(Some(row.request_id.as_str()), reply.header("request-id"));
    browser.call("key_regenerate", json!({ "account": "abc", "key": "Primary" })).await.expect_ok();
    assert_eq!(line(&last(cx).await), format!("{USER} regenerateKeys/action"));
}

#[tokio::test]
async fn every_operation_of_the_management_plane_that_changes_something_is_noted() {
    let arm = Arm::new().await;
    let cx = &arm.world.cx;
    let keys = arm.call(Method::POST, &format!("{}/listKeys", arm::ACCOUNT), None).await;
    keys.is(200);
    let row = last(cx).await;
    assert_eq!(
        (line(&row).as_str(), row.account.as_deref(), row.via),
        ("owner listKeys/action", Some("test"), Via::Management)
    );
    for (method, route) in fournil::arm::known() {
        arm.world.clock.forward(api::Duration::from_secs(60));
        let before = log(cx).await.len();
        let path = route.replace("{subscription}", arm::SUBSCRIPTION).replace(['{', '}'], "");
        arm.call(method.clone(), &path, None).await;
        let expected = names::of_management(method.as_str(), route);
        let rows = log(cx).await;
        assert_eq!(rows.len() - before, usize::from(expected.is_recorded), "{method} {route}");
        let reads =
            matches!(method, Method::GET | Method::HEAD) || route.contains("checkname") || route.ends_with("/register");
        assert_eq!(expected.is_recorded, !reads, "{method} {route}");
        if expected.is_recorded {
            assert_eq!((rows[0].operation.as_str(), rows[0].caller.as_str()), (expected.name.as_str(), "owner"));
        }
    }
    arm.send(Method::GET, arm::ACCOUNT, Some("fnl_wrong"), None).await.is(401);
    assert_eq!(line(&last(cx).await), " read  InvalidAuthenticationToken");
}

#[tokio::test]
async fn readers_see_what_concerns_accounts_and_what_they_did_themselves() {
    let (server, mut owner) = server_with_owner().await;
    let cx = &server.server.cx;
    user::user_create(cx, &Caller::system(), "rita", Role::Reader, Secret(PASSWORD.into())).await.unwrap();
    owner.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    owner.call("account_create", json!({ "create": { "name": "other", "location": "local" } })).await.expect_ok();
    let mut reader = server.browser();
    reader.sign_in("rita", PASSWORD).await.expect_ok();
    let seen = |value: serde_json::Value| -> Vec<String> {
        let page: api::Page<Activity> = serde_json::from_value(value).unwrap();
        page.items.iter().map(|row| format!("{} {}", row.caller, row.operation.rsplit('/').nth(1).unwrap())).collect()
    };
    let list = |account: Option<&str>| json!({ "account": account, "filter": {}, "query": {} });
    let all = seen(reader.call("activity_list", list(None)).await.expect_ok());
    assert_eq!(all, ["rita signIn", "ada batchAccounts", "ada batchAccounts"]);
    assert_eq!(seen(reader.call("activity_list", list(Some("abc"))).await.expect_ok()), ["ada batchAccounts"]);
    let owners = seen(owner.call("activity_list", list(None)).await.expect_ok());
    assert_eq!(owners, ["rita signIn", "ada batchAccounts", "ada batchAccounts", "ada setUp"]);
    // Filters and pages.
    let filtered = json!({ "account": null, "filter": { "caller": "ADA", "operation": "batchaccounts/WRITE" }, "query": { "limit": 1 } });
    let first: api::Page<Activity> =
        serde_json::from_value(owner.call("activity_list", filtered.clone()).await.expect_ok()).unwrap();
    assert_eq!((first.items.len(), first.items[0].account.as_deref()), (1, Some("other")));
    let mut second = filtered;
    second["query"]["cursor"] = json!(first.next);
    let second: api::Page<Activity> =
        serde_json::from_value(owner.call("activity_list", second).await.expect_ok()).unwrap();
    assert_eq!((second.items[0].account.as_deref(), second.next), (Some("abc"), None));
    let wrong = json!({ "account": null, "filter": { "from": "yesterday" }, "query": {} });
    owner.call("activity_list", wrong).await.expect_error(Code::InvalidQueryParameterValue);
    // What is exported is what is shown.
    let csv = reader.get("/portal/activity/csv?account=abc").await;
    let text = String::from_utf8(csv.body.to_vec()).unwrap();
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"activity.csv\""));
    assert_eq!(
        (text.lines().count(), text.contains(",ada,User,Microsoft.Batch/batchAccounts/write,abc,")),
        (2, true),
        "{text}"
    );
    let json: Vec<Activity> = serde_json::from_slice(&owner.get("/portal/activity/json?who=ada").await.body).unwrap();
    assert_eq!(json.len(), 3);
    server.browser().get("/portal/activity/csv").await.expect_error(Code::Unauthorized);
}

#[tokio::test]
async fn what_is_older_than_the_installation_keeps_is_removed() {
    let server = server().await;
    let cx = &server.server.cx;
    let mut browser = server.browser();
    server.set_up(&mut browser).await;
    server.clock.forward(api::Duration::from_days(80));
    browser.sign_in(USER, PASSWORD).await.expect_ok();
    activity_prune(cx).await.unwrap();
    assert_eq!(log(cx).await.len(), 2);
    server.clock.forward(api::Duration::from_days(20));
    activity_prune(cx).await.unwrap();
    assert_eq!(log(cx).await.iter().map(line).collect::<Vec<_>>(), [format!("{USER} Fournil/signIn/action")]);
}

#[tokio::test]
async fn the_operators_own_program_is_noted_and_shows_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let serving = Serving::start(&data_dir, &[]).await;
    admin(&data_dir, &["account", "create", "abc"]).await.expect_ok();
    admin(&data_dir, &["key", "list", "abc"]).await.expect_ok();
    serving.stop().await;
    // Without a server, too.
    admin(&data_dir, &["key", "list", "abc"]).await.expect_ok();
    let page: api::Page<Activity> =
        serde_json::from_value(admin(&data_dir, &["activity", "--account", "abc"]).await.expect_ok()).unwrap();
    let lines: Vec<_> = page.items.iter().map(line).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    assert_eq!(lines, ["fournil listKeys/action", "fournil listKeys/action", "fournil write"]);
    assert!(page.items.iter().all(|row| (row.caller_kind, row.via) == (CallerKind::Operator, Via::CommandLine)));
}
