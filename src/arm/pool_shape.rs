//! The body that makes or changes a pool, and what of it the pool is already.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::body::Shape;
use super::error::{Failure, Result};
use super::pool_mapping;
use crate::api;
use crate::rest::body;

/// Properties of a pool under ARM's names. [`pool_mapping`] knows which there are.
pub type Properties = Map<String, Value>;

/// The body of PUT and PATCH.
#[derive(Clone, Debug, Deserialize)]
pub struct PoolBody {
    #[serde(default)]
    pub properties: Properties,
    pub identity: Option<Identity>,
    /// Since api-version 2024-07-01; not the same as `resourceTags`.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Shape for PoolBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type", "etag", "systemData"];
    const READ_ONLY_BELOW: &'static [&'static str] = &[
        "lastModified",
        "creationTime",
        "provisioningState",
        "provisioningStateTransitionTime",
        "allocationState",
        "allocationStateTransitionTime",
        "currentDedicatedNodes",
        "currentLowPriorityNodes",
        "autoScaleRun",
        "resizeOperationStatus",
        "currentNodeCommunicationMode",
    ];
}

/// What a body changes on a pool.
#[derive(Debug)]
pub struct Change {
    pub patch: api::PoolPatch,
    pub resize: Option<api::PoolResize>,
    pub auto_scale: Option<api::PoolEnableAutoScale>,
}

/// Stored and given back, as on the data plane.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    #[serde(rename = "type")]
    kind: api::PoolIdentityType,
    /// By the identity's resource id.
    user_assigned_identities: Option<BTreeMap<String, Value>>,
}

impl Identity {
    fn to_batch(&self) -> api::PoolIdentity {
        let identity =
            |id: &String| api::UserAssignedIdentity { resource_id: id.clone(), client_id: None, principal_id: None };
        let all = self.user_assigned_identities.as_ref();
        api::PoolIdentity {
            kind: self.kind,
            user_assigned_identities: all.map(|all| all.keys().map(identity).collect()),
        }
    }
}

impl PoolBody {
    /// What makes this pool on the data plane.
    pub fn to_create(&self, id: &str) -> Result<api::PoolCreate> {
        self.check()?;
        let mut batch = pool_mapping::to_batch(&self.properties)?;
        batch.insert("id".to_owned(), id.into());
        if self.removes_start_task() {
            batch.remove("startTask");
        }
        // For the resize that a change asks for: a new pool has no nodes that could go.
        batch.remove("nodeDeallocationOption");
        let create: api::PoolCreate = body::from_json(&Value::Object(batch))?;
        Ok(api::PoolCreate { identity: self.identity.as_ref().map(Identity::to_batch), ..create })
    }

    /// What changes settings on the data plane, and what changes the size, leaving out what the pool is already: clients
    /// send back what they read.
    pub fn to_change(&self, there: &Properties) -> Result<Change> {
        self.check()?;
        let is_new = |name: &str, given: &Value| !given.is_null() && !is_said(name, given, &there[name]);
        let given = self.properties.iter().filter(|(name, given)| !there.contains_key(*name) || is_new(name, given));
        let given: Properties = given.map(|(name, given)| (name.clone(), given.clone())).collect();
        let mut batch = pool_mapping::to_batch(&given)?;
        if self.removes_start_task() {
            batch.remove("startTask");
        }
        let mut resize = Map::new();
        for name in pool_mapping::FIXED_SCALE {
            resize.extend(batch.remove_entry(*name));
        }
        let resize = if resize.is_empty() { None } else { Some(body::from_json(&Value::Object(resize))?) };
        let mut scale = Map::new();
        for name in pool_mapping::AUTO_SCALE {
            scale.extend(batch.remove_entry(name.1));
        }
        let is_scaled = batch.remove("enableAutoScale").is_some();
        let auto_scale = if is_scaled { Some(body::from_json(&Value::Object(scale))?) } else { None };
        Ok(Change { patch: body::from_json(&Value::Object(batch))?, resize, auto_scale })
    }

    /// An empty start task takes the pool's away.
    pub fn removes_start_task(&self) -> bool {
        self.properties.get("startTask").and_then(Value::as_object).is_some_and(Map::is_empty)
    }

    /// The first property that the pool has otherwise.
    pub fn difference(&self, there: &Properties) -> Option<String> {
        let differs = |(name, given): &(&String, &Value)| {
            !given.is_null() && !is_said(name, given, there.get(*name).unwrap_or(&Value::Null))
        };
        self.properties.iter().find(differs).map(|(name, _)| format!("properties.{name}"))
    }

    fn check(&self) -> Result<()> {
        if self.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            return Err(Failure::property("tags", "Pools have no tags of their own here. Use properties.metadata."));
        }
        let scale = self.properties.get("scaleSettings").and_then(Value::as_object);
        match scale {
            Some(scale) if scale.contains_key("fixedScale") && scale.contains_key("autoScale") => {
                Err(Failure::property("properties.scaleSettings", "Give either fixedScale or autoScale."))
            }
            _ => Ok(()),
        }
    }
}

/// Whether the pool has the property as it is given. What is left out is as usual, but a package's version: that is another one.
fn is_said(name: &str, given: &Value, there: &Value) -> bool {
    is_within(given, there) && (name != "applicationPackages" || is_within(there, given))
}

/// Whether all that is given is there. Names and sizes have no case; what nobody shows (passwords) counts as different.
fn is_within(given: &Value, there: &Value) -> bool {
    match (given, there) {
        (Value::Object(given), Value::Object(there)) => {
            given.iter().all(|(name, value)| is_within(value, there.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(given), Value::Array(there)) => {
            given.len() == there.len() && given.iter().zip(there).all(|(given, there)| is_within(given, there))
        }
        (Value::String(given), Value::String(there)) => given.eq_ignore_ascii_case(there),
        (given, there) => given == there,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(properties: Value) -> PoolBody {
        body::from_json(&json!({ "properties": properties })).unwrap()
    }

    fn there() -> Properties {
        read(json!({
            "vmSize": "standard_d2_v3",
            "taskSlotsPerNode": 1,
            "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 2, "resizeTimeout": "PT15M" } },
        }))
        .properties
    }

    #[test]
    fn what_is_given_and_is_not_there_is_a_difference() {
        let check = |given: Value, expected: Option<&str>| {
            assert_eq!(read(given.clone()).difference(&there()).as_deref(), expected, "{given}");
        };
        check(json!({}), None);
        check(json!({ "vmSize": "STANDARD_D2_v3", "displayName": null }), None);
        check(json!({ "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 2 } } }), None);
        check(json!({ "vmSize": "standard_d4_v3" }), Some("properties.vmSize"));
        check(
            json!({ "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 3 } } }),
            Some("properties.scaleSettings"),
        );
        check(json!({ "displayName": "x" }), Some("properties.displayName"));
    }

    #[test]
    fn a_change_is_what_is_new() {
        let given = json!({
            "vmSize": "standard_d2_v3",
            "displayName": "x",
            "startTask": {},
            "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 3, "nodeDeallocationOption": "TaskCompletion" } },
        });
        let body = read(given);
        let Change { patch, resize, auto_scale } = body.to_change(&there()).unwrap();
        assert_eq!(patch, api::PoolPatch { display_name: Some("x".into()), ..Default::default() });
        assert!(body.removes_start_task());
        let expected = api::PoolResize {
            target_dedicated_nodes: Some(3),
            node_deallocation_option: Some(api::NodeDeallocationOption::TaskCompletion),
            ..Default::default()
        };
        assert_eq!((resize, auto_scale), (Some(expected), None));
        let body =
            read(json!({ "scaleSettings": { "autoScale": { "formula": "x=1", "evaluationInterval": "PT5M" } } }));
        let Change { patch, resize, auto_scale } = body.to_change(&there()).unwrap();
        assert_eq!((patch, resize), (api::PoolPatch::default(), None));
        let expected = api::PoolEnableAutoScale {
            auto_scale_formula: Some("x=1".into()),
            auto_scale_evaluation_interval: Some(api::Duration::from_mins(5)),
        };
        assert_eq!(auto_scale, Some(expected));
    }
}
