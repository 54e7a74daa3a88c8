//! Resources of Azure's that accounts do not have here. Their lists are empty, because none can exist.

use axum::http::Method;

use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::service::location;

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

pub fn routes() -> Routes {
    let routes = Routes::default().on(
        Method::GET,
        "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/cloudserviceskus",
        cloud_service_sizes,
    );
    let routes = LISTS.iter().fold(routes, |routes, path| routes.on(Method::GET, path, empty));
    ITEMS.iter().fold(routes, |routes, path| routes.on(Method::GET, path, not_found))
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
