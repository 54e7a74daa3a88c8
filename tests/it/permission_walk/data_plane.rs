//! Batch's REST API.

use axum::http::Method;
use fournil::api::{Code, ReferenceOperation};
use fournil::domain::permission::Permission;
use fournil::service::reference::reference;
use serde_json::{Value, json};

use crate::support::people::{Place, call, dead_tokens, installation, limited};

const VERSION: &str = "api-version=2024-02-01.19.0";

/// What an operation takes: looking at or changing pools, or jobs with their tasks and files.
fn permission(operation: &ReferenceOperation) -> Permission {
    let reads = matches!(operation.method.as_str(), "GET" | "HEAD");
    match operation.name.as_str() {
        // It runs the formula and does nothing else.
        "pool_evaluate_auto_scale" => Permission::PoolRead,
        // Whoever brings files to nodes takes them away.
        "node_file_delete" => Permission::JobWrite,
        name if ["pool_", "node_", "certificate_", "application_", "image_", "extension_", "service_event_"]
            .iter()
            .any(|begin| name.starts_with(begin)) =>
        {
            if reads {
                Permission::PoolRead
            } else {
                Permission::PoolWrite
            }
        }
        name if ["job_", "task_", "subtask_"].iter().any(|begin| name.starts_with(begin)) => {
            if reads {
                Permission::JobRead
            } else {
                Permission::JobWrite
            }
        }
        name => panic!("say which permission {name} takes"),
    }
}

/// A body of the shape that the operation takes, so that it is the caller who is refused.
fn body(operation: &ReferenceOperation) -> Option<Value> {
    let pool = json!({ "poolInfo": { "poolId": "p" } });
    Some(match operation.takes.as_deref()? {
        "PoolCreate" => json!({ "id": "q", "vmSize": "local_1" }),
        "PoolUpdate" => {
            json!({ "certificateReferences": [], "applicationPackageReferences": [], "metadata": [] })
        }
        "PoolResize" => json!({ "targetDedicatedNodes": 1 }),
        "NodeRemove" => json!({ "nodeList": ["n"] }),
        "PoolEnableAutoScale" | "PoolEvaluateAutoScale" => json!({ "autoScaleFormula": "x = 1" }),
        "NodeUserCreate" => json!({ "name": "u" }),
        "NodeUploadLogs" => json!({ "containerUrl": "http://h/c", "startTime": "2026-01-01T00:00:00Z" }),
        "JobCreate" => json!({ "id": "q", "poolInfo": { "poolId": "p" } }),
        "JobUpdate" => pool,
        "JobDisable" => json!({ "disableTasks": "requeue" }),
        "JobScheduleCreate" => json!({ "id": "q", "schedule": {}, "jobSpecification": pool }),
        "JobScheduleUpdate" => json!({ "schedule": {}, "jobSpecification": pool }),
        "TaskCreate" => json!({ "id": "q", "commandLine": "x" }),
        "TaskAddCollection" => json!({ "value": [] }),
        "CertificateCreate" => {
            json!({ "thumbprint": "0a1b", "thumbprintAlgorithm": "sha1", "data": "AAAA", "certificateFormat": "cer" })
        }
        _ => json!({}),
    })
}

/// With names of things that are not there: who may, is told so.
fn target(operation: &ReferenceOperation) -> String {
    let filled: Vec<&str> =
        operation.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
    let path = filled.join("/").replace("{thumbprint}", "0a1b");
    format!("{path}?{VERSION}")
}

fn method(operation: &ReferenceOperation) -> Method {
    operation.method.parse().unwrap()
}

#[tokio::test]
async fn each_operation_is_for_those_whose_role_in_the_account_allows_it() {
    let (server, mut people) = installation().await;
    people.extend(limited(&server).await);
    let operations = &reference().operations;
    assert!(operations.len() > 60, "{}", operations.len());
    let mut wrong = Vec::new();
    for person in &people {
        for operation in operations {
            let body = body(operation);
            let token = Some(person.token.0.as_str());
            let reply =
                call(&server, Some("first"), &method(operation), &target(operation), token, body.as_ref()).await;
            let refused = reply.header("x-ms-error-code") == Some(Code::InsufficientAccountPermissions.as_str());
            assert_eq!(refused, reply.status == 403, "{} {reply:?}", operation.name);
            assert_ne!(reply.status, 401, "{} {reply:?}", operation.name);
            if refused == person.may(permission(operation), Place::First) {
                wrong.push(format!("{} {}: {}", person.name, operation.name, reply.status));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn dead_tokens_open_no_operation() {
    let (server, _) = installation().await;
    for (what, token) in dead_tokens(&server).await {
        for operation in &reference().operations {
            let body = body(operation);
            let reply =
                call(&server, Some("first"), &method(operation), &target(operation), Some(&token), body.as_ref()).await;
            assert_eq!(reply.status, 403, "{what} {}", operation.name);
            assert_eq!(reply.header("x-ms-error-code"), Some("AuthenticationFailed"), "{what} {}", operation.name);
        }
    }
}
