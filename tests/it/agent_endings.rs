//! How tasks are ended, and that nothing of a task outlives it, its agent, or both.

use fournil::api::agent::{Attempt, FromAgent, ToAgent};

use crate::agent_support::{World, is_root, long_time, n_processes, sh, task, until, welcome};

/// Python's path, where there is one: scripts that double-fork are shortest in it.
fn python() -> Option<&'static str> {
    ["/usr/bin/python3", "/usr/local/bin/python3"].into_iter().find(|path| std::path::Path::new(path).exists())
}

async fn kill(world: &mut World, a: Attempt) {
    world.say(ToAgent::Kill { attempts: vec![a] }).await;
    world.gave_back(a).await;
}

#[tokio::test]
async fn a_killed_task_is_given_back_and_not_reported() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world.run(&format!("sleep {time}")).await;
    world.started(a).await;
    kill(&mut world, a).await;
    assert_eq!(n_processes(&time), 0);
    assert_eq!(world.rest().await, []);
}

#[tokio::test]
async fn a_task_may_end_in_good_order_within_the_kill_wait() {
    let mut world = World::start(fournil::api::agent::Welcome { kill_wait_secs: 20, ..welcome() }).await;
    // The first process ends at once; the one in the background needs a moment and gets it.
    let script = "(trap \"sleep 0.2; echo tidy; exit 0\" TERM; echo ready; while :; do sleep 0.05; done) & wait";
    let a = world.run(&sh(script)).await;
    world.has_written(a, "ready").await;
    kill(&mut world, a).await;
    assert_eq!(world.output(a, "stdout.txt"), "ready\ntidy\n");
}

#[tokio::test]
async fn a_task_that_ignores_sigterm_is_killed_after_the_kill_wait() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world.run(&sh(&format!("trap \"\" TERM; sleep {time} & echo ready; wait; sleep {time}"))).await;
    world.has_written(a, "ready").await;
    kill(&mut world, a).await;
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn what_waits_or_is_unknown_is_given_back_at_once() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let running = world.run_with(&format!("sleep {time}"), |t| t.slots = 4).await;
    let waiting = world.run("true").await;
    kill(&mut world, waiting).await;
    kill(&mut world, Attempt { task: 12345, number: 1 }).await;
    world.started(running).await;
    assert_eq!(world.rest().await, []);
}

#[tokio::test]
async fn what_a_task_leaves_in_the_background_dies_with_it() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    for script in [
        format!("sleep {time} & exit 0"),
        format!("setsid sleep {time} & exit 0"),
        format!("setsid setsid sleep {time} & (setsid sleep {time} &) ; exit 0"),
        format!("trap \"\" TERM HUP; nohup setsid sleep {time} & exit 0"),
        format!("env -i setsid sleep {time} & exit 0"),
    ] {
        let (ended, ..) = world.result(&sh(&script)).await;
        assert_eq!(ended.exit, Some(0), "{script}");
        assert_eq!(n_processes(&time), 0, "{script}");
    }
}

#[tokio::test]
async fn a_daemon_that_hides_from_its_task_dies_with_it() {
    let Some(python) = python() else { return };
    let mut world = World::start(welcome()).await;
    let time = long_time();
    // Forks twice, leads a session of its own, and has none of the task's environment.
    let script = format!(
        "import os,sys\nif os.fork()==0:\n os.setsid()\n if os.fork()==0:\n  os.execve(\"/bin/sleep\",[\"sleep\",\"{time}\"],{{}})\n os._exit(0)\nos.wait()"
    );
    let other = world.run(&format!("sleep {}", long_time())).await;
    world.started(other).await;
    let (ended, ..) = world.result(&format!("{python} -c '{script}'")).await;
    assert_eq!(ended.exit, Some(0));
    // With another task running the daemon could be that one's: it dies with the last that could own it.
    kill(&mut world, other).await;
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn a_task_that_forks_without_end_is_ended() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world
        .run(&sh(&format!("trap \"\" TERM; echo ready; while :; do setsid sleep {time} & sleep 0.01; done")))
        .await;
    world.has_written(a, "ready").await;
    until(|| n_processes(&time) > 20).await;
    kill(&mut world, a).await;
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn one_tasks_end_leaves_the_others_alone() {
    let mut world = World::start(welcome()).await;
    let (mine, others) = (long_time(), long_time());
    let other = world.run(&sh(&format!("setsid sleep {others} & sleep {others}"))).await;
    world.started(other).await;
    until(|| n_processes(&format!("sleep\0{others}")) == 2).await;
    world.result(&sh(&format!("setsid sleep {mine} & exit 0"))).await;
    assert_eq!((n_processes(&mine), n_processes(&format!("sleep\0{others}"))), (0, 2));
}

#[tokio::test]
async fn a_restarted_agent_ends_what_its_predecessor_left_and_gives_it_back() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let plain = world.run(&format!("sleep {time}")).await;
    let daemon = world.run(&sh(&format!("setsid sleep {time} & echo ready; wait"))).await;
    let nameless = world.run(&format!("/usr/bin/env -i sleep {time}")).await;
    world.started(plain).await;
    world.has_written(daemon, "ready").await;
    world.started(nameless).await;
    let (done, ..) = world.result("true").await;
    world.kill_agent();
    assert!(n_processes(&time) >= 3);

    world.start_agent();
    let hello = world.accept(welcome()).await;
    assert_eq!((hello.alive, hello.ended), (vec![], vec![done.a]), "only what was not acknowledged is known");
    world.ended(done.a).await;
    for a in [plain, daemon, nameless] {
        world.gave_back(a).await;
    }
    assert_eq!(n_processes(&time), 0);
}

#[tokio::test]
async fn results_are_told_again_until_they_are_acknowledged() {
    let mut world = World::start(welcome()).await;
    let (first, ..) = world.result("true").await;
    let (second, ..) = world.result("false").await;
    world.say(ToAgent::Ack { attempts: vec![first.a] }).await;
    world.rest().await;
    world.disconnect();
    let hello = world.accept(welcome()).await;
    assert_eq!(hello.ended, [second.a]);
    assert_eq!(world.ended(second.a).await, second);
    assert_eq!(world.rest().await, []);

    world.kill_agent();
    world.start_agent();
    world.accept(welcome()).await;
    assert_eq!(world.ended(second.a).await, second);
    world.say(ToAgent::Ack { attempts: vec![second.a] }).await;
    world.rest().await;
    world.disconnect();
    assert_eq!(world.accept(welcome()).await.ended, []);
}

#[tokio::test]
async fn tasks_go_on_while_the_server_is_away() {
    let mut world = World::start(welcome()).await;
    let gate = world.root().join("shared/gate");
    let wait = sh("while ! [ -e $AZ_BATCH_NODE_SHARED_DIR/gate ]; do sleep 0.01; done; exit 5");
    let running = world.run_with(&wait, |t| t.slots = 4).await;
    world.started(running).await;
    let waiting = world.run("true").await;
    world.rest().await;
    world.disconnect();
    let hello = world.accept_hello().await;
    assert_eq!(hello.alive.len(), 2);
    world.disconnect();
    std::fs::write(gate, "").unwrap();
    world.accept(welcome()).await;
    assert_eq!(world.ended(running).await.exit, Some(5));
    assert_eq!(world.ended(waiting).await.exit, Some(0));
}

#[tokio::test]
async fn what_is_not_the_servers_any_more_is_ended_and_forgotten() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let running = world.run(&format!("sleep {time}")).await;
    world.started(running).await;
    let (ended, ..) = world.result("true").await;
    world.disconnect();
    world.accept(fournil::api::agent::Welcome { stale: vec![running, ended.a], ..welcome() }).await;
    world.gave_back(running).await;
    assert_eq!(n_processes(&time), 0);
    assert!(!world.rest().await.iter().any(|m| matches!(m, FromAgent::Ended(_))));
}

#[tokio::test]
async fn without_word_from_the_server_the_lease_ends_the_tasks() {
    let mut world = World::start(fournil::api::agent::Welcome { lease_secs: Some(1), ..welcome() }).await;
    let time = long_time();
    let a = world.run(&format!("sleep {time}")).await;
    world.started(a).await;
    world.disconnect();
    until(|| n_processes(&time) == 0).await;
    // The agent hears of the end a moment after it.
    while !world.accept_hello().await.alive.is_empty() {
        world.disconnect();
    }
}

#[tokio::test]
async fn an_agent_that_is_told_to_end_gives_back_what_it_ran() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let running = world.run_with(&format!("sleep {time}"), |t| t.slots = 4).await;
    world.started(running).await;
    let waiting = world.run("true").await;
    world.rest().await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(world.agent_pid()), nix::sys::signal::Signal::SIGTERM).unwrap();
    world.gave_back(running).await;
    world.gave_back(waiting).await;
    assert_eq!(world.agent_ended().await, Some(0));
    assert_eq!(n_processes(&time), 0);
    assert!(world.root().exists());
}

#[tokio::test]
async fn a_node_that_leaves_its_pool_keeps_nothing() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world.run(&format!("sleep {time}")).await;
    world.started(a).await;
    world.say(ToAgent::Leave).await;
    assert_eq!(world.agent_ended().await, Some(0));
    assert_eq!(n_processes(&time), 0);
    assert!(!world.root().exists() && !world.dir.path().join("journal").exists());
}

#[tokio::test]
async fn a_reboot_gives_back_what_runs_and_begins_anew() {
    let mut world = World::start(welcome()).await;
    let time = long_time();
    let a = world.run(&format!("sleep {time}")).await;
    world.started(a).await;
    let pid = world.agent_pid();
    world.say(ToAgent::Reboot).await;
    world.gave_back(a).await;
    let hello = world.accept(welcome()).await;
    assert_eq!((hello.alive, hello.ended), (vec![], vec![]));
    assert_eq!(n_processes(&time), 0);
    let (ended, out, _) = world.result(&sh("pwd")).await;
    assert_eq!((ended.exit, world.agent_pid()), (Some(0), pid));
    if is_root() {
        assert!(out.starts_with("/mnt/batch/tasks/"), "{out}");
    }
}

#[tokio::test]
async fn a_folder_is_removed_when_the_last_task_in_it_has_ended() {
    let mut world = World::start(welcome()).await;
    let gate = world.root().join("shared/gate");
    let wait = sh("while ! [ -e $AZ_BATCH_NODE_SHARED_DIR/gate ]; do sleep 0.01; done");
    let running = world.run(&wait).await;
    world.started(running).await;
    let (gone, ..) = world.result(&sh("mkdir -p a/b; ln -s / a/root; touch a/b/c")).await;
    let directory = |a: Attempt| task(a.task, "").directory;
    world.say(ToAgent::CleanUp { directories: vec![directory(gone.a), directory(running)] }).await;
    world.rest().await;
    assert!(!world.root().join(directory(gone.a)).exists() && world.root().join(directory(running)).exists());
    std::fs::write(gate, "").unwrap();
    world.ended(running).await;
    world.rest().await;
    // Nothing is left of the job's folders either.
    assert_eq!(std::fs::read_dir(world.root().join("workitems")).unwrap().count(), 0);
    let volatile = world.root().join("volatile");
    until(|| std::fs::read_dir(&volatile).unwrap().count() == 0).await;
    assert!(std::path::Path::new("/etc/passwd").exists());
}
