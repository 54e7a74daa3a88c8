//! Lists of the management plane that are asked for in part, and what accounts do not have.

use axum::http::Method;
use serde_json::json;

use crate::support::arm::{ACCOUNT, Arm, SUBSCRIPTION};

#[tokio::test]
async fn a_list_gives_the_properties_that_are_selected() {
    let arm = Arm::new().await;
    for pool in ["p1", "p2"] {
        arm.put(&format!("{ACCOUNT}/pools/{pool}"), json!({ "properties": { "vmSize": "local_1" } })).await.is(200);
    }
    let select = "$select=properties%2FvmSize,properties%2FallocationState";
    let page = arm.get(&format!("{ACCOUNT}/pools?{select}&maxresults=1")).await.is(200).json();
    let first = &page["value"][0];
    assert_eq!(first["properties"], json!({ "vmSize": "local_1", "allocationState": "Steady" }));
    assert_eq!((&first["name"], first["id"].is_string(), first["etag"].is_string()), (&json!("p1"), true, true));
    // The next page is asked for as the first was.
    let link = page["nextLink"].as_str().unwrap();
    let rest = arm.get(link.strip_prefix("http://batch.example:8080").unwrap()).await.is(200).json();
    assert_eq!(rest["value"][0]["name"], "p2");
    assert_eq!(rest["value"][0]["properties"].as_object().unwrap().len(), 2);
    for wrong in ["name", "properties", "properties%2Fcolour", "vmSize"] {
        let answer = arm.get(&format!("{ACCOUNT}/pools?$select={wrong}")).await;
        assert_eq!(answer.is_arm_error(400, "InvalidQueryParameterValue"), "$select", "{wrong}");
    }
    // A list whose items cannot be cut says so.
    let applications = arm.get(&format!("{ACCOUNT}/applications?$select=properties%2FdisplayName")).await;
    applications.is_arm_error(400, "UnsupportedQueryParameter");

    let certificate = json!({ "properties": { "data": "AAAA", "format": "Cer" } });
    arm.put(&format!("{ACCOUNT}/certificates/sha1-0a1b"), certificate).await.is(200);
    let found = arm.get(&format!("{ACCOUNT}/certificates?$select=properties%2Fformat")).await.is(200).json();
    assert_eq!(found["value"][0]["properties"], json!({ "format": "Cer" }));
}

#[tokio::test]
async fn a_pool_says_how_it_places_tasks_though_nobody_did() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/pools/p");
    let made = arm.put(&target, json!({ "properties": { "vmSize": "local_1" } })).await.is(200).json();
    assert_eq!(made["properties"]["taskSchedulingPolicy"], json!({ "nodeFillType": "Spread" }));
    // Sent back it is no change, also where one is refused.
    arm.patch(&target, made.clone()).await.is(200);
    arm.put(&target, made).await.is(200);
}

#[tokio::test]
async fn the_content_of_a_certificate_is_replaced() {
    let arm = Arm::new().await;
    let target = format!("{ACCOUNT}/certificates/sha1-0a1b");
    let body = |data: &str| json!({ "properties": { "data": data, "format": "Cer", "thumbprint": "0a1b" } });
    arm.patch(&target, body("AAAA")).await.is_arm_error(404, "CertificateNotFound");
    let added = arm.put(&target, body("AAAA")).await.is(200).json();
    let changed = arm.patch(&target, body("BBBB")).await.is(200).json();
    assert_eq!(changed["properties"]["publicData"], "BBBB");
    assert_ne!(changed["etag"], added["etag"]);
    assert_eq!(arm.get(&target).await.is(200).json(), changed);
    let other = json!({ "properties": { "data": "AAAA", "format": "Cer", "thumbprint": "ffff" } });
    assert_eq!(arm.patch(&target, other).await.is_arm_error(400, "InvalidPropertyValue"), "properties.thumbprint");
    let only_if_new = axum::http::Request::put(format!("{target}?api-version=2024-02-01"))
        .header("host", "batch.example:8080")
        .header("authorization", format!("Bearer {}", arm.token.0))
        .header("if-none-match", "*")
        .body(axum::body::Body::from(body("AAAA").to_string()));
    arm.answer(only_if_new.unwrap()).await.is_arm_error(412, "ConditionNotMet");
    // Whoever knows an older one changes nothing.
    let request = axum::http::Request::patch(format!("{target}?api-version=2024-02-01"))
        .header("host", "batch.example:8080")
        .header("authorization", format!("Bearer {}", arm.token.0))
        .header("if-match", added["etag"].as_str().unwrap())
        .body(axum::body::Body::from(body("CCCC").to_string()));
    arm.answer(request.unwrap()).await.is_arm_error(412, "ConditionNotMet");
    // Nothing that is private is given back.
    let secret = json!({ "properties": { "data": "c2VjcmV0", "format": "Pfx", "password": "hunter2" } });
    let packed = arm.patch(&target, secret).await.is(200).json();
    assert_eq!((&packed["properties"]["format"], packed["properties"].get("publicData")), (&json!("Pfx"), None));
    assert!(!packed.to_string().contains("c2VjcmV0") && !packed.to_string().contains("hunter2"), "{packed}");
}

#[tokio::test]
async fn what_accounts_do_not_have_is_not_changed_and_is_deleted_already() {
    let arm = Arm::new().await;
    let connection = format!("{ACCOUNT}/privateEndpointConnections/pe1");
    arm.patch(&connection, json!({ "properties": {} })).await.is_arm_error(404, "ResourceNotFound");
    arm.delete(&connection).await.is(204);
    let reconcile = format!("{ACCOUNT}/networkSecurityPerimeterConfigurations/x/reconcile");
    arm.call(Method::POST, &reconcile, None).await.is_arm_error(404, "ResourceNotFound");
    let account = arm.get(ACCOUNT).await.is(200).json();
    let properties = &account["properties"];
    assert_eq!(properties["nodeManagementEndpoint"], properties["accountEndpoint"]);
}

#[tokio::test]
async fn the_tags_of_a_group_are_changed() {
    let arm = Arm::new().await;
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/lab");
    arm.patch(&group, json!({ "tags": {} })).await.is_arm_error(404, "ResourceGroupNotFound");
    arm.put(&group, json!({ "location": "local", "tags": { "a": "1", "b": "2" } })).await.is(201);
    let changed = arm.patch(&group, json!({ "tags": { "c": "3" } })).await.is(200).json();
    assert_eq!((&changed["tags"], &changed["location"]), (&json!({ "c": "3" }), &json!("local")));
    assert_eq!(arm.patch(&group, json!({})).await.is(200).json(), changed);
    assert_eq!(arm.patch(&group, changed.clone()).await.is(200).json(), changed);
    let moved = arm.patch(&group, json!({ "location": "elsewhere" })).await;
    assert_eq!(moved.is_arm_error(400, "InvalidPropertyValue"), "location");
    assert_eq!(arm.get(&group).await.is(200).json(), changed);
}
