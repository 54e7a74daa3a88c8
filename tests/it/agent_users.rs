//! Under whom tasks run beside their pool's user: as accounts of the pool, and as users of their own. Needs root; without it
//! all is one user.

use std::os::unix::fs::MetadataExt;

use fournil::api::agent::{Attempt, FileAsk, Ids, NodeAccount, RunUser, ToAgent, Welcome};

use crate::agent_support::{OWN_USERS, TASK_USER, World, is_root, sh, until, welcome};

const ANNA: u32 = 61_401;
const BERT: (u32, u32) = (1777, 1888);

fn account(name: &str, (uid, gid): (u32, u32), is_admin: bool) -> NodeAccount {
    NodeAccount { name: name.into(), is_admin, ids: is_root().then_some(Ids { uid, gid }) }
}

async fn world() -> World {
    let accounts =
        vec![account("anna", (ANNA, ANNA), false), account("bert", BERT, false), account("boss", (9, 9), true)];
    World::start(Welcome { accounts, elevation_allowed: true, ..welcome() }).await
}

/// Runs a script as somebody to its end: its exit code and output.
async fn run_as(world: &mut World, user: RunUser, script: &str) -> (Attempt, Option<i32>, String) {
    let a = world.run_with(&sh(script), |task| task.user = user).await;
    let ended = world.ended(a).await;
    (a, ended.exit, read(world, a, "stdout.txt").await)
}

async fn read(world: &mut World, a: Attempt, file: &str) -> String {
    let path = format!("workitems/j1/job-1/t{}/{file}", a.task);
    let (reply, data) = world.ask(FileAsk::Read { path, offset: 0, length: 9999 }).await;
    assert_eq!(reply.error, None, "{file}");
    String::from_utf8(data).unwrap()
}

fn named(name: &str) -> RunUser {
    RunUser::Account(name.into())
}

#[tokio::test]
async fn accounts_are_users_of_their_own_with_their_names() {
    if !is_root() {
        return;
    }
    let mut world = world().await;
    let script = "id -u; id -g; echo $USER $LOGNAME; echo $HOME; grep -E \"^(CapEff|NoNewPrivs)\" /proc/self/status";
    let (anna, _, said) = run_as(&mut world, named("anna"), script).await;
    let home = format!("/mnt/batch/tasks/workitems/j1/job-1/t{}/wd", anna.task);
    let none = "CapEff:\t0000000000000000\nNoNewPrivs:\t1";
    assert_eq!(said, format!("{ANNA}\n{ANNA}\nanna anna\n{home}\n{none}\n"));
    let (_, _, said) = run_as(&mut world, named("bert"), "id -u; id -g; id -G").await;
    assert_eq!(said, format!("1777\n1888\n1888 {TASK_USER}\n"));
    let (_, _, said) = run_as(&mut world, named("boss"), "id -u; echo $USER; id -g").await;
    assert_eq!(said, "0\nroot\n9\n", "an admin's runs are elevated");
    let nobody = world.run_with("/bin/true", |task| task.user = named("carl")).await;
    assert_eq!(world.ended(nobody).await.failure.unwrap().code, "UserAccountNotFound");
}

#[tokio::test]
async fn the_files_of_an_account_are_its_own_and_shared_ones_are_everybodys() {
    if !is_root() {
        return;
    }
    let mut world = world().await;
    let shared = "$AZ_BATCH_NODE_SHARED_DIR";
    let script = format!("echo secret > mine; mkdir {shared}/annas; echo for all > {shared}/annas/x");
    let (anna, exit, _) = run_as(&mut world, named("anna"), &script).await;
    assert_eq!(exit, Some(0));
    let theirs = format!("/mnt/batch/tasks/workitems/j1/job-1/t{}", anna.task);
    for user in [RunUser::Pool, named("bert"), RunUser::Own] {
        let script = format!("cat {shared}/annas/x; touch {shared}/from-$USER; cat {theirs}/wd/mine; ls {theirs}");
        let (_, exit, said) = run_as(&mut world, user.clone(), &script).await;
        assert_eq!((exit.is_some_and(|exit| exit != 0), said.as_str()), (true, "for all\n"), "{user:?}");
    }
    let (_, exit, said) = run_as(&mut world, named("anna"), &format!("cat {theirs}/wd/mine")).await;
    assert_eq!((exit, said.as_str()), (Some(0), "secret\n"), "another task of the same account");
    assert_eq!(read(&mut world, anna, "wd/mine").await, "secret\n", "who may read a task's files may read them all");
    for path in [format!("workitems/j1/job-1/t{}/wd/mine", anna.task), "shared/annas".to_owned()] {
        let (reply, _) = world.ask(FileAsk::Delete { path: path.clone(), recursive: true }).await;
        assert_eq!(reply.error, None, "{path}");
        assert!(!world.root().join(path).exists());
    }
}

#[tokio::test]
async fn each_task_with_a_user_of_its_own_has_another() {
    if !is_root() {
        return;
    }
    let mut world = world().await;
    let script = "id -u; echo $USER; touch $AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_TASK_ID; \
                  until [ -e $AZ_BATCH_NODE_SHARED_DIR/stop ]; do sleep 0.01; done";
    let mut tasks = Vec::new();
    for _ in 0..2 {
        tasks.push(world.run_with(&sh(script), |task| task.user = RunUser::Own).await);
    }
    for a in &tasks {
        world.has_written(*a, &format!("_azbatchtask_{}", a.task)).await;
    }
    let look = "kill -0 $(pgrep -u 61301 -o sleep 2>/dev/null) 2>/dev/null && echo could; \
                cat ../../t1/stdout.txt ../../t2/stdout.txt 2>/dev/null; ls ../../t1 2>/dev/null; id -u";
    let (_, _, said) = run_as(&mut world, named("anna"), look).await;
    assert_eq!(said, format!("{ANNA}\n"), "it neither reads nor ends the others");
    // There is no user for one more.
    tasks.push(world.run_with(&sh(script), |task| task.user = RunUser::Own).await);
    world.rest().await;
    assert!(!world.root().join("shared/t4").exists());
    std::fs::write(world.root().join("shared/stop"), "").unwrap();
    let mut users = Vec::new();
    for a in tasks {
        assert_eq!(world.ended(a).await.exit, Some(0));
        users.push(read(&mut world, a, "stdout.txt").await.lines().next().unwrap().parse::<u32>().unwrap());
    }
    assert_eq!(users[..2], [OWN_USERS.first, OWN_USERS.first + 1]);
    assert!(users[..2].contains(&users[2]), "a free one is lent again");
}

#[tokio::test]
async fn the_next_task_with_a_lent_user_finds_nothing_of_the_one_before() {
    if !is_root() {
        return;
    }
    let mut world = world().await;
    let leave = "umask 077; echo secret > mine; mkdir in; echo secret > in/x; echo secret > /tmp/left; echo secret > /dev/shm/left";
    let (first, exit, _) = run_as(&mut world, RunUser::Own, leave).await;
    assert_eq!(exit, Some(0));
    let folder = format!("workitems/j1/job-1/t{}", first.task);
    let look = format!("cat /mnt/batch/tasks/{folder}/wd/mine /tmp/left /dev/shm/left; id -u");
    for _ in 0..3 {
        let (_, _, said) = run_as(&mut world, RunUser::Own, &look).await;
        assert!(said.starts_with("613") && said.lines().count() == 1, "{said}");
    }
    let top = world.root().join(&folder);
    until(|| top.metadata().unwrap().uid() == OWN_USERS.keeper).await;
    for path in ["", "wd", "wd/mine", "wd/in/x", "stdout.txt"] {
        let meta = top.join(path).metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid()), (OWN_USERS.keeper, OWN_USERS.keeper), "{path}");
    }
    assert_eq!(read(&mut world, first, "wd/mine").await, "secret\n");
    // Another attempt of the same task has the files again.
    let again = Attempt { number: 2, ..first };
    let change = |task: &mut fournil::api::agent::RunTask| {
        (task.a, task.directory, task.user) = (again, folder.clone(), RunUser::Own);
    };
    world.run_with(&sh("cat mine in/x; echo more >> mine"), change).await;
    assert_eq!(world.ended(again).await.exit, Some(0));
    assert_eq!(read(&mut world, first, "stdout.txt").await, "secret\nsecret\n");
    world.say(ToAgent::CleanUp { directories: vec![folder.clone()] }).await;
    until(|| !top.exists()).await;
}

#[tokio::test]
async fn a_later_agent_takes_the_files_of_what_an_earlier_one_had_begun() {
    if !is_root() {
        return;
    }
    let mut world = world().await;
    let script = "umask 077; echo secret > mine; echo ready; sleep 1000";
    let a = world.run_with(&sh(script), |task| task.user = RunUser::Own).await;
    world.has_written(a, "ready").await;
    world.kill_agent();
    world.start_agent();
    world.accept(welcome()).await;
    let meta = world.root().join("workitems/j1/job-1/t1/wd/mine").metadata().unwrap();
    assert_eq!((meta.uid(), meta.gid()), (OWN_USERS.keeper, OWN_USERS.keeper));
}

#[tokio::test]
async fn the_start_tasks_files_are_read_and_not_changed_by_others() {
    if !is_root() {
        return;
    }
    let start_task = serde_json::from_value(serde_json::json!({
        "commandLine": "/bin/sh -c 'id -u > who; mkdir in; echo x > in/x'", "userIdentity": { "username": "anna" },
    }))
    .unwrap();
    let accounts = vec![account("anna", (ANNA, ANNA), false)];
    let mut world = World::start(Welcome { accounts, start_task: Some(start_task), ..welcome() }).await;
    let script = "cat $AZ_BATCH_NODE_STARTUP_WORKING_DIR/who $AZ_BATCH_NODE_STARTUP_WORKING_DIR/in/x; \
                  touch $AZ_BATCH_NODE_STARTUP_DIR/y && echo could; echo y >> $AZ_BATCH_NODE_STARTUP_WORKING_DIR/who";
    for user in [RunUser::Pool, RunUser::Own] {
        let (_, exit, said) = run_as(&mut world, user, script).await;
        assert_eq!((exit.is_some_and(|exit| exit != 0), said), (true, format!("{ANNA}\nx\n")));
    }
    let (reply, data) = world.ask(FileAsk::Read { path: "startup/wd/who".into(), offset: 0, length: 99 }).await;
    assert_eq!((reply.error, data), (None, format!("{ANNA}\n").into_bytes()));
}

#[tokio::test]
async fn everything_of_the_node_is_listed_whoevers_it_is() {
    let mut world = world().await;
    let mut expected = Vec::new();
    for user in [RunUser::Pool, named("anna"), RunUser::Own] {
        let (a, ..) = run_as(&mut world, user, "mkdir in; touch in/x").await;
        expected.push(format!("workitems/j1/job-1/t{}/wd/in/x", a.task));
    }
    let (reply, _) = world.ask(FileAsk::List { path: String::new(), recursive: true }).await;
    let names: Vec<&str> = reply.files.iter().map(|file| file.name.as_str()).collect();
    assert!(expected.iter().all(|name| names.contains(&name.as_str())), "{names:?}");
    let path = "workitems/j1/job-1/t2".to_owned();
    let (reply, _) = world.ask(FileAsk::Delete { path: path.clone(), recursive: true }).await;
    assert_eq!((reply.error, world.root().join(path).exists()), (None, false));
}
