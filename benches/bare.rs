//! What axum can do at most on this machine: one route that answers a JSON value, as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

/// The variable that makes this program the bare server; its value is what the route answers.
pub const BODY: &str = "FOURNIL_BENCH_BARE_BODY";

pub struct Bare {
    process: Child,
    pub address: String,
}

impl Bare {
    pub fn start(body: &str) -> anyhow::Result<Bare> {
        let mut process = Command::new(std::env::current_exe()?).env(BODY, body).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(process.stdout.take().context("stdout is piped")?).read_line(&mut address)?;
        Ok(Bare { process, address: address.trim().to_owned() })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// With as many threads as Fournil's server has.
pub fn serve(body: String) -> anyhow::Result<()> {
    let value: Value = serde_json::from_str(&body)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let router = Router::new().fallback(get(move || async move { Json(value.clone()) }));
        Ok(axum::serve(listener, router).await?)
    })
}
