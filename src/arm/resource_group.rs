//! Resource groups: labels that accounts share. A group exists when somebody made it or an account is in it.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Body, Shape};
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::api::{self, ResourceGroupPut};
use crate::service::resource_group;

const GROUP: &str = "/subscriptions/{subscription}/resourcegroups/{group}";

pub fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/subscriptions/{subscription}/resourcegroups", resource_group_list)
        .on(Method::GET, GROUP, resource_group_get)
        .on(Method::PUT, GROUP, resource_group_put)
        .on(Method::PATCH, GROUP, resource_group_update)
        .on(Method::DELETE, GROUP, resource_group_delete)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupBody {
    location: String,
    tags: Option<std::collections::BTreeMap<String, String>>,
    managed_by: Option<String>,
    /// Clients send an empty one.
    #[serde(rename = "properties")]
    _properties: Option<Empty>,
}

/// What of a group changes: its tags.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupUpdate {
    location: Option<String>,
    tags: Option<std::collections::BTreeMap<String, String>>,
    managed_by: Option<String>,
    #[serde(rename = "properties")]
    _properties: Option<Empty>,
}

impl Shape for GroupUpdate {
    const READ_ONLY: &'static [&'static str] = GroupBody::READ_ONLY;
    const READ_ONLY_BELOW: &'static [&'static str] = GroupBody::READ_ONLY_BELOW;
}

#[derive(Deserialize)]
struct Empty {}

impl Shape for GroupBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type"];
    const READ_ONLY_BELOW: &'static [&'static str] = &["provisioningState"];
}

async fn resource_group_list(call: Call) -> Result {
    call.allow(&[])?;
    let groups = resource_group::resource_group_list(&call.cx, &call.caller, call.name("subscription")).await?;
    Ok(reply::whole(groups.iter().map(to_arm).collect()))
}

async fn resource_group_get(call: Call) -> Result {
    call.allow(&[])?;
    let (subscription, name) = (call.name("subscription"), call.name("group"));
    let group = resource_group::resource_group_get(&call.cx, &call.caller, subscription, name).await?;
    Ok(reply::resource(&to_arm(&group)))
}

async fn resource_group_put(call: Call, Body(body): Body<GroupBody>) -> Result {
    call.allow(&[])?;
    if body.managed_by.is_some() {
        return Err(Failure::property("managedBy", "Nothing manages resource groups here."));
    }
    let put = ResourceGroupPut { location: body.location, tags: body.tags.unwrap_or_default() };
    let (subscription, name) = (call.name("subscription"), call.name("group"));
    let (group, made) = resource_group::resource_group_put(&call.cx, &call.caller, subscription, name, put).await?;
    let mut reply = reply::resource(&to_arm(&group));
    if made {
        *reply.status_mut() = StatusCode::CREATED;
    }
    Ok(reply)
}

/// Tags that are given take the place of those that are there.
async fn resource_group_update(call: Call, Body(body): Body<GroupUpdate>) -> Result {
    call.allow(&[])?;
    let (subscription, name) = (call.name("subscription"), call.name("group"));
    if body.managed_by.is_some() {
        return Err(Failure::property("managedBy", "Nothing manages resource groups here."));
    }
    let given = (body.location, body.tags);
    let group = resource_group::resource_group_update(&call.cx, &call.caller, subscription, name, given).await?;
    Ok(reply::resource(&to_arm(&group)))
}

/// Only one that is empty. One that is not there: 404, as Azure says of groups.
async fn resource_group_delete(call: Call) -> Result {
    call.allow(&["forcedeletiontypes"])?;
    let (subscription, name) = (call.name("subscription"), call.name("group"));
    resource_group::resource_group_delete(&call.cx, &call.caller, subscription, name).await?;
    Ok(StatusCode::OK.into_response())
}

fn to_arm(group: &api::ResourceGroup) -> Value {
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", group.subscription_id, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": { "provisioningState": "Succeeded" },
    })
}
