//! The first moments of a connection: a handshake that must not last, or a client that does not speak TLS at all.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Tls;

/// From the connection to the end of the handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// The first byte of each TLS connection: a record of the kind handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

const PLAIN: &str = "This port speaks TLS: use https:// instead of http://.\n";
/// How much of a plain request is read, so that the client sees the answer and not a reset connection.
const PLAIN_BYTES: u64 = 64 * 1024;
const PLAIN_TIME: Duration = Duration::from_secs(1);

pub enum Arrival {
    Tls(Box<TlsStream<TcpStream>>),
    /// It has been told to use TLS, and is done.
    Plain,
}

impl Tls {
    /// # Errors
    /// When the client goes, takes too long, or does not agree.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Arrival> {
        self.accept_within(HANDSHAKE_TIME, stream).await
    }

    async fn accept_within(&self, time: Duration, stream: TcpStream) -> io::Result<Arrival> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
        tokio::time::timeout(time, self.greet(stream)).await.map_err(late)?
    }

    async fn greet(&self, stream: TcpStream) -> io::Result<Arrival> {
        let mut first = [0];
        stream.peek(&mut first).await?;
        // What is neither gets an alert of TLS.
        if first[0] != HANDSHAKE_RECORD && first[0].is_ascii_alphabetic() {
            answer_plain(stream).await?;
            return Ok(Arrival::Plain);
        }
        Ok(Arrival::Tls(Box::new(self.acceptor.accept(stream).await?)))
    }
}

async fn answer_plain(mut stream: TcpStream) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{PLAIN}",
        PLAIN.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(PLAIN_TIME, stream.take(PLAIN_BYTES).read_to_end(&mut rest)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::TlsConfig;
    use crate::server::data_dir::DataDir;
    use crate::server::ids::SystemRandom;
    use crate::server::tls::OwnNames;
    use std::sync::Arc;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_client_that_does_not_go_on_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = DataDir::lock(folder.path()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let names = OwnNames::new(address, None, &[]);
        let tls = Tls::new(&TlsConfig::SelfSigned, &data_dir, names, Arc::new(SystemRandom)).unwrap().unwrap();
        for said in [&b""[..], &[HANDSHAKE_RECORD, 3, 1, 2, 0, 1]] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let error = tls.accept_within(Duration::from_millis(50), stream).await.err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{said:?}");
        }
    }
}
