//! Job preparation and release tasks, with the real store and scheduler and nodes that the test plays.

use fournil::api::agent::RunTask;
use fournil::api::{self, JobState, TaskState};
use fournil::service::job;

use crate::support::world::{FakeNode, World};

fn preparation() -> api::JobPreparationTask {
    api::JobPreparationTask { command_line: "prepare".into(), ..Default::default() }
}

/// A job `j` with these tasks on a pool `p` of so many nodes.
async fn world(nodes: i32, preparation: api::JobPreparationTask, release: bool) -> World {
    let world = World::new().await;
    world.pool("p", nodes, 2).await;
    let change = |job: &mut api::JobCreate| {
        job.job_preparation_task = Some(preparation);
        job.job_release_task =
            release.then(|| api::JobReleaseTask { command_line: "release".into(), ..Default::default() });
    };
    world.job_with("j", "p", change).await;
    world
}

async fn next(node: &mut FakeNode) -> RunTask {
    let runs = node.runs().await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.into_iter().next().unwrap()
}

async fn end(world: &World) {
    let id = "j".parse().unwrap();
    job::job_terminate(&world.cx, &world.caller, &world.account, &id, Default::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_prepared_before_its_first_task_and_released_at_the_end() {
    let world = world(1, preparation(), true).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    assert_eq!((prep.task.as_str(), prep.slots, prep.preparation.as_deref()), ("jobpreparation", 0, None));
    assert_eq!(prep.directory, "workitems/j/job-1/jobpreparation");
    let a = world.until_task("j", "a", |t| t.state == TaskState::Preparing).await;
    assert_eq!((a.execution_info.start_time, a.node_info.map(|n| n.node_id)), (None, Some(node.id.clone())));
    assert_eq!(world.job_get("j").await.unwrap().counts.task_counts.running, 1, "preparing counts as running");
    world.is_sound().await;
    node.started(&prep);
    node.ended(&prep, 0);
    let a = next(&mut node).await;
    assert_eq!((a.task.as_str(), a.preparation.as_deref()), ("a", Some("workitems/j/job-1/jobpreparation")));
    node.started(&a);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    // Once is enough.
    world.tasks("j", &["b"]).await;
    let b = next(&mut node).await;
    assert_eq!(b.task, "b");
    node.ended(&a, 0);
    node.ended(&b, 0);
    world.until_task("j", "b", |t| t.state == TaskState::Completed).await;

    end(&world).await;
    let release = next(&mut node).await;
    assert_eq!((release.task.as_str(), release.slots), ("jobrelease", 0));
    assert_eq!(release.max_wall_clock, Some(api::Duration::from_mins(15)));
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Terminating, "it waits for the release");
    node.ended(&release, 1);
    world.until_job("j", JobState::Completed).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_preparation_failed_no_task_of_the_job_runs() {
    let world = world(2, preparation(), false).await;
    let (mut bad, mut good) = (world.node().await, world.node().await);
    world.until_pool("p", |p| p.node_counts.idle == 2).await;
    world.tasks("j", &["a", "b"]).await;
    let prep = next(&mut bad).await;
    bad.ended(&prep, 1);
    let prep = next(&mut good).await;
    good.ended(&prep, 0);
    let mut runs = good.runs().await;
    while runs.len() < 2 {
        runs.extend(good.runs().await);
    }
    let ids: std::collections::BTreeSet<&str> = runs.iter().map(|run| run.task.as_str()).collect();
    assert_eq!(ids, ["a", "b"].into(), "both run on the other node");
    world.is_sound().await;
    // It begins anew: the preparation is tried again with the next task there.
    let (key, id) = bad.disconnects();
    let mut bad = world.connect(key, id, "boot-2", vec![], vec![]).await;
    world.tasks("j", &["c"]).await;
    assert_eq!(next(&mut bad).await.task, "jobpreparation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_preparation_is_tried_again_as_often_as_it_says() {
    let constraints = api::TaskConstraints { max_task_retry_count: Some(1), ..Default::default() };
    let world = world(1, api::JobPreparationTask { constraints: Some(constraints), ..preparation() }, false).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let first = next(&mut node).await;
    node.ended(&first, 1);
    let second = next(&mut node).await;
    assert_eq!((second.a.task, second.a.number), (first.a.task, first.a.number + 1));
    assert_eq!(world.task("j", "a").await.state, TaskState::Preparing);
    node.ended(&second, 0);
    assert_eq!(next(&mut node).await.task, "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_do_not_wait_for_a_preparation_that_nobody_waits_for() {
    let world = world(1, api::JobPreparationTask { wait_for_success: Some(false), ..preparation() }, false).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    let a = next(&mut node).await;
    assert_eq!((prep.task.as_str(), a.task.as_str()), ("jobpreparation", "a"));
    node.ended(&prep, 1);
    node.ended(&a, 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    world.tasks("j", &["b"]).await;
    assert_eq!(next(&mut node).await.task, "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reboot_a_node_is_prepared_again_unless_the_job_says_otherwise() {
    for reruns in [true, false] {
        let preparation = api::JobPreparationTask { rerun_on_node_reboot_after_success: Some(reruns), ..preparation() };
        let world = world(1, preparation, false).await;
        let mut node = world.node().await;
        world.tasks("j", &["a"]).await;
        let prep = next(&mut node).await;
        node.ended(&prep, 0);
        let a = next(&mut node).await;
        node.ended(&a, 0);
        world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
        let (key, id) = node.disconnects();
        let mut node = world.connect(key, id, "boot-2", vec![], vec![]).await;
        world.tasks("j", &["b"]).await;
        assert_eq!(next(&mut node).await.task, if reruns { "jobpreparation" } else { "b" });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preparation_goes_on_while_the_server_is_away() {
    let world = world(1, preparation(), true).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    node.started(&prep);
    world.until_task("j", "a", |t| t.state == TaskState::Preparing).await;
    let (key, id) = (node.key, node.id.clone());
    let world = world.restart().await;
    // It ended meanwhile; the waiting task was never sent, and waits again.
    let mut node = world.connect(key, id.clone(), "boot-1", vec![], vec![prep.a]).await;
    node.ended(&prep, 0);
    let a = next(&mut node).await;
    assert_eq!((a.task.as_str(), world.task("j", "a").await.execution_info.requeue_count), ("a", 0));
    node.ended(&a, 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    world.is_sound().await;

    // The same with the release task, which runs through a restart and is waited for.
    end(&world).await;
    let release = next(&mut node).await;
    let world = world.restart().await;
    let node = world.connect(key, id, "boot-1", vec![release.a], vec![]).await;
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Terminating);
    node.ended(&release, 0);
    world.until_job("j", JobState::Completed).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_while_its_node_is_prepared_ends_that_and_releases_the_node() {
    let world = world(1, preparation(), true).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    node.started(&prep);
    world.until_task("j", "a", |t| t.state == TaskState::Preparing).await;
    end(&world).await;
    let mut kills = node.kills().await;
    while kills.len() < 2 {
        kills.extend(node.kills().await);
    }
    assert!(kills.contains(&prep.a));
    node.gave_back(kills);
    let release = next(&mut node).await;
    assert_eq!(release.task, "jobrelease");
    assert_eq!(world.task("j", "a").await.execution_info.failure_info.unwrap().code, "TaskEnded");
    node.ended(&release, 0);
    world.until_job("j", JobState::Completed).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_job_prepares_its_node_again_when_it_is_enabled() {
    let world = world(1, preparation(), false).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    let id = "j".parse().unwrap();
    let disable = api::JobDisable { disable_tasks: api::DisableJobOption::Terminate };
    job::job_disable(&world.cx, &world.caller, &world.account, &id, disable).await.unwrap();
    let mut kills = node.kills().await;
    while kills.len() < 2 {
        kills.extend(node.kills().await);
    }
    node.gave_back(kills);
    world.until_job("j", JobState::Disabled).await;
    job::job_enable(&world.cx, &world.caller, &world.account, &id).await.unwrap();
    world.tasks("j", &["b"]).await;
    let again = next(&mut node).await;
    assert_eq!((again.a.task, again.a.number), (prep.a.task, prep.a.number + 1));
    node.ended(&again, 0);
    assert_eq!(next(&mut node).await.task, "b");
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_gone_is_not_waited_for() {
    let world = world(1, preparation(), true).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    node.ended(&prep, 0);
    let a = next(&mut node).await;
    node.ended(&a, 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    let pool = "p".parse().unwrap();
    let resize = api::PoolResize { target_dedicated_nodes: Some(0), ..Default::default() };
    fournil::service::pool::pool_resize(&world.cx, &world.caller, &world.account, &pool, resize).await.unwrap();
    world.until_pool("p", |p| p.pool.current_dedicated_nodes == 0).await;
    end(&world).await;
    world.until_job("j", JobState::Completed).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_by_force_waits_for_nobody() {
    let world = world(1, preparation(), true).await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let prep = next(&mut node).await;
    node.ended(&prep, 0);
    let a = next(&mut node).await;
    node.started(&a);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let id = "j".parse().unwrap();
    job::job_terminate_by_force(&world.cx, &world.caller, &world.account, &id, Default::default()).await.unwrap();
    world.until_job("j", JobState::Completed).await;
    assert_eq!(world.task("j", "a").await.state, TaskState::Completed);
    let kills = node.kills().await;
    assert_eq!(kills, [a.a], "and yet its node is told");
    world.is_sound().await;
    job::job_delete_by_force(&world.cx, &world.caller, &world.account, &id).await.unwrap();
    world.until("the job is gone", async || world.job_get("j").await.is_none().then_some(())).await;
    node.gave_back(kills);
    world.until_pool("p", |p| p.node_counts.idle == 1).await;
    world.is_sound().await;
}
