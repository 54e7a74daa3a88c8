//! File systems of a pool on its nodes. Programs that mount are found by the agent's PATH: here it has some that note how they
//! were called and mount a folder of the machine's own. Needs root and mount namespaces.

use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use fournil::api::agent::{FromAgent, ToAgent, Welcome};
use fournil::api::{MountConfiguration, NodeError, StartTask};
use nix::mount::{MntFlags, MsFlags};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, chown};
use serde_json::{Value, json};

use crate::agent_support::{TASK_USER, World, is_root, sh, welcome};

/// Notes its arguments and its file of credentials, and mounts the folder `far` in the place of what was asked for.
const MOUNT: &str = r#"#!/bin/sh
printf '%s\n' "$*" >> "$DIR/log"
for last; do :; done
case "$*" in *credentials=*)
  file=$(echo "$*" | sed 's/.*credentials=\([^,]*\),.*/\1/'); stat -c %a "$file" >> "$DIR/log"; cat "$file" >> "$DIR/log";;
esac
case "$*" in *broken*) echo "mount.nfs: access denied by server" >&2; exit 32;; *nothing*) exit 0;; esac
exec /bin/mount --bind "$DIR/far" "$last"
"#;

/// Serves what it has mounted for as long as it runs.
const BLOBFUSE: &str = r#"#!/bin/sh
echo "blobfuse2 $@" >> "$DIR/log"
file=$(echo "$*" | sed 's/.*--config-file=\([^ ]*\).*/\1/'); stat -c %a "$file" >> "$DIR/log"; cat "$file" >> "$DIR/log"
/bin/mount --bind "$DIR/far" "$2" || exit 1
echo $$ > "$DIR/server"
trap 'echo server >> "$DIR/far/order"; kill $!; exit 0' TERM
sleep 98765 & wait
"#;

const HELPER: &str = "#!/bin/sh\n";

/// A machine with programs that mount, and with the folder that they mount.
struct Machine(tempfile::TempDir);

impl Machine {
    /// Not in `/tmp`, of which tasks have another.
    fn new() -> Machine {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::create_dir(dir.path().join("far")).unwrap();
        chown(&dir.path().join("far"), Some(TASK_USER.into()), None).unwrap();
        let machine = Machine(dir);
        machine.install(&[("mount", MOUNT), ("mount.nfs", HELPER), ("mount.cifs", HELPER), ("blobfuse2", BLOBFUSE)]);
        machine
    }

    fn install(&self, programs: &[(&str, &str)]) {
        for (name, text) in programs {
            let path = self.0.path().join(name);
            std::fs::write(&path, text.replacen('\n', &format!("\nDIR={}\n", self.0.path().display()), 1)).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn far(&self, name: &str) -> PathBuf {
        self.0.path().join("far").join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.0.path().join("log")).unwrap()
    }

    fn server(&self) -> Option<Pid> {
        std::fs::read_to_string(self.0.path().join("server")).ok()?.trim().parse().ok().map(Pid::from_raw)
    }

    async fn start(&self, welcome: Welcome) -> World {
        let mut world = World::without_agent().await;
        world.path = Some(format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap()));
        world.start_agent();
        world.accept(welcome).await;
        world
    }
}

fn with(mounts: Value) -> Welcome {
    let mounts: Vec<MountConfiguration> = serde_json::from_value(mounts).unwrap();
    Welcome { mounts, ..welcome() }
}

fn is_alive(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn nfs(source: &str, path: &str) -> Value {
    json!({ "nfsMountConfiguration": { "source": source, "relativeMountPath": path, "mountOptions": "-o vers=4" } })
}

fn blobs(path: &str) -> Value {
    json!({ "azureBlobFileSystemConfiguration": { "accountName": "acc", "containerName": "c", "relativeMountPath": path,
        "accountKey": "S3CRET", "blobfuseOptions": "-o ro" } })
}

async fn error(world: &mut World) -> NodeError {
    world
        .hear(|message| match message {
            FromAgent::Health { error } => error.clone(),
            _ => None,
        })
        .await
}

async fn start_task_ended(world: &mut World) -> Option<i32> {
    world
        .hear(|message| match message {
            FromAgent::StartTask(report) if report.ready => Some(report.info.exit_code),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn tasks_find_what_is_mounted_and_nobody_else_does() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let cifs = json!({ "cifsMountConfiguration": { "username": "u", "source": "//nas/s", "relativeMountPath": "smb/here", "password": "S3CRET" } });
    let start_task =
        StartTask { command_line: sh("touch $AZ_BATCH_NODE_MOUNTS_DIR/data/started"), ..StartTask::default() };
    let welcome =
        Welcome { start_task: Some(start_task), ..with(json!([nfs("nas:/a", "data"), cifs, blobs("blobs")])) };
    let mut world = machine.start(welcome).await;
    assert_eq!(start_task_ended(&mut world).await, Some(0), "the start task comes after the file systems");
    let script = "cd $AZ_BATCH_NODE_MOUNTS_DIR; for m in data smb/here blobs; do ls $m; done; echo x > data/file";
    let (ended, out, err) = world.result(&sh(script)).await;
    assert_eq!((ended.exit, out.as_str(), err.as_str()), (Some(0), "started\nstarted\nstarted\n", ""));
    let (_, out, _) = world.result(&sh("grep fsmounts /proc/self/mountinfo | grep -c nosuid,nodev")).await;
    assert_eq!(out, "3\n", "whatever the programs made of it");
    assert_eq!(std::fs::read_to_string(machine.far("file")).unwrap(), "x\n");
    // Where the agent and the machine look there is an empty folder.
    assert_eq!(std::fs::read_dir(world.root().join("fsmounts/data")).unwrap().count(), 0);
    assert!(!std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains("fsmounts"));

    let (log, volatile) = (machine.log(), "/mnt/batch/tasks/volatile/deploying-");
    assert!(log.contains("-n -t nfs -o vers=4,nosuid,nodev nas:/a /mnt/batch/tasks/fsmounts/data\n"), "{log}");
    assert!(log.contains(&format!("-t cifs -o credentials={volatile}")), "{log}");
    let smb = "nosuid,nodev //nas/s /mnt/batch/tasks/fsmounts/smb/here\n600\nusername=u\npassword=S3CRET\n";
    assert!(log.contains(smb), "{log}");
    assert!(log.contains("blobfuse2 mount /mnt/batch/tasks/fsmounts/blobs --foreground --config-file="), "{log}");
    assert!(log.contains("-o ro\n600\ncomponents:") && log.contains("account-key: \"S3CRET\""), "{log}");
    assert!(!std::fs::read_to_string(world.root().parent().unwrap().join("agent.log")).unwrap().contains("S3CRET"));
}

#[tokio::test]
async fn nothing_is_ever_removed_through_a_mount() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let all = json!([nfs("nas:/a", "data"), blobs("blobs")]);
    let mut world = machine.start(with(all.clone())).await;
    let (ended, ..) =
        world.result(&sh("mkdir $AZ_BATCH_NODE_MOUNTS_DIR/data/d; echo x > $AZ_BATCH_NODE_MOUNTS_DIR/data/d/f")).await;
    assert_eq!(ended.exit, Some(0));
    // The agent is killed while what it began is still there, and a new one mounts again.
    let first = machine.server().unwrap();
    world.kill_agent();
    world.start_agent();
    world.accept(with(all)).await;
    let (ended, ..) = world.result(&sh("cat $AZ_BATCH_NODE_MOUNTS_DIR/blobs/d/f")).await;
    assert_eq!(ended.exit, Some(0));
    assert!(!is_alive(first) && machine.server() != Some(first), "what served for the killed one is gone");
    // The node leaves, and with it all of its folder.
    world.say(ToAgent::Leave).await;
    assert_eq!(world.agent_ended().await, Some(0));
    assert!(!world.root().exists());
    assert_eq!(std::fs::read_to_string(machine.far("d/f")).unwrap(), "x\n");
    assert!(!is_alive(machine.server().unwrap()));
}

#[tokio::test]
async fn what_somebody_mounted_in_a_node_is_not_emptied_by_its_clean_ups() {
    if !is_root() {
        return;
    }
    let mut world = World::start(welcome()).await;
    let task = world.run("/bin/true").await;
    assert_eq!(world.ended(task).await.exit, Some(0));
    let directory = format!("workitems/j1/job-1/t{}", task.task);
    let disk = world.root().join(&directory).join("wd/disk");
    std::fs::create_dir(&disk).unwrap();
    let nothing = None::<&str>;
    nix::mount::mount(nothing, &disk, Some("tmpfs"), MsFlags::empty(), nothing).unwrap();
    let inside = std::fs::File::open(&disk).unwrap();
    let mine = format!("/proc/self/fd/{}/mine", inside.as_raw_fd());
    std::fs::write(&mine, "mine").unwrap();
    world.say(ToAgent::CleanUp { directories: vec![directory] }).await;
    world.hear(|message| matches!(message, FromAgent::CleanedUp { .. }).then_some(())).await;
    world.say(ToAgent::Leave).await;
    world.agent_ended().await;
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    // The system may have taken it off a folder that went.
    let _ = nix::mount::umount2(&disk, MntFlags::MNT_DETACH);
}

#[tokio::test]
async fn what_serves_files_ends_after_the_tasks_that_use_them() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let mut world = machine.start(with(json!([blobs("blobs")]))).await;
    std::fs::write(machine.far("order"), "").unwrap();
    chown(&machine.far("order"), Some(TASK_USER.into()), None).unwrap();
    let script = "trap \"echo task >> $AZ_BATCH_NODE_MOUNTS_DIR/blobs/order; exit\" TERM; echo up; sleep 98764 & wait";
    let task = world.run(&sh(script)).await;
    world.has_written(task, "up").await;
    world.say(ToAgent::Reboot).await;
    world.accept(with(json!([]))).await;
    assert_eq!(std::fs::read_to_string(machine.far("order")).unwrap(), "task\nserver\n");
    let (_, out, _) = world.result(&sh("grep -c fsmounts /proc/self/mountinfo")).await;
    assert_eq!(out, "0\n", "the next boot has what it is told then");
}

#[tokio::test]
async fn a_node_that_cannot_mount_says_why_and_tries_again_at_its_next_boot() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let mut world = machine.start(with(json!([nfs("nas:/a", "good"), nfs("nas:/broken", "bad")]))).await;
    let said = error(&mut world).await;
    assert_eq!(said.code, "MountConfigurationError");
    assert!(said.message.contains("for bad could not") && said.message.contains("access denied by server"), "{said:?}");
    machine.install(&[("mount", &MOUNT.replace("*broken*", "*other*"))]);
    world.say(ToAgent::Reboot).await;
    world.accept(with(json!([nfs("nas:/broken", "bad")]))).await;
    let (ended, ..) = world.result(&sh("touch $AZ_BATCH_NODE_MOUNTS_DIR/bad/x")).await;
    assert_eq!(ended.exit, Some(0));
}

#[tokio::test]
async fn a_node_says_what_keeps_it_from_mounting() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let check = async |welcome: Welcome, expected: &str| {
        let said = error(&mut machine.start(welcome).await).await;
        assert_eq!(said.code, "MountConfigurationError");
        assert!(said.message.contains(expected), "{said:?}");
        assert!(!format!("{said:?}").contains("S3CRET"));
    };
    check(with(json!([nfs("nas:/nothing", "m")])), "mount ended well, and nothing is mounted").await;
    let forbidden = vec!["169.254.0.0/16".parse().unwrap()];
    let metadata = with(json!([nfs("169.254.169.254:/a", "m")]));
    check(Welcome { forbidden_addresses: forbidden, ..metadata }, "does not allow the address 169.254.169.254").await;
    machine.install(&[("blobfuse2", "#!/bin/sh\necho \"no container; key S3CRET\"; exit 3\n")]);
    check(with(json!([blobs("m")])), "blobfuse2 said: no container; key … (exit status: 3)").await;
    std::fs::remove_file(machine.0.path().join("blobfuse2")).unwrap();
    check(with(json!([blobs("m")])), "blobfuse2 is not on the node").await;
}

#[tokio::test]
async fn a_node_whose_files_are_no_longer_served_is_unusable() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let mut world = machine.start(with(json!([blobs("blobs")]))).await;
    assert_eq!(world.result("/bin/true").await.0.exit, Some(0));
    kill(machine.server().unwrap(), Signal::SIGKILL).unwrap();
    let said = error(&mut world).await;
    assert!(said.code == "MountConfigurationError" && said.message.contains("has ended"), "{said:?}");
}

#[tokio::test]
async fn without_root_nothing_is_mounted() {
    if is_root() {
        return;
    }
    let mut world = World::without_agent().await;
    world.start_agent();
    world.accept(with(json!([nfs("nas:/a", "data")]))).await;
    let said = error(&mut world).await;
    assert!(said.message.contains("only where the agent is root"), "{said:?}");
}
