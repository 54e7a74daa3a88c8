//! Pools.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Serialize;

use super::body::{Body, NoBody};
use super::call::{Call, PAGE};
use super::error::Result;
use super::path::Of;
use super::reply;
use crate::api;
use crate::domain::ids::PoolId;
use crate::domain::odata::{POOL_FIELDS, Stretch};
use crate::domain::waiting::explanation;
use crate::service::{Context, pool, pool_usage, slices, waiting};

const PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "url",
    "eTag",
    "lastModified",
    "creationTime",
    "state",
    "stateTransitionTime",
    "allocationState",
    "allocationStateTransitionTime",
    "vmSize",
    "cloudServiceConfiguration",
    "virtualMachineConfiguration",
    "resizeTimeout",
    "resizeErrors",
    "currentDedicatedNodes",
    "currentLowPriorityNodes",
    "targetDedicatedNodes",
    "targetLowPriorityNodes",
    "enableAutoScale",
    "autoScaleFormula",
    "autoScaleEvaluationInterval",
    "autoScaleRun",
    "enableInterNodeCommunication",
    "networkConfiguration",
    "startTask",
    "certificateReferences",
    "applicationPackageReferences",
    "applicationLicenses",
    "taskSlotsPerNode",
    "maxTasksPerNode",
    "taskSchedulingPolicy",
    "userAccounts",
    "metadata",
    "stats",
    "mountConfiguration",
    "identity",
    "targetNodeCommunicationMode",
    "currentNodeCommunicationMode",
    "upgradePolicy",
    "resourceTags",
];

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/pools", get(pool_list).post(pool_create))
        .route("/pools/{pool}", get(pool_get).patch(pool_patch).delete(pool_delete))
        .route("/pools/{pool}/updateproperties", post(pool_update_properties))
        .route("/pools/{pool}/waiting", get(pool_waiting))
        .route("/pools/{pool}/resize", post(pool_resize))
        .route("/pools/{pool}/stopresize", post(pool_stop_resize))
        .route("/pools/{pool}/removenodes", post(pool_remove_nodes))
        .route("/pools/{pool}/enableautoscale", post(pool_enable_auto_scale))
        .route("/pools/{pool}/disableautoscale", post(pool_disable_auto_scale))
        .route("/pools/{pool}/evaluateautoscale", post(pool_evaluate_auto_scale))
}

async fn pool_list(call: Call) -> Result {
    let list = call.list_query(POOL_FIELDS, PROPERTIES, PAGE)?;
    let pools = slices::pool_slice(&call.cx, &call.caller, &call.account, &list.slice, expands(&call)).await?;
    let pools = Stretch { items: pools.items.iter().map(|pool| named(&call, pool)).collect(), next: pools.next };
    Ok(call.list_reply("pools", &list, pools))
}

async fn pool_create(call: Call, Body(create): Body<api::PoolCreate>) -> Result {
    call.no_query()?;
    let is_open = call.query.api_version().is_ok_and(|version| version < CLOSED);
    let pool = pool::pool_create_as(&call.cx, &call.caller, &call.account, create, is_open).await?;
    let url = call.url(&format!("/pools/{}", pool.settings.id));
    Ok(reply::with_version(reply::created(&url), &pool.e_tag, pool.last_modified))
}

/// The first version in which nodes cannot be reached by SSH unless the pool says so.
const CLOSED: &str = "2024-07-01";

/// Fournil's own.
async fn pool_waiting(call: Call, Of(id): Of<PoolId>) -> Result {
    call.no_query()?;
    let why = waiting::pool_waiting(&call.cx, &call.caller, &call.account, &id).await?;
    Ok(reply::element(&call.base_url, "waiting", &explanation(why), None))
}

/// The first version that calls slots by their name of today.
const SLOTS: &str = "2020-09";

/// A pool with what versions before 2020-09 look for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    #[serde(flatten)]
    pool: &'a api::Pool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tasks_per_node: Option<i32>,
}

fn named<'a>(call: &Call, pool: &'a api::Pool) -> Named<'a> {
    let is_old = call.query.api_version().is_ok_and(|version| version < SLOTS);
    Named { pool, max_tasks_per_node: is_old.then(|| pool.settings.slots_per_node()) }
}

/// Whether the caller asks for statistics; nothing else can be expanded.
fn expands(call: &Call) -> bool {
    call.query.get("$expand").is_some()
}

/// Also answers HEAD, which asks whether the pool exists.
async fn pool_get(call: Call, Of(id): Of<PoolId>) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let mut pool = load(&call, &id).await?;
    call.check(&pool.e_tag, pool.last_modified)?;
    if expands(&call) {
        pool.stats = Some(pool_usage::pool_statistics(&call.cx, &call.caller, &call.account, &id).await?);
    }
    let reply = reply::element(&call.base_url, "pools", &named(&call, &pool), query.select.as_deref());
    Ok(reply::with_version(reply, &pool.e_tag, pool.last_modified))
}

async fn pool_patch(call: Call, Of(id): Of<PoolId>, Body(patch): Body<api::PoolPatch>) -> Result {
    call.no_query()?;
    pool::pool_patch(&call.cx, &call.caller, &call.account, &id, patch).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn pool_update_properties(call: Call, Of(id): Of<PoolId>, Body(update): Body<api::PoolUpdate>) -> Result {
    call.no_query()?;
    pool::pool_update_properties(&call.cx, &call.caller, &call.account, &id, update).await?;
    changed(&call, &id, StatusCode::NO_CONTENT).await
}

async fn pool_resize(call: Call, Of(id): Of<PoolId>, Body(resize): Body<api::PoolResize>) -> Result {
    call.no_query()?;
    pool::pool_resize(&call.cx, &call.caller, &call.account, &id, resize).await?;
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn pool_stop_resize(call: Call, Of(id): Of<PoolId>, _: NoBody) -> Result {
    call.no_query()?;
    pool::pool_stop_resize(&call.cx, &call.caller, &call.account, &id).await?;
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn pool_remove_nodes(call: Call, Of(id): Of<PoolId>, Body(remove): Body<api::NodeRemove>) -> Result {
    call.no_query()?;
    pool::pool_remove_nodes(&call.cx, &call.caller, &call.account, &id, remove).await?;
    changed(&call, &id, StatusCode::ACCEPTED).await
}

async fn pool_delete(call: Call, Of(id): Of<PoolId>, _: NoBody) -> Result {
    call.no_query()?;
    pool::pool_delete(&call.cx, &call.caller, &call.account, &id).await?;
    Ok(reply::done(StatusCode::ACCEPTED, &call.url(&format!("/pools/{id}"))))
}

async fn pool_enable_auto_scale(
    call: Call,
    Of(id): Of<PoolId>,
    Body(enable): Body<api::PoolEnableAutoScale>,
) -> Result {
    call.no_query()?;
    pool::pool_enable_auto_scale(&call.cx, &call.caller, &call.account, &id, enable).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn pool_disable_auto_scale(call: Call, Of(id): Of<PoolId>, _: NoBody) -> Result {
    call.no_query()?;
    pool::pool_disable_auto_scale(&call.cx, &call.caller, &call.account, &id).await?;
    changed(&call, &id, StatusCode::OK).await
}

async fn pool_evaluate_auto_scale(
    call: Call,
    Of(id): Of<PoolId>,
    Body(evaluate): Body<api::PoolEvaluateAutoScale>,
) -> Result {
    call.no_query()?;
    let run = pool::pool_evaluate_auto_scale(&call.cx, &call.caller, &call.account, &id, evaluate).await?;
    Ok(reply::element(&call.base_url, "Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun", &run, None))
}

async fn load(call: &Call, id: &PoolId) -> Result<api::Pool> {
    Ok(pool::pool_get(&call.cx, &call.caller, &call.account, id).await?.pool)
}

/// The answer to a change: the pool's URL, and its version after it.
async fn changed(call: &Call, id: &PoolId, status: StatusCode) -> Result {
    let pool = load(call, id).await?;
    let done = reply::done(status, &call.url(&format!("/pools/{id}")));
    Ok(reply::with_version(done, &pool.e_tag, pool.last_modified))
}
