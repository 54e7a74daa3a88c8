//! Connections of node agents: what comes in goes to the scheduler, what it says goes out, and files are asked for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::api::agent::{FileAsk, FileReply, FromAgent, Hello, ToAgent};
use crate::api::{Changed, Code};
use crate::service::context::{FileWatch, NodeFiles};
use crate::service::{Result, events};

/// How long a node may take to answer for a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a watched file is watched after it was read last.
const WATCH_SECS: u32 = 60;
/// Files that are watched at a time, over all nodes.
const MOST_WATCHES: usize = 1000;

/// A reply, and the bytes of a read.
type FileAnswer = (FileReply, Vec<u8>);

/// What the scheduler hears of nodes.
#[derive(Debug)]
pub enum NodeEvent {
    /// From an address that is not known where no network is between.
    Connected {
        node_key: i64,
        connection: u64,
        from: Option<IpAddr>,
        hello: Box<Hello>,
    },
    /// The node's agent was not let in from there.
    Refused {
        node_key: i64,
        from: Option<IpAddr>,
    },
    Said {
        node_key: i64,
        connection: u64,
        messages: Vec<FromAgent>,
    },
    Disconnected {
        node_key: i64,
        connection: u64,
    },
}

#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Mutex<HashMap<i64, Connection>>,
    asked: Mutex<HashMap<u64, oneshot::Sender<FileAnswer>>>,
    watches: Mutex<HashMap<u64, (i64, FileWatch)>>,
    numbers: AtomicU64,
    to_scheduler: mpsc::UnboundedSender<NodeEvent>,
    events: events::Hub,
}

struct Connection {
    number: u64,
    out: mpsc::UnboundedSender<ToAgent>,
}

impl Hub {
    pub fn new(events: events::Hub) -> (Hub, mpsc::UnboundedReceiver<NodeEvent>) {
        let (to_scheduler, node_events) = mpsc::unbounded_channel();
        let inner = Inner {
            connections: Mutex::default(),
            asked: Mutex::default(),
            watches: Mutex::default(),
            numbers: AtomicU64::new(1),
            to_scheduler,
            events,
        };
        (Hub { inner: Arc::new(inner) }, node_events)
    }

    /// A new connection takes the place of an older one of the same node. What is to be sent comes out of the receiver.
    pub fn connect(
        &self,
        node_key: i64,
        from: Option<IpAddr>,
        hello: Hello,
    ) -> (u64, mpsc::UnboundedReceiver<ToAgent>) {
        let (out, outgoing) = mpsc::unbounded_channel();
        let number = self.next_number();
        lock(&self.inner.connections).insert(node_key, Connection { number, out });
        self.tell(NodeEvent::Connected { node_key, connection: number, from, hello: Box::new(hello) });
        (number, outgoing)
    }

    pub fn refused(&self, node_key: i64, from: Option<IpAddr>) {
        self.tell(NodeEvent::Refused { node_key, from });
    }

    pub fn said(&self, node_key: i64, connection: u64, messages: Vec<FromAgent>) {
        let mut for_scheduler = Vec::with_capacity(messages.len());
        for message in messages {
            match message {
                FromAgent::FileGrew { watch, length, ended } => self.file_grew(watch, length, ended),
                other => for_scheduler.push(other),
            }
        }
        if !for_scheduler.is_empty() {
            self.tell(NodeEvent::Said { node_key, connection, messages: for_scheduler });
        }
    }

    pub fn file_replied(&self, reply: FileReply, bytes: Vec<u8>) {
        if let Some(asker) = lock(&self.inner.asked).remove(&reply.request) {
            // The asker may have given up.
            let _ = asker.send((reply, bytes));
        }
    }

    pub fn disconnect(&self, node_key: i64, connection: u64) {
        self.end(node_key, connection);
        self.tell(NodeEvent::Disconnected { node_key, connection });
    }

    /// Sends to the node; false when it is not connected.
    pub fn send(&self, node_key: i64, message: ToAgent) -> bool {
        lock(&self.inner.connections).get(&node_key).is_some_and(|c| c.out.send(message).is_ok())
    }

    /// Ends this connection of the node's, unless another has taken its place.
    pub fn end(&self, node_key: i64, connection: u64) {
        let mut connections = lock(&self.inner.connections);
        if connections.get(&node_key).is_some_and(|c| c.number == connection) {
            connections.remove(&node_key);
        }
    }

    /// Ends all connections: every agent connects anew, and says again what it has.
    pub fn end_connections(&self) {
        lock(&self.inner.connections).clear();
    }

    /// Ends the node's connection, when it goes for good.
    pub fn forget(&self, node_key: i64) {
        lock(&self.inner.connections).remove(&node_key);
        lock(&self.inner.watches).retain(|_, (node, _)| *node != node_key);
    }

    /// A task has ended: who follows its files need not wait for more.
    pub fn task_ended(&self, account: &str, job: &str, task: &str) {
        let mut watches = lock(&self.inner.watches);
        if watches.is_empty() {
            return;
        }
        watches.retain(|_, (_, watch)| {
            let ended = watch.account.as_str() == account
                && watch.job.eq_ignore_ascii_case(job)
                && watch.task.eq_ignore_ascii_case(task);
            if ended {
                self.tell_growth(watch, watch.from, true);
            }
            !ended
        });
    }

    fn file_grew(&self, number: u64, length: u64, ended: bool) {
        let mut watches = lock(&self.inner.watches);
        if let Some((_, watch)) = watches.get(&number) {
            self.tell_growth(watch, length, false);
        }
        if ended {
            watches.remove(&number);
        }
    }

    fn tell_growth(&self, watch: &FileWatch, length: u64, ended: bool) {
        let (job, task, path) = (watch.job.clone(), watch.task.clone(), watch.path.clone());
        self.inner.events.tell(watch.account.as_str(), Changed::File { job, task, path, length, ended });
    }

    fn tell(&self, event: NodeEvent) {
        // The scheduler is gone only when the server stops.
        let _ = self.inner.to_scheduler.send(event);
    }

    fn next_number(&self) -> u64 {
        self.inner.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

impl NodeFiles for Hub {
    fn ask(&self, node_key: i64, ask: FileAsk) -> BoxFuture<'_, Result<(FileReply, Vec<u8>)>> {
        Box::pin(async move {
            let request = self.next_number();
            let (asker, answer) = oneshot::channel();
            lock(&self.inner.asked).insert(request, asker);
            if !self.send(node_key, ToAgent::File { request, ask }) {
                lock(&self.inner.asked).remove(&request);
                return Err(Code::TaskFilesUnavailable.into());
            }
            let answer = tokio::time::timeout(FILE_TIMEOUT, answer).await;
            lock(&self.inner.asked).remove(&request);
            match answer {
                Ok(Ok(reply)) => Ok(reply),
                Ok(Err(_)) | Err(_) => Err(Code::TaskFilesUnavailable.into()),
            }
        })
    }

    fn watch(&self, node_key: i64, watch: FileWatch) {
        let mut watches = lock(&self.inner.watches);
        let same = |w: &FileWatch| w.account == watch.account && w.node_path == watch.node_path;
        let known = watches.iter().find(|(_, (node, w))| *node == node_key && same(w)).map(|(number, _)| *number);
        if known.is_none() && watches.len() >= MOST_WATCHES {
            return;
        }
        let number = known.unwrap_or_else(|| self.next_number());
        let (path, from) = (watch.node_path.clone(), watch.from);
        watches.insert(number, (node_key, watch));
        drop(watches);
        self.send(node_key, ToAgent::Watch { watch: number, path, from, secs: WATCH_SECS });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
