//! Locations: how many accounts they take, which sizes of nodes they offer, and which names are free.

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Body, Shape};
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::api::VmSize;
use crate::domain::odata::{self, Field, Kind, Operator};
use crate::service::{account, location, resource_group};

/// Nothing limits the accounts of a location; the greatest number that clients can read.
const ACCOUNTS: i32 = i32::MAX;

const SKU_FIELDS: &[Field] =
    &[Field { name: "familyName", kind: Kind::Text, operators: &[Operator::Eq, Operator::Ne], prefix: true }];

pub fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/subscriptions/{subscription}/locations", location_list)
        .on(
            Method::GET,
            "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/quotas",
            location_quotas,
        )
        .on(
            Method::GET,
            "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/virtualmachineskus",
            vm_size_list,
        )
        .on(
            Method::POST,
            "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/checknameavailability",
            account_name_check,
        )
}

async fn location_list(call: Call) -> Result {
    call.allow(&[])?;
    let subscription = resource_group::subscription_get(&call.cx, &call.caller, call.name("subscription")).await?;
    let locations = location::location_list(&call.cx, &call.caller).await?;
    let to_arm = |location: &crate::api::Location| {
        json!({
            "id": format!("/subscriptions/{subscription}/locations/{}", location.name),
            "name": location.name,
            "type": "Region",
            "displayName": location.display_name,
            "regionalDisplayName": location.display_name,
            "metadata": { "regionType": "Physical" },
        })
    };
    Ok(reply::whole(locations.iter().map(to_arm).collect()))
}

async fn location_quotas(call: Call) -> Result {
    call.allow(&[])?;
    checked(&call).await?;
    Ok(reply::resource(&json!({ "accountQuota": ACCOUNTS })))
}

async fn vm_size_list(call: Call) -> Result {
    let slice = call.slice(SKU_FIELDS)?;
    checked(&call).await?;
    let mut sizes = call.location()?.vm_sizes.clone();
    sizes.sort_by(|a, b| a.name.cmp(&b.name));
    let fits = |size: &&VmSize| {
        let property = |field| (field == "familyName").then(|| odata::Value::Text(family(&size.name)));
        slice.filter.as_ref().is_none_or(|filter| filter.matches(&property))
    };
    let stretch = slice.cut(sizes.iter().filter(fits), |size| size.name.clone());
    Ok(reply::page(&call, stretch.map(|sizes| sizes.into_iter().map(sku).collect())))
}

/// The path's subscription and location exist, and the caller may look at them.
async fn checked(call: &Call) -> Result<()> {
    resource_group::subscription_get(&call.cx, &call.caller, call.name("subscription")).await?;
    call.location()?;
    Ok(())
}

fn sku(size: &VmSize) -> Value {
    let capability = |name: &str, value: String| json!({ "name": name, "value": value });
    let gib = size.memory_mib as f64 / 1024.0;
    json!({
        "name": size.name,
        "familyName": family(&size.name),
        "capabilities": [
            capability("vCPUs", size.cores.to_string()),
            capability("MemoryGB", format!("{}", (gib * 100.0).round() / 100.0)),
            capability("LowPriorityCapable", "True".to_owned()),
        ],
    })
}

/// The family of a size, as Azure calls it: `standard_d2s_v3` is of `standardDSv3Family`. Ours are of one.
fn family(size: &str) -> String {
    let Some(rest) = size.strip_prefix("standard_") else { return "localFamily".to_owned() };
    let (series, version) = rest.split_once("_v").map_or((rest, String::new()), |(s, v)| (s, format!("v{v}")));
    let letters: String = series.chars().filter(char::is_ascii_alphabetic).collect();
    format!("standard{}{version}Family", letters.to_ascii_uppercase())
}

#[derive(Deserialize)]
struct NameCheck {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Shape for NameCheck {}

async fn account_name_check(call: Call, Body(check): Body<NameCheck>) -> Result {
    call.allow(&[])?;
    checked(&call).await?;
    if !check.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts") {
        return Err(Failure::property("type", "Only names of Microsoft.Batch/batchAccounts are checked."));
    }
    Ok(reply::resource(&account::account_name_check(&call.cx, &call.caller, &check.name).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_belong_to_the_families_that_azure_says() {
        let check = |size, expected: &str| assert_eq!(family(size), expected);
        check("standard_d2s_v3", "standardDSv3Family");
        check("standard_d2_v2", "standardDv2Family");
        check("standard_a1_v2", "standardAv2Family");
        check("standard_f2s_v2", "standardFSv2Family");
        check("local_2", "localFamily");
    }
}
