//! Accounts by Azure's management plane.

use axum::http::Method;
use fournil::api::{AccountCreate, Duration, Role, RoleAssignmentCreate};
use fournil::service::{account, role_assignment};
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm, SUBSCRIPTION, token_of};
use crate::support::rest::Answer;

fn path(group: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Batch/batchAccounts/{name}")
}

/// The operation's link, as a path.
fn link(answer: &Answer) -> String {
    answer.header("location").strip_prefix("http://batch.example:8080").expect("it is ours").to_owned()
}

#[tokio::test]
async fn an_account_is_made_and_followed_to_its_end() {
    let arm = Arm::new().await;
    let body = json!({
        "location": "LOCAL",
        "tags": { "team": "ocean" },
        "properties": {
            "poolAllocationMode": "BatchService",
            "autoStorage": { "storageAccountId": "mystore", "authenticationMode": "StorageKeys" },
        },
    });
    let begun = arm.put(&path("My-Group", "acc1"), body.clone()).await.is(202);
    assert_eq!((begun.header("retry-after"), begun.bytes.len()), ("1", 0));
    assert!(link(&begun).contains("/providers/Microsoft.Batch/locations/local/accountOperationResults/create-acc1-"));
    let made = arm.get(&link(&begun)).await.is(200).json();
    let expected = json!({
        "id": path("My-Group", "acc1"),
        "name": "acc1",
        "type": "Microsoft.Batch/batchAccounts",
        "location": "local",
        "tags": { "team": "ocean" },
        "identity": { "type": "None" },
        "properties": {
            "accountEndpoint": "127.0.0.1:1",
            "nodeManagementEndpoint": "127.0.0.1:1",
            "provisioningState": "Succeeded",
            "poolAllocationMode": "BatchService",
            "publicNetworkAccess": "Enabled",
                "networkProfile": {
                    "accountAccess": { "defaultAction": "Allow", "ipRules": [] },
                    "nodeManagementAccess": { "defaultAction": "Allow", "ipRules": [] },
                },
            "privateEndpointConnections": [],
            "encryption": { "keySource": "Microsoft.Batch" },
            "autoStorage": {
                "storageAccountId": "mystore",
                "authenticationMode": "StorageKeys",
                "lastKeySync": "2027-01-15T08:00:00Z",
            },
            "dedicatedCoreQuota": 900,
            "lowPriorityCoreQuota": 100,
            "dedicatedCoreQuotaPerVMFamily": [],
            "dedicatedCoreQuotaPerVMFamilyEnforced": false,
            "poolQuota": 100,
            "activeJobAndJobScheduleQuota": 300,
            "allowedAuthenticationModes": ["SharedKey", "AAD", "TaskAuthenticationToken"],
        },
    });
    assert_eq!(made, expected);
    // All names are compared without regard to case.
    let shouted =
        format!("/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/MY-GROUP/providers/microsoft.batch/BATCHACCOUNTS/ACC1");
    let found = arm.get(&shouted).await.is(200);
    assert_eq!(found.json(), expected);
    assert!(found.header("etag").starts_with("W/\"0x8D"), "{}", found.header("etag"));
    // What is there already is answered when the body says the same, and not changed when it says something else.
    assert_eq!(arm.put(&path("my-group", "acc1"), body).await.is(200).json(), expected);
    let other = json!({ "location": "local", "tags": { "team": "sky" } });
    assert_eq!(arm.put(&path("My-Group", "acc1"), other).await.is_arm_error(409, "AccountExists"), "tags");
    let elsewhere = arm.put(&path("other", "acc1"), json!({ "location": "local" })).await;
    elsewhere.is_arm_error(409, "AccountExists");
    assert_eq!(arm.get(&path("My-Group", "acc1")).await.json(), expected);
    // In another group or subscription it is not there.
    arm.get(&path("other", "acc1")).await.is_arm_error(404, "ResourceNotFound");
    let stranger = path("My-Group", "acc1").replace(SUBSCRIPTION, "11111111-0000-0000-0000-000000000000");
    arm.get(&stranger).await.is_arm_error(404, "ResourceNotFound");
    arm.put(&stranger, json!({ "location": "local" })).await.is_arm_error(404, "SubscriptionNotFound");
}

#[tokio::test]
async fn an_account_is_changed_and_read_back() {
    let arm = Arm::new().await;
    let before = arm.get(ACCOUNT).await;
    arm.world.clock.forward(Duration::from_secs(1));
    let mut sent_back = before.json();
    sent_back["tags"] = json!({ "a": "b" });
    sent_back["properties"]["publicNetworkAccess"] = "disabled".into();
    let changed = arm.patch(ACCOUNT, sent_back).await.is(200);
    assert_ne!(changed.header("etag"), before.header("etag"));
    let changed = changed.json();
    assert_eq!(changed["tags"], json!({ "a": "b" }));
    assert_eq!(changed["properties"]["publicNetworkAccess"], "Disabled");
    let storage = json!({ "properties": { "autoStorage": { "storageAccountId": "mystore" } } });
    arm.call(Method::POST, &format!("{ACCOUNT}/syncAutoStorageKeys"), None)
        .await
        .is_arm_error(409, "AutoStorageNotConfigured");
    let linked = arm.patch(ACCOUNT, storage).await.is(200).json();
    assert_eq!(linked["properties"]["autoStorage"]["storageAccountId"], "mystore");
    assert_eq!(linked["tags"], json!({ "a": "b" }), "what is not said stays");
    arm.world.clock.forward(Duration::from_secs(1));
    arm.call(Method::POST, &format!("{ACCOUNT}/syncAutoStorageKeys"), None).await.is(204);
    assert_eq!(arm.get(ACCOUNT).await.json()["properties"]["autoStorage"]["lastKeySync"], "2027-01-15T08:00:02Z");
}

#[tokio::test]
async fn what_accounts_are_not_here_is_refused_by_name() {
    let arm = Arm::new().await;
    let rules = |action: &str| json!({ "accountAccess": { "defaultAction": action } });
    for (body, code, target) in [
        (json!({}), "MissingRequiredProperty", "location"),
        (json!({ "location": "mars" }), "InvalidPropertyValue", "location"),
        (json!({ "location": "local", "sku": 1 }), "UnsupportedProperty", "sku"),
        (json!({ "location": "local", "tags": { "a/b": "" } }), "InvalidPropertyValue", "tags.a/b"),
        (json!({ "location": "local", "identity": { "type": "SystemAssigned" } }), "InvalidPropertyValue", "identity"),
        (
            json!({ "location": "local", "properties": { "poolAllocationMode": "UserSubscription" } }),
            "InvalidPropertyValue",
            "properties.poolAllocationMode",
        ),
        (
            json!({ "location": "local", "properties": { "publicNetworkAccess": "SecuredByPerimeter" } }),
            "InvalidPropertyValue",
            "properties.publicNetworkAccess",
        ),
        (
            json!({ "location": "local", "properties": { "networkProfile": rules("Perhaps") } }),
            "InvalidPropertyValue",
            "properties.networkProfile.accountAccess.defaultAction",
        ),
        (
            json!({ "location": "local", "properties": { "encryption": { "keySource": "Microsoft.KeyVault" } } }),
            "InvalidPropertyValue",
            "properties.encryption",
        ),
        (
            json!({ "location": "local", "properties": { "autoStorage": { "storageAccountId": "No Name" } } }),
            "InvalidPropertyValue",
            "properties.autoStorage.storageAccountId",
        ),
        (
            json!({ "location": "local", "properties": { "allowedAuthenticationModes": ["Password"] } }),
            "InvalidPropertyValue",
            "properties.allowedAuthenticationModes[0]",
        ),
    ] {
        assert_eq!(arm.put(&path("g", "acc1"), body.clone()).await.is_arm_error(400, code), target, "{body}");
    }
    let name = arm.put(&path("g", "No-Good"), json!({ "location": "local" })).await;
    assert_eq!(name.is_arm_error(400, "InvalidPropertyValue"), "name");
    arm.get(&path("g", "acc1")).await.is_arm_error(404, "ResourceNotFound");
    // What says no more than what is so anyway is taken.
    let usual = json!({
        "location": "local",
        "identity": { "type": "None" },
        "properties": { "networkProfile": rules("Allow"), "encryption": { "keySource": "Microsoft.Batch" } },
    });
    arm.put(&path("g", "acc1"), usual).await.is(202);
}

#[tokio::test]
async fn an_account_is_deleted_and_followed_until_it_is_gone() {
    let arm = Arm::new().await;
    arm.put(&format!("{ACCOUNT}/pools/p"), json!({ "properties": { "vmSize": "local_1" } })).await.is(200);
    let begun = arm.delete(ACCOUNT).await.is(202);
    let mut polls = 0;
    loop {
        let answer = arm.get(&link(&begun)).await;
        match answer.status.as_u16() {
            202 => assert_eq!(link(&answer), link(&begun)),
            204 => break,
            _ => panic!("{answer:?}"),
        }
        polls += 1;
        assert!(polls < 600, "the account is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    arm.get(ACCOUNT).await.is_arm_error(404, "ResourceNotFound");
    arm.delete(ACCOUNT).await.is(204);
    // A new one of the same name is not the one that was deleted.
    arm.world.clock.forward(Duration::from_secs(1));
    arm.put(ACCOUNT, json!({ "location": "local" })).await.is(202);
    arm.get(&link(&begun)).await.is(204);
}

#[tokio::test]
async fn accounts_are_listed_by_subscription_and_group_page_by_page() {
    let arm = Arm::new().await;
    for (name, group, subscription) in [
        ("acc1", "One", None),
        ("acc2", "one", None),
        ("acc3", "two", None),
        ("acc4", "one", Some("11111111-2222-3333-4444-555555555555")),
    ] {
        let create = AccountCreate {
            name: name.into(),
            location: "local".into(),
            resource_group: Some(group.into()),
            subscription_id: subscription.map(str::to_owned),
            ..Default::default()
        };
        account::account_create(&arm.world.cx, &arm.world.caller, create).await.unwrap();
    }
    let all = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Batch/batchAccounts");
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/ONE/providers/Microsoft.Batch/batchAccounts");
    for (target, expected) in [(all.clone(), "acc1 acc2 acc3 test"), (group, "acc1 acc2")] {
        assert_eq!(arm.get(&target).await.is(200).each("name").join(" "), expected);
        let (mut next, mut seen) = (Some(format!("{target}?maxresults=1")), Vec::new());
        while let Some(target) = next {
            let page = arm.get(&target).await.is(200);
            assert_eq!(page.each("name").len(), 1);
            seen.extend(page.each("name"));
            let link = page.json()["nextLink"].as_str().map(str::to_owned);
            next = link.map(|link| link.strip_prefix("http://batch.example:8080").unwrap().to_owned());
        }
        assert_eq!(seen.join(" "), expected);
    }
    let nowhere = arm.get(&all.replace(SUBSCRIPTION, "x")).await;
    nowhere.is_arm_error(404, "SubscriptionNotFound");
    let nobody = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/three/providers/Microsoft.Batch/batchAccounts");
    arm.get(&nobody).await.is_arm_error(404, "ResourceGroupNotFound");
}

#[tokio::test]
async fn keys_are_read_and_replaced_one_at_a_time() {
    let arm = Arm::new().await;
    let before = arm.call(Method::POST, &format!("{ACCOUNT}/listKeys"), None).await.is(200).json();
    assert_eq!((before["accountName"].as_str(), before["primary"].as_str().map(str::len)), (Some("test"), Some(88)));
    let after = arm.post(&format!("{ACCOUNT}/regenerateKeys"), json!({ "keyName": "secondary" })).await.is(200).json();
    assert_eq!(after["primary"], before["primary"]);
    assert_ne!(after["secondary"], before["secondary"]);
    let wrong = arm.post(&format!("{ACCOUNT}/regenerateKeys"), json!({ "keyName": "Third" })).await;
    assert_eq!(wrong.is_arm_error(400, "InvalidPropertyValue"), "keyName");
    // Where keys open nothing they are not given out.
    let modes = json!({ "properties": { "allowedAuthenticationModes": ["AAD"] } });
    arm.patch(ACCOUNT, modes).await.is(200);
    let refused = arm.call(Method::POST, &format!("{ACCOUNT}/listKeys"), None).await;
    refused.is_arm_error(409, "InvalidRestAPIForAccountSetting");
}

#[tokio::test]
async fn a_location_says_what_it_has() {
    let arm = Arm::new().await;
    let location = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Batch/locations/Local");
    assert_eq!(arm.get(&format!("{location}/quotas")).await.is(200).json(), json!({ "accountQuota": i32::MAX }));
    let sizes = arm.get(&format!("{location}/virtualMachineSkus")).await.is(200).json();
    let expected = json!({
        "name": "local_2",
        "familyName": "localFamily",
        "capabilities": [
            { "name": "vCPUs", "value": "2" },
            { "name": "MemoryGB", "value": "4" },
            { "name": "LowPriorityCapable", "value": "True" },
        ],
    });
    assert!(sizes["value"].as_array().unwrap().contains(&expected), "{sizes}");
    let none = arm.get(&format!("{location}/virtualMachineSkus?$filter=familyName%20eq%20'x'")).await.is(200).json();
    assert_eq!(none, json!({ "value": [] }));
    let check = |name: &str| json!({ "name": name, "type": "Microsoft.Batch/batchAccounts" });
    for (name, expected) in [("free1", json!(null)), ("test", json!("AlreadyExists")), ("No!", json!("Invalid"))] {
        let answer = arm.post(&format!("{location}/checkNameAvailability"), check(name)).await.is(200).json();
        assert_eq!((answer["nameAvailable"].as_bool().unwrap(), &answer["reason"]), (expected.is_null(), &expected));
    }
    let mars = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Batch/locations/mars/quotas");
    arm.get(&mars).await.is_arm_error(404, "LocationNotAvailableForResourceType");
}

#[tokio::test]
async fn what_cannot_exist_has_empty_lists_and_is_not_made() {
    let arm = Arm::new().await;
    for list in
        ["detectors", "privateLinkResources", "privateEndpointConnections", "networkSecurityPerimeterConfigurations"]
    {
        assert_eq!(arm.get(&format!("{ACCOUNT}/{list}")).await.is(200).json(), json!({ "value": [] }), "{list}");
        arm.get(&format!("{ACCOUNT}/{list}/x")).await.is_arm_error(404, "ResourceNotFound");
        arm.get(&format!("{}/{list}", path("g", "nobody"))).await.is_arm_error(404, "ResourceNotFound");
    }
    let endpoints = arm.get(&format!("{ACCOUNT}/outboundNetworkDependenciesEndpoints")).await.is(200).json();
    assert_eq!(endpoints["value"][0]["endpoints"][0]["domainName"], "127.0.0.1");
    assert_eq!(endpoints["value"][0]["endpoints"][0]["endpointDetails"], json!([{ "port": 1 }]));
    let operations = arm.get("/providers/Microsoft.Batch/operations").await.is(200).each("name");
    assert!(operations.contains(&"Microsoft.Batch/batchAccounts/listkeys/action".to_owned()));
}

#[tokio::test]
async fn groups_are_made_and_follow_from_accounts() {
    let arm = Arm::new().await;
    let groups = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups");
    assert_eq!(arm.get(&groups).await.is(200).each("name"), ["default"]);
    let body = json!({ "location": "local", "tags": { "a": "b" } });
    let made = arm.put(&format!("{groups}/Lab"), body.clone()).await.is(201).json();
    assert_eq!(made["id"], format!("{groups}/Lab"));
    arm.put(&format!("{groups}/lab"), body).await.is(200);
    arm.put(&format!("{groups}/default"), json!({ "location": "local" })).await.is(200);
    assert_eq!(arm.get(&groups).await.each("name"), ["default", "Lab"]);
    assert_eq!(arm.get(&format!("{groups}/LAB")).await.is(200).json(), made);
    arm.call(Method::HEAD, &format!("{groups}/lab"), None).await.is(200);
    assert!(arm.call(Method::HEAD, &format!("{groups}/none"), None).await.is(404).bytes.is_empty());
    arm.get(&format!("{groups}/none")).await.is_arm_error(404, "ResourceGroupNotFound");
    let bad = arm.put(&format!("{groups}/x"), json!({ "location": "mars" })).await;
    assert_eq!(bad.is_arm_error(400, "InvalidPropertyValue"), "location");
    let subscriptions = arm.get("/subscriptions").await.is(200);
    assert_eq!(subscriptions.each("subscriptionId"), [SUBSCRIPTION]);
    assert_eq!(
        arm.get(&format!("/subscriptions/{SUBSCRIPTION}")).await.is(200).json(),
        subscriptions.json()["value"][0]
    );
    assert_eq!(
        arm.get("/tenants").await.is(200).json()["value"][0]["tenantId"],
        subscriptions.json()["value"][0]["tenantId"]
    );
    let provider: Value =
        arm.get(&format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Batch")).await.is(200).json();
    assert_eq!(provider["registrationState"], "Registered");
}

#[tokio::test]
async fn a_group_is_deleted_when_nothing_is_in_it_and_its_roles_with_it() {
    let arm = Arm::new().await;
    let group = |name: &str| format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}");
    arm.put(&group("empty"), json!({ "location": "local" })).await.is(201);
    arm.put(&path("full", "acc1"), json!({ "location": "local" })).await.is(202);
    arm.delete(&group("full")).await.is_arm_error(409, "OperationInvalidForCurrentState");
    let cx = &arm.world.cx;
    let token = token_of(&arm.world, "grace", Role::NoRole).await;
    for scope in [group("empty"), path("full", "acc1")] {
        let create = RoleAssignmentCreate { user: "grace".into(), role: Role::Owner, scope };
        role_assignment::role_assignment_create(cx, &arm.world.caller, create).await.unwrap();
    }
    let account = path("full", "acc1");
    arm.send(Method::GET, &account, Some(&token.0), None).await.is(200);
    arm.delete(&group("EMPTY")).await.is(200);
    arm.get(&group("empty")).await.is_arm_error(404, "ResourceGroupNotFound");
    arm.delete(&group("empty")).await.is_arm_error(404, "ResourceGroupNotFound");
    // An account of the same name is another account: nobody is let in by a role in the old one.
    arm.delete(&account).await.is(202);
    arm.put(&account, json!({ "location": "local" })).await.is(202);
    let left = role_assignment::role_assignment_list(cx, &arm.world.caller, None).await.unwrap();
    assert_eq!(left, []);
    arm.send(Method::GET, &account, Some(&token.0), None).await.is(403);
}
