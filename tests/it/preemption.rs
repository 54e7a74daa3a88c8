//! Tasks that give way to those of jobs with a higher priority: real processes.

use serde_json::json;

use crate::support::real_server::{RealServer, sh, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_task_gives_way_where_its_job_allows_it_and_runs_again() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    server.batch.nodes_are("p", "idle", 1).await;
    let job = |id: &str, priority: i32, gives_way: bool| json!({ "id": id, "priority": priority, "allowTaskPreemption": gives_way, "poolInfo": { "poolId": "p" } });
    server.batch.post("/jobs", job("low", -1, true)).await.is(201);
    server.batch.task("low", "long", &sh("echo ran >> $AZ_BATCH_NODE_SHARED_DIR/long; exec sleep 600")).await;
    until("the task runs", || server.shared_lines("long").len() == 1).await;
    server.batch.task_is("low", "long", "running").await;

    // An equal waits; a more important one does not.
    server.batch.post("/jobs", job("equal", -1, true)).await.is(201);
    server.batch.task("equal", "waits", &sh("true")).await;
    server.batch.post("/jobs", job("high", 5, false)).await.is(201);
    server.batch.task("high", "urgent", &sh("test ! -e go && exec sleep 600")).await;
    server.batch.task_is("high", "urgent", "running").await;
    let long = server.batch.task_is("low", "long", "active").await;
    let info = &long["executionInfo"];
    assert_eq!((&info["requeueCount"], &info["retryCount"]), (&json!(1), &json!(0)));

    // What does not allow it runs on, whatever comes.
    server.batch.post("/jobs", job("highest", 9, false)).await.is(201);
    server.batch.task("highest", "waits", &sh("echo ran >> $AZ_BATCH_NODE_SHARED_DIR/highest")).await;
    server.batch.order("/jobs/high/tasks/urgent/terminate").await.is(204);
    server.batch.task_is("highest", "waits", "completed").await;
    until("the task runs again", || server.shared_lines("long").len() == 2).await;
    let urgent = server.batch.task_is("high", "urgent", "completed").await;
    assert_eq!(urgent["executionInfo"]["requeueCount"], 0, "it was ended by the test and by nobody else");
    server.is_sound();
}
