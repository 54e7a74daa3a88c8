//! Applications and their packages. Bytes are not carried here but by `/portal/packages/…`.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::AccountName;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service::application_upload::Version;
#[cfg(feature = "ssr")]
use crate::service::{application, application_list as list, application_package, application_upload};

/// A page of the account's applications.
#[server(prefix = "/portal/fn", endpoint = "application_list", input = Json)]
pub async fn application_list(
    account: AccountName,
    query: api::ListQuery,
) -> Result<api::Page<api::Application>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(list::application_list(&cx, &caller, &account, &query).await?)
}

/// What pools and tasks can refer to.
#[server(prefix = "/portal/fn", endpoint = "application_choice_list", input = Json)]
pub async fn application_choice_list(account: AccountName) -> Result<Vec<api::ApplicationChoice>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(list::application_choice_list(&cx, &caller, &account).await?)
}

#[server(prefix = "/portal/fn", endpoint = "application_get", input = Json)]
pub async fn application_get(account: AccountName, application: String) -> Result<api::Application, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(application::application_get(&cx, &caller, &account, &application).await?)
}

/// Makes an application; one that is there is not changed.
#[server(prefix = "/portal/fn", endpoint = "application_create", input = Json)]
pub async fn application_create(
    account: AccountName,
    application: String,
    create: api::ApplicationPatch,
) -> Result<api::Application, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(application::application_create(&cx, &caller, &account, &application, true, create).await?)
}

/// Changes what is given.
#[server(prefix = "/portal/fn", endpoint = "application_update", input = Json)]
pub async fn application_update(
    account: AccountName,
    application: String,
    patch: api::ApplicationPatch,
) -> Result<api::Application, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(application::application_update(&cx, &caller, &account, &application, patch).await?)
}

/// Deletes an application without versions.
#[server(prefix = "/portal/fn", endpoint = "application_delete", input = Json)]
pub async fn application_delete(account: AccountName, application: String) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(application::application_delete(&cx, &caller, &account, &application).await?)
}

/// The versions, the newest first.
#[server(prefix = "/portal/fn", endpoint = "application_package_list", input = Json)]
pub async fn application_package_list(
    account: AccountName,
    application: String,
) -> Result<Vec<api::ApplicationPackage>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(list::application_package_list(&cx, &caller, &account, &application).await?)
}

/// Makes a version that waits for its upload; one that is there is not emptied.
#[server(prefix = "/portal/fn", endpoint = "application_package_create", input = Json)]
pub async fn application_package_create(
    account: AccountName,
    application: String,
    version: String,
) -> Result<api::ApplicationPackage, api::Error> {
    let (cx, caller) = request::context()?;
    let made =
        application_package::application_package_create(&cx, &caller, &account, &application, &version, true).await?;
    // The browser uploads with its session.
    Ok(api::ApplicationPackage { storage_url: None, storage_url_expiry: None, ..made })
}

/// Makes what was uploaded the version's content, and the version active.
#[server(prefix = "/portal/fn", endpoint = "application_package_commit", input = Json)]
pub async fn application_package_commit(
    account: AccountName,
    application: String,
    version: String,
    blocks: Vec<String>,
) -> Result<api::ApplicationPackage, api::Error> {
    let (cx, caller) = request::context()?;
    let of = Version { application: &application, version: &version };
    Ok(application_upload::application_package_commit(&cx, &caller, &account, of, blocks).await?)
}

#[server(prefix = "/portal/fn", endpoint = "application_package_delete", input = Json)]
pub async fn application_package_delete(
    account: AccountName,
    application: String,
    version: String,
) -> Result<(), api::Error> {
    let (cx, caller) = request::context()?;
    Ok(application_package::application_package_delete(&cx, &caller, &account, &application, &version).await?)
}
