//! Service events: written with what they tell of, with the bodies of Batch's service log.

use fournil::api::{self, AllocationState, Duration, JobState, ServiceEvent, ServiceEventFilter, ServiceEventSettings};
use fournil::service::account::account_delete;
use fournil::service::service_event::{
    MOST_OF_ACCOUNT, service_event_list, service_event_prune, service_event_settings_set,
};
use fournil::store;
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::{World, simple};

/// Oldest first.
async fn events(world: &World, filter: ServiceEventFilter) -> Vec<ServiceEvent> {
    let query = api::ListQuery { limit: 1000, ..api::ListQuery::default() };
    let page = service_event_list(&world.cx, &world.caller, &world.account, &filter, &query).await.unwrap();
    page.items.into_iter().rev().collect()
}

async fn names(world: &World, begin: &str) -> Vec<String> {
    let filter = ServiceEventFilter { event_type: begin.into(), ..Default::default() };
    let name = |event: &ServiceEvent| {
        let about = [&event.pool_id, &event.job_id, &event.task_id].into_iter().flatten();
        let about: Vec<_> = about.map(String::as_str).collect();
        format!("{} {}", event.event_type.as_str().trim_end_matches("Event"), about.join("/"))
    };
    events(world, filter).await.iter().map(name).collect()
}

async fn task_events(world: &World, on: bool) {
    let settings = ServiceEventSettings { task_events: on };
    service_event_settings_set(&world.cx, &world.caller, &world.account, settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_life_of_a_pool_is_told_with_batchs_bodies() {
    let rest = Rest::new().await;
    let world = &rest.world;
    let image = json!({ "publisher": "canonical", "offer": "ubuntu", "sku": "22", "version": "latest" });
    rest.post(
        "/pools",
        json!({
            "id": "P1", "displayName": "Nice", "vmSize": "local_2", "targetDedicatedNodes": 1, "resizeTimeout": "PT5M",
            "virtualMachineConfiguration": { "imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 22.04" },
            "startTask": { "commandLine": "true", "environmentSettings": [{ "name": "A", "value": "hunter2" }] },
        }),
    )
    .await
    .is(201);
    let _node = world.node().await;
    world.until_pool("P1", |p| p.pool.allocation_state == AllocationState::Steady).await;
    world.clock.forward(Duration::from_secs(60));
    rest.post("/pools/p1/resize", json!({ "targetDedicatedNodes": 0, "nodeDeallocationOption": "terminate" }))
        .await
        .is(202);
    world.until_pool("P1", |p| p.pool.allocation_state == AllocationState::Steady).await;
    rest.delete("/pools/P1").await.is(202);
    world.until("the pool is gone", || async { world.pool_get("P1").await.is_none().then_some(()) }).await;

    let told = events(world, ServiceEventFilter { pool: "p1".into(), ..Default::default() }).await;
    let types: Vec<_> = told.iter().map(|event| event.event_type.as_str().trim_end_matches("Event")).collect();
    let expected = [
        "PoolCreate", "PoolResizeStart", "PoolResizeComplete", "PoolResizeStart", "PoolResizeComplete",
        "PoolDeleteStart",
    ];
    assert_eq!(types[..6], expected);
    assert_eq!(types.last(), Some(&"PoolDeleteComplete"));
    assert_eq!(
        told[0].properties,
        json!({
            "id": "P1", "displayName": "Nice", "vmSize": "local_2", "imageType": "VirtualMachineConfiguration",
            "virtualMachineConfiguration": { "imageReference": image, "nodeAgentId": "batch.node.ubuntu 22.04" },
            "resizeTimeout": "300000", "targetDedicatedNodes": 1, "targetLowPriorityNodes": 0, "taskSlotsPerNode": 1,
            "enableAutoScale": false, "enableInterNodeCommunication": false, "isAutoPool": false,
        })
    );
    let sizes = |event: &ServiceEvent| {
        ["nodeDeallocationOption", "currentDedicatedNodes", "targetDedicatedNodes", "resultCode"]
            .map(|name| event.properties[name].clone())
    };
    assert_eq!(sizes(&told[1]), [json!("invalid"), json!(0), json!(1), Value::Null]);
    assert_eq!(sizes(&told[2]), [json!("invalid"), json!(1), json!(1), json!("Success")]);
    assert_eq!(sizes(&told[3]), [json!("terminate"), json!(1), json!(0), Value::Null]);
    assert_eq!(sizes(&told[4]), [json!("terminate"), json!(0), json!(0), json!("Success")]);
    let [start, end] = ["startTime", "endTime"].map(|name| told[4].properties[name].as_str().unwrap().to_owned());
    assert_eq!(start.parse::<api::Timestamp>(), Ok(told[3].time));
    assert_eq!(end.parse::<api::Timestamp>(), Ok(told[4].time));
    assert!(!serde_json::to_string(&told).unwrap().contains("hunter2"), "no event has what can be secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_tasks_are_written_where_the_account_wants_them() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    world.tasks("j", &["before"]).await;
    let [run] = &node.runs().await[..] else { panic!("one task runs") };
    node.started(run);
    node.ended(run, 0);
    world.until_task("j", "before", |t| t.state == api::TaskState::Completed).await;
    assert_eq!(names(world, "Task").await, [""; 0]);

    task_events(world, true).await;
    let mut retried = simple("good");
    retried.constraints = Some(api::TaskConstraints { max_task_retry_count: Some(1), ..Default::default() });
    world.add("j", vec![retried]).await;
    for exit in [3, 0] {
        let [run] = &node.runs().await[..] else { panic!("one task runs") };
        node.started(run);
        node.ended(run, exit);
    }
    world.until_task("j", "good", |t| t.state == api::TaskState::Completed).await;
    world.tasks("j", &["bad"]).await;
    let [run] = &node.runs().await[..] else { panic!("one task runs") };
    node.ended(run, 7);
    world.until_task("j", "bad", |t| t.state == api::TaskState::Completed).await;
    assert_eq!(
        names(world, "Task").await,
        [
            "TaskStart j/good", "TaskStart j/good", "TaskComplete j/good", "TaskStart j/bad", "TaskComplete j/bad",
            "TaskFail j/bad",
        ]
    );
    let failed = events(world, ServiceEventFilter { event_type: "TaskFailEvent".into(), ..Default::default() }).await;
    let body = &failed[0].properties;
    assert_eq!((&body["jobId"], &body["id"], &body["taskType"]), (&json!("j"), &json!("bad"), &json!("User")));
    assert_eq!(body["nodeInfo"]["poolId"], "p");
    assert_eq!((&body["executionInfo"]["exitCode"], &body["constraints"]["maxTaskRetryCount"]), (&json!(7), &json!(0)));

    task_events(world, false).await;
    world.tasks("j", &["after"]).await;
    let [run] = &node.runs().await[..] else { panic!("one task runs") };
    node.ended(run, 0);
    world.until_task("j", "after", |t| t.state == api::TaskState::Completed).await;
    assert_eq!(names(world, "Task").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_job_says_why_and_how_its_tasks_ended() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    rest.post("/jobs/j/disable", json!({ "disableTasks": "requeue" })).await.is(202);
    world.until_job("j", JobState::Disabled).await;
    rest.post("/jobs/j/enable", json!({})).await.is(202);
    world.tasks("j", &["t"]).await;
    let [run] = &node.runs().await[..] else { panic!("one task runs") };
    rest.put("PATCH", "/jobs/j", json!({ "onAllTasksComplete": "terminatejob" })).await.is(200);
    node.ended(run, 1);
    world.until_job("j", JobState::Completed).await;
    rest.delete("/jobs/j").await.is(202);
    world.until("the job is gone", || async { world.job_get("j").await.is_none().then_some(()) }).await;
    assert_eq!(
        names(world, "job").await,
        [
            "JobStart j", "JobDisableStart j", "JobDisableComplete j", "JobTerminateStart j", "JobTerminateComplete j",
            "JobDeleteStart j", "JobDeleteComplete j",
        ]
    );
    let ended = events(world, ServiceEventFilter { event_type: "JobTerminateC".into(), ..Default::default() }).await;
    let body = &ended[0].properties;
    assert_eq!((&body["terminateReason"], &body["poolId"]), (&json!("AllTasksComplete"), &json!("p")));
    let counts = json!({ "active": 0, "running": 0, "completed": 1, "succeeded": 0, "failed": 1 });
    assert_eq!(body["taskCounts"], counts);
    assert_eq!(body["endTime"].as_str().unwrap().parse::<api::Timestamp>(), Ok(ended[0].time));
}

#[tokio::test]
async fn programs_page_through_events_and_choose_among_them() {
    let rest = Rest::new().await;
    for id in ["a", "b", "c"] {
        rest.post("/pools", json!({ "id": id, "vmSize": "local_1", "targetDedicatedNodes": 0 })).await.is(201);
        rest.world.clock.forward(Duration::from_mins(1));
    }
    rest.post("/jobs", json!({ "id": "j", "poolInfo": { "poolId": "a" } })).await.is(201);
    let page = rest.get("/serviceevents?maxresults=2&eventType=PoolCreate").await.is(200).json();
    let ids = |page: &Value| -> Vec<String> {
        page["value"].as_array().unwrap().iter().map(|e| e["properties"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&page), ["c", "b"]);
    let next = page["odata.nextLink"].as_str().unwrap().split_once("8080").unwrap().1.to_owned();
    let last = rest.get(&next).await.is(200).json();
    assert_eq!((ids(&last), last.get("odata.nextLink")), (vec!["a".to_owned()], None));
    let of = async |query: &str| ids(&rest.get(&format!("/serviceevents?{query}")).await.is(200).json());
    assert_eq!(of("jobId=J").await, ["j"]);
    assert_eq!(of("poolid=B&eventtype=PoolCreate").await, ["b"]);
    assert_eq!(of("eventtype=PoolC&starttime=2027-01-15T08:01:00Z&endtime=2027-01-15T08:02:00Z").await, ["b"]);
    for wrong in ["eventtype=Moon", "starttime=soon"] {
        rest.get(&format!("/serviceevents?{wrong}")).await.is_error(400, "InvalidQueryParameterValue");
    }
    rest.get("/serviceevents?$filter=id%20eq%20'x'").await.is_error(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn old_events_go_and_those_of_accounts_that_are_gone() {
    let rest = Rest::new().await;
    let world = &rest.world;
    rest.post("/jobs", json!({ "id": "old", "poolInfo": { "poolId": "p" } })).await.is(201);
    world.clock.forward(Duration::from_days(29));
    rest.post("/jobs", json!({ "id": "young", "poolInfo": { "poolId": "p" } })).await.is(201);
    service_event_prune(&world.cx, MOST_OF_ACCOUNT).await.unwrap();
    assert_eq!(names(world, "JobStart").await, ["JobStart old", "JobStart young"]);
    world.clock.forward(Duration::from_days(2));
    service_event_prune(&world.cx, MOST_OF_ACCOUNT).await.unwrap();
    assert_eq!(names(world, "JobStart").await, ["JobStart young"]);
    rest.post("/jobs", json!({ "id": "youngest", "poolInfo": { "poolId": "p" } })).await.is(201);
    service_event_prune(&world.cx, 1).await.unwrap();
    assert_eq!(names(world, "JobStart").await, ["JobStart youngest"]);

    account_delete(&world.cx, &world.caller, &world.account).await.unwrap();
    world.until("the account is gone", async || key_of(world).await.is_none().then_some(())).await;
    service_event_prune(&world.cx, MOST_OF_ACCOUNT).await.unwrap();
    let mut conn = world.cx.store.read().await.unwrap();
    assert_eq!(store::service_event::next_account(&mut conn, i64::MIN).await.unwrap(), None);
}

async fn key_of(world: &World) -> Option<i64> {
    store::account::key_of(&mut world.cx.store.read().await.unwrap(), &world.account).await.unwrap()
}
