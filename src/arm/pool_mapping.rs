//! Pools of ARM's shape to the data plane's and back: the same pools in other words and another order. Judges nothing but
//! names: what fits a property is read by the data plane's shapes, and their errors name it as ARM does (`spelling::target`).

use serde_json::{Map, Value, json};

use super::error::{Failure, Result};
use super::pool_shape::Properties;
use super::spelling::{self, to_arm};
use crate::api;

/// Properties of the data plane that are a size, with how to get there.
pub const FIXED_SCALE: &[&str] =
    &["targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout", "nodeDeallocationOption"];
/// ARM's and the data plane's.
pub const AUTO_SCALE: &[(&str, &str)] =
    &[("formula", "autoScaleFormula"), ("evaluationInterval", "autoScaleEvaluationInterval")];
const MACHINES: &[&str] = &["virtualMachineConfiguration", "cloudServiceConfiguration"];

/// The data plane's properties.
pub fn to_batch(arm: &Properties) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    for (name, value) in arm.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "deploymentConfiguration" => {
                for (name, value) in inside(name, value)? {
                    known(MACHINES.contains(&name.as_str()), &format!("deploymentConfiguration.{name}"))?;
                    out.insert(name.clone(), spelling::to_batch(name, value.clone()));
                }
            }
            "scaleSettings" => scale_to_batch(inside(name, value)?, &mut out)?,
            "interNodeCommunication" => {
                let is_on = match value.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "enabled" => true,
                    "disabled" => false,
                    _ => return Err(Failure::property("properties.interNodeCommunication", "Enabled or Disabled.")),
                };
                out.insert("enableInterNodeCommunication".to_owned(), is_on.into());
            }
            "applicationPackages" => {
                out.insert("applicationPackageReferences".to_owned(), each(name, value, package_to_batch)?);
            }
            "certificates" => {
                out.insert("certificateReferences".to_owned(), each(name, value, certificate_to_batch)?);
            }
            _ => {
                known(!spelling::is_batch_only(name), name)?;
                out.insert(name.clone(), spelling::to_batch(name, value.clone()));
            }
        }
    }
    Ok(out)
}

fn scale_to_batch(scale: &Map<String, Value>, out: &mut Map<String, Value>) -> Result<()> {
    for (kind, value) in scale.iter().filter(|(_, value)| !value.is_null()) {
        let path = format!("scaleSettings.{kind}");
        for (name, value) in inside(&path, value)?.iter().filter(|(_, value)| !value.is_null()) {
            let batch = match kind.as_str() {
                "fixedScale" => FIXED_SCALE.iter().find(|known| *known == name).copied(),
                "autoScale" => AUTO_SCALE.iter().find(|(arm, _)| arm == name).map(|(_, batch)| *batch),
                _ => None,
            };
            known(batch.is_some(), &format!("{path}.{name}"))?;
            out.insert(batch.unwrap_or_default().to_owned(), value.clone());
        }
        known(matches!(kind.as_str(), "fixedScale" | "autoScale"), &path)?;
        if kind == "autoScale" {
            out.insert("enableAutoScale".to_owned(), true.into());
        }
    }
    Ok(())
}

fn inside<'v>(path: &str, value: &'v Value) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| Failure::property(&format!("properties.{path}"), "expected an object"))
}

fn known(is_known: bool, path: &str) -> Result<()> {
    if is_known {
        return Ok(());
    }
    let reason = "there is no such property here, or none of this spelling";
    Err(Failure::from(api::Error::unsupported_property(&format!("properties.{path}"), reason)))
}

fn each(name: &str, value: &Value, item: fn(Map<String, Value>) -> Map<String, Value>) -> Result<Value> {
    let items = value.as_array();
    let items = items.ok_or_else(|| Failure::property(&format!("properties.{name}"), "expected an array"))?;
    let object =
        |(index, value)| inside(&format!("{name}[{index}]"), value).map(|object| Value::Object(item(object.clone())));
    items.iter().enumerate().map(object).collect::<Result<Vec<_>>>().map(Value::from)
}

/// The last part of the `id`, which is an ARM id.
fn take_id(object: &mut Map<String, Value>) -> Option<String> {
    let id = object.remove("id")?;
    Some(id.as_str()?.rsplit('/').next().unwrap_or_default().to_owned())
}

fn package_to_batch(mut package: Map<String, Value>) -> Map<String, Value> {
    if let Some(id) = take_id(&mut package) {
        package.insert("applicationId".to_owned(), id.into());
    }
    package
}

/// `…/certificates/sha1-0123` names algorithm and thumbprint.
fn certificate_to_batch(mut certificate: Map<String, Value>) -> Map<String, Value> {
    if let Some(id) = take_id(&mut certificate) {
        let (algorithm, thumbprint) = id.split_once('-').unwrap_or(("sha1", &id));
        certificate.insert("thumbprintAlgorithm".to_owned(), algorithm.into());
        certificate.insert("thumbprint".to_owned(), thumbprint.into());
    }
    certificate
}

/// ARM's properties of the settings of a pool of the account with this id.
pub fn of(settings: &api::PoolCreate, account_id: &str) -> Properties {
    let Ok(Value::Object(mut batch)) = serde_json::to_value(settings) else { return Map::new() };
    let mut out = Map::new();
    let mut scale = Map::new();
    let mut fixed: Map<String, Value> = FIXED_SCALE.iter().filter_map(|name| batch.remove_entry(*name)).collect();
    let auto = AUTO_SCALE.iter().filter_map(|(arm, name)| Some(((*arm).to_owned(), batch.remove(*name)?)));
    let auto: Map<String, Value> = auto.collect();
    if batch.remove("enableAutoScale") == Some(true.into()) {
        fixed.clear();
        scale.insert("autoScale".to_owned(), auto.into());
    }
    if !fixed.is_empty() {
        scale.insert("fixedScale".to_owned(), fixed.into());
    }
    let machines = MACHINES.iter().filter_map(|name| batch.remove_entry(*name));
    let machines: Map<String, Value> = machines.map(|(name, value)| (name.clone(), to_arm(&name, value))).collect();
    if let Some(is_on) = batch.remove("enableInterNodeCommunication") {
        let word = if is_on == Value::Bool(true) { "Enabled" } else { "Disabled" };
        out.insert("interNodeCommunication".to_owned(), word.into());
    }
    if let Some(Value::Array(packages)) = batch.remove("applicationPackageReferences") {
        let items = packages.into_iter().map(|package| with_id(package, "applicationId", account_id));
        out.insert("applicationPackages".to_owned(), items.collect());
    }
    if let Some(Value::Array(certificates)) = batch.remove("certificateReferences") {
        let items = certificates.into_iter().map(|certificate| with_id(certificate, "thumbprint", account_id));
        out.insert("certificates".to_owned(), items.collect());
    }
    for (name, object) in [("scaleSettings", scale), ("deploymentConfiguration", machines)] {
        if !object.is_empty() {
            out.insert(name.to_owned(), object.into());
        }
    }
    for beside in ["id", "identity"] {
        batch.remove(beside);
    }
    out.extend(batch.into_iter().map(|(name, value)| (name.clone(), to_arm(&name, value))));
    out
}

/// The ARM id in the place of the data plane's name.
fn with_id(value: Value, name: &str, account_id: &str) -> Value {
    let Value::Object(mut object) = value else { return value };
    let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = text(object.remove(name));
    let id = match name {
        "thumbprint" => {
            let algorithm = text(object.remove("thumbprintAlgorithm"));
            format!("{account_id}/certificates/{algorithm}-{own}")
        }
        _ => format!("{account_id}/applications/{own}"),
    };
    let rest = object.into_iter().map(|(name, value)| (name.clone(), to_arm(&name, value)));
    [("id".to_owned(), json!(id))].into_iter().chain(rest).collect::<Map<_, _>>().into()
}

/// A pool's identity, beside its properties.
pub fn identity_of(settings: &api::PoolCreate) -> Value {
    let Some(identity) = &settings.identity else { return json!({ "type": "None" }) };
    let all = identity.user_assigned_identities.iter().flatten();
    let all: Map<String, Value> = all.map(|one| (one.resource_id.clone(), json!({}))).collect();
    if all.is_empty() {
        json!({ "type": identity.kind })
    } else {
        json!({ "type": identity.kind, "userAssignedIdentities": all })
    }
}

#[cfg(test)]
#[path = "pool_mapping_tests.rs"]
mod tests;
