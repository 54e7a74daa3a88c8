//! Job manager tasks: with nodes that the test plays, and as real processes.

use fournil::api::{self, JobState, TaskState};
use serde_json::json;

use crate::support::real_server::{RealServer, sh, until};
use crate::support::world::World;

fn manager() -> api::JobManagerTask {
    api::JobManagerTask { id: "manager".into(), command_line: "manage".into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manager_goes_first_has_its_node_alone_and_ends_its_job() {
    let world = World::new().await;
    world.pool("p", 2, 4).await;
    let (mut one, mut two) = (world.node().await, world.node().await);
    world.until_pool("p", |p| p.node_counts.idle == 2).await;
    world.job_with("j", "p", |job| job.job_manager_task = Some(manager())).await;
    let run =
        tokio::select! { run = one.runs() => run, run = two.runs() => { std::mem::swap(&mut one, &mut two); run } };
    assert_eq!((run[0].task.as_str(), run[0].slots), ("manager", 4), "all slots of its node");
    one.started(&run[0]);
    world.tasks("j", &["a", "b"]).await;
    let mut others = two.runs().await;
    while others.len() < 2 {
        others.extend(two.runs().await);
    }
    let counts = world.job_get("j").await.unwrap().counts.task_counts;
    assert_eq!((counts.total(), counts.running), (3, 1), "it is counted as every task");
    world.is_sound().await;
    // Its node is lost: it runs again, and the job goes on.
    let (key, id) = one.disconnects();
    let mut one = world.connect(key, id, "boot-2", vec![], vec![]).await;
    let again = one.runs().await;
    assert_eq!((again[0].task.as_str(), again[0].a.number), ("manager", 2));
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Active);
    one.ended(&again[0], 3);
    let kills = two.kills().await;
    two.gave_back(kills);
    let kills = two.kills().await;
    two.gave_back(kills);
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("JMComplete"));
    assert_eq!(world.task("j", "a").await.state, TaskState::Completed);
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_that_wants_a_dedicated_node_waits_for_one_and_says_so() {
    let world = World::new().await;
    let create = api::PoolCreate {
        id: "p".into(),
        vm_size: "local_2".into(),
        target_low_priority_nodes: Some(1),
        ..Default::default()
    };
    fournil::service::pool::pool_create(&world.cx, &world.caller, &world.account, create).await.unwrap();
    let mut node = world.node().await;
    let dedicated = api::JobManagerTask {
        allow_low_priority_node: Some(false),
        run_exclusive: Some(false),
        kill_job_on_completion: Some(false),
        ..manager()
    };
    world.job_with("j", "p", |job| job.job_manager_task = Some(dedicated)).await;
    world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    assert_eq!((run.len(), run[0].task.as_str()), (1, "a"));
    let (job, id) = ("j".parse().unwrap(), "manager".parse().unwrap());
    let why =
        fournil::service::waiting::task_waiting(&world.cx, &world.caller, &world.account, &job, &id).await.unwrap();
    assert_eq!(why.waiting, Some(api::Waiting::NeedsDedicatedNode { pool_id: "p".into() }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_ends_a_real_job_with_what_still_runs() {
    let server = RealServer::start().await;
    server.batch.pool("p", 2, 1).await;
    let waits =
        sh("echo m >> $AZ_BATCH_NODE_SHARED_DIR/ran; while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/go ]; do sleep 0.02; done");
    let job = json!({
        "id": "j", "poolInfo": { "poolId": "p" }, "jobManagerTask": { "id": "manager", "commandLine": waits },
    });
    server.batch.post("/jobs", job).await.is(201);
    server.batch.post("/jobs/j/tasks", json!({ "id": "Manager", "commandLine": "x" })).await.is(409);
    server.batch.task("j", "long", &sh("sleep 1000")).await;
    server.batch.task_is("j", "manager", "running").await;
    server.batch.task_is("j", "long", "running").await;
    for node in server.nodes() {
        std::fs::write(server.node_dir(&node).join("root/shared/go"), "").unwrap();
    }
    server.batch.job_is("j", "completed").await;
    let job = server.batch.get("/jobs/j").await.json();
    assert_eq!(job["executionInfo"]["terminateReason"], "JMComplete");
    let shown = &job["jobManagerTask"];
    for (name, value) in
        [("killJobOnCompletion", json!(true)), ("runExclusive", json!(true)), ("requiredSlots", json!(1))]
    {
        assert_eq!(shown[name], value, "{name}");
    }
    let long = server.batch.get("/jobs/j/tasks/long").await.json();
    assert_eq!(long["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    until("it ran once", || server.shared_lines("ran") == ["m"]).await;
    server.is_sound();
}
