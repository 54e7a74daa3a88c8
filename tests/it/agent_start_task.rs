//! The start task: before it has succeeded no task runs.

use fournil::api::agent::{FromAgent, StartTaskReport, ToAgent, Welcome};
use fournil::api::{EnvironmentSetting, StartTask, StartTaskState, TaskExecutionResult};

use crate::agent_support::{World, sh, welcome};

fn with_start_task(command_line: &str, change: impl FnOnce(&mut StartTask)) -> Welcome {
    let mut task = StartTask { command_line: command_line.into(), ..StartTask::default() };
    change(&mut task);
    Welcome { start_task: Some(task), ..welcome() }
}

async fn report(world: &mut World, fits: impl Fn(&StartTaskReport) -> bool) -> StartTaskReport {
    world.hear(|m| if let FromAgent::StartTask(report) = m { fits(report).then(|| report.clone()) } else { None }).await
}

fn has_ended(report: &StartTaskReport) -> bool {
    report.info.state == StartTaskState::Completed
}

#[tokio::test]
async fn tasks_wait_for_the_start_tasks_success() {
    let script =
        "while ! [ -e $AZ_BATCH_NODE_SHARED_DIR/gate ]; do sleep 0.01; done; pwd; echo $MINE; echo $AZ_BATCH_TASK_ID";
    let setting = EnvironmentSetting { name: "MINE".into(), value: Some("yes".into()) };
    let mut world = World::start(with_start_task(&sh(script), |t| t.environment_settings = Some(vec![setting]))).await;
    assert!(!report(&mut world, |r| r.info.state == StartTaskState::Running).await.ready);
    let a = world.run("true").await;
    assert_eq!(world.rest().await, []);
    std::fs::write(world.root().join("shared/gate"), "").unwrap();
    let report = report(&mut world, has_ended).await;
    assert!(report.ready);
    assert_eq!((report.info.exit_code, report.info.result), (Some(0), Some(TaskExecutionResult::Success)));
    assert_eq!(world.ended(a).await.exit, Some(0));
    let out = std::fs::read_to_string(world.root().join("startup/stdout.txt")).unwrap();
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].ends_with("/startup/wd") && lines[1..] == ["yes", ""], "{out}");
}

#[tokio::test]
async fn a_failed_start_task_is_tried_again_and_then_keeps_the_node_unready() {
    let mut world = World::start(with_start_task("false", |t| t.max_task_retry_count = Some(1))).await;
    let a = world.run("true").await;
    assert_eq!(report(&mut world, |r| has_ended(r) && r.info.retry_count == 0).await.info.exit_code, Some(1));
    let last = report(&mut world, |r| has_ended(r) && r.info.retry_count == 1).await;
    assert!(!last.ready && last.info.last_retry_time.is_some());
    assert_eq!(last.info.failure_info.clone().unwrap().code, "FailureExitCode");
    world.say(ToAgent::Recall { attempts: vec![a] }).await;
    world.gave_back(a).await;
    // Said again on each connection.
    world.disconnect();
    assert_eq!(world.accept_hello().await.start_task, Some(last));
}

#[tokio::test]
async fn a_start_task_succeeds_at_a_later_try() {
    let script = "[ -e $AZ_BATCH_NODE_SHARED_DIR/tried ] || { touch $AZ_BATCH_NODE_SHARED_DIR/tried; exit 1; }";
    let mut world = World::start(with_start_task(&sh(script), |t| t.max_task_retry_count = Some(-1))).await;
    let a = world.run("true").await;
    let report = report(&mut world, |r| has_ended(r) && r.ready).await;
    assert_eq!((report.info.retry_count, report.info.exit_code), (1, Some(0)));
    assert_eq!(world.ended(a).await.exit, Some(0));
}

#[tokio::test]
async fn tasks_need_not_wait_if_nobody_asks_for_success() {
    let mut world = World::start(with_start_task("no-such-program", |t| t.wait_for_success = Some(false))).await;
    let a = world.run("true").await;
    assert_eq!(world.ended(a).await.exit, Some(0));
    let report = report(&mut world, has_ended).await;
    assert_eq!((report.ready, report.info.exit_code), (true, None));
    assert_eq!(report.info.failure_info.unwrap().code, "CommandProgramNotFound");
}

#[tokio::test]
async fn the_start_task_runs_once_a_boot() {
    let welcome = with_start_task(&sh("echo once"), |_| {});
    let mut world = World::start(welcome.clone()).await;
    report(&mut world, has_ended).await;
    world.disconnect();
    world.accept(welcome.clone()).await;
    report(&mut world, has_ended).await;
    let out = world.root().join("startup/stdout.txt");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "once\n");
    world.say(ToAgent::Reboot).await;
    assert_eq!(world.accept(welcome.clone()).await.start_task, None);
    report(&mut world, has_ended).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "once\nonce\n");
}
