//! A way to a web server that goes wrong on purpose: each connection takes the next fault, and those after the last none.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before a byte is read.
    Closed,
    /// Answered here with this status.
    Status(u16),
    /// The server gets so many bytes of the request, and then the end of the connection.
    RequestCut(usize),
    /// All is well until so many bytes were asked, in however many requests; then it is the end of the connection.
    CutAfter(u64),
    /// The client gets so many bytes of the answer, and then the end of the connection.
    AnswerCut(usize),
    /// The server does what it is asked, and nobody hears of it.
    AnswerLost,
    /// The last byte of the answer is another one.
    AnswerChanged,
    /// The answer comes in drops.
    Slow,
}

#[derive(Clone)]
pub struct FaultProxy {
    faults: Arc<Mutex<VecDeque<Fault>>>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    pub port: u16,
}

impl FaultProxy {
    /// In front of a server on loopback.
    pub async fn before(server: u16) -> FaultProxy {
        FaultProxy::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), server)
    }

    /// The same where the server had to know the proxy's address before.
    pub fn at(listener: TcpListener, server: u16) -> FaultProxy {
        let port = listener.local_addr().unwrap().port();
        let proxy = FaultProxy { faults: Arc::default(), connections: Arc::default(), port };
        let (faults, connections) = (proxy.faults.clone(), proxy.connections.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = faults.lock().unwrap().pop_front();
                let serving = tokio::spawn(async move {
                    // What breaks is meant to.
                    let _ = serve(client, server, fault).await;
                });
                connections.lock().unwrap().push(serving.abort_handle());
            }
        });
        proxy
    }

    pub fn then(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }

    /// For clients that keep their connections: all there are end, so that the next request takes the first fault.
    pub fn then_afresh(&self, faults: &[Fault]) {
        self.then(faults);
        self.connections.lock().unwrap().drain(..).for_each(|connection| connection.abort());
    }

    /// What was to happen does not.
    pub fn forget(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// A fault that never happened tests nothing.
    pub fn all_happened(&self) {
        assert!(self.faults.lock().unwrap().is_empty(), "{:?} did not happen", self.faults.lock().unwrap());
    }
}

async fn serve(mut client: TcpStream, server: u16, fault: Option<Fault>) -> std::io::Result<()> {
    match fault {
        Some(Fault::Closed) => return Ok(()),
        Some(Fault::Status(status)) => {
            // Something was asked; what, does not matter.
            let _asked = client.read(&mut [0; 4096]).await?;
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            client.write_all(answer.as_bytes()).await?;
            // Whoever still sends would get a reset in the place of the answer.
            client.shutdown().await?;
            return copy(&mut client, &mut tokio::io::sink()).await.map(drop);
        }
        _ => {}
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server)).await?;
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), upstream.split());
    match fault {
        Some(Fault::RequestCut(n)) => copy(&mut from_client.take(n as u64), &mut to_server).await.map(drop),
        Some(Fault::CutAfter(n)) => {
            let mut asked = from_client.take(n);
            tokio::select! {
                done = copy(&mut asked, &mut to_server) => done.map(drop),
                broken = copy(&mut from_server, &mut to_client) => broken.map(drop),
            }
        }
        _ => {
            let asking = async { copy(&mut from_client, &mut to_server).await.map(drop) };
            let answering = answer(&mut from_server, &mut to_client, fault);
            // The answer's end is the end: nobody sends two requests.
            tokio::select! {
                done = answering => done,
                broken = async { asking.await.err().unwrap_or(std::future::pending().await) } => Err(broken),
            }
        }
    }
}

async fn answer(
    server: &mut (impl AsyncRead + Unpin),
    client: &mut (impl AsyncWrite + Unpin),
    fault: Option<Fault>,
) -> std::io::Result<()> {
    match fault {
        None => copy(server, client).await.map(drop),
        Some(Fault::AnswerCut(n)) => copy(&mut server.take(n as u64), client).await.map(drop),
        Some(Fault::AnswerLost) => server.read(&mut [0; 4096]).await.map(drop),
        Some(Fault::Slow) => {
            let mut drop_of_it = [0; 7];
            loop {
                match server.read(&mut drop_of_it).await? {
                    0 => return Ok(()),
                    n => client.write_all(&drop_of_it[..n]).await?,
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Some(Fault::AnswerChanged) => {
            let mut piece = vec![0; 1 << 16];
            let n = server.read(&mut piece).await?;
            piece[n - 1] ^= 1;
            client.write_all(&piece[..n]).await
        }
        Some(other) => unreachable!("{other:?} is no fault of an answer"),
    }
}
