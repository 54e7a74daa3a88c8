//! What a job may ask for beyond Batch's rules: real processes, and jobs as programs make them.

use fournil::api::{self, JobState, TaskState};
use serde_json::{Value, json};

use crate::support::real_server::{RealServer, sh, until};
use crate::support::rest::Rest;
use crate::support::world::simple;

fn rule(name: &str, value: &str) -> Value {
    json!([{ "name": name, "value": value }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dependents_of_a_failed_task_fail_too_where_their_job_asks_for_it() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.nodes_are("p", "idle", 1).await;
    let job = json!({
        "id": "j", "poolInfo": { "poolId": "p" }, "usesTaskDependencies": true,
        "metadata": rule("fournil:failDependents", "true"),
    });
    server.batch.post("/jobs", job).await.is(201);
    let task = |id: &str, on: Value, script: &str| json!({ "id": id, "commandLine": sh(script), "dependsOn": on });
    let ids = |id: &str| json!({ "taskIds": [id] });
    let tasks = json!([
        task("7", Value::Null, "exit 3"),
        task("direct", ids("7"), "true"),
        task("range", json!({ "taskIdRanges": [{ "start": 5, "end": 9 }] }), "true"),
        task("chain", ids("direct"), "true"),
        task("last", ids("chain"), "true"),
        task("well", Value::Null, "true"),
        task("after", ids("well"), "true"),
    ]);
    server.batch.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.is(200);
    for (id, on) in [("direct", "7"), ("range", "7"), ("chain", "direct"), ("last", "chain")] {
        let ended = server.batch.task_is("j", id, "completed").await;
        let failure = &ended["executionInfo"]["failureInfo"];
        assert_eq!(
            (&failure["category"], &failure["code"]),
            (&json!("usererror"), &json!("TaskSchedulingConstraintFailed"))
        );
        assert_eq!(failure["details"], json!([{ "name": "DependencyTaskId", "value": on }]), "{id}");
        assert!(ended["executionInfo"].get("startTime").is_none(), "it never ran");
    }
    server.batch.task_is("j", "after", "completed").await;

    // What is added later fails at once; what is put back fails again, unless it depends on nothing failed any more.
    server.batch.post("/jobs/j/tasks", task("late", ids("7"), "true")).await.is(201);
    server.batch.task_is("j", "late", "completed").await;
    server.batch.order("/jobs/j/tasks/late/reactivate").await.is(204);
    server.batch.task_is("j", "late", "completed").await;
    // All have ended, so the job can.
    server.batch.completes_when_done("j").await;
    server.batch.job_is("j", "completed").await;
    server.is_sound();
}

#[tokio::test]
async fn a_job_can_ask_for_it_when_tasks_wait_in_vain_already() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p", 1, 1).await;
    let mut node = world.node().await;
    world.job_with("j", "p", |job| job.uses_task_dependencies = Some(true)).await;
    let on = |ids: &[&str]| api::TaskDependencies {
        task_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        task_id_ranges: Vec::new(),
    };
    world.add("j", vec![simple("a"), api::TaskCreate { depends_on: Some(on(&["a"])), ..simple("b") }]).await;
    let run = node.runs().await;
    node.ended(&run[0], 1);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    assert_eq!(world.task("j", "b").await.state, TaskState::Active, "as in Azure");
    rest.put("PATCH", "/jobs/j", json!({ "metadata": rule("fournil:failDependents", "maybe") }))
        .await
        .is_error(400, "InvalidPropertyValue");
    rest.put("PATCH", "/jobs/j", json!({ "metadata": rule("fournil:failAll", "true") }))
        .await
        .is_error(400, "InvalidPropertyValue");
    rest.put("PATCH", "/jobs/j", json!({ "metadata": rule("fournil:failDependents", "true") })).await.is(200);
    world.until_task("j", "b", |t| t.state == TaskState::Completed).await;

    // The failed task runs again and well, and then so can its dependent.
    rest.send(rest.ask("POST", "/jobs/j/tasks/a/reactivate")).await.is(204);
    let run = node.runs().await;
    rest.send(rest.ask("POST", "/jobs/j/tasks/b/reactivate")).await.is(204);
    node.ended(&run[0], 0);
    let run = node.runs().await;
    assert_eq!(run[0].task, "b");
    node.ended(&run[0], 0);
    world.until_task("j", "b", |t| t.state == TaskState::Completed).await;
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Active);
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_task_at_the_head_of_a_strict_job_is_not_overtaken() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.nodes_are("p", "idle", 1).await;
    let order = |rule_value: &str| json!({ "id": rule_value, "poolInfo": { "poolId": "p" }, "metadata": rule("fournil:strictOrder", rule_value) });
    for strict in ["true", "false"] {
        server.batch.post("/jobs", order(strict)).await.is(201);
        let note = |id: &str, slots: i32, then: &str| {
            let script = format!("echo {id} >> $AZ_BATCH_NODE_SHARED_DIR/{strict}; {then}");
            json!({ "id": id, "requiredSlots": slots, "commandLine": sh(&script) })
        };
        let wait = |file: &str| format!("while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/{file}-{strict} ]; do sleep 0.1; done");
        let tasks = json!([
            note("first", 1, &wait("one")),
            note("second", 1, &wait("two")),
            note("large", 2, ""),
            note("small", 1, ""),
        ]);
        server.batch.post(&format!("/jobs/{strict}/addtaskcollection"), json!({ "value": tasks })).await.is(200);
        until("the first two run", || server.shared_lines(strict).len() == 2).await;
        let shared = server.node_dir(&server.nodes()[0]).join("root/shared");
        std::fs::write(shared.join(format!("one-{strict}")), "").unwrap();
        server.batch.task_is(strict, "first", "completed").await;
        if strict == "false" {
            server.batch.task_is(strict, "small", "completed").await;
        }
        std::fs::write(shared.join(format!("two-{strict}")), "").unwrap();
        server.batch.task_is(strict, "large", "completed").await;
        server.batch.task_is(strict, "small", "completed").await;
        let began = server.shared_lines(strict);
        let expected = if strict == "true" { ["large", "small"] } else { ["small", "large"] };
        assert_eq!(began[2..], expected, "{strict}");
    }
    server.is_sound();
}
