//! The program itself, as operators start it.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn expect_ok(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or(Value::Null)
    }

    /// It failed, and said why in one line with these words.
    #[track_caller]
    pub fn expect_failure(&self, words: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("fournil: ") && self.stderr.contains(words), "{}", self.stderr);
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test")]
fn fournil(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fournil"));
    let inherited = std::env::vars().filter(|(name, _)| name.starts_with("FOURNIL_"));
    for (name, _) in inherited {
        command.env_remove(name);
    }
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(words: &[&str]) -> Ended {
    run_with(words, "").await
}

pub async fn run_with(words: &[&str], stdin: &str) -> Ended {
    let mut child = fournil(words).stdin(Stdio::piped()).spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes()).await;
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// `fournil admin --data-dir … --json`.
pub async fn admin(data_dir: &Path, words: &[&str]) -> Ended {
    admin_with(data_dir, words, "").await
}

pub async fn admin_with(data_dir: &Path, words: &[&str], stdin: &str) -> Ended {
    let start = ["admin", "--data-dir", data_dir.to_str().unwrap(), "--json"];
    run_with(&[&start[..], words].concat(), stdin).await
}

/// A server in a process of its own.
pub struct Serving {
    pub url: String,
    pub set_up_link: Option<String>,
    /// With `--metrics-listen`.
    pub metrics_address: Option<String>,
    child: Child,
    log: JoinHandle<String>,
}

impl Serving {
    pub async fn start(data_dir: &Path, words: &[&str]) -> Serving {
        Serving::start_in(data_dir, words, &[]).await
    }

    /// The same with words in its environment.
    pub async fn start_in(data_dir: &Path, words: &[&str], environment: &[(&str, &str)]) -> Serving {
        let is_new = !data_dir.join("state/fournil.db").exists();
        let start = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()];
        let mut child = fournil(&[&start[..], words].concat()).envs(environment.iter().copied()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.unwrap();
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next_line().await.unwrap().expect("it says that it is ready");
        let url = ready.strip_prefix("Fournil is ready at ").unwrap().to_owned();
        let metrics_address =
            match words.contains(&"--metrics-listen") {
                true => lines.next_line().await.unwrap().map(|line| {
                    line.trim_start_matches("Metrics are at http://").trim_end_matches("/metrics").to_owned()
                }),
                false => None,
            };
        let link = if is_new { lines.next_line().await.unwrap() } else { None };
        let before = "Set up the first user (link works once, for 1 hour): ";
        Serving {
            url,
            set_up_link: link.map(|line| line.strip_prefix(before).unwrap().to_owned()),
            metrics_address,
            child,
            log,
        }
    }

    /// Asks it to stop; its exit code and what it logged.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let code = self.child.wait().await.unwrap().code();
        (code, self.log.await.unwrap())
    }
}
