//! Datagrams: whoever sends one has a socket of its own towards the node, for as long as something goes through it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::driver::Done;
use super::{Wanted, bind};
use crate::domain::endpoint;

const MOST_PEERS: usize = 200;
/// A socket towards the node by which nothing came back for so long is closed.
const IDLE: Duration = Duration::from_secs(120);
const LARGEST: usize = 64 * 1024;

/// Until it is dropped.
pub(super) async fn serve(listen: IpAddr, wanted: Wanted, done: mpsc::UnboundedSender<Done>) {
    let outside = Arc::new(bind(&wanted, &done, || UdpSocket::bind((listen, wanted.port))).await);
    let mut peers: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut answering = JoinSet::new();
    let mut datagram = vec![0; LARGEST];
    loop {
        tokio::select! {
            received = outside.recv_from(&mut datagram) => {
                // An error is about an answer that nobody wanted.
                let Ok((length, from)) = received else { continue };
                if !endpoint::admits(&wanted.rules, from) {
                    continue;
                }
                if !peers.contains_key(&from) && peers.len() < MOST_PEERS
                    && let Ok(node) = towards(wanted.backend).await
                {
                    let node = Arc::new(node);
                    answering.spawn(answer(Arc::clone(&outside), Arc::clone(&node), from));
                    peers.insert(from, node);
                }
                if let Some(node) = peers.get(&from) {
                    let _ = node.send(&datagram[..length]).await;
                }
            }
            Some(Ok(from)) = answering.join_next() => drop(peers.remove(&from)),
        }
    }
}

async fn towards(backend: u16) -> io::Result<UdpSocket> {
    let node = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    node.connect((Ipv4Addr::LOCALHOST, backend)).await?;
    Ok(node)
}

/// Passes back what the node says, until it says nothing for long.
async fn answer(outside: Arc<UdpSocket>, node: Arc<UdpSocket>, to: SocketAddr) -> SocketAddr {
    let mut datagram = vec![0; LARGEST];
    while let Ok(received) = tokio::time::timeout(IDLE, node.recv(&mut datagram)).await {
        // Nobody listens there yet.
        let Ok(length) = received else { continue };
        let _ = outside.send_to(&datagram[..length], to).await;
    }
    to
}
