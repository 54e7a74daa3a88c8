//! How many no-op tasks an agent runs in a second, against the machine's floor: a loop that makes the same folders and
//! files and runs the same program. `cargo bench --bench agent`, as root to measure what root does.
//!
//! Both run two at a time; the agents are driven by a server that only sends tasks ahead and acknowledges ends. The
//! processor's time that a task costs, its own included, is said too: it hardly depends on what else the machine does.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

mod floor;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use fournil::agent::leftovers;
use fournil::api::agent::{AgentConfig, Attempt, FromAgent, RunTask, RunUser, ToAgent, Welcome};
use futures_util::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const TASK_USER: u32 = 61_234;
const N_TASKS: i64 = 2000;
const ROUNDS: usize = 3;

/// Tasks on an agent that have not ended.
const AHEAD: usize = 64;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for round in 1..=ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        let before = cpu_micros("self");
        let floor = floor::measure(folder.path(), N_TASKS as usize).expect("the floor can be measured");
        let floor_cpu = (cpu_micros("self") - before) / N_TASKS;
        let (one, one_cpu) = runtime.block_on(agents(1, 2));
        let (two, two_cpu) = runtime.block_on(agents(2, 1));
        println!("round {round}: CPU a task: floor {floor_cpu} µs; one agent {one_cpu} µs; two agents {two_cpu} µs");
        println!(
            "round {round}: floor {floor:.0}/s; one agent with two slots {one:.0}/s ({:.2}); two agents with a slot {two:.0}/s ({:.2})",
            one / floor,
            two / floor
        );
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[expect(clippy::disallowed_methods, reason = "processes are what is measured")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

struct Agent {
    dir: TempDir,
    process: Child,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = leftovers::kill_all(self.dir.path());
    }
}

impl Agent {
    fn start(url: &str) -> Agent {
        let dir = tempfile::tempdir().expect("a folder");
        let url_file = dir.path().join("server.url");
        fs::write(&url_file, url).expect("a file");
        let server_url_file = url_file.display().to_string();
        let config = AgentConfig { node: "n1".into(), token: "x".into(), server_url_file };
        fs::write(dir.path().join("agent.json"), serde_json::to_vec(&config).expect("JSON")).expect("a file");
        let mut agent = command(Path::new(env!("CARGO_BIN_EXE_fournil")));
        agent.args(["agent", "--dir"]).arg(dir.path()).env("FOURNIL_LOG", "warn");
        Agent { process: agent.spawn().expect("an agent"), dir }
    }
}

/// User and system time of a process and of its children that ended.
fn cpu_micros(process: &str) -> i64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process lives");
    let fields = stat.rsplit_once(") ").expect("a name in brackets").1.split(' ').skip(11).take(4);
    // The kernel counts in hundredths of a second here, on all machines.
    fields.map(|ticks| ticks.parse::<i64>().expect("a number")).sum::<i64>() * 10_000
}

/// Tasks per second, and the processor's time that each takes, in microseconds.
async fn agents(n_agents: i64, slots: i32) -> (f64, i64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut sockets = Vec::new();
    let mut processes = Vec::new();
    for _ in 0..n_agents {
        processes.push(Agent::start(&url));
        let (stream, _) = listener.accept().await.expect("an agent");
        stream.set_nodelay(true).expect("a socket");
        sockets.push(tokio_tungstenite::accept_async(stream).await.expect("a WebSocket"));
    }
    let begin = now();
    let serve = sockets.into_iter().map(|socket| serve(socket, N_TASKS / n_agents, slots));
    futures_util::future::join_all(serve).await;
    let rate = N_TASKS as f64 / begin.elapsed().as_secs_f64();
    (rate, processes.iter().map(|agent| cpu_micros(&agent.process.id().to_string())).sum::<i64>() / N_TASKS)
}

async fn serve<S>(mut socket: tokio_tungstenite::WebSocketStream<S>, n_tasks: i64, slots: i32)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = vec![ToAgent::Welcome(welcome(slots))];
    let (mut n_sent, mut out) = (0, HashMap::new());
    let mut n_ended = 0;
    while n_ended < n_tasks {
        let n_more = (AHEAD - out.len()).min((n_tasks - n_sent) as usize) as i64;
        // Half a window at a time, as a server that plans in passes does it.
        if n_more >= AHEAD as i64 / 2 || out.is_empty() {
            let tasks: Vec<_> = (n_sent..n_sent + n_more).map(task).collect();
            n_sent += n_more;
            out.extend(tasks.iter().map(|task| (task.a, ())));
            messages.push(ToAgent::Run { tasks });
        }
        if !messages.is_empty() {
            let text = serde_json::to_string(&messages).expect("JSON");
            socket.send(Message::text(text)).await.expect("the agent lives");
            messages.clear();
        }
        let Message::Text(text) = socket.next().await.expect("the agent lives").expect("a frame") else { continue };
        let mut ended = Vec::new();
        for message in serde_json::from_str::<Vec<FromAgent>>(&text).expect("messages") {
            if let FromAgent::Ended(end) = message {
                assert_eq!(end.exit, Some(0), "{end:?}");
                out.remove(&end.a).expect("it ended once");
                ended.push(end.a);
                n_ended += 1;
            }
        }
        if !ended.is_empty() {
            messages.push(ToAgent::Ack { attempts: ended });
        }
    }
}

fn welcome(slots: i32) -> Welcome {
    Welcome {
        account: "acc".into(),
        account_url: "http://acc".into(),
        pool: "p1".into(),
        is_dedicated: true,
        slots,
        start_task: None,
        packages: Vec::new(),
        mounts: Vec::new(),
        lease_secs: None,
        kill_wait_secs: 1,
        task_user: is_root().then_some(TASK_USER),
        own_users: None,
        accounts: Vec::new(),
        elevation_allowed: false,
        forbidden_addresses: Vec::new(),
        size: None,
        stale: Vec::new(),
        users: Vec::new(),
        containers: None,
    }
}

fn task(n: i64) -> RunTask {
    RunTask {
        a: Attempt { task: n, number: 1 },
        job: "j1".into(),
        task: format!("t{n}"),
        directory: format!("workitems/j1/job-1/t{n}"),
        command_line: "/bin/true".into(),
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
