//! Keys of accounts.

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{Body, Shape};
use super::call::Call;
use super::error::Result;
use super::reply;
use super::router::Routes;
use crate::api::{AccountKeys, KeyName};
use crate::service::key;

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/listkeys",
            key_list,
        )
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/regeneratekeys",
            key_regenerate,
        )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Regenerate {
    key_name: KeyName,
}

impl Shape for Regenerate {}

async fn key_list(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    let keys = key::key_list(&call.cx, &call.caller, &name).await?;
    Ok(reply::resource(&to_arm(&keys)))
}

async fn key_regenerate(call: Call, Body(body): Body<Regenerate>) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    let keys = key::key_regenerate(&call.cx, &call.caller, &name, body.key_name).await?;
    Ok(reply::resource(&to_arm(&keys)))
}

fn to_arm(keys: &AccountKeys) -> Value {
    json!({ "accountName": keys.account_name, "primary": keys.primary, "secondary": keys.secondary })
}
