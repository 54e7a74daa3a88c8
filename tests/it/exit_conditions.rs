//! What follows from the ends of tasks, with the real store and scheduler and a node that the test plays.

use fournil::api::{
    self, DependencyAction, ExitCodeMapping, ExitConditions, ExitOptions, JobAction, JobState, TaskState,
};
use fournil::service::task;

use crate::support::world::{FakeNode, World, simple};

async fn world(slots: i32) -> (World, FakeNode) {
    let world = World::new().await;
    world.pool("p", 1, slots).await;
    let change = |job: &mut api::JobCreate| {
        job.uses_task_dependencies = Some(true);
        job.on_task_failure = Some(api::OnTaskFailure::PerformExitOptionsJobAction);
    };
    world.job_with("j", "p", change).await;
    let node = world.node().await;
    (world, node)
}

fn with(id: &str, code: i32, job: JobAction, dependents: DependencyAction) -> api::TaskCreate {
    let exit_options = ExitOptions { job_action: Some(job), dependency_action: Some(dependents) };
    let exit_codes = vec![ExitCodeMapping { code, exit_options }];
    api::TaskCreate { exit_conditions: Some(ExitConditions { exit_codes, ..Default::default() }), ..simple(id) }
}

fn after(id: &str, on: &str) -> api::TaskCreate {
    let depends_on = api::TaskDependencies { task_ids: vec![on.to_owned()], task_id_ranges: vec![] };
    api::TaskCreate { depends_on: Some(depends_on), ..simple(id) }
}

async fn next(node: &mut FakeNode) -> api::agent::RunTask {
    let runs = node.runs().await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_satisfies_lets_dependents_run_and_the_job_go_on() {
    let (world, mut node) = world(1).await;
    world.add("j", vec![with("a", 7, JobAction::None, DependencyAction::Satisfy), after("b", "a")]).await;
    let run = next(&mut node).await;
    node.ended(&run, 7);
    assert_eq!(next(&mut node).await.task, "b");
    let a = world.task("j", "a").await;
    assert_eq!(a.execution_info.result, Some(api::TaskExecutionResult::Failure));
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unforeseen_failure_ends_the_job_but_only_after_the_last_retry() {
    let (world, mut node) = world(1).await;
    let constraints = api::TaskConstraints { max_task_retry_count: Some(1), ..Default::default() };
    world.add("j", vec![api::TaskCreate { constraints: Some(constraints), ..simple("a") }, after("b", "a")]).await;
    let run = next(&mut node).await;
    node.ended(&run, 1);
    let run = next(&mut node).await;
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Active);
    node.ended(&run, 1);
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("TaskFailed"));
    assert_eq!(world.task("j", "b").await.state, TaskState::Active);
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_disables_its_job_puts_running_tasks_back() {
    let (world, mut node) = world(2).await;
    world.add("j", vec![with("a", 2, JobAction::Disable, DependencyAction::Block), simple("b")]).await;
    let mut runs = node.runs().await;
    while runs.len() < 2 {
        runs.extend(node.runs().await);
    }
    runs.sort_by(|a, b| a.task.cmp(&b.task));
    node.started(&runs[1]);
    node.ended(&runs[0], 2);
    let kills = node.kills().await;
    assert_eq!(kills, [runs[1].a]);
    node.gave_back(kills);
    world.until_job("j", JobState::Disabled).await;
    let b = world.task("j", "b").await;
    assert_eq!((b.state, b.execution_info.requeue_count), (TaskState::Active, 1));
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_a_user_ends_blocks_its_dependents_and_leaves_the_job_alone() {
    let (world, mut node) = world(1).await;
    world.add("j", vec![simple("a"), after("b", "a"), simple("c")]).await;
    let run = next(&mut node).await;
    let (job, a) = ("j".parse().unwrap(), "a".parse().unwrap());
    task::task_terminate(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    let kills = node.kills().await;
    assert_eq!(kills, [run.a]);
    node.gave_back(kills);
    assert_eq!(next(&mut node).await.task, "c");
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Active);
    world.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_that_blocks_is_obeyed_too() {
    let (world, mut node) = world(1).await;
    world.add("j", vec![with("a", 0, JobAction::Terminate, DependencyAction::Block), after("b", "a")]).await;
    let run = next(&mut node).await;
    node.ended(&run, 0);
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("TaskFailed"));
    assert_eq!(world.task("j", "b").await.state, TaskState::Active);
}
