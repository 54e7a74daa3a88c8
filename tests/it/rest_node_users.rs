//! Users of nodes through REST, with nodes that the test plays.

use fournil::api::agent::{FromAgent, RemoteReport, RemoteUser, ToAgent};
use fournil::api::{self, AllocationState, NodeState};
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::FakeNode;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi me@home";

async fn with_node(pool: Value) -> (Rest, FakeNode, String) {
    let rest = Rest::new().await;
    rest.post("/pools", pool).await.is(201);
    let node = rest.world.node().await;
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    let idle = async || (rest.world.node_state("p", &node.id).await == NodeState::Idle).then_some(());
    rest.world.until("idle", idle).await;
    let path = format!("/pools/p/nodes/{}", node.id);
    (rest, node, path)
}

fn pool() -> Value {
    json!({ "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1 })
}

async fn hears_users(node: &mut FakeNode) -> Vec<RemoteUser> {
    loop {
        if let ToAgent::Users { users } = node.hears().await {
            return users;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_hears_of_users_at_once_and_gets_hashes_only() {
    let (rest, mut node, path) = with_node(pool()).await;
    let user = json!({ "name": "anna", "password": "correct horse battery", "sshPublicKey": KEY });
    let made = rest.post(&format!("{path}/users"), user.clone()).await.is(201);
    assert!(made.header("dataserviceid").ends_with(&format!("{}/users/anna", node.id)));
    let users = hears_users(&mut node).await;
    let now = rest.world.cx.clock.now();
    assert_eq!((users[0].name.as_str(), users[0].is_admin), ("anna", false));
    assert_eq!(users[0].expires, now.plus(api::Duration::from_days(1)));
    assert_eq!(users[0].ssh_public_key.as_deref(), Some(KEY));
    assert!(users[0].password_hash.as_ref().unwrap().0.starts_with("$argon2id$"));
    rest.post(&format!("{path}/users"), user).await.is_error(409, "NodeUserExists");

    // A replacement takes away what it does not name.
    let until = now.plus(api::Duration::from_mins(5));
    let replace = json!({ "password": "another horse battery", "expiryTime": until });
    rest.put("PUT", &format!("{path}/users/anna"), replace).await.is(200);
    let users = hears_users(&mut node).await;
    assert_eq!((users[0].expires, users[0].ssh_public_key.as_ref()), (until, None));
    rest.put("PUT", &format!("{path}/users/berta"), json!({})).await.is_error(404, "NodeUserNotFound");

    rest.delete(&format!("{path}/users/anna")).await.is(200);
    assert!(hears_users(&mut node).await.is_empty());
    rest.delete(&format!("{path}/users/anna")).await.is_error(404, "NodeUserNotFound");
    rest.delete("/pools/p/nodes/other/users/anna").await.is_error(404, "NodeNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_user_is_named() {
    let (rest, _node, path) = with_node(pool()).await;
    let check = async |user: Value, code: &str, property: &str| {
        let refused = rest.post(&format!("{path}/users"), user).await.is_error(400, code);
        assert_eq!(refused.value("PropertyName"), property);
    };
    check(json!({ "sshPublicKey": KEY }), "MissingRequiredProperty", "name").await;
    check(json!({ "name": "-oProxyCommand=x", "sshPublicKey": KEY }), "InvalidPropertyValue", "name").await;
    check(json!({ "name": "anna" }), "MissingRequiredProperty", "sshPublicKey").await;
    check(json!({ "name": "anna", "sshPublicKey": "ssh-ed25519 AAAA" }), "InvalidPropertyValue", "sshPublicKey").await;
    check(json!({ "name": "anna", "password": "short" }), "InvalidPropertyValue", "password").await;
    let past = rest.world.cx.clock.now();
    check(json!({ "name": "a", "sshPublicKey": KEY, "expiryTime": past }), "InvalidPropertyValue", "expiryTime").await;
    check(json!({ "name": "a", "sshPublicKey": KEY, "shell": "x" }), "UnsupportedProperty", "shell").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_does_not_run_takes_no_users_but_lets_them_go() {
    let (rest, _node, path) = with_node(pool()).await;
    let user = |name: &str| json!({ "name": name, "sshPublicKey": KEY });
    rest.post(&format!("{path}/users"), user("anna")).await.is(201);
    rest.post(&format!("{path}/disablescheduling"), json!({})).await.is(200);
    rest.post(&format!("{path}/users"), user("berta")).await.is_error(409, "NodeNotReady");
    rest.delete(&format!("{path}/users/anna")).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_comes_back_is_told_its_users() {
    let (rest, mut node, path) = with_node(pool()).await;
    rest.post(&format!("{path}/users"), json!({ "name": "anna", "sshPublicKey": KEY })).await.is(201);
    hears_users(&mut node).await;
    let (key, id) = node.disconnects();
    let hello = rest.world.hello(&id, "boot-2");
    let welcome = rest.world.welcomed(key, hello).await;
    assert_eq!(welcome.users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["anna"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_way_in_is_an_error_of_the_node_and_keeps_no_task_away() {
    let (rest, node, path) = with_node(pool()).await;
    let error = api::NodeError { code: "RemoteAccessFailed".into(), message: "no".into(), error_details: vec![] };
    node.says(FromAgent::Remote(RemoteReport { error: Some(error), ..RemoteReport::default() }));
    let has_errors = async |expected: bool| {
        let is_so = async || {
            let node = rest.get(&path).await.json();
            (node["errors"].is_array() == expected && node["state"] == "idle").then_some(())
        };
        rest.world.until("errors", is_so).await;
    };
    has_errors(true).await;
    node.says(FromAgent::Health { error: None });
    has_errors(true).await;
    node.says(FromAgent::Remote(RemoteReport { port: Some(1), host_key: Some("ssh-ed25519 A".into()), error: None }));
    has_errors(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ssh_is_mapped_as_the_version_says() {
    let (rest, _node, path) = with_node(pool()).await;
    let login = rest.get(&format!("{path}/remoteloginsettings")).await.is(200).json();
    let endpoint = rest.get(&path).await.json()["endpointConfiguration"]["inboundEndpoints"][0].clone();
    assert_eq!(login["remoteLoginPort"], endpoint["frontendPort"]);
    assert!((27_000..=32_000).contains(&endpoint["frontendPort"].as_i64().unwrap()));
    let expected = json!({ "name": "SSHRule.0", "protocol": "tcp", "publicIPAddress": "127.0.0.1", "publicFQDN": "127.0.0.1",
        "frontendPort": endpoint["frontendPort"], "backendPort": 22 });
    assert_eq!(endpoint, expected);
    rest.get(&format!("{path}/rdp")).await.is_error(409, "OperationNotValidOnNode");

    let newer = "/pools?api-version=2024-07-01.20.0";
    rest.post(newer, json!({ "id": "p2", "vmSize": "local_1", "targetDedicatedNodes": 1 })).await.is(201);
    let node = async || {
        let page = rest.get("/pools/p2/nodes").await.json();
        page["value"].as_array().and_then(|nodes| nodes.first().cloned())
    };
    let node = rest.world.until("a node", node).await;
    assert!(node["endpointConfiguration"].is_null());
    let path = format!("/pools/p2/nodes/{}", node["id"].as_str().unwrap());
    rest.get(&format!("{path}/remoteloginsettings")).await.is_error(409, "OperationNotValidOnNode");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nat_pool_for_ssh_is_of_the_newer_versions() {
    let rest = Rest::new().await;
    let nat = |port: i32| {
        json!({ "name": "web", "protocol": "tcp", "backendPort": port, "frontendPortRangeStart": 20_000,
        "frontendPortRangeEnd": 20_040 })
    };
    let with = |nat: Value| {
        let mut pool = pool();
        pool["networkConfiguration"] = json!({ "endpointConfiguration": { "inboundNATPools": [nat] } });
        pool
    };
    let refused = rest.post("/pools", with(nat(22))).await.is_error(400, "InvalidPropertyValue");
    assert!(refused.value("PropertyName").ends_with("inboundNATPools[0].backendPort"));
    rest.post("/pools?api-version=2025-06-01", with(nat(22))).await.is(201);
    let node = rest.world.node().await;
    let path = format!("/pools/p/nodes/{}", node.id);
    let login = rest.get(&format!("{path}/remoteloginsettings")).await.is(200).json();
    assert!((20_000..=20_040).contains(&login["remoteLoginPort"].as_i64().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_of_logs_say_what_is_where() {
    let (rest, node, path) = with_node(pool()).await;
    let upload = |url: &str, end: Option<&str>| {
        let start = "2027-01-02T00:00:00Z";
        json!({ "containerUrl": url, "startTime": start, "endTime": end })
    };
    let path = format!("{path}/uploadbatchservicelogs");
    let done = rest.post(&path, upload("https://h/c?sig=secret", None)).await.is(200).json();
    assert_eq!(done["numberOfFilesUploaded"], 1);
    assert!(done["virtualDirectoryName"].as_str().unwrap().starts_with(&format!("p/{}/", node.id)));
    let refused = rest.post(&path, upload("file:///etc", None)).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "containerUrl");
    let before = upload("https://h/c", Some("2027-01-01T00:00:00Z"));
    assert_eq!(rest.post(&path, before).await.is_error(400, "InvalidPropertyValue").value("PropertyName"), "endTime");
}
