//! Connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::driver::Done;
use super::{Wanted, bind};
use crate::domain::endpoint;

/// Chosen here: more would take the server's own share of open files.
const MOST_CONNECTIONS: usize = 200;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After a connection could not be taken: there are too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// Until it is dropped; then all connections break.
pub(super) async fn serve(listen: IpAddr, wanted: Wanted, done: mpsc::UnboundedSender<Done>) {
    let listener = bind(&wanted, &done, || TcpListener::bind((listen, wanted.port))).await;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) if may_enter(&wanted, from) && connections.len() < MOST_CONNECTIONS => {
                    connections.spawn(pass_on(stream, wanted.backend));
                }
                Ok((_, from)) => tracing::info!(port = wanted.port, %from, "a connection to a node was refused"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn may_enter(wanted: &Wanted, from: SocketAddr) -> bool {
    endpoint::admits(&wanted.rules, from)
}

async fn pass_on(mut outside: TcpStream, backend: u16) {
    let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, backend));
    let Ok(Ok(mut node)) = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await else { return };
    // Whoever lost its network without a word does not hold a connection for ever.
    let _ = rustix::net::sockopt::set_socket_keepalive(&outside, true);
    let _ = (outside.set_nodelay(true), node.set_nodelay(true));
    let _ = tokio::io::copy_bidirectional(&mut outside, &mut node).await;
}
