//! Nodes that are rebooted, reimaged, deallocated and started: the real server, real agents and real tasks.

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, is_alive, sh, until};

/// A pool of one node whose start task notes each time that it ran.
async fn with_node() -> (RealServer, String) {
    let server = RealServer::start().await;
    let pool = json!({
        "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1, "taskSlotsPerNode": 2,
        "startTask": { "commandLine": sh("echo started >> $AZ_BATCH_NODE_SHARED_DIR/started") },
    });
    server.batch.post("/pools", pool).await.is(201);
    server.batch.nodes_are("p", "idle", 1).await;
    server.batch.job("j", "p").await;
    server.batch.task("j", "done", &sh("echo kept")).await;
    server.batch.task_is("j", "done", "completed").await;
    let node = server.nodes().remove(0);
    (server, node)
}

async fn node(server: &RealServer, node: &str) -> Value {
    server.batch.get(&format!("/pools/p/nodes/{node}")).await.is(200).json()
}

async fn order(server: &RealServer, node: &str, operation: &str) {
    server.batch.order(&format!("/pools/p/nodes/{node}/{operation}")).await.is(202);
}

async fn until_state(server: &RealServer, node: &str, state: &str) -> Value {
    server.batch.until(&format!("/pools/p/nodes/{node}"), |answer| answer["state"] == state).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_restarts_the_agent_keeps_files_and_requeues_what_ran() {
    let (mut server, id) = with_node().await;
    // Its first run does not end when it is asked to: so long the node is seen rebooting.
    let stubborn = "touch $AZ_BATCH_NODE_SHARED_DIR/long; n=$(wc -l < $AZ_BATCH_NODE_SHARED_DIR/long); \
        [ $n -gt 0 ] || trap : TERM; echo ran >> $AZ_BATCH_NODE_SHARED_DIR/long; \
        if [ $n -gt 0 ]; then sleep 600; else while :; do sleep 600; done; fi";
    server.batch.task("j", "long", &sh(stubborn)).await;
    until("the task runs", || server.shared_lines("long").len() == 1).await;
    let (before, agent) = (node(&server, &id).await, server.agent(&id).unwrap());
    order(&server, &id, "reboot").await;
    assert_eq!(node(&server, &id).await["state"], "rebooting");
    until("the task runs again", || server.shared_lines("long").len() == 2).await;

    let after = until_state(&server, &id, "running").await;
    assert_eq!(server.nodes(), std::slice::from_ref(&id));
    assert!(!is_alive(agent) && server.agent(&id).unwrap() != agent, "another agent");
    assert_ne!(after["lastBootTime"], before["lastBootTime"]);
    assert_eq!(after["allocationTime"], before["allocationTime"]);
    assert_eq!(server.shared_lines("started").len(), 2, "the start task ran again");
    assert_eq!(server.batch.file("j", "done", "stdout.txt").await, "kept\n");
    let long = server.batch.task_is("j", "long", "running").await;
    assert_eq!((&long["executionInfo"]["requeueCount"], &long["executionInfo"]["retryCount"]), (&json!(1), &json!(0)));

    // An order that the server's death comes between is carried out all the same.
    order(&server, &id, "reboot").await;
    server.kill9();
    server.restart();
    until("the task runs a third time", || server.shared_lines("long").len() == 3).await;
    until_state(&server, &id, "running").await;
    assert_eq!(server.shared_lines("started").len(), 3);
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reimage_leaves_nothing_of_the_node_but_its_id() {
    let (server, id) = with_node().await;
    assert_eq!(server.shared_lines("started").len(), 1);
    std::fs::write(server.node_dir(&id).join("root/shared/mine"), "left behind\n").unwrap();
    let agent = server.agent(&id).unwrap();
    order(&server, &id, "reimage").await;
    until("another agent came", || server.agent(&id).is_some_and(|now| now != agent)).await;
    until_state(&server, &id, "idle").await;
    assert_eq!((server.nodes(), server.shared_lines("mine")), (vec![id.clone()], vec![]));
    assert_eq!(server.shared_lines("started").len(), 1, "the start task ran on an empty node");
    let log = server.batch.get("/jobs/j/tasks/done/files/stdout.txt").await.is(200);
    assert_eq!((log.bytes.as_slice(), log.headers.contains_key("fournil-kept-copy")), (&b"kept\n"[..], true));
    server.batch.task("j", "next", &sh("echo next")).await;
    server.batch.task_is("j", "next", "completed").await;
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deallocated_node_has_no_processes_until_it_is_started() {
    let (mut server, id) = with_node().await;
    let agent = server.agent(&id).unwrap();
    order(&server, &id, "deallocate").await;
    until_state(&server, &id, "deallocated").await;
    assert!(!is_alive(agent) && server.agents().is_empty());
    server.batch.task("j", "waits", &sh("echo ran")).await;

    // It rests over a restart of the server, too.
    assert!(server.stop().success());
    server.restart();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!((server.agents(), node(&server, &id).await["state"].take()), (vec![], json!("deallocated")));

    order(&server, &id, "start").await;
    server.batch.task_is("j", "waits", "completed").await;
    assert_eq!(server.batch.file("j", "done", "stdout.txt").await, "kept\n", "its files were kept");
    assert_eq!(server.shared_lines("started").len(), 2);
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_start_task_is_repaired_by_a_change_of_the_pool_and_a_reboot() {
    let server = RealServer::start().await;
    let pool = json!({
        "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1, "startTask": { "commandLine": sh("exit 3") },
    });
    server.batch.post("/pools", pool).await.is(201);
    server.batch.nodes_are("p", "starttaskfailed", 1).await;
    let id = server.nodes().remove(0);
    server.batch.patch("/pools/p", json!({ "startTask": { "commandLine": sh("exit 0") } })).await.is(200);
    order(&server, &id, "reboot").await;
    let repaired = until_state(&server, &id, "idle").await;
    assert_eq!(repaired["startTaskInfo"]["exitCode"], 0);
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_said_to_nodes_amid_their_work_every_task_completes_and_counts_are_right() {
    const TASKS: usize = 300;
    let mut server = RealServer::start().await;
    server.batch.pool("p", 3, 4).await;
    server.batch.job("j", "p").await;
    for from in (0..TASKS).step_by(100) {
        let command = sh("sleep 0.3; echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran");
        let tasks: Vec<Value> =
            (from..from + 100).map(|n| json!({ "id": format!("t{n}"), "commandLine": command })).collect();
        server.batch.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.is(200);
    }
    let nodes = server.nodes();
    let operations = [
        ("disablescheduling", "nodeDisableSchedulingOption"),
        ("reboot", "nodeRebootOption"),
        ("enablescheduling", ""),
        ("deallocate", "nodeDeallocateOption"),
        ("start", ""),
        ("reboot", "nodeRebootOption"),
        ("reimage", "nodeReimageOption"),
    ];
    let (mut said, mut refused) = (0, 0);
    for turn in 0..70usize {
        let (operation, option) = operations[turn % operations.len()];
        let path = format!("/pools/p/nodes/{}/{operation}", nodes[turn % nodes.len()]);
        let tasks = ["requeue", "taskcompletion"][turn % 2];
        let answer = match option {
            "" => server.batch.order(&path).await,
            option => server.batch.post(&path, json!({ option: tasks })).await,
        };
        match answer.status.as_u16() {
            200 | 202 => said += 1,
            409 => refused += 1,
            other => panic!("{path}: {other}"),
        }
        if turn == 35 {
            server.kill9();
            server.restart();
        }
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }
    assert!(said >= 10, "{said} words were heard and {refused} refused");
    // Nodes whose word is still carried out can be started or opened afterwards only.
    for node in &nodes {
        let is_settled =
            |found: &Value| !["rebooting", "reimaging", "deallocating"].contains(&found["state"].as_str().unwrap());
        let found = server.batch.until(&format!("/pools/p/nodes/{node}"), is_settled).await;
        if found["state"] == "deallocated" {
            order(&server, node, "start").await;
        }
        if found["schedulingState"] == "disabled" {
            server.batch.order(&format!("/pools/p/nodes/{node}/enablescheduling")).await.is(200);
        }
    }
    server.batch.completes_when_done("j").await;
    server.batch.job_is("j", "completed").await;
    let counts = server.batch.get("/jobs/j/taskcounts").await.json();
    assert_eq!(counts["taskCounts"]["succeeded"], TASKS, "{counts}");
    server.batch.nodes_are("p", "idle", 3).await;
    let core_time =
        server.batch.get("/pools/p?$expand=stats").await.json()["stats"]["usageStats"]["dedicatedCoreTime"].take();
    assert_ne!(core_time, "PT0S");
    server.is_sound();
}
