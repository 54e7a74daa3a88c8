//! Agents that an account's network rules do not let in: the real server with real agents, an agent alone, and the scheduler with
//! nodes that the test plays.

use std::time::Duration;

use fournil::api::{self, NodeState, TaskState};
use fournil::service::account;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::agent_support;
use crate::support::real_server::{RealServer, sh, until};
use crate::support::world::World;

const REFUSED: &str = "NodeManagementAccessDenied";

/// Rules that let nodes in from these addresses only.
fn only(rules: &[&str]) -> Value {
    let rules: Vec<Value> = rules.iter().map(|rule| json!({ "action": "Allow", "value": rule })).collect();
    json!({ "networkProfile": { "nodeManagementAccess": { "defaultAction": "Deny", "ipRules": rules } } })
}

async fn pool_of_one(server: &RealServer) {
    let pool = json!({ "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1 });
    server.batch.post("/pools", pool).await.is(201);
    server.batch.job("j", "p").await;
}

async fn until_node(server: &RealServer, fits: impl Fn(&Value) -> bool) -> Value {
    let is_one = |page: &Value| page["value"].as_array().is_some_and(|nodes| nodes.len() == 1 && fits(&nodes[0]));
    server.batch.until("/pools/p/nodes", is_one).await["value"][0].clone()
}

fn is_refused(node: &Value) -> bool {
    node["state"] == "unusable" && node["errors"][0]["code"] == REFUSED
}

fn agent_log(server: &RealServer, node: &str) -> String {
    std::fs::read_to_string(server.node_dir(node).join("agent.log")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_let_in_says_why_and_comes_back_by_itself() {
    let server = RealServer::start().await;
    let owner = server.owner_token().await;
    server.patch_account(&owner, only(&["192.0.2.0/24"])).await;
    pool_of_one(&server).await;
    server.batch.task("j", "t", &sh("echo ran")).await;

    let node = until_node(&server, is_refused).await;
    let error = &node["errors"][0];
    assert!(error["message"].as_str().unwrap().contains("nodeManagementAccess"), "{error}");
    assert_eq!(error["errorDetails"], json!([{ "name": "Address", "value": "127.0.0.1" }]));
    let id = node["id"].as_str().unwrap();
    let agent = server.agent(id).expect("its agent lives");
    let told = || agent_log(&server, id).matches("do not let the node's agent in from 127.0.0.1").count();
    until("the agent's log says why", || told() == 1).await;
    assert_eq!(server.batch.task_is("j", "t", "active").await["executionInfo"]["requeueCount"], 0);

    server.patch_account(&owner, only(&["192.0.2.0/24", "127.0.0.1"])).await;
    server.batch.task_is("j", "t", "completed").await;
    let node = until_node(&server, |node| node["state"] == "idle").await;
    assert_eq!((&node["errors"], node["totalTasksSucceeded"].as_i64()), (&Value::Null, Some(1)));
    assert_eq!((server.agent(id), told()), (Some(agent), 1), "the same agent, which said it once");
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_change_end_a_connection_and_its_task_runs_on() {
    let mut server = RealServer::start().await;
    let owner = server.owner_token().await;
    pool_of_one(&server).await;
    let wait =
        "echo ran >> $AZ_BATCH_NODE_SHARED_DIR/ran; while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/end ]; do sleep 0.1; done";
    server.batch.task("j", "t", &sh(wait)).await;
    until("the task runs", || server.shared_lines("ran").len() == 1).await;
    server.batch.task_is("j", "t", "running").await;
    let id = server.nodes().remove(0);
    let agent = server.agent(&id);

    server.patch_account(&owner, only(&[])).await;
    let cut = Instant::now();
    until_node(&server, is_refused).await;
    // It takes the time of a request; half of the lease leaves a busy machine room.
    assert!(cut.elapsed() < Duration::from_secs(15), "{:?}", cut.elapsed());
    server.batch.task_is("j", "t", "running").await;
    // It is as true for a server that starts anew.
    server.kill9();
    server.restart();
    until_node(&server, is_refused).await;

    // What it ran has gone on, and ends where it began.
    server
        .patch_account(&owner, json!({ "networkProfile": { "nodeManagementAccess": { "defaultAction": "Allow" } } }))
        .await;
    until_node(&server, |node| node["state"] == "running" && node["errors"].is_null()).await;
    std::fs::write(server.node_dir(&id).join("root/shared/end"), "").unwrap();
    let ended = server.batch.task_is("j", "t", "completed").await;
    assert_eq!((&ended["executionInfo"]["exitCode"], &ended["executionInfo"]["requeueCount"]), (&json!(0), &json!(0)));
    assert_eq!((server.shared_lines("ran").len(), server.agent(&id)), (1, agent));
    server.is_sound();
}

#[tokio::test]
async fn an_agent_that_is_not_let_in_comes_ever_less_often_and_says_why_once() {
    let mut world = agent_support::World::without_agent().await;
    world.start_agent();
    world.refuse("not from 10.1.1.1").await;
    let first = Instant::now();
    for _ in 0..5 {
        world.refuse("not from 10.1.1.1").await;
    }
    // Five pauses that double from 50 ms on, of which chance takes a half at most.
    assert!(first.elapsed() >= Duration::from_millis(775), "{:?}", first.elapsed());
    world.refuse("not from 10.2.2.2").await;
    world.accept(agent_support::welcome()).await;
    let log = world.log();
    assert_eq!((log.matches("not from 10.1.1.1").count(), log.matches("not from 10.2.2.2").count()), (1, 1), "{log}");
}

async fn set_rules(world: &World, rules: Value) {
    let profile = serde_json::from_value(rules["networkProfile"].clone()).unwrap();
    let patch = api::AccountPatch { network_profile: Some(profile), ..Default::default() };
    account::account_patch(&world.cx, &world.caller, &world.account, patch).await.unwrap();
}

async fn until_state(world: &World, id: &str, state: NodeState) {
    world.until("a node's state", async || (world.node_state("p", id).await == state).then_some(())).await;
}

#[tokio::test]
async fn what_a_node_runs_that_is_shut_out_for_long_runs_elsewhere() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    let mut node = world.node().await;
    world.job("j", "p").await;
    world.tasks("j", &["t"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    world.until_task("j", "t", |task| task.state == TaskState::Running).await;

    set_rules(&world, only(&["192.0.2.0/24"])).await;
    node.is_cut_off().await;
    until_state(&world, &node.id, NodeState::Unusable).await;
    // What it says on the old connection is not heard.
    node.ended(&run[0], 0);
    // Its lease ends: the provider ends what it ran, before it begins elsewhere.
    let back = world.until_task("j", "t", |task| task.state == TaskState::Active).await;
    assert_eq!(back.execution_info.requeue_count, 0, "nobody asked for it");
    assert_eq!(*world.provider.killed.lock().unwrap(), [node.id.clone()]);
    assert_eq!(
        world.node_state("p", &node.id).await,
        NodeState::Unusable,
        "for the reason that is known, and not unknown"
    );
    world.is_sound().await;

    // A connection that was on its way while the rules changed is ended as well.
    let (key, id) = (node.key, node.id.clone());
    world.is_cut_off(key, world.hello(&id, "boot-2")).await;

    set_rules(&world, only(&["127.0.0.0/8"])).await;
    // It is not here, and nothing keeps it away any more.
    until_state(&world, &id, NodeState::Unknown).await;
    let mut node = world.connect(key, id, "boot-2", vec![], vec![]).await;
    let again = node.runs().await;
    assert_ne!(again[0].a, run[0].a);
    node.started(&again[0]);
    node.ended(&again[0], 0);
    world.until_task("j", "t", |task| task.state == TaskState::Completed).await;
    world.is_sound().await;
}

#[tokio::test]
async fn a_stranger_with_the_token_of_a_node_that_is_here_changes_nothing() {
    let world = World::new().await;
    world.pool("p", 1, 1).await;
    let node = world.node().await;
    until_state(&world, &node.id, NodeState::Idle).await;
    set_rules(&world, only(&["127.0.0.1"])).await;
    world.hub.refused(node.key, "192.0.2.1".parse().ok());
    world.job("j", "p").await;
    world.tasks("j", &["t"]).await;
    let mut node = node;
    node.runs().await;
    until_state(&world, &node.id, NodeState::Running).await;
}
