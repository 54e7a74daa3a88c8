//! REST reads against a bare axum route that answers the same JSON, in one run; adding tasks while tasks run; pages of a job
//! with many tasks. `benches/run`, or `cargo bench --bench rest`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

mod bare;
mod client;
mod server;
mod wire;

use std::time::{Duration, Instant};

use axum::http::Method;
use client::Client;
use serde_json::{Value, json};
use server::Server;
use wire::reads_per_second;

const SECONDS: u64 = 5;

fn main() -> anyhow::Result<()> {
    if let Some(body) = std::env::var_os(bare::BODY) {
        return bare::serve(body.to_string_lossy().into_owned());
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data");
    let server = Server::start(&data_dir)?;
    let client = server::client(&server, &data_dir)?;
    client.post("/jobs", json!({ "id": "read", "poolInfo": { "poolId": "nowhere" } })).await?;
    client.post("/jobs/read/tasks", json!({ "id": "t", "commandLine": "/bin/true" })).await?;

    let bare = bare::Bare::start(&client.get("/jobs/read/tasks/t").await?.to_string())?;
    let request = client.request_bytes(Method::GET, "/jobs/read/tasks/t")?;
    // In turns, because a machine is not always equally fast.
    let (mut ours, mut floor) = (0.0, 0.0);
    for _ in 0..2 {
        floor += reads_per_second(&bare.address, &request, Duration::from_secs(SECONDS)).await? / 2.0;
        ours += reads_per_second(server.address(), &request, Duration::from_secs(SECONDS)).await? / 2.0;
    }
    drop(bare);
    println!("a bare axum route with the same JSON              {floor:8.0} reads/s");
    println!(
        "Fournil: GET of a task, signed                    {ours:8.0} reads/s  ratio {:.2} of the route",
        ours / floor
    );

    println!("adding 100 tasks in a call while tasks run        {:8.1} ms p95", add_while_running(&client).await?);
    pages(&client, number("FOURNIL_BENCH_LISTED", 1_000_000)).await?;
    server.kill()?;
    server::end_agents(&data_dir);
    Ok(())
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn tasks(first: usize, n: usize, command: &str) -> Value {
    let task = |n| json!({ "id": format!("task-{n:07}"), "commandLine": command });
    json!({ "value": (first..first + n).map(task).collect::<Vec<_>>() })
}

/// Milliseconds, 95th percentile of 200 calls; two nodes run short tasks all the while.
async fn add_while_running(client: &Client) -> anyhow::Result<f64> {
    let pool = json!({ "id": "busy", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "taskSlotsPerNode": 1 });
    client.post("/pools", pool).await?;
    for job in ["busy", "added"] {
        client
            .post(
                "/jobs",
                json!({ "id": job, "poolInfo": { "poolId": if job == "busy" { "busy" } else { "nowhere" } } }),
            )
            .await?;
    }
    for first in (0..20_000).step_by(100) {
        client.post("/jobs/busy/addtaskcollection", tasks(first, 100, "/bin/sleep 0.01")).await?;
    }
    let mut millis = Vec::new();
    for first in (0..20_000).step_by(100) {
        let body = tasks(first, 100, "/bin/true");
        let begin = Instant::now();
        client.post("/jobs/added/addtaskcollection", body).await?;
        millis.push(begin.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let running = client.get("/jobs/busy/taskcounts").await?["taskCounts"]["active"].as_u64();
    anyhow::ensure!(running > Some(0), "the tasks had ended before the measurement did");
    client.call(Method::DELETE, "/jobs/busy", "", None).await?;
    Ok(percentile(&mut millis, 95))
}

/// The 95th percentile of each kind of page of a job with so many tasks.
async fn pages(client: &Client, n_tasks: usize) -> anyhow::Result<()> {
    client.post("/jobs", json!({ "id": "listed", "poolInfo": { "poolId": "nowhere" } })).await?;
    for first in (0..n_tasks).step_by(100) {
        client.post("/jobs/listed/addtaskcollection", tasks(first, 100, "/bin/true")).await?;
    }
    let middle = n_tasks / 2;
    for (what, query) in [
        ("the first 100", "maxresults=100".to_owned()),
        ("100 by state", "maxresults=100&%24filter=state%20eq%20%27active%27".to_owned()),
        ("100 by failure (none)", "maxresults=100&%24filter=executionInfo%2Fresult%20eq%20%27failure%27".to_owned()),
        (
            "by the beginning of the id",
            format!("maxresults=100&%24filter=startswith%28id%2C%27task-{:05}%27%29", middle / 100),
        ),
    ] {
        let mut millis = Vec::new();
        for _ in 0..40 {
            let begin = Instant::now();
            client.call(Method::GET, "/jobs/listed/tasks", &query, None).await?;
            millis.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        println!("a page of {n_tasks} tasks: {what:<27}{:8.1} ms p95", percentile(&mut millis, 95));
    }
    Ok(())
}

fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * percent / 100]
}
