//! What tasks cannot do to the server, the agents, other pools and their clients; and that nothing of them stays. The whole
//! system with real processes. As root each pool has a user of its own; without root tasks are the server's user, and what
//! holds all the same is checked.

use std::time::Duration;

use serde_json::json;

use crate::agent_support::{is_root, long_time, n_processes};
use crate::support::real_server::{RealServer, is_alive, kill9, rss_kib, sh, until};

/// Something that a task should not be able to do: a script that succeeds when it can.
struct Probe {
    what: &'static str,
    script: String,
    /// Only a user of their own keeps tasks from it.
    needs_root: bool,
}

fn probes(server: &RealServer, node: &str, other_node: &str, other_task: i32) -> Vec<Probe> {
    let (data, mine, others) = (server.data_dir(), server.node_dir(node), server.node_dir(other_node));
    let (data, mine, others) = (data.display(), mine.display(), others.display());
    let (server_pid, agent) = (server.pid(), server.agent(node).unwrap());
    let probe = |what, script: String, needs_root| Probe { what, script, needs_root };
    vec![
        probe("read the agent's token", format!("cat {mine}/agent.json"), true),
        probe("read the agent's journal", format!("cat {mine}/journal"), true),
        probe("read the agent's log", format!("cat {mine}/agent.log"), true),
        probe("read the database", format!("head -c 16 {data}/state/fournil.db"), true),
        probe("see the data folder", format!("ls {data}"), true),
        probe("find the admin socket", format!("ls {data}/run/admin.sock"), true),
        probe("read another pool's output", format!("cat {others}/root/workitems/j2/job-1/t/stdout.txt"), true),
        probe("enter another pool's node", format!("ls /proc/{other_task}/root/"), true),
        probe("read another pool's environment", format!("cat /proc/{other_task}/environ"), true),
        probe("open another pool's memory", format!(": < /proc/{other_task}/mem"), true),
        probe("signal another pool's task", format!("kill -0 {other_task}"), true),
        probe("read the agent's environment", format!("cat /proc/{agent}/environ"), false),
        probe("open the agent's memory", format!(": < /proc/{agent}/mem"), false),
        probe("see the agent's open files", format!("ls /proc/{agent}/fd"), false),
        probe("signal the agent", format!("kill -0 {agent}"), true),
        probe("read the server's environment", format!("cat /proc/{server_pid}/environ"), true),
        probe("open the server's memory", format!(": < /proc/{server_pid}/mem"), true),
        probe("see the server's open files", format!("ls /proc/{server_pid}/fd"), true),
        probe("signal the server", format!("kill -0 {server_pid}"), true),
        probe("write into the node's root", "test -w $AZ_BATCH_NODE_ROOT_DIR".to_owned(), true),
        probe("write applications", "test -w $AZ_BATCH_NODE_ROOT_DIR/applications".to_owned(), true),
        probe("write the list of users", "test -w /etc/passwd".to_owned(), true),
        probe("give files away", "touch gift && chown 0:0 gift".to_owned(), true),
        probe("make a device", "mknod device c 1 3".to_owned(), true),
    ]
}

#[tokio::test]
async fn a_task_reaches_nothing_of_the_server_the_agent_and_other_pools() {
    let server = RealServer::start_in_sight().await;
    for (pool, job) in [("p1", "j1"), ("p2", "j2")] {
        server.batch.pool(pool, 1, 1).await;
        server.batch.job(job, pool).await;
    }
    server.batch.task("j2", "t", &sh("echo secret; echo $$ > $AZ_BATCH_NODE_SHARED_DIR/pid; sleep 1000")).await;
    until("the other pool's task runs", || server.shared_lines("pid").len() == 1).await;
    let other_task = server.shared_lines("pid")[0].parse().unwrap();
    let node_of = |answer: serde_json::Value| answer["value"][0]["id"].as_str().unwrap().to_owned();
    let node = node_of(server.batch.get("/pools/p1/nodes").await.json());
    let other_node = node_of(server.batch.get("/pools/p2/nodes").await.json());

    let probes = probes(&server, &node, &other_node, other_task);
    let lines: Vec<String> =
        probes.iter().map(|p| format!("if ( {} ) >/dev/null 2>&1; then echo \"{}\"; fi", p.script, p.what)).collect();
    let run = async |task: &str, level: &str| {
        let body = json!({
            "id": task,
            "commandLine": sh("eval \"$PROBES\""),
            "environmentSettings": [{ "name": "PROBES", "value": lines.join("\n") }],
            "userIdentity": { "autoUser": { "scope": "pool", "elevationLevel": level } },
        });
        server.batch.post("/jobs/j1/tasks", body).await.is(201);
        server.batch.task_is("j1", task, "completed").await;
        server.batch.file("j1", task, "stdout.txt").await
    };
    let could = run("t", "nonadmin").await;
    let wrongly: Vec<_> = probes
        .iter()
        .filter(|p| is_root() || !p.needs_root)
        .filter(|p| could.lines().any(|line| line == p.what))
        .map(|p| p.what)
        .collect();
    assert_eq!(wrongly, [""; 0], "a task could do this");
    assert!(is_alive(server.pid()) && is_alive(server.agent(&node).unwrap()) && is_alive(other_task));
    if is_root() {
        // Who may do all of it can: so the probes are no empty words.
        let could = run("elevated", "admin").await;
        let all: Vec<_> = probes.iter().map(|p| p.what).collect();
        assert_eq!(could.lines().collect::<Vec<_>>(), all);
    }
}

#[tokio::test]
async fn tasks_of_two_pools_are_two_users_without_any_rights() {
    let server = RealServer::start().await;
    let mut users = Vec::new();
    for (pool, job) in [("p1", "j1"), ("p2", "j2")] {
        server.batch.pool(pool, 1, 1).await;
        server.batch.job(job, pool).await;
        let script = sh("id -u; grep -E \"^(CapEff|NoNewPrivs)\" /proc/self/status; env");
        server.batch.task(job, "t", &script).await;
        server.batch.task_is(job, "t", "completed").await;
        let said = server.batch.file(job, "t", "stdout.txt").await;
        let lines: Vec<_> = said.lines().map(str::to_owned).collect();
        assert_eq!(lines[2], "NoNewPrivs:\t1");
        if is_root() {
            assert_eq!(lines[1], "CapEff:\t0000000000000000");
        }
        // Of what the server and the agent have in their environments a task has nothing.
        let foreign = lines[3..].iter().filter(|line| line.contains("CARGO") || line.contains("NEXTEST"));
        assert_eq!(foreign.count(), 0, "{said}");
        users.push(lines[0].parse::<u32>().unwrap());
    }
    if is_root() {
        assert_ne!(users[0], users[1]);
        assert!(users.iter().all(|user| *user > 100_000), "{users:?}");
    } else {
        assert_eq!(users, [nix::unistd::geteuid().as_raw(); 2]);
    }
}

/// Starts what hides from its task in every way that a shell knows; `{time}` is how long it sleeps, and its name. Two chains
/// are never the same process, group and session for longer than a program takes to start; each hop lengthens a file.
fn hides(time: &str) -> String {
    let chain = "#!/bin/sh\necho >> hops\nsetsid \"\\$0\" &\n".replace("\n", "\\n").replace('"', "\\\"");
    format!(
        "trap \"\" TERM HUP; setsid sleep {time} & (sleep {time} &) ; nohup setsid sleep {time} & env -i setsid sleep {time} & \
         setsid sh -c \"trap : TERM; sleep {time}; sleep {time}\" & \
         printf \"{chain}\" > chain; chmod +x chain; ./chain & env -i ./chain & "
    )
}

fn n_hops(server: &RealServer) -> u64 {
    let hops = server.node_dir(&server.nodes()[0]).join("root/workitems/j/job-1/t/wd/hops");
    hops.metadata().map_or(0, |file| file.len())
}

#[track_caller]
fn is_gone(server: &RealServer, time: &str) {
    assert_eq!(n_processes(time), 0, "something of the task is left");
    let before = n_hops(server);
    // Long for something that hops every few milliseconds.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(n_hops(server), before, "something of the task still flees");
}

#[tokio::test]
async fn nothing_of_a_task_is_left_when_it_has_ended_by_itself() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.job("j", "p").await;
    let time = long_time();
    let script = format!("{} while [ $(wc -l < hops) -lt 50 ]; do sleep 0.01; done; exit 7", hides(&time));
    server.batch.task("j", "t", &sh(&script)).await;
    let task = server.batch.task_is("j", "t", "completed").await;
    is_gone(&server, &time);
    assert_eq!(task["executionInfo"]["exitCode"], 7, "{task}");
}

#[tokio::test]
async fn nothing_of_a_task_is_left_when_it_was_terminated() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.job("j", "p").await;
    let (time, bystander) = (long_time(), long_time());
    server.batch.task("j", "bystander", &sh(&format!("sleep {bystander} & wait"))).await;
    server.batch.task("j", "t", &sh(&format!("{} sleep {time}; sleep {time}", hides(&time)))).await;
    until("it hides", || n_processes(&time) >= 6).await;
    until("it flees", || n_hops(&server) > 50).await;
    server.batch.order("/jobs/j/tasks/t/terminate").await.is(204);
    server.batch.task_is("j", "t", "completed").await;
    until("all of it is gone", || n_processes(&time) == 0).await;
    is_gone(&server, &time);
    assert!(n_processes(&bystander) >= 1, "another task of the node goes on");
    server.batch.order("/jobs/j/terminate").await.is(202);
    server.batch.job_is("j", "completed").await;
    until("the other is gone too", || n_processes(&bystander) == 0).await;
}

#[tokio::test]
async fn nothing_of_a_task_is_left_when_its_agent_was_killed() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 2).await;
    server.batch.job("j", "p").await;
    let time = long_time();
    let again = "[ -e hops ] && exit 3;";
    server.batch.task("j", "t", &sh(&format!("{again} {} sleep {time}; sleep {time}", hides(&time)))).await;
    until("it flees", || n_hops(&server) > 50 && n_processes(&time) >= 6).await;
    kill9(server.agents()[0]);
    let task = server.batch.task_is("j", "t", "completed").await;
    assert_eq!(task["executionInfo"]["exitCode"], 3, "{task}");
    is_gone(&server, &time);
}

#[tokio::test]
async fn a_flood_of_output_leaves_the_agent_small_and_its_end_readable() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    let agent = server.agents()[0];
    let idle = rss_kib(agent);
    // 400 MB, and more until it was read meanwhile, but never without end.
    let script = "n=0; while [ $n -lt 8 ] || [ ! -e $AZ_BATCH_NODE_SHARED_DIR/read ] && [ $n -lt 40 ]; \
                  do yes | head -c 50000000; n=$((n + 1)); sleep 0.1; done; echo the end; sleep 1000";
    server.batch.task("j", "t", &sh(script)).await;
    server.batch.task_is("j", "t", "running").await;
    let (mut most, mut n_read, mut length) = (idle, 0, 0);
    loop {
        most = most.max(rss_kib(agent));
        let before = length;
        length = server.batch.length_of("j", "t", "stdout.txt").await;
        let last = server.batch.rest_of("j", "t", "stdout.txt", length.saturating_sub(10)).await;
        if last.ends_with(b"y\nthe end\n") {
            break;
        }
        n_read += usize::from(length > before && !last.is_empty());
        if n_read == 1 {
            std::fs::write(server.node_dir(&server.nodes()[0]).join("root/shared/read"), "").unwrap();
        }
    }
    assert!(n_read >= 1 && length >= 400_000_000, "it was read {n_read} times, and has {length} bytes");
    eprintln!("the agent: {idle} KiB idle, at most {most} KiB; the flood was read {n_read} times");
    assert!(most < 64 << 10, "{most} KiB");
    // Frees the disk at once.
    server.batch.delete("/jobs/j/tasks/t").await.is(200);
    let folder = server.node_dir(&server.nodes()[0]).join("root/workitems/j/job-1/t");
    until("its files are gone", || !folder.exists()).await;
}

#[tokio::test]
async fn no_path_of_a_file_request_leads_out_of_the_tasks_folder() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    server
        .batch
        .task("j", "t", &sh("ln -s /etc/passwd link; ln -s / slash; ln -s ../../../../../../.. up; echo fine"))
        .await;
    server.batch.task_is("j", "t", "completed").await;
    let node = &server.nodes()[0];
    let (of_task, of_node) = ("/jobs/j/tasks/t/files".to_owned(), format!("/pools/p/nodes/{node}/files"));

    let ups =
        ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%00", "..%20", "%c0%ae%c0%ae", "....", "..%5c..", ".%2f.."];
    let slashes = ["/", "%2f", "%5c", "%252f", "//", "/./", "%2f%2f"];
    // How far above a task's folder they are.
    let ends = [("etc/passwd", 12), ("agent.json", 5), ("workitems/j/job-1/t/stdout.txt", 4)];
    let mut targets: Vec<String> = [
        "link", "wd/link", "wd/slash/etc/passwd", "wd/up/etc/passwd", "%2fetc%2fpasswd", "/etc/passwd", "C:%5cetc",
        "%00",
    ]
    .map(str::to_owned)
    .into();
    for (up, slash) in ups.iter().flat_map(|up| slashes.iter().map(move |slash| (up, slash))) {
        for (end, depth) in ends {
            targets.push(format!("{}{end}", format!("{up}{slash}").repeat(depth)));
            targets.push(format!("wd/{}{end}", format!("{up}{slash}").repeat(depth + 1)));
        }
    }
    for method in ["GET", "HEAD", "DELETE"] {
        // All of them for reading; the others take the same way.
        let step = if method == "GET" { 1 } else { 17 };
        for target in targets.iter().step_by(step) {
            for files in [&of_task, &of_node] {
                let target = format!("{files}/{target}");
                let answer = server.batch.ask(method, &target, None).await.unwrap();
                assert!(answer.status.is_client_error(), "{method} {target}: {answer:?}");
                let text = String::from_utf8_lossy(&answer.bytes);
                assert!(!text.contains("root:") && !text.contains("\"token\""), "{method} {target}: {text}");
            }
        }
    }
    let listed = server.batch.all(&format!("{of_task}?recursive=true")).await;
    let listed: Vec<_> = listed.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert!(listed.iter().all(|name| !name.starts_with("wd/slash/") && !name.starts_with("wd/up/")), "{listed:?}");
    assert_eq!(server.batch.file("j", "t", "stdout.txt").await, "fine\n");
}

#[tokio::test]
async fn a_folder_that_turns_into_a_link_while_it_is_read_or_deleted_leads_nowhere() {
    let server = RealServer::start().await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    let victim = tempfile::tempdir().unwrap();
    std::fs::write(victim.path().join("passwd"), "not for you").unwrap();
    // The task could not do harm there itself: the agent could, as root or as the same user.
    let script = format!(
        "mkdir d; echo mine > d/passwd; touch $AZ_BATCH_NODE_SHARED_DIR/ready; \
         while :; do mv d e; ln -s {0} d; rm d; mkdir d; echo mine > d/passwd; rm -rf d; mv e d; done 2>/dev/null",
        victim.path().display()
    );
    server.batch.task("j", "t", &sh(&script)).await;
    let ready = server.node_dir(&server.nodes()[0]).join("root/shared/ready");
    until("it turns", || ready.exists()).await;
    let mut n_read = 0;
    for round in 0..400 {
        if round % 4 == 3 {
            let answer = server.batch.ask("DELETE", "/jobs/j/tasks/t/files/wd/d?recursive=true", None).await.unwrap();
            assert!(!answer.status.is_server_error(), "{answer:?}");
            continue;
        }
        let answer = server.batch.get("/jobs/j/tasks/t/files/wd/d/passwd").await;
        n_read += usize::from(answer.status == 200);
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(!text.contains("not for you"), "{text}");
        assert!(answer.status != 200 || text.is_empty() || text == "mine\n", "{text}");
    }
    eprintln!("read {n_read} times");
    server.batch.delete("/jobs/j").await.is(202);
    server.batch.until("/jobs/j", |answer| answer["code"] == "JobNotFound").await;
    assert_eq!(std::fs::read_to_string(victim.path().join("passwd")).unwrap(), "not for you");
}
