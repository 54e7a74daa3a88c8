//! Nodes on this machine: each is a folder `nodes/{id}` of the data folder and an agent's process that belongs to it.
//!
//! The agents are not the server's to end: they are started so that they outlive it, and a server that starts again finds
//! them by the lock that each holds in its folder. All calls can be repeated; they may wait for processes to end, so call
//! them where that does no harm.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::provider::{NodeSpec, Provider};
use crate::agent::lock::{Holder, holder};
use crate::agent::{CONFIG_FILE, leftovers, mount_table};
use crate::api::agent::AgentConfig;

/// The file in the data folder in which the server writes where it listens, before agents can reach it.
const SERVER_URL_FILE: &str = "run/url";

const LOG_FILE: &str = "agent.log";

/// A log that is longer is put aside when its agent starts.
const LONGEST_LOG_BYTES: u64 = 4 << 20;

/// How often and how many times an agent that was killed is looked for. Longer only if it is stuck in the kernel.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const MAX_LOOKS: u32 = 5000;

/// What of the server's environment the agent gets.
const ENVIRONMENT: [&str; 16] = [
    "PATH",
    "LANG",
    "TZ",
    "FOURNIL_LOG",
    "RUST_BACKTRACE",
    // For the container program.
    "HOME",
    "XDG_RUNTIME_DIR",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINERS_REGISTRIES_CONF",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

#[derive(Debug)]
pub struct LocalProvider {
    data_dir: PathBuf,
    /// The program to run as agent.
    exe: PathBuf,
    /// The agents that this server started, to take them off the process table when they end.
    started: Mutex<HashMap<String, Child>>,
}

impl LocalProvider {
    pub fn new(data_dir: PathBuf, exe: PathBuf) -> Self {
        // Agents do not run in the server's working directory.
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        LocalProvider { data_dir, exe, started: Mutex::default() }
    }

    /// The server must write its URL there before agents can reach it, anew whenever it changes.
    pub fn server_url_file(&self) -> PathBuf {
        self.data_dir.join(SERVER_URL_FILE)
    }

    /// The node's folder.
    pub fn dir(&self, node: &str) -> PathBuf {
        self.data_dir.join("nodes").join(node)
    }

    /// Whether an agent runs on the node's folder.
    pub fn is_alive(&self, node: &str) -> bool {
        self.reap();
        holder(&self.dir(node)).is_ok_and(|holder| holder != Holder::Nobody) || self.started().contains_key(node)
    }

    /// Takes agents that have ended off the process table. The other calls do it too.
    pub fn reap(&self) {
        self.started().retain(|node, agent| match agent.try_wait() {
            Ok(Some(status)) => {
                tracing::info!(node.id = node, %status, "an agent has ended");
                false
            }
            _ => true,
        });
    }

    fn started(&self) -> MutexGuard<'_, HashMap<String, Child>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Written beside and moved there, so that no agent reads a half of it.
    fn write_config(&self, dir: &Path, spec: &NodeSpec) -> io::Result<()> {
        let server_url_file = self.server_url_file().display().to_string();
        let config = AgentConfig { node: spec.node.clone(), token: spec.token.clone(), server_url_file };
        let text = serde_json::to_vec_pretty(&config)?;
        let beside = dir.join("agent.json.new");
        let _ = fs::remove_file(&beside);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?.write_all(&text)?;
        fs::rename(&beside, dir.join(CONFIG_FILE))
    }

    /// The agent makes itself leader of its own session, so no signal for the server's terminal reaches it.
    fn start(&self, dir: &Path) -> io::Result<Child> {
        let log = open_log(dir)?;
        #[expect(clippy::disallowed_methods, reason = "the one place that starts agents")]
        let mut command = Command::new(&self.exe);
        command.arg("agent").arg("--dir").arg(fs::canonicalize(dir)?);
        command.env_clear().envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
    }
}

impl Provider for LocalProvider {
    fn ensure(&self, spec: &NodeSpec) -> io::Result<()> {
        self.reap();
        let dir = self.dir(&spec.node);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        if holder(&dir)? != Holder::Nobody || self.started().contains_key(&spec.node) {
            return Ok(());
        }
        self.write_config(&dir, spec)?;
        let agent = self.start(&dir)?;
        tracing::info!(node.id = spec.node, pid = agent.id(), "an agent was started");
        self.started().insert(spec.node.clone(), agent);
        Ok(())
    }

    fn kill(&self, node: &str) -> io::Result<()> {
        let dir = self.dir(node);
        if !dir.exists() {
            return Ok(());
        }
        if let Some(mut agent) = self.started().remove(node) {
            let _ = agent.kill();
            agent.wait()?;
        }
        for _ in 0..MAX_LOOKS {
            match holder(&dir)? {
                Holder::Nobody => return leftovers::kill_all(&dir).map(drop),
                Holder::Somebody { pid } => pid.map_or(Ok(()), kill)?,
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("the agent of node {node} does not end")))
    }

    fn remove(&self, node: &str) -> io::Result<()> {
        self.kill(node)?;
        mount_table::refuse_mounted_below(&self.dir(node))?;
        match fs::remove_dir_all(self.dir(node)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.reap();
        let entries = match fs::read_dir(self.data_dir.join("nodes")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        Ok(folders.filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

fn open_log(dir: &Path) -> io::Result<File> {
    let path = dir.join(LOG_FILE);
    if path.metadata().is_ok_and(|log| log.len() > LONGEST_LOG_BYTES) {
        fs::rename(&path, path.with_extension("log.1"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Kills the process that had this id when the lock was read, not one that got the id since: the lock is asked for again
/// before the next kill.
fn kill(pid: i32) -> io::Result<()> {
    let Some(pid) = Pid::from_raw(pid) else { return Ok(()) };
    match pidfd_open(pid, PidfdFlags::empty()).and_then(|process| pidfd_send_signal(process, Signal::KILL)) {
        Err(rustix::io::Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
