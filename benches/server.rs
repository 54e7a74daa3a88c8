//! A server of the benchmarked build, as a process of its own, with an account.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;

use crate::client::Client;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fournil");
pub const ACCOUNT: &str = "bench";

pub struct Server {
    process: Child,
    pub url: String,
    /// From the start of the process to its word that it is ready.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub ready_after: Duration,
}

impl Server {
    #[allow(dead_code, reason = "not every benchmark starts the usual one")]
    pub fn start(data_dir: &Path) -> anyhow::Result<Server> {
        Server::start_program(Path::new(PROGRAM), data_dir)
    }

    /// Another program that serves as ours does.
    pub fn start_program(program: &Path, data_dir: &Path) -> anyhow::Result<Server> {
        let begin = Instant::now();
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = process.stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let url =
            line.trim().strip_prefix("Fournil is ready at ").context("the server said something else")?.to_owned();
        Ok(Server { process, url, ready_after: begin.elapsed() })
    }

    /// Host and port.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Resident memory in MiB.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub fn memory_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("the system says it")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
    }

    /// Processor time so far, of user and kernel.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub fn cpu_secs(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, numbers) = stat.rsplit_once(')').context("the system says it so")?;
        let ticks = |place: usize| numbers.split_whitespace().nth(place).and_then(|n| n.parse::<f64>().ok());
        Ok((ticks(11).context("user time")? + ticks(12).context("kernel time")?) / 100.0)
    }

    pub fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

/// Ends what outlives a server: its agents.
#[allow(dead_code, reason = "not every benchmark has real ones")]
pub fn end_agents(data_dir: &Path) {
    for entry in std::fs::read_dir(data_dir.join("nodes")).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path().join("agent.pid")).unwrap_or_default();
        if let Some(pid) = text.split_whitespace().next() {
            let _ = Command::new("kill").arg(pid).status();
        }
    }
}

/// Makes an account by the admin program, and a client for it.
pub fn client(server: &Server, data_dir: &Path) -> anyhow::Result<Client> {
    admin(data_dir, &["user", "create", "bench", "--role", "Owner", "--password-stdin"], "correct horse battery\n")?;
    admin(data_dir, &["account", "create", ACCOUNT, "--location", "local"], "")?;
    existing(server, data_dir)
}

/// A client for the account that is there already.
pub fn existing(server: &Server, data_dir: &Path) -> anyhow::Result<Client> {
    let keys = admin(data_dir, &["key", "list", ACCOUNT], "")?;
    Client::new(&server.url, ACCOUNT, keys["primary"].as_str().context("a key")?)
}

/// The usual quota is smaller than a large fleet.
#[allow(dead_code, reason = "not every benchmark has many nodes")]
pub fn allow_cores(data_dir: &Path, n_cores: usize) -> anyhow::Result<()> {
    admin(data_dir, &["account", "set-quota", ACCOUNT, "--dedicated-cores", &n_cores.to_string()], "").map(drop)
}

fn admin(data_dir: &Path, args: &[&str], input: &str) -> anyhow::Result<Value> {
    let mut process = Command::new(PROGRAM)
        .args(["admin", "--data-dir"])
        .arg(data_dir)
        .args(args)
        .arg("--json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    process.stdin.take().context("stdin is piped")?.write_all(input.as_bytes())?;
    let output = process.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "fournil admin {args:?} failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
