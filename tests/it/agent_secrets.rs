//! What is secret of what an agent is given is in none of its logs, which its users can upload.

use fournil::api::agent::{Package, RemoteUser, ToAgent};
use fournil::api::{EnvironmentSetting, OutputFileUploadCondition, Secret, Timestamp};

use crate::agent_support::{TOKEN, World, sh, welcome};
use crate::agent_transfers::{Web, code, end_of, file, output};

const CANARY: &str = "canary-in-the-agent-0123456789";

#[tokio::test]
async fn canaries_in_what_tasks_and_users_bring_are_in_no_log_and_no_error_of_an_agent() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let secret = || vec![EnvironmentSetting { name: "SECRET".into(), value: Some(CANARY.into()) }];
    let (a, ended) = end_of(&mut world, &sh("echo $SECRET"), |task| task.environment = secret()).await;
    assert_eq!((ended.exit, world.output(a, "stdout.txt").trim()), (Some(0), CANARY), "the task itself has it");

    // Each way to the network, where it fails.
    let files = vec![file(port, &format!("/nothing?sig={CANARY}"), "f")];
    let (_, download) = end_of(&mut world, "/bin/true", |task| task.resource_files = files).await;
    let mut rule = output(port, "nothing", "../stdout.txt", OutputFileUploadCondition::TaskCompletion);
    rule.destination.container.as_mut().unwrap().container_url =
        format!("http://127.0.0.1:{port}/nothing?sig={CANARY}");
    let (_, upload) = end_of(&mut world, "/bin/true", |task| task.output_files = vec![rule]).await;
    let package = Package {
        application: "tool".into(),
        version: "1".into(),
        directory: "applications/tool/1/x".into(),
        url: Secret(format!("http://127.0.0.1:{port}/nothing?sig={CANARY}")),
        ..Package::default()
    };
    let (_, deploy) = end_of(&mut world, "/bin/true", |task| task.packages = vec![package]).await;
    let (_, launch) = end_of(&mut world, "/no/such/program", |task| task.environment = secret()).await;
    for (ended, expected) in [
        (&download, "BlobNotFound"),
        (&upload, "FileUploadContainerNotFound"),
        (&deploy, "ApplicationPackageError"),
        (&launch, "CommandProgramNotFound"),
    ] {
        assert_eq!(code(ended), expected, "{ended:?}");
        assert!(!format!("{ended:?}").contains(CANARY), "{ended:?}");
    }

    let user = RemoteUser {
        name: "eve".into(),
        made: Timestamp::from_secs(1),
        is_admin: false,
        expires: Timestamp::from_secs(4_000_000_000),
        password_hash: Some(Secret(CANARY.into())),
        ssh_public_key: None,
    };
    world.say(ToAgent::Users { users: vec![user] }).await;
    world.rest().await;
    let log = world.log();
    assert!(log.contains("DEBUG") && log.contains("connected to the server"), "little was logged: {log}");
    for secret in [CANARY, TOKEN] {
        let hits: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(hits.is_empty(), "{hits:#?}");
    }
}
