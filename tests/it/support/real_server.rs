//! The real server as a process of its own, with real agents and real tasks, asked over its data plane. It can be killed at
//! any moment and started again on the same data.
//!
//! Agents outlive the server by design: dropping this ends the server, its agents and all that they ran.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::agent::lock::{Holder, holder};
use fournil::scheduler::local_provider::LocalProvider;
use fournil::scheduler::provider::Provider;
use fournil::server::clock::SystemClock;
use fournil::service::context::Clock;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::connector::Connector;
use super::rest::{Answer, Ask, VERSION};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what nobody tells of.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A request to a server that may be killed meanwhile.
const REQUEST_TIME: Duration = Duration::from_secs(15);

const ACCOUNT: &str = "crash";

pub struct RealServer {
    folder: TempDir,
    process: Option<Child>,
    /// Further arguments.
    args: Vec<String>,
    pub batch: Batch,
}

/// A client of the account's data plane; copies follow the server when its port changes.
#[derive(Clone)]
pub struct Batch {
    url: Arc<RwLock<String>>,
    key: Vec<u8>,
    http: Client<Connector, Body>,
}

/// The request got no answer: whether it was done is not known.
#[derive(Debug)]
pub struct Unanswered;

impl RealServer {
    /// A new installation with one account.
    pub async fn start() -> RealServer {
        RealServer::start_with(&[], None).await
    }

    /// The same in a folder that a task sees as far as it may: tasks have a `/tmp` of their own, and see nothing of the machine's.
    pub async fn start_in_sight() -> RealServer {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        RealServer::start_at(folder, &[], None).await
    }

    /// The same with further arguments, and with clients that trust the certificates in a file: given, or in the data folder.
    pub async fn start_with(args: &[&str], trusts: Option<&Path>) -> RealServer {
        RealServer::start_on(|_| (), args, trusts).await
    }

    /// The same with a data folder that is prepared first.
    pub async fn start_on(prepare: impl FnOnce(&Path), args: &[&str], trusts: Option<&Path>) -> RealServer {
        let folder = tempfile::tempdir().unwrap();
        prepare(&folder.path().join("data"));
        RealServer::start_at(folder, args, trusts).await
    }

    async fn start_at(folder: TempDir, args: &[&str], trusts: Option<&Path>) -> RealServer {
        let trusts = trusts.map(|file| folder.path().join("data").join(file));
        let http = Client::builder(TokioExecutor::new()).build(Connector { trusts });
        let batch = Batch { url: Arc::default(), key: Vec::new(), http };
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let mut server = RealServer { folder, process: None, args, batch };
        server.restart();
        server.admin(&["account", "create", ACCOUNT]);
        let keys = server.admin(&["key", "list", ACCOUNT]);
        server.batch.key = STANDARD.decode(keys["primary"].as_str().unwrap()).unwrap();
        server
    }

    /// Starts it on the data that is there; returns when it says that it is ready.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the server under test is a process")]
        let mut process = Command::new(env!("CARGO_BIN_EXE_fournil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "info", "--data-dir"])
            .arg(self.data_dir())
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        self.process = Some(process);
        let url = line.trim().strip_prefix("Fournil is ready at ").unwrap_or_else(|| panic!("it says {line:?}"));
        *self.batch.url.write().unwrap() = url.to_owned();
    }

    pub fn kill9(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// SIGTERM.
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
        process.wait().unwrap()
    }

    pub fn pid(&self) -> i32 {
        self.process.as_ref().expect("it runs").id() as i32
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// `fournil admin --json …`, whether the server runs or not.
    pub fn admin(&self, words: &[&str]) -> Value {
        let output = self.admin_output(words);
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{words:?} says {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// An Owner's personal access token.
    pub async fn owner_token(&self) -> String {
        let create = ["user", "create", "owner", "--role", "Owner", "--password-stdin"];
        super::program::admin_with(&self.data_dir(), &create, "correct horse battery\n").await.expect_ok();
        let made = self.admin(&["token", "create", "--user", "owner"]);
        made["token"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Changes the account by the management plane.
    pub async fn patch_account(&self, token: &str, properties: Value) {
        let subscriptions = self.batch.manage(token, "GET", "/subscriptions?api-version=2022-12-01", None).await.json();
        let subscription = subscriptions["value"][0]["id"].as_str().unwrap();
        let account =
            format!("{subscription}/resourceGroups/default/providers/Microsoft.Batch/batchAccounts/{ACCOUNT}");
        let body = json!({ "properties": properties });
        self.batch.manage(token, "PATCH", &format!("{account}?api-version=2024-02-01"), Some(&body)).await.is(200);
    }

    /// What `fournil admin` says to what it does not do.
    #[track_caller]
    pub fn refused_admin(&self, words: &[&str]) -> String {
        let output = self.admin_output(words);
        assert!(!output.status.success(), "{words:?} was done");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn admin_output(&self, words: &[&str]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "the program under test is a process")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_fournil"));
        command.args(["admin", "--json", "--data-dir"]).arg(self.data_dir()).args(words);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The invariants: the file is sound, counters are what there is, no task is on two sides.
    #[track_caller]
    pub fn is_sound(&self) {
        let found = self.admin(&["doctor"]);
        assert_eq!(found["problems"], json!([]), "{found}");
    }

    /// Names of the nodes that have a folder.
    pub fn nodes(&self) -> Vec<String> {
        let mut nodes = self.provider().list().unwrap();
        nodes.sort();
        nodes
    }

    pub fn node_dir(&self, node: &str) -> PathBuf {
        self.provider().dir(node)
    }

    /// The process of the node's agent, when there is one.
    pub fn agent(&self, node: &str) -> Option<i32> {
        match holder(&self.node_dir(node)).ok()? {
            Holder::Somebody { pid } => pid,
            Holder::Nobody => None,
        }
    }

    pub fn agents(&self) -> Vec<i32> {
        self.nodes().iter().filter_map(|node| self.agent(node)).collect()
    }

    /// Lines of a file of that name in the shared folders of all nodes.
    pub fn shared_lines(&self, name: &str) -> Vec<String> {
        let file = |node: &String| self.node_dir(node).join("root/shared").join(name);
        let texts = self.nodes().into_iter().filter_map(|node| std::fs::read_to_string(file(&node)).ok());
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    fn provider(&self) -> LocalProvider {
        LocalProvider::new(self.data_dir(), env!("CARGO_BIN_EXE_fournil").into())
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.log_file()).unwrap_or_default());
            for node in self.nodes() {
                let log = std::fs::read_to_string(self.node_dir(&node).join("agent.log")).unwrap_or_default();
                eprintln!("--- {node}\n{log}");
            }
        }
        if self.process.is_some() {
            self.kill9();
        }
        for node in self.provider().list().unwrap_or_default() {
            if let Err(error) = self.provider().kill(&node) {
                eprintln!("{node}: {error}");
            }
        }
    }
}

impl Batch {
    pub fn url(&self) -> String {
        self.url.read().unwrap().clone()
    }

    /// One try.
    pub async fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Answer, Unanswered> {
        self.ask_with(method, target, body, &[]).await
    }

    async fn ask_with(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Unanswered> {
        let url = self.url();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let version = if query.contains("api-version") { String::new() } else { format!("&api-version={VERSION}") };
        let mut ask = Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            query: format!("{query}{version}").trim_start_matches('&').to_owned(),
            headers: BTreeMap::from([
                ("host".to_owned(), url.split_once("://").unwrap().1.to_owned()),
                ("ocp-date".to_owned(), SystemClock.now().to_http_date()),
            ]),
            body: Vec::new(),
            account: ACCOUNT.to_owned(),
            key: Some(self.key.clone()),
        };
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        if let Some(body) = body {
            ask = ask.json(body);
        }
        self.send(ask).await
    }

    /// Asks the management plane.
    async fn manage(&self, token: &str, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let (path, query) = target.split_once('?').unwrap();
        let mut ask = Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: BTreeMap::from([("authorization".to_owned(), format!("Bearer {token}"))]),
            body: Vec::new(),
            account: String::new(),
            key: None,
        };
        if let Some(body) = body {
            ask = ask.json(body);
        }
        self.send(ask).await.unwrap()
    }

    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let url = self.url();
        let mut request = ask.into_request();
        *request.uri_mut() = format!("{url}{}", request.uri()).parse().unwrap();
        let answer = async {
            let response = self.http.request(request).await.ok()?;
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(Body::new(body), usize::MAX).await.ok()?.to_vec();
            Some(Answer { status: parts.status, headers: parts.headers, bytes })
        };
        tokio::time::timeout(REQUEST_TIME, answer).await.ok().flatten().ok_or(Unanswered)
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, None).await.unwrap()
    }

    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.ask("POST", target, Some(&body)).await.unwrap()
    }

    pub async fn patch(&self, target: &str, body: Value) -> Answer {
        self.ask("PATCH", target, Some(&body)).await.unwrap()
    }

    /// POST without a body.
    pub async fn order(&self, target: &str) -> Answer {
        self.ask("POST", target, None).await.unwrap()
    }

    pub async fn delete(&self, target: &str) -> Answer {
        self.ask("DELETE", target, None).await.unwrap()
    }

    /// All entries of a list, page by page.
    pub async fn all(&self, target: &str) -> Vec<Value> {
        let mut entries = Vec::new();
        let mut next = target.to_owned();
        loop {
            let page = self.get(&next).await.is(200).json();
            entries.extend(page["value"].as_array().unwrap().iter().cloned());
            match page["odata.nextLink"].as_str() {
                Some(link) => next = link.strip_prefix(&self.url()).unwrap().to_owned(),
                None => return entries,
            }
        }
    }

    /// Asks until the answer fits.
    pub async fn until(&self, target: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(answer) = self.ask("GET", target, None).await {
                last = answer.json();
                if fits(&last) {
                    return last;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("waited in vain at {target}: {last:#}");
    }

    /// Makes a pool, and waits for all its nodes.
    pub async fn pool(&self, id: &str, nodes: i64, slots: i64) {
        let pool = json!({ "id": id, "vmSize": "local_1", "targetDedicatedNodes": nodes, "taskSlotsPerNode": slots });
        self.post("/pools", pool).await.is(201);
        self.nodes_are(id, "idle", nodes as usize).await;
    }

    /// Waits until the pool has so many nodes, all in this state.
    pub async fn nodes_are(&self, pool: &str, state: &str, count: usize) {
        self.until(&format!("/pools/{pool}/nodes"), |page| {
            let Some(nodes) = page["value"].as_array() else { return false };
            nodes.len() == count && nodes.iter().all(|node| node["state"] == state)
        })
        .await;
    }

    pub async fn job(&self, id: &str, pool: &str) {
        self.post("/jobs", json!({ "id": id, "poolInfo": { "poolId": pool } })).await.is(201);
    }

    pub async fn task(&self, job: &str, id: &str, command_line: &str) {
        self.post(&format!("/jobs/{job}/tasks"), json!({ "id": id, "commandLine": command_line })).await.is(201);
    }

    /// The job ends when its tasks have.
    pub async fn completes_when_done(&self, job: &str) {
        self.patch(&format!("/jobs/{job}"), json!({ "onAllTasksComplete": "terminatejob" })).await.is(200);
    }

    pub async fn job_is(&self, job: &str, state: &str) {
        self.until(&format!("/jobs/{job}"), |answer| answer["state"] == state).await;
    }

    pub async fn task_is(&self, job: &str, task: &str, state: &str) -> Value {
        self.until(&format!("/jobs/{job}/tasks/{task}"), |answer| answer["state"] == state).await
    }

    /// The content of a task's file.
    pub async fn file(&self, job: &str, task: &str, path: &str) -> String {
        let answer = self.get(&format!("/jobs/{job}/tasks/{task}/files/{path}")).await.is(200);
        String::from_utf8(answer.bytes).unwrap()
    }

    pub async fn length_of(&self, job: &str, task: &str, path: &str) -> u64 {
        let answer = self.ask("HEAD", &format!("/jobs/{job}/tasks/{task}/files/{path}"), None).await.unwrap().is(200);
        answer.header("content-length").parse().unwrap()
    }

    /// The bytes of a task's file from `offset` on.
    pub async fn rest_of(&self, job: &str, task: &str, path: &str, offset: u64) -> Vec<u8> {
        let range = [("ocp-range", &*format!("bytes={offset}-"))];
        let target = format!("/jobs/{job}/tasks/{task}/files/{path}");
        self.ask_with("GET", &target, None, &range).await.unwrap().bytes
    }
}

/// Waits for what the API does not tell.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A shell's command line around `script`, which must not hold single quotes.
pub fn sh(script: &str) -> String {
    format!("/bin/sh -c '{script}'")
}

pub fn kill9(pid: i32) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}

/// Whether a process is there that is no zombie.
pub fn is_alive(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with(['Z', 'X']))
}

/// Processes that carry the mark of a task of the node in that folder.
pub fn marked(node_dir: &Path) -> Vec<i32> {
    use std::os::unix::fs::MetadataExt;
    let Ok(meta) = node_dir.metadata() else { return Vec::new() };
    let mark = format!("FOURNIL_ATTEMPT={:x}-{:x}:", meta.dev(), meta.ino());
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let has_mark = |pid: &i32| {
        let mut environment = Vec::new();
        let file = std::fs::File::open(format!("/proc/{pid}/environ"));
        let _ = file.and_then(|mut file| file.read_to_end(&mut environment));
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes())) && is_alive(*pid)
    };
    pids.filter(has_mark).collect()
}

/// Resident memory of a process.
pub fn rss_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
