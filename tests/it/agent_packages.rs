//! Application packages on a node: from a small web server, as zip files of all kinds.

use std::io::{Cursor, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fournil::api::agent::{FromAgent, Package, ToAgent, Welcome};
use fournil::api::{NodeError, Secret, StartTask};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::agent_support::{TASK_USER, World, is_root, sh, task, until, welcome};

/// What was asked for.
pub type Asked = Arc<Mutex<Vec<String>>>;

pub async fn start_web() -> (Asked, u16) {
    let asked = Asked::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(answer).with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (asked, port)
}

async fn answer(State(asked): State<Asked>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    asked.lock().unwrap().push(path.clone());
    match path.as_str() {
        "/tool.zip" => zip(&[("bin/greet", "#!/bin/sh\necho hello from the package\n"), ("data.txt", "data")]),
        "/large.zip" => zip(&[("zeros", &"\0".repeat(40 << 20))]),
        "/large.bin" => vec![0; 40 << 20].into_response(),
        "/newer.zip" => zip(&[("bin/greet", "#!/bin/sh\necho newer\n")]),
        "/evil.zip" => zip(&[("good", "1"), ("../../../shared/evil", "2")]),
        "/broken.zip" => "no zip file".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn zip(files: &[(&str, &str)]) -> Response {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        // As libraries write them that know no rights: nobody may run what is in it.
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o600)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner().into_response()
}

pub fn package(port: u16, name: &str, stamp: &str) -> Package {
    Package {
        application: "Tool".into(),
        version: "1.0".into(),
        is_default: true,
        directory: format!("applications/Tool/1.0/{stamp}"),
        url: Secret(format!("http://127.0.0.1:{port}/{name}.zip?sig=x")),
        problem: None,
    }
}

/// Nothing of deployments is left but what they are for.
pub async fn is_tidy(world: &World) {
    let volatile = world.root().join("volatile");
    until(|| std::fs::read_dir(&volatile).unwrap().count() == 0).await;
}

#[tokio::test]
async fn a_tasks_package_is_there_before_its_command_and_fetched_once() {
    let (asked, port) = start_web().await;
    let mut world = World::start(welcome()).await;
    let line = sh("$AZ_BATCH_APP_PACKAGE_Tool_1_0/bin/greet; cat $AZ_BATCH_APP_PACKAGE_TOOL/data.txt");
    let run = |n| {
        let mut task = task(n, &line);
        task.packages = vec![package(port, "tool", "s1")];
        task
    };
    // All at once: one of them fetches it, the others wait for it.
    let tasks: Vec<_> = (100..104).map(run).collect();
    world.say(ToAgent::Run { tasks: tasks.clone() }).await;
    for task in &tasks {
        let ended = world.ended(task.a).await;
        assert_eq!((ended.exit, &ended.failure), (Some(0), &None));
        assert_eq!(world.output(task.a, "stdout.txt"), "hello from the package\ndata");
    }
    assert_eq!(asked.lock().unwrap().as_slice(), ["/tool.zip"]);
    let meta = |path: &str| world.root().join("applications/Tool/1.0/s1").join(path).metadata().unwrap();
    assert_eq!((meta("").mode() & 0o7777, meta("bin").mode() & 0o7777), (0o750, 0o750));
    assert_eq!(meta("data.txt").permissions().mode() & 0o7777, 0o550);
    if is_root() {
        assert_eq!((meta("bin/greet").uid(), meta("bin/greet").gid()), (0, TASK_USER));
    }
    is_tidy(&world).await;
    // Another content has another folder, beside the one that may be in use.
    let a = world.run_with(&line, |task| task.packages = vec![package(port, "newer", "s2")]).await;
    assert_eq!(world.ended(a).await.exit, Some(1), "there is no data.txt in it");
    assert_eq!(world.output(a, "stdout.txt"), "newer\n");
}

#[tokio::test]
async fn tasks_cannot_change_what_they_share() {
    if !is_root() {
        return;
    }
    let (_asked, port) = start_web().await;
    let mut world = World::start(welcome()).await;
    let script = "cd $AZ_BATCH_APP_PACKAGE_Tool; rm -f data.txt; echo x > data.txt; chmod 777 bin; touch new; ls";
    let a = world.run_with(&sh(script), |task| task.packages = vec![package(port, "tool", "s1")]).await;
    world.ended(a).await;
    assert_eq!(world.output(a, "stdout.txt"), "bin\ndata.txt\n");
    let text = std::fs::read_to_string(world.root().join("applications/Tool/1.0/s1/data.txt")).unwrap();
    assert_eq!(text, "data");
}

#[tokio::test]
async fn a_package_that_cannot_be_deployed_fails_the_task() {
    let (_asked, port) = start_web().await;
    let mut world = World::start(welcome()).await;
    let missing = Package { problem: Some("the account has no such application".into()), ..Package::default() };
    for (package, reason) in [
        (package(port, "none", "s1"), "The file is not there"),
        (package(port, "broken", "s2"), "no zip file"),
        (package(port, "evil", "s3"), "leads elsewhere"),
        (missing, "no such application"),
    ] {
        let a = world.run_with(&sh("echo ran"), |task| task.packages = vec![package]).await;
        let ended = world.ended(a).await;
        let failure = ended.failure.expect(reason);
        assert_eq!((failure.code.as_str(), ended.exit), ("ApplicationPackageError", None));
        let message = failure.message.unwrap();
        assert!(message.contains(reason) && !message.contains("sig=x"), "{message}");
        assert!(!std::fs::exists(world.root().join(format!("workitems/j1/job-1/t{}/stdout.txt", a.task))).unwrap());
    }
    assert!(!std::fs::exists(world.root().join("shared/evil")).unwrap());
    assert!(!std::fs::exists(world.root().join("applications/Tool")).unwrap());
    is_tidy(&world).await;
}

#[tokio::test]
async fn the_pools_packages_come_before_its_start_task() {
    let (_asked, port) = start_web().await;
    let command_line = sh("$AZ_BATCH_APP_PACKAGE_Tool/bin/greet > $AZ_BATCH_NODE_SHARED_DIR/said");
    let start_task = Some(StartTask { command_line, ..StartTask::default() });
    let packages = vec![package(port, "tool", "s1")];
    let mut world = World::start(Welcome { start_task, packages: packages.clone(), ..welcome() }).await;
    let (ended, output, _) =
        world.result(&sh("cat $AZ_BATCH_NODE_SHARED_DIR/said; $AZ_BATCH_APP_PACKAGE_TOOL_1_0/bin/greet")).await;
    assert_eq!(ended.exit, Some(0));
    assert_eq!(output, "hello from the package\nhello from the package\n");
    world.hear(|message| matches!(message, FromAgent::PackagesDeployed).then_some(())).await;
    // A new agent finds them, and fetches nothing.
    world.kill_agent();
    world.start_agent();
    let hello = world.accept(Welcome { packages: vec![package(1, "tool", "s1")], ..welcome() }).await;
    assert!(!hello.packages_deployed);
    world.hear(|message| matches!(message, FromAgent::PackagesDeployed).then_some(())).await;
    world.disconnect();
    assert!(world.accept_hello().await.packages_deployed);
}

#[tokio::test]
async fn a_node_without_its_pools_packages_cannot_be_used() {
    let (_asked, port) = start_web().await;
    let mut world = World::start(Welcome { packages: vec![package(port, "broken", "s1")], ..welcome() }).await;
    let error = |message: &FromAgent| match message {
        FromAgent::Health { error: Some(error) } => Some(error.clone()),
        _ => None,
    };
    let NodeError { code, message, .. } = world.hear(error).await;
    assert_eq!(code, "ApplicationPackageError");
    assert!(message.contains("Tool 1.0") && message.contains("no zip file"), "{message}");
    let a = world.run("/bin/true").await;
    let rest = world.rest().await;
    assert!(rest.is_empty(), "tasks wait: {rest:?}");
    world.say(ToAgent::Recall { attempts: vec![a] }).await;
    world.gave_back(a).await;
}

#[tokio::test]
async fn a_task_that_is_killed_while_its_package_comes_leaves_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut world = World::start(welcome()).await;
    let port = listener.local_addr().unwrap().port();
    let a = world.run_with("/bin/true", |task| task.packages = vec![package(port, "slow", "s1")]).await;
    let _silent = listener.accept().await.unwrap();
    world.say(ToAgent::Kill { attempts: vec![a] }).await;
    world.gave_back(a).await;
    is_tidy(&world).await;
}
