//! What the agent does for a task that runs and ends by itself.

use fournil::api::agent::{Attempt, FromAgent, RunTask, ToAgent};
use fournil::api::{Duration, EnvironmentSetting};

use crate::agent_support::{World, is_root, long_time, n_processes, sh, task, welcome};

#[tokio::test]
async fn a_task_has_its_exit_code_and_its_output_files() {
    let mut world = World::start(welcome()).await;
    let (ended, out, err) = world.result(&sh("echo out; echo err >&2; exit 3")).await;
    assert_eq!((ended.exit, out.as_str(), err.as_str()), (Some(3), "out\n", "err\n"));
    assert_eq!(ended.failure.unwrap().code, "FailureExitCode");
    assert!(ended.started.unwrap() <= ended.at);
    let (ended, ..) = world.result("true").await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
}

#[tokio::test]
async fn a_signal_is_128_and_its_number() {
    let mut world = World::start(welcome()).await;
    let (ended, ..) = world.result(&sh("kill -KILL $$")).await;
    assert_eq!((ended.exit, ended.failure.unwrap().code.as_str()), (Some(137), "FailureExitCode"));
}

#[tokio::test]
async fn what_a_task_took_is_reported_with_its_end() {
    let mut world = World::start(welcome()).await;
    let (ended, ..) = world.result(&sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; (true)")).await;
    let usage = ended.usage;
    let longest = ended.at.since(ended.started.unwrap()).micros() + 100_000;
    assert!(usage.user_micros > 0, "{usage:?}");
    assert!(usage.user_micros + usage.kernel_micros <= longest, "{usage:?} in {longest} µs");
}

#[tokio::test]
async fn a_run_without_slots_does_not_wait_for_one() {
    let mut world = World::start(welcome()).await;
    let long = world.run_with(&sh(&format!("sleep {}", long_time())), |task| task.slots = 1000).await;
    world.started(long).await;
    world.run(&sh("echo waits")).await;
    let a = world
        .run_with(&sh("env"), |task| (task.slots, task.preparation) = (0, Some("workitems/j1/job-1/p".into())))
        .await;
    world.ended(a).await;
    let out = world.output(a, "stdout.txt");
    let line = out.lines().find_map(|line| line.strip_prefix("AZ_BATCH_JOB_PREP_DIR=")).unwrap();
    assert!(line.ends_with("/workitems/j1/job-1/p"), "{line}");
}

#[tokio::test]
async fn output_is_appended_when_a_task_runs_again() {
    let mut world = World::start(welcome()).await;
    for number in 1..=2 {
        let a = Attempt { task: 7, number };
        world.run_with("/bin/echo hello", |t| *t = RunTask { a, ..task(7, "/bin/echo hello") }).await;
        world.ended(a).await;
    }
    assert_eq!(world.output(Attempt { task: 7, number: 2 }, "stdout.txt"), "hello\nhello\n");
}

#[tokio::test]
async fn a_task_runs_in_its_folder_with_batchs_variables_and_none_of_the_agents() {
    let mut world = World::start(welcome()).await;
    let setting = |name: &str, value: &str| EnvironmentSetting { name: name.into(), value: Some(value.into()) };
    let a =
        world.run_with(&sh("pwd; env"), |t| t.environment = vec![setting("MINE", "a b"), setting("LANG", "fr")]).await;
    world.ended(a).await;
    let out = world.output(a, "stdout.txt");
    let root = out.lines().find_map(|line| line.strip_prefix("AZ_BATCH_NODE_ROOT_DIR=")).unwrap();
    if is_root() {
        assert_eq!(root, "/mnt/batch/tasks");
    }
    let wd = format!("{root}/workitems/j1/job-1/t1/wd");
    for line in [wd.clone(), format!("HOME={wd}"), "MINE=a b".into(), "LANG=fr".into(), "AZ_BATCH_TASK_ID=t1".into()] {
        assert!(out.lines().any(|l| l == line), "{line} in {out}");
    }
    assert!(!out.contains("SECRET_OF_THE_AGENT") && !out.contains("FOURNIL_LOG"), "{out}");
}

#[tokio::test]
async fn no_file_of_the_agent_is_open_in_a_task() {
    let mut world = World::start(welcome()).await;
    let (_, out, _) = world.result("/bin/ls /proc/self/fd").await;
    // The fourth is ls's own, of the folder that it lists.
    assert_eq!(out.lines().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn no_shell_runs_the_command_line() {
    let mut world = World::start(welcome()).await;
    let (_, out, _) = world.result(r#"/bin/echo "$HOME" $(id) ; a\ b > 'c d'"#).await;
    assert_eq!(out, "$HOME $(id) ; a b > c d\n");
}

#[tokio::test]
async fn what_cannot_be_run_fails_without_an_exit_code() {
    let mut world = World::start(welcome()).await;
    for (command_line, code) in [
        ("no-such-program", "CommandProgramNotFound"),
        ("./no-such-program", "CommandProgramNotFound"),
        ("/bin/sh -c 'open", "CommandLaunchFailed"),
        ("/etc/passwd", "CommandLaunchFailed"),
    ] {
        let a = world.run(command_line).await;
        let ended = world.ended(a).await;
        assert_eq!((ended.exit, ended.started), (None, None), "{command_line}");
        assert_eq!(ended.failure.unwrap().code, code, "{command_line}");
    }
}

#[tokio::test]
async fn a_folder_outside_of_the_root_is_refused() {
    let mut world = World::start(welcome()).await;
    for directory in ["../outside", "workitems/../../outside", "/tmp/outside"] {
        let a = world.run_with("true", |t| t.directory = directory.into()).await;
        assert_eq!(world.ended(a).await.failure.unwrap().code, "CommandLaunchFailed", "{directory}");
    }
    assert!(!world.dir.path().join("outside").exists());
}

#[tokio::test]
async fn a_task_that_runs_too_long_is_ended_and_its_limit_named() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let limit = Some(Duration::from_millis(100));
    let a = world.run_with(&format!("sleep {time}"), |t| t.max_wall_clock = limit).await;
    let failure = world.ended(a).await.failure.unwrap();
    assert_eq!(failure.code, "TaskEnded");
    assert!(failure.message.unwrap().contains("PT0.1S"));
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn tasks_wait_for_slots_in_the_order_in_which_they_came() {
    let mut world = World::start(welcome()).await;
    let gate = world.root().join("shared/gate");
    let wait = sh("while ! [ -e $AZ_BATCH_NODE_SHARED_DIR/gate ]; do sleep 0.01; done");
    let first = world.run_with(&wait, |t| t.slots = 3).await;
    world.started(first).await;
    // Does not fit, and those behind it wait with it although they would fit.
    let second = world.run_with("true", |t| t.slots = 2).await;
    let third = world.run("true").await;
    assert!(!world.rest().await.iter().any(|m| matches!(m, FromAgent::Ended(_))));
    std::fs::write(gate, "").unwrap();
    for a in [first, second, third] {
        assert_eq!(world.ended(a).await.exit, Some(0));
    }
}

#[tokio::test]
async fn what_has_not_begun_can_be_recalled() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let running = world.run_with(&format!("sleep {time}"), |t| t.slots = 4).await;
    world.started(running).await;
    let waiting = world.run("true").await;
    world.say(ToAgent::Recall { attempts: vec![running, waiting] }).await;
    world.gave_back(waiting).await;
    assert_eq!(world.rest().await, []);
    assert_eq!(n_processes(&time), 1);
}

#[tokio::test]
async fn a_task_that_asks_for_more_slots_than_there_are_runs_alone() {
    let mut world = World::start(welcome()).await;
    let a = world.run_with("true", |t| t.slots = 100).await;
    assert_eq!(world.ended(a).await.exit, Some(0));
}

#[tokio::test]
async fn thousands_of_tasks_end_once_each() {
    let mut world = World::start(welcome()).await;
    let n = 1000;
    for batch in (0..n).collect::<Vec<i64>>().chunks(100) {
        world.say(ToAgent::Run { tasks: batch.iter().map(|n| task(1000 + n, "/bin/true")).collect() }).await;
    }
    for n in 0..n {
        let a = Attempt { task: 1000 + n, number: 1 };
        assert_eq!(world.ended(a).await.exit, Some(0));
    }
    assert!(!world.rest().await.iter().any(|m| matches!(m, FromAgent::Ended(_))));
}

#[tokio::test]
async fn a_flood_of_output_does_not_grow_the_agent() {
    let mut world = World::start(welcome()).await;
    world.result(&sh("echo one line")).await;
    let before = rss_kib(world.agent_pid());
    let flood = sh("yes $AZ_BATCH_NODE_ID-long-line | head -c 100000000");
    let (ended, out, _) = world.result(&flood).await;
    assert_eq!((ended.exit, out.len()), (Some(0), 100_000_000), "{ended:?}");
    let after = rss_kib(world.agent_pid());
    assert!(after < before + 8_000 && after < 64 << 10, "{before} KiB before, {after} KiB after");
}

fn rss_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
