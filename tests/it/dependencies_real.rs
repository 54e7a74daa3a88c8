//! Dependencies and exit conditions with real processes, and servers that are killed.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, sh, until};

fn notes(id: &str, more: &str, settings: Value) -> Value {
    let mut task = json!({ "id": id, "commandLine": sh(&format!("echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran; {more}")) });
    task.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    task
}

/// Twenty layers of ten tasks; each depends on the whole layer before it, by ids or by a range.
fn layers() -> Vec<Value> {
    let tasks = (0..200).map(|n: i32| {
        let before = n / 10 * 10;
        let depends_on = match (n / 10, n % 2) {
            (0, _) => json!({}),
            (_, 0) => json!({ "dependsOn": { "taskIdRanges": [{ "start": before - 10, "end": before - 1 }] } }),
            _ => json!({ "dependsOn": { "taskIds": (before - 10..before).map(|n| format!("{n:03}")).collect::<Vec<_>>() } }),
        };
        notes(&format!("{n:03}"), "sleep 0.01", depends_on)
    });
    tasks.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn layers_of_tasks_run_in_order_though_the_server_dies_between_them() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 2, 4).await;
    let job = json!({ "id": "j", "poolInfo": { "poolId": "p" }, "usesTaskDependencies": true });
    server.batch.post("/jobs", job).await.is(201);
    // The later half first: what it waits for is not there yet.
    let tasks = layers();
    for half in [&tasks[100..], &tasks[..100]] {
        server.batch.post("/jobs/j/addtaskcollection", json!({ "value": half })).await.is(200);
    }
    for kill in 1..=3 {
        until("some more tasks ran", || server.shared_lines("ran").len() >= kill * 45).await;
        server.kill9();
        assert!(server.shared_lines("ran").len() < 200, "the kill came too late to mean anything");
        server.restart();
    }
    server.batch.completes_when_done("j").await;
    server.batch.job_is("j", "completed").await;
    let tasks = server.batch.all("/jobs/j/tasks?maxresults=1000&$select=id,executionInfo").await;
    let times: HashMap<i32, (String, String)> = tasks
        .iter()
        .map(|task| {
            let info = &task["executionInfo"];
            assert_eq!((&info["result"], &info["retryCount"]), (&json!("success"), &json!(0)), "{task}");
            let text = |name: &str| info[name].as_str().unwrap().to_owned();
            (task["id"].as_str().unwrap().parse().unwrap(), (text("startTime"), text("endTime")))
        })
        .collect();
    assert_eq!(times.len(), 200);
    for layer in 1..20 {
        let last_end = (0..10).map(|n| &times[&((layer - 1) * 10 + n)].1).max().unwrap();
        let first_start = (0..10).map(|n| &times[&(layer * 10 + n)].0).min().unwrap();
        assert!(first_start >= last_end, "layer {layer} began at {first_start}, before {last_end}");
    }
    assert_eq!(server.shared_lines("ran").len(), 200, "each ran once");
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_decide_what_happens_to_dependents_and_to_the_job() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 4).await;
    let job = json!({
        "id": "j", "poolInfo": { "poolId": "p" }, "usesTaskDependencies": true, "onTaskFailure": "performexitoptionsjobaction",
    });
    server.batch.post("/jobs", job).await.is(201);
    let goes_on = json!({ "jobAction": "none", "dependencyAction": "satisfy" });
    let tasks = json!({ "value": [
        notes("fine", "exit 3", json!({ "exitConditions": { "exitCodeRanges": [{ "start": 2, "end": 4, "exitOptions": goes_on }] } })),
        notes("missing", "", json!({ "commandLine": "/no/such/program", "exitConditions": { "preProcessingError": goes_on } })),
        notes("next", "true", json!({ "dependsOn": { "taskIds": ["fine", "missing"] } })),
        notes("bad", "exit 9", json!({ "dependsOn": { "taskIds": ["next"] } })),
        notes("never", "true", json!({ "dependsOn": { "taskIds": ["bad"] } })),
    ] });
    let answer = server.batch.post("/jobs/j/addtaskcollection", tasks).await.is(200).json();
    assert!(answer["value"].as_array().unwrap().iter().all(|r| r["status"] == "success"), "{answer}");
    server.batch.job_is("j", "completed").await;
    let job = server.batch.get("/jobs/j").await.json();
    assert_eq!(job["executionInfo"]["terminateReason"], "TaskFailed");
    assert_eq!(server.shared_lines("ran"), ["fine", "next", "bad"]);
    let never = server.batch.get("/jobs/j/tasks/never").await.json();
    assert_eq!(never["state"], "active");
    server.is_sound();
}
