//! Users of nodes, and the way to them.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post, put};

use super::body::{Body, NoBody};
use super::call::Call;
use super::error::Result;
use super::path::Of;
use super::reply;
use crate::api::{self, Code};
use crate::domain::ids::{NodeId, PoolId};
use crate::service::{Context, node, node_user, remote_access};

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/pools/{pool}/nodes/{node}/users", post(node_user_add))
        .route("/pools/{pool}/nodes/{node}/users/{user}", put(node_user_replace).delete(node_user_delete))
        .route("/pools/{pool}/nodes/{node}/remoteloginsettings", get(node_remote_login_settings))
        .route("/pools/{pool}/nodes/{node}/rdp", get(node_remote_desktop))
}

async fn node_user_add(
    call: Call,
    Of((pool, node)): Of<(PoolId, NodeId)>,
    Body(create): Body<api::NodeUserCreate>,
) -> Result {
    call.no_query()?;
    let name = create.name.clone();
    node_user::node_user_add(&call.cx, &call.caller, &call.account, &pool, &node, create).await?;
    Ok(reply::created(&call.url(&format!("/pools/{pool}/nodes/{node}/users/{name}"))))
}

type User = Of<(PoolId, NodeId, String)>;

async fn node_user_replace(
    call: Call,
    Of((pool, node, user)): User,
    Body(replace): Body<api::NodeUserReplace>,
) -> Result {
    call.no_query()?;
    let named = (&pool, &node, user.as_str());
    node_user::node_user_replace(&call.cx, &call.caller, &call.account, named, replace).await?;
    Ok(reply::done(StatusCode::OK, &call.url(&format!("/pools/{pool}/nodes/{node}/users/{user}"))))
}

async fn node_user_delete(call: Call, Of((pool, node, user)): User, _: NoBody) -> Result {
    call.no_query()?;
    let named = (&pool, &node, user.as_str());
    node_user::node_user_delete(&call.cx, &call.caller, &call.account, named).await?;
    Ok(reply::done(StatusCode::OK, &call.url(&format!("/pools/{pool}/nodes/{node}/users/{user}"))))
}

async fn node_remote_login_settings(call: Call, Of((pool, node)): Of<(PoolId, NodeId)>) -> Result {
    call.no_query()?;
    let settings =
        remote_access::node_remote_login_settings(&call.cx, &call.caller, &call.account, &pool, &node).await?;
    Ok(reply::element(
        &call.base_url,
        "Microsoft.Azure.Batch.Protocol.Entities.ComputeNodeRemoteLoginSettings",
        &settings,
        None,
    ))
}

/// Nodes run Linux, which is not reached by remote desktop.
async fn node_remote_desktop(call: Call, Of((pool, node)): Of<(PoolId, NodeId)>) -> Result {
    call.no_query()?;
    node::node_get(&call.cx, &call.caller, &call.account, &pool, &node).await?;
    let reason = "nodes run Linux and have no remote desktop: use remoteloginsettings and SSH";
    Err(api::Error::new(Code::OperationNotValidOnNode).with("Reason", reason).into())
}
