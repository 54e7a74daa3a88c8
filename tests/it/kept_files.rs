//! What is left of the files of finished tasks when their node is gone.

use std::sync::Arc;

use fournil::api::{Duration, TaskState};
use fournil::domain::kept::{Keep, KeepOf};
use fournil::service::context::{Context, Installation};
use fournil::service::kept::{keep_files_of_node, kept_files_prune};
use serde_json::json;

use crate::support::real_server::{RealServer, sh};
use crate::support::rest::Rest;
use crate::support::world::FakeNode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_outlive_the_node_and_say_that_they_are_copies() {
    let mut server = RealServer::start_with(&["--keep-files-bytes", "20"], None).await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    server.batch.task("j", "short", &sh("echo short; echo wrong >&2; mkdir sub; echo x > sub/result")).await;
    server.batch.task("j", "long", &sh("seq 1 100")).await;
    for task in ["short", "long"] {
        server.batch.task_is("j", task, "completed").await;
    }
    let stdout = "/jobs/j/tasks/short/files/stdout.txt";
    let before = server.batch.get(stdout).await.is(200);
    assert_eq!(before.headers.get("fournil-kept-copy"), None);
    server.batch.post("/pools/p/resize", json!({ "targetDedicatedNodes": 0 })).await.is(202);
    server.batch.until("/pools/p", |pool| pool["currentDedicatedNodes"] == 0).await;
    assert_eq!(server.nodes(), [] as [String; 0]);

    let after = server.batch.get(stdout).await.is(200);
    assert_eq!(after.bytes, b"short\n");
    for name in ["content-length", "content-type", "last-modified", "etag", "ocp-batch-file-mode"] {
        assert_eq!(after.header(name), before.header(name), "{name}");
    }
    assert!(after.header("fournil-kept-copy").ends_with("bytes-left-out=0"), "{}", after.header("fournil-kept-copy"));
    assert_eq!(server.batch.file("j", "short", "stderr.txt").await, "wrong\n");

    let end: String = (1..=100).map(|n| format!("{n}\n")).collect();
    assert_eq!(server.batch.file("j", "long", "stdout.txt").await, end[end.len() - 20..]);
    let head = server.batch.ask("HEAD", "/jobs/j/tasks/long/files/stdout.txt", None).await.unwrap().is(200);
    assert_eq!(head.header("content-length"), "20");
    assert!(head.header("fournil-kept-copy").ends_with(&format!("bytes-left-out={}", end.len() - 20)));

    let names = server.batch.all("/jobs/j/tasks/short/files?recursive=true").await;
    let names: Vec<&str> = names.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["stderr.txt", "stdout.txt", "wd", "wd/sub", "wd/sub/result"]);
    let top = server.batch.all("/jobs/j/tasks/short/files").await;
    assert_eq!(top.len(), 3);
    let not_kept = server.batch.get("/jobs/j/tasks/short/files/wd/sub/result").await;
    not_kept.is_error(409, "TaskFilesUnavailable");
    server.batch.get("/jobs/j/tasks/short/files/none").await.is_error(404, "FileNotFound");

    // They are as safe as all else, and go with their task.
    server.kill9();
    server.restart();
    assert_eq!(server.batch.file("j", "short", "stdout.txt").await, "short\n");
    server.batch.ask("DELETE", stdout, None).await.unwrap().is(200);
    server.batch.get(stdout).await.is_error(404, "FileNotFound");
    server.batch.ask("DELETE", "/jobs/j/tasks/short", None).await.unwrap().is(200);
    server.batch.task("j", "short", &sh("echo another")).await;
    server.batch.get(stdout).await.is_error(409, "OperationInvalidForCurrentState");
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_be_asked_keeps_nothing_and_leaves_all_the_same() {
    let server = RealServer::start_with(&["--keep-files", "nothing"], None).await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    server.batch.task("j", "t", &sh("echo x")).await;
    server.batch.task_is("j", "t", "completed").await;
    server.batch.post("/pools/p/resize", json!({ "targetDedicatedNodes": 0 })).await.is(202);
    server.batch.until("/pools/p", |pool| pool["currentDedicatedNodes"] == 0).await;
    server.batch.get("/jobs/j/tasks/t/files/stdout.txt").await.is_error(409, "TaskFilesUnavailable");
}

/// A job with tasks that ended with these exit codes on one node; their logs say their ids.
async fn with_tasks(exits: &[i32]) -> (Rest, FakeNode) {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, 1).await;
    rest.world.job("j", "p").await;
    let mut node = rest.world.node().await;
    for (n, exit) in exits.iter().enumerate() {
        let id = format!("t{n}");
        rest.world.tasks("j", &[&id]).await;
        let runs = node.runs().await;
        node.ended(&runs[0], *exit);
        rest.world.until_task("j", &id, |task| task.state == TaskState::Completed).await;
        rest.files.put(&format!("workitems/j/job-1/{id}/stdout.txt"), format!("log of {id}").as_bytes());
    }
    (rest, node)
}

fn keeping(rest: &Rest, keep: Keep) -> Context {
    let installation = Installation { keep, ..(*rest.world.cx.installation).clone() };
    let mut cx = rest.world.cx.clone();
    (cx.files, cx.installation) = (rest.files.clone(), Arc::new(installation));
    cx
}

/// Forgets the node's own files, so that what is read is a kept copy.
async fn log_of(rest: &Rest, task: &str) -> Option<String> {
    let answer = rest.get(&format!("/jobs/j/tasks/{task}/files/stdout.txt")).await;
    let is_kept = answer.headers.contains_key("fournil-kept-copy");
    is_kept.then(|| String::from_utf8(answer.is(200).bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_may_keep_logs_of_failed_tasks_only() {
    let (rest, node) = with_tasks(&[0, 1]).await;
    keep_files_of_node(&keeping(&rest, Keep { of: KeepOf::Failed, ..Keep::default() }), node.key).await;
    assert_eq!((log_of(&rest, "t0").await, log_of(&rest, "t1").await), (None, Some("log of t1".to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_logs_go_after_their_time_and_the_oldest_for_want_of_room() {
    let (rest, node) = with_tasks(&[0]).await;
    let cx = keeping(&rest, Keep { days: 2, total_bytes: 25, ..Keep::default() });
    keep_files_of_node(&cx, node.key).await;
    rest.world.clock.forward(Duration::from_days(1));
    kept_files_prune(&cx).await.unwrap();
    assert_eq!(log_of(&rest, "t0").await.as_deref(), Some("log of t0"));
    rest.world.clock.forward(Duration::from_days(2));
    kept_files_prune(&cx).await.unwrap();
    assert_eq!(log_of(&rest, "t0").await, None);

    // 18 bytes fit, the same once more does not: what was kept first goes.
    for _ in 0..2 {
        rest.files.put("workitems/j/job-1/t0/stderr.txt", b"and errs ");
        keep_files_of_node(&cx, node.key).await;
        assert_eq!(log_of(&rest, "t0").await.as_deref(), Some("log of t0"));
    }
    keep_files_of_node(&keeping(&rest, Keep { total_bytes: 17, ..Keep::default() }), node.key).await;
    assert_eq!(log_of(&rest, "t0").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_runs_again_does_not_show_the_log_of_its_earlier_run() {
    let (rest, mut node) = with_tasks(&[1]).await;
    keep_files_of_node(&keeping(&rest, Keep::default()), node.key).await;
    assert!(log_of(&rest, "t0").await.is_some());
    rest.send(rest.ask("POST", "/jobs/j/tasks/t0/reactivate")).await.is(204);
    let runs = node.runs().await;
    assert_eq!(log_of(&rest, "t0").await, None);
    node.started(&runs[0]);
    rest.world.until_task("j", "t0", |task| task.state == TaskState::Running).await;
    assert_eq!(log_of(&rest, "t0").await, None);
    node.ended(&runs[0], 0);
    rest.world.until_task("j", "t0", |task| task.state == TaskState::Completed).await;
    assert_eq!(log_of(&rest, "t0").await, None, "the node has the files of this run");
}
