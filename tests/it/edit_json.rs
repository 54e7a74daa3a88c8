//! What is there, changed as the JSON that GET gives of it: the portal's form reads the text, the server carries it out.

use fournil::api::{AllocationState, Code, Job, JobSchedule, Pool};
use fournil::domain::edit;
use fournil::service;
use fournil::store;
use serde_json::{Value, json};

use crate::support::rest::Rest;

/// The text of the form: what GET gave, with these properties as they are here.
fn text(shown: &Value, change: Value) -> String {
    let mut text = shown.clone();
    for (name, value) in change.as_object().unwrap() {
        text[name] = value.clone();
    }
    text.to_string()
}

/// What the form reads when it is opened.
async fn there<T: serde::de::DeserializeOwned>(rest: &Rest, target: &str) -> (T, Value) {
    let shown = rest.get(target).await.is(200).json();
    (serde_json::from_value(shown.clone()).unwrap(), shown)
}

/// A pool that was just made changes once more by itself.
async fn is_steady(rest: &Rest) {
    rest.world.until_pool("p", |pool| pool.pool.allocation_state == AllocationState::Steady).await;
}

async fn edit_pool(rest: &Rest, there: &Pool, text: &str) -> service::Result<()> {
    let world = &rest.world;
    let edit = edit::pool(there, text).unwrap();
    let id = there.settings.id.parse().unwrap();
    service::edit::pool_edit(&world.cx, &world.caller, &world.account, &id, &there.e_tag, edit).await
}

#[tokio::test]
async fn a_pool_is_changed_in_one_step_and_keeps_its_secrets() {
    let rest = Rest::new().await;
    let secret = |name: &str| json!({ "name": name, "password": format!("secret of {name}") });
    let body = json!({
        "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 0, "metadata": [{ "name": "a", "value": "b" }],
        "startTask": { "commandLine": "/bin/true" }, "userAccounts": [secret("u"), secret("v")],
    });
    rest.post("/pools", body).await.is(201);
    is_steady(&rest).await;
    let (first, shown): (Pool, Value) = there(&rest, "/pools/p").await;
    let change = json!({
        "startTask": null, "metadata": [], "targetDedicatedNodes": 1, "resizeTimeout": "PT10M",
        "userAccounts": [{ "name": "u", "elevationLevel": "admin" }, { "name": "w", "password": "new" }],
    });
    edit_pool(&rest, &first, &text(&shown, change)).await.unwrap();
    let got = rest.get("/pools/p").await.is(200).json();
    assert_eq!((&got["startTask"], &got["targetDedicatedNodes"]), (&Value::Null, &json!(1)));
    assert_eq!((&got["resizeTimeout"], &got["metadata"]), (&json!("PT10M"), &json!([])));

    let mut conn = rest.world.cx.store.read().await.unwrap();
    let row = store::pool::find_by_names(&mut conn, rest.world.account.as_str(), "p").await.unwrap().unwrap();
    let stored = serde_json::to_value(&row.settings.user_accounts).unwrap();
    assert_eq!((&stored[0]["password"], &stored[0]["elevationLevel"]), (&json!("secret of u"), &json!("admin")));
    assert_eq!(stored[1]["password"], "new");

    // What the form has read is old now.
    let again = edit_pool(&rest, &first, &text(&shown, json!({ "displayName": "late" }))).await;
    assert_eq!(again.map_err(|error| error.public.code), Err(Code::ConditionNotMet));
}

#[tokio::test]
async fn a_formula_is_turned_on_and_off_by_the_text() {
    let rest = Rest::new().await;
    rest.post("/pools", json!({ "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 0 })).await.is(201);
    let on = json!({ "enableAutoScale": true, "autoScaleFormula": "$TargetDedicatedNodes = 0;" });
    is_steady(&rest).await;
    let (first, shown) = there(&rest, "/pools/p").await;
    edit_pool(&rest, &first, &text(&shown, on)).await.unwrap();
    let got = rest.get("/pools/p").await.json();
    assert_eq!((&got["enableAutoScale"], &got["autoScaleEvaluationInterval"]), (&json!(true), &json!("PT15M")));
    let off = json!({ "enableAutoScale": false, "autoScaleFormula": null, "autoScaleEvaluationInterval": null });
    // The formula has run meanwhile, or will: both change the pool, so that its form is opened only now.
    rest.world.clock.forward(fournil::api::Duration::from_mins(1));
    let change = async || {
        let (there, shown) = there(&rest, "/pools/p").await;
        edit_pool(&rest, &there, &text(&shown, off.clone())).await.ok()
    };
    rest.world.until("autoscale is off", change).await;
    let got = rest.get("/pools/p").await.json();
    assert_eq!((&got["enableAutoScale"], &got["autoScaleFormula"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn a_job_and_a_schedule_are_changed_by_their_texts() {
    let rest = Rest::new().await;
    let world = &rest.world;
    rest.post("/jobs", json!({ "id": "j", "poolInfo": { "poolId": "p" }, "priority": 3 })).await.is(201);
    let (first, shown): (Job, Value) = there(&rest, "/jobs/j").await;
    let patch = edit::job(&first, &text(&shown, json!({ "priority": 9, "metadata": null }))).unwrap();
    let id = "j".parse().unwrap();
    let edit = async || {
        service::edit::job_edit(&world.cx, &world.caller, &world.account, &id, &first.e_tag, patch.clone()).await
    };
    edit().await.unwrap();
    assert_eq!(rest.get("/jobs/j").await.json()["priority"], 9);
    assert_eq!(edit().await.map_err(|error| error.public.code), Err(Code::ConditionNotMet));

    let pool = json!({ "vmSize": "local_2", "targetDedicatedNodes": 0, "userAccounts": [{ "name": "u", "password": "secret" }] });
    let auto = json!({ "autoPoolSpecification": { "poolLifetimeOption": "jobschedule", "pool": pool } });
    let schedule = json!({ "doNotRunUntil": "2099-01-01T00:00:00Z" });
    let body = json!({ "id": "s", "schedule": schedule, "jobSpecification": { "poolInfo": auto } });
    rest.post("/jobschedules", body).await.is(201);
    let (first, shown): (JobSchedule, Value) = there(&rest, "/jobschedules/s").await;
    let mut specification = shown["jobSpecification"].clone();
    specification["poolInfo"]["autoPoolSpecification"]["pool"]["targetDedicatedNodes"] = 2.into();
    let change = text(&shown, json!({ "jobSpecification": specification }));
    let patch = edit::job_schedule(&first, &change).unwrap();
    let id = "s".parse().unwrap();
    service::edit::job_schedule_edit(&world.cx, &world.caller, &world.account, &id, &first.e_tag, patch).await.unwrap();
    let mut conn = world.cx.store.read().await.unwrap();
    let owner = store::account::key_of(&mut conn, &world.account).await.unwrap().unwrap();
    let row = store::job_schedule::find(&mut conn, owner, "s").await.unwrap().unwrap();
    let auto = row.settings.job_specification.pool_info.auto_pool_specification.unwrap();
    let stored = serde_json::to_value(auto.pool).unwrap();
    assert_eq!(
        (&stored["targetDedicatedNodes"], &stored["userAccounts"][0]["password"]),
        (&json!(2), &json!("secret"))
    );
}
