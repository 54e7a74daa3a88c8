//! Accounts and their keys, as the portal sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::api::{Code, Duration, KeyName};
use fournil::service::{Context, key};
use serde_json::{Value, json};

use crate::support::rest::{Ask, VERSION};
use crate::support::server::{Browser, server_with_owner};

async fn create(browser: &mut Browser, name: &str) -> Value {
    browser.call("account_create", json!({ "create": { "name": name, "location": "LOCAL" } })).await.expect_ok()
}

async fn list(browser: &mut Browser, query: Value) -> Value {
    browser.call("account_list", json!({ "query": query })).await.expect_ok()
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["account"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_account_lives_from_creation_to_deletion() {
    let (server, mut browser) = server_with_owner().await;
    let made = create(&mut browser, "mybatch").await;
    let host = server.server.address.to_string();
    assert_eq!((made["accountEndpoint"].as_str(), made["location"].as_str()), (Some(host.as_str()), Some("local")));
    assert_eq!(
        (made["provisioningState"].as_str(), made["resourceGroup"].as_str()),
        (Some("Succeeded"), Some("default"))
    );
    assert_eq!(made["creationTime"], "2027-01-15T08:00:00Z");

    server.clock.forward(Duration::from_secs(1));
    let patch = json!({ "account": "mybatch", "patch": { "tags": { "team": "ocean" } } });
    let patched = browser.call("account_patch", patch).await.expect_ok();
    assert_eq!(
        (&patched["tags"], patched["lastModified"].as_str()),
        (&json!({ "team": "ocean" }), Some("2027-01-15T08:00:01Z"))
    );
    assert_ne!(patched["eTag"], made["eTag"]);
    let linked = json!({ "account": "mybatch", "storage_account_id": "mystore" });
    let linked = browser.call("account_storage_set", linked).await.expect_ok();
    assert_eq!(linked["autoStorage"]["storageAccountId"], "mystore");

    let found = browser.call("account_get", json!({ "account": "mybatch" })).await.expect_ok();
    assert_eq!((&found["account"], found["counts"]["pools"].as_i64()), (&linked, Some(0)));
    browser.call("account_delete", json!({ "account": "mybatch" })).await.expect_ok();
    browser.call("account_get", json!({ "account": "mybatch" })).await.expect_error(Code::AccountNotFound);
    browser.call("account_delete", json!({ "account": "mybatch" })).await.expect_error(Code::AccountNotFound);
    create(&mut browser, "mybatch").await;
}

#[tokio::test]
async fn what_an_account_may_not_be_is_refused_with_the_property() {
    let (_server, mut browser) = server_with_owner().await;
    create(&mut browser, "taken").await;
    let too_many: serde_json::Map<_, _> = (0..51).map(|i| (format!("t{i}"), json!(""))).collect();
    for (body, code, property) in [
        (json!({ "name": "taken", "location": "local" }), Code::AccountExists, None),
        (json!({ "name": "Not-Good", "location": "local" }), Code::InvalidPropertyValue, Some("name")),
        (json!({ "name": "abc", "location": "mars" }), Code::InvalidPropertyValue, Some("location")),
        (json!({ "name": "abc", "location": "local", "tags": too_many }), Code::InvalidPropertyValue, Some("tags")),
        (
            json!({ "name": "abc", "location": "local", "subscriptionId": "x" }),
            Code::InvalidPropertyValue,
            Some("subscriptionId"),
        ),
        (
            json!({ "name": "abc", "location": "local", "resourceGroup": "a/b" }),
            Code::InvalidPropertyValue,
            Some("resourceGroup"),
        ),
        (json!({ "location": "local" }), Code::InvalidRequestBody, None),
    ] {
        let error = browser.call("account_create", json!({ "create": body })).await.expect_error(code);
        assert_eq!(error.value("PropertyName"), property);
        assert_eq!(error.request_id.len(), 36);
    }
}

#[tokio::test]
async fn names_are_checked_before_they_are_taken() {
    let (_server, mut browser) = server_with_owner().await;
    create(&mut browser, "taken").await;
    for (name, available, reason) in
        [("free1", true, Value::Null), ("taken", false, json!("AlreadyExists")), ("No!", false, json!("Invalid"))]
    {
        let answer = browser.call("account_name_check", json!({ "name": name })).await.expect_ok();
        assert_eq!((&answer["nameAvailable"], &answer["reason"]), (&json!(available), &reason), "{name}");
        assert_eq!(answer["message"].is_string(), !available);
    }
}

#[tokio::test]
async fn a_walk_through_the_pages_of_a_list_meets_each_account_once() {
    let (server, mut browser) = server_with_owner().await;
    for i in [3, 1, 4, 0, 2] {
        create(&mut browser, &format!("acc{i}")).await;
        server.clock.forward(Duration::from_secs(1));
    }
    for (query, expected) in [
        (json!({}), "acc0 acc1 acc2 acc3 acc4"),
        (json!({ "descending": true }), "acc4 acc3 acc2 acc1 acc0"),
        (json!({ "sort": "creationTime" }), "acc3 acc1 acc4 acc0 acc2"),
        (json!({ "sort": "creationTime", "descending": true }), "acc2 acc0 acc4 acc1 acc3"),
        (json!({ "sort": "location" }), "acc3 acc1 acc4 acc0 acc2"),
        (json!({ "search": "ACC2" }), "acc2"),
        (json!({ "search": "x" }), ""),
        (json!({ "states": ["succeeded"] }), "acc0 acc1 acc2 acc3 acc4"),
        (json!({ "states": ["Deleting"] }), ""),
    ] {
        let (mut query, mut seen) = (query, Vec::new());
        query["limit"] = 2.into();
        loop {
            let page = list(&mut browser, query.clone()).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            assert!(page["items"].as_array().unwrap().len() <= 2);
            assert_eq!(page["total"], expected.split_whitespace().count());
            match page["next"].as_str() {
                Some(next) => query["cursor"] = next.into(),
                None => break,
            }
        }
        assert_eq!(seen.join(" "), expected, "{query}");
    }
    for bad in [json!({ "sort": "keys" }), json!({ "states": ["Lost"] }), json!({ "cursor": "!" })] {
        browser.call("account_list", json!({ "query": bad })).await.expect_error(Code::InvalidQueryParameterValue);
    }
}

#[tokio::test]
async fn a_deleted_account_takes_its_pools_and_jobs_with_it() {
    let (_server, mut browser) = server_with_owner().await;
    create(&mut browser, "abc").await;
    let pool =
        json!({ "account": "abc", "create": { "id": "p", "vmSize": "standard_d2s_v3", "targetDedicatedNodes": 0 } });
    browser.call("pool_create", pool).await.expect_ok();
    let job = json!({ "account": "abc", "create": { "id": "j", "poolInfo": { "poolId": "p" } } });
    browser.call("job_create", job).await.expect_ok();
    let page = list(&mut browser, json!({})).await;
    assert_eq!(page["items"][0]["counts"]["pools"], 1);
    assert_eq!(page["items"][0]["counts"]["activeJobs"], 1);
    browser.call("account_delete", json!({ "account": "abc" })).await.expect_ok();
    for _ in 0..600 {
        if list(&mut browser, json!({})).await["total"] == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the account is still there");
}

#[tokio::test]
async fn an_account_that_is_being_deleted_takes_no_changes() {
    let (server, mut browser) = server_with_owner().await;
    create(&mut browser, "abc").await;
    server
        .server
        .cx
        .store
        .write(|conn| {
            Box::pin(async move {
                sqlx::query("UPDATE accounts SET state = 'Deleting', n_pools = 1").execute(&mut *conn).await?;
                Ok::<_, fournil::store::Error>(())
            })
        })
        .await
        .unwrap();
    let patch = json!({ "account": "abc", "patch": { "tags": {} } });
    browser.call("account_patch", patch).await.expect_error(Code::OperationInvalidForCurrentState);
}

#[tokio::test]
async fn keys_are_replaced_one_at_a_time_and_at_once() {
    let (server, mut browser) = server_with_owner().await;
    create(&mut browser, "abc").await;
    let before = browser.call("key_list", json!({ "account": "abc" })).await.expect_ok();
    assert_eq!(before["primary"].as_str().unwrap().len(), 88);
    assert_ne!(before["primary"], before["secondary"]);
    let after = browser.call("key_regenerate", json!({ "account": "abc", "key": "Primary" })).await.expect_ok();
    assert_ne!(after["primary"], before["primary"]);
    assert_eq!(after["secondary"], before["secondary"]);
    let signing = key::signing_keys(&server.server.cx, &"abc".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(json!(signing.primary.0), after["primary"]);
    for function in ["key_list", "key_info"] {
        browser.call(function, json!({ "account": "nothere" })).await.expect_error(Code::AccountNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_is_dead_under_fire() {
    let (server, mut browser) = server_with_owner().await;
    create(&mut browser, "abc").await;
    let keys = browser.call("key_list", json!({ "account": "abc" })).await.expect_ok();
    let key = STANDARD.decode(keys["primary"].as_str().unwrap()).unwrap();
    let is_replaced = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (server, browser, key, is_replaced) =
                (server.server.cx.clone(), browser.clone(), key.clone(), is_replaced.clone());
            tokio::spawn(async move {
                let (mut n_before, mut n_after) = (0, 0);
                while n_after < 20 {
                    let began_after = is_replaced.load(Ordering::SeqCst);
                    let status = browser.send(signed(&server, &browser.url, &key).into_request()).await.status;
                    match (began_after, status.as_u16()) {
                        (true, 403) => n_after += 1,
                        (false, 200 | 403) => n_before += usize::from(status == 200),
                        other => panic!("{other:?}"),
                    }
                }
                n_before
            })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    browser.call("key_regenerate", json!({ "account": "abc", "key": "Primary" })).await.expect_ok();
    is_replaced.store(true, Ordering::SeqCst);
    let mut n_before = 0;
    for client in clients {
        n_before += client.await.unwrap();
    }
    assert!(n_before > 0, "the key never worked");
}

fn signed(cx: &Context, url: &str, key: &[u8]) -> Ask {
    let host = url.trim_start_matches("http://").to_owned();
    Ask {
        method: "GET".into(),
        path: "/pools".into(),
        query: format!("api-version={VERSION}"),
        headers: [("host".into(), host), ("ocp-date".into(), cx.clock.now().to_http_date())].into(),
        body: Vec::new(),
        account: "abc".into(),
        key: Some(key.to_vec()),
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_shown_and_kept() {
    let (server, mut browser) = server_with_owner().await;
    create(&mut browser, "abc").await;
    let cx = server.server.cx.clone();
    let signing = key::signing_keys(&cx, &"abc".parse().unwrap()).await.unwrap().unwrap();
    let info = browser.call("key_info", json!({ "account": "abc" })).await.expect_ok();
    assert_eq!(info, json!({ "accountName": "abc", "primary": "", "secondary": "" }));
    key::key_used(&cx, signing.account_key, KeyName::Secondary);
    let server = server.stop().await.start().await;
    browser.url = server.server.url.clone();
    let info = browser.call("key_info", json!({ "account": "abc" })).await.expect_ok();
    assert_eq!((&info["secondaryLastUsed"], &info["primaryLastUsed"]), (&json!("2027-01-15T08:00:00Z"), &Value::Null));
    browser.call("key_regenerate", json!({ "account": "abc", "key": "Secondary" })).await.expect_ok();
    let info = browser.call("key_info", json!({ "account": "abc" })).await.expect_ok();
    assert_eq!(info["secondaryLastUsed"], Value::Null);
}

#[tokio::test]
async fn the_location_offers_its_own_sizes_and_azures_names() {
    let (_server, mut browser) = server_with_owner().await;
    let locations = browser.call("location_list", json!({})).await.expect_ok();
    let sizes = locations[0]["vmSizes"].as_array().unwrap();
    assert_eq!(locations[0]["name"], "local");
    assert!(sizes.iter().any(|size| size["name"] == "local_1" && size["native"] == true));
    assert!(
        sizes.iter().any(|size| size["name"] == "standard_d2s_v3" && size["cores"] == 2 && size["native"] == false)
    );
}
