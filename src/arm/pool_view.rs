//! A pool as ARM shows it: its settings, and what became of them.

use serde_json::{Map, Value, json};

use super::pool_mapping;
use super::pool_shape::Properties;
use crate::api::{self, AllocationState, PoolState};

/// The pool as GET returns it.
pub fn pool_to_arm(pool: &api::Pool, account_id: &str) -> Value {
    let id = &pool.settings.id;
    let mut properties = json!({
        "lastModified": pool.last_modified,
        "creationTime": pool.creation_time,
        "provisioningState": if pool.state == PoolState::Deleting { "Deleting" } else { "Succeeded" },
        "provisioningStateTransitionTime": pool.state_transition_time,
        "allocationState": match pool.allocation_state {
            AllocationState::Steady => "Steady",
            AllocationState::Resizing => "Resizing",
            AllocationState::Stopping => "Stopping",
        },
        "allocationStateTransitionTime": pool.allocation_state_transition_time,
        "currentDedicatedNodes": pool.current_dedicated_nodes,
        "currentLowPriorityNodes": pool.current_low_priority_nodes,
        "currentNodeCommunicationMode": "Simplified",
    });
    if let Some(status) = resize_status(pool) {
        properties["resizeOperationStatus"] = status;
    }
    if let Some(run) = &pool.auto_scale_run {
        properties["autoScaleRun"] = run_to_arm(run);
    }
    if let Value::Object(all) = &mut properties {
        all.extend(settings(&pool.settings, account_id));
    }
    json!({
        "id": format!("{account_id}/pools/{id}"),
        "name": id,
        "type": "Microsoft.Batch/batchAccounts/pools",
        "etag": etag(pool),
        "properties": properties,
        "identity": pool_mapping::identity_of(&pool.settings),
    })
}

/// What was asked of the pool, and what it is where nobody asked. Source: a pool without a policy spreads its tasks, and says so.
pub fn settings(settings: &api::PoolCreate, account_id: &str) -> Properties {
    let mut properties = pool_mapping::of(settings, account_id);
    let usual = || json!({ "nodeFillType": "Spread" });
    properties.entry("taskSchedulingPolicy").or_insert_with(usual);
    properties
}

pub fn etag(pool: &api::Pool) -> String {
    format!("W/\"{}\"", pool.e_tag)
}

fn run_to_arm(run: &api::AutoScaleRun) -> Value {
    let mut shown = json!({ "evaluationTime": run.timestamp });
    if let Some(results) = &run.results {
        shown["results"] = json!(results);
    }
    if let Some(error) = &run.error {
        let details = error.values.iter().map(|value| json!({ "code": value.name, "message": value.value }));
        let details: Vec<Value> = details.collect();
        shown["error"] = json!({ "code": error.code, "message": error.message, "details": details });
    }
    shown
}

/// The resize that goes on, or the last one if it failed. When a failed one began is not kept.
fn resize_status(pool: &api::Pool) -> Option<Value> {
    let steady = pool.allocation_state == AllocationState::Steady;
    if steady && pool.resize_errors.is_none() {
        return None;
    }
    let settings = &pool.settings;
    let mut status = Map::new();
    status.insert("targetDedicatedNodes".to_owned(), json!(settings.target_dedicated_nodes));
    status.insert("targetLowPriorityNodes".to_owned(), json!(settings.target_low_priority_nodes));
    status.insert("resizeTimeout".to_owned(), json!(settings.resize_timeout));
    if !steady {
        status.insert("startTime".to_owned(), json!(pool.allocation_state_transition_time));
    }
    if let Some(errors) = &pool.resize_errors {
        let error = |error: &api::ResizeError| {
            let detail = |v: &api::NameValuePair| json!({ "code": v.name, "message": v.value });
            let details: Vec<Value> = error.values.iter().map(detail).collect();
            json!({ "code": error.code, "message": error.message, "details": details })
        };
        status.insert("errors".to_owned(), errors.iter().map(error).collect());
    }
    Some(Value::Object(status))
}
