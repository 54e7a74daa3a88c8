//! How long files of ended tasks stay on their nodes, with a clock that the test moves and nodes that it plays.

use fournil::api::{
    self, Duration, JobPreparationTask, JobReleaseTask, JobState, NodeDeallocationOption, NodeState, TaskConstraints,
    TaskState,
};
use serde_json::json;

use crate::support::rest::Rest;
use crate::support::world::{FakeNode, World, simple};

const DAY: Duration = Duration::from_days(1);

fn kept(id: &str, retention: Duration) -> api::TaskCreate {
    let constraints = TaskConstraints { retention_time: Some(retention), ..Default::default() };
    api::TaskCreate { constraints: Some(constraints), ..simple(id) }
}

/// A node on which these tasks have ended.
async fn ran(world: &World, slots: i32, tasks: Vec<api::TaskCreate>) -> FakeNode {
    world.pool("p", 1, slots).await;
    let mut node = world.node().await;
    world.job("j", "p").await;
    let n_tasks = tasks.len();
    world.add("j", tasks).await;
    let mut runs = Vec::new();
    while runs.len() < n_tasks {
        runs.extend(node.runs().await);
    }
    for run in &runs {
        node.started(run);
        node.ended(run, 0);
        world.until_task("j", &run.task, |t| t.state == TaskState::Completed).await;
    }
    node
}

#[tokio::test]
async fn files_of_a_completed_task_go_when_their_time_is_over() {
    let rest = Rest::new().await;
    let tasks = vec![kept("short", DAY), kept("longer", DAY), simple("usual"), kept("ever", Duration::UNLIMITED)];
    let mut node = ran(&rest.world, 4, tasks).await;
    rest.files.put("workitems/j/job-1/short/stdout.txt", b"x");
    rest.get("/jobs/j/tasks/short/files/stdout.txt").await.is(200);

    // Of a completed task the time can still be changed; it counts from the end of the task.
    let change = |time: &str| json!({ "constraints": { "retentionTime": time } });
    rest.put("PUT", "/jobs/j/tasks/longer", change("P2D")).await.is(200);
    assert_eq!(rest.get("/jobs/j/tasks/longer").await.json()["constraints"]["retentionTime"], "P2D");
    rest.world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/short"]);
    rest.get("/jobs/j/tasks/short/files/stdout.txt").await.is_error(409, "TaskFilesCleanedup");
    rest.get("/jobs/j/tasks/short/files").await.is_error(409, "TaskFilesCleanedup");
    assert_eq!(rest.world.task("j", "short").await.state, TaskState::Completed, "the task itself stays");
    rest.world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/longer"]);

    // What has passed already is over at once.
    rest.put("PUT", "/jobs/j/tasks/ever", change("PT1H")).await.is(200);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/ever"]);
    rest.put("PUT", "/jobs/j/tasks/ever", change("P30D")).await.is(200);
    rest.get("/jobs/j/tasks/ever/files").await.is_error(409, "TaskFilesCleanedup");
    rest.world.clock.forward(Duration::from_days(5));
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/usual"]);
    rest.world.is_sound().await;
}

#[tokio::test]
async fn a_failed_task_that_runs_again_has_files_again() {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, 1).await;
    let mut node = rest.world.node().await;
    rest.world.job("j", "p").await;
    rest.world.add("j", vec![kept("t", DAY)]).await;
    let run = node.runs().await;
    node.ended(&run[0], 1);
    rest.world.until_task("j", "t", |t| t.state == TaskState::Completed).await;
    rest.world.clock.forward(DAY);
    node.cleans_up().await;
    rest.send(rest.ask("POST", "/jobs/j/tasks/t/reactivate")).await.is(204);
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "t", |t| t.state == TaskState::Running).await;
    rest.files.put("workitems/j/job-1/t/stdout.txt", b"again");
    rest.get("/jobs/j/tasks/t/files/stdout.txt").await.is(200);
    // A running task keeps its files, however long it runs.
    rest.world.clock.forward(Duration::from_days(30));
    node.ended(&run[0], 0);
    rest.world.until_task("j", "t", |t| t.state == TaskState::Completed).await;
    rest.get("/jobs/j/tasks/t/files/stdout.txt").await.is(200);
    rest.world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/t"]);
}

#[tokio::test]
async fn what_falls_due_while_server_and_agent_are_away_goes_when_they_are_back() {
    let world = World::new().await;
    let node = ran(&world, 1, vec![kept("t", DAY)]).await;
    let (key, id) = node.disconnects();
    let world = world.restart().await;
    world.clock.forward(DAY);
    // The scheduler notes that they are due while the node is away.
    let mut node = world.connect(key, id, "boot-2", Vec::new(), Vec::new()).await;
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/t"]);
    world.is_sound().await;
}

#[tokio::test]
async fn a_preparation_keeps_its_files_until_its_job_has_ended() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    let mut node = world.node().await;
    world
        .job_with("j", "p", |job| {
            let constraints = TaskConstraints { retention_time: Some(DAY), ..Default::default() };
            job.job_preparation_task = Some(JobPreparationTask {
                command_line: "p".into(),
                constraints: Some(constraints),
                ..Default::default()
            });
            job.job_release_task = Some(JobReleaseTask {
                command_line: "r".into(),
                retention_time: Some(Duration::from_days(2)),
                ..Default::default()
            });
        })
        .await;
    world.add("j", vec![kept("t", DAY)]).await;
    let preparation = node.runs().await;
    node.ended(&preparation[0], 0);
    let task = node.runs().await;
    node.ended(&task[0], 0);
    world.until_task("j", "t", |t| t.state == TaskState::Completed).await;
    world.clock.forward(Duration::from_days(3));
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/t"], "of the preparation task nothing");

    let (caller, job) = (&world.caller, "j".parse().unwrap());
    let end = api::JobTerminate::default();
    fournil::service::job::job_terminate(&world.cx, caller, &world.account, &job, end).await.unwrap();
    let release = node.runs().await;
    node.ended(&release[0], 0);
    world.until_job("j", JobState::Completed).await;
    world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/jobpreparation"]);
    world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/jobrelease"]);
}

#[tokio::test]
async fn a_node_that_leaves_with_retaineddata_stays_until_the_time_of_its_files_is_over() {
    let world = World::new().await;
    let mut node = ran(&world, 1, vec![kept("t", DAY)]).await;
    let resize = api::PoolResize {
        target_dedicated_nodes: Some(0),
        node_deallocation_option: Some(NodeDeallocationOption::RetainedData),
        ..Default::default()
    };
    let pool = "p".parse().unwrap();
    fournil::service::pool::pool_resize(&world.cx, &world.caller, &world.account, &pool, resize).await.unwrap();
    world
        .until("it leaves", async || (world.node_state("p", &node.id).await == NodeState::LeavingPool).then_some(()))
        .await;
    // Whatever else happens: it is there, and takes no task.
    world.tasks("j", &["waits"]).await;
    world.clock.forward(Duration::from_secs(3600));
    assert_eq!(world.pool_get("p").await.unwrap().pool.current_dedicated_nodes, 1);
    world.clock.forward(DAY);
    assert_eq!(node.cleans_up().await, ["workitems/j/job-1/t"]);
    world.until_pool("p", |pool| pool.pool.current_dedicated_nodes == 0).await;
    world.is_sound().await;
}
