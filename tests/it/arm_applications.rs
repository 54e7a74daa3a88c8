//! Applications and their packages by Azure's management plane; what is uploaded goes the way of the built-in storage.

use axum::http::Method;
use fournil::api::{Code, Role};

use fournil::domain::storage_access::Access;
use fournil::service::storage::StorageCaller;
use fournil::service::storage::account::{DEFAULT_NAME, signing_storage, storage_ensure_default};
use fournil::service::storage::blob::{ListWish, blob_list};
use fournil::service::storage::write::{Place, blob_put};
use fournil::service::{account_storage, application_package};
use futures_util::stream;
use serde_json::{Value, json};

use crate::support::arm::{ACCOUNT, Arm, token_of};

const APP: &str = "/applications/Blender";
const ONE: &str = "/applications/blender/versions/2.70";

fn at(path: &str) -> String {
    format!("{ACCOUNT}{path}")
}

/// With the installation's storage, linked to the account.
pub async fn linked() -> Arm {
    let arm = Arm::new().await;
    let world = &arm.world;
    storage_ensure_default(&world.cx).await.unwrap();
    let link = Some(DEFAULT_NAME.to_owned());
    account_storage::account_storage_set(&world.cx, &world.caller, &world.account, link).await.unwrap();
    arm
}

async fn holder_of_key(arm: &Arm) -> StorageCaller {
    let storage = signing_storage(&arm.world.cx, DEFAULT_NAME).await.unwrap().unwrap();
    StorageCaller { storage, access: Access::Everything }
}

/// Container and blob of an upload's address.
fn place(package: &Value) -> (String, String) {
    let url = package["properties"]["storageUrl"].as_str().expect("it waits for its upload");
    let path = url.strip_prefix("http://127.0.0.1:1/fournil/").expect("it is in the linked storage");
    let (path, sas) = path.split_once('?').unwrap();
    assert!(sas.contains("sr=b") && sas.contains("sp=rcw"), "{sas}");
    let (container, blob) = path.split_once('/').unwrap();
    (container.to_owned(), blob.to_owned())
}

pub async fn upload(arm: &Arm, package: &Value, text: &'static str) {
    let (container, blob) = place(package);
    let place = Place { container: &container, name: &blob };
    let body = stream::iter([Ok::<_, std::io::Error>(text.into())]);
    let caller = holder_of_key(arm).await;
    blob_put(&arm.world.cx, &caller, place, Default::default(), Vec::new(), None, body).await.unwrap();
}

async fn blobs(arm: &Arm, container: &str) -> usize {
    let wish = ListWish { limit: 100, ..Default::default() };
    blob_list(&arm.world.cx, &holder_of_key(arm).await, container, wish).await.unwrap().0.len()
}

#[tokio::test]
async fn a_package_is_made_uploaded_activated_and_deleted() {
    let arm = linked().await;
    let body = json!({ "properties": { "displayName": "The Blender", "allowUpdates": true } });
    let made = arm.put(&at(APP), body).await.is(200);
    let expected = json!({
        "id": at(APP),
        "name": "Blender",
        "type": "Microsoft.Batch/batchAccounts/applications",
        "etag": made.header("etag"),
        "properties": { "displayName": "The Blender", "allowUpdates": true },
    });
    assert_eq!(made.json(), expected);
    // Names have no case, and the one that was given is kept. Nothing said is nothing changed.
    assert_eq!(arm.call(Method::PUT, &at("/applications/BLENDER"), None).await.is(200).json(), expected);
    assert_eq!(arm.get(&at("/applications")).await.is(200).json(), json!({ "value": [expected] }));

    let pending = arm.call(Method::PUT, &at(ONE), None).await.is(200).json();
    assert_eq!(pending["id"], at(ONE));
    assert_eq!(pending["properties"]["state"], "Pending");
    assert_eq!(pending["properties"]["storageUrlExpiry"], "2027-01-15T12:00:00Z");
    let zip = json!({ "format": "zip" });
    let activate = at(&format!("{ONE}/activate"));
    arm.post(&activate, zip.clone()).await.is_arm_error(409, "ApplicationPackageBlobNotFound");
    upload(&arm, &pending, "one").await;
    let wrong = arm.post(&activate, json!({ "format": "tar" })).await;
    assert_eq!(wrong.is_arm_error(400, "InvalidPropertyValue"), "properties.format");
    let active = arm.post(&activate, zip.clone()).await.is(200);
    let expected = json!({
        "id": at(ONE),
        "name": "2.70",
        "type": "Microsoft.Batch/batchAccounts/applications/versions",
        "etag": active.header("etag"),
        "properties": { "state": "Active", "format": "zip", "lastActivationTime": "2027-01-15T08:00:00Z" },
    });
    assert_eq!(active.json(), expected);
    assert_eq!(arm.get(&at(ONE)).await.is(200).json(), expected);
    assert_eq!(arm.get(&at("/applications/blender/versions")).await.json(), json!({ "value": [expected] }));
    // Sent again, it changes nothing.
    assert_eq!(arm.post(&activate, zip).await.is(200).json(), expected);

    let (container, _) = place(&pending);
    assert!(container.starts_with("app-blender-"), "{container}");
    arm.delete(&at(APP)).await.is_arm_error(409, "ApplicationNotEmpty");
    arm.delete(&at(ONE)).await.is(200);
    arm.delete(&at(ONE)).await.is(204);
    assert_eq!(blobs(&arm, &container).await, 0);
    arm.delete(&at(APP)).await.is(200);
    arm.delete(&at(APP)).await.is(204);
    arm.get(&at(APP)).await.is_arm_error(404, "ApplicationNotFound");
    arm.get(&at(ONE)).await.is_arm_error(404, "ApplicationNotFound");
}

#[tokio::test]
async fn an_active_package_is_replaced_only_where_updates_are_allowed() {
    let arm = linked().await;
    arm.put(&at(APP), json!({})).await.is(200);
    let pending = arm.put(&at(ONE), json!({})).await.is(200).json();
    // The same waiting package, for a caller who lost the answer.
    assert_eq!(place(&arm.put(&at(ONE), json!({})).await.is(200).json()), place(&pending));
    upload(&arm, &pending, "one").await;
    let (activate, zip) = (at(&format!("{ONE}/activate")), json!({ "format": "zip" }));
    let first = arm.post(&activate, zip.clone()).await.is(200).header("etag").to_owned();
    // Whoever still has the address cannot change what is active; a second activation can.
    upload(&arm, &pending, "two").await;
    assert_eq!(arm.get(&at(ONE)).await.header("etag"), first);
    arm.patch(&at(APP), json!({ "properties": { "allowUpdates": false } })).await.is(200);
    for answer in
        [arm.post(&activate, zip.clone()).await, arm.put(&at(ONE), json!({})).await, arm.delete(&at(ONE)).await]
    {
        answer.is_arm_error(409, "ApplicationUpdatesNotAllowed");
    }
    // New versions can be added, and what never was active is nobody's.
    arm.put(&at("/applications/blender/versions/3"), json!({})).await.is(200);
    arm.delete(&at("/applications/blender/versions/3")).await.is(200);
    arm.patch(&at(APP), json!({ "properties": { "allowUpdates": true } })).await.is(200);
    assert_ne!(arm.post(&activate, zip.clone()).await.is(200).header("etag"), first);
    let (container, _) = place(&pending);
    assert_eq!(blobs(&arm, &container).await, 1);
    let again = arm.put(&at(ONE), json!({})).await.is(200).json();
    assert_eq!((again["properties"]["state"].as_str(), blobs(&arm, &container).await), (Some("Pending"), 0));
    assert_ne!(place(&again), place(&pending));
    arm.post(&activate, zip).await.is_arm_error(409, "ApplicationPackageBlobNotFound");
}

#[tokio::test]
async fn the_default_version_is_one_that_is_there() {
    let arm = linked().await;
    let with = |version: &str| json!({ "properties": { "defaultVersion": version } });
    arm.put(&at(APP), json!({})).await.is(200);
    let missing = arm.patch(&at(APP), with("2.70")).await;
    assert_eq!(missing.is_arm_error(400, "InvalidPropertyValue"), "properties.defaultVersion");
    arm.put(&at(ONE), json!({})).await.is(200);
    let set = arm.patch(&at(APP), with("2.70")).await.is(200).json();
    assert_eq!(set["properties"], json!({ "allowUpdates": true, "defaultVersion": "2.70" }));
    let none = arm.patch(&at(APP), with("")).await.is(200).json();
    assert_eq!(none["properties"], json!({ "allowUpdates": true }));
    arm.patch(&at(APP), with("2.70")).await.is(200);
    arm.delete(&at(ONE)).await.is(200);
    assert_eq!(arm.get(&at(APP)).await.json()["properties"], json!({ "allowUpdates": true }));
    arm.patch(&at("/applications/none"), json!({})).await.is_arm_error(404, "ApplicationNotFound");
}

#[tokio::test]
async fn names_limits_and_conditions_are_kept() {
    let arm = linked().await;
    for (path, target) in [("/applications/a.b", "applicationName"), ("/applications/a%20b", "applicationName")] {
        let answer = arm.put(&at(path), json!({})).await;
        assert_eq!(answer.is_arm_error(400, "InvalidPropertyValue"), format!("properties.{target}"));
    }
    let made = arm.put(&at("/applications/a"), json!({})).await.is(200);
    let bad = arm.put(&at("/applications/a/versions/.."), json!({})).await;
    bad.is_arm_error(400, "InvalidPropertyValue");
    for n in 0..40 {
        arm.put(&at(&format!("/applications/a/versions/{n}")), json!({})).await.is(200);
    }
    arm.put(&at("/applications/a/versions/x"), json!({})).await.is_arm_error(409, "ApplicationPackageQuotaReached");
    for n in 1..200 {
        arm.put(&at(&format!("/applications/b{n}")), json!({})).await.is(200);
    }
    arm.put(&at("/applications/c"), json!({})).await.is_arm_error(409, "ApplicationQuotaReached");
    let page = arm.get(&at("/applications?maxresults=150")).await.is(200).json();
    assert_eq!(page["value"].as_array().unwrap().len(), 150);
    let next = page["nextLink"].as_str().unwrap().strip_prefix("http://batch.example:8080").unwrap();
    assert_eq!(arm.get(next).await.is(200).json()["value"].as_array().unwrap().len(), 50);
    assert!(made.header("etag").starts_with("W/\"0x8D"));
    let (cx, caller) = (&arm.world.cx, &arm.world.caller);
    let only_new =
        application_package::application_package_create(cx, caller, &arm.world.account, "a", "1", true).await;
    assert_eq!(only_new.unwrap_err().public.code, Code::ConditionNotMet);
}

#[tokio::test]
async fn without_linked_storage_there_is_nothing_to_upload_to() {
    let arm = linked().await;
    arm.put(&at(APP), json!({})).await.is(200);
    let unlink = json!({ "properties": { "autoStorage": { "storageAccountId": "" } } });
    assert_eq!(arm.patch(ACCOUNT, unlink).await.is(200).json()["properties"].get("autoStorage"), None);
    for path in ["/applications/other", ONE] {
        let answer = arm.put(&at(path), json!({})).await;
        answer.is_arm_error(409, "AutoStorageNotConfigured");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("Link one"), "{path}");
    }
    arm.post(&at("/syncAutoStorageKeys"), json!({})).await.is_arm_error(409, "AutoStorageNotConfigured");
}

#[tokio::test]
async fn a_reader_sees_packages_and_no_address_to_upload_to() {
    let arm = linked().await;
    arm.put(&at(APP), json!({})).await.is(200);
    arm.put(&at(ONE), json!({})).await.is(200);
    let reader = token_of(&arm.world, "reader", Role::Reader).await;
    let seen = arm.send(Method::GET, &at(ONE), Some(&reader.0), None).await.is(200).json();
    assert_eq!(seen["properties"], json!({ "state": "Pending" }));
    // In lists nobody sees one.
    let list = arm.get(&at("/applications/blender/versions")).await.json();
    assert_eq!(list["value"][0]["properties"], json!({ "state": "Pending" }));
}
