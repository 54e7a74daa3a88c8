use proptest::option::of as maybe;
use proptest::prelude::*;

use super::*;
use crate::api::{Duration, EnvironmentSetting, MetadataItem};
use crate::rest::body;

const ACCOUNT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/acc";

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 -]{1,8}"
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn start_task() -> impl Strategy<Value = api::StartTask> {
    let user = (maybe(any_of(api::AutoUserScope::ALL)), maybe(any_of(api::ElevationLevel::ALL)));
    let user = user.prop_map(|(scope, elevation_level)| api::AutoUserSpecification { scope, elevation_level });
    let identity =
        (maybe(text()), maybe(user)).prop_map(|(user_name, auto_user)| api::UserIdentity { user_name, auto_user });
    let environment = (text(), maybe(text())).prop_map(|(name, value)| EnvironmentSetting { name, value });
    let rest = (maybe(identity), maybe(any::<i32>()), maybe(any::<bool>()));
    (text(), maybe(prop::collection::vec(environment, 0..3)), rest).prop_map(
        |(command_line, environment_settings, (user_identity, max_task_retry_count, wait_for_success))| {
            api::StartTask {
                command_line,
                environment_settings,
                user_identity,
                max_task_retry_count,
                wait_for_success,
                ..Default::default()
            }
        },
    )
}

fn certificates() -> impl Strategy<Value = Vec<api::CertificateReference>> {
    let certificate = ("[0-9a-f]{8}", maybe(any_of(api::CertificateStoreLocation::ALL)), maybe(text()));
    let certificate = certificate.prop_map(|(thumbprint, store_location, store_name)| api::CertificateReference {
        thumbprint,
        thumbprint_algorithm: "sha1".into(),
        store_location,
        store_name,
        visibility: Some(api::CertificateVisibility::ALL.to_vec()),
    });
    prop::collection::vec(certificate, 0..3)
}

fn packages() -> impl Strategy<Value = Vec<api::ApplicationPackageReference>> {
    let package = (text(), maybe(text()));
    let package =
        package.prop_map(|(application_id, version)| api::ApplicationPackageReference { application_id, version });
    prop::collection::vec(package, 0..3)
}

/// What lies deeper, as clients of the data plane send it.
fn machine() -> Value {
    json!({
        "virtualMachineConfiguration": {
            "imageReference": { "virtualMachineImageId": "/x" },
            "nodeAgentSKUId": "batch.node.debian 12",
            "osDisk": { "caching": "readonly" },
            "nodePlacementConfiguration": { "policy": "zonal" },
            "containerConfiguration": { "type": "dockerCompatible", "containerImageNames": ["busybox"] },
        },
        "networkConfiguration": {
            "dynamicVNetAssignmentScope": "job",
            "publicIPAddressConfiguration": { "provision": "nopublicipaddresses" },
            "endpointConfiguration": { "inboundNATPools": [{
                "name": "n", "protocol": "tcp", "backendPort": 1, "frontendPortRangeStart": 2, "frontendPortRangeEnd": 50,
                "networkSecurityGroupRules": [{ "priority": 150, "access": "deny", "sourceAddressPrefix": "*" }],
            }] },
        },
        "userAccounts": [{ "name": "u", "elevationLevel": "admin", "linuxUserConfiguration": { "uid": 7 } }],
        "mountConfiguration": [{ "nfsMountConfiguration": { "source": "s", "relativeMountPath": "m" } }],
        "upgradePolicy": { "mode": "rolling" },
        "resourceTags": { "access": "allow" },
    })
}

/// Pools of the data plane.
fn pool() -> impl Strategy<Value = api::PoolCreate> {
    let names = (text(), maybe(text()), text(), maybe(any::<i32>()), maybe(any::<bool>()));
    let secs = || (0i64..1_000_000).prop_map(Duration::from_secs);
    let fixed = (maybe(any::<i32>()), maybe(any::<i32>()), maybe(secs()));
    let auto = maybe((text(), maybe(secs())));
    let metadata = (text(), text()).prop_map(|(name, value)| MetadataItem { name, value });
    let policy = (any_of(api::NodeFillType::ALL), maybe(any_of(api::JobDefaultOrder::ALL))).prop_map(
        |(node_fill_type, job_default_order)| api::TaskSchedulingPolicy { node_fill_type, job_default_order },
    );
    let lists = (maybe(prop::collection::vec(metadata, 0..3)), maybe(certificates()), maybe(packages()));
    let rest = (lists, maybe(policy), maybe(any_of(api::NodeCommunicationMode::ALL)), maybe(start_task()));
    (names, fixed, auto, rest, any::<bool>()).prop_map(|(names, fixed, auto, (lists, policy, mode, start), is_deep)| {
        let mut deep = if is_deep { machine() } else { json!({}) };
        (deep["id"], deep["vmSize"]) = (names.0.into(), names.2.into());
        api::PoolCreate {
            display_name: names.1,
            task_slots_per_node: names.3,
            enable_inter_node_communication: names.4,
            target_dedicated_nodes: fixed.0.filter(|_| auto.is_none()),
            target_low_priority_nodes: fixed.1.filter(|_| auto.is_none()),
            resize_timeout: fixed.2.filter(|_| auto.is_none()),
            enable_auto_scale: auto.as_ref().map(|_| true),
            auto_scale_evaluation_interval: auto.as_ref().and_then(|auto| auto.1),
            auto_scale_formula: auto.map(|auto| auto.0),
            metadata: lists.0,
            certificate_references: lists.1,
            application_package_references: lists.2,
            task_scheduling_policy: policy,
            target_node_communication_mode: mode,
            start_task: start,
            ..body::from_json(&deep).unwrap()
        }
    })
}

fn back(arm: &Properties, id: &str) -> api::PoolCreate {
    let mut batch = to_batch(arm).unwrap();
    batch.insert("id".to_owned(), id.into());
    body::from_json(&Value::Object(batch)).unwrap()
}

proptest! {
    #[test]
    fn a_pool_goes_to_arm_and_back_unchanged(pool in pool()) {
        let arm = of(&pool, ACCOUNT);
        prop_assert_eq!(&back(&arm, &pool.id), &pool);
        prop_assert_eq!(of(&back(&arm, &pool.id), ACCOUNT), arm);
    }
}

#[test]
fn arms_example_makes_the_pool_that_the_data_plane_would() {
    let body = json!({
        "vmSize": "STANDARD_D4",
        "deploymentConfiguration": { "virtualMachineConfiguration": {
            "nodeAgentSkuId": "batch.node.ubuntu 18.04", "imageReference": { "id": "/x" },
        } },
        "interNodeCommunication": "enabled",
        "taskSchedulingPolicy": { "nodeFillType": "Pack" },
        "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 6, "resizeTimeout": "PT8M" } },
        "startTask": { "commandLine": "set", "userIdentity": { "autoUser": { "scope": "Pool", "elevationLevel": "Admin" } } },
        "applicationPackages": [{ "id": format!("{ACCOUNT}/applications/app"), "version": "1" }],
        "certificates": [{ "id": format!("{ACCOUNT}/certificates/sha1-0a1b"), "storeLocation": "LocalMachine" }],
    });
    let expected = json!({
        "id": "p",
        "vmSize": "STANDARD_D4",
        "virtualMachineConfiguration": {
            "nodeAgentSKUId": "batch.node.ubuntu 18.04", "imageReference": { "virtualMachineImageId": "/x" },
        },
        "enableInterNodeCommunication": true,
        "taskSchedulingPolicy": { "nodeFillType": "pack" },
        "targetDedicatedNodes": 6,
        "resizeTimeout": "PT8M",
        "startTask": { "commandLine": "set", "userIdentity": { "autoUser": { "scope": "pool", "elevationLevel": "admin" } } },
        "applicationPackageReferences": [{ "applicationId": "app", "version": "1" }],
        "certificateReferences": [{ "thumbprintAlgorithm": "sha1", "thumbprint": "0a1b", "storeLocation": "localmachine" }],
    });
    let made = back(body.as_object().unwrap(), "p");
    assert_eq!(serde_json::to_value(made).unwrap(), expected);
}

#[test]
fn names_of_the_data_plane_are_not_arms() {
    let check = |body: Value, target: &str| {
        let failure = to_batch(body.as_object().unwrap()).unwrap_err();
        assert_eq!(failure.target.as_deref(), Some(target), "{body}");
    };
    check(json!({ "enableAutoScale": true }), "properties.enableAutoScale");
    check(json!({ "targetDedicatedNodes": 1 }), "properties.targetDedicatedNodes");
    check(json!({ "id": "x" }), "properties.id");
    check(json!({ "deploymentConfiguration": { "x": 1 } }), "properties.deploymentConfiguration.x");
    check(json!({ "scaleSettings": { "fixedScale": { "x": 1 } } }), "properties.scaleSettings.fixedScale.x");
    check(json!({ "scaleSettings": { "x": {} } }), "properties.scaleSettings.x");
    check(json!({ "scaleSettings": 3 }), "properties.scaleSettings");
    check(json!({ "certificates": [3] }), "properties.certificates[0]");
}
