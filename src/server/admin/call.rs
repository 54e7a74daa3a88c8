//! Gets a request done: by the running server, else by ourselves.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{Answer, Request, perform};
use crate::api;
use crate::server::clock::SystemClock;
use crate::server::data_dir::{self, DataDir};
use crate::server::ids::SystemRandom;
use crate::server::{admin_socket, start};

/// A server that is starting or stopping has the lock but no socket.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// The answer of the operation.
///
/// # Errors
/// The operation's own error, or why nobody could be asked.
pub async fn call(data_dir: &Path, request: Request) -> anyhow::Result<Value> {
    let begins = matches!(request, Request::AccountCreate { .. } | Request::UserCreate { .. });
    ensure!(begins || data_dir.exists(), "there is no data folder {}", data_dir.display());
    let mut last = None;
    for _ in 0..TRIES {
        match admin_socket::connect(&data_dir::admin_socket(data_dir)).await {
            Ok(server) => return ask(server, &request).await,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                bail!("{} belongs to another user: run this as the user who runs the server", data_dir.display());
            }
            Err(error) => return Err(error).context("the running server cannot be asked"),
        }
        match DataDir::lock(data_dir) {
            Ok(own) => return do_it(data_dir, &own, request).await,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(last.context("there is no server and no data folder")?)
}

async fn ask(server: UnixStream, request: &Request) -> anyhow::Result<Value> {
    let (reader, mut writer) = server.into_split();
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(reader).read_line(&mut answer).await.context("the server did not answer")?;
    match serde_json::from_str(&answer).context("the server stopped before it answered")? {
        Answer::Done(value) => Ok(value),
        Answer::Refused(error) => Err(explain(&error)),
    }
}

/// On the data of a stopped server.
async fn do_it(path: &Path, own: &DataDir, request: Request) -> anyhow::Result<Value> {
    // Where it was reached last is where it will be, unless its settings say otherwise.
    let url = std::fs::read_to_string(data_dir::url_file(path))
        .map_or_else(|_| "http://127.0.0.1:8420".to_owned(), |url| url.trim().to_owned());
    let (cx, _) = start::open(own, url, String::new(), Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
    let outcome = perform(&cx, request).await.map_err(|error| explain(&api::Error::from(error)));
    cx.store.close().await;
    outcome
}

/// An error of an operation as a sentence: its reason where it has one.
fn explain(error: &api::Error) -> anyhow::Error {
    match (error.value("PropertyName"), error.value("Reason")) {
        (Some(property), Some(reason)) => anyhow::anyhow!("{property}: {reason}"),
        (None, Some(reason)) => anyhow::anyhow!("{} {reason}", error.message),
        _ => anyhow::anyhow!("{}", error.message),
    }
}
