//! Pools by Azure's management plane: the same as the data plane's.

use axum::body::Body;
use axum::http::{Method, Request};
use fournil::api::Duration;
use fournil::service::pool;
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm};

fn minimal() -> Value {
    json!({
        "properties": {
            "vmSize": "LOCAL_1",
            "deploymentConfiguration": { "virtualMachineConfiguration": {
                "imageReference": { "publisher": "canonical", "offer": "o", "sku": "s", "version": "latest" },
                "nodeAgentSkuId": "batch.node.ubuntu 22.04",
            } },
            "interNodeCommunication": "Disabled",
            "taskSchedulingPolicy": { "nodeFillType": "Pack" },
            "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 0, "resizeTimeout": "PT10M" } },
            "startTask": { "commandLine": "echo", "userIdentity": { "autoUser": { "scope": "Pool" } } },
            "metadata": [{ "name": "a", "value": "b" }],
        },
    })
}

#[tokio::test]
async fn a_pool_is_made_here_and_seen_there() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/pools/P-1");
    let made = arm.put(&target, minimal()).await.is(200);
    let expected = json!({
        "id": target,
        "name": "P-1",
        "type": "Microsoft.Batch/batchAccounts/pools",
        "etag": made.header("etag"),
        "identity": { "type": "None" },
        "properties": {
            "lastModified": "2027-01-15T08:00:00Z",
            "creationTime": "2027-01-15T08:00:00Z",
            "provisioningState": "Succeeded",
            "provisioningStateTransitionTime": "2027-01-15T08:00:00Z",
            "allocationState": "Steady",
            "allocationStateTransitionTime": "2027-01-15T08:00:00Z",
            "currentDedicatedNodes": 0,
            "currentLowPriorityNodes": 0,
            "currentNodeCommunicationMode": "Simplified",
            "vmSize": "local_1",
            "deploymentConfiguration": minimal()["properties"]["deploymentConfiguration"],
            "interNodeCommunication": "Disabled",
            "taskSchedulingPolicy": { "nodeFillType": "Pack" },
            "taskSlotsPerNode": 1,
            "scaleSettings": {
                "fixedScale": { "targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, "resizeTimeout": "PT10M" },
            },
            "startTask": { "commandLine": "echo", "userIdentity": { "autoUser": { "scope": "Pool" } } },
            "metadata": [{ "name": "a", "value": "b" }],
        },
    });
    assert_eq!(made.json(), expected);
    assert!(made.header("etag").starts_with("W/\"0x8D"));
    assert_eq!(arm.get(&target).await.is(200).json(), expected);
    let account = arm.world.account.clone();
    let seen = pool::pool_get(&arm.world.cx, &arm.world.caller, &account, &"p-1".parse().unwrap()).await.unwrap().pool;
    let machine = seen.settings.virtual_machine_configuration.unwrap();
    assert_eq!(json!(machine)["nodeAgentSKUId"], "batch.node.ubuntu 22.04");
    // Again: the same is answered, something else is refused.
    assert_eq!(arm.put(&target, minimal()).await.is(200).json(), expected);
    let mut other = minimal();
    other["properties"]["taskSlotsPerNode"] = 2.into();
    assert_eq!(arm.put(&target, other).await.is_arm_error(409, "PoolExists"), "properties.taskSlotsPerNode");
}

#[tokio::test]
async fn a_pool_changes_in_settings_and_size_at_once() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/pools/p");
    let made = arm.put(&target, minimal()).await.is(200);
    arm.world.clock.forward(Duration::from_secs(1));
    // What was read is sent back with changes.
    let mut body = made.json();
    body["properties"]["metadata"] = json!([]);
    body["properties"]["startTask"] = json!({});
    body["properties"]["scaleSettings"] =
        json!({ "fixedScale": { "targetDedicatedNodes": 1, "nodeDeallocationOption": "TaskCompletion" } });
    let changed = arm.patch(&target, body).await.is(200);
    assert_ne!(changed.header("etag"), made.header("etag"));
    let properties = &changed.json()["properties"];
    assert_eq!((&properties["metadata"], &properties["startTask"]), (&json!([]), &Value::Null));
    assert_eq!(properties["allocationState"], "Resizing");
    assert_eq!(properties["resizeOperationStatus"]["targetDedicatedNodes"], 1);
    // It is being resized: nothing of the next change happens.
    let both = json!({ "properties": {
        "metadata": [{ "name": "x", "value": "y" }],
        "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 2 } },
    } });
    arm.patch(&target, both).await.is_arm_error(409, "PoolBeingResized");
    assert_eq!(arm.get(&target).await.json()["properties"]["metadata"], json!([]));
    let stopped = arm.call(Method::POST, &format!("{target}/stopResize"), None).await.is(200).json();
    assert_ne!(stopped["properties"]["allocationState"], "Resizing");
    let auto = arm.call(Method::POST, &format!("{target}/disableAutoScale"), None).await;
    auto.is_arm_error(409, "OperationNotValidOnPool");
}

#[tokio::test]
async fn what_a_pool_cannot_be_is_refused_in_arms_words() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/pools/p");
    let fixed = json!({ "targetDedicatedNodes": -1 });
    let auto = json!({ "formula": "$TargetDedicatedNodes=1" });
    for (properties, code, path) in [
        (json!({ "vmSize": "local_1", "colour": 1 }), "UnsupportedProperty", "properties.colour"),
        (json!({}), "MissingRequiredProperty", "properties.vmSize"),
        (json!({ "vmSize": "huge" }), "InvalidPropertyValue", "properties.vmSize"),
        (
            json!({ "vmSize": "local_1", "scaleSettings": { "fixedScale": fixed } }),
            "InvalidPropertyValue",
            "properties.scaleSettings.fixedScale.targetDedicatedNodes",
        ),
        (
            json!({ "vmSize": "local_1", "scaleSettings": { "fixedScale": {}, "autoScale": auto } }),
            "InvalidPropertyValue",
            "properties.scaleSettings",
        ),
        (
            json!({ "vmSize": "local_1", "deploymentConfiguration": { "virtualMachineConfiguration": { "x": 1 } } }),
            "UnsupportedProperty",
            "properties.deploymentConfiguration.virtualMachineConfiguration.x",
        ),
        (
            json!({ "vmSize": "local_1", "targetDedicatedNodes": 1 }),
            "UnsupportedProperty",
            "properties.targetDedicatedNodes",
        ),
        (
            json!({ "vmSize": "local_1", "startTask": { "commandLine": "x", "maxTaskRetryCount": "many" } }),
            "InvalidPropertyValue",
            "properties.startTask.maxTaskRetryCount",
        ),
    ] {
        let answer = arm.put(&target, json!({ "properties": properties })).await;
        assert_eq!(answer.is_arm_error(400, code), path, "{properties}");
    }
    let tags = json!({ "properties": { "vmSize": "local_1" }, "tags": { "a": "b" } });
    assert_eq!(arm.put(&target, tags).await.is_arm_error(400, "InvalidPropertyValue"), "tags");
    let name = arm.put(&format!("{ACCOUNT}/pools/no%20id"), minimal()).await;
    name.is_arm_error(400, "InvalidPropertyValue");
    arm.put(&target, minimal()).await.is(200);
    // What only changes on a pool without nodes changes on one.
    let bigger = arm.patch(&target, json!({ "properties": { "vmSize": "local_2" } })).await.is(200).json();
    assert_eq!(bigger["properties"]["vmSize"], "local_2");
    let auto = json!({ "properties": { "scaleSettings": { "autoScale": { "formula": "$TargetDedicatedNodes=1" } } } });
    let scaled = arm.patch(&target, auto.clone()).await.is(200).json();
    let scale = &scaled["properties"]["scaleSettings"];
    assert_eq!(scale, &json!({ "autoScale": { "formula": "$TargetDedicatedNodes=1", "evaluationInterval": "PT15M" } }));
    // Clients send back what they read.
    arm.patch(&target, auto).await.is(200);
    let wrong = json!({ "properties": { "scaleSettings": { "autoScale": { "formula": "x = " } } } });
    arm.patch(&target, wrong).await.is_arm_error(400, "AutoScalingFormulaSyntaxError");
}

#[tokio::test]
async fn conditions_hold_for_pools() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/pools/p");
    let send = |method: Method, header: &'static str, value: String, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("{target}?api-version=2024-02-01"))
            .header("host", "h")
            .header("authorization", format!("Bearer {}", arm.token.0))
            .header(header, value);
        arm.answer(request.body(Body::from(body.to_string())).unwrap())
    };
    send(Method::PUT, "if-match", "*".into(), minimal()).await.is_arm_error(412, "ConditionNotMet");
    let made = send(Method::PUT, "if-none-match", "*".into(), minimal()).await.is(200);
    send(Method::PUT, "if-none-match", "*".into(), minimal()).await.is_arm_error(412, "ConditionNotMet");
    let etag = made.header("etag").to_owned();
    let patch = json!({ "properties": { "displayName": "x" } });
    arm.world.clock.forward(Duration::from_secs(1));
    send(Method::PATCH, "if-match", etag.clone(), patch.clone()).await.is(200);
    send(Method::PATCH, "if-match", etag, patch).await.is_arm_error(412, "ConditionNotMet");
}

#[tokio::test]
async fn pools_are_listed_filtered_and_deleted() {
    let arm = Arm::new().await;
    for id in ["b", "a", "c"] {
        arm.put(&format!("{ACCOUNT}/pools/{id}"), minimal()).await.is(200);
    }
    let list = format!("{ACCOUNT}/pools");
    assert_eq!(arm.get(&list).await.is(200).each("name"), ["a", "b", "c"]);
    let filter = "properties%2FallocationState%20eq%20'Steady'%20and%20startswith(name,'b')";
    assert_eq!(arm.get(&format!("{list}?$filter={filter}")).await.is(200).each("name"), ["b"]);
    let page = arm.get(&format!("{list}?maxresults=2")).await.is(200);
    assert_eq!(page.each("name"), ["a", "b"]);
    let next = page.json()["nextLink"].as_str().unwrap().replace("http://batch.example:8080", "");
    assert_eq!(arm.get(&next).await.is(200).each("name"), ["c"]);
    assert_eq!(
        arm.get(&format!("{list}?$filter=colour%20eq%201")).await.is_arm_error(400, "InvalidQueryParameterValue"),
        "$filter"
    );

    let begun = arm.delete(&format!("{list}/a")).await.is(202);
    let link = begun.header("location").replace("http://batch.example:8080", "");
    assert!(link.contains("/poolOperationResults/delete-a-"), "{link}");
    for _ in 0..600 {
        if arm.get(&link).await.status == 204 {
            arm.get(&format!("{list}/a")).await.is_arm_error(404, "PoolNotFound");
            arm.delete(&format!("{list}/a")).await.is(204);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the pool is still there");
}

#[tokio::test]
async fn a_certificate_is_added_named_by_a_pool_and_deleted() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/certificates/SHA1-0A1B");
    let body = json!({ "properties": { "thumbprint": "0a1b", "thumbprintAlgorithm": "sha1", "data": "AAAA", "format": "Cer" } });
    let added = arm.put(&target, body.clone()).await.is(200).json();
    assert_eq!(added["id"], format!("{ACCOUNT}/certificates/sha1-0a1b"));
    assert_eq!(added["properties"]["provisioningState"], "Succeeded");
    assert_eq!(added["properties"]["format"], "Cer");
    assert_eq!(arm.get(&target).await.is(200).json(), added);
    assert_eq!(arm.get(&format!("{ACCOUNT}/certificates")).await.is(200).each("name"), ["sha1-0a1b"]);
    arm.put(&target, body).await.is_arm_error(409, "CertificateExists");
    let other = json!({ "properties": { "thumbprint": "ffff", "data": "AAAA", "format": "Cer" } });
    assert_eq!(arm.put(&target, other).await.is_arm_error(400, "InvalidPropertyValue"), "properties.thumbprint");

    let mut pool = minimal();
    pool["properties"]["certificates"] = json!([{ "id": added["id"], "storeLocation": "LocalMachine" }]);
    let made = arm.put(&format!("{ACCOUNT}/pools/p"), pool).await.is(200).json();
    assert_eq!(made["properties"]["certificates"], json!([{ "id": added["id"], "storeLocation": "LocalMachine" }]));
    arm.delete(&target).await.is_arm_error(409, "CertificateDeleteFailed");
    let failed =
        arm.get(&format!("{ACCOUNT}/certificates?$filter=properties%2FprovisioningState%20eq%20'Failed'")).await;
    assert_eq!(failed.is(200).each("name"), ["sha1-0a1b"]);
    let back = arm.call(Method::POST, &format!("{target}/cancelDelete"), None).await.is(200).json();
    assert_eq!(back["properties"]["provisioningState"], "Succeeded");
    arm.patch(&format!("{ACCOUNT}/pools/p"), json!({ "properties": { "certificates": [] } })).await.is(200);
    arm.delete(&target).await.is(200);
    arm.delete(&target).await.is(204);
    arm.get(&target).await.is_arm_error(404, "CertificateNotFound");
}
