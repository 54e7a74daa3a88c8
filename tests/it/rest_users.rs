//! Accounts of pools, and tasks that run as one of them: what REST takes, gives back and refuses; and the whole way with real
//! processes.

use serde_json::{Value, json};

use crate::agent_support::is_root;
use crate::support::real_server::{RealServer, sh};
use crate::support::rest::Rest;

fn pool(id: &str, accounts: Value) -> Value {
    json!({ "id": id, "vmSize": "local_2", "targetDedicatedNodes": 0, "userAccounts": accounts })
}

fn accounts() -> Value {
    json!([
        { "name": "anna", "password": "S3CRET", "elevationLevel": "nonadmin",
          "linuxUserConfiguration": { "uid": 1234, "gid": 1235, "sshPrivateKey": "S3CRET" } },
        { "name": "boss", "password": "S3CRET", "elevationLevel": "admin", "windowsUserConfiguration": { "loginMode": "batch" } },
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_a_pool_are_given_back_without_their_secrets() {
    let rest = Rest::new().await;
    rest.post("/pools", pool("p", accounts())).await.is(201);
    let shown = json!([
        { "name": "anna", "elevationLevel": "nonadmin", "linuxUserConfiguration": { "uid": 1234, "gid": 1235 } },
        { "name": "boss", "elevationLevel": "admin", "windowsUserConfiguration": { "loginMode": "batch" } },
    ]);
    assert_eq!(rest.get("/pools/p").await.json()["userAccounts"], shown);
    for path in ["/pools/p", "/pools"] {
        assert!(!rest.get(path).await.json().to_string().contains("S3CRET"));
    }
    // Only given as a whole, and only while there are no nodes.
    let other = json!([{ "name": "carl", "password": "p" }]);
    rest.put("PATCH", "/pools/p", json!({ "userAccounts": other })).await.is(200);
    assert_eq!(rest.get("/pools/p").await.json()["userAccounts"], json!([{ "name": "carl" }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_account_is_named() {
    let rest = Rest::new().await;
    let check = async |accounts: Value, code: &str, property: &str| {
        let error = rest.post("/pools", pool("p", accounts)).await.is_error(400, code);
        assert_eq!(error.value("PropertyName"), property);
        error
    };
    check(json!([{ "name": "root", "password": "p" }]), "InvalidPropertyValue", "userAccounts[0].name").await;
    check(json!([{ "name": "anna" }]), "MissingRequiredProperty", "userAccounts[0].password").await;
    let error =
        check(json!([{ "name": "anna", "password": "S3\0CRET" }]), "InvalidPropertyValue", "userAccounts[0].password");
    assert!(!format!("{:?}", error.await).contains("CRET"));
    let linux =
        |uid: i32| json!([{ "name": "a", "password": "p", "linuxUserConfiguration": { "uid": uid, "gid": 1000 } }]);
    check(linux(0), "InvalidPropertyValue", "userAccounts[0].linuxUserConfiguration.uid").await;
    let mut body = pool("p", accounts());
    body["startTask"] = json!({ "commandLine": "true", "userIdentity": { "username": "carl" } });
    let error = rest.post("/pools", body.clone()).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(error.value("PropertyName"), "startTask.userIdentity.username");
    body["startTask"]["userIdentity"]["username"] = json!("anna");
    rest.post("/pools", body.clone()).await.is(201);
    // An account that the start task names cannot be taken away from under it.
    let error =
        rest.put("PATCH", "/pools/p", json!({ "userAccounts": [] })).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(error.value("PropertyName"), "startTask.userIdentity.username");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_names_an_account_that_its_pool_has() {
    let rest = Rest::new().await;
    rest.post("/pools", pool("p", accounts())).await.is(201);
    let job = |id: &str, special: Value| {
        let mut body = json!({ "id": id, "poolInfo": { "poolId": "p" } });
        body.as_object_mut().unwrap().extend(special.as_object().unwrap().clone());
        body
    };
    let command = |user: &str| json!({ "commandLine": "true", "userIdentity": { "username": user } });
    rest.post("/jobs", job("j", json!({ "jobPreparationTask": command("anna"), "jobReleaseTask": command("boss") })))
        .await
        .is(201);
    for (name, body) in [
        ("jobPreparationTask", json!({ "jobPreparationTask": command("carl") })),
        ("jobReleaseTask", json!({ "jobPreparationTask": command("anna"), "jobReleaseTask": command("carl") })),
    ] {
        let error = rest.post("/jobs", job("k", body)).await.is_error(400, "InvalidPropertyValue");
        assert_eq!(error.value("PropertyName"), format!("{name}.userIdentity.username"));
    }
    let task = |user: Value| json!({ "id": "t", "commandLine": "true", "userIdentity": user });
    let error =
        rest.post("/jobs/j/tasks", task(json!({ "username": "carl" }))).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(error.value("PropertyName"), "userIdentity.username");
    let both = task(json!({ "username": "anna", "autoUser": { "scope": "pool" } }));
    rest.post("/jobs/j/tasks", both).await.is_error(400, "InvalidPropertyValue");
    rest.post("/jobs/j/tasks", task(json!({ "username": "anna" }))).await.is(201);
    assert_eq!(rest.get("/jobs/j/tasks/t").await.json()["userIdentity"], json!({ "username": "anna" }));
    // Of a pool that is not there yet nothing is known.
    let later = json!({ "id": "later", "poolInfo": { "poolId": "later" } });
    rest.post("/jobs", later).await.is(201);
    rest.post("/jobs/later/tasks", task(json!({ "username": "carl" }))).await.is(201);
}

#[tokio::test]
async fn tasks_run_under_whom_their_identity_names() {
    let server = RealServer::start().await;
    let mut body = pool("p", accounts());
    (body["targetDedicatedNodes"], body["taskSlotsPerNode"]) = (json!(1), json!(2));
    let who = sh("echo $(id -u):$(id -g) $USER");
    if is_root() {
        body["startTask"] = json!({ "commandLine": who, "userIdentity": { "username": "anna" } });
    }
    server.batch.post("/pools", body).await.is(201);
    let mut job = json!({ "id": "j", "poolInfo": { "poolId": "p" } });
    job["jobPreparationTask"] = json!({ "commandLine": who, "userIdentity": { "autoUser": { "scope": "task" } } });
    server.batch.post("/jobs", job).await.is(201);
    let run = async |id: &str, identity: Value| {
        let body = json!({ "id": id, "commandLine": who, "userIdentity": identity });
        server.batch.post("/jobs/j/tasks", body).await.is(201);
        let task = server.batch.task_is("j", id, "completed").await;
        (task, server.batch.file("j", id, "stdout.txt").await)
    };
    let task_scope = json!({ "autoUser": { "scope": "task", "elevationLevel": "nonadmin" } });
    let (_, pools) = run("pool", json!({ "autoUser": { "scope": "pool" } })).await;
    let (_, own) = run("own", task_scope).await;
    let (_, anna) = run("anna", json!({ "username": "anna" })).await;
    let (boss, bosses) = run("boss", json!({ "username": "boss" })).await;
    if !is_root() {
        // All are the server's user; who wants more is told.
        assert!(pools == own && own == anna, "{pools} {own} {anna}");
        assert_eq!(boss["executionInfo"]["failureInfo"]["code"], "CommandLaunchFailed");
        return;
    }
    assert_eq!((anna.as_str(), bosses.starts_with("0:")), ("1234:1235 anna\n", true), "{bosses}");
    assert!(own.contains(" _azbatchtask_") && own != pools, "{own} {pools}");
    let node = &server.nodes()[0];
    let startup = format!("/pools/p/nodes/{node}/files/startup/stdout.txt");
    assert_eq!(String::from_utf8_lossy(&server.batch.get(&startup).await.bytes), "1234:1235 anna\n");
    let prep = format!("/pools/p/nodes/{node}/files/workitems/j/job-1/jobpreparation/stdout.txt");
    assert!(String::from_utf8_lossy(&server.batch.get(&prep).await.bytes).contains(" _azbatchtask_"));
}
