//! What the one resource provider can do. It is always registered.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::service::resource_group;

pub fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/providers/microsoft.batch/operations", operation_list)
        .on(Method::GET, "/subscriptions/{subscription}/providers", provider_list)
        .on(Method::GET, "/subscriptions/{subscription}/providers/{namespace}", provider_get)
        .on(Method::POST, "/subscriptions/{subscription}/providers/{namespace}/register", provider_get)
}

/// Operations as roles name them: what they are on, what they do, and in words.
const OPERATIONS: &[[&str; 4]] = &[
    ["batchAccounts/read", "Batch account", "Read account", "Lists accounts or reads one."],
    ["batchAccounts/write", "Batch account", "Write account", "Makes an account or changes it."],
    ["batchAccounts/delete", "Batch account", "Delete account", "Deletes an account with all that is in it."],
    ["batchAccounts/listkeys/action", "Batch account", "Read keys", "Reads the two keys of an account."],
    ["batchAccounts/regeneratekeys/action", "Batch account", "Replace a key", "Replaces a key of an account."],
    [
        "batchAccounts/syncAutoStorageKeys/action",
        "Batch account",
        "Sync storage",
        "Notes that keys of storage changed.",
    ],
    [
        "batchAccounts/outboundNetworkDependenciesEndpoints/read",
        "Batch account",
        "Read endpoints",
        "Says whom nodes talk to.",
    ],
    ["batchAccounts/applications/read", "Application", "Read application", "Lists applications or reads one."],
    ["batchAccounts/applications/write", "Application", "Write application", "Makes an application or changes it."],
    [
        "batchAccounts/applications/delete",
        "Application",
        "Delete application",
        "Deletes an application without packages.",
    ],
    ["batchAccounts/applications/versions/read", "Package", "Read package", "Lists packages or reads one."],
    ["batchAccounts/applications/versions/write", "Package", "Write package", "Makes a package, to be uploaded."],
    ["batchAccounts/applications/versions/delete", "Package", "Delete package", "Deletes a package with its content."],
    [
        "batchAccounts/applications/versions/activate/action",
        "Package",
        "Activate package",
        "Lets nodes have what was uploaded.",
    ],
    ["batchAccounts/certificates/read", "Certificate", "Read certificate", "Lists certificates or reads one."],
    [
        "batchAccounts/certificates/write",
        "Certificate",
        "Write certificate",
        "Adds a certificate or replaces its content.",
    ],
    [
        "batchAccounts/certificates/delete",
        "Certificate",
        "Delete certificate",
        "Deletes a certificate that no pool names.",
    ],
    [
        "batchAccounts/certificates/cancelDelete/action",
        "Certificate",
        "Keep certificate",
        "Takes a failed deletion back.",
    ],
    ["batchAccounts/pools/read", "Pool", "Read pool", "Lists pools or reads one."],
    ["batchAccounts/pools/write", "Pool", "Write pool", "Makes a pool or changes it."],
    ["batchAccounts/pools/delete", "Pool", "Delete pool", "Deletes a pool with its nodes."],
    ["batchAccounts/pools/stopResize/action", "Pool", "Stop resize", "Leaves a pool at the size that it has reached."],
    [
        "batchAccounts/pools/disableAutoscale/action",
        "Pool",
        "Disable autoscale",
        "Leaves a pool at its size from now on.",
    ],
    ["batchAccounts/jobs/read", "Job", "Read job", "Reads jobs, tasks and their files."],
    ["batchAccounts/jobs/write", "Job", "Write job", "Makes and changes jobs and tasks."],
    ["batchAccounts/jobs/delete", "Job", "Delete job", "Deletes jobs and tasks."],
    ["batchAccounts/jobSchedules/read", "Job schedule", "Read schedule", "Reads job schedules."],
    ["batchAccounts/jobSchedules/write", "Job schedule", "Write schedule", "Makes and changes job schedules."],
    ["batchAccounts/jobSchedules/delete", "Job schedule", "Delete schedule", "Deletes job schedules with their jobs."],
    ["locations/quotas/read", "Location", "Read quotas", "Reads how many accounts a location takes."],
    ["locations/virtualMachineSkus/read", "Location", "Read sizes", "Reads which sizes of nodes a location offers."],
    ["locations/checkNameAvailability/action", "Location", "Check name", "Says whether a name of an account is free."],
    ["operations/read", "Operation", "Read operations", "Reads this list."],
];

async fn operation_list(call: Call) -> Result {
    call.allow(&[])?;
    let is_data = |name: &str| ["/jobs/", "/jobSchedules/"].iter().any(|thing| name.contains(thing));
    let operation = |[name, resource, operation, description]: &[&str; 4]| {
        json!({
            "name": format!("Microsoft.Batch/{name}"),
            "isDataAction": is_data(name),
            "display": {
                "provider": "Microsoft Batch", "resource": resource, "operation": operation, "description": description,
            },
            "origin": "user,system",
        })
    };
    Ok(reply::whole(OPERATIONS.iter().map(operation).collect()))
}

async fn provider_list(call: Call) -> Result {
    call.allow(&["$expand", "$top"])?;
    Ok(reply::whole(vec![provider(&call).await?]))
}

/// Registering is answered alike, since it changes nothing.
async fn provider_get(call: Call) -> Result {
    call.allow(&["$expand"])?;
    if !call.name("namespace").eq_ignore_ascii_case("Microsoft.Batch") {
        let message = format!("There is no resource provider '{}' here.", call.name("namespace"));
        return Err(Failure::new(StatusCode::NOT_FOUND, "InvalidResourceNamespace", message));
    }
    Ok(reply::resource(&provider(&call).await?))
}

async fn provider(call: &Call) -> Result<Value> {
    let subscription = resource_group::subscription_get(&call.cx, &call.caller, call.name("subscription")).await?;
    let locations: Vec<&str> = call.cx.installation.locations.iter().map(|l| l.name.as_str()).collect();
    let kind = |name: &str| {
        json!({
            "resourceType": name,
            "locations": locations,
            "apiVersions": ["2025-06-01", "2024-07-01", "2024-02-01"],
            "capabilities": "None",
        })
    };
    Ok(json!({
        "id": format!("/subscriptions/{subscription}/providers/Microsoft.Batch"),
        "namespace": "Microsoft.Batch",
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [kind("batchAccounts"), kind("batchAccounts/pools"), kind("locations"), kind("operations")],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role_definition;

    #[test]
    fn what_roles_allow_are_operations_of_the_list() {
        let is_known = |action: &str| {
            let Some(name) = action.strip_prefix("Microsoft.Batch/") else { return true };
            OPERATIONS.iter().any(|[known, ..]| known.eq_ignore_ascii_case(name))
        };
        for role in role_definition::ALL {
            for action in role.actions().into_iter().chain(role.data_actions()) {
                assert!(is_known(action), "{action}");
            }
        }
    }
}
