//! Accounts.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;

use super::account_shape::{self as shape, AccountBody};
use super::body::Body;
use super::call::Call;
use super::error::{Failure, Result};
use super::operation_result::{self, Kind};
use super::reply;
use super::router::Routes;
use crate::api::{self, Code};
use crate::service::{account, account_storage, resource_group};

pub const ACCOUNT: &str =
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}";

pub fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/subscriptions/{subscription}/providers/microsoft.batch/batchaccounts", account_list)
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts",
            account_list,
        )
        .on(Method::GET, ACCOUNT, account_get)
        .on(Method::PUT, ACCOUNT, account_create)
        .on(Method::PATCH, ACCOUNT, account_patch)
        .on(Method::DELETE, ACCOUNT, account_delete)
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/syncautostoragekeys",
            account_storage_sync,
        )
}

/// Of a subscription, or of a group in it.
async fn account_list(call: Call) -> Result {
    let slice = call.slice(&[])?;
    let group = Some(call.name("group")).filter(|group| !group.is_empty());
    let accounts = account::account_slice(&call.cx, &call.caller, call.name("subscription"), group, &slice).await?;
    Ok(reply::page(&call, accounts.map(|items| items.iter().map(shape::to_arm).collect())))
}

async fn account_get(call: Call) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    Ok(reply::with_etag(reply::resource(&shape::to_arm(&account)), &account.e_tag))
}

/// An account that is there already is answered if it is what the body says. Source: PUT does not update accounts (api-version
/// 2024-02-01). Chosen here: a body that says something else is refused by the property, so that nobody believes in a change.
async fn account_create(call: Call, Body(body): Body<AccountBody>) -> Result {
    call.allow(&[])?;
    let (name, group) = (call.name("account"), call.name("group"));
    let subscription = resource_group::subscription_get(&call.cx, &call.caller, call.name("subscription")).await?;
    if let (Ok(_), Some(name)) = (call.account().await, call.account_name()) {
        account::may_change(&call.caller, &name)?;
        return there_already(&call, &body).await;
    }
    let create = body.to_create(&name.to_ascii_lowercase(), &subscription, group)?;
    match account::account_create(&call.cx, &call.caller, create).await {
        Ok(account) => Ok(operation_result::begun(&call, Kind::Create, &account)),
        Err(error) if error.public.code == Code::AccountExists => there_already(&call, &body).await,
        Err(error) => Err(error.into()),
    }
}

async fn there_already(call: &Call, body: &AccountBody) -> Result {
    let taken = |reason: String| Failure::new(StatusCode::CONFLICT, "AccountExists", reason);
    let Ok(account) = call.account().await else {
        let reason = "The name of the account is taken, in another resource group or subscription.";
        return Err(taken(reason.to_owned()));
    };
    if account.provisioning_state == api::ProvisioningState::Deleting {
        return Err(taken("The account is being deleted. Try again when it is gone.".to_owned()));
    }
    match body.difference(&account) {
        None => Ok(reply::with_etag(reply::resource(&shape::to_arm(&account)), &account.e_tag)),
        Some(target) => {
            let reason = format!("The account exists, with another {target}. Change it by PATCH.");
            Err(taken(reason).about(target))
        }
    }
}

async fn account_patch(call: Call, Body(body): Body<AccountBody>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    let patch = body.to_patch(&account)?;
    let account = account::account_patch(&call.cx, &call.caller, &name, patch).await?;
    Ok(reply::with_etag(reply::resource(&shape::to_arm(&account)), &account.e_tag))
}

/// An account that is not there has been deleted: 204.
async fn account_delete(call: Call) -> Result {
    call.allow(&[])?;
    let account = match call.account().await {
        Ok(account) => account,
        Err(failure) if failure.status == StatusCode::NOT_FOUND => return Ok(StatusCode::NO_CONTENT.into_response()),
        Err(failure) => return Err(failure),
    };
    let name = call.account_name().expect("the account was found by it");
    account::account_delete(&call.cx, &call.caller, &name).await?;
    Ok(operation_result::begun(&call, Kind::Delete, &account))
}

async fn account_storage_sync(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    account_storage::account_storage_sync(&call.cx, &call.caller, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
