//! Low-priority nodes that the operator takes away: the real server, real agents and real tasks.

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, sh, until};

async fn pool(server: &RealServer, dedicated: i64, low_priority: i64) {
    let pool = json!({
        "id": "p", "vmSize": "local_1", "targetDedicatedNodes": dedicated, "targetLowPriorityNodes": low_priority,
    });
    server.batch.post("/pools", pool).await.is(201);
    server.batch.nodes_are("p", "idle", (dedicated + low_priority) as usize).await;
    server.batch.job("j", "p").await;
}

fn preempt(server: &RealServer, node: &str, away: &str) -> Value {
    server.admin(&["node", "preempt", "crash", "p", node, "--away", away])
}

async fn until_state(server: &RealServer, node: &str, state: &str) -> Value {
    server.batch.until(&format!("/pools/p/nodes/{node}"), |answer| answer["state"] == state).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preempted_node_gives_its_tasks_back_loses_its_files_and_comes_back_as_itself() {
    let mut server = RealServer::start().await;
    pool(&server, 0, 1).await;
    let id = server.nodes().remove(0);
    server.batch.task("j", "long", &sh("echo ran >> $AZ_BATCH_NODE_SHARED_DIR/ran; sleep 600")).await;
    until("the task runs", || server.shared_lines("ran").len() == 1).await;
    server.batch.task_is("j", "long", "running").await;
    let before = server.batch.get(&format!("/pools/p/nodes/{id}")).await.is(200).json();

    preempt(&server, &id, "3600");
    assert_eq!(until_state(&server, &id, "preempted").await["id"], json!(id));
    let long = server.batch.until("/jobs/j/tasks/long", |task| task["executionInfo"]["requeueCount"] == 1).await;
    assert_eq!((&long["state"], &long["executionInfo"]["retryCount"]), (&json!("active"), &json!(0)));
    until("its agent is gone", || server.agents().is_empty()).await;
    let counted = server.batch.get("/pools/p").await.is(200).json();
    assert_eq!(counted["currentLowPriorityNodes"], 1, "it still counts");
    server.batch.order(&format!("/pools/p/nodes/{id}/reboot")).await.is(409);

    // It stays away over a restart of the server, and does not come back to a pool that does not want it any more.
    assert!(server.stop().success());
    server.restart();
    assert_eq!(until_state(&server, &id, "preempted").await["isDedicated"], false);
    server.is_sound();
    server.batch.post("/pools/p/resize", json!({ "targetLowPriorityNodes": 0 })).await.is(202);
    until("it is gone", || server.nodes().is_empty()).await;
    server.batch.until("/pools/p", |pool| pool["allocationState"] == "steady").await;

    // The next one is away for no time, and comes back empty.
    server.batch.post("/pools/p/resize", json!({ "targetLowPriorityNodes": 1 })).await.is(202);
    until("the task runs on another", || server.shared_lines("ran").len() == 1).await;
    server.batch.task_is("j", "long", "running").await;
    let id = server.nodes().remove(0);
    assert_ne!(json!(id), before["id"]);
    preempt(&server, &id, "0");
    server.batch.until("/jobs/j/tasks/long", |task| task["executionInfo"]["requeueCount"] == 2).await;
    until_state(&server, &id, "running").await;
    until("it ran on an empty node", || server.shared_lines("ran").len() == 1).await;
    assert_eq!(server.nodes(), [id]);
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dedicated_node_is_not_taken_away() {
    let server = RealServer::start().await;
    pool(&server, 1, 0).await;
    let id = server.nodes().remove(0);
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| preempt(&server, &id, "1")));
    assert!(refused.is_err());
    assert_eq!(until_state(&server, &id, "idle").await["state"], "idle");
}
