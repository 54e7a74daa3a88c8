//! The settings of pools through REST: what is given back, what is refused, and what can change when.

use fournil::api::AllocationState;
use serde_json::{Map, Value, json};

use crate::support::rest::Rest;

fn bodies(kind: &str) -> Map<String, Value> {
    let all: Value = serde_json::from_str(include_str!("fixtures/pool_bodies.json")).unwrap();
    all[kind].as_object().unwrap().clone()
}

fn pool(id: &str) -> Value {
    json!({ "id": id, "vmSize": "local_2", "targetDedicatedNodes": 0 })
}

fn remove_passwords(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("password");
            object.values_mut().for_each(remove_passwords);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_passwords),
        _ => {}
    }
}

#[tokio::test]
async fn every_kind_of_pool_that_programs_make_is_given_back_as_it_was_made() {
    let rest = Rest::new().await;
    for (name, body) in bodies("given_back") {
        rest.post("/pools", body.clone()).await.is(201);
        let got = rest.get(&format!("/pools/{}", body["id"].as_str().unwrap())).await.is(200).json();
        let mut expected = body.clone();
        remove_passwords(&mut expected);
        for (property, value) in expected.as_object().unwrap() {
            assert_eq!(&got[property], value, "{name}: {property}");
        }
    }
    assert_eq!(rest.get("/pools").await.is(200).each("id").len(), bodies("given_back").len());
}

#[tokio::test]
async fn what_would_change_tasks_and_is_not_built_is_refused_by_name() {
    let rest = Rest::new().await;
    for (property, settings) in bodies("refused") {
        let mut body = pool("p");
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let answer = rest.post("/pools", body).await;
        assert_eq!(answer.is_error(400, "UnsupportedProperty").value("PropertyName"), property);
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("secret"), "{property}");
    }
    assert_eq!(rest.get("/pools").await.json()["value"], json!([]));
}

#[tokio::test]
async fn secrets_of_a_pool_go_in_and_do_not_come_out() {
    let rest = Rest::new().await;
    let mut body = bodies("given_back")["extensions"].clone();
    body["virtualMachineConfiguration"]["extensions"][0]["protectedSettings"] = json!({ "key": "hunter2" });
    rest.post("/pools", body).await.is(201);
    for path in ["/pools/extended", "/pools"] {
        let got = rest.get(path).await.is(200);
        let text = String::from_utf8_lossy(&got.bytes).into_owned();
        assert!(!text.contains("hunter2") && text.contains("KeyVaultForLinux"), "{text}");
    }
}

#[tokio::test]
async fn a_nested_property_that_does_not_fit_is_named_with_its_path() {
    let rest = Rest::new().await;
    let check = async |property: &str, value: Value, code: &str, path: &str| {
        let mut body = pool("p");
        body[property] = value;
        assert_eq!(rest.post("/pools", body).await.is_error(400, code).value("PropertyName"), path);
    };
    let image = json!({ "publisher": "p", "offer": "o", "sku": "s" });
    let machine =
        json!({ "nodeAgentSKUId": "n", "imageReference": image, "osDisk": { "managedDisk": { "type": "x" } } });
    let path = "virtualMachineConfiguration.osDisk.managedDisk.type";
    check("virtualMachineConfiguration", machine, "UnsupportedProperty", path).await;
    let machine = json!({ "nodeAgentSKUId": "n", "imageReference": image, "osDisk": { "caching": "some" } });
    let path = "virtualMachineConfiguration.osDisk.caching";
    check("virtualMachineConfiguration", machine, "InvalidPropertyValue", path).await;
    let machine = json!({ "imageReference": image });
    let path = "virtualMachineConfiguration.nodeAgentSKUId";
    check("virtualMachineConfiguration", machine, "MissingRequiredProperty", path).await;
    let network = json!({ "endpointConfiguration": { "inboundNATPools": [{ "name": "a" }] } });
    let path = "networkConfiguration.endpointConfiguration.inboundNATPools[0].protocol";
    check("networkConfiguration", network, "MissingRequiredProperty", path).await;
    check("upgradePolicy", json!({}), "MissingRequiredProperty", "upgradePolicy.mode").await;
    let policy = json!({ "nodeFillType": "spread", "jobDefaultOrder": "random" });
    let path = "taskSchedulingPolicy.jobDefaultOrder";
    check("taskSchedulingPolicy", policy, "InvalidPropertyValue", path).await;
    let mut both = pool("p");
    both["cloudServiceConfiguration"] = json!({ "osFamily": "6" });
    both["virtualMachineConfiguration"] = json!({ "nodeAgentSKUId": "n", "imageReference": image });
    let refused = rest.post("/pools", both).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "cloudServiceConfiguration");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machines_of_a_pool_change_only_while_it_has_none() {
    let rest = Rest::new().await;
    rest.post("/pools", pool("p")).await.is(201);
    let machine = json!({ "nodeAgentSKUId": "n", "imageReference": { "virtualMachineImageId": "/i" } });
    let patch = json!({
        "displayName": "new", "vmSize": "LOCAL_1", "taskSlotsPerNode": 4, "enableInterNodeCommunication": true,
        "taskSchedulingPolicy": { "nodeFillType": "pack" }, "virtualMachineConfiguration": machine,
        "networkConfiguration": { "subnetId": "/s" }, "upgradePolicy": { "mode": "manual" }, "resourceTags": { "a": "b" },
        "userAccounts": [], "mountConfiguration": [], "targetNodeCommunicationMode": "simplified",
    });
    rest.put("PATCH", "/pools/p", patch.clone()).await.is(200);
    let got = rest.get("/pools/p").await.json();
    for (property, value) in patch.as_object().unwrap().iter().filter(|(name, _)| *name != "vmSize") {
        assert_eq!(&got[property], value, "{property}");
    }
    assert_eq!(got["vmSize"], "local_1");
    let refused = async |body: Value, status: u16, code: &str| {
        rest.put("PATCH", "/pools/p", body).await.is_error(status, code).value("PropertyName")
    };
    // Four slots fit one core, and five do not; four cores' worth of slots do not fit a smaller size.
    assert_eq!(refused(json!({ "taskSlotsPerNode": 5 }), 400, "InvalidPropertyValue").await, "taskSlotsPerNode");
    assert_eq!(refused(json!({ "vmSize": "huge" }), 400, "InvalidPropertyValue").await, "vmSize");
    rest.put("PATCH", "/pools/p", json!({ "vmSize": "local_2", "taskSlotsPerNode": 8 })).await.is(200);
    assert_eq!(refused(json!({ "vmSize": "local_1" }), 400, "InvalidPropertyValue").await, "taskSlotsPerNode");

    rest.post("/pools/p/resize", json!({ "targetDedicatedNodes": 1 })).await.is(202);
    assert_eq!(refused(json!({ "vmSize": "local_1" }), 409, "PoolBeingResized").await, "vmSize");
    let _node = rest.world.node().await;
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    for name in ["displayName", "networkConfiguration", "resourceTags"] {
        let one = json!({ name: patch[name] });
        assert_eq!(refused(one, 409, "OperationNotValidOnPool").await, name);
    }
    rest.put("PATCH", "/pools/p", json!({ "metadata": [{ "name": "a", "value": "b" }] })).await.is(200);
}

#[tokio::test]
async fn versions_before_2020_09_find_slots_under_their_old_name() {
    let rest = Rest::new().await;
    let mut body = pool("p");
    body["maxTasksPerNode"] = json!(3);
    let old = "api-version=2019-08-01.10.0";
    rest.post(&format!("/pools?{old}"), body).await.is(201);
    let got = rest.get(&format!("/pools/p?{old}")).await.json();
    assert_eq!((&got["maxTasksPerNode"], &got["taskSlotsPerNode"]), (&json!(3), &json!(3)));
    let cut = rest.get(&format!("/pools?{old}&$select=maxTasksPerNode")).await.json();
    assert_eq!(cut["value"], json!([{ "maxTasksPerNode": 3 }]));
    assert_eq!(rest.get("/pools/p").await.json().get("maxTasksPerNode"), None);
}
