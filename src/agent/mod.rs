//! A compute node: runs the server's tasks as processes and tells what becomes of them.
//!
//! It knows the server by the protocol of [`crate::api::agent`] only, and outlives it. Its folder holds `agent.json` (who it is),
//! `agent.pid` (locked while it lives), `agent.log`, `journal` (what it must know after its death) and `root/` (Batch's node
//! folders). Reading order: [`node_core`] decides, [`node_loop`] carries it out, [`runs`] ends what it began, [`launcher`] and [`process`] begin it.

mod clock;
pub mod container;
mod ended_files;
mod environment;
mod failure;
mod fate;
mod files;
mod groups;
mod hand_over;
pub mod journal;
mod launcher;
mod lease;
pub mod leftovers;
mod limit_mark;
pub mod lock;
pub mod mount_table;
mod mounts;
pub mod node_core;
mod node_loop;
mod node_root;
mod own_log;
mod packages;
mod process;
mod process_tree;
mod run_folder;
pub mod run_id;
mod runs;
mod sample;
mod server_client;
mod session;
pub mod sftp;
mod ssh;
mod start_task;
mod task_view;
pub mod transfer;
mod watches;
mod way;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::Context;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};

use crate::api::agent::AgentConfig;
use journal::Journal;
use lock::AgentLock;
use node_core::Stop;

/// Name of the agent's settings in its folder.
pub const CONFIG_FILE: &str = "agent.json";

/// Runs the agent of the node whose folder is `dir`, until the node leaves its pool or the agent is told to end. Must be called
/// before the process has a second thread.
pub fn run(dir: &Path) -> anyhow::Result<()> {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .try_init();
    let working_directory = std::env::current_dir().context("the working directory")?;
    let dir = fs::canonicalize(dir).with_context(|| format!("opening {}", dir.display()))?;
    let lock =
        AgentLock::acquire(&dir).context("locking the node's folder")?.context("another agent runs on this folder")?;
    match run_locked(&dir)? {
        Stop::Exit => Ok(()),
        Stop::Leave => node_loop::remove_traces(&dir).context("removing the node's files"),
        Stop::Reboot => {
            drop(lock);
            Err(run_anew(&working_directory)).context("starting anew")
        }
    }
}

fn run_locked(dir: &Path) -> anyhow::Result<Stop> {
    settle_in().context("setting up the process")?;
    let config = fs::read(dir.join(CONFIG_FILE)).with_context(|| format!("reading {CONFIG_FILE}"))?;
    let config: AgentConfig = serde_json::from_slice(&config).with_context(|| format!("reading {CONFIG_FILE}"))?;
    let n_killed = leftovers::kill_all(dir).context("ending what an earlier agent left")?;
    let (journal, past) = Journal::open(dir).context("opening the journal")?;
    let root = node_root::prepare(dir).context("preparing the node's root")?;
    let view = if root == Path::new(node_root::MOUNT_POINT) { task_view::make(dir).map(Some) } else { Ok(None) };
    let view = view.unwrap_or_else(|error| {
        tracing::warn!(%error, "tasks see the machine's own /tmp: they cannot have one of their own here");
        None
    });
    tracing::info!(node = config.node, root = %root.display(), n_killed, n_lost = past.begun.len(), "the agent starts");
    let (to_node, from_server) = server_client::channel();
    let mark = run_id::mark_of(dir)?;
    let groups = groups::Groups::open(dir, &mark);
    if let Some(obstacle) = &groups.statement().obstacle {
        tracing::warn!(?obstacle, "not everything that tasks use can be limited");
    }
    let node = node_loop::run(config.clone(), dir.to_owned(), (root, view), mark, groups, (journal, past), from_server);
    let node = std::thread::Builder::new().name("node".into()).spawn(move || runtime()?.block_on(node))?;
    runtime()?.block_on(server_client::run(config, to_node));
    let stop = node.join().map_err(|_| anyhow::anyhow!("the node's thread has panicked"))??;
    tracing::info!(?stop, "the agent ends");
    Ok(stop)
}

/// One for each of the two threads. The first talks with the server, so that a slow disk delays tasks and not signs of life;
/// the other runs tasks, so that those are its children and the first thread's are orphans only: see [`process_tree`].
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()
}

/// What the agent's tasks inherit, and what protects the agent from them.
fn settle_in() -> anyhow::Result<()> {
    // Fails for one that leads a session already, which is as good.
    let _ = nix::unistd::setsid();
    umask(Mode::from_bits_truncate(0o027));
    std::env::set_current_dir("/")?;
    process::reset_real_time_signals();
    // In this thread and all that it will start: the node's loop reads the signal where it waits for everything else.
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    children.thread_block()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    nix::sys::prctl::set_child_subreaper(true)?;
    // Tasks of the same user cannot look into the agent.
    nix::sys::prctl::set_dumpable(false)?;
    Ok(())
}

/// Replaces the process by a new one of the same program, in which a newer version may run.
fn run_anew(working_directory: &Path) -> std::io::Error {
    let program = std::env::current_exe().ok().filter(|path| path.exists()).unwrap_or_else(|| "/proc/self/exe".into());
    #[expect(clippy::disallowed_methods, reason = "makes no process: it becomes another program")]
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1)).current_dir(working_directory).exec()
}

fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_env("FOURNIL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"))
}
