//! Certificates. Their paths, `/certificates(thumbprintAlgorithm=…,thumbprint=…)`, are none that a router can tell: they come
//! through the fallback.

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode};
use axum::routing::get;

use super::body::{Body, NoBody};
use super::call::{Call, PAGE};
use super::error::{Failure, Result};
use super::reply;
use crate::api::{self, Code};
use crate::auth::shared_key::percent_decode;
use crate::domain::check;
use crate::domain::odata::CERTIFICATE_FIELDS;
use crate::service::{Context, certificate};
use crate::trace;

/// How Batch writes it.
const ROUTE: &str = "/certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})";

const PROPERTIES: &[&str] = &[
    "thumbprint",
    "thumbprintAlgorithm",
    "url",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "publicData",
    "deleteCertificateError",
];

pub fn routes() -> Router<Context> {
    Router::new().route("/certificates", get(certificate_list).post(certificate_add))
}

/// For paths without a route: one certificate, or nothing.
pub async fn fallback(call: Call, request: Request) -> Result {
    let path = percent_decode(request.uri().path(), false);
    let Some((key, operation)) = path.strip_prefix("/certificates(").and_then(|rest| rest.split_once(')')) else {
        return Err(Code::ResourceNotFound.into());
    };
    let thumbprint = read_key(key)?;
    trace::current(|span| match operation {
        "" => span.set_route(ROUTE),
        "/canceldelete" => span.set_route(format!("{ROUTE}/canceldelete")),
        _ => {}
    });
    match (request.method(), operation) {
        (&Method::GET, "") => certificate_get(call, &thumbprint).await,
        (&Method::DELETE, "") => certificate_delete(call, &thumbprint, request).await,
        (&Method::POST, "/canceldelete") => certificate_cancel_deletion(call, &thumbprint, request).await,
        (_, "" | "/canceldelete") => Err(Code::UnsupportedHttpVerb.into()),
        _ => Err(Code::ResourceNotFound.into()),
    }
}

/// The thumbprint in `thumbprintAlgorithm=sha1,thumbprint=…`. What can be no thumbprint is that of no certificate.
fn read_key(key: &str) -> std::result::Result<String, Failure> {
    let pairs: Vec<(&str, &str)> = key.split(',').filter_map(|pair| pair.split_once('=')).collect();
    let value = |name: &str| {
        let found = pairs.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim().trim_matches('\''))
    };
    let key = check::certificate_key("", value("thumbprintAlgorithm"), value("thumbprint"));
    key.map_err(|_| Code::CertificateNotFound.into())
}

async fn certificate_list(call: Call) -> Result {
    let list = call.list_query(CERTIFICATE_FIELDS, PROPERTIES, PAGE)?;
    let found = certificate::certificate_slice(&call.cx, &call.caller, &call.account, &list.slice).await?;
    Ok(call.list_reply("certificates", &list, found))
}

async fn certificate_add(call: Call, Body(create): Body<api::CertificateCreate>) -> Result {
    call.no_query()?;
    let thumbprint = certificate::certificate_add(&call.cx, &call.caller, &call.account, create).await?;
    Ok(reply::created(&call.url(&certificate::path(&thumbprint))))
}

async fn certificate_get(call: Call, thumbprint: &str) -> Result {
    let query = call.get_query(PROPERTIES)?;
    let found = certificate::certificate_get(&call.cx, &call.caller, &call.account, thumbprint).await?;
    Ok(reply::element(&call.base_url, "certificates", &found, query.select.as_deref()))
}

async fn certificate_delete(call: Call, thumbprint: &str, request: Request) -> Result {
    call.no_query()?;
    NoBody::from_request(request, &()).await?;
    certificate::certificate_delete(&call.cx, &call.caller, &call.account, thumbprint).await?;
    Ok(reply::done(StatusCode::ACCEPTED, &call.url(&certificate::path(thumbprint))))
}

async fn certificate_cancel_deletion(call: Call, thumbprint: &str, request: Request) -> Result {
    call.no_query()?;
    NoBody::from_request(request, &()).await?;
    certificate::certificate_cancel_deletion(&call.cx, &call.caller, &call.account, thumbprint).await?;
    Ok(reply::done(StatusCode::NO_CONTENT, &call.url(&certificate::path(thumbprint))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_its_thumbprint() {
        for key in ["thumbprintAlgorithm=sha1,thumbprint=AB12", "thumbprint=ab12,thumbprintAlgorithm=SHA1"] {
            assert_eq!(read_key(key).unwrap(), "ab12", "{key}");
        }
        for key in ["", "thumbprint=ab12", "thumbprintAlgorithm=sha1", "thumbprintAlgorithm=sha1,thumbprint=x"] {
            assert!(read_key(key).is_err(), "{key}");
        }
    }
}
