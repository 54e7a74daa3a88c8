//! What nodes must be able to reach.

use axum::http::Method;
use serde_json::json;

use super::call::Call;
use super::error::Result;
use super::reply;
use super::router::Routes;

pub fn routes() -> Routes {
    Routes::default().on(
        Method::GET,
        "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/outboundnetworkdependenciesendpoints",
        endpoint_list,
    )
}

/// Nodes talk to this server and to nobody else.
async fn endpoint_list(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let installation = &call.cx.installation;
    let usual = if installation.base_url.starts_with("https:") { 443 } else { 80 };
    let host = installation.host();
    let (name, port) =
        host.rsplit_once(':').map_or((host, usual), |(name, port)| (name, port.parse().unwrap_or(usual)));
    Ok(reply::whole(vec![json!({
        "category": "Azure Batch",
        "endpoints": [{
            "domainName": name,
            "description": "Agents of nodes report here, and tasks call the account's REST API.",
            "endpointDetails": [{ "port": port }],
        }],
    })]))
}
