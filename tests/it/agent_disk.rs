//! A node's disk fills up and is freed again.

use fournil::api::agent::{FromAgent, ToAgent, Welcome};

use crate::agent_packages::{is_tidy, package, start_web};
use crate::agent_support::{World, is_root, long_time, sh, welcome};
use crate::agent_transfers::file;
use crate::disk_full::SmallDisk;

/// The next word on the node's health: the code of its error.
async fn health(world: &mut World) -> Option<String> {
    let code = |message: &FromAgent| match message {
        FromAgent::Health { error } => Some(error.as_ref().map(|error| error.code.clone())),
        _ => None,
    };
    world.hear(code).await
}

#[tokio::test]
async fn on_a_full_disk_tasks_are_given_back_and_the_node_is_well_when_there_is_room_again() {
    if !is_root() {
        return;
    }
    let mut world = World::without_agent().await;
    let _disk = SmallDisk::mount(&world.root(), 64);
    world.start_agent();
    world.accept(welcome()).await;
    let neighbour = world.run(&format!("/bin/sleep {}", long_time())).await;
    world.started(neighbour).await;

    let glutton = world.run(&sh("cat /dev/zero > zeros")).await;
    let ended = world.ended(glutton).await;
    assert_eq!(ended.exit, Some(1));
    let message = ended.failure.unwrap().message.unwrap();
    assert!(message.contains("disk was full"), "{message}");
    assert_eq!(health(&mut world).await.as_deref(), Some("DiskFull"));
    world.gave_back(neighbour).await;
    let late = world.run("/bin/true").await;
    world.gave_back(late).await;

    let directory = format!("workitems/j1/job-1/t{}", glutton.task);
    world.say(ToAgent::CleanUp { directories: vec![directory] }).await;
    assert_eq!(health(&mut world).await, None);
    let (ended, out, _) = world.result(&sh("echo there is room")).await;
    assert_eq!((ended.exit, out.as_str()), (Some(0), "there is room\n"));
}

/// A node on a small disk with something large on it already.
async fn on_a_small_disk() -> (World, SmallDisk, std::path::PathBuf) {
    let world = World::without_agent().await;
    let disk = SmallDisk::mount(&world.root(), 96);
    let filler = world.root().join("filler");
    std::fs::write(&filler, vec![0; 52 << 20]).unwrap();
    (world, disk, filler)
}

#[tokio::test]
async fn a_package_without_room_fails_its_task_alone_and_is_deployed_when_there_is_room() {
    if !is_root() {
        return;
    }
    let (_asked, port) = start_web().await;
    let (mut world, _disk, filler) = on_a_small_disk().await;
    world.start_agent();
    world.accept(welcome()).await;
    let neighbour = world.run(&format!("/bin/sleep {}", long_time())).await;
    world.started(neighbour).await;

    let line = sh("cat $AZ_BATCH_APP_PACKAGE_TOOL/zeros | wc -c");
    let large = package(port, "large", "s1");
    let task = world.run_with(&line, |task| task.packages = vec![large.clone()]).await;
    let ended = world.ended(task).await;
    let failure = ended.failure.unwrap();
    assert_eq!((failure.code.as_str(), ended.exit), ("DiskFull", None));
    assert!(failure.message.unwrap().contains("Tool 1.0"));
    assert!(!world.root().join("applications/Tool").exists(), "half a package is none");
    is_tidy(&world).await;
    let file = file(port, "/large.bin", "large");
    let task = world.run_with("/bin/true", |task| task.resource_files = vec![file]).await;
    let failure = world.ended(task).await.failure.unwrap();
    assert_eq!(failure.code, "DiskFull");
    let small = world
        .run_with(&sh("ls $AZ_BATCH_APP_PACKAGE_TOOL"), |task| task.packages = vec![package(port, "tool", "s2")])
        .await;
    assert_eq!(world.ended(small).await.exit, Some(0), "what is small has room");
    let rest = world.rest().await;
    let is_well = !rest.iter().any(|message| matches!(message, FromAgent::Health { .. }));
    assert!(is_well, "the neighbour runs on, and the node is well: {rest:?}");

    std::fs::remove_file(filler).unwrap();
    let task = world.run_with(&line, |task| task.packages = vec![large]).await;
    assert_eq!(world.ended(task).await.exit, Some(0));
    assert_eq!(world.output(task, "stdout.txt"), format!("{}\n", 40 << 20));
}

#[tokio::test]
async fn a_node_without_room_for_its_pools_packages_deploys_them_when_there_is_room() {
    if !is_root() {
        return;
    }
    let (_asked, port) = start_web().await;
    let (mut world, _disk, filler) = on_a_small_disk().await;
    world.start_agent();
    world.accept(Welcome { packages: vec![package(port, "large", "s1")], ..welcome() }).await;
    assert_eq!(health(&mut world).await.as_deref(), Some("DiskFull"));
    assert!(!world.root().join("applications/Tool").exists());
    std::fs::remove_file(filler).unwrap();
    world.hear(|message| matches!(message, FromAgent::PackagesDeployed).then_some(())).await;
    assert_eq!(health(&mut world).await, None);
    let (ended, out, _) = world.result(&sh("ls $AZ_BATCH_APP_PACKAGE_TOOL")).await;
    assert_eq!((ended.exit, out.as_str()), (Some(0), "zeros\n"));
}
