//! The reference of the data plane.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// Operations and shapes of the data plane.
#[server(prefix = "/portal/fn", endpoint = "reference_get", input = Json)]
pub async fn reference_get() -> Result<api::Reference, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::reference::reference_get(&cx, &caller).await?)
}
