//! The provider of local nodes: agents as processes of their own.

use std::path::PathBuf;

use fournil::api::agent::AgentConfig;
use fournil::scheduler::local_provider::LocalProvider;
use fournil::scheduler::provider::{NodeSpec, Provider};
use tempfile::TempDir;

use crate::agent_support::{World, is_root, long_time, n_processes, sh, until, welcome};
use crate::disk_full::SmallDisk;

struct Nodes {
    data_dir: TempDir,
    provider: LocalProvider,
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in self.provider.list().unwrap() {
            self.provider.remove(&node).unwrap();
        }
    }
}

fn exe() -> PathBuf {
    env!("CARGO_BIN_EXE_fournil").into()
}

fn nodes() -> Nodes {
    let data_dir = tempfile::tempdir().unwrap();
    let provider = LocalProvider::new(data_dir.path().to_owned(), exe());
    Nodes { data_dir, provider }
}

fn spec(node: &str) -> NodeSpec {
    NodeSpec { node: node.into(), token: "secret".into() }
}

#[tokio::test]
async fn a_node_is_a_folder_and_one_agent() {
    let nodes = nodes();
    assert!(nodes.provider.list().unwrap().is_empty() && !nodes.provider.is_alive("n1"));
    for _ in 0..3 {
        nodes.provider.ensure(&spec("n1")).unwrap();
    }
    let dir = nodes.provider.dir("n1");
    let word = dir.display().to_string();
    until(|| n_processes(&word) == 1).await;
    assert!(nodes.provider.is_alive("n1"));
    assert_eq!(nodes.provider.list().unwrap(), ["n1"]);
    let config = std::fs::read(dir.join("agent.json")).unwrap();
    let config: AgentConfig = serde_json::from_slice(&config).unwrap();
    assert_eq!((config.node.as_str(), config.token.as_str()), ("n1", "secret"));
    assert_eq!(config.server_url_file, nodes.provider.server_url_file().display().to_string());
    use std::os::unix::fs::MetadataExt;
    assert_eq!(dir.join("agent.json").metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);

    nodes.provider.remove("n1").unwrap();
    assert!(!dir.exists() && !nodes.provider.is_alive("n1") && n_processes(&word) == 0);
    nodes.provider.remove("n1").unwrap();
}

#[tokio::test]
async fn another_server_finds_the_agents_that_an_earlier_one_started() {
    let nodes = nodes();
    nodes.provider.ensure(&spec("n1")).unwrap();
    let word = nodes.provider.dir("n1").display().to_string();
    until(|| nodes.provider.dir("n1").join("agent.pid").metadata().is_ok_and(|m| m.len() > 0)).await;
    let later = LocalProvider::new(nodes.data_dir.path().to_owned(), exe());
    assert!(later.is_alive("n1"));
    later.ensure(&spec("n1")).unwrap();
    assert_eq!(n_processes(&word), 1);
    later.kill("n1").unwrap();
    assert_eq!(n_processes(&word), 0);
    // The server that started it takes it off the process table and may start it again.
    assert!(!nodes.provider.is_alive("n1"));
    nodes.provider.ensure(&spec("n1")).unwrap();
    until(|| n_processes(&word) == 1).await;
}

#[tokio::test]
async fn an_agent_that_died_leaves_no_zombie_and_is_started_again() {
    let nodes = nodes();
    nodes.provider.ensure(&spec("n1")).unwrap();
    let pid_file = nodes.provider.dir("n1").join("agent.pid");
    let agent = || -> Option<i32> { std::fs::read_to_string(&pid_file).ok()?.split(' ').next()?.parse().ok() };
    until(|| agent().is_some()).await;
    let first = agent().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(first), nix::sys::signal::Signal::SIGKILL).unwrap();
    until(|| !nodes.provider.is_alive("n1")).await;
    assert!(!std::path::Path::new(&format!("/proc/{first}")).exists(), "no zombie");
    nodes.provider.ensure(&spec("n1")).unwrap();
    until(|| agent().is_some_and(|pid| pid != first)).await;
}

#[tokio::test]
async fn what_a_dead_agent_ran_is_ended_with_its_node() {
    // The agent of the other tests, in a folder that is laid out as the provider does it.
    let mut world = World::start(welcome()).await;
    let nodes = nodes();
    let time = long_time();
    let plain = world.run(&format!("sleep {time}")).await;
    let daemon = world.run(&sh(&format!("setsid sleep {time} & echo ready; wait"))).await;
    world.started(plain).await;
    world.has_written(daemon, "ready").await;
    until(|| n_processes(&format!("sleep\0{time}")) == 2).await;
    world.kill_agent();
    std::fs::create_dir(nodes.data_dir.path().join("nodes")).unwrap();
    std::os::unix::fs::symlink(world.dir.path(), nodes.provider.dir("n1")).unwrap();
    nodes.provider.kill("n1").unwrap();
    assert_eq!(n_processes(&time), 0);
    std::fs::remove_file(nodes.provider.dir("n1")).unwrap();
}

#[tokio::test]
async fn an_idle_agent_is_small() {
    let mut world = World::start(welcome()).await;
    world.result("true").await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.agent_pid())).unwrap();
    let field = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    // What it has for itself; the program's own pages are shared by all agents and the server.
    assert!(field("RssAnon:") < 6_000 && field("Threads:") <= 6, "{status}");
}

#[test]
fn a_node_in_which_something_is_mounted_is_not_removed() {
    if !is_root() {
        return;
    }
    let nodes = nodes();
    let folder = nodes.provider.dir("n1").join("root/shared/disk");
    let disk = SmallDisk::mount(&folder, 1);
    std::fs::write(folder.join("mine"), "mine").unwrap();
    let refused = nodes.provider.remove("n1").unwrap_err().to_string();
    assert!(refused.contains("something is mounted at") && refused.contains("root/shared/disk"), "{refused}");
    assert_eq!(std::fs::read_to_string(folder.join("mine")).unwrap(), "mine");
    drop(disk);
    nodes.provider.remove("n1").unwrap();
    assert!(!nodes.provider.dir("n1").exists());
}
