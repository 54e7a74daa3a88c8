//! Containers of pools, jobs and tasks, as programs ask for them.

use fournil::domain::container::Allowed;
use serde_json::{Value, json};

use crate::support::rest::Rest;

fn pool(id: &str, has_containers: bool) -> Value {
    let mut pool = json!({ "id": id, "vmSize": "local_2", "targetDedicatedNodes": 0,
        "virtualMachineConfiguration": {
            "imageReference": { "publisher": "p", "offer": "o", "sku": "s" }, "nodeAgentSKUId": "n" } });
    if has_containers {
        pool["virtualMachineConfiguration"]["containerConfiguration"] = json!({
            "type": "dockerCompatible", "containerImageNames": ["busybox"],
            "containerRegistries": [{ "registryServer": "r.io", "username": "u", "password": "S3CRET" }] });
    }
    pool
}

fn container(options: &str) -> Value {
    json!({ "imageName": "r.io/x:1", "containerRunOptions": options, "workingDirectory": "containerImageDefault",
        "registry": { "registryServer": "r.io", "username": "u", "password": "S3CRET" },
        "containerHostBatchBindMounts": [{ "source": "Task", "isReadOnly": true }] })
}

async fn with_pools() -> Rest {
    let rest = Rest::new().await;
    rest.post("/pools", pool("c", true)).await.is(201);
    rest.post("/pools", pool("p", false)).await.is(201);
    for id in ["c", "p"] {
        rest.post("/jobs", json!({ "id": id, "poolInfo": { "poolId": id } })).await.is(201);
    }
    rest
}

#[tokio::test]
async fn all_tasks_of_a_pool_with_containers_have_one_and_others_have_none() {
    let rest = with_pools().await;
    let task =
        |id: &str, settings: Option<Value>| json!({ "id": id, "commandLine": "", "containerSettings": settings });
    rest.post("/jobs/c/tasks", task("t", Some(container("--rm")))).await.is(201);
    let without = json!({ "id": "u", "commandLine": "x" });
    let refused = rest.post("/jobs/c/tasks", without.clone()).await.is_error(400, "MissingRequiredProperty");
    assert_eq!(refused.value("PropertyName"), "containerSettings");
    rest.post("/jobs/p/tasks", without).await.is(201);
    let refused =
        rest.post("/jobs/p/tasks", task("t", Some(container("")))).await.is_error(400, "InvalidPropertyValue");
    assert!(refused.value("Reason").contains("containerConfiguration"));
    let refused = rest.post("/jobs/c/tasks", task("v", Some(container("--privileged")))).await;
    let refused = refused.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "containerSettings.containerRunOptions");
    assert!(refused.value("Reason").contains("--privileged"));
}

#[tokio::test]
async fn settings_are_given_back_without_their_passwords() {
    let rest = with_pools().await;
    let mut expected = container("--rm -e A=1");
    let task = json!({ "id": "t", "commandLine": "x", "containerSettings": expected });
    rest.post("/jobs/c/tasks", task).await.is(201);
    let job = json!({ "id": "j", "poolInfo": { "poolId": "c" },
        "jobManagerTask": { "id": "m", "commandLine": "", "containerSettings": expected },
        "jobPreparationTask": { "commandLine": "x", "containerSettings": expected },
        "jobReleaseTask": { "commandLine": "x", "containerSettings": expected } });
    rest.post("/jobs", job.clone()).await.is(201);
    let specification = json!({ "poolInfo": { "poolId": "c" }, "jobManagerTask": job["jobManagerTask"] });
    let schedule = json!({ "id": "s", "schedule": { "doNotRunUntil": "2099-01-01T00:00:00Z" }, "jobSpecification": specification });
    rest.post("/jobschedules", schedule).await.is(201);
    let mut own = pool("", true);
    own.as_object_mut().unwrap().remove("id");
    own["startTask"] = json!({ "commandLine": "", "containerSettings": expected });
    let own = json!({ "autoPoolSpecification": { "poolLifetimeOption": "job", "pool": own } });
    rest.post("/jobs", json!({ "id": "a", "poolInfo": own })).await.is(201);
    expected["registry"].as_object_mut().unwrap().remove("password");
    let got = rest.get("/jobs/a").await.is(200).json();
    let own = &got["poolInfo"]["autoPoolSpecification"]["pool"];
    assert_eq!(own["startTask"]["containerSettings"], expected);
    assert_eq!(own["virtualMachineConfiguration"]["containerConfiguration"]["containerImageNames"], json!(["busybox"]));
    assert_eq!(rest.get("/jobs/c/tasks/t").await.is(200).json()["containerSettings"], expected);
    assert_eq!(rest.get("/jobs/j/tasks/m").await.is(200).json()["containerSettings"], expected);
    let got = rest.get("/jobs/j").await.is(200).json();
    for name in ["jobManagerTask", "jobPreparationTask", "jobReleaseTask"] {
        assert_eq!(got[name]["containerSettings"], expected, "{name}");
    }
    let got = rest.get("/pools/c").await.is(200).json();
    let registry = json!({ "registryServer": "r.io", "username": "u" });
    let containers = &got["virtualMachineConfiguration"]["containerConfiguration"];
    assert_eq!(containers["containerRegistries"], json!([registry]));
    for path in [
        "/pools", "/pools/c", "/jobs", "/jobs/j", "/jobs/a", "/jobs/c/tasks", "/jobs/j/tasks", "/jobschedules/s",
        "/jobschedules",
    ] {
        let answer = rest.get(path).await.is(200);
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("S3CRET"), "{path}");
    }
}

#[tokio::test]
async fn jobs_and_pools_are_checked_as_their_tasks_are() {
    let rest = with_pools().await;
    let check = async |path: &str, body: Value, property: &str| {
        let answer = rest.post(path, body).await.is(400);
        let values = answer.json()["values"].to_string();
        assert!(values.contains(&format!("\"{property}\"")), "{property}: {values}");
    };
    let job = |pool: Value| json!({ "id": "j", "poolInfo": pool, "jobManagerTask": { "id": "m", "commandLine": "x" } });
    check("/jobs", job(json!({ "poolId": "c" })), "jobManagerTask.containerSettings").await;
    let mut auto = pool("", true);
    auto.as_object_mut().unwrap().remove("id");
    let auto = json!({ "autoPoolSpecification": { "poolLifetimeOption": "job", "pool": auto } });
    check("/jobs", job(auto), "jobManagerTask.containerSettings").await;
    let mut create = job(json!({ "poolId": "p" }));
    create["jobPreparationTask"] = json!({ "commandLine": "x", "containerSettings": { "imageName": "x" } });
    check("/jobs", create, "jobPreparationTask.containerSettings").await;
    let mut create = pool("q", false);
    create["startTask"] = json!({ "commandLine": "x", "containerSettings": { "imageName": "x" } });
    check("/pools", create.clone(), "startTask.containerSettings").await;
    create["virtualMachineConfiguration"] = pool("q", true)["virtualMachineConfiguration"].clone();
    create["startTask"]["containerSettings"]["containerRunOptions"] = json!("--pid=host");
    check("/pools", create, "startTask.containerSettings.containerRunOptions").await;
    let change = json!({ "startTask": { "commandLine": "x", "containerSettings": { "imageName": "x" } } });
    let refused = rest.put("PATCH", "/pools/p", change).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "startTask.containerSettings");
}

#[tokio::test]
async fn the_operator_can_allow_all_options() {
    let rest = with_pools().await.with_installation(|all| all.containers.allowed = Allowed::Any);
    let task = json!({ "id": "t", "commandLine": "x", "containerSettings": container("--privileged") });
    rest.post("/jobs/c/tasks", task).await.is(201);
}
