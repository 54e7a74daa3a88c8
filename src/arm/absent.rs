//! Resources of Azure's that accounts do not have here. Their lists are empty, because none can exist.

use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;

use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::service::{account, location};

/// `…/batchaccounts/{account}` and what follows.
macro_rules! of_account {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}",
            $rest
        )
    };
}

const LISTS: &[&str] = &[
    of_account!("/detectors"),
    of_account!("/privatelinkresources"),
    of_account!("/privateendpointconnections"),
    of_account!("/networksecurityperimeterconfigurations"),
];

const ITEMS: &[&str] = &[
    of_account!("/detectors/{item}"),
    of_account!("/privatelinkresources/{item}"),
    of_account!("/privateendpointconnections/{item}"),
    of_account!("/networksecurityperimeterconfigurations/{item}"),
];

const CONNECTION: &str = of_account!("/privateendpointconnections/{item}");
const RECONCILE: &str = of_account!("/networksecurityperimeterconfigurations/{item}/reconcile");

pub fn routes() -> Routes {
    let routes = Routes::default().on(
        Method::GET,
        "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/cloudserviceskus",
        cloud_service_sizes,
    );
    let routes = LISTS.iter().fold(routes, |routes, path| routes.on(Method::GET, path, empty));
    ITEMS
        .iter()
        .fold(routes, |routes, path| routes.on(Method::GET, path, not_found))
        .on(Method::PATCH, CONNECTION, not_changed)
        .on(Method::DELETE, CONNECTION, gone)
        .on(Method::POST, RECONCILE, not_changed)
}

async fn empty(call: Call) -> Result {
    call.allow(&["maxresults", "$select", "$filter"])?;
    call.account().await?;
    Ok(reply::whole(Vec::new()))
}

async fn cloud_service_sizes(call: Call) -> Result {
    call.allow(&["maxresults", "$filter"])?;
    location::location_list(&call.cx, &call.caller).await?;
    call.location()?;
    Ok(reply::whole(Vec::new()))
}

async fn not_found(call: Call) -> Result {
    call.account().await?;
    Err(Failure::not_found(call.name("item"), call.name("group")))
}

/// Whoever may not change the account does not learn that there is nothing to be changed.
async fn not_changed(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    account::may_change(&call.caller, &call.owner())?;
    Err(Failure::not_found(call.name("item"), call.name("group")))
}

/// What is not there has been deleted.
async fn gone(call: Call) -> Result {
    call.allow(&[])?;
    call.account().await?;
    account::may_change(&call.caller, &call.owner())?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
