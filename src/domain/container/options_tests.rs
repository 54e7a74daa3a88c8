use super::*;

fn check(text: &str, expected: &[&str]) {
    assert_eq!(
        arguments(text, Allowed::Safe).as_deref(),
        Ok(expected.iter().map(|s| s.to_string()).collect::<Vec<_>>().as_slice()),
        "{text}"
    );
}

#[test]
fn what_existing_programs_say_is_taken() {
    check("", &[]);
    check("--rm", &[]);
    check("--rm --workdir /", &["--workdir=/"]);
    check("-e A=1 -eB=2 --env 'C=a b'", &["--env=A=1", "--env=B=2", "--env=C=a b"]);
    check("--gpus all --shm-size=1g", &["--gpus=all", "--shm-size=1g"]);
    check("--ulimit memlock=-1 --ulimit nofile=1024:2048", &["--ulimit=memlock=-1", "--ulimit=nofile=1024:2048"]);
    check("--net host --ipc=private --init", &["--network=host", "--ipc=private", "--init"]);
    check(
        "-v /etc/ssl/certs:/etc/ssl/certs:ro -v /etc/pki:/etc/pki:ro ",
        &["--volume=/etc/ssl/certs:/etc/ssl/certs:ro", "--volume=/etc/pki:/etc/pki:ro"],
    );
    check("-v /mnt/batch/tasks/fsmounts/data:/data:rw", &["--volume=/mnt/batch/tasks/fsmounts/data:/data:rw"]);
    check(
        "--mount type=bind,source=/mnt/batch/tasks/shared,target=/s",
        &["--mount=type=bind,source=/mnt/batch/tasks/shared,target=/s"],
    );
    check("--tmpfs /run:size=64m,noexec", &["--tmpfs=/run:size=64m,noexec"]);
}

#[test]
fn what_would_give_the_machine_away_is_refused_by_name() {
    let names = [
        "--privileged",
        "--privileged=true",
        "--user root",
        "-u 0",
        "--pid=host",
        "--pid host",
        "--device /dev/sda",
        "--cap-add ALL",
        "--security-opt seccomp=unconfined",
        "--userns=host",
        "--uts=host",
        "--cgroup-parent=/",
        "--cgroupns=host",
        "--env-file /etc/shadow",
        "--volumes-from x",
        "--publish 80:80",
        "-p 80:80",
        "--sysctl a=b",
        "--group-add 0",
        "--runtime /x",
        "--hooks-dir /x",
        "--root /x",
        "--rootfs",
        "--cidfile /x",
        "--log-driver=journald",
        "--log-opt path=/etc/x",
        "--memory 1g",
        "--cpus 1",
        "--name x",
        "--label a=b",
        "--annotation a=b",
        "-it",
        "-d",
        "--detach",
        "--pull always",
        "--authfile /x",
        "--pidfile /x",
        "--conmon-pidfile=/x",
        "--secret x",
        "--rm=false",
        "--device-cgroup-rule=a",
        "--uidmap 0:0:1",
        "--cgroups=enabled",
        "--systemd=always",
        "--sdnotify=container",
    ];
    for text in names {
        let name = text.split([' ', '=']).next().unwrap();
        match arguments(text, Allowed::Safe) {
            Err(BadOptions::NotAllowed(refused)) => assert!(refused.starts_with(&name[..2]), "{text}: {refused}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn values_that_reach_beyond_the_node_are_refused() {
    let values = [
        "-v /:/host",
        "-v /mnt/batch/tasks/../..:/x",
        "-v /mnt/batch/tasks/shared/link:/x",
        "-v /mnt/batch/tasks-x:/x",
        "-v /mnt/batch/tasks/fsmounts/..:/x",
        "-v /mnt/batch/tasks/workitems/j:/x",
        "-v name:/x",
        "-v /x",
        "-v rel/x:/x",
        "-v /etc/pki:/etc/pki",
        "-v /etc/pki:/etc/pki:rw",
        "-v /etc/ssl/certs/../private:/x:ro",
        "-v /mnt/batch/tasks:/x:suid",
        "-v /etc/pki:/x:ro,rw",
        "--mount type=tmpfs,type=bind,src=/mnt/batch/tasks,dst=/x",
        "--mount 'type=bind,src=/etc/pki,dst=/x\n,readonly'",
        "--mount type=bind,src=/mnt/batch/tasks,dst=/x,target=/y",
        "-v /mnt/batch/tasks:/x:ro:z",
        "-v /var/run/docker.sock:/var/run/docker.sock",
        "--mount type=bind,src=/,dst=/x",
        "--mount type=volume,src=x,dst=/x",
        "--mount dst=/x",
        "--mount type=tmpfs,src=/,dst=/x",
        "--mount type=bind,src=/mnt/batch/tasks,dst=/x,bind-propagation=shared",
        "--mount type=devpts,dst=/x",
        "--mount type=bind,src=/mnt/batch/tasks,src=/,dst=/x",
        "--network container:x",
        "--network=ns:/proc/1/ns/net",
        "--ipc=host",
        "--ipc container:x",
        "--ulimit locks=1",
        "--ulimit nofile=1:2:3",
        "--ulimit host",
        "-e A",
        "-e =x",
        "--env HOME",
        "--tmpfs /x:suid",
        "--tmpfs x",
        "--gpus x",
        "--gpus 0",
        "--gpus device=",
        "--gpus device=../x",
        "--shm-size=0",
        "--shm-size x",
        "--hostname a/b",
        "-w x",
    ];
    for text in values {
        assert!(matches!(arguments(text, Allowed::Safe), Err(BadOptions::BadValue { .. })), "{text}");
    }
}

#[test]
fn what_is_no_option_is_said_so() {
    let of = |text: &str| arguments(text, Allowed::Safe);
    assert_eq!(of("busybox"), Err(BadOptions::NoOption("busybox".into())));
    assert_eq!(of("--init sh"), Err(BadOptions::NoOption("sh".into())));
    assert_eq!(of("--"), Err(BadOptions::NoOption("--".into())));
    assert_eq!(of("-"), Err(BadOptions::NoOption("-".into())));
    assert_eq!(of("--env"), Err(BadOptions::NoValue("--env")));
    assert!(matches!(of("'open"), Err(BadOptions::Unreadable(_))));
    assert_eq!(of(&"-".repeat(LONGEST + 1)), Err(BadOptions::TooLong));
}

#[test]
fn an_operator_can_take_all() {
    let all = arguments("--privileged -v /:/host", Allowed::Any).unwrap();
    assert_eq!(all, ["--privileged", "-v", "/:/host"]);
}

#[test]
fn cards_are_named_as_the_device_interface_names_them() {
    assert_eq!(devices("all").unwrap(), ["nvidia.com/gpu=all"]);
    assert_eq!(devices("2").unwrap(), ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]);
    assert_eq!(devices("\"device=1,3\"").unwrap(), ["nvidia.com/gpu=1", "nvidia.com/gpu=3"]);
    assert_eq!(devices("1000"), None);
}
