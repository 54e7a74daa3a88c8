//! Packages: the versions of an application.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account_shape;
use super::body::{Body, MaybeBody, Shape};
use super::call::Call;
use super::error::Result;
use super::reply;
use super::router::Routes;
use crate::api::{self, Code};
use crate::service::application_package as service;

const PACKAGE: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/applications/{application}/versions/{version}";

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/applications/{application}/versions",
            application_package_list,
        )
        .on(Method::GET, PACKAGE, application_package_get)
        .on(Method::PUT, PACKAGE, application_package_create)
        .on(Method::DELETE, PACKAGE, application_package_delete)
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/applications/{application}/versions/{version}/activate",
            application_package_activate,
        )
}

/// A package has nothing that its creator could say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PackageBody {
    #[serde(rename = "properties")]
    _properties: Option<Empty>,
}

#[derive(Deserialize)]
struct Empty {}

impl Shape for PackageBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type", "etag", "systemData"];
    const READ_ONLY_BELOW: &'static [&'static str] =
        &["state", "format", "storageUrl", "storageUrlExpiry", "lastActivationTime"];
}

#[derive(Deserialize)]
struct Activate {
    format: String,
}

impl Shape for Activate {}

async fn application_package_list(call: Call) -> Result {
    let slice = call.slice(&[])?;
    let account = call.account().await?;
    let name = call.name("application");
    let found = service::application_package_slice(&call.cx, &call.caller, &call.owner(), name, &slice).await?;
    let id = id(&account, name);
    Ok(reply::page(&call, found.map(|all| all.iter().map(|one| to_arm(one, &id)).collect())))
}

async fn application_package_get(call: Call) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let (name, version) = (call.name("application"), call.name("version"));
    let found = service::application_package_get(&call.cx, &call.caller, &call.owner(), name, version).await?;
    Ok(show(&account, name, &found))
}

async fn application_package_create(call: Call, MaybeBody(_): MaybeBody<PackageBody>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let (name, version) = (call.name("application"), call.name("version"));
    let (caller, owner, only_if_absent) = (call.conditional(), call.owner(), call.only_if_absent());
    let made = service::application_package_create(&call.cx, &caller, &owner, name, version, only_if_absent).await?;
    Ok(show(&account, name, &made))
}

async fn application_package_activate(call: Call, Body(body): Body<Activate>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let (name, version) = (call.name("application"), call.name("version"));
    let (caller, owner) = (call.conditional(), call.owner());
    let active = service::application_package_activate(&call.cx, &caller, &owner, name, version, &body.format).await?;
    Ok(show(&account, name, &active))
}

/// A package that is not there has been deleted: 204.
async fn application_package_delete(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let (name, version) = (call.name("application"), call.name("version"));
    let gone = [Code::ApplicationNotFound, Code::ApplicationPackageNotFound];
    match service::application_package_delete(&call.cx, &call.conditional(), &call.owner(), name, version).await {
        Ok(()) => Ok(StatusCode::OK.into_response()),
        Err(error) if gone.contains(&error.public.code) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(error.into()),
    }
}

fn id(account: &api::Account, application: &str) -> String {
    format!("{}/applications/{application}", account_shape::id(account))
}

fn show(account: &api::Account, application: &str, package: &api::ApplicationPackage) -> axum::response::Response {
    let etag = format!("W/\"{}\"", package.e_tag);
    reply::with_etag(reply::resource(&to_arm(package, &id(account, application))), &etag)
}

fn to_arm(package: &api::ApplicationPackage, application_id: &str) -> Value {
    let mut properties = json!({ "state": package.state });
    let known = [
        ("format", json!(package.format)),
        ("storageUrl", json!(package.storage_url)),
        ("storageUrlExpiry", json!(package.storage_url_expiry)),
        ("lastActivationTime", json!(package.last_activation_time)),
    ];
    for (name, value) in known.into_iter().filter(|(_, value)| !value.is_null()) {
        properties[name] = value;
    }
    json!({
        "id": format!("{application_id}/versions/{}", package.version),
        "name": package.version,
        "type": "Microsoft.Batch/batchAccounts/applications/versions",
        "etag": format!("W/\"{}\"", package.e_tag),
        "properties": properties,
    })
}
