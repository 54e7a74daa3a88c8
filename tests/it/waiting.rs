//! Why tasks, jobs and pools make no progress, as programs are told; and what helps.

use fournil::api::{self, JobManagerTask, JobState, TaskState};
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::simple;

async fn why(rest: &Rest, target: &str) -> Value {
    let mut answer = rest.get(&format!("{target}/waiting")).await.is(200).json();
    answer.as_object_mut().unwrap().remove("odata.metadata").expect("as all answers of this interface");
    answer
}

#[tokio::test]
async fn a_task_a_job_and_a_pool_say_why_they_wait_and_what_helps() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.job("j", "p").await;
    assert_eq!(why(&rest, "/jobs/j").await["reason"], "noTasks");
    world.add("j", vec![api::TaskCreate { required_slots: Some(4), ..simple("big") }, simple("small")]).await;
    let no_pool = json!({
        "reason": "poolNotFound", "taskId": "small", "explanation": "The pool p does not exist.",
        "action": "Add the pool, or disable the job and give it another pool.",
    });
    assert_eq!(why(&rest, "/jobs/j/tasks/small").await, no_pool);
    world.pool("p", 0, 2).await;
    assert_eq!(why(&rest, "/jobs/j/tasks/small").await["action"], "Resize the pool.");
    assert_eq!(why(&rest, "/pools/p").await["reason"], "poolIsEmpty");
    // What can never run says so at once, and so does its job.
    let never = why(&rest, "/jobs/j/tasks/big").await;
    assert_eq!(never["reason"], "needsMoreSlots");
    assert_eq!(why(&rest, "/jobs/j").await, never);
    rest.get("/jobs/j/tasks/none/waiting").await.is_error(404, "TaskNotFound");
    rest.get("/jobs/none/waiting").await.is_error(404, "JobNotFound");
    rest.get("/pools/none/waiting").await.is_error(404, "PoolNotFound");
    rest.get("/pools/p/waiting?maxresults=1").await.is_error(400, "UnsupportedQueryParameter");
}

#[tokio::test]
async fn nobody_is_told_to_resize_a_pool_that_sizes_itself() {
    let rest = Rest::new().await;
    let pool = json!({
        "id": "p", "vmSize": "local_1", "enableAutoScale": true, "autoScaleFormula": "$TargetDedicatedNodes = 0;",
    });
    rest.post("/pools", pool).await.is(201);
    rest.world.job("j", "p").await;
    rest.world.tasks("j", &["t"]).await;
    for target in ["/jobs/j/tasks/t", "/jobs/j", "/pools/p"] {
        let answer = why(&rest, target).await;
        assert_eq!(answer["reason"], "poolIsEmpty", "{target}");
        assert!(answer["action"].as_str().unwrap().contains("formula"), "{target}");
    }
}

#[tokio::test]
async fn a_manager_that_holds_the_only_node_does_not_starve_its_tasks_without_a_word() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 4).await;
    let mut node = world.node().await;
    let manager = JobManagerTask { id: "m".into(), command_line: "m".into(), ..Default::default() };
    world.job_with("j", "p", |job| job.job_manager_task = Some(manager)).await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "m", |t| t.state == TaskState::Running).await;
    world.tasks("j", &["worker"]).await;
    let answer = why(&rest, "/jobs/j/tasks/worker").await;
    assert_eq!((&answer["reason"], &answer["taskId"]), (&json!("heldByManager"), &json!("worker")));
    assert!(answer["explanation"].as_str().unwrap().contains("task m of job j"));
    // Another node helps, as it says.
    let resize = api::PoolResize { target_dedicated_nodes: Some(2), ..Default::default() };
    let pool = "p".parse().unwrap();
    fournil::service::pool::pool_resize(&world.cx, &world.caller, &world.account, &pool, resize).await.unwrap();
    let mut other = world.node().await;
    assert_eq!(other.runs().await[0].task, "worker");
}

#[tokio::test]
async fn a_task_of_a_strict_job_says_which_one_goes_first() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 2).await;
    let mut node = world.node().await;
    let order = api::MetadataItem { name: "fournil:strictOrder".into(), value: "true".into() };
    world.job_with("j", "p", |job| job.metadata = Some(vec![order])).await;
    world.tasks("j", &["one"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "one", |t| t.state == TaskState::Running).await;
    world.add("j", vec![api::TaskCreate { required_slots: Some(2), ..simple("large") }, simple("small")]).await;
    let answer = why(&rest, "/jobs/j/tasks/small").await;
    assert_eq!(answer["reason"], "inOrder");
    assert!(answer["explanation"].as_str().unwrap().contains("task large comes first"));
    assert_eq!(why(&rest, "/jobs/j/tasks/large").await["reason"], "allSlotsBusy");
}

#[tokio::test]
async fn a_disabled_job_can_be_given_another_pool() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("old", 1, 1).await;
    let mut node = world.node().await;
    world.job("j", "old").await;
    world.tasks("j", &["t"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "t", |t| t.state == TaskState::Running).await;
    let other = json!({ "poolInfo": { "poolId": "new" } });
    rest.put("PATCH", "/jobs/j", other.clone()).await.is_error(409, "OperationInvalidForCurrentState");
    // What can change at any time can also while it runs; a PUT that leaves the pool as it is changes no pool.
    let put =
        json!({ "poolInfo": { "poolId": "old" }, "priority": 7, "maxParallelTasks": 3, "allowTaskPreemption": true });
    rest.put("PUT", "/jobs/j", put).await.is(200);
    rest.post("/jobs/j/disable", json!({ "disableTasks": "requeue" })).await.is(202);
    // Still disabling: its tasks are on the old pool.
    rest.put("PATCH", "/jobs/j", other.clone()).await.is_error(409, "OperationInvalidForCurrentState");
    assert_eq!(why(&rest, "/jobs/j").await["reason"], "tasksRunning");
    let kills = node.kills().await;
    node.gave_back(kills);
    world.until_job("j", JobState::Disabled).await;
    assert_eq!(why(&rest, "/jobs/j").await["action"], "Enable the job.");
    rest.put("PATCH", "/jobs/j", other).await.is(200);
    rest.send(rest.ask("POST", "/jobs/j/enable")).await.is(202);
    world.until_job("j", JobState::Active).await;
    assert_eq!(why(&rest, "/jobs/j").await["reason"], "poolNotFound");
    world.pool("new", 1, 1).await;
    let mut newer = world.node().await;
    assert_eq!(newer.runs().await[0].task, "t");
    assert_eq!(rest.get("/jobs/j").await.json()["executionInfo"]["poolId"], "new");
    world.is_sound().await;
}

#[tokio::test]
async fn what_can_change_of_a_job_depends_on_its_state() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 1).await;
    let mut node = world.node().await;
    world.job("j", "p").await;
    world.tasks("j", &["t"]).await;
    let run = node.runs().await;
    let change = json!({ "priority": 3 });
    let all = json!({ "poolInfo": { "poolId": "p" } });
    rest.put("PATCH", "/jobs/j", json!({ "onAllTasksComplete": "terminatejob" })).await.is(200);
    rest.put("PUT", "/jobs/j", all.clone()).await.is_error(400, "InvalidPropertyValue");
    rest.send(rest.ask("POST", "/jobs/j/terminate")).await.is(202);
    rest.put("PATCH", "/jobs/j", change.clone()).await.is_error(409, "JobBeingTerminated");
    rest.put("PUT", "/jobs/j", all.clone()).await.is_error(409, "JobBeingTerminated");
    node.gave_back(vec![run[0].a]);
    world.until_job("j", JobState::Completed).await;
    rest.put("PATCH", "/jobs/j", change).await.is_error(409, "JobCompleted");
    rest.put("PUT", "/jobs/j", all).await.is_error(409, "JobCompleted");
    // Of a completed task the retention time still changes, also in a job that has ended.
    rest.put("PUT", "/jobs/j/tasks/t", json!({ "constraints": { "retentionTime": "PT1H" } })).await.is(200);
}
