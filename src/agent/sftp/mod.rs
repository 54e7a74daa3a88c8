//! `fournil sftp`: serves a remote user's files over its standard input and output. A process of its own with the session's
//! rights, so the kernel decides what it may do; that it stays below the node's root is decided in [`beneath`].

mod attributes;
mod beneath;
mod server;

use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;

use beneath::Root;
use server::Server;

/// Where the node's root is. The agent sets it.
const ROOT_VARIABLE: &str = "AZ_BATCH_NODE_ROOT_DIR";

/// The whole process.
pub fn run() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fournil sftp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> anyhow::Result<()> {
    let root = std::env::var(ROOT_VARIABLE).context("the node's root is not known")?;
    let root = Root::open(Path::new(&root)).context("opening the node's root")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (ended, end) = oneshot::channel();
        let input = Receiver::from_owned_fd(std::io::stdin().as_fd().try_clone_to_owned()?)?;
        let output = Sender::from_owned_fd(std::io::stdout().as_fd().try_clone_to_owned()?)?;
        russh_sftp::server::run(tokio::io::join(input, output), Server::new(root, ended)).await;
        // The server drops its end when the client is gone.
        let _ = end.await;
        Ok(())
    })
}
