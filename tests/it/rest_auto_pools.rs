//! Pools that are made for jobs and job schedules, through REST, with nodes that are played.

use fournil::api::{self, Code, JobState, PoolState, Secret};
use fournil::service::{Caller, pool, user};
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::server::{PASSWORD, server_with_owner};
use crate::support::world::World;

fn auto(lifetime: &str, keep_alive: bool) -> Value {
    json!({ "autoPoolSpecification": {
        "autoPoolIdPrefix": "own", "poolLifetimeOption": lifetime, "keepAlive": keep_alive,
        "pool": { "vmSize": "LOCAL_2", "targetDedicatedNodes": 1 },
    } })
}

async fn pool_of(rest: &Rest, job: &str) -> String {
    let job = rest.get(&format!("/jobs/{job}")).await.is(200).json();
    job["executionInfo"]["poolId"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned()
}

async fn end(rest: &Rest, job: &str) {
    rest.send(rest.ask("POST", &format!("/jobs/{job}/terminate"))).await.is(202);
    rest.world.until_job(job, JobState::Completed).await;
}

async fn until_gone(world: &World, pool: &str) {
    world.until("the pool goes", async || world.pool_get(pool).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_job_has_a_pool_of_its_own_that_goes_with_it() {
    let rest = Rest::new().await;
    rest.post("/jobs", json!({ "id": "j", "poolInfo": auto("job", false) })).await.is(201);
    let pool = pool_of(&rest, "j").await;
    assert!(pool.starts_with("own_") && pool.len() == 40, "{pool}");
    let mut node = rest.world.node().await;
    rest.world.tasks("j", &["t"]).await;
    let run = node.runs().await.remove(0);
    node.started(&run);
    node.ended(&run, 0);
    rest.world.until_task("j", "t", |task| task.state == api::TaskState::Completed).await;

    let job = rest.get("/jobs/j").await.is(200).json();
    assert_eq!(job["poolInfo"], auto("job", false), "what was asked for is given back, not the pool's id");
    let summary = rest.world.pool_get(&pool).await.unwrap();
    let owner = summary.made_for.unwrap();
    assert_eq!((owner.kind, owner.id.as_str(), owner.is_left), (api::PoolLifetimeOption::Job, "j", false));
    assert_eq!(summary.pool.settings.vm_size, "local_2");
    end(&rest, "j").await;
    until_gone(&rest.world, &pool).await;
    rest.world.is_sound().await;
}

#[tokio::test]
async fn a_deleted_job_takes_its_pool_with_it_and_a_kept_pool_stays() {
    let rest = Rest::new().await;
    for (id, keep) in [("goes", false), ("stays", true)] {
        rest.post("/jobs", json!({ "id": id, "poolInfo": auto("job", keep) })).await.is(201);
    }
    let (goes, stays) = (pool_of(&rest, "goes").await, pool_of(&rest, "stays").await);
    for id in ["goes", "stays"] {
        rest.delete(&format!("/jobs/{id}")).await.is(202);
    }
    until_gone(&rest.world, &goes).await;
    let kept = rest.world.until_pool(&stays, |pool| pool.made_for.as_ref().is_some_and(|owner| owner.is_left)).await;
    assert_eq!(kept.pool.state, PoolState::Active);
    rest.delete(&format!("/pools/{stays}")).await.is(202);
    until_gone(&rest.world, &stays).await;
}

#[tokio::test]
async fn a_job_whose_pool_cannot_be_made_is_completed_and_says_why() {
    let rest = Rest::new().await;
    let mut info = auto("job", false);
    info["autoPoolSpecification"]["pool"]["vmSize"] = json!("none_such");
    let body = json!({ "id": "j", "poolInfo": info, "jobManagerTask": { "id": "m", "commandLine": "true" } });
    rest.post("/jobs", body).await.is(201);
    let job = rest.get("/jobs/j").await.is(200).json();
    assert_eq!(job["state"], "completed");
    let error = &job["executionInfo"]["schedulingError"];
    assert_eq!((&error["category"], &error["code"]), (&json!("usererror"), &json!("InvalidPropertyValue")), "{error}");
    assert_eq!(error["details"][0]["value"], "vmSize");
    assert_eq!((&job["executionInfo"]["poolId"], job["executionInfo"]["endTime"].is_string()), (&Value::Null, true));
    assert_eq!(rest.get("/jobs/j/tasks").await.is(200).json()["value"], json!([]));
    rest.world.is_sound().await;

    // A schedule goes on: this one has no more turns.
    let specification = json!({ "poolInfo": body_pool("none_such") });
    rest.post("/jobschedules", json!({ "id": "s", "schedule": {}, "jobSpecification": specification })).await.is(201);
    rest.world.until_job("s:job-1", JobState::Completed).await;
    let done = async || {
        let schedule = rest.get("/jobschedules/s").await.is(200).json();
        (schedule["state"] == "completed").then_some(())
    };
    rest.world.until("the schedule is completed", done).await;
    rest.world.is_sound().await;
}

fn body_pool(size: &str) -> Value {
    let mut info = auto("jobschedule", false);
    info["autoPoolSpecification"]["pool"]["vmSize"] = json!(size);
    info
}

#[tokio::test]
async fn jobs_of_a_schedule_share_its_pool_until_it_is_done() {
    let rest = Rest::new().await;
    let every_hour = json!({ "recurrenceInterval": "PT1H" });
    let specification = json!({ "poolInfo": auto("jobschedule", false) });
    rest.post("/jobschedules", json!({ "id": "s", "schedule": every_hour, "jobSpecification": specification }))
        .await
        .is(201);
    rest.world.until_job("s:job-1", JobState::Active).await;
    let pool = pool_of(&rest, "s:job-1").await;
    end(&rest, "s:job-1").await;
    rest.world.clock.forward(api::Duration::from_mins(61));
    rest.world.until_job("s:job-2", JobState::Active).await;
    assert_eq!(pool_of(&rest, "s:job-2").await, pool);
    let owner = rest.world.pool_get(&pool).await.unwrap().made_for.unwrap();
    assert_eq!((owner.kind, owner.id.as_str()), (api::PoolLifetimeOption::JobSchedule, "s"));
    rest.send(rest.ask("POST", "/jobschedules/s/terminate")).await.is(202);
    until_gone(&rest.world, &pool).await;
    rest.delete("/jobschedules/s").await.is(202);
    rest.world.until("all is gone", async || rest.world.job_get("s:job-2").await.is_none().then_some(())).await;
    rest.world.is_sound().await;
}

#[tokio::test]
async fn of_an_auto_pool_only_keep_alive_changes_and_only_while_the_job_is_disabled() {
    let rest = Rest::new().await;
    rest.post("/jobs", json!({ "id": "j", "poolInfo": auto("job", false) })).await.is(201);
    let pool = pool_of(&rest, "j").await;
    let patch = async |info: Value| rest.put("PATCH", "/jobs/j", json!({ "poolInfo": info })).await;
    // What it is already may be said at any time, and so may a whole job that was read before.
    patch(auto("job", false)).await.is(200);
    rest.put("PUT", "/jobs/j", json!({ "poolInfo": auto("job", false), "priority": 3 })).await.is(200);
    patch(auto("job", true)).await.is_error(409, "OperationInvalidForCurrentState");
    patch(json!({ "poolId": "p" })).await.is_error(400, "InvalidPropertyValue");
    rest.post("/jobs/j/disable", json!({ "disableTasks": "requeue" })).await.is(202);
    rest.world.until_job("j", JobState::Disabled).await;
    let mut larger = auto("job", false);
    larger["autoPoolSpecification"]["pool"]["targetDedicatedNodes"] = json!(2);
    patch(larger).await.is_error(400, "InvalidPropertyValue");
    patch(auto("job", true)).await.is(200);
    assert_eq!(pool_of(&rest, "j").await, pool);
    end(&rest, "j").await;
    rest.world.until_pool(&pool, |pool| pool.made_for.as_ref().is_some_and(|owner| owner.is_left)).await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_property() {
    let rest = Rest::new().await;
    let refused = async |change: &dyn Fn(&mut Value), property: &str| {
        let mut body = json!({ "id": "j", "poolInfo": auto("job", false) });
        change(&mut body["poolInfo"]);
        let refused = rest.post("/jobs", body).await;
        let refused = refused.is_error(400, "InvalidPropertyValue");
        assert_eq!(refused.value("PropertyName"), property);
    };
    let path = "poolInfo.autoPoolSpecification";
    let both = |info: &mut Value| info["poolId"] = json!("p");
    refused(&both, path).await;
    let lifetime = |info: &mut Value| info["autoPoolSpecification"]["poolLifetimeOption"] = json!("jobschedule");
    refused(&lifetime, &format!("{path}.poolLifetimeOption")).await;
    let many = |info: &mut Value| info["autoPoolSpecification"]["pool"]["targetDedicatedNodes"] = json!(-1);
    refused(&many, &format!("{path}.pool.targetDedicatedNodes")).await;
}

#[tokio::test]
async fn secrets_of_an_auto_pool_are_never_given_back() {
    let rest = Rest::new().await;
    let mut info = auto("job", false);
    info["autoPoolSpecification"]["pool"]["virtualMachineConfiguration"] = json!({
        "imageReference": { "publisher": "p", "offer": "o", "sku": "s" }, "nodeAgentSKUId": "n",
        "extensions": [{ "name": "e", "publisher": "p", "type": "t", "protectedSettings": { "k": "S3CRET" } }],
    });
    rest.post("/jobs", json!({ "id": "j", "poolInfo": info })).await.is(201);
    let specification = json!({ "poolInfo": info });
    rest.post("/jobschedules", json!({ "id": "s", "schedule": {}, "jobSpecification": specification })).await.is(201);
    for target in ["/jobs/j", "/jobs", "/jobschedules/s", "/jobschedules", "/pools"] {
        let got = rest.get(target).await.is(200).json().to_string();
        assert!(!got.contains("S3CRET"), "{target}: {got}");
    }
}

#[tokio::test]
async fn a_schedule_takes_its_auto_pool_back_as_it_was_given_back_without_passwords() {
    let rest = Rest::new().await;
    let mut info = auto("job", false);
    info["autoPoolSpecification"]["pool"]["userAccounts"] = json!([{ "name": "anna", "password": "S3CRET" }]);
    let specification = json!({ "poolInfo": info });
    let schedule = json!({ "doNotRunUntil": "2999-01-01T00:00:00Z" });
    rest.post("/jobschedules", json!({ "id": "s", "schedule": schedule, "jobSpecification": specification }))
        .await
        .is(201);
    let mut shown = rest.get("/jobschedules/s").await.is(200).json()["jobSpecification"].clone();
    assert!(!shown.to_string().contains("S3CRET"));
    shown["priority"] = json!(7);
    let body = json!({ "jobSpecification": shown });
    rest.put("PATCH", "/jobschedules/s", body.clone()).await.is(200);
    rest.put("PUT", "/jobschedules/s", json!({ "schedule": schedule, "jobSpecification": shown })).await.is(200);
    assert_eq!(rest.get("/jobschedules/s").await.json()["jobSpecification"]["priority"], 7);
    let (account, id) = (&rest.world.account, "s".parse().unwrap());
    let kept = fournil::service::job_schedule::find(&mut rest.world.cx.store.read().await.unwrap(), account, &id)
        .await
        .unwrap();
    assert!(format!("{:?}", serde_json::to_string(&kept.settings).unwrap()).contains("S3CRET"));
    // Another pool has no password yet.
    let mut other = body;
    other["jobSpecification"]["poolInfo"]["autoPoolSpecification"]["pool"]["userAccounts"][0]["name"] = json!("bert");
    let error = rest.put("PATCH", "/jobschedules/s", other).await.is_error(400, "MissingRequiredProperty");
    let path = "jobSpecification.poolInfo.autoPoolSpecification.pool.userAccounts[0].password";
    assert_eq!(error.value("PropertyName"), path);
}

#[tokio::test]
async fn a_restart_between_any_two_steps_forgets_no_pool_and_leaves_none() {
    let world = World::new().await;
    let spec = serde_json::from_value(auto("job", false)).unwrap();
    let create = api::JobCreate { id: "j".into(), pool_info: spec, ..Default::default() };
    fournil::service::job::job_create(&world.cx, &world.caller, &world.account, create).await.unwrap();
    let pool = world.job_get("j").await.unwrap().job.execution_info.pool_id.unwrap();
    // Before a node was made, perhaps.
    let world = world.restart().await;
    drop(world.node().await);
    let world = world.restart().await;
    let id = "j".parse().unwrap();
    fournil::service::job::job_terminate(&world.cx, &world.caller, &world.account, &id, Default::default())
        .await
        .unwrap();
    let world = world.restart().await;
    world.until_job("j", JobState::Completed).await;
    let world = world.restart().await;
    until_gone(&world, &pool).await;
    world.is_sound().await;
}

#[tokio::test]
async fn tasks_of_a_job_whose_pool_somebody_deleted_say_so() {
    let rest = Rest::new().await;
    rest.post("/jobs", json!({ "id": "j", "poolInfo": auto("job", false) })).await.is(201);
    let id = pool_of(&rest, "j").await;
    rest.world.tasks("j", &["t"]).await;
    let parsed = id.parse().unwrap();
    pool::pool_delete(&rest.world.cx, &rest.world.caller, &rest.world.account, &parsed).await.unwrap();
    until_gone(&rest.world, &id).await;
    let why = rest.get("/jobs/j/tasks/t/waiting").await.is(200).json();
    assert_eq!(why["reason"], "autoPoolGone", "{why}");
}

#[tokio::test]
async fn who_may_not_make_pools_gets_none_by_a_job_either() {
    let (server, mut owner) = server_with_owner().await;
    owner.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    let cx = &server.server.cx;
    let role = api::Role::BatchJobSubmitter;
    user::user_create(cx, &Caller::system(), "sue", role, Secret(PASSWORD.into())).await.unwrap();
    let mut submitter = server.browser();
    submitter.sign_in("sue", PASSWORD).await.expect_ok();
    let job = |id: &str, info: Value| json!({ "account": "abc", "create": { "id": id, "poolInfo": info } });
    submitter.call("job_create", job("named", json!({ "poolId": "p" }))).await.expect_ok();
    let refused = Code::InsufficientAccountPermissions;
    submitter.call("job_create", job("own", auto("job", false))).await.expect_error(refused);
    let schedule = |info: Value| {
        json!({ "account": "abc", "create": {
        "id": "s", "schedule": {}, "jobSpecification": { "poolInfo": info },
    } })
    };
    submitter.call("job_schedule_add", schedule(auto("jobschedule", false))).await.expect_error(refused);
    submitter.call("job_schedule_add", schedule(json!({ "poolId": "p" }))).await.expect_ok();
    owner.call("job_create", job("own", auto("job", false))).await.expect_ok();
}
