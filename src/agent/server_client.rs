//! The agent's connection to the server: made again for ever, with growing pauses that are not the same for all agents.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use rand::Rng;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, client::IntoClientRequest, handshake::client::Response};

use super::way::{self, Way};
use crate::api::agent::{
    AUTHORITY_FILE, AgentConfig, CONNECT_PATH, FileReply, HEARTBEAT_SECS, REFUSAL_HEADER, ToAgent,
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Whom the server does not let in comes less often, for that lasts until somebody changes something.
const LONGEST_PAUSE_OF_REFUSED: Duration = Duration::from_secs(5);

/// A server that does not answer so long is as if it were not there.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How many frames of the server's may wait for the node.
const INBOX: usize = 64;

pub enum FromServer {
    Connected(Link),
    Messages(Vec<ToAgent>),
    /// A frame without messages: the server lives.
    Heard,
    Lost,
}

pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
    /// Ends the connection, and says when all before it is sent.
    Close(oneshot::Sender<()>),
}

/// The way out of one connection; what is sent after its end is lost.
pub struct Link {
    pub frames: mpsc::UnboundedSender<Frame>,
    /// The node's own address on the way to the server.
    pub ip_address: String,
}

pub fn channel() -> (mpsc::Sender<FromServer>, mpsc::Receiver<FromServer>) {
    mpsc::channel(INBOX)
}

/// Connects for as long as somebody receives.
pub async fn run(config: AgentConfig, to_node: mpsc::Sender<FromServer>) {
    tokio::select! {
        () = to_node.closed() => {}
        () = connect_for_ever(&config, &to_node) => {}
    }
}

async fn connect_for_ever(config: &AgentConfig, to_node: &mpsc::Sender<FromServer>) {
    let mut pause = FIRST_PAUSE;
    let mut refusal = None;
    loop {
        let mut longest = LONGEST_PAUSE;
        match connect(config).await {
            Ok((socket, ip_address)) => {
                (pause, refusal) = (FIRST_PAUSE, None);
                tracing::info!("connected to the server");
                talk(socket, ip_address, to_node).await;
                tracing::info!("the connection to the server has ended");
                let _ = to_node.send(FromServer::Lost).await;
            }
            Err(error) => match error.downcast::<Refused>() {
                // Once, and not with each try.
                Ok(refused) if refusal.as_ref() != Some(&refused) => {
                    tracing::warn!("{refused}; it is tried again until it does");
                    (refusal, longest) = (Some(refused), LONGEST_PAUSE_OF_REFUSED);
                }
                Ok(_) => longest = LONGEST_PAUSE_OF_REFUSED,
                Err(error) => tracing::debug!(error = format!("{error:#}"), "no connection to the server"),
            },
        }
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(longest);
    }
}

/// The server is there and does not let this node in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not let this node in ({status}): {reason}")]
struct Refused {
    status: u16,
    reason: String,
}

impl Refused {
    fn from(answer: &Response) -> Refused {
        let reason = answer.headers().get(REFUSAL_HEADER).and_then(|reason| reason.to_str().ok());
        Refused { status: answer.status().as_u16(), reason: reason.unwrap_or("it does not say why").to_owned() }
    }
}

/// Between a half and all of `pause`, so that a thousand agents do not come at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.0))
}

type Socket = WebSocketStream<Box<dyn Way>>;

/// The connection, and the node's own address on it.
async fn connect(config: &AgentConfig) -> anyhow::Result<(Socket, String)> {
    let file = PathBuf::from(&config.server_url_file);
    let url = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut request = websocket_url(&url)?.into_client_request().context("the server's URL")?;
    let token = format!("Bearer {}", config.token).parse().context("the node's token")?;
    request.headers_mut().insert("authorization", token);
    let authority_file = file.with_file_name(AUTHORITY_FILE);
    let connected = async {
        let (way, ip_address) = way::open(request.uri(), &authority_file).await?;
        match tokio_tungstenite::client_async(request, way).await {
            Ok((socket, _)) => anyhow::Ok((socket, ip_address)),
            Err(Error::Http(answer)) => Err(Refused::from(&answer.map(|_| None)).into()),
            Err(error) => Err(error.into()),
        }
    };
    tokio::time::timeout(CONNECT_PATIENCE, connected).await?
}

fn websocket_url(server_url: &str) -> anyhow::Result<String> {
    let base = server_url.trim().trim_end_matches('/');
    let rest = base.strip_prefix("http").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
    Ok(format!("ws{}{CONNECT_PATH}", rest.with_context(|| format!("{base:?} is not the URL of a server"))?))
}

async fn talk(mut socket: Socket, ip_address: String, to_node: &mpsc::Sender<FromServer>) {
    let (frames, mut outbox) = mpsc::unbounded_channel();
    if to_node.send(FromServer::Connected(Link { frames, ip_address })).await.is_err() {
        return;
    }
    // Not at once: the first frame must be the hello.
    let period = Duration::from_secs(HEARTBEAT_SECS);
    let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    loop {
        let went_on = tokio::select! {
            // A sign of life also while the node waits for a slow disk, and a question that shows a dead connection.
            _ = pings.tick() => socket.send(Message::Ping(Bytes::new())).await.is_ok(),
            message = socket.next() => match message {
                Some(Ok(message)) => receive(message, to_node).await,
                _ => false,
            },
            frame = outbox.recv() => match frame {
                Some(frame) => send(&mut socket, frame, &mut outbox).await,
                // The node has taken the connection for dead.
                None => false,
            },
        };
        if !went_on {
            return;
        }
    }
}

/// False when the connection has ended.
async fn receive(message: Message, to_node: &mpsc::Sender<FromServer>) -> bool {
    let news = match message {
        Message::Text(text) => FromServer::Messages(read_messages(&text)),
        Message::Close(_) => return false,
        _ => FromServer::Heard,
    };
    to_node.send(news).await.is_ok()
}

/// One message that makes no sense, e.g. of a newer server, does not take the others with it.
fn read_messages(text: &str) -> Vec<ToAgent> {
    serde_json::from_str(text).unwrap_or_else(|_| {
        let parts: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
        let read = |part| {
            serde_json::from_value(part)
                .inspect_err(|error| tracing::warn!(%error, "a message of the server makes no sense"))
        };
        parts.into_iter().filter_map(|part| read(part).ok()).collect()
    })
}

/// Sends what waits, in one go. False when the connection has ended.
async fn send(socket: &mut Socket, first: Frame, outbox: &mut mpsc::UnboundedReceiver<Frame>) -> bool {
    let mut next = Some(first);
    while let Some(frame) = next {
        let message = match frame {
            Frame::Text(text) => Message::text(text),
            Frame::Binary(data) => Message::binary(data),
            Frame::Close(done) => {
                let _ = socket.close(None).await;
                let _ = done.send(());
                return false;
            }
        };
        if socket.feed(message).await.is_err() {
            return false;
        }
        next = outbox.try_recv().ok();
    }
    socket.flush().await.is_ok()
}

/// A reply with the file's bytes, as the protocol frames it.
pub fn file_frame(reply: &FileReply, data: &[u8]) -> Vec<u8> {
    let head = serde_json::to_vec(reply).expect("a reply is JSON");
    let length = u32::try_from(head.len()).expect("a reply without its data is far shorter than 4 GiB");
    [&length.to_le_bytes(), head.as_slice(), data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::agent::Attempt;

    #[test]
    fn the_url_of_the_server_becomes_that_of_its_websocket() {
        let url = |text| websocket_url(text).ok();
        assert_eq!(url("http://127.0.0.1:8080\n").as_deref(), Some("ws://127.0.0.1:8080/node/v1/connect"));
        assert_eq!(url("https://batch.example/").as_deref(), Some("wss://batch.example/node/v1/connect"));
        assert_eq!((url("ftp://x"), url(""), url("httpx")), (None, None, None));
    }

    #[test]
    fn an_unknown_message_does_not_take_the_others_with_it() {
        let text = r#"[{"m":"fromTheFuture","x":1},{"m":"ack","attempts":[{"t":1,"n":2}]}]"#;
        assert_eq!(read_messages(text), [ToAgent::Ack { attempts: vec![Attempt { task: 1, number: 2 }] }]);
        assert_eq!(read_messages("nonsense"), []);
    }
}
