//! Tasks through the whole system against this machine's floor, in one run: `benches/run`, or `cargo bench`.
//!
//! Every figure is printed beside what it is compared with; ratios of one run can be compared between machines, the
//! absolute figures cannot.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

mod client;
mod floor;
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::http::Method;
use client::Client;
use fournil::api::Timestamp;
use serde_json::{Value, json};
use server::Server;

fn main() -> anyhow::Result<()> {
    let n_tasks = number("FOURNIL_BENCH_TASKS", 10_000);
    let n_stored = number("FOURNIL_BENCH_STORED", 100_000);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(n_tasks, n_stored))
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

async fn run(n_tasks: usize, n_stored: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data");
    let floor_before = floor(folder.path(), "before", n_tasks)?;

    let server = Server::start(&data_dir)?;
    let client = server::client(&server, &data_dir)?;
    make_pool(&client).await?;
    let latency = latency(&client).await?;
    let rate = throughput(&client, n_tasks).await?;

    let floor_after = floor(folder.path(), "after", n_tasks)?;
    let floor = (floor_before + floor_after) / 2.0;
    println!(
        "floor: spawn, folders, two files, two at a time   {floor:8.0} tasks/s  ({floor_before:.0} before, {floor_after:.0} after)"
    );
    println!(
        "Fournil: {n_tasks} x /bin/true, 2 nodes of 1 slot     {rate:8.0} tasks/s  ratio {:.2} of the floor",
        rate / floor
    );
    println!("from the 2xx of add to the start on an idle node  {:8.1} ms median, {:.1} ms p95", latency.0, latency.1);

    store(&client, n_stored).await?;
    println!("server memory with {n_stored} tasks stored          {:8.0} MiB", server.memory_mib()?);
    server.kill()?;
    let again = Server::start(&data_dir)?;
    println!("kill -9 to ready again with them                  {:8.0} ms", again.ready_after.as_secs_f64() * 1000.0);
    let client = server::existing(&again, &data_dir)?;
    let begin = Instant::now();
    client.get("/jobs/stored/taskcounts").await?;
    println!("counts of {n_stored} tasks                           {:8.1} ms", begin.elapsed().as_secs_f64() * 1000.0);
    println!(
        "a page of 1000 of them, by failure                {:8.1} ms",
        page(&client).await?.as_secs_f64() * 1000.0
    );
    again.kill()?;
    server::end_agents(&data_dir);
    Ok(())
}

fn floor(folder: &Path, name: &str, n_tasks: usize) -> anyhow::Result<f64> {
    let place = folder.join(name);
    std::fs::create_dir(&place)?;
    floor::measure(&place, n_tasks / 2)
}

async fn make_pool(client: &Client) -> anyhow::Result<()> {
    let pool = json!({ "id": "bench", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "taskSlotsPerNode": 1 });
    client.post("/pools", pool).await?;
    loop {
        let nodes = client.get("/pools/bench/nodes").await?;
        let idle = nodes["value"].as_array().into_iter().flatten().filter(|node| node["state"] == "idle").count();
        if idle == 2 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Milliseconds from an answered add to the start, median and 95th percentile.
async fn latency(client: &Client) -> anyhow::Result<(f64, f64)> {
    client.post("/jobs", json!({ "id": "latency", "poolInfo": { "poolId": "bench" } })).await?;
    let mut millis = Vec::new();
    for n in 0..100 {
        // So long that tasks are not sent ahead.
        client.post("/jobs/latency/tasks", json!({ "id": format!("t{n}"), "commandLine": "/bin/sleep 0.02" })).await?;
        let added = now();
        let task = until_completed(client, &format!("/jobs/latency/tasks/t{n}")).await?;
        let started: Timestamp = task["executionInfo"]["startTime"].as_str().context("a start time")?.parse()?;
        millis.push((started.since(added).micros() as f64 / 1000.0).max(0.0));
    }
    millis.sort_by(f64::total_cmp);
    Ok((millis[millis.len() / 2], millis[millis.len() * 95 / 100]))
}

fn now() -> Timestamp {
    fournil::service::context::Clock::now(&fournil::server::clock::SystemClock)
}

async fn until_completed(client: &Client, path: &str) -> anyhow::Result<Value> {
    loop {
        let task = client.get(path).await?;
        if task["state"] == "completed" {
            return Ok(task);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Tasks per second, from the first add to the last end, everything durable.
async fn throughput(client: &Client, n_tasks: usize) -> anyhow::Result<f64> {
    client.post("/jobs", json!({ "id": "many", "poolInfo": { "poolId": "bench" } })).await?;
    let begin = Instant::now();
    add(client, "many", n_tasks).await?;
    loop {
        let counts = client.get("/jobs/many/taskcounts").await?;
        let completed = counts["taskCounts"]["completed"].as_u64().unwrap_or_default();
        if completed == n_tasks as u64 {
            let failed = counts["taskCounts"]["failed"].as_u64();
            anyhow::ensure!(failed == Some(0), "{failed:?} tasks failed");
            return Ok(n_tasks as f64 / begin.elapsed().as_secs_f64());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
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

/// Tasks that wait for a pool that does not exist.
async fn store(client: &Client, n_tasks: usize) -> anyhow::Result<()> {
    client.post("/jobs", json!({ "id": "stored", "poolInfo": { "poolId": "nowhere" } })).await?;
    let begin = Instant::now();
    add(client, "stored", n_tasks).await?;
    println!(
        "adding {n_tasks} tasks, 100 a call                   {:8.0} tasks/s",
        n_tasks as f64 / begin.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn page(client: &Client) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let filter = "%24filter=executionInfo%2Fresult%20eq%20%27failure%27";
    client.call(Method::GET, "/jobs/stored/tasks", filter, None).await?;
    Ok(begin.elapsed())
}
