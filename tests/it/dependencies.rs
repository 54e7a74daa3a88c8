//! Tasks that wait for other tasks, with the real store and scheduler and nodes that the test plays.

use fournil::api::{self, Blocking, Code, JobState, OnAllTasksComplete, TaskState, Waiting};
use fournil::service::{job, task};

use crate::support::world::{FakeNode, World, simple};

fn after(id: &str, ids: &[&str], ranges: &[(i32, i32)]) -> api::TaskCreate {
    let depends_on = api::TaskDependencies {
        task_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        task_id_ranges: ranges.iter().map(|(start, end)| api::TaskIdRange { start: *start, end: *end }).collect(),
    };
    api::TaskCreate { depends_on: Some(depends_on), ..simple(id) }
}

async fn world(slots: i32) -> (World, FakeNode) {
    let world = World::new().await;
    world.pool("p", 1, slots).await;
    world.job_with("j", "p", |job| job.uses_task_dependencies = Some(true)).await;
    let node = world.node().await;
    (world, node)
}

/// The next tasks that are sent, until these are there; in the order of their ids.
async fn run(node: &mut FakeNode, expected: &[&str]) -> Vec<api::agent::RunTask> {
    let mut runs = Vec::new();
    while runs.len() < expected.len() {
        runs.extend(node.runs().await);
    }
    runs.sort_by(|a, b| a.task.cmp(&b.task));
    assert_eq!(runs.iter().map(|run| run.task.as_str()).collect::<Vec<_>>(), expected);
    runs
}

async fn why(world: &World, id: &str) -> Waiting {
    let (job, id) = ("j".parse().unwrap(), id.parse().unwrap());
    fournil::service::waiting::task_waiting(&world.cx, &world.caller, &world.account, &job, &id)
        .await
        .unwrap()
        .waiting
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_runs_when_all_that_it_depends_on_have_succeeded() {
    let (world, mut node) = world(4).await;
    // What it waits for comes later; names are told apart without regard to case, numbers without leading zeros.
    world.add("j", vec![after("last", &["A", "b"], &[(7, 8)])]).await;
    assert_eq!(
        why(&world, "last").await,
        Waiting::DependsOn { task_id: "8".into(), blocking: Blocking::Missing, n_others: 2 }
    );
    world.tasks("j", &["a", "b", "007", "8"]).await;
    let runs = run(&mut node, &["007", "8", "a", "b"]).await;
    for done in &runs[..3] {
        node.ended(done, 0);
        world.until_task("j", &done.task, |t| t.state == TaskState::Completed).await;
    }
    assert_eq!(
        why(&world, "last").await,
        Waiting::DependsOn { task_id: "b".into(), blocking: Blocking::Unfinished, n_others: 0 }
    );
    let counts = world.job_get("j").await.unwrap().counts.task_counts;
    assert_eq!((counts.active, counts.succeeded), (2, 3), "b lies on its node, last waits");
    node.ended(&runs[3], 0);
    let last = run(&mut node, &["last"]).await;
    node.ended(&last[0], 0);
    world.until_task("j", "last", |t| t.state == TaskState::Completed).await;
    // What has succeeded already is not waited for.
    world.add("j", vec![after("late", &["last"], &[(7, 8)])]).await;
    run(&mut node, &["late"]).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_blocks_dependents_and_the_end_of_the_job_until_it_is_run_again() {
    let (world, mut node) = world(1).await;
    world.add("j", vec![simple("1"), after("sum", &[], &[(1, 1)])]).await;
    let runs = run(&mut node, &["1"]).await;
    let ends = api::JobPatch { on_all_tasks_complete: Some(OnAllTasksComplete::TerminateJob), ..Default::default() };
    let (job, one) = ("j".parse().unwrap(), "1".parse().unwrap());
    job::job_patch(&world.cx, &world.caller, &world.account, &job, ends).await.unwrap();
    node.ended(&runs[0], 3);
    world.until_task("j", "1", |t| t.state == TaskState::Completed).await;
    assert_eq!(
        why(&world, "sum").await,
        Waiting::DependsOn { task_id: "1".into(), blocking: Blocking::Failed, n_others: 0 }
    );
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Active);
    world.is_sound().await;

    task::task_reactivate(&world.cx, &world.caller, &world.account, &job, &one).await.unwrap();
    let runs = run(&mut node, &["1"]).await;
    node.ended(&runs[0], 0);
    let runs = run(&mut node, &["sum"]).await;
    node.ended(&runs[0], 0);
    world.until_job("j", JobState::Completed).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dependents_survive_a_restart_of_the_server() {
    let (world, mut node) = world(1).await;
    world.add("j", vec![simple("a"), after("b", &["a"], &[]), after("c", &["b"], &[])]).await;
    let runs = run(&mut node, &["a"]).await;
    let (key, id) = (node.key, node.id.clone());
    let world = world.restart().await;
    let mut node = world.connect(key, id, "boot-1", vec![runs[0].a], vec![]).await;
    node.ended(&runs[0], 0);
    let runs = run(&mut node, &["b"]).await;
    node.ended(&runs[0], 0);
    run(&mut node, &["c"]).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_with_many_dependents_releases_them_piece_by_piece() {
    let (world, mut node) = world(8).await;
    world.tasks("j", &["1"]).await;
    let runs = run(&mut node, &["1"]).await;
    for hundred in 0..30 {
        let tasks = (0..100).map(|n| match n % 2 {
            0 => after(&format!("d{hundred}-{n}"), &["1"], &[]),
            _ => after(&format!("d{hundred}-{n}"), &[], &[(1, 1)]),
        });
        world.add("j", tasks.collect()).await;
    }
    node.ended(&runs[0], 0);
    let mut n_run = 0;
    while n_run < 3000 {
        for run in node.runs().await {
            node.ended(&run, 0);
            n_run += 1;
        }
    }
    let job = world.until("all have run", async || {
        world.job_get("j").await.filter(|job| job.counts.task_counts.succeeded == 3001)
    });
    assert_eq!(job.await.counts.task_counts.active, 0);
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_task_frees_nobody_and_one_of_its_name_takes_its_place() {
    let (world, mut node) = world(2).await;
    let (job, a, b) = ("j".parse().unwrap(), "a".parse().unwrap(), "b".parse().unwrap());
    world.add("j", vec![after("a", &["never"], &[]), after("b", &["a"], &[]), after("c", &["a"], &[])]).await;
    // Ended while it waits, and put back: it waits again for the same.
    task::task_terminate(&world.cx, &world.caller, &world.account, &job, &b).await.unwrap();
    task::task_reactivate(&world.cx, &world.caller, &world.account, &job, &b).await.unwrap();
    task::task_delete(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    assert_eq!(
        why(&world, "b").await,
        Waiting::DependsOn { task_id: "a".into(), blocking: Blocking::Missing, n_others: 0 }
    );
    world.tasks("j", &["a"]).await;
    let runs = run(&mut node, &["a"]).await;
    node.ended(&runs[0], 0);
    run(&mut node, &["b", "c"]).await;
    world.is_sound().await;
    job::job_delete(&world.cx, &world.caller, &world.account, &job).await.unwrap();
    let mut kills = Vec::new();
    while kills.len() < 2 {
        kills.extend(node.kills().await);
    }
    node.gave_back(kills);
    world.until("the job is gone", async || world.job_get("j").await.is_none().then_some(())).await;
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_does_not_use_dependencies_refuses_them_task_by_task() {
    let world = World::new().await;
    world.job("j", "p").await;
    let tasks = vec![simple("a"), after("b", &["a"], &[])];
    let job = "j".parse().unwrap();
    let results = task::task_add_collection(&world.cx, &world.caller, &world.account, &job, tasks).await.unwrap();
    let codes: Vec<Option<Code>> = results.iter().map(|r| r.error.as_ref().map(|e| e.code)).collect();
    assert_eq!(codes, [None, Some(Code::TaskDependenciesNotSpecifiedOnJob)]);
}
