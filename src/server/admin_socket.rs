//! The socket on which the running server does what `fournil admin` asks. It lies in a folder that only the server's user
//! can enter, and only that user can open it: who can is the operator.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::fs::{Mode, OFlags};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::admin::{Answer, Request, perform};
use super::shutdown::Stopping;
use crate::api::{self, Code};
use crate::service::Context;

/// Longest request.
const LINE_BYTES: u64 = 1024 * 1024;
/// The asker is a program on this machine.
const LINE_TIME: Duration = Duration::from_secs(10);
/// The kernel takes paths of sockets up to here.
const PATH_BYTES: usize = 100;

/// # Errors
/// When the socket cannot be made.
pub fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    // One that is there was left by a server that is gone: we hold the folder's lock.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).context("an old admin socket cannot be removed");
        }
        _ => {}
    }
    let listener = with_short_path(path, |path| UnixListener::bind(path))
        .with_context(|| format!("{} cannot be made", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// # Errors
/// `NotFound` or `ConnectionRefused` when no server runs there.
pub async fn connect(path: &Path) -> io::Result<UnixStream> {
    with_short_path(path, |path| {
        let stream = std::os::unix::net::UnixStream::connect(path)?;
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream)
    })
}

/// A path that is too long for a socket's address is reached through its folder's descriptor.
fn with_short_path<T>(path: &Path, open: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return open(path) };
    if path.as_os_str().len() <= PATH_BYTES {
        return open(path);
    }
    let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    open(&PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name))
}

/// Answers until the server stops.
pub async fn serve(listener: UnixListener, cx: Context, mut stopping: Stopping) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.wait() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, cx.clone()))),
            Err(error) => {
                tracing::warn!(%error, "an admin connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One request a connection, a line each way.
async fn answer(stream: UnixStream, cx: Context) {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LINE_BYTES));
    if !matches!(tokio::time::timeout(LINE_TIME, reader.read_line(&mut line)).await, Ok(Ok(_))) {
        return;
    }
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => perform(&cx, request).await.map_or_else(|error| Answer::Refused(error.into()), Answer::Done),
        Err(error) => Answer::Refused(api::Error::new(Code::InvalidInput).with("Reason", error.to_string())),
    };
    let mut line = serde_json::to_vec(&answer).expect("answers are plain values");
    line.push(b'\n');
    // The asker may have gone; what was asked is done.
    let _ = writer.write_all(&line).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_with_a_long_name_has_a_socket_too() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("long".repeat(40));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("admin.sock");
        assert_eq!(connect(&path).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        let listener = bind(&path).unwrap();
        assert!(connect(&path).await.is_ok());
        drop(listener);
        assert_eq!(connect(&path).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(bind(&path).is_ok());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
