//! A node's disk fills up and is freed again.

use fournil::api::agent::{FromAgent, ToAgent};

use crate::agent_support::{World, is_root, long_time, sh, welcome};
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
