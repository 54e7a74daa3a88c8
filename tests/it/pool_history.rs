//! What pools did is noted for graphs.

use fournil::api::{self, Duration, HistorySpan, NodeState};
use fournil::service::pool_history::{account_history, pool_history, pool_history_prune};

use crate::support::world::World;

async fn graph(world: &World, span: HistorySpan) -> api::PoolHistory {
    pool_history(&world.cx, &world.caller, &world.account, &"p".parse().unwrap(), span).await.unwrap()
}

fn last(series: &api::HistorySeries) -> Option<i64> {
    series.average.last().copied().flatten()
}

fn nodes(graph: &api::PoolHistory, state: NodeState) -> Option<i64> {
    last(&graph.states.iter().find(|of| of.state == state)?.nodes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_of_nodes_running_tasks_and_slots_are_noted_each_minute_and_kept_for_a_week() {
    let world = World::new().await;
    world.pool("p", 1, 4).await;
    let mut node = world.node().await;
    world.until("it is idle", async || (world.node_state("p", &node.id).await == NodeState::Idle).then_some(())).await;
    world.clock.forward(Duration::from_mins(1));
    let idle = async || nodes(&graph(&world, HistorySpan::Hour).await, NodeState::Idle).filter(|n| *n == 1);
    world.until("an idle node is noted", idle).await;

    world.job("j", "p").await;
    world.tasks("j", &["a"]).await;
    let task = node.runs().await.remove(0);
    node.started(&task);
    world.until_task("j", "a", |task| task.state == api::TaskState::Running).await;
    world.clock.forward(Duration::from_mins(1));
    let busy = async || {
        let graph = graph(&world, HistorySpan::Hour).await;
        (last(&graph.running_tasks) == Some(1)).then_some(graph)
    };
    let shown = world.until("a running task is noted", busy).await;
    assert_eq!((last(&shown.running_slots), last(&shown.total_slots)), (Some(1), Some(4)));
    assert_eq!((nodes(&shown, NodeState::Running), nodes(&shown, NodeState::Idle)), (Some(1), Some(0)));

    // The account's pools together; another one has no nodes yet.
    world.pool("empty", 0, 2).await;
    let all = account_history(&world.cx, &world.caller, &world.account, HistorySpan::Hour).await.unwrap();
    assert_eq!(
        (last(&all.running_tasks), nodes(&all, NodeState::Running), last(&all.total_slots)),
        (Some(1), Some(1), Some(4))
    );

    world.clock.forward(Duration::from_days(8));
    let n_old = async || {
        pool_history_prune(&world.cx).await.unwrap();
        let mut conn = world.cx.store.read().await.unwrap();
        let week = world.cx.clock.now().micros() / 60_000_000 - 7 * 24 * 60;
        let sql = "SELECT COUNT(*) FROM pool_minutes WHERE minute < ?1";
        sqlx::query_scalar::<_, i64>(sql).bind(week).fetch_one(&mut *conn).await.unwrap()
    };
    assert_eq!(n_old().await, 0);
    world.is_sound().await;
}
