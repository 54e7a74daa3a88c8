//! Tasks that run on several nodes at once, as real processes, while server, agents and nodes are killed.

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, kill9, marked, sh, until};

async fn server_with_pool(nodes: i64) -> RealServer {
    let server = RealServer::start().await;
    let pool = json!({
        "id": "p",
        "vmSize": "local_1",
        "targetDedicatedNodes": nodes,
        "enableInterNodeCommunication": true,
    });
    server.batch.post("/pools", pool).await.is(201);
    server.batch.nodes_are("p", "idle", nodes as usize).await;
    server.batch.job("j", "p").await;
    server
}

fn task(instances: i64, coordination: &str, command: &str) -> Value {
    json!({
        "id": "t",
        "commandLine": sh(command),
        "multiInstanceSettings": { "numberOfInstances": instances, "coordinationCommandLine": sh(coordination) },
    })
}

async fn add(server: &RealServer, task: Value) {
    server.batch.post("/jobs/j/tasks", task).await.is(201);
}

async fn subtasks(server: &RealServer) -> Vec<Value> {
    server.batch.all("/jobs/j/tasks/t/subtasksinfo").await
}

/// Nodes that have nothing of any task.
async fn all_are_free(server: &RealServer, n: usize) {
    server.batch.nodes_are("p", "idle", n).await;
    for node in server.nodes() {
        assert_eq!(marked(&server.node_dir(&node)), [] as [i32; 0], "{node}");
    }
}

const NOTE: &str = "echo $AZ_BATCH_IS_CURRENT_NODE_MASTER >> $AZ_BATCH_NODE_SHARED_DIR/coordinated";
/// Until somebody writes the file.
const WAIT: &str = "while [ ! -e $AZ_BATCH_NODE_SHARED_DIR/go ]; do sleep 0.02; done";

fn go(server: &RealServer) {
    for node in server.nodes() {
        std::fs::write(server.node_dir(&node).join("root/shared/go"), "").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_runs_once_after_all_nodes_are_coordinated() {
    let server = server_with_pool(3).await;
    let coordination = format!("{NOTE}; pwd > $AZ_BATCH_TASK_SHARED_DIR/where; sleep 1000 & echo coordinated");
    let command = "cat $AZ_BATCH_TASK_SHARED_DIR/where; echo $AZ_BATCH_HOST_LIST; echo $CCP_NODES; echo $AZ_BATCH_MASTER_NODE; echo main";
    add(&server, task(3, &coordination, command)).await;
    let done = server.batch.task_is("j", "t", "completed").await;
    assert_eq!(done["executionInfo"]["exitCode"], 0, "{done}");
    assert_eq!(done["multiInstanceSettings"]["numberOfInstances"], 3);
    let out = server.batch.file("j", "t", "stdout.txt").await;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines[0], lines[5]), ("coordinated", "main"), "{out}");
    assert!(lines[1].ends_with("/workitems/j/job-1/t/wd"), "{out}");
    assert_eq!((lines[2], lines[3]), ("127.0.0.1,127.0.0.1,127.0.0.1", "3 127.0.0.1 1 127.0.0.1 1 127.0.0.1 1"));
    assert!(lines[4].starts_with("127.0.0.1:2"), "{out}");
    let mut coordinated = server.shared_lines("coordinated");
    coordinated.sort();
    assert_eq!(coordinated, ["false", "false", "true"]);
    let subtasks = subtasks(&server).await;
    assert_eq!(subtasks.len(), 2);
    for (n, subtask) in subtasks.iter().enumerate() {
        assert_eq!(
            (&subtask["id"], &subtask["state"], &subtask["exitCode"]),
            (&json!(n + 1), &json!("completed"), &json!(0))
        );
        assert_eq!(subtask["result"], "success");
        let node = subtask["nodeInfo"]["nodeId"].as_str().unwrap();
        let directory = format!("workitems/j/job-1/t/{}", n + 1);
        assert_eq!(subtask["nodeInfo"]["taskRootDirectory"], directory);
        let file = server.batch.get(&format!("/pools/p/nodes/{node}/files/{directory}/stdout.txt")).await.is(200);
        assert_eq!(file.bytes, b"coordinated\n");
    }
    all_are_free(&server, 3).await;
    server.batch.delete("/jobs/j/tasks/t").await.is(200);
    until("its folders are gone", || {
        server.nodes().iter().all(|node| !server.node_dir(node).join("root/workitems/j/job-1/t").exists())
    })
    .await;
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_when_the_server_dies_and_begins_again_when_an_agent_does() {
    let mut server = server_with_pool(2).await;
    add(&server, task(2, NOTE, &format!("echo main; {WAIT}"))).await;
    server.batch.task_is("j", "t", "running").await;
    until("both are coordinated", || server.shared_lines("coordinated").len() == 2).await;
    server.kill9();
    server.restart();
    server.batch.nodes_are("p", "running", 2).await;
    assert_eq!(server.shared_lines("coordinated").len(), 2, "nothing ran again");
    // A subtask's agent: the task is lost with it, on both nodes.
    let subtask = subtasks(&server).await.remove(0);
    let node = subtask["nodeInfo"]["nodeId"].as_str().unwrap().to_owned();
    kill9(server.agent(&node).unwrap());
    until("both are coordinated again", || server.shared_lines("coordinated").len() == 4).await;
    go(&server);
    let done = server.batch.task_is("j", "t", "completed").await;
    let info = &done["executionInfo"];
    assert_eq!((&info["exitCode"], &info["retryCount"], &info["requeueCount"]), (&json!(0), &json!(0), &json!(0)));
    all_are_free(&server, 2).await;
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_subtask_fails_the_whole_task_which_is_retried() {
    let server = server_with_pool(2).await;
    let coordination = format!("{NOTE}; $AZ_BATCH_IS_CURRENT_NODE_MASTER || exit 7");
    let mut failing = task(2, &coordination, "echo main");
    failing["constraints"] = json!({ "maxTaskRetryCount": 1 });
    add(&server, failing).await;
    let done = server.batch.task_is("j", "t", "completed").await;
    let info = &done["executionInfo"];
    assert_eq!((&info["exitCode"], &info["retryCount"]), (&json!(7), &json!(1)), "{done}");
    let message = info["failureInfo"]["message"].as_str().unwrap();
    assert!(message.contains("Subtask 1") && message.contains("exit code 7"), "{message}");
    assert_eq!(server.shared_lines("coordinated").iter().filter(|line| *line == "false").count(), 2);
    let out = server.batch.file("j", "t", "stdout.txt").await;
    assert_eq!(out, "", "the command never ran");
    let subtask = subtasks(&server).await.remove(0);
    assert_eq!((&subtask["exitCode"], &subtask["result"]), (&json!(7), &json!("failure")));
    all_are_free(&server, 2).await;
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminating_rebooting_and_resizing_end_all_instances() {
    let server = server_with_pool(2).await;
    add(&server, task(2, NOTE, "sleep 1000")).await;
    until("both are coordinated", || server.shared_lines("coordinated").len() == 2).await;
    let node = subtasks(&server).await.remove(0)["nodeInfo"]["nodeId"].as_str().unwrap().to_owned();
    server.batch.order(&format!("/pools/p/nodes/{node}/reboot")).await.is(202);
    until("both are coordinated again", || server.shared_lines("coordinated").len() == 4).await;
    let requeued = server.batch.task_is("j", "t", "running").await;
    assert_eq!(requeued["executionInfo"]["requeueCount"], 1, "{requeued}");
    server.batch.order("/jobs/j/tasks/t/terminate").await.is(204);
    let ended = server.batch.task_is("j", "t", "completed").await;
    assert_eq!(ended["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    assert_eq!(subtasks(&server).await[0]["state"], "completed");
    all_are_free(&server, 2).await;
    server.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_becomes_free_is_kept_for_it() {
    let server = server_with_pool(2).await;
    server.batch.task("j", "long", &sh(WAIT)).await;
    server.batch.task_is("j", "long", "running").await;
    add(&server, task(2, NOTE, "echo main")).await;
    let after = "cat $AZ_BATCH_NODE_SHARED_DIR/coordinated";
    server.batch.post("/jobs/j/tasks", json!({ "id": "small", "commandLine": sh(after) })).await.is(201);
    go(&server);
    server.batch.task_is("j", "t", "completed").await;
    let small = server.batch.task_is("j", "small", "completed").await;
    assert_eq!(small["executionInfo"]["exitCode"], 0, "it came after the other, which was on both nodes: {small}");
    server.is_sound();
}

/// With the machine's Open MPI, where it is installed: the address list holds each node once, and all of them are this machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_mpi_starts_a_rank_for_each_node() {
    let is_there = |name: &str| std::path::Path::new("/usr/bin").join(name).exists();
    if !is_there("mpirun") || !is_there("mpicc") {
        return;
    }
    let server = server_with_pool(2).await;
    // A rank adds its number to all others'.
    let program = "#include <mpi.h>\n#include <stdio.h>\nint main(int c, char **v) { int r, n, sum; MPI_Init(&c, &v); \
        MPI_Comm_rank(MPI_COMM_WORLD, &r); MPI_Comm_size(MPI_COMM_WORLD, &n); r++; \
        MPI_Reduce(&r, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD); \
        if (r == 1) printf(\"%d ranks, sum %d\\n\", n, sum); MPI_Finalize(); return 0; }\n";
    let command = "printenv PROGRAM > sum.c && mpicc -o sum sum.c && mpirun --host $AZ_BATCH_HOST_LIST ./sum";
    let mut task = task(2, "true", command);
    task["environmentSettings"] = json!([{ "name": "PROGRAM", "value": program }]);
    add(&server, task).await;
    let done = server.batch.task_is("j", "t", "completed").await;
    let (out, err) = (server.batch.file("j", "t", "stdout.txt").await, server.batch.file("j", "t", "stderr.txt").await);
    assert_eq!(done["executionInfo"]["exitCode"], 0, "{out}{err}");
    assert_eq!(out, "2 ranks, sum 3\n", "{err}");
}
