//! How long files of ended tasks stay, with real agents and real folders.

use serde_json::json;

use crate::support::real_server::{RealServer, sh, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_go_when_their_time_is_over_and_a_reboot_can_wait_for_it() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.nodes_are("p", "idle", 1).await;
    let node = server.nodes().remove(0);
    let job = json!({
        "id": "j", "poolInfo": { "poolId": "p" },
        "jobPreparationTask": { "commandLine": sh("echo ready > here"), "constraints": { "retentionTime": "PT1S" } },
        "jobReleaseTask": { "commandLine": sh("true"), "retentionTime": "PT1S" },
    });
    server.batch.post("/jobs", job).await.is(201);
    let task = |id: &str, time: &str| json!({ "id": id, "commandLine": sh("echo written"), "constraints": { "retentionTime": time } });
    server.batch.post("/jobs/j/tasks", task("short", "PT1S")).await.is(201);
    server.batch.post("/jobs/j/tasks", task("long", "P1D")).await.is(201);
    server.batch.task_is("j", "short", "completed").await;
    server.batch.task_is("j", "long", "completed").await;
    let folder = |server: &RealServer, task: &str| server.node_dir(&node).join("root/workitems/j/job-1").join(task);

    // Nobody is there at the time.
    server.kill9();
    server.restart();
    until("the folder has gone", || !folder(&server, "short").exists()).await;
    server.batch.get("/jobs/j/tasks/short/files/stdout.txt").await.is_error(409, "TaskFilesCleanedup");
    assert_eq!(server.batch.file("j", "long", "stdout.txt").await, "written\n");
    assert!(folder(&server, "jobpreparation").join("wd/here").exists(), "tasks of the job may still use it");

    // A reboot that waits for the files of `long`, and then need not wait any more.
    server.batch.nodes_are("p", "idle", 1).await;
    let agent = server.agent(&node).unwrap();
    let reboot = json!({ "nodeRebootOption": "retaineddata" });
    server.batch.post(&format!("/pools/p/nodes/{node}/reboot"), reboot).await.is(202);
    server.batch.nodes_are("p", "rebooting", 1).await;
    assert_eq!(server.batch.file("j", "long", "stdout.txt").await, "written\n", "its agent still answers");
    assert_eq!(server.agent(&node), Some(agent));
    let change = json!({ "constraints": { "retentionTime": "PT1S" } });
    server.batch.ask("PUT", "/jobs/j/tasks/long", Some(&change)).await.unwrap().is(200);
    until("another agent came", || server.agent(&node).is_some_and(|now| now != agent)).await;
    server.batch.nodes_are("p", "idle", 1).await;
    until("the folder has gone", || !folder(&server, "long").exists()).await;

    server.batch.order("/jobs/j/terminate").await.is(202);
    server.batch.job_is("j", "completed").await;
    let both = || ["jobpreparation", "jobrelease"].map(|task| folder(&server, task).exists());
    until("the folders of both have gone", || both() == [false, false]).await;
    server.is_sound();
}
