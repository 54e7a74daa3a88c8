//! Compute nodes.

use axum::Router;
use axum::routing::{any, get};

use super::call::{Call, PAGE};
use super::error::Result;
use super::path::Of;
use super::reply::{self, NOTHING};
use crate::api::{self, Code};
use crate::domain::ids::{NodeId, PoolId};
use crate::domain::odata::{NODE_COUNT_FIELDS, NODE_FIELDS};
use crate::service::{Context, node, slices};

const PROPERTIES: &[&str] = &[
    "id", "url", "state", "schedulingState", "stateTransitionTime", "lastBootTime", "allocationTime", "ipAddress",
    "affinityId", "vmSize", "totalTasksRun", "runningTasksCount", "runningTaskSlotsCount", "totalTasksSucceeded",
    "recentTasks", "startTask", "startTaskInfo", "certificateReferences", "errors", "isDedicated",
    "endpointConfiguration", "nodeAgentInfo", "virtualMachineInfo",
];

/// Pools on a page of node counts. Source: listing node counts.
const NODE_COUNTS_PAGE: usize = 10;

/// Operations on a node that do not exist here.
const MISSING: &[&str] = &[
    "reboot", "reimage", "start", "deallocate", "disablescheduling", "enablescheduling", "remoteloginsettings", "rdp",
    "uploadbatchservicelogs", "users", "users/{user}",
];

pub fn routes() -> Router<Context> {
    let routes = Router::new()
        .route("/nodecounts", get(node_counts))
        .route("/pools/{pool}/nodes", get(node_list))
        .route("/pools/{pool}/nodes/{node}", get(node_get))
        .route("/pools/{pool}/nodes/{node}/extensions", get(extension_list))
        .route("/pools/{pool}/nodes/{node}/extensions/{extension}", get(extension_get));
    MISSING
        .iter()
        .fold(routes, |routes, name| routes.route(&format!("/pools/{{pool}}/nodes/{{node}}/{name}"), any(missing)))
}

async fn node_list(call: Call, Of(pool): Of<PoolId>) -> Result {
    let list = call.list_query(NODE_FIELDS, PROPERTIES, PAGE)?;
    let nodes = slices::node_slice(&call.cx, &call.caller, &call.account, &pool, &list.slice).await?;
    Ok(call.list_reply("nodes", &list, nodes))
}

async fn node_get(call: Call, Of((pool, id)): Of<(PoolId, NodeId)>) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let node = load(&call, &pool, &id).await?;
    Ok(reply::element(&call.base_url, "nodes", &node, query.select.as_deref()))
}

async fn node_counts(call: Call) -> Result {
    let list = call.list_query(NODE_COUNT_FIELDS, &[], NODE_COUNTS_PAGE)?;
    let counts = slices::node_counts_slice(&call.cx, &call.caller, &call.account, &list.slice).await?;
    Ok(call.list_reply("poolnodecounts", &list, counts))
}

/// Nodes are the user's own machines: they have no extensions of a cloud.
async fn extension_list(call: Call, Of((pool, id)): Of<(PoolId, NodeId)>) -> Result {
    let list = call.list_query(&[], PROPERTIES, PAGE)?;
    load(&call, &pool, &id).await?;
    Ok(call.list_reply("extensions", &list, NOTHING))
}

async fn extension_get(call: Call, Of((pool, id, name)): Of<(PoolId, NodeId, String)>) -> Result {
    load(&call, &pool, &id).await?;
    Err(api::Error::new(Code::ResourceNotFound).with("ExtensionName", name).into())
}

async fn missing(call: Call, Of((pool, id)): Of<(PoolId, NodeId)>) -> Result {
    load(&call, &pool, &id).await?;
    Err(Code::NotImplemented.into())
}

async fn load(call: &Call, pool: &PoolId, id: &NodeId) -> Result<api::Node> {
    Ok(node::node_get(&call.cx, &call.caller, &call.account, pool, id).await?)
}
