//! What users want of single nodes, through REST, with nodes that the test plays.

use fournil::api::agent::ToAgent;
use fournil::api::{AllocationState, NodeState, TaskState};
use fournil::store;
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::FakeNode;

/// A pool with one node, and a job on it.
async fn with_node(slots: i32) -> (Rest, FakeNode) {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, slots).await;
    rest.world.job("j", "p").await;
    let node = rest.world.node().await;
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    until_state(&rest, &node.id, NodeState::Idle).await;
    (rest, node)
}

async fn until_state(rest: &Rest, node: &str, state: NodeState) {
    let is_so = async || (rest.world.node_state("p", node).await == state).then_some(());
    rest.world.until(state.as_str(), is_so).await;
}

fn of(node: &FakeNode, operation: &str) -> String {
    format!("/pools/p/nodes/{}/{operation}", node.id)
}

async fn node_json(rest: &Rest, node: &str) -> Value {
    rest.get(&format!("/pools/p/nodes/{node}")).await.is(200).json()
}

/// The node's agent comes again after it was stopped.
async fn comes_back(rest: &Rest, node: FakeNode) -> FakeNode {
    let (key, id) = node.disconnects();
    rest.world.connect(key, id, "boot-2", vec![], vec![]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_takes_no_tasks_is_offline_until_it_takes_some() {
    let (rest, mut node) = with_node(1).await;
    let done = rest.post(&of(&node, "disablescheduling"), json!({})).await.is(200);
    assert_eq!(done.header("dataserviceid"), format!("http://batch.example:8080/pools/p/nodes/{}", node.id));
    // At once, and not only when the scheduler has heard of it.
    let now = node_json(&rest, &node.id).await;
    assert_eq!((&now["state"], &now["schedulingState"]), (&json!("offline"), &json!("disabled")));
    let again = rest.send(rest.ask("POST", &of(&node, "disablescheduling"))).await;
    again.is_error(409, "NodeAlreadyInTargetSchedulingState");

    rest.world.tasks("j", &["a"]).await;
    let waits = rest.get("/nodecounts").await.json();
    assert_eq!(waits["value"][0]["dedicated"]["offline"], 1);
    assert_eq!(rest.world.task("j", "a").await.state, TaskState::Active);

    rest.send(rest.ask("POST", &of(&node, "enablescheduling"))).await.is(200);
    assert_eq!(node.runs().await[0].task, "a");
    let again = rest.send(rest.ask("POST", &of(&node, "enablescheduling"))).await;
    again.is_error(409, "NodeAlreadyInTargetSchedulingState");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_scheduling_requeues_what_runs() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let body = json!({ "nodeDisableSchedulingOption": "Requeue" });
    rest.post(&of(&node, "disablescheduling"), body).await.is(200);
    let kills = node.kills().await;
    assert_eq!(kills, [run[0].a]);
    node.gave_back(kills);
    let task = rest.world.until_task("j", "a", |t| t.state == TaskState::Active).await;
    assert_eq!(task.execution_info.requeue_count, 1);
    until_state(&rest, &node.id, NodeState::Offline).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_scheduling_ends_what_runs_for_good_when_asked_to() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let body = json!({ "nodeDisableSchedulingOption": "terminate" });
    rest.post(&of(&node, "disablescheduling"), body).await.is(200);
    let kills = node.kills().await;
    node.gave_back(kills);
    let task = rest.world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    assert_eq!(task.execution_info.failure_info.unwrap().code, "TaskEnded");
    until_state(&rest, &node.id, NodeState::Offline).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_scheduling_lets_tasks_end_and_moves_those_that_have_not_begun() {
    let (rest, mut node) = with_node(2).await;
    rest.world.tasks("j", &["a", "b"]).await;
    let mut run = node.runs().await;
    while run.len() < 2 {
        run.extend(node.runs().await);
    }
    node.started(&run[0]);
    rest.world.until_task("j", &run[0].task, |t| t.state == TaskState::Running).await;
    let body = json!({ "nodeDisableSchedulingOption": "taskcompletion" });
    rest.post(&of(&node, "disablescheduling"), body).await.is(200);
    let recalled = loop {
        if let ToAgent::Recall { attempts } = node.hears().await {
            break attempts;
        }
    };
    assert_eq!(recalled, [run[1].a]);
    node.gave_back(recalled);
    assert_eq!(node_json(&rest, &node.id).await["state"], "running");
    node.ended(&run[0], 0);
    until_state(&rest, &node.id, NodeState::Offline).await;
    let (first, second) = (rest.world.task("j", &run[0].task).await, rest.world.task("j", &run[1].task).await);
    assert_eq!((first.state, second.state), (TaskState::Completed, TaskState::Active));
    assert_eq!(second.execution_info.requeue_count, 0, "it had not begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebooted_node_gives_its_tasks_back_and_starts_anew() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    rest.send(rest.ask("POST", &of(&node, "reboot"))).await.is(202);
    assert_eq!(node_json(&rest, &node.id).await["state"], "rebooting");
    rest.send(rest.ask("POST", &of(&node, "reboot"))).await.is_error(409, "NodeBeingRebooted");
    rest.post(&of(&node, "reimage"), json!({})).await.is_error(409, "NodeBeingRebooted");
    let kills = node.kills().await;
    assert_eq!(node_json(&rest, &node.id).await["state"], "rebooting", "until nothing of its tasks is left");
    node.gave_back(kills);
    until_state(&rest, &node.id, NodeState::Starting).await;
    assert_eq!(*rest.world.provider.killed.lock().unwrap(), [node.id.clone()]);
    let mut node = comes_back(&rest, node).await;
    let again = node.runs().await;
    assert_eq!((again[0].task.as_str(), again[0].a.number), ("a", run[0].a.number + 1));
    until_state(&rest, &node.id, NodeState::Running).await;
    assert_eq!(rest.world.task("j", "a").await.execution_info.requeue_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_waits_for_tasks_or_ends_them_when_asked_to() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a", "b"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    rest.post(&of(&node, "reboot"), json!({ "nodeRebootOption": "taskcompletion" })).await.is(202);
    assert!(rest.world.provider.killed.lock().unwrap().is_empty(), "not while the task runs");
    node.ended(&run[0], 0);
    until_state(&rest, &node.id, NodeState::Starting).await;
    assert_eq!(rest.world.task("j", "a").await.state, TaskState::Completed);

    let mut node = comes_back(&rest, node).await;
    let next = node.runs().await;
    assert_eq!(next[0].task, "b", "nothing was given to it meanwhile");
    until_state(&rest, &node.id, NodeState::Running).await;
    rest.post(&of(&node, "reboot"), json!({ "nodeRebootOption": "terminate" })).await.is(202);
    let kills = node.kills().await;
    node.gave_back(kills);
    let ended = rest.world.until_task("j", "b", |t| t.state == TaskState::Completed).await;
    assert_eq!(ended.execution_info.failure_info.unwrap().message.as_deref(), Some("The task's node was rebooted."));
    rest.post(&of(&node, "reboot"), json!({ "nodeRebootOption": "later" })).await.is_error(400, "InvalidPropertyValue");
    rest.post(&of(&node, "reboot"), json!({ "option": "requeue" })).await.is_error(400, "UnsupportedProperty");
    rest.send(rest.ask("POST", "/pools/p/nodes/x/reboot")).await.is_error(404, "NodeNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reimaged_node_keeps_its_id_and_nothing_else() {
    let (rest, node) = with_node(1).await;
    rest.world.provider.hold();
    rest.post(&of(&node, "reimage"), json!({ "nodeReimageOption": "requeue" })).await.is(202);
    assert_eq!(node_json(&rest, &node.id).await["state"], "reimaging");
    rest.world.provider.go_on();
    until_state(&rest, &node.id, NodeState::Starting).await;
    // Removed with its folder, and wanted again.
    let is_wanted = async || rest.world.provider.wanted.lock().unwrap().contains_key(&node.id).then_some(());
    rest.world.until("it is wanted again", is_wanted).await;
    let node = comes_back(&rest, node).await;
    until_state(&rest, &node.id, NodeState::Idle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deallocated_node_rests_until_it_is_started() {
    let (rest, node) = with_node(1).await;
    rest.send(rest.ask("POST", &of(&node, "start"))).await.is_error(409, "OperationNotValidOnNode");
    rest.world.provider.hold();
    rest.post(&of(&node, "deallocate"), json!({ "nodeDeallocateOption": "terminate" })).await.is(202);
    assert_eq!(node_json(&rest, &node.id).await["state"], "deallocating");
    rest.world.provider.go_on();
    until_state(&rest, &node.id, NodeState::Deallocated).await;
    rest.post(&of(&node, "reboot"), json!({})).await.is_error(409, "OperationNotValidOnNode");
    let (key, id) = node.disconnects();
    rest.world.tasks("j", &["a"]).await;
    let counts = rest.get("/nodecounts").await.json();
    assert_eq!(counts["value"][0]["dedicated"]["deallocated"], 1);
    let pool = rest.get("/pools/p").await.json();
    assert_eq!((&pool["currentDedicatedNodes"], &pool["allocationState"]), (&json!(1), &json!("steady")));
    assert_eq!(rest.world.task("j", "a").await.state, TaskState::Active);

    rest.send(rest.ask("POST", &format!("/pools/p/nodes/{id}/start"))).await.is(202);
    assert_eq!(node_json(&rest, &id).await["state"], "starting");
    let mut node = rest.world.connect(key, id, "boot-2", vec![], vec![]).await;
    assert_eq!(node.runs().await[0].task, "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_survive_a_restart_of_the_server() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    rest.post(&of(&node, "reboot"), json!({ "nodeRebootOption": "taskcompletion" })).await.is(202);
    let (key, id) = (node.key, node.id.clone());
    let world = rest.world.restart().await;
    assert_eq!(world.node_state("p", &id).await, NodeState::Rebooting);
    let node = world.connect(key, id.clone(), "boot-1", vec![run[0].a], vec![]).await;
    node.ended(&run[0], 0);
    world.until_task("j", "a", |t| t.state == TaskState::Completed).await;
    let is_starting = async || (world.node_state("p", &id).await == NodeState::Starting).then_some(());
    world.until("it is rebooted", is_starting).await;
    assert!(world.provider.killed.lock().unwrap().contains(&id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_be_told_is_rebooted_with_all_it_runs() {
    let (rest, mut node) = with_node(1).await;
    rest.world.tasks("j", &["a"]).await;
    let run = node.runs().await;
    node.started(&run[0]);
    rest.world.until_task("j", "a", |t| t.state == TaskState::Running).await;
    let path = of(&node, "reboot");
    let (key, id) = node.disconnects();
    rest.post(&path, json!({})).await.is(202);
    until_state(&rest, &id, NodeState::Starting).await;
    assert!(rest.world.provider.killed.lock().unwrap().contains(&id));
    let mut node = rest.world.connect(key, id, "boot-2", vec![], vec![]).await;
    assert_eq!(node.runs().await[0].a.number, run[0].a.number + 1);
    assert_eq!(rest.world.task("j", "a").await.execution_info.requeue_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_given_back_with_what_its_pool_asks_for() {
    let rest = Rest::new().await;
    let image = json!({ "publisher": "canonical", "offer": "o", "sku": "s", "version": "latest" });
    let pool = json!({
        "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 1,
        "virtualMachineConfiguration": { "imageReference": image, "nodeAgentSKUId": "n" },
    });
    rest.post("/pools", pool).await.is(201);
    let node = rest.world.node().await;
    until_state(&rest, &node.id, NodeState::Idle).await;
    let got = node_json(&rest, &node.id).await;
    assert_eq!(got["virtualMachineInfo"], json!({ "imageReference": image }));
    for name in ["url", "stateTransitionTime", "lastBootTime", "allocationTime", "ipAddress", "affinityId"] {
        assert!(!got[name].as_str().unwrap_or_default().is_empty(), "{name}: {got}");
    }
    for name in ["totalTasksRun", "totalTasksSucceeded", "runningTasksCount", "runningTaskSlotsCount"] {
        assert_eq!(got[name], 0, "{name}: {got}");
    }
    assert_eq!((&got["isDedicated"], &got["nodeAgentInfo"]["version"]), (&json!(true), &json!("0")));
    let cut = rest.get(&format!("/pools/p/nodes/{}?$select=id,virtualMachineInfo", node.id)).await.json();
    assert_eq!(cut.as_object().unwrap().len(), 3, "{cut}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_start_task_reaches_a_node_when_it_is_rebooted() {
    let (rest, node) = with_node(1).await;
    rest.put("PATCH", "/pools/p", json!({ "startTask": { "commandLine": "/bin/new" } })).await.is(200);
    rest.post(&of(&node, "reboot"), json!({})).await.is(202);
    until_state(&rest, &node.id, NodeState::Starting).await;
    let (key, id) = node.disconnects();
    let hello = |id: &str| rest.world.hello(id, "boot-2");
    let welcome = rest.world.welcomed(key, hello(&id)).await;
    assert_eq!(welcome.start_task.unwrap().command_line, "/bin/new");
    assert_eq!(rest.world.node_state("p", &id).await, NodeState::Starting, "its start task has not begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_scheduler_saves_does_not_hide_a_word_that_it_has_not_heard() {
    let (rest, node) = with_node(1).await;
    let store = &rest.world.cx.store;
    let before = store::node::with_key(&mut store.read().await.unwrap(), node.key).await.unwrap().unwrap();
    rest.post(&of(&node, "disablescheduling"), json!({})).await.is(200);
    let late = store::node::NodeRow { state: NodeState::Running, ..before };
    let saved =
        store.write::<_, store::Error, _>(move |conn| Box::pin(async move { store::node::save(conn, &late).await }));
    saved.await.unwrap();
    let now = node_json(&rest, &node.id).await;
    assert_eq!((&now["state"], &now["schedulingState"]), (&json!("offline"), &json!("disabled")));
    let counts = rest.get("/nodecounts").await.json();
    let dedicated = &counts["value"][0]["dedicated"];
    assert_eq!((&dedicated["offline"], &dedicated["running"]), (&json!(1), &json!(0)));
}
