//! What nodes measure is kept for graphs.

use fournil::api::agent::{FromAgent, Sample, Traffic};
use fournil::api::{self, Duration, HistorySpan, NodeState};
use fournil::service::node_history::{node_history, node_history_prune};

use crate::support::world::{FakeNode, World};

async fn graph(world: &World, node: &str, span: HistorySpan) -> api::NodeHistory {
    let (pool, node) = ("p".parse().unwrap(), node.parse().unwrap());
    node_history(&world.cx, &world.caller, &world.account, &pool, &node, span).await.unwrap()
}

/// The node says a sample, and the driver has heard it: what is said behind it has come about.
async fn measures(world: &World, node: &FakeNode, cpu: f64, sent: u64) {
    let sample = Sample {
        cpu,
        memory_used_bytes: 3 << 30,
        memory_total_bytes: Some(8 << 30),
        disk_free_bytes: 6 << 30,
        disk_used_bytes: Some(4 << 30),
        traffic: Some(Traffic { network_out_bytes: sent, ..Traffic::default() }),
    };
    node.says(FromAgent::Heartbeat { sample });
    for (error, state) in [(Some(full_disk()), NodeState::Unusable), (None, NodeState::Idle)] {
        node.says(FromAgent::Health { error });
        world.until("it is heard", async || (world.node_state("p", &node.id).await == state).then_some(())).await;
    }
}

fn full_disk() -> api::NodeError {
    api::NodeError { code: "DiskFull".into(), message: "It is full.".into(), error_details: Vec::new() }
}

fn known(series: &api::HistorySeries) -> Vec<i64> {
    series.average.iter().flatten().copied().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_measures_is_shown_for_a_week_and_outlives_the_server() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    let node = world.node().await;
    let id = node.id.clone();
    assert_eq!(known(&graph(&world, &id, HistorySpan::Hour).await.cpu), Vec::<i64>::new(), "nothing is known yet");
    measures(&world, &node, 0.1, 0).await;
    world.clock.forward(Duration::from_mins(2));
    measures(&world, &node, 0.5, 12 << 20).await;
    world.clock.forward(Duration::from_mins(2));
    let complete = async || {
        let graph = graph(&world, &id, HistorySpan::Hour).await;
        (known(&graph.cpu) == [100, 500]).then_some(graph)
    };
    let shown = world.until("both are saved", complete).await;
    assert_eq!((shown.memory_bytes, shown.disk_bytes), (Some(8 << 30), Some(10 << 30)));
    assert_eq!((known(&shown.memory), known(&shown.disk)), (vec![3 << 30; 2], vec![4 << 30; 2]));
    assert_eq!((known(&shown.network_out), known(&shown.disk_read)), (vec![102 << 10], vec![0]));

    let world = world.restart().await;
    let week = graph(&world, &id, HistorySpan::Week).await;
    assert_eq!((week.cpu.average[167], week.cpu.peak[167]), (Some(300), Some(500)));
    world.clock.forward(Duration::from_days(6));
    node_history_prune(&world.cx).await.unwrap();
    assert_eq!(known(&graph(&world, &id, HistorySpan::Week).await.cpu), [300]);
    assert_eq!(known(&graph(&world, &id, HistorySpan::Day).await.cpu), Vec::<i64>::new());
    world.clock.forward(Duration::from_days(2));
    node_history_prune(&world.cx).await.unwrap();
    let mut conn = world.cx.store.read().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM node_samples").fetch_one(&mut *conn).await.unwrap();
    assert_eq!(left, 0);
}
