//! What a task may do on its node. As root tasks have a user of their own; else there is nothing to separate.

use std::os::unix::fs::MetadataExt;

use fournil::api::agent::Welcome;

use crate::agent_support::{TASK_USER, World, is_root, sh, welcome};

#[tokio::test]
async fn tasks_run_as_their_pools_user_without_any_way_up() {
    if !is_root() {
        return;
    }
    let mut world = World::start(welcome()).await;
    let (_, out, _) = world
        .result(&sh("id -u; id -g; id -G; umask; ulimit -c; grep -E \"^(Cap|NoNewPrivs|SigIgn)\" /proc/self/status"))
        .await;
    let user = TASK_USER.to_string();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(&lines[..5], [user.as_str(), &user, &user, "0027", "0"]);
    for line in &lines[5..] {
        let (name, value) = line.split_once(":\t").unwrap();
        let expected = match name {
            "NoNewPrivs" => "1",
            // What a program with file capabilities could gain at most, if it were not for NoNewPrivs.
            "CapBnd" => value,
            _ => "0000000000000000",
        };
        assert_eq!(value, expected, "{name}");
    }
}

#[tokio::test]
async fn tasks_reach_neither_the_agents_files_nor_other_nodes() {
    if !is_root() {
        return;
    }
    let mut other = World::start(Welcome { task_user: Some(TASK_USER + 1), ..welcome() }).await;
    other.result(&sh("echo secret")).await;
    let mut world = World::start(welcome()).await;
    let (mine, theirs) = (world.dir.path().display().to_string(), other.dir.path().display().to_string());
    let agent = world.agent_pid();
    for script in [
        format!("cat {mine}/agent.json"),
        format!("cat {mine}/journal"),
        format!("ls {mine}"),
        format!("ls {theirs}/root"),
        format!("cat {theirs}/root/workitems/j1/job-1/t1/stdout.txt"),
        format!("cat /proc/{agent}/environ"),
        format!("ls /proc/{agent}/fd"),
        format!("ls /proc/{agent}/root/"),
        format!("kill -9 {agent}"),
        "cat /mnt/batch/tasks/../../../etc/shadow".to_owned(),
        "touch /mnt/batch/tasks/x".to_owned(),
        "touch /mnt/batch/tasks/applications/x".to_owned(),
        "mv /mnt/batch/tasks/shared /mnt/batch/tasks/other".to_owned(),
        "mount -t tmpfs none /tmp".to_owned(),
        "umount /mnt/batch/tasks".to_owned(),
    ] {
        let (ended, out, _) = world.result(&sh(&script)).await;
        assert_ne!(ended.exit, Some(0), "{script}: {out}");
        assert_eq!(out, "", "{script}");
    }
}

#[tokio::test]
async fn tasks_write_their_own_folder_and_the_shared_one() {
    let mut world = World::start(welcome()).await;
    let (ended, _, err) =
        world.result(&sh("touch here ../beside $AZ_BATCH_NODE_SHARED_DIR/x $AZ_BATCH_NODE_STARTUP_DIR/y")).await;
    assert_eq!((ended.exit, err.as_str()), (Some(0), ""));
    for path in ["workitems/j1/job-1/t1", "workitems/j1/job-1/t1/wd", "workitems/j1/job-1/t1/stdout.txt", "shared"] {
        let meta = world.root().join(path).metadata().unwrap();
        assert_eq!(meta.mode() & 0o007, 0, "{path} is closed to others");
        if is_root() {
            assert_eq!((meta.uid(), meta.gid()), (TASK_USER, TASK_USER), "{path}");
        }
    }
}

#[tokio::test]
async fn a_link_that_a_task_made_leads_the_agent_nowhere() {
    if !is_root() {
        return;
    }
    let mut world = World::start(welcome()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "untouched").unwrap();
    let target = folder.path().display();
    let (ended, ..) = world
        .result(&sh(&format!("rm ../stdout.txt; ln -s {target}/file ../stdout.txt; ! ln -s {target} ../../t77")))
        .await;
    assert_eq!(ended.exit, Some(0), "in the place of another task's folder it can put nothing");
    std::os::unix::fs::symlink(folder.path(), world.root().join("workitems/j1/job-1/t77")).unwrap();
    for number in [2, 3] {
        let again = fournil::api::agent::Attempt { task: 1, number };
        world.run_with("/bin/echo overwritten", |t| (t.a, t.directory) = (again, "workitems/j1/job-1/t1".into())).await;
        assert_eq!(world.ended(again).await.failure.unwrap().code, "CommandLaunchFailed");
    }
    let through = world.run_with("/bin/echo overwritten", |t| t.directory = "workitems/j1/job-1/t77".into()).await;
    assert_eq!(world.ended(through).await.failure.unwrap().code, "CommandLaunchFailed");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "untouched");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn elevation_is_refused_unless_the_operator_allows_it() {
    let mut world = World::start(welcome()).await;
    let a = world.run_with("/usr/bin/id -u", |t| t.elevated = true).await;
    let failure = world.ended(a).await.failure.unwrap();
    assert_eq!(failure.code, "CommandLaunchFailed");
    assert!(failure.message.unwrap().contains("does not allow"));
}

#[tokio::test]
async fn an_elevated_task_is_the_agents_own_user_and_its_files_can_be_read() {
    let mut world = World::start(Welcome { elevation_allowed: true, ..welcome() }).await;
    let a = world.run_with(&sh("id -u; echo x > made"), |t| t.elevated = true).await;
    assert_eq!(world.ended(a).await.exit, Some(0));
    assert_eq!(world.output(a, "stdout.txt"), format!("{}\n", nix::unistd::geteuid()));
    let path = "workitems/j1/job-1/t1/wd/made".to_owned();
    let (reply, data) = world.ask(fournil::api::agent::FileAsk::Read { path, offset: 0, length: 9 }).await;
    assert_eq!((reply.error, data.as_slice()), (None, b"x\n".as_slice()));
}

#[tokio::test]
async fn the_machine_does_not_see_the_nodes_mount() {
    let world = World::start(welcome()).await;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains("/mnt/batch/tasks"), "{mounts}");
    drop(world);
}

#[tokio::test]
async fn what_tasks_leave_in_tmp_is_the_nodes_alone_and_goes_with_it() {
    if !is_root() {
        return;
    }
    let name = format!("fournil-test-{}", std::process::id());
    let mut world = World::start(welcome()).await;
    let mut other = World::start(Welcome { task_user: Some(TASK_USER + 1), ..welcome() }).await;
    for folder in ["/tmp", "/var/tmp", "/dev/shm"] {
        let file = format!("{folder}/{name}");
        let (ended, _, err) = world.result(&sh(&format!("umask 0; echo left > {file}"))).await;
        assert_eq!((ended.exit, err.as_str()), (Some(0), ""), "{folder}");
        let (_, out, _) = world.result(&sh(&format!("cat {file}"))).await;
        assert_eq!(out, "left\n", "the next task of the node finds it in {folder}");
        let (ended, ..) = other.result(&sh(&format!("cat {file}"))).await;
        assert_ne!(ended.exit, Some(0), "{folder}");
        assert!(!std::path::Path::new(&file).exists(), "{folder}");
    }
    assert!(world.dir.path().join("tmp").join(&name).exists());
    world.say(fournil::api::agent::ToAgent::Leave).await;
    assert_eq!(world.agent_ended().await, Some(0));
    assert!(!world.dir.path().join("tmp").exists() && !world.dir.path().join("var-tmp").exists());
}
