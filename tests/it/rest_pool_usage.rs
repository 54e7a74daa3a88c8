//! What pools have used, through REST, on a clock that the test moves.

use fournil::api::{AllocationState, Duration};
use serde_json::{Value, json};

use crate::support::rest::Rest;

/// The test's clock begins at 08:00; nodes of this size have two cores.
async fn with_two_nodes() -> Rest {
    let rest = Rest::new().await;
    rest.world.pool("p", 2, 1).await;
    let _nodes = (rest.world.node().await, rest.world.node().await);
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    rest
}

async fn metrics(rest: &Rest, query: &str) -> Vec<(String, String, f64)> {
    let body = rest.get(&format!("/poolusagemetrics?{query}")).await.is(200).json();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = body["value"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| {
            assert_eq!(text(entry, "vmSize"), "local_2");
            (text(entry, "poolId"), text(entry, "startTime"), entry["totalCoreHours"].as_f64().unwrap())
        })
        .collect()
}

fn hours(pool: &str, time: &str, hours: f64) -> (String, String, f64) {
    (pool.to_owned(), format!("2027-01-15T{time}:00Z"), hours)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_hours_are_counted_by_the_half_hour() {
    let rest = with_two_nodes().await;
    assert_eq!(metrics(&rest, "").await, [], "no interval is over");
    rest.world.clock.forward(Duration::from_mins(75));
    assert_eq!(metrics(&rest, "").await, [hours("p", "08:30", 2.0)], "the last one that is over");
    let all = [hours("p", "08:00", 2.0), hours("p", "08:30", 2.0)];
    assert_eq!(metrics(&rest, "starttime=2027-01-15T00:00:00Z").await, all);

    // One node goes at 09:15: what both used so far is counted then.
    let resize = json!({ "targetDedicatedNodes": 1 });
    rest.post("/pools/p/resize", resize).await.is(202);
    rest.world.until_pool("p", |p| p.pool.current_dedicated_nodes == 1).await;
    rest.world.clock.forward(Duration::from_mins(45));
    let from_nine = "startTime=2027-01-15T09:00:00Z";
    // 15 minutes of four cores and 15 of two; then 30 of two.
    assert_eq!(metrics(&rest, from_nine).await, [hours("p", "09:00", 1.5), hours("p", "09:30", 1.0)]);
    let until_nine = "starttime=2027-01-15T08:00:00Z&endtime=2027-01-15T09:00:00Z";
    assert_eq!(metrics(&rest, until_nine).await, all);
    let stats = rest.get("/pools/p?$expand=stats").await.is(200).json()["stats"].take();
    assert_eq!(stats["usageStats"]["dedicatedCoreTime"], "PT6H30M");
    assert_eq!(stats["startTime"], "2027-01-15T08:00:00Z");
    assert_eq!(rest.get("/pools/p").await.json().get("stats"), None);
    assert_eq!(rest.get("/pools?$expand=stats").await.json()["value"][0]["stats"], stats);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_pool_leaves_its_metrics_behind_and_lists_go_on_by_page() {
    let rest = with_two_nodes().await;
    rest.world.pool("q", 0, 1).await;
    rest.world.clock.forward(Duration::from_mins(90));
    rest.delete("/pools/p").await.is(202);
    rest.world.until("the pool is gone", async || rest.world.pool_get("p").await.is_none().then_some(())).await;
    let start = "starttime=2027-01-15T08:00:00Z";
    let all: Vec<_> = ["08:00", "08:30", "09:00"].map(|time| hours("p", time, 2.0)).into();
    assert_eq!(metrics(&rest, start).await, all);
    assert_eq!(metrics(&rest, &format!("{start}&$filter=startswith(poolId,%27P%27)")).await, all);
    assert_eq!(metrics(&rest, &format!("{start}&$filter=poolId%20ne%20%27p%27")).await, []);

    let first = rest.get(&format!("/poolusagemetrics?{start}&maxresults=2")).await.is(200);
    assert_eq!(first.each("startTime"), ["2027-01-15T08:00:00Z", "2027-01-15T08:30:00Z"]);
    let link = first.json()["odata.nextLink"].as_str().unwrap().to_owned();
    let second = rest.get(link.strip_prefix("http://batch.example:8080").unwrap()).await.is(200);
    assert_eq!(second.each("startTime"), ["2027-01-15T09:00:00Z"]);
    assert_eq!(second.json().get("odata.nextLink"), None);

    rest.get("/poolusagemetrics?starttime=yesterday").await.is_error(400, "InvalidQueryParameterValue");
    let turned = "/poolusagemetrics?starttime=2027-01-15T09:00:00Z&endtime=2027-01-15T08:00:00Z";
    rest.get(turned).await.is_error(400, "InvalidQueryParameterValue");
}
