//! An instance of a task that runs on several nodes, as its agent has it.

use fournil::api::ResourceFile;
use fournil::api::agent::{Attempt, FromAgent, Instance, ToAgent, Welcome};

use crate::agent_support::{World, long_time, n_processes, sh, welcome};

fn instance(id: i32, coordination: &str) -> Option<Box<Instance>> {
    Some(Box::new(Instance {
        id,
        shared_directory: "workitems/j1/job-1/t1".into(),
        master: "127.0.0.1:20001".into(),
        addresses: vec!["127.0.0.1".into(), "127.0.0.1".into()],
        cores: 1,
        coordination_command_line: sh(coordination),
        common_resource_files: Vec::new(),
    }))
}

async fn ready(world: &mut World, a: Attempt) {
    world.hear(|message| matches!(message, FromAgent::Ready { a: b } if *b == a).then_some(())).await;
}

async fn go(world: &mut World, a: Attempt) {
    world.say(ToAgent::Go { attempts: vec![a] }).await;
}

#[tokio::test]
async fn what_the_coordination_command_leaves_in_the_background_lives_until_the_command_has_ended() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let coordination = format!("setsid sleep {time} & echo $! > $AZ_BATCH_TASK_SHARED_DIR/background");
    let command = sh("kill -0 $(cat $AZ_BATCH_TASK_SHARED_DIR/background) && echo alive");
    let a = world.run_with(&command, |task| task.instance = instance(0, &coordination)).await;
    ready(&mut world, a).await;
    assert_eq!(n_processes(&time), 1);
    go(&mut world, a).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, world.output(a, "stdout.txt").as_str()), (Some(0), "alive\n"));
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn a_subtask_stays_until_it_is_killed_and_says_again_that_it_is_ready() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world
        .run_with(&sh("echo never > never"), |task| {
            task.instance = instance(1, &format!("sleep {time} &"));
            task.directory = "workitems/j1/job-1/t1/1".into();
        })
        .await;
    ready(&mut world, a).await;
    go(&mut world, a).await;
    world.disconnect();
    let hello = world.accept(welcome()).await;
    assert_eq!(hello.alive, [a]);
    world.started(a).await;
    ready(&mut world, a).await;
    assert_eq!(n_processes(&time), 1);
    world.say(ToAgent::Kill { attempts: vec![a] }).await;
    world.gave_back(a).await;
    assert_eq!(n_processes(&time), 0);
    assert!(!world.root().join("workitems/j1/job-1/t1/1/wd/never").exists());
}

#[tokio::test]
async fn a_coordination_command_that_fails_ends_the_instance() {
    let mut world = World::start(welcome()).await;
    let a = world.run_with("true", |task| task.instance = instance(0, "exit 5")).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, ended.failure.unwrap().code.as_str()), (Some(5), "FailureExitCode"));
}

#[tokio::test]
async fn a_primary_that_waits_for_the_others_is_ended_by_its_time_limit() {
    let mut world = World::start(Welcome { kill_wait_secs: 0, ..welcome() }).await;
    let a = world
        .run_with("true", |task| {
            task.instance = instance(0, "sleep 1000 &");
            task.max_wall_clock = Some(fournil::api::Duration::from_millis(300));
        })
        .await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, ended.failure.unwrap().code.as_str()), (None, "TaskEnded"));
}

#[tokio::test]
async fn common_files_come_to_the_shared_folder_before_the_coordination_command() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = axum::Router::new().fallback(|| async { "common" });
    tokio::spawn(async move { axum::serve(listener, web).await.unwrap() });
    let file = |path: &str| ResourceFile {
        http_url: Some(format!("http://127.0.0.1:{port}/{path}")),
        file_path: Some(path.into()),
        ..ResourceFile::default()
    };
    let mut world = World::start(welcome()).await;
    let coordination = "cat $AZ_BATCH_TASK_SHARED_DIR/in/data > seen; sleep 1000 &";
    let a = world
        .run_with(&sh("cat seen; cat own"), |task| {
            let mut instance = instance(0, coordination);
            instance.as_mut().unwrap().common_resource_files = vec![file("in/data")];
            task.instance = instance;
            task.resource_files = vec![file("own")];
        })
        .await;
    ready(&mut world, a).await;
    assert!(!world.root().join("workitems/j1/job-1/t1/wd/own").exists(), "the primary's own files come later");
    go(&mut world, a).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, world.output(a, "stdout.txt").as_str()), (Some(0), "commoncommon"), "{:?}", ended.failure);
}
