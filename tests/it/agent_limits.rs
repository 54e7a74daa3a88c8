//! What a task may use of its node, and that its neighbours do not feel what it tries. Where the agent may make no control
//! groups, it has to say so, and there is nothing else to see.

use std::path::PathBuf;

use fournil::api::Duration;
use fournil::api::agent::{Attempt, NodeLimits, NodeSize, RunTask, Welcome};

use crate::agent_support::{World, long_time, n_processes, sh, until, welcome};

/// 64 MiB and 512 processes for each of the four slots.
const SIZE: NodeSize = NodeSize { cores: 1, memory_mib: 256 };
/// Enough memory for as many processes as there may be.
const ROOMY: NodeSize = NodeSize { cores: 1, memory_mib: 4096 };

/// An agent that limits what it runs; nothing where it cannot limit what the test is about.
async fn limited(size: NodeSize, is_needed: impl Fn(&NodeLimits) -> bool) -> Option<World> {
    let mut world = World::without_agent().await;
    world.start_agent();
    let hello = world.accept(Welcome { size: Some(size), ..welcome() }).await;
    let NodeLimits { memory, processes, cpu, ref obstacle } = hello.limits;
    assert_eq!(obstacle.is_none(), memory && processes && cpu, "whatever is not limited has a reason: {obstacle:?}");
    is_needed(&hello.limits).then_some(world)
}

/// The folders of the node's groups.
fn groups(world: &World) -> Vec<PathBuf> {
    let list = std::fs::read_to_string(world.dir.path().join("groups")).unwrap_or_default();
    list.lines().map(PathBuf::from).collect()
}

fn group_with(world: &World, controller: &str) -> PathBuf {
    let known = groups(world).into_iter().find(|folder| folder.join(controller).exists());
    known.unwrap_or_else(|| panic!("no group has {controller}"))
}

fn n_in_groups(world: &World) -> usize {
    let runs = groups(world).into_iter().flat_map(|node| std::fs::read_dir(node).into_iter().flatten().flatten());
    let lists = runs.filter_map(|run| std::fs::read_to_string(run.path().join("cgroup.procs")).ok());
    lists.map(|list| list.lines().count()).sum()
}

/// Holds so many MiB in a shell's variable.
fn hog(mib: u32) -> String {
    sh(&format!("x=$(head -c {mib}M /dev/zero | tr \"\\0\" a); echo ${{#x}}"))
}

/// A neighbour that does a little of everything.
async fn neighbour_is_well(world: &mut World) {
    let (ended, out, err) =
        world.result(&sh("for i in 1 2 3; do ls / > list; wc -l < list > /dev/null; done; echo well")).await;
    assert_eq!((ended.exit, out.as_str(), err.as_str()), (Some(0), "well\n", ""));
}

#[tokio::test]
async fn a_task_that_takes_more_memory_than_its_slots_give_is_killed_and_says_so() {
    let Some(mut world) = limited(SIZE, |limits| limits.memory).await else { return };
    let (ended, out, _) = world.result(&hog(16)).await;
    assert_eq!((ended.exit, out.as_str()), (Some(0), "16777216\n"));
    let hogs: Vec<Attempt> = [world.run(&hog(200)).await, world.run(&hog(200)).await].into();
    neighbour_is_well(&mut world).await;
    for hog in hogs {
        let ended = world.ended(hog).await;
        let message = ended.failure.unwrap().message.unwrap();
        assert!(message.contains("out of memory") && message.contains("64 MiB"), "{message}");
        assert_ne!(ended.exit, Some(0));
    }
    // Whoever comes after it in the same group is not told of what it did.
    let (ended, ..) = world.result(&sh("exit 3")).await;
    assert_eq!(ended.failure.unwrap().message.unwrap(), "The task ended with exit code 3.");
}

#[tokio::test]
async fn two_slots_give_twice_as_much() {
    let Some(mut world) = limited(SIZE, |limits| limits.memory && limits.processes).await else { return };
    let a = world.run_with("sleep 1000", |task: &mut RunTask| task.slots = 2).await;
    world.started(a).await;
    let read = |file: &str| std::fs::read_to_string(group_with(&world, "cgroup.procs").join("1").join(file));
    let limit = read("memory.limit_in_bytes").or_else(|_| read("memory.max"));
    let processes = std::fs::read_to_string(group_with(&world, "pids.max").join("1/pids.max"));
    if let Ok(limit) = limit {
        assert_eq!(limit.trim(), (128u64 << 20).to_string());
    }
    assert_eq!(processes.unwrap().trim(), "1024");
}

#[tokio::test]
async fn a_fork_bomb_is_held_and_nothing_is_left_of_it() {
    let Some(mut world) = limited(ROOMY, |limits| limits.processes).await else { return };
    let bomb = world
        .run_with(&sh("f() { f | f & }; f; while :; do :; done"), |task| {
            task.max_wall_clock = Some(Duration::from_secs(2));
        })
        .await;
    world.started(bomb).await;
    neighbour_is_well(&mut world).await;
    let ended = world.ended(bomb).await;
    assert_eq!(ended.failure.unwrap().code, "TaskEnded");
    assert_eq!(n_in_groups(&world), 0);
    neighbour_is_well(&mut world).await;
}

#[tokio::test]
async fn a_task_that_may_start_no_more_processes_says_so() {
    let Some(mut world) = limited(ROOMY, |limits| limits.processes).await else { return };
    let script = "i=0; while [ $i -lt 600 ]; do sleep 1000 & i=$((i+1)); done";
    let (ended, ..) = world.result(&sh(script)).await;
    let message = ended.failure.unwrap().message.unwrap();
    assert!(message.contains("no more processes") && message.contains("512"), "{message}");
    assert_eq!(n_in_groups(&world), 0);
}

#[tokio::test]
async fn processes_that_fled_from_their_parents_and_cleared_their_marks_are_in_the_group() {
    let Some(mut world) = limited(ROOMY, |limits| limits.processes).await else { return };
    let time = long_time();
    // A lower limit of its own takes the mark off as well.
    let script = format!("ulimit -x 5; (env -i setsid sleep {time} &) ; echo fled");
    let a = world.run(&format!("/bin/bash -c \"{script}\"")).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, n_processes(&time), n_in_groups(&world)), (Some(0), 0, 0));
}

#[tokio::test]
async fn groups_go_with_the_agent_and_with_one_that_was_killed() {
    let Some(mut world) = limited(ROOMY, |limits| limits.processes).await else { return };
    let time = long_time();
    let a = world.run(&format!("sleep {time}")).await;
    world.started(a).await;
    let before = groups(&world);
    assert!(before.iter().all(|folder| folder.join("1").exists()));
    world.kill_agent();
    world.start_agent();
    world.accept(Welcome { size: Some(SIZE), ..welcome() }).await;
    assert_eq!(n_processes(&time), 0);
    assert!(groups(&world).iter().all(|folder| folder.exists() && !folder.join("1").exists()));
    world.say(fournil::api::agent::ToAgent::Leave).await;
    assert_eq!(world.agent_ended().await, Some(0));
    assert!(before.iter().all(|folder| !folder.exists()));
}

#[tokio::test]
async fn without_a_size_nothing_is_limited() {
    let mut world = World::start(welcome()).await;
    let (ended, ..) = world.result(&hog(100)).await;
    assert_eq!(ended.exit, Some(0));
    assert!(groups(&world).iter().all(|folder| !folder.join("1").exists()));
}

#[tokio::test]
async fn a_flood_of_output_costs_the_agent_nothing() {
    let mut world = World::start(Welcome { size: Some(SIZE), ..welcome() }).await;
    let flood = world.run(&sh("head -c 300M /dev/zero | tr \"\\0\" x; echo; echo done")).await;
    neighbour_is_well(&mut world).await;
    let ended = world.ended(flood).await;
    assert_eq!(ended.exit, Some(0));
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.agent_pid())).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 64 << 10, "{most}");
    let (reply, tail) = world
        .ask(fournil::api::agent::FileAsk::Read {
            path: format!("workitems/j1/job-1/t{}/stdout.txt", flood.task),
            offset: (300 << 20) - 2,
            length: 100,
        })
        .await;
    assert_eq!((reply.error, tail.as_slice()), (None, b"xx\ndone\n".as_slice()));
    until(|| n_in_groups(&world) == 0).await;
}
