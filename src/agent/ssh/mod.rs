//! The node's SSH server: lets the node's users in, and hands what they want to run to the node's loop.
//!
//! ```text
//! node's loop ── who may enter ──▶ server thread ── accepts, authenticates
//!      ▲                                │
//!      └── begin a session ◀────────────┘ one task a channel pumps between the channel and the session's process
//! ```
//!
//! It has a thread of its own, so that nobody's cryptography delays tasks, and makes no process itself: sessions are runs of
//! the node's loop, with the tasks' user, in the tasks' mount namespace, and end as tasks do. Nothing is forwarded, neither
//! ports nor agents nor X11. The server exists only while somebody may enter.

mod channel;
mod client;
mod host_key;
mod terminal;
mod users;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use host_key::{HostKey, remove as remove_host_key};
pub use terminal::{Terminal, open_pair as open_terminal};
pub use users::{Visitor, is_open_to};

use crate::api::agent::RemoteUser;
use crate::auth::{Hasher, Throttle};

/// Chosen here: a stranger who only connects costs a little memory, so few are enough.
const MOST_CONNECTIONS: usize = 32;

/// What the node's loop is asked for.
pub enum Ask {
    Begin(Begin),
    /// Whoever wanted it is gone.
    End {
        session: u64,
    },
    /// Not of the SSH server's: the agent's log has been read and is to be uploaded.
    Upload(super::own_log::Wanted),
}

pub struct Begin {
    pub visitor: Visitor,
    pub program: Program,
    pub terminal: Option<Terminal>,
    /// Of the language only.
    pub variables: Vec<(String, String)>,
    pub reply: oneshot::Sender<io::Result<Session>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Shell,
    Command(String),
    Sftp,
}

/// A session whose process runs. The descriptors do not block.
pub struct Session {
    pub number: u64,
    pub input: OwnedFd,
    pub output: OwnedFd,
    /// Absent with a terminal.
    pub errors: Option<OwnedFd>,
    /// The terminal, to change its size.
    pub terminal: Option<OwnedFd>,
    /// The exit code, when nothing of the session is left.
    pub exit: oneshot::Receiver<i32>,
}

/// What all connections share.
struct House {
    key: HostKey,
    users: watch::Receiver<Vec<RemoteUser>>,
    asks: mpsc::UnboundedSender<Ask>,
    hasher: Hasher,
    throttle: Throttle,
}

/// A server that runs; it ends when this is dropped.
pub struct Server {
    pub port: u16,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Listens on the loopback address, on the port that was used before if it is free.
    pub fn start(
        dir: &Path,
        port: Option<u16>,
        users: watch::Receiver<Vec<RemoteUser>>,
        asks: mpsc::UnboundedSender<Ask>,
    ) -> io::Result<(Server, String)> {
        let key = HostKey::of(dir)?;
        let public = key.public();
        let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = port.and_then(|port| at(port).ok()).map_or_else(|| at(0), Ok)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (stop, stopping) = oneshot::channel();
        let house = Arc::new(House { key, users, asks, hasher: Hasher::default(), throttle: Throttle::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
        std::thread::Builder::new().name("ssh".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, house) => {}
                    _ = stopping => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok((Server { port, _stop: stop }, public))
    }
}

async fn serve(listener: TcpListener, house: Arc<House>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the SSH server cannot listen"),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) if connections.len() < MOST_CONNECTIONS => {
                    connections.spawn(client::serve(stream, from, Arc::clone(&house)));
                }
                Ok((_, from)) => log_full(from),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn log_full(from: SocketAddr) {
    tracing::warn!(%from, "an SSH connection was refused: there are {MOST_CONNECTIONS} already");
}
