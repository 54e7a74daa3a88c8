//! Many nodes and large jobs on one server: agents without processes, which speak the real protocol over real connections.
//!
//! The server is a process of its own (this program again), so its memory is its own; its provider starts nothing, and this
//! process plays all agents. Sizes: FOURNIL_BENCH_NODES, FOURNIL_BENCH_MOST (tasks of the largest job).
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

mod client;
mod played;
mod server;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::http::Method;
use client::Client;
use fournil::scheduler::provider::{NodeSpec, Provider};
use fournil::server::clock::SystemClock;
use fournil::server::config::{Config, DataDirArg, ServeArgs};
use fournil::server::ids::SystemRandom;
use fournil::server::{Options, Portal};
use serde_json::{Value, json};
use server::Server;

/// Seconds that a task of the fleet takes.
const FLEET_TASK_MILLIS: u64 = 2_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--data-dir") {
        let data_dir = arguments.get(place + 1).context("a folder follows")?;
        return tokio::runtime::Runtime::new()?.block_on(serve(data_dir.into()));
    }
    let n_nodes = number("FOURNIL_BENCH_NODES", 1_000);
    let most = number("FOURNIL_BENCH_MOST", 100_000);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(n_nodes, most))
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Starts no agents.
struct NoAgents;

impl Provider for NoAgents {
    fn ensure(&self, _: &NodeSpec) -> io::Result<()> {
        Ok(())
    }

    fn kill(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

async fn serve(data_dir: PathBuf) -> anyhow::Result<()> {
    let data_dir = DataDirArg { data_dir: Some(data_dir) };
    let args = ServeArgs { data_dir, listen: Some("127.0.0.1:0".into()), ..ServeArgs::default() };
    let options = Options {
        config: Config::load(args)?,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        portal: Portal::of([("index.html".to_owned(), "x".into())]),
        provider: Some(Arc::new(NoAgents)),
        agent_program: None,
    };
    let server = fournil::server::Server::start(options).await?;
    println!("Fournil is ready at {}", server.url);
    std::future::pending().await
}

async fn run(n_nodes: usize, most: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data");
    let program = std::env::current_exe()?;
    let server = Server::start_program(&program, &data_dir)?;
    let client = server::client(&server, &data_dir)?;
    server::allow_cores(&data_dir, n_nodes + 8)?;

    large_jobs(&server, &client, &data_dir, most).await?;
    println!("server memory after them                          {:8.0} MiB", server.memory_mib()?);
    let begin = Instant::now();
    client.call(Method::GET, &format!("/jobs/job-{most}/tasks"), "maxresults=1000", None).await?;
    println!("a page of 1000 of {most} tasks                     {:8.1} ms", millis(begin));
    server.kill()?;
    let server = Server::start_program(&program, &data_dir)?;
    println!("kill -9 to ready again with all of them           {:8.0} ms", server.ready_after.as_secs_f64() * 1000.0);
    let client = server::existing(&server, &data_dir)?;

    fleet(&server, &client, &data_dir, n_nodes).await?;
    println!("server memory with them                           {:8.0} MiB", server.memory_mib()?);
    server.kill()
}

/// Cost of a task in jobs of growing size: adding it, and planning and running it without a process.
async fn large_jobs(server: &Server, client: &Client, data_dir: &Path, most: usize) -> anyhow::Result<()> {
    let agents = make_pool(server, client, data_dir, "jobs", 8, 4, 0).await?;
    let sizes: Vec<usize> = [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= most).collect();
    let mut first = None;
    for n_tasks in sizes {
        let job = format!("job-{n_tasks}");
        let create = json!({ "id": job, "poolInfo": { "poolId": "jobs" } });
        client.post("/jobs", create).await?;
        client.post(&format!("/jobs/{job}/disable"), json!({ "disableTasks": "requeue" })).await?;
        let begin = Instant::now();
        add(client, &job, n_tasks).await?;
        let adding = per_task(begin, n_tasks);
        let begin = Instant::now();
        client.call(Method::POST, &format!("/jobs/{job}/enable"), "", None).await?;
        until_done(client, &job, n_tasks).await?;
        let running = per_task(begin, n_tasks);
        let (one, other) = *first.get_or_insert((adding, running));
        println!(
            "{n_tasks:7} tasks: {adding:6.1} µs to add one, {running:6.1} µs to run it   {:.2} and {:.2} of the smallest job's",
            adding / one,
            running / other
        );
    }
    drop(agents);
    Ok(())
}

/// Tasks that take a while on many nodes: the nodes are kept busy, or the server falls behind.
async fn fleet(server: &Server, client: &Client, data_dir: &Path, n_nodes: usize) -> anyhow::Result<()> {
    let begin = Instant::now();
    let agents = make_pool(server, client, data_dir, "fleet", n_nodes, 1, FLEET_TASK_MILLIS).await?;
    println!("{n_nodes} nodes made, connected and idle               {:8.1} s", begin.elapsed().as_secs_f64());
    let n_tasks = n_nodes * 10;
    client.post("/jobs", json!({ "id": "fleet", "poolInfo": { "poolId": "fleet" } })).await?;
    let (begin, before) = (Instant::now(), server.cpu_secs()?);
    add(client, "fleet", n_tasks).await?;
    until_done(client, "fleet", n_tasks).await?;
    let took = begin.elapsed().as_secs_f64();
    let ideal = (n_tasks.div_ceil(n_nodes) as u64 * FLEET_TASK_MILLIS) as f64 / 1000.0;
    println!(
        "{n_tasks} tasks of {FLEET_TASK_MILLIS} ms on {n_nodes} nodes            {took:8.1} s, {:.2} of the ideal; the server's processor {:.1} s",
        took / ideal,
        server.cpu_secs()? - before
    );
    drop(agents);
    Ok(())
}

async fn make_pool(
    server: &Server,
    client: &Client,
    data_dir: &Path,
    id: &str,
    n_nodes: usize,
    slots: usize,
    millis: u64,
) -> anyhow::Result<played::Agents> {
    let pool = json!({
        "id": id, "vmSize": "standard_a1_v2", "targetDedicatedNodes": n_nodes,
        "taskSlotsPerNode": slots,
    });
    client.post("/pools", pool).await?;
    let agents =
        played::Agents::connect(server.address(), data_dir, id, n_nodes, Duration::from_millis(millis)).await?;
    loop {
        let counts = client.get("/nodecounts").await?;
        let of_pool = counts["value"].as_array().into_iter().flatten().find(|pool| pool["poolId"] == id);
        let idle = of_pool.map_or(0, |pool| {
            ["dedicated", "lowPriority"].iter().filter_map(|kind| pool[kind]["idle"].as_u64()).sum::<u64>()
        });
        if idle == n_nodes as u64 {
            return Ok(agents);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn add(client: &Client, job: &str, n_tasks: usize) -> anyhow::Result<()> {
    for first in (0..n_tasks).step_by(100) {
        let tasks: Vec<Value> = (first..(first + 100).min(n_tasks))
            .map(|n| json!({ "id": format!("task-{n:07}"), "commandLine": "/bin/true" }))
            .collect();
        client.post(&format!("/jobs/{job}/addtaskcollection"), json!({ "value": tasks })).await?;
    }
    Ok(())
}

async fn until_done(client: &Client, job: &str, n_tasks: usize) -> anyhow::Result<()> {
    loop {
        let counts = client.get(&format!("/jobs/{job}/taskcounts")).await?;
        if counts["taskCounts"]["completed"].as_u64() == Some(n_tasks as u64) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn per_task(begin: Instant, n_tasks: usize) -> f64 {
    begin.elapsed().as_secs_f64() * 1e6 / n_tasks as f64
}

fn millis(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}
