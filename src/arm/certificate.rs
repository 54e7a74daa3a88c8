//! Certificates, until api-version 2024-07-01: the data plane's, by ARM's names.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account_shape;
use super::body::{Body, Shape};
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::api::{self, CertificateFormat, CertificateState, Code, Secret};
use crate::domain::check;
use crate::domain::ids::AccountName;
use crate::domain::odata::{Field, Filter, Kind, Operator, Slice};
use crate::service::certificate;

const CERTIFICATE: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/certificates/{certificate}";

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/certificates",
            certificate_list,
        )
        .on(Method::GET, CERTIFICATE, certificate_get)
        .on(Method::PUT, CERTIFICATE, certificate_add)
        .on(Method::PATCH, CERTIFICATE, certificate_update)
        .on(Method::DELETE, CERTIFICATE, certificate_delete)
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/certificates/{certificate}/canceldelete",
            certificate_cancel_deletion,
        )
}

#[derive(Deserialize)]
struct CertificateBody {
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    /// The path says both; if the body does, too, they must be the same.
    thumbprint: Option<String>,
    thumbprint_algorithm: Option<String>,
    data: Secret,
    /// Default `Pfx`.
    format: Option<CertificateFormat>,
    password: Option<Secret>,
}

impl Shape for CertificateBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type", "etag"];
    const READ_ONLY_BELOW: &'static [&'static str] = &[
        "provisioningState",
        "provisioningStateTransitionTime",
        "previousProvisioningState",
        "previousProvisioningStateTransitionTime",
        "publicData",
        "deleteCertificateError",
    ];
}

/// The account and the certificate that the path names.
struct Place {
    account: api::Account,
    name: AccountName,
    algorithm: String,
    thumbprint: String,
}

impl Place {
    async fn of(call: &Call) -> Result<Place> {
        let account = call.account().await?;
        let name = call.account_name().expect("the account was found by it");
        let unknown = || Failure::from(Code::CertificateNotFound);
        let (algorithm, thumbprint) = call.name("certificate").split_once('-').ok_or_else(unknown)?;
        let thumbprint = check::certificate_key("", algorithm, thumbprint).map_err(|_| unknown())?;
        Ok(Place { account, name, algorithm: algorithm.to_owned(), thumbprint })
    }

    /// The content that a body brings, for the certificate that the path names.
    fn content(&self, body: CertificateBody) -> Result<api::CertificateCreate> {
        let properties = body.properties;
        let other = |given: &Option<String>, own: &str| {
            given.as_ref().is_some_and(|given| !check::thumbprint_digits(given).eq_ignore_ascii_case(own))
        };
        if other(&properties.thumbprint, &self.thumbprint) {
            return Err(Failure::property("properties.thumbprint", "It is not the one in the certificate's name."));
        }
        if properties.thumbprint_algorithm.is_some_and(|given| !given.eq_ignore_ascii_case(&self.algorithm)) {
            return Err(Failure::property(
                "properties.thumbprintAlgorithm",
                "It is not the one in the certificate's name.",
            ));
        }
        Ok(api::CertificateCreate {
            thumbprint: self.thumbprint.clone(),
            thumbprint_algorithm: self.algorithm.to_ascii_lowercase(),
            data: properties.data,
            certificate_format: properties.format.unwrap_or(CertificateFormat::Pfx),
            password: properties.password,
        })
    }

    async fn show(&self, call: &Call) -> Result {
        let found = certificate::certificate_get(&call.cx, &call.caller, &self.name, &self.thumbprint).await?;
        let arm = to_arm(&found, &account_shape::id(&self.account));
        let etag = arm["etag"].as_str().unwrap_or_default().to_owned();
        Ok(reply::with_etag(reply::resource(&arm), &etag))
    }
}

const FIELDS: &[Field] = &[
    Field {
        name: "properties/provisioningState",
        kind: Kind::Name(|text| match text.to_ascii_lowercase().as_str() {
            "succeeded" => Some(CertificateState::Active.as_str()),
            "deleting" => Some(CertificateState::Deleting.as_str()),
            "failed" => Some(CertificateState::DeleteFailed.as_str()),
            _ => None,
        }),
        operators: &[Operator::Eq, Operator::Ne],
        prefix: false,
    },
    Field {
        name: "properties/provisioningStateTransitionTime",
        kind: Kind::Time,
        operators: Operator::ALL,
        prefix: false,
    },
];

/// What `$select` takes.
const SELECTABLE: &[&str] = &[
    "properties/deleteCertificateError",
    "properties/format",
    "properties/previousProvisioningState",
    "properties/previousProvisioningStateTransitionTime",
    "properties/provisioningState",
    "properties/provisioningStateTransitionTime",
    "properties/publicData",
    "properties/thumbprint",
    "properties/thumbprintAlgorithm",
];

/// The data plane's filter.
fn to_batch(filter: &Filter) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(to_batch).collect();
    match filter {
        Filter::All(parts) => Filter::All(all(parts)),
        Filter::Any(parts) => Filter::Any(all(parts)),
        Filter::Compare { field, operator, value } => {
            let field = if field.ends_with("Time") { "stateTransitionTime" } else { "state" };
            Filter::Compare { field, operator: *operator, value: value.clone() }
        }
        Filter::StartsWith { .. } => filter.clone(),
    }
}

async fn certificate_list(call: Call) -> Result {
    let (slice, select) = call.slice_and_select(FIELDS, SELECTABLE)?;
    let account = call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    let slice = Slice { filter: slice.filter.as_ref().map(to_batch), ..slice };
    let found = certificate::certificate_slice(&call.cx, &call.caller, &name, &slice).await?;
    let id = account_shape::id(&account);
    let found = found.map(|all| all.iter().map(|one| to_arm(one, &id)).collect());
    Ok(reply::page_of(&call, found, select.as_deref()))
}

async fn certificate_get(call: Call) -> Result {
    call.allow(&[])?;
    Place::of(&call).await?.show(&call).await
}

async fn certificate_add(call: Call, Body(body): Body<CertificateBody>) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    let create = place.content(body)?;
    match certificate::certificate_add(&call.cx, &call.caller, &place.name, create).await {
        Err(error) if error.public.code == Code::CertificateExists && call.only_if_absent() => {
            Err(Code::ConditionNotMet.into())
        }
        Err(error) => Err(error.into()),
        Ok(_) => place.show(&call).await,
    }
}

/// Replaces the content: the same certificate otherwise packed, e.g. with another password.
async fn certificate_update(call: Call, Body(body): Body<CertificateBody>) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    let create = place.content(body)?;
    certificate::certificate_update(&call.cx, &call.conditional(), &place.name, create).await?;
    place.show(&call).await
}
/// Deletion ends at once: the certificate is gone, or stays because pools name it. One that is not there has been deleted.
async fn certificate_delete(call: Call) -> Result {
    call.allow(&[])?;
    let gone = StatusCode::NO_CONTENT.into_response();
    let place = match Place::of(&call).await {
        Ok(place) => place,
        Err(failure) if failure.code == Code::CertificateNotFound.as_str() => return Ok(gone),
        Err(failure) => return Err(failure),
    };
    match certificate::certificate_delete(&call.cx, &call.caller, &place.name, &place.thumbprint).await {
        Ok(()) => {}
        Err(error) if error.public.code == Code::CertificateNotFound => return Ok(gone),
        Err(error) => return Err(error.into()),
    }
    match certificate::certificate_get(&call.cx, &call.caller, &place.name, &place.thumbprint).await {
        Err(error) if error.public.code == Code::CertificateNotFound => Ok(StatusCode::OK.into_response()),
        Err(error) => Err(error.into()),
        Ok(kept) => Err(still_used(&kept)),
    }
}

fn still_used(kept: &api::Certificate) -> Failure {
    let why = kept.delete_certificate_error.as_ref().map_or("Pools name it.", |error| error.message.as_str());
    Failure::new(StatusCode::CONFLICT, "CertificateDeleteFailed", why)
}

async fn certificate_cancel_deletion(call: Call) -> Result<Response> {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    certificate::certificate_cancel_deletion(&call.cx, &call.caller, &place.name, &place.thumbprint).await?;
    place.show(&call).await
}

fn state(state: CertificateState) -> &'static str {
    match state {
        CertificateState::Active => "Succeeded",
        CertificateState::Deleting => "Deleting",
        CertificateState::DeleteFailed => "Failed",
    }
}

fn to_arm(certificate: &api::Certificate, account_id: &str) -> Value {
    let name = format!("{}-{}", certificate.thumbprint_algorithm, certificate.thumbprint);
    let mut properties = json!({
        "thumbprintAlgorithm": certificate.thumbprint_algorithm,
        "thumbprint": certificate.thumbprint,
        // What is public of a `pfx` lies behind its password.
        "format": if certificate.public_data.is_some() { "Cer" } else { "Pfx" },
        "provisioningState": state(certificate.state),
        "provisioningStateTransitionTime": certificate.state_transition_time,
    });
    if let (Some(before), Some(since)) = (certificate.previous_state, certificate.previous_state_transition_time) {
        properties["previousProvisioningState"] = state(before).into();
        properties["previousProvisioningStateTransitionTime"] = json!(since);
    }
    if let Some(data) = &certificate.public_data {
        properties["publicData"] = data.as_str().into();
    }
    if let Some(error) = &certificate.delete_certificate_error {
        let detail = |v: &api::NameValuePair| json!({ "code": v.name, "message": v.value });
        let details: Vec<Value> = error.values.iter().map(detail).collect();
        properties["deleteCertificateError"] =
            json!({ "code": error.code, "message": error.message, "target": "BatchAccount", "details": details });
    }
    json!({
        "id": format!("{account_id}/certificates/{name}"),
        "name": name,
        "type": "Microsoft.Batch/batchAccounts/certificates",
        "etag": format!("W/\"{}\"", certificate::etag(certificate.state_transition_time)),
        "properties": properties,
    })
}
