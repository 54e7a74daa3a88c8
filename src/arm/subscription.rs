//! Subscriptions and tenants, as far as clients ask for them before they begin.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::error::Result;
use super::reply;
use super::router::Routes;
use crate::service::resource_group;

pub fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/subscriptions", subscription_list)
        .on(Method::GET, "/subscriptions/{subscription}", subscription_get)
        .on(Method::GET, "/tenants", tenant_list)
}

async fn subscription_list(call: Call) -> Result {
    call.allow(&[])?;
    let all = resource_group::subscription_list(&call.cx, &call.caller).await?;
    Ok(reply::whole(all.iter().map(|id| to_arm(&call, id)).collect()))
}

async fn subscription_get(call: Call) -> Result {
    call.allow(&[])?;
    let id = resource_group::subscription_get(&call.cx, &call.caller, call.name("subscription")).await?;
    Ok(reply::resource(&to_arm(&call, &id)))
}

fn to_arm(call: &Call, id: &str) -> Value {
    let is_own = call.cx.installation.subscription_id.eq_ignore_ascii_case(id);
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": call.cx.installation.tenant_id(),
        "displayName": if is_own { "Fournil".to_owned() } else { format!("Fournil {}", id.split('-').next().unwrap_or(id)) },
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01", "quotaId": "Fournil", "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    })
}

/// There is one. Clients ask for further properties of it, which it does not have.
async fn tenant_list(call: Call) -> Result {
    call.allow(&["$includealltenantcategories"])?;
    let id = call.cx.installation.tenant_id();
    let tenant = json!({
        "id": format!("/tenants/{id}"),
        "tenantId": id,
        "displayName": "Fournil",
        "defaultDomain": super::sign_in::TENANT_NAME,
        "tenantCategory": "Home",
    });
    Ok(reply::whole(vec![tenant]))
}
