//! Tasks in containers: the real agent and, where the system lets it, real containers.

use fournil::api::agent::{Attempt, FromAgent, Ids, NodeAccount, NodeContainers, RunTask, RunUser, ToAgent, Welcome};
use fournil::api::{ContainerSettings, NodeError, StartTask};

use crate::agent_support::{OWN_USERS, TASK_USER, World, is_root, sh, until, welcome};
use crate::support::containers::{ContainerProgram, IMAGE};

fn with(program: &str, images: &[&str]) -> Welcome {
    let containers = NodeContainers {
        program: program.into(),
        images: images.iter().map(|image| (*image).to_owned()).collect(),
        ..NodeContainers::default()
    };
    Welcome { containers: Some(containers), ..welcome() }
}

fn in_container(task: &mut RunTask) {
    task.container = Some(Box::new(ContainerSettings::of_image(IMAGE)));
}

fn has_begun(world: &World, a: Attempt) -> bool {
    let path = world.dir.path().join(format!("root/workitems/j1/job-1/t{}/stdout.txt", a.task));
    std::fs::read_to_string(path).is_ok_and(|text| text == "begun\n")
}

async fn deployed(world: &mut World) {
    world.hear(|m| matches!(m, FromAgent::PackagesDeployed).then_some(())).await;
}

async fn node_error(world: &mut World) -> NodeError {
    world
        .hear(|m| match m {
            FromAgent::Health { error: Some(error) } => Some(error.clone()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_command_runs_in_its_container_with_what_the_task_has() {
    if !is_root() {
        return;
    }
    let program = ContainerProgram::make();
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with(&program.path(), &[IMAGE])).await;
    deployed(&mut world).await;
    let script = "id -u; pwd; echo $AZ_BATCH_TASK_ID $MINE $OPTION; echo wrong >&2; touch made; exit 7";
    let a = world
        .run_with(&sh(script), |task| {
            in_container(task);
            task.container.as_mut().unwrap().container_run_options = Some("--rm -e OPTION=o".into());
            task.environment =
                vec![fournil::api::EnvironmentSetting { name: "MINE".into(), value: Some("a b=c".into()) }];
        })
        .await;
    let ended = world.ended(a).await;
    let folder = "/mnt/batch/tasks/workitems/j1/job-1/t1/wd";
    assert_eq!(world.output(a, "stdout.txt"), format!("{TASK_USER}\n{folder}\nt1 a b=c o\n"));
    assert_eq!(world.output(a, "stderr.txt"), "wrong\n");
    assert_eq!((ended.exit, ended.failure.unwrap().code.as_str()), (Some(7), "FailureExitCode"));
    let container = ended.container.unwrap();
    assert_eq!((container.state.as_deref(), container.error), (Some("exited"), None));
    assert_eq!(container.container_id.unwrap().len(), 64);
    assert!(world.dir.path().join("root/workitems/j1/job-1/t1/wd/made").exists());

    // Without a command the image's own runs.
    let a = world.run_with("", in_container).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
    assert_eq!(world.output(a, "stdout.txt"), "the image's own\n");
    assert_eq!(program.containers(), [""; 0]);

    // In such a pool each task has a container, and none has what the operator does not allow.
    let a = world.run("/bin/true").await;
    assert_eq!(world.ended(a).await.failure.unwrap().code, "ContainerInvalidSettings");
    let a = world
        .run_with("true", |task| {
            in_container(task);
            task.container.as_mut().unwrap().container_run_options = Some("--privileged".into());
        })
        .await;
    let failure = world.ended(a).await.failure.unwrap();
    assert!(failure.code == "ContainerInvalidSettings" && failure.message.unwrap().contains("--privileged"));
}

#[tokio::test]
async fn a_container_has_the_user_and_the_groups_that_its_task_would_have() {
    if !is_root() {
        return;
    }
    let program = ContainerProgram::make();
    let account =
        |name: &str, (uid, gid), is_admin| NodeAccount { name: name.to_owned(), is_admin, ids: Some(Ids { uid, gid }) };
    let accounts = vec![account("bert", (1777, 1888), false), account("boss", (9, 9), true)];
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(Welcome { accounts, elevation_allowed: true, ..with(&program.path(), &[IMAGE]) }).await;
    deployed(&mut world).await;
    let own = OWN_USERS.first;
    for (user, uid, groups) in [
        (RunUser::Pool, TASK_USER, vec![TASK_USER]),
        (RunUser::Account("bert".into()), 1777, vec![1888, TASK_USER]),
        (RunUser::Account("boss".into()), 0, vec![9]),
        (RunUser::Own, own, vec![own, TASK_USER]),
    ] {
        let a = world
            .run_with(&sh("id -u; id -g; id -G; touch made"), |task| {
                in_container(task);
                task.user = user.clone();
            })
            .await;
        assert_eq!(world.ended(a).await.failure, None, "{user:?}");
        let said = world.output(a, "stdout.txt");
        let numbers: Vec<u32> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers[..2], [uid, groups[0]], "{user:?}");
        let (mut all, mut expected) = (numbers[2..].to_vec(), groups);
        all.sort_unstable();
        expected.sort_unstable();
        assert_eq!(all, expected, "{user:?}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_container_whose_task_is_killed_or_whose_agent_dies() {
    if !is_root() {
        return;
    }
    let program = ContainerProgram::make();
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with(&program.path(), &[IMAGE])).await;
    deployed(&mut world).await;
    let a = world.run_with(&sh("echo begun; sleep 1000"), in_container).await;
    until(|| has_begun(&world, a)).await;
    assert_eq!(program.containers().len(), 1);
    world.say(ToAgent::Kill { attempts: vec![a] }).await;
    world.gave_back(a).await;
    until(|| program.containers().is_empty()).await;

    let a = world.run_with(&sh("echo begun; sleep 1000"), in_container).await;
    until(|| has_begun(&world, a)).await;
    world.kill_agent();
    world.start_agent();
    world.accept(with(&program.path(), &[IMAGE])).await;
    world.gave_back(a).await;
    assert_eq!(program.containers(), [""; 0]);

    let a = world
        .run_with("sleep 1000", |task| {
            in_container(task);
            task.max_wall_clock = Some(fournil::api::Duration::from_secs(1));
        })
        .await;
    assert_eq!(world.ended(a).await.failure.unwrap().code, "TaskEnded");
    until(|| program.containers().is_empty()).await;
}

#[tokio::test]
async fn images_that_are_not_to_be_had_make_the_node_unusable_or_fail_their_task() {
    if !is_root() {
        return;
    }
    let program = ContainerProgram::make();
    let missing = "127.0.0.1:1/missing:1";
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with(&program.path(), &[IMAGE, missing])).await;
    let error = node_error(&mut world).await;
    assert!(error.code == "ContainerInvalidImage" && error.message.contains(missing), "{error:?}");

    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with(&program.path(), &[])).await;
    deployed(&mut world).await;
    let a = world.run_with("true", |task| task.container = Some(Box::new(ContainerSettings::of_image(missing)))).await;
    let ended = world.ended(a).await;
    assert_eq!((ended.exit, ended.failure.unwrap().code.as_str()), (None, "ContainerInvalidImage"));
    // One that is there already needs no registry.
    let a = world.run_with("true", in_container).await;
    assert_eq!(world.ended(a).await.failure, None);
}

#[tokio::test]
async fn without_a_container_program_the_node_is_unusable_and_says_so() {
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with("/nowhere/podman", &[])).await;
    let error = node_error(&mut world).await;
    assert!(error.code == "ContainerRuntimeUnavailable" && error.message.contains("/nowhere/podman"), "{error:?}");
}

#[tokio::test]
async fn a_start_task_runs_in_a_container_or_without() {
    if !is_root() {
        return;
    }
    let program = ContainerProgram::make();
    for container_settings in [None, Some(ContainerSettings::of_image(IMAGE))] {
        let has_container = container_settings.is_some();
        let start_task = StartTask { command_line: "echo started".into(), container_settings, ..StartTask::default() };
        let mut world = World::without_agent().await;
        world.start_agent();
        world.accept(Welcome { start_task: Some(start_task), ..with(&program.path(), &[IMAGE]) }).await;
        let report = world
            .hear(|m| match m {
                FromAgent::StartTask(report) if report.info.end_time.is_some() => Some(report.clone()),
                _ => None,
            })
            .await;
        assert!(report.ready, "{report:?}");
        assert_eq!(report.info.container_info.is_some(), has_container);
    }
}
