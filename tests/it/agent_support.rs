//! A fake server, and the agent as a real process that talks to it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fournil::agent::leftovers;
use fournil::api::agent::{
    AgentConfig, Attempt, CONNECT_PATH, Ended, FileAsk, FileReply, FromAgent, Hello, OwnUsers, REFUSAL_HEADER, RunTask,
    RunUser, ToAgent, Welcome,
};
use futures_util::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The user of tasks when the tests run as root.
pub const TASK_USER: u32 = 61_234;

/// Users that are lent to tasks then. Few, so that they are lent again.
pub const OWN_USERS: OwnUsers = OwnUsers { keeper: 61_300, first: 61_301, count: 2 };

pub const TOKEN: &str = "the-node's-token";

pub struct World {
    pub dir: TempDir,
    listener: TcpListener,
    socket: Option<WebSocketStream<TcpStream>>,
    agent: Option<Child>,
    /// What was heard and not yet asked for.
    heard: Vec<FromAgent>,
    given_back: Vec<Attempt>,
    replies: Vec<(FileReply, Vec<u8>)>,
    n_tasks: i64,
    /// Where the agent finds programs, when it is not as here.
    pub path: Option<String>,
    n_requests: u64,
}

pub fn welcome() -> Welcome {
    Welcome {
        account: "acc".into(),
        account_url: "http://acc.local".into(),
        pool: "p1".into(),
        is_dedicated: true,
        slots: 4,
        start_task: None,
        packages: Vec::new(),
        mounts: Vec::new(),
        lease_secs: None,
        kill_wait_secs: 1,
        task_user: is_root().then_some(TASK_USER),
        own_users: is_root().then_some(OWN_USERS),
        accounts: Vec::new(),
        elevation_allowed: false,
        forbidden_addresses: Vec::new(),
        size: None,
        stale: Vec::new(),
        users: Vec::new(),
        containers: None,
    }
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

pub fn task(n: i64, command_line: &str) -> RunTask {
    RunTask {
        a: Attempt { task: n, number: 1 },
        job: "j1".into(),
        task: format!("t{n}"),
        directory: format!("workitems/j1/job-1/t{n}"),
        command_line: command_line.into(),
        preparation: None,
        environment: Vec::new(),
        slots: 1,
        max_wall_clock: None,
        user: RunUser::Pool,
        elevated: false,
        resource_files: Vec::new(),
        output_files: Vec::new(),
        packages: Vec::new(),
        instance: None,
        container: None,
    }
}

/// A shell's command line around `script`, which must not hold single quotes.
pub fn sh(script: &str) -> String {
    format!("/bin/sh -c '{script}'")
}

impl World {
    /// The agent runs and is welcome.
    pub async fn start(welcome: Welcome) -> World {
        let mut world = World::without_agent().await;
        world.start_agent();
        world.accept(welcome).await;
        world
    }

    pub async fn without_agent() -> World {
        let dir = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url_file = dir.path().join("server.url");
        std::fs::write(&url_file, format!("http://{}\n", listener.local_addr().unwrap())).unwrap();
        let config =
            AgentConfig { node: "n1".into(), token: TOKEN.into(), server_url_file: url_file.display().to_string() };
        write_private(&dir.path().join("agent.json"), &serde_json::to_vec(&config).unwrap());
        World {
            dir,
            listener,
            socket: None,
            agent: None,
            heard: Vec::new(),
            given_back: Vec::new(),
            replies: Vec::new(),
            n_tasks: 0,
            path: None,
            n_requests: 0,
        }
    }

    pub fn start_agent(&mut self) {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.dir.path().join("agent.log")).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the agent under test is a process")]
        let agent = Command::new(env!("CARGO_BIN_EXE_fournil"))
            .args(["agent", "--dir"])
            .arg(self.dir.path())
            .env("FOURNIL_LOG", "debug")
            .env("SECRET_OF_THE_AGENT", "yes")
            .env("PATH", self.path.clone().or(std::env::var("PATH").ok()).unwrap_or_default())
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.given_back.clear();
        self.agent = Some(agent);
    }

    /// The agent's next connection, up to its hello.
    pub async fn accept_hello(&mut self) -> Hello {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            assert_eq!(request.uri().path(), CONNECT_PATH);
            assert_eq!(request.headers()["authorization"], format!("Bearer {TOKEN}"));
            Ok(response)
        };
        self.socket = Some(within(tokio_tungstenite::accept_hdr_async(stream, check)).await.unwrap());
        self.heard.clear();
        // Nothing comes before it, not even a ping: the server reads it as the first frame.
        let first = within(self.socket.as_mut().unwrap().next()).await.unwrap().unwrap();
        match serde_json::from_str::<Vec<FromAgent>>(first.to_text().unwrap()).unwrap().remove(0) {
            FromAgent::Hello(hello) => hello,
            other => panic!("{other:?} came before the hello"),
        }
    }

    /// Answers the agent's next try to connect as a server that does not let it in.
    pub async fn refuse(&mut self, reason: &str) {
        let (mut stream, _) = within(self.listener.accept()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within(stream.read_u8()).await.unwrap());
        }
        let answer = format!("HTTP/1.1 403 Forbidden\r\n{REFUSAL_HEADER}: {reason}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("agent.log")).unwrap()
    }

    pub async fn accept(&mut self, welcome: Welcome) -> Hello {
        let hello = self.accept_hello().await;
        self.say(ToAgent::Welcome(welcome)).await;
        self.settle().await;
        hello
    }

    pub async fn say(&mut self, message: ToAgent) {
        self.say_all(&[message]).await;
    }

    pub async fn say_all(&mut self, messages: &[ToAgent]) {
        let text = serde_json::to_string(messages).unwrap();
        self.socket.as_mut().unwrap().send(Message::text(text)).await.unwrap();
    }

    pub fn disconnect(&mut self) {
        self.socket = None;
    }

    /// Takes the first message that fits out of what was heard and is still to come.
    pub async fn hear<T>(&mut self, fits: impl Fn(&FromAgent) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((index, found)) = self.heard.iter().enumerate().find_map(|(i, m)| Some((i, fits(m)?))) {
                self.heard.remove(index);
                return found;
            }
            self.read_frame(deadline).await;
        }
    }

    async fn read_frame(&mut self, deadline: Instant) {
        let socket = self.socket.as_mut().expect("the agent is connected");
        let frame = timeout_at(deadline, socket.next()).await;
        let frame = frame.unwrap_or_else(|_| panic!("waited in vain; heard {:#?}", self.heard));
        match frame.expect("the agent keeps its connection").unwrap() {
            Message::Text(text) => {
                for message in serde_json::from_str::<Vec<FromAgent>>(&text).unwrap() {
                    match message {
                        FromAgent::GaveBack { attempts } => self.given_back.extend(attempts),
                        FromAgent::Heartbeat { .. } => {}
                        message => self.heard.push(message),
                    }
                }
            }
            Message::Binary(data) => self.replies.push(read_file_frame(&data)),
            _ => {}
        }
    }

    /// Waits until all that was said has been taken in: answers come in order.
    async fn settle(&mut self) {
        let unknown = Attempt { task: -1, number: 0 };
        self.say(ToAgent::Kill { attempts: vec![unknown] }).await;
        self.gave_back(unknown).await;
    }

    /// What was heard by now and not asked for, heartbeats apart, after everything that was said has been taken in.
    pub async fn rest(&mut self) -> Vec<FromAgent> {
        self.settle().await;
        assert_eq!(self.given_back, [], "given back without reason");
        std::mem::take(&mut self.heard)
    }

    /// Sends a task and says its attempt.
    pub async fn run(&mut self, command_line: &str) -> Attempt {
        self.run_with(command_line, |_| {}).await
    }

    pub async fn run_with(&mut self, command_line: &str, change: impl FnOnce(&mut RunTask)) -> Attempt {
        self.n_tasks += 1;
        let mut task = task(self.n_tasks, command_line);
        change(&mut task);
        let a = task.a;
        self.say(ToAgent::Run { tasks: vec![task] }).await;
        a
    }

    pub async fn ended(&mut self, a: Attempt) -> Ended {
        self.hear(|message| match message {
            FromAgent::Ended(ended) if ended.a == a => Some(ended.clone()),
            _ => None,
        })
        .await
    }

    pub async fn started(&mut self, a: Attempt) {
        self.hear(|message| matches!(message, FromAgent::Started { a: b, .. } if *b == a).then_some(())).await;
    }

    pub async fn gave_back(&mut self, a: Attempt) {
        let deadline = Instant::now() + PATIENCE;
        while !self.given_back.contains(&a) {
            self.read_frame(deadline).await;
        }
        self.given_back.retain(|b| *b != a);
    }

    /// Runs a task to its end.
    pub async fn result(&mut self, command_line: &str) -> (Ended, String, String) {
        let a = self.run(command_line).await;
        let ended = self.ended(a).await;
        (ended, self.output(a, "stdout.txt"), self.output(a, "stderr.txt"))
    }

    pub async fn ask(&mut self, ask: FileAsk) -> (FileReply, Vec<u8>) {
        self.n_requests += 1;
        let request = self.n_requests;
        self.say(ToAgent::File { request, ask }).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(index) = self.replies.iter().position(|(reply, _)| reply.request == request) {
                return self.replies.remove(index);
            }
            self.read_frame(deadline).await;
        }
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    pub fn output(&self, a: Attempt, file: &str) -> String {
        let path = self.root().join(format!("workitems/j1/job-1/t{}/{file}", a.task));
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Waits until a task has written this line to its stdout.
    pub async fn has_written(&self, a: Attempt, line: &str) {
        let path = self.root().join(format!("workitems/j1/job-1/t{}/stdout.txt", a.task));
        until(|| std::fs::read_to_string(&path).is_ok_and(|text| text.lines().any(|l| l == line))).await;
    }

    /// Kill -9.
    pub fn kill_agent(&mut self) {
        let mut agent = self.agent.take().unwrap();
        agent.kill().unwrap();
        agent.wait().unwrap();
        self.socket = None;
    }

    pub fn agent_pid(&self) -> i32 {
        self.agent.as_ref().unwrap().id() as i32
    }

    /// The agent's exit code.
    pub async fn agent_ended(&mut self) -> Option<i32> {
        let mut agent = self.agent.take().unwrap();
        tokio::task::spawn_blocking(move || agent.wait().unwrap().code()).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.kill();
            let _ = agent.wait();
        }
        let _ = leftovers::kill_all(self.dir.path());
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.dir.path().join("agent.log")).unwrap_or_default());
        }
    }
}

pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

/// For what nobody tells of.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Processes (zombies apart) in whose command line a word occurs.
pub fn n_processes(word: &str) -> usize {
    let has_word = |pid: &str| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    };
    let names = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_str().is_some_and(|pid| pid.parse::<i32>().is_ok() && has_word(pid))).count()
}

/// A number of seconds to sleep that names the sleeper.
pub fn long_time() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("9{}.{n}", std::process::id())
}

pub fn write_private(path: &Path, data: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, data).unwrap();
}

fn read_file_frame(data: &[u8]) -> (FileReply, Vec<u8>) {
    let length = u32::from_le_bytes(data[..4].try_into().unwrap()) as usize;
    (serde_json::from_slice(&data[4..4 + length]).unwrap(), data[4 + length..].to_vec())
}
