//! The management plane says the same things as the data plane in other spellings. Both ways, without judgement: what is
//! not in the tables is passed on as it is.

use serde_json::{Map, Value};

/// Names of properties: the object they are in (empty for any), the data plane's, ARM's.
const NAMES: &[(&str, &str, &str)] = &[
    ("", "nodeAgentSKUId", "nodeAgentSkuId"),
    ("imageReference", "virtualMachineImageId", "id"),
    ("", "dynamicVNetAssignmentScope", "dynamicVnetAssignmentScope"),
    ("userIdentity", "username", "userName"),
    ("", "inboundNATPools", "inboundNatPools"),
    ("cifsMountConfiguration", "username", "userName"),
];

/// Values of closed sets: the property they are of, and pairs of the data plane's and ARM's spelling.
const VALUES: &[(&str, &[(&str, &str)])] = &[
    ("policy", &[("regional", "Regional"), ("zonal", "Zonal")]),
    ("nodeFillType", &[("spread", "Spread"), ("pack", "Pack")]),
    ("scope", &[("task", "Task"), ("pool", "Pool")]),
    ("storeLocation", &[("currentuser", "CurrentUser"), ("localmachine", "LocalMachine")]),
    ("visibility", &[("starttask", "StartTask"), ("task", "Task"), ("remoteuser", "RemoteUser")]),
    ("caching", &[("none", "None"), ("readonly", "ReadOnly"), ("readwrite", "ReadWrite")]),
    (
        "storageAccountType",
        &[("standard_lrs", "Standard_LRS"), ("premium_lrs", "Premium_LRS"), ("standardssd_lrs", "StandardSSD_LRS")],
    ),
    ("type", &[("dockerCompatible", "DockerCompatible"), ("criCompatible", "CriCompatible")]),
    ("targets", &[("osdisk", "OsDisk"), ("temporarydisk", "TemporaryDisk")]),
    ("placement", &[("cachedisk", "CacheDisk")]),
    ("protocol", &[("tcp", "TCP"), ("udp", "UDP")]),
    ("access", &[("allow", "Allow"), ("deny", "Deny")]),
    (
        "provision",
        &[
            ("batchmanaged", "BatchManaged"),
            ("usermanaged", "UserManaged"),
            ("nopublicipaddresses", "NoPublicIPAddresses"),
        ],
    ),
    ("elevationLevel", &[("nonadmin", "NonAdmin"), ("admin", "Admin")]),
    ("loginMode", &[("batch", "Batch"), ("interactive", "Interactive")]),
    (
        "workingDirectory",
        &[("taskWorkingDirectory", "TaskWorkingDirectory"), ("containerImageDefault", "ContainerImageDefault")],
    ),
    ("targetNodeCommunicationMode", &[("default", "Default"), ("classic", "Classic"), ("simplified", "Simplified")]),
    ("jobDefaultOrder", &[("none", "None"), ("creationtime", "CreationTime")]),
];

/// Objects of users: nothing in them is ours.
const OPAQUE: &[&str] = &["settings"];

/// Properties that are taken and never shown.
const SECRET: &[&str] = &["password", "accountKey", "sasKey", "sshPrivateKey", "protectedSettings"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToArm,
    ToBatch,
}

/// ARM's spelling, without secrets. `name` is the property that has the value.
pub fn to_arm(name: &str, value: Value) -> Value {
    respell(Way::ToArm, name, value)
}

/// The data plane's spelling.
pub fn to_batch(name: &str, value: Value) -> Value {
    respell(Way::ToBatch, name, value)
}

fn respell(way: Way, name: &str, value: Value) -> Value {
    match value {
        _ if OPAQUE.contains(&name) => value,
        Value::Object(properties) => Value::Object(properties_in(way, name, properties)),
        Value::Array(items) => items.into_iter().map(|item| respell(way, name, item)).collect(),
        Value::String(text) => Value::String(value_in(way, name, text)),
        other => other,
    }
}

fn properties_in(way: Way, object: &str, properties: Map<String, Value>) -> Map<String, Value> {
    let shown = properties.into_iter().filter(|(name, _)| way == Way::ToBatch || !SECRET.contains(&name.as_str()));
    shown.map(|(name, value)| (name_in(way, object, &name), respell(way, &name, value))).collect()
}

fn name_in(way: Way, object: &str, name: &str) -> String {
    let found = NAMES.iter().find(|(of, batch, arm)| {
        (of.is_empty() || *of == object) && name == if way == Way::ToArm { *batch } else { *arm }
    });
    found.map_or(name, |(_, batch, arm)| if way == Way::ToArm { arm } else { batch }).to_owned()
}

/// One value of a closed set.
fn value_in(way: Way, name: &str, text: String) -> String {
    let pairs = VALUES.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, pairs)| pairs);
    let found = pairs.iter().find(|(batch, _)| batch.eq_ignore_ascii_case(&text));
    found.map_or(text, |(batch, arm)| if way == Way::ToArm { (*arm).to_owned() } else { (*batch).to_owned() })
}

/// Where the data plane's properties of a pool are in ARM's; all others lie below `properties` under their own name.
const PATHS: &[(&str, &str)] = &[
    ("targetDedicatedNodes", "scaleSettings.fixedScale.targetDedicatedNodes"),
    ("targetLowPriorityNodes", "scaleSettings.fixedScale.targetLowPriorityNodes"),
    ("resizeTimeout", "scaleSettings.fixedScale.resizeTimeout"),
    ("nodeDeallocationOption", "scaleSettings.fixedScale.nodeDeallocationOption"),
    ("enableAutoScale", "scaleSettings.autoScale"),
    ("autoScaleFormula", "scaleSettings.autoScale.formula"),
    ("autoScaleEvaluationInterval", "scaleSettings.autoScale.evaluationInterval"),
    ("virtualMachineConfiguration", "deploymentConfiguration.virtualMachineConfiguration"),
    ("cloudServiceConfiguration", "deploymentConfiguration.cloudServiceConfiguration"),
    ("enableInterNodeCommunication", "interNodeCommunication"),
    ("applicationPackageReferences", "applicationPackages"),
    ("certificateReferences", "certificates"),
    ("startTask.userIdentity.username", "startTask.userIdentity.userName"),
];

/// Properties beside `properties`, and parameters: named as they are.
const OUTER: &[&str] = &[
    "properties", "location", "tags", "name", "id", "type", "identity", "keyName", "subscriptionId", "resourceGroup",
    "$filter", "$skiptoken", "maxresults", "api-version",
];

/// Whether this is a property of the data plane's pools that ARM's have by another name or in another place.
pub fn is_batch_only(name: &str) -> bool {
    PATHS.iter().any(|(batch, _)| *batch == name) || BATCH_ONLY.contains(&name)
}

/// Properties of the data plane's pools that stand beside `properties` in ARM's.
const BATCH_ONLY: &[&str] = &["id", "identity", "maxTasksPerNode"];

/// The path of a property as ARM's clients know it.
pub fn target(path: &str) -> String {
    let first = path.split(['.', '[']).next().unwrap_or_default();
    if OUTER.contains(&first) || path.starts_with('$') {
        return path.to_owned();
    }
    let below = |known: &str| path.strip_prefix(known).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let found = PATHS.iter().find_map(|(batch, arm)| below(batch).map(|rest| format!("properties.{arm}{rest}")));
    found.unwrap_or_else(|| format!("properties.{path}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_machine_is_spelt_in_arms_way_and_back() {
        let batch = json!({
            "nodeAgentSKUId": "batch.node.debian 12",
            "imageReference": { "virtualMachineImageId": "/x" },
            "nodePlacementConfiguration": { "policy": "zonal" },
            "containerConfiguration": { "type": "dockerCompatible", "containerImageNames": ["policy", "zonal"] },
            "extensions": [{ "name": "e", "settings": { "policy": "zonal", "nodeAgentSKUId": 1 } }],
            "serviceArtifactReference": { "id": "/y" },
        });
        let arm = json!({
            "nodeAgentSkuId": "batch.node.debian 12",
            "imageReference": { "id": "/x" },
            "nodePlacementConfiguration": { "policy": "Zonal" },
            "containerConfiguration": { "type": "DockerCompatible", "containerImageNames": ["policy", "zonal"] },
            "extensions": [{ "name": "e", "settings": { "policy": "zonal", "nodeAgentSKUId": 1 } }],
            "serviceArtifactReference": { "id": "/y" },
        });
        assert_eq!(to_arm("", batch.clone()), arm);
        assert_eq!(to_batch("", arm), batch);
    }

    #[test]
    fn secrets_are_taken_and_never_shown() {
        let given =
            json!([{ "name": "u", "password": "p", "linuxUserConfiguration": { "uid": 1, "sshPrivateKey": "k" } }]);
        assert_eq!(to_batch("userAccounts", given.clone()), given);
        let shown = json!([{ "name": "u", "linuxUserConfiguration": { "uid": 1 } }]);
        assert_eq!(to_arm("userAccounts", given), shown);
    }

    #[test]
    fn paths_are_those_that_the_caller_wrote() {
        let check = |path, expected: &str| assert_eq!(target(path), expected);
        check("resizeTimeout", "properties.scaleSettings.fixedScale.resizeTimeout");
        check(
            "virtualMachineConfiguration.osDisk",
            "properties.deploymentConfiguration.virtualMachineConfiguration.osDisk",
        );
        check("metadata[3].name", "properties.metadata[3].name");
        check("properties.vmSize", "properties.vmSize");
        check("tags.a", "tags.a");
        check("$top", "$top");
    }

    /// Objects of the names and values in the tables.
    fn known() -> impl Strategy<Value = Value> {
        let pairs: Vec<(String, Value)> = VALUES
            .iter()
            .flat_map(|(name, pairs)| pairs.iter().map(|(batch, _)| ((*name).to_owned(), Value::from(*batch))))
            .chain(["x", "nodeAgentSKUId"].map(|name| (name.to_owned(), json!("some text"))))
            .collect();
        let leaf = prop::collection::vec(prop::sample::select(pairs), 0..5)
            .prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
        let names =
            || prop::sample::select(&["imageReference", "inboundNATPools", "dynamicVNetAssignmentScope", "x"][..]);
        leaf.prop_recursive(3, 20, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(names().prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn there_and_back_changes_nothing(value in known()) {
            prop_assert_eq!(to_batch("", to_arm("", value.clone())), value);
        }
    }
}
