use serde_json::json;

use super::*;

fn told(settings: serde_json::Value, user: User, any_option: bool, command: &[&str]) -> Vec<String> {
    let node = NodeContainers { program: "podman".into(), any_option, ..NodeContainers::default() };
    let container = InContainer { settings: serde_json::from_value(settings).unwrap(), node };
    let place = Place {
        root: "/mnt/batch/tasks",
        directory: "workitems/j/job-1/t",
        mark: "m:",
        user,
        id_file: "/n/containers/1.1.id",
        environment_file: "/n/containers/1.1.env",
        group_file: "/n/containers/1.1.group",
    };
    let machine = Machine { limits: vec![("nofile", 10, 20)], has_folder: |path| path != "/etc/pki" };
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    arguments(&container, &place, &machine, &command).unwrap()
}

fn has(all: &[String], expected: &[&str]) {
    for argument in expected {
        assert!(all.iter().any(|a| a == argument), "{argument} is not in {all:?}");
    }
}

#[test]
fn a_container_has_the_rights_of_its_task_and_sees_the_nodes_root() {
    let all = told(json!({ "imageName": "busybox" }), User::Task(TaskUser::of_pool(7000)), false, &["echo", "a b"]);
    has(
        &all,
        &[
            "--user=7000:7000",
            "--cap-drop=all",
            "--security-opt=no-new-privileges",
            "--network=host",
            "--cgroups=disabled",
            "--pull=never",
            "--label=fournil.node=m:",
            "--ulimit=nofile=10:20",
            "--volume=/mnt/batch/tasks:/mnt/batch/tasks:rw,nosuid,nodev",
            "--workdir=/mnt/batch/tasks/workitems/j/job-1/t/wd",
        ],
    );
    assert_eq!(all[all.len() - 3..], ["busybox", "echo", "a b"]);
    let root = told(json!({ "imageName": "busybox" }), User::Root { group: 7000 }, false, &[]);
    has(&root, &["--user=0:7000"]);
    assert!(!all.iter().any(|a| a.starts_with("--group-add") || a.contains("/etc/group")));
    let own = TaskUser::in_pool(7001, 7002, 7000);
    let own = told(json!({ "imageName": "x" }), User::Task(own), false, &[]);
    has(&own, &["--user=7001:7002", "--group-add=7000", "--volume=/n/containers/1.1.group:/etc/group:ro,nosuid,nodev"]);
    assert!(!root.iter().any(|a| a.starts_with("--cap-drop")) && root.last().unwrap() == "busybox");
    has(&told(json!({ "imageName": "x" }), User::Own(1000), false, &[]), &["--userns=keep-id", "--user=1000"]);
}

#[test]
fn options_go_before_the_image_and_win() {
    let options = "--net none -w / --ulimit nofile=5 --gpus 2 -v /etc/pki:/etc/pki:ro -v /etc/ssl/certs:/c:ro";
    let all =
        told(json!({ "imageName": "x", "containerRunOptions": options }), User::Task(TaskUser::of_pool(7)), false, &[]);
    has(
        &all,
        &[
            "--network=none",
            "--workdir=/",
            "--ulimit=nofile=5",
            "--device=nvidia.com/gpu=0",
            "--device=nvidia.com/gpu=1",
        ],
    );
    has(&all, &["--volume=/etc/ssl/certs:/c:ro,nosuid,nodev"]);
    let absent = ["--network=host", "--ulimit=nofile=10:20", "--volume=/etc/pki:/etc/pki:ro"];
    assert!(!all.iter().any(|a| absent.contains(&a.as_str())), "{all:?}");
    assert_eq!(all.iter().filter(|a| a.starts_with("--workdir")).count(), 1);
    let any = told(
        json!({ "imageName": "x", "containerRunOptions": "--privileged --network bridge" }),
        User::Task(TaskUser::of_pool(7)),
        true,
        &[],
    );
    has(&any, &["--privileged", "--user=7:7"]);
    assert!(!any.iter().any(|a| a.starts_with("--cap-drop") || a == "--network=host"));
}

#[test]
fn what_is_mounted_can_be_chosen() {
    let mounts =
        json!([{ "source": "Shared", "isReadOnly": true }, { "source": "JobPrep" }, { "source": "Applications" }]);
    let settings = json!({ "imageName": "x", "containerHostBatchBindMounts": mounts });
    let all = told(settings, User::Task(TaskUser::of_pool(7)), false, &[]);
    let volumes: Vec<&str> = all.iter().filter_map(|a| a.strip_prefix("--volume=/mnt/batch/tasks/")).collect();
    let of = |name: &str, mode: &str| format!("{name}:/mnt/batch/tasks/{name}:{mode},nosuid,nodev");
    assert_eq!(volumes, [of("applications", "rw"), of("shared", "ro"), of("workitems", "rw")]);
    let settings = json!({ "imageName": "x", "workingDirectory": "containerImageDefault",
        "containerHostBatchBindMounts": [{ "source": "VfsMounts" }] });
    let all = told(settings, User::Task(TaskUser::of_pool(7)), false, &[]);
    assert_eq!(all.iter().filter(|a| a.starts_with("--volume") || a.starts_with("--workdir")).count(), 1);
}
