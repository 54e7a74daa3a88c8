//! Pools and nodes through REST.

use fournil::api::{AllocationState, NodeState};
use serde_json::{Value, json};

use crate::support::rest::Rest;

fn pool(id: &str) -> Value {
    json!({ "id": id, "vmSize": "Local_2", "targetDedicatedNodes": 0 })
}

async fn with_pools(ids: &[&str]) -> Rest {
    let rest = Rest::new().await;
    for id in ids {
        rest.post("/pools", pool(id)).await.is(201);
    }
    rest
}

/// Times and ETags masked.
fn masked(mut value: Value) -> Value {
    if let Value::Object(properties) = &mut value {
        for (name, value) in properties.iter_mut() {
            if name.ends_with("Time") || matches!(name.as_str(), "lastModified" | "eTag") {
                *value = json!("…");
            }
        }
    }
    value
}

#[tokio::test]
async fn a_pool_is_given_back_as_it_was_made() {
    let rest = Rest::new().await;
    let create = json!({
        "id": "p1",
        "displayName": "Été",
        "vmSize": "LOCAL_2",
        "virtualMachineConfiguration": {
            "imageReference": { "publisher": "canonical", "offer": "o", "sku": "s", "version": "latest" },
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        },
        "targetDedicatedNodes": 0,
        "taskSlotsPerNode": 2,
        "metadata": [{ "name": "a", "value": "b" }],
        "startTask": {
            "commandLine": "/bin/sh -c 'echo hi'",
            "userIdentity": { "autoUser": { "scope": "pool", "elevationLevel": "admin" } },
            "waitForSuccess": true,
        },
        "networkConfiguration": { "subnetId": "/subscriptions/x" },
    });
    let created = rest.post("/pools", create.clone()).await.is(201);
    assert!(created.bytes.is_empty());
    assert_eq!(created.header("dataserviceid"), "http://batch.example:8080/pools/p1");

    let got = rest.get("/pools/p1").await.is(200);
    assert_eq!(got.header("etag"), created.header("etag"));
    assert_eq!(got.header("last-modified"), "Fri, 15 Jan 2027 08:00:00 GMT");
    assert_eq!(format!("\"{}\"", got.json()["eTag"].as_str().unwrap()), got.header("etag"));
    let mut expected = create;
    expected["vmSize"] = json!("local_2");
    for (name, value) in [
        ("odata.metadata", json!("http://batch.example:8080/$metadata#pools/@Element")),
        ("url", json!("http://127.0.0.1:1/pools/p1")),
        ("state", json!("active")),
        ("allocationState", json!("steady")),
        ("currentDedicatedNodes", json!(0)),
        ("currentLowPriorityNodes", json!(0)),
        ("currentNodeCommunicationMode", json!("simplified")),
        ("targetLowPriorityNodes", json!(0)),
        ("resizeTimeout", json!("PT15M")),
        ("enableAutoScale", json!(false)),
        ("enableInterNodeCommunication", json!(false)),
        ("eTag", json!("…")),
        ("lastModified", json!("…")),
        ("creationTime", json!("…")),
        ("stateTransitionTime", json!("…")),
        ("allocationStateTransitionTime", json!("…")),
    ] {
        expected[name] = value;
    }
    assert_eq!(masked(got.json()), expected);
}

#[tokio::test]
async fn whether_a_pool_exists_is_asked_without_a_body() {
    let rest = with_pools(&["p1"]).await;
    let head = async |path: &str| rest.send(rest.ask("HEAD", path)).await;
    let found = head("/pools/P1").await.is(200);
    assert!(found.bytes.is_empty() && !found.header("etag").is_empty());
    let missing = head("/pools/p2").await.is(404);
    assert!(missing.bytes.is_empty());
    assert_eq!(missing.header("x-ms-error-code"), "PoolNotFound");
}

#[tokio::test]
async fn a_second_pool_of_an_id_in_any_case_is_refused() {
    let rest = with_pools(&["p1"]).await;
    rest.post("/pools", pool("P1")).await.is_error(409, "PoolExists");
}

#[tokio::test]
async fn pools_are_listed_page_by_page_filtered_and_cut_to_what_is_asked_for() {
    let rest = with_pools(&["c", "a1", "A3", "a2", "b"]).await;
    assert_eq!(rest.get("/pools").await.each("id"), ["a1", "a2", "A3", "b", "c"]);
    let filter = "$filter=startswith(id,%27A%27)%20and%20state%20eq%20%27active%27&$select=id,state";
    let first = rest.get(&format!("/pools?{filter}&maxresults=2&api-version=2025-06-01")).await.is(200);
    assert_eq!(first.json()["value"], json!([{ "id": "a1", "state": "active" }, { "id": "a2", "state": "active" }]));

    let link = first.json()["odata.nextLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with("http://batch.example:8080/pools?$skiptoken="), "{link}");
    assert!(link.contains("api-version=2025-06-01"), "{link}");
    let second = rest.get(link.strip_prefix("http://batch.example:8080").unwrap()).await.is(200);
    assert_eq!(second.json()["value"], json!([{ "id": "A3", "state": "active" }]));
    assert_eq!(second.json().get("odata.nextLink"), None);

    rest.get("/pools?$skiptoken=%25%25").await.is_error(400, "InvalidQueryParameterValue");
    assert_eq!(rest.get("/pools?maxresults=5").await.json().get("odata.nextLink"), None);
}

#[tokio::test]
async fn reads_and_changes_obey_their_condition() {
    let rest = with_pools(&["p"]).await;
    let e_tag = rest.get("/pools/p").await.header("etag").to_owned();
    let bare = e_tag.trim_matches('"').to_owned();
    let get = async |name: &str, value: &str| rest.send(rest.ask("GET", "/pools/p").header(name, value)).await;
    let unchanged = get("if-none-match", &e_tag).await.is(304);
    assert!(unchanged.bytes.is_empty());
    get("if-none-match", "0x0").await.is(200);
    get("if-match", &bare).await.is(200);
    get("if-match", "0x0").await.is_error(412, "ConditionNotMet");
    get("if-modified-since", "Fri, 15 Jan 2027 08:00:00 GMT").await.is(304);
    get("if-modified-since", "yesterday").await.is_error(400, "InvalidHeaderValue");
    let both = rest.ask("GET", "/pools/p").header("if-match", "*").header("if-none-match", "0x0");
    rest.send(both).await.is_error(400, "MultipleConditionHeadersNotSupported");

    let patch = async |name: &str, value: &str| {
        let body = json!({ "metadata": [{ "name": name, "value": value }] });
        rest.send(rest.ask("PATCH", "/pools/p").json(&body).header(name, value)).await
    };
    patch("if-match", "0x0").await.is_error(412, "ConditionNotMet");
    patch("if-none-match", "*").await.is_error(412, "ConditionNotMet");
    let changed = patch("if-match", &bare).await.is(200);
    assert_ne!(changed.header("etag"), e_tag);
    patch("if-match", &bare).await.is_error(412, "ConditionNotMet");
    let delete = |tag: &str| rest.ask("DELETE", "/pools/p").header("if-match", tag);
    rest.send(delete(&bare)).await.is_error(412, "ConditionNotMet");
    rest.send(delete(changed.header("etag"))).await.is(202);
}

#[tokio::test]
async fn patch_changes_what_is_given_and_updateproperties_the_rest_too() {
    let rest = with_pools(&["p"]).await;
    let start = json!({ "startTask": { "commandLine": "/bin/true" }, "metadata": [{ "name": "a", "value": "1" }] });
    rest.put("PATCH", "/pools/p", start).await.is(200);
    rest.put("PATCH", "/pools/p", json!({ "metadata": [] })).await.is(200);
    let got = rest.get("/pools/p").await.json();
    assert_eq!((&got["startTask"]["commandLine"], &got["metadata"]), (&json!("/bin/true"), &json!([])));

    let update = json!({ "metadata": [{ "name": "b", "value": "2" }], "applicationPackageReferences": [], "certificateReferences": [] });
    rest.post("/pools/p/updateproperties", update).await.is(204);
    let got = rest.get("/pools/p").await.json();
    assert_eq!((got.get("startTask"), &got["metadata"][0]["name"]), (None, &json!("b")));
    let nameless = rest.post("/pools", json!({ "vmSize": "local_1" })).await;
    nameless.is_error(400, "MissingRequiredProperty");
    assert!(nameless.json()["values"].to_string().contains(r#""id""#), "{nameless:?}");
    let missing = rest.post("/pools/p/updateproperties", json!({ "metadata": [] })).await;
    missing.is_error(400, "MissingRequiredProperty");
    let package = json!({ "applicationPackageReferences": [{ "applicationId": "a" }] });
    rest.put("PATCH", "/pools/p", package).await.is_error(409, "InvalidApplicationPackageReferences");
    rest.put("PATCH", "/pools/q", json!({})).await.is_error(404, "PoolNotFound");
}

#[tokio::test]
async fn a_pool_is_resized_stopped_and_deleted() {
    let rest = with_pools(&["p"]).await;
    rest.post("/pools/p/stopresize", json!({})).await.is_error(409, "OperationNotValidOnPool");
    rest.post("/pools/p/resize", json!({})).await.is_error(400, "MissingRequiredProperty");
    rest.post("/pools/p/resize", json!({ "targetDedicatedNodes": 1 })).await.is(202);
    assert_eq!(rest.get("/pools/p").await.json()["allocationState"], "resizing");
    rest.post("/pools/p/resize", json!({ "targetDedicatedNodes": 2 })).await.is_error(409, "PoolBeingResized");
    rest.send(rest.ask("POST", "/pools/p/stopresize")).await.is(202);
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    assert_eq!(rest.get("/pools/p").await.json()["resizeErrors"][0]["code"], "ResizeStopped");
    rest.delete("/pools/p").await.is(202);
    rest.world.until("the pool is gone", async || rest.world.pool_get("p").await.is_none().then_some(())).await;
    rest.delete("/pools/p").await.is_error(404, "PoolNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_listed_counted_and_removed_by_name() {
    let rest = Rest::new().await;
    rest.world.pool("p", 2, 1).await;
    let (first, second) = (rest.world.node().await, rest.world.node().await);
    rest.world.until_pool("p", |p| p.node_counts.idle == 2).await;
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    let mut ids = vec![first.id.clone(), second.id.clone()];
    ids.sort();
    assert_eq!(rest.get("/pools/p/nodes").await.is(200).each("id"), ids);
    let idle = rest.get("/pools/p/nodes?$filter=state%20eq%20%27idle%27&$select=id").await.json();
    assert_eq!(idle["value"], json!([{ "id": ids[0] }, { "id": ids[1] }]));
    let node = rest.get(&format!("/pools/p/nodes/{}", first.id)).await.is(200).json();
    assert_eq!((&node["vmSize"], &node["affinityId"]), (&json!("local_2"), &json!(format!("TVM:{}", first.id))));
    rest.get("/pools/p/nodes/x").await.is_error(404, "NodeNotFound");

    let counts = rest.get("/nodecounts?$filter=poolId%20eq%20%27P%27").await.is(200).json();
    assert_eq!((&counts["value"][0]["poolId"], &counts["value"][0]["dedicated"]["idle"]), (&json!("p"), &json!(2)));
    assert_eq!(rest.get("/nodecounts?$filter=poolId%20eq%20%27q%27").await.json()["value"], json!([]));

    let remove = |nodes: &[&str]| json!({ "nodeList": nodes });
    rest.post("/pools/p/removenodes", remove(&["x"])).await.is_error(404, "NodeNotFound");
    rest.post("/pools/p/removenodes", remove(&[])).await.is_error(400, "InvalidPropertyValue");
    // Left to itself, the scheduler would take the younger one.
    rest.post("/pools/p/removenodes", remove(&[&first.id])).await.is(202);
    let pool = rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    assert_eq!((pool.pool.settings.target_dedicated_nodes, pool.pool.current_dedicated_nodes), (Some(1), 1));
    assert_eq!(rest.world.node_state("p", &second.id).await, NodeState::Idle);
}
