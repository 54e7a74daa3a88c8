//! People on nodes, with OpenSSH's own client: who gets in, as whom, to what, and until when.

use serde_json::{Value, json};

use crate::agent_support::is_root;
use crate::support::open_ssh::OpenSsh;
use crate::support::real_server::{RealServer, is_alive, sh, until};

/// A pool of one node that is reached by SSH, as versions before 2024-07-01 have it; the node's path.
async fn node_of(server: &RealServer, pool: &str) -> (String, String) {
    server.batch.pool(pool, 1, 1).await;
    let node = server.batch.all(&format!("/pools/{pool}/nodes")).await.remove(0)["id"].as_str().unwrap().to_owned();
    (format!("/pools/{pool}/nodes/{node}"), node)
}

/// A user with a key of its own, who can log in.
async fn user(server: &RealServer, node: &str, name: &str, more: Value) -> OpenSsh {
    let login = server.batch.get(&format!("{node}/remoteloginsettings")).await.is(200).json();
    let ssh = OpenSsh::new(name, &login, "ed25519");
    let mut user = json!({ "name": name, "sshPublicKey": ssh.public_key() });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.batch.post(&format!("{node}/users"), user).await.is(201);
    listens(&login, true).await;
    ssh
}

async fn listens(login: &Value, expected: bool) {
    let port = u16::try_from(login["remoteLoginPort"].as_u64().unwrap()).unwrap();
    let answers = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    until("the port opens or closes", || answers() == expected).await;
}

#[tokio::test]
async fn a_user_runs_commands_with_a_key_as_the_tasks_user_and_nobody_else_does() {
    let server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let login = server.batch.get(&format!("{node}/remoteloginsettings")).await.is(200).json();
    assert_eq!(login["remoteLoginIPAddress"], "127.0.0.1");
    listens(&login, false).await;

    let ssh = user(&server, &node, "anna", json!({})).await;
    assert_eq!(ssh.run("echo $AZ_BATCH_NODE_ID; exit 7").await.code, Some(7));
    assert_eq!(ssh.run("echo $AZ_BATCH_NODE_ID").await.good().trim(), id);
    let said = ssh.run("pwd; echo $HOME; ls; echo error >&2").await;
    assert_eq!(said.err.trim(), "error");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.contains(&"shared") && lines.contains(&"workitems"), "{lines:?}");

    // The same user, and the same files, as tasks.
    server.batch.job("j", "p").await;
    server.batch.task("j", "t", &sh("id -u; touch $AZ_BATCH_NODE_SHARED_DIR/of-the-task")).await;
    server.batch.task_is("j", "t", "completed").await;
    assert_eq!(ssh.run("id -u").await.good(), server.batch.file("j", "t", "stdout.txt").await);
    ssh.run("rm shared/of-the-task && cat workitems/j/job-1/t/stdout.txt").await.good();

    let stranger = OpenSsh::new("anna", &login, "ed25519");
    stranger.run("true").await.kept_out();
    OpenSsh::new("berta", &login, "ed25519").run("true").await.kept_out();
    ssh.run_by_password("of nobody at all", "true").await.kept_out();
    assert_eq!(ssh.run("true").await.code, Some(0), "who was refused keeps nobody out");
}

#[tokio::test]
async fn a_session_reaches_no_more_than_a_task_does() {
    let server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let ssh = user(&server, &node, "anna", json!({})).await;
    let (dir, agent) = (server.node_dir(&id), server.agent(&id).unwrap());
    let secrets = ["agent.json", "ssh_host_ed25519_key", "journal", "agent.log"].map(|name| dir.join(name));
    for secret in &secrets {
        assert!(secret.exists(), "{}", secret.display());
        let read = ssh.run(&format!("cat {}", secret.display())).await;
        assert!(!is_root() || read.code == Some(1), "{read:?}");
    }
    assert_ne!(ssh.run(&format!("cat /proc/{agent}/environ")).await.code, Some(0));
    assert_ne!(ssh.run(&format!("ls /proc/{agent}/fd")).await.code, Some(0));
    let environment = ssh.run("env").await.good();
    let token = std::fs::read_to_string(&secrets[0]).unwrap();
    let token: Value = serde_json::from_str(&token).unwrap();
    assert!(!environment.contains(token["token"].as_str().unwrap().split_once('.').unwrap().1));
    // The first three files, and those that the shell or `ls` opens itself.
    let open = ssh.run("ls /proc/self/fd | wc -l").await.good();
    assert!(open.trim().parse::<u32>().unwrap() <= 4, "{open}");
    assert_eq!(ssh.run("grep NoNewPrivs /proc/self/status").await.good().trim(), "NoNewPrivs:\t1");
    // Nothing is forwarded.
    let forwarded =
        ssh.command(&["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1"], &[]).output().unwrap();
    assert_eq!(forwarded.status.code(), Some(255), "{forwarded:?}");
    let through = ssh.command(&["-W", "127.0.0.1:1"], &[]).output().unwrap();
    assert_ne!(through.status.code(), Some(0), "{through:?}");
}

#[tokio::test]
async fn files_go_in_and_out_by_sftp_and_stay_in_the_nodes_folder() {
    let server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let ssh = user(&server, &node, "anna", json!({})).await;
    let big: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(ssh.path("big"), &big).unwrap();
    std::fs::write(server.node_dir(&id).join("outside"), "secret").unwrap();
    let (here, back) = (ssh.path("big"), ssh.path("back"));
    let batch = format!(
        "put {here} shared/big\nls -l shared\nmkdir shared/d\nrename shared/big shared/d/big\nget shared/d/big {back}\nrm shared/d/big\nrmdir shared/d\npwd\n",
        here = here.display(),
        back = back.display(),
    );
    let said = ssh.sftp(&batch).await.good();
    assert!(said.contains("Remote working directory: /"), "{said}");
    assert_eq!(std::fs::read(&back).unwrap(), big);

    ssh.run("ln -s / shared/all; ln -s ../../outside shared/up").await.good();
    let outside = server.node_dir(&id).join("outside").display().to_string();
    for escape in ["../outside", "shared/../../outside", "shared/up", "/etc/passwd", "shared/all/etc/passwd", &outside]
    {
        let got = ssh.sftp(&format!("get {escape} {}\n", ssh.path("stolen").display())).await;
        assert_eq!(got.code, Some(1), "{escape}: {got:?}");
        let put = ssh.sftp(&format!("put {} {escape}\n", here.display())).await;
        assert_eq!(put.code, Some(1), "{escape}: {put:?}");
    }
    assert!(!ssh.path("stolen").exists());
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "secret");
    // `applications` is the agent's.
    if is_root() {
        assert_eq!(ssh.sftp(&format!("put {} applications/x\n", here.display())).await.code, Some(1));
    }
}

#[tokio::test]
async fn who_is_deleted_or_expires_is_out_at_once_with_all_that_runs() {
    let server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let login = server.batch.get(&format!("{node}/remoteloginsettings")).await.is(200).json();
    let soon = fournil::server::clock::SystemClock;
    let expiry = fournil::service::context::Clock::now(&soon).plus(fournil::api::Duration::from_secs(8));
    let ssh = user(&server, &node, "anna", json!({})).await;
    let short = user(&server, &node, "berta", json!({ "expiryTime": expiry })).await;

    let pid_file = |name: &str| server.node_dir(&id).join("root/shared").join(name);
    let script = |name: &str| {
        format!("(setsid sleep 1000 & echo $! > shared/{name}.new; mv shared/{name}.new shared/{name}); sleep 1000")
    };
    let (mut of_anna, mut of_berta) = (ssh.begin(&script("a")), short.begin(&script("b")));
    until("both have begun", || pid_file("a").exists() && pid_file("b").exists()).await;
    let pid = |name: &str| std::fs::read_to_string(pid_file(name)).unwrap().trim().parse::<i32>().unwrap();
    let (anna, berta) = (pid("a"), pid("b"));

    server.batch.delete(&format!("{node}/users/anna")).await.is(200);
    until("what anna left is killed", || !is_alive(anna)).await;
    assert_eq!(of_anna.wait().unwrap().code(), Some(255));
    ssh.run("true").await.kept_out();
    server.batch.delete(&format!("{node}/users/anna")).await.is_error(404, "NodeUserNotFound");

    until("berta expires", || !is_alive(berta)).await;
    assert_eq!(of_berta.wait().unwrap().code(), Some(255));
    listens(&login, false).await;
    // The same port and the same key when she is let in again.
    let renewed = json!({ "sshPublicKey": short.public_key() });
    server.batch.ask("PUT", &format!("{node}/users/berta"), Some(&renewed)).await.unwrap().is(200);
    listens(&login, true).await;
    short.run("true").await.good();

    server.batch.order(&format!("{node}/reimage")).await.is(202);
    server.batch.nodes_are("p", "idle", 1).await;
    listens(&login, false).await;
    server.batch.delete(&format!("{node}/users/berta")).await.is_error(404, "NodeUserNotFound");
}

#[tokio::test]
async fn passwords_work_and_guesses_are_slowed_down() {
    let server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let ssh = user(&server, &node, "anna", json!({ "password": "correct horse battery" })).await;
    assert_eq!(ssh.run_by_password("correct horse battery", "echo in").await.good(), "in\n");
    // The more are wrong, the longer one waits: sooner or later a guess comes too soon, however slow the machine is.
    let log = || std::fs::read_to_string(server.node_dir(&id).join("agent.log")).unwrap();
    for _ in 0..20 {
        ssh.run_by_password("wrong horse battery", "true").await.kept_out();
        if log().contains("too many attempts") {
            break;
        }
    }
    assert!(log().contains("too many attempts") && !log().contains("horse"), "{}", log());
    ssh.run("true").await.good();
    // A hash and nothing else is kept.
    let state = std::fs::read(server.data_dir().join("state/fournil.db")).unwrap();
    let recent = std::fs::read(server.data_dir().join("state/fournil.db-wal")).unwrap_or_default();
    let has = |bytes: &[u8]| bytes.windows(21).any(|window| window == b"correct horse battery");
    assert!(!has(&state) && !has(&recent));
}

#[tokio::test]
async fn a_terminal_is_one_and_changes_its_kind_by_what_the_client_says() {
    let server = RealServer::start().await;
    let (node, _) = node_of(&server, "p").await;
    let ssh = user(&server, &node, "anna", json!({})).await;
    let mut command = ssh.command(&["-tt"], &["tty && stty size && echo $TERM && exit 3"]);
    command.env("TERM", "vt220");
    let said = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let out = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(out.contains("/dev/pts/") && out.contains("vt220"), "{out}");
    assert_eq!(said.status.code(), Some(3));
}

#[tokio::test]
async fn sessions_outlive_the_server_and_users_are_told_anew_to_an_agent_that_was_killed() {
    let mut server = RealServer::start().await;
    let (node, id) = node_of(&server, "p").await;
    let ssh = user(&server, &node, "anna", json!({})).await;
    let key = |server: &RealServer| std::fs::read(server.node_dir(&id).join("ssh_host_ed25519_key")).unwrap();
    let before = key(&server);
    server.kill9();
    server.restart();
    let login = server.batch.get(&format!("{node}/remoteloginsettings")).await.is(200).json();
    listens(&login, true).await;
    ssh.run("true").await.good();
    let agent = server.agent(&id).unwrap();
    crate::support::real_server::kill9(agent);
    until("another agent is there", || server.agent(&id).is_some_and(|pid| pid != agent)).await;
    listens(&login, true).await;
    until("it lets anna in", || ssh.command(&[], &["true"]).status().unwrap().success()).await;
    assert_eq!(key(&server), before);
}

#[tokio::test]
async fn an_administrator_is_one_only_where_the_operator_allows_it() {
    let server = RealServer::start().await;
    let (node, _) = node_of(&server, "p").await;
    if is_root() {
        let ssh = user(&server, &node, "anna", json!({ "isAdmin": true })).await;
        assert_eq!(ssh.run("id -u; echo $USER").await.good(), "0\nroot\n");
    } else {
        let user = json!({ "name": "a", "isAdmin": true, "password": "correct horse battery" });
        server.batch.post(&format!("{node}/users"), user).await.is_error(400, "InvalidPropertyValue");
    }
}

#[tokio::test]
async fn all_kinds_of_keys_that_openssh_makes_today_let_in() {
    let server = RealServer::start().await;
    let (node, _) = node_of(&server, "p").await;
    let login = server.batch.get(&format!("{node}/remoteloginsettings")).await.is(200).json();
    for kind in ["rsa", "ecdsa"] {
        let ssh = OpenSsh::new(kind, &login, kind);
        let user = json!({ "name": kind, "sshPublicKey": ssh.public_key() });
        server.batch.post(&format!("{node}/users"), user).await.is(201);
        until("it is let in", || ssh.command(&[], &["true"]).status().unwrap().success()).await;
    }
}
