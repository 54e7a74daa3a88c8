//! Sign-in of programs: what a client asks before it has a token, in the words of OAuth 2 and OpenID Connect. A service
//! principal is a user; its secret is one of the user's personal access tokens. Nothing here tells more of the installation
//! than the address that the caller knows.

use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::call::from;
use super::error::{Failure, Result};
use super::token::{DEVICE_CODE, device_code, token};
use crate::api::{Code, Secret};
use crate::rest::request_info::RequestInfo;
use crate::service::access_token::issuer;
use crate::service::{Context, Recorded, access_token};

/// What people call the tenant whose id nobody knows by heart.
pub const TENANT_NAME: &str = "fournil";
/// Names under which clients ask for whatever tenant there is; `adfs` is the form that needs no word with Microsoft.
const ANY_TENANT: &[&str] = &[TENANT_NAME, "adfs", "common", "organizations"];

/// Whether the path, below any tenant, belongs to sign-in.
pub fn owns(path: &str) -> bool {
    let below = path.trim_start_matches('/').split_once('/').map_or("", |(_, below)| below).to_ascii_lowercase();
    let own = [
        "v2.0/.well-known/openid-configuration",
        ".well-known/openid-configuration",
        "discovery/v2.0/keys",
        "oauth2/v2.0/devicecode",
        "oauth2/v2.0/token",
        "oauth2/token",
        "oauth2/v2.0/authorize",
        "oauth2/authorize",
    ];
    own.contains(&below.as_str())
}

/// The tenant is the first part of the path, and so in lower case.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(openid_configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(openid_configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device_code))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/token", post(token))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize))
        .route("/{tenant}/oauth2/authorize", get(authorize))
        .route("/msi/token", get(identity_token))
}

/// Where the parts of this cloud are. Versions before 2022-09-01 gave a list of clouds.
async fn endpoints(Extension(info): Extension<RequestInfo>, Query(query): Query<Vec<(String, String)>>) -> Json<Value> {
    let url = &info.base_url;
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    let cloud = json!({
        "name": "Fournil",
        "portal": url,
        "authentication": {
            "loginEndpoint": url,
            "audiences": [format!("{url}/")],
            "tenant": TENANT_NAME,
            "identityProvider": "AAD",
        },
        "resourceManager": url,
        "batch": format!("{url}/"),
        "graphAudience": format!("{url}/"),
        "microsoftGraphResourceId": format!("{url}/"),
        "suffixes": { "storage": host },
    });
    let version = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    let is_old = version.is_some_and(|(_, version)| version.as_str() < "2022-09-01");
    Json(if is_old { json!([cloud]) } else { cloud })
}

/// By its name: the server's outer routes can have found parameters of their own in the same path, as those of blob storage
/// do below `/fournil`.
#[derive(serde::Deserialize)]
pub(super) struct Tenant {
    pub tenant: String,
}

async fn openid_configuration(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Path(Tenant { tenant }): Path<Tenant>,
    request: Request,
) -> Result {
    let tenant = known_tenant(&cx, &tenant)?;
    let base = format!("{}/{tenant}", info.base_url);
    // What asks in the second version goes on in it.
    let is_second = request.uri().path().contains("/v2.0/");
    let way = if is_second { "/oauth2/v2.0" } else { "/oauth2" };
    let issuer = if is_second { issuer(&info.base_url, &cx.installation.tenant_id()) } else { base.clone() };
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}{way}/authorize"),
        "token_endpoint": format!("{base}{way}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "grant_types_supported": ["client_credentials", DEVICE_CODE, "refresh_token"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
    .into_response())
}

/// Nobody signs in by being sent here and back; the configuration must name the place. The caller is not sent on either: where to is
/// the caller's own word.
async fn authorize(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Path(Tenant { tenant }): Path<Tenant>,
) -> Result {
    known_tenant(&cx, &tenant)?;
    let way = format!("Programs sign in by a client's secret or a device code, people at {}/device.", info.base_url);
    let refused = json!({ "error": "unsupported_response_type", "error_description": way });
    Ok((StatusCode::BAD_REQUEST, Json(refused)).into_response())
}

/// The public keys of what this server signs.
async fn keys(State(cx): State<Context>, Path(Tenant { tenant }): Path<Tenant>) -> Result {
    known_tenant(&cx, &tenant)?;
    Ok(Json(cx.signer.jwks()).into_response())
}

/// The name to go on with.
pub(super) fn known_tenant(cx: &Context, tenant: &str) -> Result<String> {
    let id = cx.installation.tenant_id();
    if tenant.eq_ignore_ascii_case(&id) || ANY_TENANT.iter().any(|name| name.eq_ignore_ascii_case(tenant)) {
        return Ok(tenant.to_owned());
    }
    let message = format!("The tenant is not known here. Use `{TENANT_NAME}`.");
    Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_tenant", message))
}

/// The identity endpoint of App Service: `IDENTITY_ENDPOINT` is this, `IDENTITY_HEADER` a personal access token. For
/// `az login --identity` and for `DefaultAzureCredential`, by plain HTTP too.
async fn identity_token(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Extension(recorded): Extension<Recorded>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result {
    let resource = query.iter().find(|(name, _)| name == "resource").map_or("", |(_, value)| value.as_str());
    let given = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
    let given = given.ok_or_else(|| {
        let message = "The X-IDENTITY-HEADER header holds no personal access token.";
        Failure::new(StatusCode::UNAUTHORIZED, "AuthenticationFailed", message)
    })?;
    let token =
        access_token::access_token_issue(&cx, &from(&info), None, &Secret(given.to_owned()), &info.base_url).await;
    let token = token.map_err(|error| match error.public.code {
        Code::AuthenticationFailed => Failure::from(error).with_status(StatusCode::UNAUTHORIZED),
        _ => error.into(),
    })?;
    recorded.by_user(&token.user);
    Ok(Json(json!({
        "access_token": token.access_token.0,
        "expires_on": (token.expires.micros() / 1_000_000).to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_sign_in_are_its_own() {
        for path in [
            "/adfs/.well-known/openid-configuration",
            "/T/oauth2/v2.0/token",
            "/x/v2.0/.well-known/openid-configuration",
        ] {
            assert!(owns(path), "{path}");
        }
        for path in [
            "/",
            "/oauth2/token",
            "/accounts/oauth2",
            "/accounts/a/oauth2/token/x",
            "/.well-known/openid-configuration",
        ] {
            assert!(!owns(path), "{path}");
        }
    }
}
