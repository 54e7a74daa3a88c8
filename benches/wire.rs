//! A client that costs as little as it can, so that what is measured is the server: prepared bytes over kept connections.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 8;

/// The same request over and over on a few connections.
pub async fn reads_per_second(address: &str, request: &[u8], time: Duration) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, request) = (address.to_owned(), request.to_vec());
        readers.spawn(async move { read(&address, &request, begin, time).await });
    }
    let mut n = 0;
    while let Some(reads) = readers.join_next().await {
        n += reads??;
    }
    Ok(n as f64 / begin.elapsed().as_secs_f64())
}

async fn read(address: &str, request: &[u8], begin: Instant, time: Duration) -> anyhow::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 << 10];
    let mut n = 0;
    while begin.elapsed() < time {
        stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let more = stream.read(&mut buffer[filled..]).await?;
            ensure!(more > 0, "the server closed the connection");
            filled += more;
            if is_whole(&buffer[..filled])? {
                break;
            }
        }
        n += 1;
    }
    Ok(n)
}

/// Whether the answer is there to its last byte; it must be a 200 that says its length.
fn is_whole(bytes: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&bytes[..end])?.to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 200"), "the server said: {head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("no length")?;
    Ok(bytes.len() >= end + 4 + length.trim().parse::<usize>()?)
}
