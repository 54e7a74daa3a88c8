//! What survives the sudden death of the server, of agents, and of both: real processes that are killed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::real_server::{Batch, RealServer, is_alive, kill9, marked, sh, until};

/// A task that says on its node that it ran.
fn leaves_a_line(id: &str) -> Value {
    json!({ "id": id, "commandLine": sh("echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran") })
}

/// Adds tasks `t{first}` to `t{last - 1}`, a hundred a request, and tries again when it gets no answer.
async fn add_tasks(batch: Batch, first: usize, last: usize) {
    for from in (first..last).step_by(100) {
        let tasks: Vec<Value> = (from..(from + 100).min(last)).map(|n| leaves_a_line(&format!("t{n}"))).collect();
        let body = json!({ "value": tasks });
        let answer = loop {
            match batch.ask("POST", "/jobs/j/addtaskcollection", Some(&body)).await {
                Ok(answer) => break answer.is(200),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        for result in answer.json()["value"].as_array().unwrap() {
            // One that is there already was added by a request whose answer was lost.
            let is_there = result["status"] == "success" || result["error"]["code"] == "TaskExists";
            assert!(is_there, "{result}");
        }
    }
}

fn names(first: usize, last: usize) -> BTreeSet<String> {
    (first..last).map(|n| format!("t{n}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_dies_again_and_again_amid_two_thousand_tasks_and_each_runs_once() {
    const TASKS: usize = 2000;
    const KILLS: usize = 5;
    let mut server = RealServer::start().await;
    server.batch.pool("p", 2, 4).await;
    server.batch.job("j", "p").await;
    add_tasks(server.batch.clone(), 0, 1500).await;
    let adding = tokio::spawn(add_tasks(server.batch.clone(), 1500, TASKS));
    for kill in 1..=KILLS {
        // Somewhere in the middle, wherever that is.
        until("some more tasks ran", || server.shared_lines("ran").len() >= kill * TASKS / (KILLS + 2)).await;
        server.kill9();
        let ran = server.shared_lines("ran").len();
        assert!(ran < TASKS, "the kill came too late to mean anything");
        let start = Instant::now();
        server.restart();
        eprintln!("kill {kill} after {ran} tasks; ready again after {:?}", start.elapsed());
    }
    adding.await.unwrap();
    server.batch.completes_when_done("j").await;
    server.batch.job_is("j", "completed").await;

    let mut ran = server.shared_lines("ran");
    ran.sort();
    assert_eq!(ran.len(), TASKS, "a task ran twice or never");
    assert_eq!(ran.into_iter().collect::<BTreeSet<_>>(), names(0, TASKS));
    let tasks = server.batch.all("/jobs/j/tasks?maxresults=1000").await;
    assert_eq!(tasks.len(), TASKS);
    for task in &tasks {
        let info = &task["executionInfo"];
        let outcome = (&task["state"], &info["exitCode"], &info["result"], &info["retryCount"], &info["requeueCount"]);
        assert_eq!(outcome, (&json!("completed"), &json!(0), &json!("success"), &json!(0), &json!(0)), "{task}");
    }
    let counts = server.batch.get("/jobs/j/taskcounts").await.is(200).json();
    assert_eq!(counts["taskCounts"]["succeeded"], TASKS, "{counts}");
    assert_eq!(counts["taskCounts"]["completed"], TASKS, "{counts}");
    server.is_sound();
}

/// A task that notes its processes under its id, one of them hidden in a session of its own; says `overlap` when one that an
/// earlier attempt noted still lives; and then waits for the file `go`.
fn waits_for_go(exit: usize) -> String {
    sh(&format!(
        "cd $AZ_BATCH_NODE_SHARED_DIR; id=$AZ_BATCH_TASK_ID; \
         for p in $(cat pids.$id 2>/dev/null); do grep -q \"^State:.[RSDT]\" /proc/$p/status 2>/dev/null && echo $id >> overlap; done; \
         echo $$ >> pids.$id; setsid sleep 1000 & echo $! >> pids.$id; \
         echo $id >> began; while [ ! -e go ]; do sleep 0.05; done; echo $id >> ran; exit {exit}"
    ))
}

fn let_go(server: &RealServer) {
    for node in server.nodes() {
        std::fs::write(server.node_dir(&node).join("root/shared/go"), "").unwrap();
    }
}

fn nothing_is_left(server: &RealServer) -> bool {
    server.nodes().iter().all(|node| marked(&server.node_dir(node)).is_empty())
}

fn counts_of(task: &Value) -> (i64, i64) {
    let count = |name: &str| task["executionInfo"][name].as_i64().unwrap();
    (count("retryCount"), count("requeueCount"))
}

#[tokio::test]
async fn an_agent_dies_and_its_tasks_run_again_without_using_up_a_retry() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 3).await;
    server.batch.job("j", "p").await;
    for n in 0..3 {
        server.batch.task("j", &format!("t{n}"), &waits_for_go(n)).await;
    }
    until("all tasks began", || server.shared_lines("began").len() == 3).await;
    for n in 0..3 {
        server.batch.task_is("j", &format!("t{n}"), "running").await;
    }
    let node = &server.nodes()[0];
    let (first, killed) = (server.agent(node).unwrap(), Instant::now());
    kill9(first);
    until("all tasks began again", || server.shared_lines("began").len() == 6).await;
    eprintln!("all tasks run again {:?} after the kill of their agent", killed.elapsed());
    assert_ne!(server.agent(node), Some(first));
    let_go(&server);
    for n in 0..3 {
        let task = server.batch.task_is("j", &format!("t{n}"), "completed").await;
        assert_eq!((&task["executionInfo"]["exitCode"], counts_of(&task)), (&json!(n), (0, 0)), "{task}");
    }
    assert_eq!(server.shared_lines("overlap"), [""; 0], "a task began while its earlier attempt was alive");
    assert_eq!(server.shared_lines("ran").len(), 3);
    assert!(nothing_is_left(&server));
    server.is_sound();
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_leaves_its_tasks_alone_and_finds_them_again() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 1, 4).await;
    server.batch.job("j", "p").await;
    for n in 0..4 {
        server.batch.task("j", &format!("t{n}"), &waits_for_go(n)).await;
    }
    until("all tasks began", || server.shared_lines("began").len() == 4).await;
    assert!(server.stop().success());

    server.restart();
    server.batch.until("/jobs/j/taskcounts", |answer| answer["taskCounts"]["running"] == 4).await;
    server.batch.nodes_are("p", "running", 1).await;
    assert!(server.stop().success());

    let_go(&server);
    until("all tasks ended", || nothing_is_left(&server)).await;
    server.restart();
    for n in 0..4 {
        let task = server.batch.task_is("j", &format!("t{n}"), "completed").await;
        let result = if n == 0 { "success" } else { "failure" };
        let info = &task["executionInfo"];
        assert_eq!((&info["exitCode"], &info["result"]), (&json!(n), &json!(result)), "{task}");
        assert_eq!(counts_of(&task), (0, 0));
    }
    assert_eq!(server.shared_lines("began").len(), 4, "no task began twice");
    server.is_sound();
}

#[tokio::test]
async fn results_of_a_time_without_server_survive_the_agent_too() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 1, 4).await;
    server.batch.job("j", "p").await;
    for n in 0..4 {
        server.batch.task("j", &format!("t{n}"), &waits_for_go(n)).await;
    }
    until("all tasks began", || server.shared_lines("began").len() == 4).await;
    server.kill9();
    let_go(&server);
    let node = server.nodes()[0].clone();
    let journal = server.node_dir(&node).join("journal");
    let ends = || std::fs::read_to_string(&journal).unwrap().lines().filter(|line| line.starts_with("E ")).count();
    until("all ends are in the journal", || ends() == 4).await;
    kill9(server.agent(&node).unwrap());
    server.restart();
    for n in 0..4 {
        let task = server.batch.task_is("j", &format!("t{n}"), "completed").await;
        assert_eq!(task["executionInfo"]["exitCode"], n, "{task}");
    }
    assert_eq!(server.shared_lines("began").len(), 4, "no task began twice");
    server.is_sound();
}

#[tokio::test]
async fn when_server_and_agents_die_together_everything_unfinished_runs_again() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 2, 2).await;
    server.batch.job("j", "p").await;
    for n in 0..6 {
        server.batch.task("j", &format!("t{n}"), &waits_for_go(0)).await;
    }
    server.batch.completes_when_done("j").await;
    until("the nodes are full", || server.shared_lines("began").len() == 4).await;
    let agents = server.agents();
    server.kill9();
    agents.into_iter().for_each(kill9);
    server.restart();
    until("the nodes are full again", || server.shared_lines("began").len() == 8).await;
    let_go(&server);
    server.batch.job_is("j", "completed").await;
    for task in server.batch.all("/jobs/j/tasks").await {
        assert_eq!((&task["executionInfo"]["exitCode"], counts_of(&task)), (&json!(0), (0, 0)), "{task}");
    }
    assert_eq!(server.shared_lines("overlap"), [""; 0]);
    server.is_sound();
}

#[tokio::test]
async fn agents_find_a_server_that_comes_back_on_another_port() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    let (agents, before) = (server.agents(), server.batch.url());
    server.kill9();
    // Takes the port; agents that ask there get no answer.
    let squatter = std::net::TcpListener::bind(before.strip_prefix("http://").unwrap()).unwrap();
    server.restart();
    assert_ne!(server.batch.url(), before);
    server.batch.task("j", "t", "/bin/true").await;
    server.batch.task_is("j", "t", "completed").await;
    assert_eq!(server.agents(), agents, "the same agents");
    drop(squatter);
}

#[tokio::test]
async fn agents_die_again_and_again_and_the_job_still_completes() {
    const TASKS: usize = 200;
    let server = RealServer::start().await;
    server.batch.pool("p", 2, 4).await;
    server.batch.job("j", "p").await;
    let script = "setsid sleep 1000 & sleep 0.05; echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran";
    for from in (0..TASKS).step_by(100) {
        let task = |n: usize| json!({ "id": format!("t{n}"), "commandLine": sh(script) });
        let tasks: Vec<Value> = (from..from + 100).map(task).collect();
        server.batch.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.is(200);
    }
    server.batch.completes_when_done("j").await;
    for kill in 0..10 {
        let node = server.nodes()[kill % 2].clone();
        let goal = server.shared_lines("ran").len() + 8;
        until("some more tasks ran", || server.shared_lines("ran").len() >= goal && server.agent(&node).is_some())
            .await;
        kill9(server.agent(&node).unwrap());
    }
    assert!(server.shared_lines("ran").len() < TASKS, "the kills came too late to mean anything");
    server.batch.job_is("j", "completed").await;
    let tasks = server.batch.all("/jobs/j/tasks?maxresults=1000").await;
    assert_eq!(tasks.len(), TASKS);
    for task in &tasks {
        assert_eq!((&task["executionInfo"]["result"], counts_of(task)), (&json!("success"), (0, 0)), "{task}");
    }
    assert_eq!(server.shared_lines("ran").into_iter().collect::<BTreeSet<_>>(), names(0, TASKS));
    assert!(nothing_is_left(&server));
    server.is_sound();
}

#[tokio::test]
async fn a_pool_gets_to_its_size_though_the_server_dies_on_the_way() {
    let mut server = RealServer::start().await;
    // At once, while nodes are being made, and when most are there.
    for (round, delay) in [0, 5, 60].map(Duration::from_millis).into_iter().enumerate() {
        let pool = format!("p{round}");
        let create = json!({ "id": pool, "vmSize": "local_1", "targetDedicatedNodes": 3 });
        server.batch.post("/pools", create).await.is(201);
        killed_after(&mut server, delay);
        server.batch.nodes_are(&pool, "idle", 3).await;
        for nodes in [4, 1] {
            let resize = json!({ "targetDedicatedNodes": nodes });
            server.batch.post(&format!("/pools/{pool}/resize"), resize).await.is(202);
            killed_after(&mut server, delay);
            server.batch.nodes_are(&pool, "idle", nodes).await;
            server.batch.until(&format!("/pools/{pool}"), |answer| answer["allocationState"] == "steady").await;
        }
        server.batch.delete(&format!("/pools/{pool}")).await.is(202);
        killed_after(&mut server, delay);
        server.batch.until(&format!("/pools/{pool}"), |answer| answer["code"] == "PoolNotFound").await;
        until("the nodes' folders are gone", || server.nodes().is_empty()).await;
    }
    server.is_sound();
}

/// The time in which a request that was just answered is being carried out.
fn killed_after(server: &mut RealServer, delay: Duration) {
    std::thread::sleep(delay);
    server.kill9();
    server.restart();
}

#[tokio::test]
async fn a_job_is_deleted_though_the_server_dies_on_the_way() {
    let mut server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    for (round, delay) in [0, 5, 60].map(Duration::from_millis).into_iter().enumerate() {
        let job = format!("j{round}");
        server.batch.job(&job, "p").await;
        for n in 0..4 {
            server.batch.task(&job, &format!("t{n}"), &sh("setsid sleep 1000 & sleep 1000")).await;
        }
        server.batch.until(&format!("/jobs/{job}/taskcounts"), |answer| answer["taskCounts"]["running"] == 2).await;
        server.batch.delete(&format!("/jobs/{job}")).await.is(202);
        killed_after(&mut server, delay);
        server.batch.until(&format!("/jobs/{job}"), |answer| answer["code"] == "JobNotFound").await;
        until("its processes are gone", || nothing_is_left(&server)).await;
        let folder = server.node_dir(&server.nodes()[0]).join("root/workitems").join(&job);
        until("its folder is gone", || !folder.exists()).await;
    }
    server.batch.nodes_are("p", "idle", 1).await;
    server.is_sound();
}

#[tokio::test]
async fn nodes_made_after_a_backup_end_when_it_is_restored() {
    let mut server = RealServer::start().await;
    let backup = server.admin(&["backup", server.data_dir().to_str().unwrap()]);
    let file = backup["file"].as_str().unwrap().to_owned();
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    server.batch.task("j", "t", &sh("echo $$ > $AZ_BATCH_NODE_SHARED_DIR/pid; sleep 1000")).await;
    until("the task runs", || server.shared_lines("pid").len() == 1).await;
    let task: i32 = server.shared_lines("pid")[0].parse().unwrap();
    server.stop();
    server.admin(&["restore", &file, "--force"]);
    server.restart();
    until("nothing is left of the node", || !is_alive(task) && nothing_is_left(&server)).await;
    assert!(server.batch.get("/pools").await.json()["value"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_schedule_makes_each_job_once_though_the_server_dies_on_the_way() {
    let mut server = RealServer::start().await;
    for (round, delay) in [0, 2, 5, 20, 60].map(Duration::from_millis).into_iter().enumerate() {
        let (id, path) = (format!("s{round}"), format!("/jobschedules/s{round}"));
        let specification = json!({ "poolInfo": { "poolId": "p" }, "onAllTasksComplete": "terminatejob" });
        let every = |interval: &str| json!({ "recurrenceInterval": interval });
        let create = json!({ "id": id, "schedule": every("PT1H"), "jobSpecification": specification });
        server.batch.post("/jobschedules", create).await.is(201);
        killed_after(&mut server, delay);
        server.batch.job_is(&format!("{id}:job-1"), "completed").await;
        // With another interval turns begin anew: a second job is due now.
        server.batch.patch(&path, json!({ "schedule": every("PT2H") })).await.is(200);
        killed_after(&mut server, delay);
        server.batch.job_is(&format!("{id}:job-2"), "completed").await;
        assert_eq!(server.batch.all(&format!("{path}/jobs")).await.len(), 2, "a turn had two jobs");
        server.is_sound();
        server.batch.delete(&path).await.is(202);
        killed_after(&mut server, delay);
        server.batch.until(&path, |answer| answer["code"] == "JobScheduleNotFound").await;
        assert_eq!(server.batch.all("/jobs").await, [] as [Value; 0]);
    }
    server.is_sound();
}
