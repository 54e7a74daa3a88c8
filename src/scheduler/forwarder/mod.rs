//! Listens on the ports by which nodes are reached, lets in whom the pool's rules let in, and passes on what comes to the port
//! of the node. For nodes on this machine.
//!
//! It is told what is wanted, whole, and makes it so. A port that cannot be listened on is tried again, and said.

mod tcp;
mod udp;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::driver::Done;
use crate::api::{InboundProtocol, NetworkSecurityGroupRule};

/// How often a port is tried that cannot be listened on.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// A port that leads to a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub node_key: i64,
    /// The NAT pool's.
    pub name: String,
    pub protocol: InboundProtocol,
    pub port: u16,
    /// Of the node, on the loopback address.
    pub backend: u16,
    pub rules: Vec<NetworkSecurityGroupRule>,
}

/// What became of a port.
#[derive(Debug)]
pub(super) struct PortNews {
    pub node_key: i64,
    pub name: String,
    pub port: u16,
    /// Why it cannot be listened on; absent when it is.
    pub error: Option<io::Error>,
}

/// Dropping it closes all ports.
pub(super) struct Forwarder {
    wanted: watch::Sender<Vec<Wanted>>,
}

impl Forwarder {
    pub fn start(listen: IpAddr, done: mpsc::UnboundedSender<Done>) -> Forwarder {
        let (wanted, mut changes) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut open = HashMap::new();
            while changes.changed().await.is_ok() {
                let now: Vec<Wanted> = changes.borrow_and_update().clone();
                open.retain(|_, port: &mut Port| now.contains(&port.wanted));
                for wanted in now {
                    let key = (wanted.protocol, wanted.port);
                    open.entry(key).or_insert_with(|| Port::open(listen, wanted, done.clone()));
                }
            }
        });
        Forwarder { wanted }
    }

    pub fn set(&self, wanted: Vec<Wanted>) {
        self.wanted.send_if_modified(|before| {
            let is_new = *before != wanted;
            *before = wanted;
            is_new
        });
    }
}

/// A port with all that goes through it.
struct Port {
    wanted: Wanted,
    task: JoinHandle<()>,
}

impl Port {
    fn open(listen: IpAddr, wanted: Wanted, done: mpsc::UnboundedSender<Done>) -> Port {
        let task = match wanted.protocol {
            InboundProtocol::Tcp => tokio::spawn(tcp::serve(listen, wanted.clone(), done)),
            InboundProtocol::Udp => tokio::spawn(udp::serve(listen, wanted.clone(), done)),
        };
        Port { wanted, task }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tries until it works, and says when that changes.
async fn bind<T, F, Opening>(wanted: &Wanted, done: &mpsc::UnboundedSender<Done>, open: F) -> T
where
    F: Fn() -> Opening,
    Opening: Future<Output = io::Result<T>>,
{
    let mut is_told = false;
    let tell = |error: Option<io::Error>| {
        let (node_key, name, port) = (wanted.node_key, wanted.name.clone(), wanted.port);
        let _ = done.send(Done::Port(PortNews { node_key, name, port, error }));
    };
    loop {
        match open().await {
            Ok(socket) => {
                tell(None);
                return socket;
            }
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    tell(Some(error));
                }
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
}
