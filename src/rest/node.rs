//! Compute nodes.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::body::{Body, NoBody, OptionalBody};
use super::call::{Call, PAGE};
use super::error::Result;
use super::path::Of;
use super::reply::{self, NOTHING};
use crate::api::{self, Code};
use crate::domain::ids::{NodeId, PoolId};
use crate::domain::odata::{NODE_COUNT_FIELDS, NODE_FIELDS};
use crate::service::{Context, node, node_log, slices};

const PROPERTIES: &[&str] = &[
    "id", "url", "state", "schedulingState", "stateTransitionTime", "lastBootTime", "allocationTime", "ipAddress",
    "ipv6Address", "affinityId", "vmSize", "totalTasksRun", "runningTasksCount", "runningTaskSlotsCount",
    "totalTasksSucceeded", "recentTasks", "startTask", "startTaskInfo", "certificateReferences", "errors",
    "isDedicated", "endpointConfiguration", "nodeAgentInfo", "virtualMachineInfo",
];

/// Pools on a page of node counts. Source: listing node counts.
const NODE_COUNTS_PAGE: usize = 10;

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/nodecounts", get(node_counts))
        .route("/pools/{pool}/nodes", get(node_list))
        .route("/pools/{pool}/nodes/{node}", get(node_get))
        .route("/pools/{pool}/nodes/{node}/reboot", post(node_reboot))
        .route("/pools/{pool}/nodes/{node}/reimage", post(node_reimage))
        .route("/pools/{pool}/nodes/{node}/deallocate", post(node_deallocate))
        .route("/pools/{pool}/nodes/{node}/start", post(node_start))
        .route("/pools/{pool}/nodes/{node}/disablescheduling", post(node_disable_scheduling))
        .route("/pools/{pool}/nodes/{node}/enablescheduling", post(node_enable_scheduling))
        .route("/pools/{pool}/nodes/{node}/extensions", get(extension_list))
        .route("/pools/{pool}/nodes/{node}/uploadbatchservicelogs", post(node_upload_logs))
        .route("/pools/{pool}/nodes/{node}/extensions/{extension}", get(extension_get))
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

type NodeOf = Of<(PoolId, NodeId)>;

async fn node_reboot(call: Call, Of((pool, id)): NodeOf, OptionalBody(body): OptionalBody<api::NodeReboot>) -> Result {
    call.no_query()?;
    node::node_reboot(&call.cx, &call.caller, &call.account, &pool, &id, body).await?;
    Ok(told(&call, &pool, &id, StatusCode::ACCEPTED))
}

async fn node_reimage(
    call: Call,
    Of((pool, id)): NodeOf,
    OptionalBody(body): OptionalBody<api::NodeReimage>,
) -> Result {
    call.no_query()?;
    node::node_reimage(&call.cx, &call.caller, &call.account, &pool, &id, body).await?;
    Ok(told(&call, &pool, &id, StatusCode::ACCEPTED))
}

async fn node_deallocate(
    call: Call,
    Of((pool, id)): NodeOf,
    OptionalBody(body): OptionalBody<api::NodeDeallocate>,
) -> Result {
    call.no_query()?;
    node::node_deallocate(&call.cx, &call.caller, &call.account, &pool, &id, body).await?;
    Ok(told(&call, &pool, &id, StatusCode::ACCEPTED))
}

async fn node_start(call: Call, Of((pool, id)): NodeOf, _: NoBody) -> Result {
    call.no_query()?;
    node::node_start(&call.cx, &call.caller, &call.account, &pool, &id).await?;
    Ok(told(&call, &pool, &id, StatusCode::ACCEPTED))
}

async fn node_disable_scheduling(
    call: Call,
    Of((pool, id)): NodeOf,
    OptionalBody(body): OptionalBody<api::NodeDisableScheduling>,
) -> Result {
    call.no_query()?;
    node::node_disable_scheduling(&call.cx, &call.caller, &call.account, &pool, &id, body).await?;
    Ok(told(&call, &pool, &id, StatusCode::OK))
}

async fn node_enable_scheduling(call: Call, Of((pool, id)): NodeOf, _: NoBody) -> Result {
    call.no_query()?;
    node::node_enable_scheduling(&call.cx, &call.caller, &call.account, &pool, &id).await?;
    Ok(told(&call, &pool, &id, StatusCode::OK))
}

async fn node_upload_logs(call: Call, Of((pool, id)): NodeOf, Body(upload): Body<api::NodeUploadLogs>) -> Result {
    call.no_query()?;
    let done = node_log::node_upload_logs(&call.cx, &call.caller, &call.account, &pool, &id, upload).await?;
    let kind = "Microsoft.Azure.Batch.Protocol.Entities.UploadBatchServiceLogsResult";
    Ok(reply::element(&call.base_url, kind, &done, None))
}

fn told(call: &Call, pool: &PoolId, id: &NodeId, status: StatusCode) -> Response {
    reply::done(status, &call.url(&format!("/pools/{pool}/nodes/{id}")))
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

async fn load(call: &Call, pool: &PoolId, id: &NodeId) -> Result<api::Node> {
    Ok(node::node_get(&call.cx, &call.caller, &call.account, pool, id).await?)
}
