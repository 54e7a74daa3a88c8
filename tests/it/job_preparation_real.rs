//! Job preparation and release tasks as real processes, while the server and agents are killed.

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, kill9, sh, until};

const NOTE: &str = "echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran";

fn job(preparation: &str, release: &str) -> Value {
    json!({
        "id": "j",
        "poolInfo": { "poolId": "p" },
        "commonEnvironmentSettings": [{ "name": "WHO", "value": "all" }],
        "jobPreparationTask": { "id": "prep", "commandLine": sh(preparation), "constraints": { "maxTaskRetryCount": 1 } },
        "jobReleaseTask": { "commandLine": sh(release) },
    })
}

async fn status(server: &RealServer) -> Vec<Value> {
    server.batch.all("/jobs/j/jobpreparationandreleasetaskstatus").await
}

fn count(server: &RealServer, line: &str) -> usize {
    server.shared_lines("ran").iter().filter(|l| *l == line).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_is_prepared_once_and_released_though_the_server_dies_meanwhile() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 2, 2).await;
    let waits = |file: &str| format!("while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/{file} ]; do sleep 0.02; done");
    let preparation = format!("{NOTE}; echo $WHO > data; {}", waits("go"));
    let release = format!("{NOTE}; cat $AZ_BATCH_JOB_PREP_WORKING_DIR/data > seen; {}", waits("go2"));
    server.batch.post("/jobs", job(&preparation, &release)).await.is(201);
    let tasks: Vec<Value> = (0..4)
        .map(|n| json!({ "id": format!("t{n}"), "commandLine": sh(&format!("{NOTE}; cat $AZ_BATCH_JOB_PREP_WORKING_DIR/data; sleep 0.3")) }))
        .collect();
    server.batch.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.is(200);
    until("both nodes are being prepared", || count(&server, "prep") == 2).await;
    server.batch.until("/jobs/j/tasks/t0", |task| task["state"] == "preparing").await;
    server.kill9();
    server.restart();
    assert_eq!(count(&server, "t0"), 0, "tasks wait");
    for node in server.nodes() {
        std::fs::write(server.node_dir(&node).join("root/shared/go"), "").unwrap();
    }
    for n in 0..4 {
        let task = server.batch.task_is("j", &format!("t{n}"), "completed").await;
        let info = &task["executionInfo"];
        assert_eq!((&info["exitCode"], &info["retryCount"]), (&json!(0), &json!(0)), "{task}");
        assert_eq!(server.batch.file("j", &format!("t{n}"), "stdout.txt").await, "all\n");
    }
    assert_eq!(count(&server, "prep"), 2, "once a node");
    for node in status(&server).await {
        let info = &node["jobPreparationTaskExecutionInfo"];
        assert_eq!(
            (&info["state"], &info["result"], &info["exitCode"]),
            (&json!("completed"), &json!("success"), &json!(0))
        );
        assert_eq!(info["taskRootDirectory"], "workitems/j/job-1/prep");
        assert!(node.get("jobReleaseTaskExecutionInfo").is_none(), "{node}");
    }

    server.batch.order("/jobs/j/terminate").await.is(202);
    until("both nodes are being released", || count(&server, "jobrelease") == 2).await;
    server.kill9();
    server.restart();
    assert_eq!(server.batch.get("/jobs/j").await.json()["state"], "terminating");
    for node in server.nodes() {
        std::fs::write(server.node_dir(&node).join("root/shared/go2"), "").unwrap();
    }
    server.batch.job_is("j", "completed").await;
    assert_eq!(count(&server, "jobrelease"), 2, "once a node");
    let all = status(&server).await;
    assert_eq!(all.len(), 2);
    for node in &all {
        assert_eq!(node["jobReleaseTaskExecutionInfo"]["result"], "success", "{node}");
    }
    let seen = server.node_dir(&server.nodes()[0]).join("root/workitems/j/job-1/jobrelease/wd/seen");
    assert_eq!(std::fs::read_to_string(seen).unwrap(), "all\n");
    let filter = "$filter=nodeId%20eq%20'nobody'%20or%20jobReleaseTaskExecutionInfo/exitCode%20gt%200";
    let none = server.batch.all(&format!("/jobs/j/jobpreparationandreleasetaskstatus?{filter}")).await;
    assert_eq!(none, [] as [Value; 0]);
    let one = server.batch.get("/jobs/j/jobpreparationandreleasetaskstatus?maxresults=1").await.is(200).json();
    assert_eq!((one["value"].as_array().unwrap().len(), one["odata.nextLink"].is_string()), (1, true));
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_dies_prepares_its_node_anew_and_the_task_follows() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    // The first run fails and is tried again; the second hangs until its agent is killed.
    let preparation = format!(
        "{NOTE}; cd $AZ_BATCH_NODE_SHARED_DIR; case $(grep -c prep ran) in 1) exit 3;; 2) setsid sleep 1000 & sleep 1000;; esac"
    );
    server.batch.post("/jobs", job(&preparation, NOTE)).await.is(201);
    server.batch.post("/jobs/j/tasks", json!({ "id": "prep", "commandLine": "x" })).await.is(409);
    server.batch.task("j", "t", &sh(NOTE)).await;
    until("the preparation hangs", || count(&server, "prep") == 2).await;
    let running = status(&server).await;
    let info = &running[0]["jobPreparationTaskExecutionInfo"];
    assert_eq!((&info["state"], &info["retryCount"]), (&json!("running"), &json!(1)), "{running:?}");
    kill9(server.agent(&server.nodes()[0]).unwrap());
    let task = server.batch.task_is("j", "t", "completed").await;
    assert_eq!((&task["executionInfo"]["exitCode"], &task["executionInfo"]["requeueCount"]), (&json!(0), &json!(0)));
    assert_eq!(server.shared_lines("ran"), ["prep", "prep", "prep", "t"]);
    server.batch.delete("/jobs/j").await.is(202);
    server.batch.until("/jobs/j", |answer| answer["code"] == "JobNotFound").await;
    assert_eq!(count(&server, "jobrelease"), 1, "a deleted job releases its node first");
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reimaged_node_is_prepared_again_and_a_deallocated_one_is_not_waited_for() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    let mut create = job("echo prepared", "sleep 600");
    create["jobPreparationTask"]["rerunOnNodeRebootAfterSuccess"] = json!(false);
    server.batch.post("/jobs", create).await.is(201);
    let node = server.nodes().remove(0);
    let states = ["reboot", "reimage"];
    for (turn, order) in states.into_iter().enumerate() {
        server.batch.task("j", &format!("t{turn}"), &sh("cat $AZ_BATCH_JOB_PREP_DIR/stdout.txt")).await;
        server.batch.task_is("j", &format!("t{turn}"), "completed").await;
        server.batch.order(&format!("/pools/p/nodes/{node}/{order}")).await.is(202);
        server.batch.nodes_are("p", "idle", 1).await;
    }
    server.batch.task("j", "last", &sh("cat $AZ_BATCH_JOB_PREP_DIR/stdout.txt")).await;
    server.batch.task_is("j", "last", "completed").await;
    // Not after the reboot, but after the reimage, which left nothing of the first.
    assert_eq!(server.batch.file("j", "last", "stdout.txt").await, "prepared\n");
    server.batch.order("/jobs/j/terminate").await.is(202);
    let releasing = |answer: &Value| answer["value"][0].get("jobReleaseTaskExecutionInfo").is_some();
    server.batch.until("/jobs/j/jobpreparationandreleasetaskstatus", releasing).await;
    server.batch.order(&format!("/pools/p/nodes/{node}/deallocate?api-version=2024-07-01.20.0")).await.is(202);
    server.batch.job_is("j", "completed").await;
    server.is_sound();
}
