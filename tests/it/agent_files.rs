//! Files below the node's root, for the server; and nothing beside it.

use std::os::unix::fs::symlink;

use fournil::api::Code;
use fournil::api::agent::{Attempt, FileAsk, FromAgent, MAX_READ_BYTES, ToAgent, Welcome};

use crate::agent_support::{World, sh, welcome};

fn read(path: &str) -> FileAsk {
    FileAsk::Read { path: path.into(), offset: 0, length: 1000 }
}

fn stat(path: &str) -> FileAsk {
    FileAsk::Stat { path: path.into() }
}

fn list(path: &str, recursive: bool) -> FileAsk {
    FileAsk::List { path: path.into(), recursive }
}

fn delete(path: &str, recursive: bool) -> FileAsk {
    FileAsk::Delete { path: path.into(), recursive }
}

async fn error(world: &mut World, ask: FileAsk) -> Option<Code> {
    world.ask(ask).await.0.error
}

async fn names(world: &mut World, ask: FileAsk) -> Vec<String> {
    let (reply, _) = world.ask(ask).await;
    assert_eq!(reply.error, None);
    reply.files.into_iter().map(|f| if f.is_directory { format!("{}/", f.name) } else { f.name }).collect()
}

#[tokio::test]
async fn files_are_listed_and_read_in_parts() {
    let mut world = World::start(welcome()).await;
    world.result(&sh("printf 0123456789; mkdir d; echo x > d/page.html")).await;
    let task = "workitems/j1/job-1/t1";
    assert_eq!(names(&mut world, list(task, false)).await, ["stderr.txt", "stdout.txt", "wd/"]);
    let all = ["stderr.txt", "stdout.txt", "wd/", "wd/d/", "wd/d/page.html"];
    assert_eq!(names(&mut world, list(task, true)).await, all);
    let top = ["applications/", "fsmounts/", "shared/", "startup/", "volatile/", "workitems/"];
    assert_eq!(names(&mut world, list("", false)).await, top);

    let stdout = format!("{task}/stdout.txt");
    let (reply, data) = world.ask(FileAsk::Read { path: stdout.clone(), offset: 3, length: 4 }).await;
    let properties = reply.files[0].properties.clone().unwrap();
    assert_eq!((data.as_slice(), properties.content_length), (b"3456".as_slice(), 10));
    assert_eq!(
        (properties.content_type.unwrap(), properties.file_mode.unwrap()),
        ("text/plain".into(), "0o100640".into())
    );
    let (reply, data) = world.ask(FileAsk::Read { path: stdout.clone(), offset: 99, length: 4 }).await;
    assert_eq!((reply.error, data.len()), (None, 0));
    let (reply, _) = world.ask(stat(&format!("{task}/wd/d/page.html"))).await;
    assert_eq!(reply.files[0].properties.clone().unwrap().content_type.unwrap(), "text/html");
    assert!(world.ask(stat(task)).await.0.files[0].is_directory);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let mut world = World::start(welcome()).await;
    world.result("true").await;
    assert_eq!(error(&mut world, read("nothing")).await, Some(Code::FileNotFound));
    assert_eq!(error(&mut world, stat("shared/nothing")).await, Some(Code::FileNotFound));
    assert_eq!(error(&mut world, list("nothing", true)).await, Some(Code::PathNotFound));
    assert_eq!(error(&mut world, list("workitems/j1/job-1/t1/stdout.txt", true)).await, Some(Code::PathNotFound));
    assert_eq!(error(&mut world, read("shared")).await, Some(Code::FileNotFound));
    assert_eq!(error(&mut world, delete("nothing", false)).await, Some(Code::FileNotFound));
}

#[tokio::test]
async fn no_path_leads_out_of_the_root() {
    let mut world = World::start(welcome()).await;
    let shared = world.root().join("shared");
    for (name, target) in [
        ("absolute", "/etc"),
        ("absolute-file", "/etc/passwd"),
        ("upwards", "../../agent.json"),
        ("far-up", "../../../../../../../../etc"),
        ("agent", "../../journal"),
        ("self", "/proc/self"),
        ("magic", "/proc/self/root/etc/passwd"),
        ("loop", "loop"),
        ("good", "target"),
    ] {
        symlink(target, shared.join(name)).unwrap();
    }
    std::fs::write(shared.join("target"), "inside").unwrap();
    let starts = ["", "shared/", "./", "shared/../", "shared/./../shared/", "/", "//", "shared//"];
    let ends = [
        "../agent.json",
        "../../agent.json",
        "../journal",
        "..",
        "../",
        "../..",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "etc/passwd",
        "..\\agent.json",
        "%2e%2e/agent.json",
        "..%2fagent.json",
        "..%c0%af/agent.json",
        "....//agent.json",
        "..;/agent.json",
        "absolute/passwd",
        "absolute-file",
        "upwards",
        "far-up/passwd",
        "agent",
        "self/environ",
        "self/root/etc/passwd",
        "magic",
        "loop",
        "loop/x",
        "\u{2024}\u{2024}/agent.json",
        "shared/absolute/passwd",
        "shared/upwards",
        "shared/../../agent.json",
        "shared/far-up/passwd",
        "shared/self/cwd/../agent.json",
        "agent.json\0",
        "\0",
        "a\0/../../agent.json",
    ];
    for start in starts {
        for end in ends {
            let path = format!("{start}{end}");
            for ask in [read(&path), stat(&path), list(&path, true), delete(&path, false)] {
                let (reply, data) = world.ask(ask.clone()).await;
                let has_deleted_a_link = matches!(&ask, FileAsk::Delete { .. }) && reply.error.is_none();
                assert!(reply.error.is_some() && data.is_empty() || has_deleted_a_link, "{ask:?}: {reply:?}");
            }
        }
    }
    assert!(std::path::Path::new("/etc/passwd").exists() && world.dir.path().join("agent.json").exists());
    assert!(world.dir.path().join("journal").exists());
}

#[tokio::test]
async fn links_are_followed_below_the_root_only() {
    let mut world = World::start(welcome()).await;
    let shared = world.root().join("shared");
    std::fs::create_dir(shared.join("folder")).unwrap();
    std::fs::write(shared.join("folder/file"), "inside").unwrap();
    symlink("folder/file", shared.join("good")).unwrap();
    symlink("folder", shared.join("way")).unwrap();
    symlink("/etc", shared.join("out")).unwrap();
    symlink("..", shared.join("folder/up")).unwrap();
    assert_eq!(world.ask(read("shared/good")).await.1, b"inside");
    assert_eq!(world.ask(read("shared/way/file")).await.1, b"inside");
    assert_eq!(world.ask(read("shared/folder/up/good")).await.1, b"inside");
    // Neither entered twice nor round in circles.
    assert_eq!(names(&mut world, list("shared", true)).await, ["folder/", "folder/file", "folder/up/", "good", "way/"]);
}

#[tokio::test]
async fn a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
    let mut world = World::start(welcome()).await;
    let shared = world.root().join("shared");
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["file", "outside-only"] {
        std::fs::write(elsewhere.path().join(name), "outside").unwrap();
    }
    std::fs::create_dir(shared.join("a")).unwrap();
    std::fs::write(shared.join("a/file"), "inside").unwrap();
    symlink(elsewhere.path(), shared.join("b")).unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let swapper = std::thread::spawn({
        let (stop, a, b) = (stop.clone(), shared.join("a"), shared.join("b"));
        move || {
            let exchange = rustix::fs::RenameFlags::EXCHANGE;
            let mut n_swaps = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                rustix::fs::renameat_with(rustix::fs::CWD, &a, rustix::fs::CWD, &b, exchange).unwrap();
                n_swaps += 1;
            }
            n_swaps
        }
    });
    let mut n_inside = 0;
    for _ in 0..1000 {
        let (reply, data) = world.ask(read("shared/a/file")).await;
        assert_ne!(data, b"outside");
        n_inside += usize::from(reply.error.is_none());
        world.ask(delete("shared/a/outside-only", true)).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(swapper.join().unwrap() > 1000 && n_inside > 0, "the race was run");
    assert!(elsewhere.path().join("outside-only").exists());
}

#[tokio::test]
async fn pipes_and_devices_are_not_read() {
    let mut world = World::start(welcome()).await;
    let (ended, ..) = world.result("/usr/bin/mkfifo pipe").await;
    assert_eq!(ended.exit, Some(0));
    let pipe = "workitems/j1/job-1/t1/wd/pipe";
    assert_eq!(error(&mut world, read(pipe)).await, Some(Code::FileNotFound));
    assert_eq!(error(&mut world, stat(pipe)).await, Some(Code::FileNotFound));
    assert_eq!(names(&mut world, list("workitems/j1/job-1/t1/wd", true)).await, [""; 0]);
}

#[tokio::test]
async fn a_pipe_in_place_of_the_output_fails_the_next_attempt_and_nothing_else() {
    let mut world = World::start(welcome()).await;
    // Its output cannot be looked at: reading a pipe waits.
    let first = world.run(&sh("rm ../stdout.txt; mkfifo ../stdout.txt")).await;
    world.ended(first).await;
    let again = Attempt { task: 1, number: 2 };
    world.run_with("true", |t| (t.a, t.directory) = (again, "workitems/j1/job-1/t1".into())).await;
    assert_eq!(world.ended(again).await.failure.unwrap().code, "CommandLaunchFailed");
    assert_eq!(world.result("true").await.0.exit, Some(0));
}

#[tokio::test]
async fn files_and_folders_are_deleted_but_not_the_nodes_own() {
    let mut world = World::start(welcome()).await;
    world.result(&sh("mkdir -p d/e; touch d/e/f g; ln -s / out; ln -s /etc/passwd d/out")).await;
    let wd = "workitems/j1/job-1/t1/wd";
    let full = Some(Code::OperationInvalidForCurrentState);
    assert_eq!(error(&mut world, delete(&format!("{wd}/d"), false)).await, full);
    assert_eq!(error(&mut world, delete(&format!("{wd}/g"), false)).await, None);
    assert_eq!(error(&mut world, delete(&format!("{wd}/out"), true)).await, None);
    assert_eq!(error(&mut world, delete(&format!("{wd}/d"), true)).await, None);
    assert_eq!(names(&mut world, list(wd, true)).await, [""; 0]);
    for fixed in ["shared", "workitems/", "./startup", ".//volatile/.", "", ".", "/"] {
        assert!(error(&mut world, delete(fixed, true)).await.is_some(), "{fixed}");
    }
    assert_eq!(world.result("true").await.0.exit, Some(0));
    assert!(std::path::Path::new("/etc/passwd").exists());
}

#[tokio::test]
async fn long_files_are_read_in_limited_parts() {
    let mut world = World::start(welcome()).await;
    world.result("/usr/bin/head -c 9000000 /dev/zero").await;
    let path = "workitems/j1/job-1/t1/stdout.txt".to_owned();
    let (reply, data) = world.ask(FileAsk::Read { path, offset: 0, length: u64::MAX }).await;
    assert_eq!(data.len() as u64, MAX_READ_BYTES);
    assert_eq!(reply.files[0].properties.as_ref().unwrap().content_length, 9_000_000);
}

#[tokio::test]
async fn the_growth_of_a_file_is_told_also_when_it_comes_later() {
    let mut world = World::start(Welcome { slots: 1, ..welcome() }).await;
    let path = "workitems/j1/job-1/t1/stdout.txt".to_owned();
    world.say(ToAgent::Watch { watch: 5, path, from: 0, secs: 60 }).await;
    let gate = world.root().join("shared/gate");
    let wait = "while ! [ -e $AZ_BATCH_NODE_SHARED_DIR/gate ]; do sleep 0.01; done";
    let a = world.run(&sh(&format!("printf 12345; {wait}; printf 67"))).await;
    let grew_to = async |world: &mut World, expected: u64| {
        let ended = world.hear(|m| match m {
            FromAgent::FileGrew { watch: 5, length, ended } if *length == expected => Some(*ended),
            _ => None,
        });
        assert!(!ended.await);
    };
    grew_to(&mut world, 5).await;
    std::fs::write(gate, "").unwrap();
    grew_to(&mut world, 7).await;
    world.ended(a).await;
    let directory = "workitems/j1/job-1/t1".to_owned();
    world.say(ToAgent::CleanUp { directories: vec![directory] }).await;
    world.hear(|m| matches!(m, FromAgent::FileGrew { watch: 5, ended: true, .. }).then_some(())).await;
}
