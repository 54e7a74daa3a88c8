//! Applications, and the data plane's ids of them in ARM's.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account_shape;
use super::body::{Body, MaybeBody, Shape};
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::api::{self, Code};
use crate::service::application;

const APPLICATION: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/applications/{application}";

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/applications",
            application_list,
        )
        .on(Method::GET, APPLICATION, application_get)
        .on(Method::PUT, APPLICATION, application_create)
        .on(Method::PATCH, APPLICATION, application_update)
        .on(Method::DELETE, APPLICATION, application_delete)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApplicationBody {
    properties: Option<api::ApplicationPatch>,
    tags: Option<serde_json::Map<String, Value>>,
}

impl Shape for ApplicationBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type", "etag", "systemData"];
}

impl ApplicationBody {
    fn patch(self) -> Result<api::ApplicationPatch> {
        // Nothing here would give them back.
        if self.tags.is_some_and(|tags| !tags.is_empty()) {
            return Err(Failure::property("tags", "Applications have no tags here; accounts have."));
        }
        Ok(self.properties.unwrap_or_default())
    }
}

async fn application_list(call: Call) -> Result {
    let slice = call.slice(&[])?;
    let account = call.account().await?;
    let found = application::application_slice(&call.cx, &call.caller, &call.owner(), &slice).await?;
    let id = account_shape::id(&account);
    Ok(reply::page(&call, found.map(|all| all.iter().map(|one| to_arm(one, &id)).collect())))
}

async fn application_get(call: Call) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let found = application::application_get(&call.cx, &call.caller, &call.owner(), call.name("application")).await?;
    Ok(show(&account, &found))
}

async fn application_create(call: Call, MaybeBody(body): MaybeBody<ApplicationBody>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let (caller, name, only_if_absent) = (call.conditional(), call.name("application"), call.only_if_absent());
    let (owner, create) = (call.owner(), body.patch()?);
    let made = application::application_create(&call.cx, &caller, &owner, name, only_if_absent, create).await?;
    Ok(show(&account, &made))
}

async fn application_update(call: Call, Body(body): Body<ApplicationBody>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let (caller, name) = (call.conditional(), call.name("application"));
    let changed = application::application_update(&call.cx, &caller, &call.owner(), name, body.patch()?).await?;
    Ok(show(&account, &changed))
}

/// An application that is not there has been deleted: 204.
async fn application_delete(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    let (caller, name) = (call.conditional(), call.name("application"));
    match application::application_delete(&call.cx, &caller, &call.owner(), name).await {
        Ok(()) => Ok(StatusCode::OK.into_response()),
        Err(error) if error.public.code == Code::ApplicationNotFound => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(error.into()),
    }
}

fn show(account: &api::Account, application: &api::Application) -> axum::response::Response {
    let etag = format!("W/\"{}\"", application.e_tag);
    reply::with_etag(reply::resource(&to_arm(application, &account_shape::id(account))), &etag)
}

fn to_arm(application: &api::Application, account_id: &str) -> Value {
    let mut properties = json!({ "allowUpdates": application.allow_updates });
    if let Some(name) = &application.display_name {
        properties["displayName"] = name.as_str().into();
    }
    if let Some(version) = &application.default_version {
        properties["defaultVersion"] = version.as_str().into();
    }
    json!({
        "id": format!("{account_id}/applications/{}", application.id),
        "name": application.id,
        "type": "Microsoft.Batch/batchAccounts/applications",
        "etag": format!("W/\"{}\"", application.e_tag),
        "properties": properties,
    })
}
