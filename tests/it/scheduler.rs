//! The scheduler with the real store and nodes that the test plays.

use fournil::api::agent::FromAgent;
use fournil::api::{self, AllocationState, Code, DisableJobOption, JobState, NodeState, OnAllTasksComplete, TaskState};
use fournil::service::{job, pool, task};

use crate::support::world::{World, simple};
use fournil::scheduler::provider::Provider;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_runs_on_a_node_and_everything_is_counted() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    world.tasks("j", &["a", "b"]).await;

    let run = node.runs().await;
    assert_eq!((run.len(), run[0].task.as_str(), run[0].directory.as_str()), (1, "a", "workitems/j/job-1/a"));
    node.started(&run[0]);
    let running = world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    assert_eq!(running.node_info.unwrap().node_id, node.id);
    world.until_pool("p", |p| p.running_slots == 1 && p.node_counts.running == 1).await;
    node.ended(&run[0], 0);
    let next = node.runs().await;
    assert_eq!(next[0].task, "b");
    node.ended(&next[0], 3);

    let failed = world.until_task("j", "b", |t| t.state == TaskState::Completed).await;
    assert_eq!(failed.execution_info.exit_code, Some(3));
    let counts = world.job_get("j").await.unwrap().counts.task_counts;
    assert_eq!((counts.succeeded, counts.failed, counts.active, counts.running), (1, 1, 0, 0));
    let idle = world.until_pool("p", |p| p.node_counts.idle == 1).await;
    assert_eq!(idle.running_slots, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_task_is_retried_as_often_as_its_job_says() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    let constraints = api::JobConstraints { max_task_retry_count: Some(1), ..Default::default() };
    world.job_with("j", "p", |job| job.constraints = Some(constraints)).await;
    world.tasks("j", &["a"]).await;
    let mut node = world.node().await;
    for _ in 0..2 {
        let run = node.runs().await;
        node.ended(&run[0], 1);
    }
    let task = world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    assert_eq!((task.execution_info.retry_count, task.execution_info.exit_code), (1, Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_nothing_runs_twice_and_late_ends_count() {
    let world = World::new().await;
    world.pool("p", 1, 2).await;
    world.job("j", "p").await;
    world.tasks("j", &["runs", "ended", "lost"]).await;
    let mut node = world.node().await;
    let mut run = node.runs().await;
    while run.len() < 2 {
        run.extend(node.runs().await);
    }
    node.started(&run[0]);
    world.until_task("j", &run[0].task, |t| t.state == TaskState::Running).await;
    let (key, id) = (node.key, node.id.clone());

    let world = world.restart().await;
    // One still runs; the other ended while the server was away.
    let node_again = world.connect(key, id, "boot-1", vec![run[0].a], vec![run[1].a]).await;
    node_again.ended(&run[1], 0);
    world.until_task("j", &run[1].task, |t| t.state == TaskState::Completed).await;
    let still = world.task("j", &run[0].task).await;
    assert_eq!((still.state, still.execution_info.retry_count), (TaskState::Running, 0));
    node_again.ended(&run[0], 0);
    let done = world.until_task("j", &run[0].task, |t| t.state == TaskState::Completed).await;
    assert_eq!(done.execution_info.requeue_count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_returning_agent_has_lost_runs_again_without_a_retry() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let (key, id) = node.disconnects();
    let mut node = world.connect(key, id, "boot-2", vec![], vec![]).await;
    let again = node.runs().await;
    assert_eq!((again[0].a.task, again[0].a.number), (run[0].a.task, run[0].a.number + 1));
    // A late word of the first attempt changes nothing.
    node.ended(&run[0], 7);
    node.ended(&again[0], 0);
    let task = world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    assert_eq!((task.execution_info.exit_code, task.execution_info.retry_count), (Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_node_is_killed_and_its_task_runs_elsewhere() {
    let world = World::new().await;
    world.pool("p", 2, 1).await;
    world.job("j", "p").await;
    let (mut first, mut second) = (world.node().await, world.node().await);
    world.tasks("j", &["a", "b"]).await;
    let lost = first.runs().await;
    let other = second.runs().await;
    second.ended(&other[0], 0);
    let (_, id) = first.disconnects();
    let again = second.runs().await;
    assert_eq!(again[0].a.task, lost[0].a.task);
    assert!(world.provider.killed.lock().unwrap().contains(&id), "dead before its task runs elsewhere");
    assert_eq!(world.node_state("p", &id).await, NodeState::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabling_with_requeue_brings_tasks_back_and_enabling_runs_them() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let id = "j".parse().unwrap();
    let disable = api::JobDisable { disable_tasks: DisableJobOption::Requeue };
    job::job_disable(&world.cx, &world.caller, &world.account, &id, disable).await.unwrap();
    assert_eq!(world.job_get("j").await.unwrap().job.state, JobState::Disabling);
    let kills = node.kills().await;
    assert_eq!(kills, [run[0].a]);
    node.gave_back(kills);
    world.until_job("j", JobState::Disabled).await;
    let task = world.task("j", "a").await;
    assert_eq!((task.state, task.execution_info.requeue_count), (TaskState::Active, 1));
    job::job_enable(&world.cx, &world.caller, &world.account, &id).await.unwrap();
    node.runs().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_job_ends_what_runs_and_leaves_what_waits() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a", "b"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let id = "j".parse().unwrap();
    job::job_terminate(&world.cx, &world.caller, &world.account, &id, api::JobTerminate::default()).await.unwrap();
    let kills = node.kills().await;
    node.gave_back(kills);
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("UserTerminate"));
    let ended = world.task("j", "a").await;
    assert_eq!(ended.execution_info.failure_info.unwrap().code, "TaskEnded");
    assert_eq!(world.task("j", "b").await.state, TaskState::Active);
    let counts = job.counts.task_counts;
    assert_eq!((counts.active, counts.running, counts.failed), (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_with_its_tasks_does_so() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let id = "j".parse().unwrap();
    let patch = api::JobPatch { on_all_tasks_complete: Some(OnAllTasksComplete::TerminateJob), ..Default::default() };
    job::job_patch(&world.cx, &world.caller, &world.account, &id, patch).await.unwrap();
    let mut node = world.node().await;
    let run = node.runs().await;
    node.ended(&run[0], 0);
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("AllTasksComplete"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_jobs_wall_clock_ends_it() {
    let world = World::new().await;
    let constraints =
        api::JobConstraints { max_wall_clock_time: Some(api::Duration::from_mins(1)), ..Default::default() };
    world.job_with("j", "nowhere", |job| job.constraints = Some(constraints)).await;
    world.clock.forward(api::Duration::from_mins(2));
    let job = world.until_job("j", JobState::Completed).await;
    assert_eq!(job.job.execution_info.terminate_reason.as_deref(), Some("MaxWallClockTimeExpiry"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_job_goes_with_its_tasks_and_tells_its_nodes() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.ended(&run[0], 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    job::job_delete(&world.cx, &world.caller, &world.account, &"j".parse().unwrap()).await.unwrap();
    world.until("the job is gone", async || world.job_get("j").await.is_none().then_some(())).await;
    loop {
        if let api::agent::ToAgent::CleanUp { directories } = node.hears().await {
            assert_eq!(directories, ["workitems/j"]);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_shrinks_by_its_idle_node_and_a_deleted_one_vanishes() {
    let world = World::new().await;
    world.pool("p", 2, 1).await;
    world.job("j", "p").await;
    let (mut one, mut two) = (world.node().await, world.node().await);
    world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    world.tasks("j", &["a"]).await;
    let mut busy = tokio::select! { _ = one.runs() => one, _ = two.runs() => two };
    let id = "p".parse().unwrap();
    let resize = api::PoolResize { target_dedicated_nodes: Some(1), ..Default::default() };
    pool::pool_resize(&world.cx, &world.caller, &world.account, &id, resize).await.unwrap();
    let shrunk = |p: &api::PoolSummary| {
        p.pool.allocation_state == AllocationState::Steady && p.pool.current_dedicated_nodes == 1
    };
    world.until_pool("p", shrunk).await;
    assert_eq!(world.provider.list().unwrap(), [busy.id.clone()], "the idle node went");
    pool::pool_delete(&world.cx, &world.caller, &world.account, &id).await.unwrap();
    let kills = busy.kills().await;
    busy.gave_back(kills);
    world.until("the pool is gone", async || world.pool_get("p").await.is_none().then_some(())).await;
    assert!(world.provider.wanted.lock().unwrap().is_empty());
    assert_eq!(world.task("j", "a").await.state, TaskState::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shrinking_pool_waits_for_what_runs_and_moves_what_has_not_begun() {
    let world = World::new().await;
    world.pool("p", 1, 2).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    world.tasks("j", &["a", "b"]).await;
    let mut run = node.runs().await;
    while run.len() < 2 {
        run.extend(node.runs().await);
    }
    node.started(&run[0]);
    world.until_task("j", &run[0].task, |t| t.state == TaskState::Running).await;
    let resize = api::PoolResize {
        target_dedicated_nodes: Some(0),
        node_deallocation_option: Some(api::NodeDeallocationOption::TaskCompletion),
        ..Default::default()
    };
    pool::pool_resize(&world.cx, &world.caller, &world.account, &"p".parse().unwrap(), resize).await.unwrap();
    let recalled = loop {
        if let api::agent::ToAgent::Recall { attempts } = node.hears().await {
            break attempts;
        }
    };
    assert_eq!(recalled, [run[1].a]);
    node.gave_back(recalled);
    node.ended(&run[0], 0);
    world.until_pool("p", |p| p.pool.current_dedicated_nodes == 0).await;
    assert_eq!(world.task("j", &run[0].task).await.state, TaskState::Completed);
    assert_eq!(world.task("j", &run[1].task).await.state, TaskState::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_task_keeps_its_slot_until_nothing_of_it_is_left() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    world.tasks("j", &["a", "b"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let (job, a) = ("j".parse().unwrap(), "a".parse().unwrap());
    task::task_terminate(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    assert_eq!(world.task("j", "a").await.state, TaskState::Completed);
    let twice = task::task_terminate(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap_err();
    assert_eq!(twice.public.code, Code::TaskCompleted);
    let kills = node.kills().await;
    node.says(FromAgent::Heartbeat { sample: Default::default() });
    assert_eq!(world.task("j", "b").await.state, TaskState::Active);
    node.gave_back(kills);
    assert_eq!(node.runs().await[0].task, "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reactivated_task_runs_again_only_when_nothing_of_it_is_left() {
    let world = World::new().await;
    world.pool("p", 2, 2).await;
    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let mut node = world.node().await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let (job, a) = ("j".parse().unwrap(), "a".parse().unwrap());
    task::task_terminate(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    task::task_reactivate(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    world.tasks("j", &["b"]).await;
    let next = node.runs().await;
    assert_eq!((next.len(), next[0].task.as_str()), (1, "b"), "the first attempt of a is not over yet");
    node.gave_back(vec![run[0].a]);
    let again = node.runs().await;
    assert_eq!((again[0].task.as_str(), again[0].a.number), ("a", run[0].a.number + 1));
    node.ended(&next[0], 0);
    node.ended(&again[0], 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    job::job_terminate(&world.cx, &world.caller, &world.account, &job, Default::default()).await.unwrap();
    world.until_job("j", JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_can_never_run_says_so_and_holds_nobody_up() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    world.add("j", vec![api::TaskCreate { required_slots: Some(9), ..simple("big") }, simple("small")]).await;
    assert_eq!(node.runs().await[0].task, "small");
    let (job, big) = ("j".parse().unwrap(), "big".parse().unwrap());
    let why =
        fournil::service::waiting::task_waiting(&world.cx, &world.caller, &world.account, &job, &big).await.unwrap();
    assert_eq!(why.waiting, Some(api::Waiting::NeedsMoreSlots { required: 9, slots_per_node: 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_added_after_the_last_one_was_deleted_runs() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    world.job("j", "p").await;
    let mut node = world.node().await;
    world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.ended(&run[0], 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    let (job, a) = ("j".parse().unwrap(), "a".parse().unwrap());
    task::task_delete(&world.cx, &world.caller, &world.account, &job, &a).await.unwrap();
    world.tasks("j", &["b"]).await;
    let next = node.runs().await;
    assert_eq!(next[0].task, "b");
    assert!(
        next[0].a.task > run[0].a.task,
        "a key is never used again: reports of the deleted task must not hit the new one"
    );
}
