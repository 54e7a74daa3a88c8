//! Agents without processes: they greet, take tasks and say their ends after a given time.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use fournil::api::Timestamp;
use fournil::api::agent::{Attempt, CONNECT_PATH, Ended, FromAgent, HEARTBEAT_SECS, Hello, Sample, ToAgent, Usage};
use fournil::server::clock::SystemClock;
use fournil::service::context::Clock;
use futures_util::{SinkExt, StreamExt};
use sqlx::{Connection, SqliteConnection};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// They end when this is dropped.
pub struct Agents(#[allow(dead_code, reason = "held, so that they live")] JoinSet<anyhow::Result<()>>);

impl Agents {
    /// Waits until the pool has so many nodes, and connects an agent for each.
    pub async fn connect(
        address: &str,
        data_dir: &Path,
        pool: &str,
        n_nodes: usize,
        takes: Duration,
    ) -> anyhow::Result<Agents> {
        let mut agents = JoinSet::new();
        for (node, token) in nodes(data_dir, pool, n_nodes).await? {
            agents.spawn(agent(address.to_owned(), node, token, takes));
        }
        Ok(Agents(agents))
    }
}

/// Ids and tokens, as an agent finds them in its folder.
async fn nodes(data_dir: &Path, pool: &str, n_nodes: usize) -> anyhow::Result<Vec<(String, String)>> {
    let file = format!("sqlite://{}", data_dir.join("state/fournil.db").display());
    let mut conn = SqliteConnection::connect(&file).await?;
    loop {
        let query = "SELECT n.id, n.token FROM nodes AS n JOIN pools AS p ON p.key = n.pool_key WHERE p.id = ?";
        let rows: Vec<(String, String)> = sqlx::query_as(query).bind(pool).fetch_all(&mut conn).await?;
        if rows.len() >= n_nodes {
            return Ok(rows);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn agent(address: String, node: String, token: String, takes: Duration) -> anyhow::Result<()> {
    let mut request = format!("ws://{address}{CONNECT_PATH}").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    let (mut sink, mut stream) = socket.split();
    let (say, mut said) = mpsc::unbounded_channel::<FromAgent>();
    say.send(FromAgent::Hello(hello(node)))?;
    let mut heartbeat = tokio::time::interval(Duration::from_secs(HEARTBEAT_SECS));
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            _ = heartbeat.tick() => say.send(FromAgent::Heartbeat { sample: Sample::default() })?,
            n = said.recv_many(&mut batch, 500) => {
                anyhow::ensure!(n > 0, "nobody speaks any more");
                sink.send(Message::text(serde_json::to_string(&batch)?)).await?;
                batch.clear();
            }
            frame = stream.next() => {
                if let Message::Text(text) = frame.context("the server ended the connection")?? {
                    hear(serde_json::from_str(&text)?, &say, takes)?;
                }
            }
        }
    }
}

fn hear(messages: Vec<ToAgent>, say: &mpsc::UnboundedSender<FromAgent>, takes: Duration) -> anyhow::Result<()> {
    for message in messages {
        match message {
            ToAgent::Run { tasks } => {
                for task in tasks {
                    run(task.a, say.clone(), takes)?;
                }
            }
            ToAgent::Kill { attempts } | ToAgent::Recall { attempts } => say.send(FromAgent::GaveBack { attempts })?,
            _ => {}
        }
    }
    Ok(())
}

fn run(a: Attempt, say: mpsc::UnboundedSender<FromAgent>, takes: Duration) -> anyhow::Result<()> {
    let started = SystemClock.now();
    if takes.is_zero() {
        return Ok(say.send(FromAgent::Ended(end(a, started)))?);
    }
    say.send(FromAgent::Started { a, at: started })?;
    tokio::spawn(async move {
        tokio::time::sleep(takes).await;
        // The connection may have ended.
        let _ = say.send(FromAgent::Ended(end(a, started)));
    });
    Ok(())
}

fn end(a: Attempt, started: Timestamp) -> Ended {
    Ended {
        a,
        started: Some(started),
        at: SystemClock.now(),
        exit: Some(0),
        failure: None,
        usage: Usage::default(),
        container: None,
    }
}

fn hello(node: String) -> Hello {
    Hello {
        boot: format!("boot of {node}"),
        node,
        agent_version: "0".into(),
        booted_at: SystemClock.now(),
        ip_address: "127.0.0.1".into(),
        cores: 1,
        memory_mib: 1024,
        alive: Vec::new(),
        ended: Vec::new(),
        packages_deployed: true,
        start_task: None,
        limits: Default::default(),
    }
}
