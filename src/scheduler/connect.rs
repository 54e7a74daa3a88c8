//! The agents' WebSocket: who connects is checked before the upgrade; then frames become messages, both ways.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;

use super::hub::Hub;
use super::let_in::AgentRules;
use crate::api::agent::{CONNECT_PATH, FileReply, FromAgent, HEARTBEAT_SECS, Hello, REFUSAL_HEADER, ToAgent};
use crate::domain::network_access;
use crate::store::node::NodeRow;
use crate::store::{self, Store};

/// An agent that says nothing for so many heartbeats is gone, whatever the network thinks.
const SILENT_HEARTBEATS: u64 = 4;
const MOST_MESSAGES_IN_A_FRAME: usize = 512;
const LARGEST_FRAME: usize = 16 << 20;
/// How long an agent may take to hang up after the server has.
const FAREWELL: std::time::Duration = std::time::Duration::from_millis(500);

#[derive(Clone)]
struct Door {
    store: Store,
    hub: Hub,
}

/// The route for agents.
pub fn routes(store: Store, hub: Hub) -> Router {
    Router::new().route(CONNECT_PATH, get(connect)).with_state(Door { store, hub })
}

async fn connect(
    State(door): State<Door>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let from = peer.map(|peer| peer.0.0.ip());
    let Some(node) = authenticate(&door.store, &headers).await else {
        return refusal(StatusCode::UNAUTHORIZED, "The server has no node with this token.".to_owned());
    };
    match AgentRules::of_pool(&door.store, node.pool_key).await.map(|rules| rules.let_in(from)) {
        Ok(true) => {
            upgrade.max_message_size(LARGEST_FRAME).on_upgrade(move |socket| serve(door.hub, node, from, socket))
        }
        Ok(false) => {
            door.hub.refused(node.key, from);
            refusal(StatusCode::FORBIDDEN, network_access::agent_refusal(from).message)
        }
        Err(error) => {
            tracing::error!(node = node.id, %error, "the network rules for a node's agent cannot be read");
            refusal(StatusCode::SERVICE_UNAVAILABLE, "The server cannot read the account's network rules.".to_owned())
        }
    }
}

fn refusal(status: StatusCode, reason: String) -> Response {
    (status, [(REFUSAL_HEADER, reason.clone())], reason).into_response()
}

/// The node whose token the request shows. A token is the node's id, a dot and a secret.
async fn authenticate(store: &Store, headers: &HeaderMap) -> Option<NodeRow> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let (id, _) = token.split_once('.')?;
    let mut conn = store.read().await.ok()?;
    let node = store::node::with_id(&mut conn, id).await.ok()??;
    bool::from(node.token.as_bytes().ct_eq(token.as_bytes())).then_some(node)
}

async fn serve(hub: Hub, node: NodeRow, from: Option<IpAddr>, socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let Some(hello) = read_hello(&mut stream).await.filter(|hello| hello.node == node.id) else { return };
    let (connection, outgoing) = hub.connect(node.key, from, hello);
    let mut sending = tokio::spawn(send(sink, outgoing));
    let receiving = receive(&hub, node.key, connection, stream);
    tokio::pin!(receiving);
    tokio::select! {
        () = &mut receiving => {}
        // Whoever is not wanted any more does not keep the connection by not hanging up.
        _ = &mut sending => drop(tokio::time::timeout(FAREWELL, receiving).await),
    }
    hub.disconnect(node.key, connection);
    sending.abort();
}

async fn read_hello(stream: &mut SplitStream<WebSocket>) -> Option<Hello> {
    let first = tokio::time::timeout(silence(), stream.next()).await.ok()??.ok()?;
    let messages: Vec<FromAgent> = serde_json::from_str(first.to_text().ok()?).ok()?;
    match messages.into_iter().next() {
        Some(FromAgent::Hello(hello)) => Some(hello),
        _ => None,
    }
}

async fn receive(hub: &Hub, node_key: i64, connection: u64, mut stream: SplitStream<WebSocket>) {
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(silence(), stream.next()).await {
        match frame {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(messages) => hub.said(node_key, connection, messages),
                Err(error) => {
                    tracing::warn!(node.key = node_key, %error, "an agent's frame cannot be read; it is asked to connect anew");
                    return;
                }
            },
            Message::Binary(frame) => match split_file_frame(&frame) {
                Some((reply, bytes)) => hub.file_replied(reply, bytes.to_vec()),
                None => return,
            },
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return,
        }
    }
}

fn silence() -> std::time::Duration {
    std::time::Duration::from_secs(HEARTBEAT_SECS * SILENT_HEARTBEATS)
}

/// Four bytes with the length of the reply, the reply, and the file's bytes.
fn split_file_frame(frame: &[u8]) -> Option<(FileReply, &[u8])> {
    let (length, rest) = frame.split_first_chunk::<4>()?;
    let (reply, bytes) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((serde_json::from_slice(reply).ok()?, bytes))
}

/// Sends what waits, as many messages in a frame as there are.
async fn send(mut sink: SplitSink<WebSocket, Message>, mut outgoing: mpsc::UnboundedReceiver<ToAgent>) {
    let mut batch = Vec::new();
    while outgoing.recv_many(&mut batch, MOST_MESSAGES_IN_A_FRAME).await > 0 {
        let text = serde_json::to_string(&batch).expect("messages have string keys and no failing serializer");
        batch.clear();
        if sink.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
    // Forgotten or replaced: the agent is told by the end of the connection.
    let _ = sink.close().await;
}
