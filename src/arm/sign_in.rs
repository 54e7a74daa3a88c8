//! Sign-in of programs: what a client asks before it has a token, in the words of OAuth 2 and OpenID Connect. A service
//! principal is a user; its secret is one of the user's personal access tokens. Nothing here tells more of the installation
//! than the address that the caller knows.

use axum::body::Bytes;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::call::from;
use super::error::{Failure, Result};
use crate::api::{self, Code, Secret};
use crate::auth::shared_key::percent_decode;
use crate::rest::request_info::RequestInfo;
use crate::service::{Context, Recorded, access_token};

/// What people call the tenant whose id nobody knows by heart.
pub const TENANT_NAME: &str = "fournil";
/// Names under which clients ask for whatever tenant there is; `adfs` is the form that needs no word with Microsoft.
const ANY_TENANT: &[&str] = &[TENANT_NAME, "adfs", "common", "organizations"];

const MAX_FORM: usize = 16 * 1024;

/// Whether the path, below any tenant, belongs to sign-in.
pub fn owns(path: &str) -> bool {
    let below = path.trim_start_matches('/').split_once('/').map_or("", |(_, below)| below).to_ascii_lowercase();
    ["v2.0/.well-known/openid-configuration", ".well-known/openid-configuration", "oauth2/v2.0/token", "oauth2/token"]
        .contains(&below.as_str())
}

/// The tenant is the first part of the path, and so in lower case.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(openid_configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(openid_configuration))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/token", post(token))
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
struct Tenant {
    tenant: String,
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
    let issuer = if is_second { format!("{base}/v2.0") } else { base.clone() };
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}{way}/authorize"),
        "token_endpoint": format!("{base}{way}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response())
}

/// The name to go on with.
fn known_tenant(cx: &Context, tenant: &str) -> Result<String> {
    let id = cx.installation.tenant_id();
    if tenant.eq_ignore_ascii_case(&id) || ANY_TENANT.iter().any(|name| name.eq_ignore_ascii_case(tenant)) {
        return Ok(tenant.to_owned());
    }
    let message = format!("The tenant is not known here. Use `{TENANT_NAME}`.");
    Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_tenant", message))
}

/// Exchanges a client's secret for an access token. The scope is not looked at: a token opens what its user's role allows.
async fn token(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Extension(recorded): Extension<Recorded>,
    Path(Tenant { tenant }): Path<Tenant>,
    body: Bytes,
) -> Response {
    if known_tenant(&cx, &tenant).is_err() {
        let description = format!("The tenant is not known here. Use `{TENANT_NAME}`.");
        return refused(StatusCode::BAD_REQUEST, "invalid_request", &description);
    }
    let form = match std::str::from_utf8(&body) {
        Ok(text) if text.len() <= MAX_FORM => fields(text),
        _ => return refused(StatusCode::BAD_REQUEST, "invalid_request", "The body is no form."),
    };
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if field("grant_type") != Some("client_credentials") {
        let description = "Programs sign in by grant_type=client_credentials; people sign in to the portal.";
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", description);
    }
    let (Some(client), Some(secret)) = (field("client_id"), field("client_secret")) else {
        let description = "client_id (a user's name) and client_secret (a personal access token) are needed.";
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", description);
    };
    recorded.by_claim(client);
    let secret = Secret(secret.to_owned());
    match access_token::access_token_issue(&cx, &from(&info), Some(client), &secret).await {
        Ok(token) => {
            recorded.by_user(&token.user);
            let secs = token.expires.since(token.issued).secs();
            Json(json!({
                "token_type": "Bearer",
                "expires_in": secs,
                "ext_expires_in": secs,
                "access_token": token.access_token.0,
            }))
            .into_response()
        }
        Err(error) => not_issued(error.into()),
    }
}

fn not_issued(error: api::Error) -> Response {
    match error.code {
        Code::AuthenticationFailed => {
            let description = "The client_id is no user's name, or the client_secret is no personal access token of that \
                user that is valid.";
            refused(StatusCode::UNAUTHORIZED, "invalid_client", description)
        }
        Code::TooManyRequests => {
            let secs = error.value("RetryAfter").unwrap_or("1").to_owned();
            let response = refused(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", &error.message);
            ([(header::RETRY_AFTER, secs)], response).into_response()
        }
        _ => refused(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", &error.message),
    }
}

/// An error in OAuth's form.
fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

/// The fields of a form.
fn fields(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (percent_decode(name, true), percent_decode(value, true))).collect()
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
    let token = access_token::access_token_issue(&cx, &from(&info), None, &Secret(given.to_owned())).await;
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

    #[test]
    fn a_form_is_decoded() {
        let form = fields("a=1&client_secret=fnl_%2Bx&scope=https%3A%2F%2Fs%2F.default+offline&junk");
        let value = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("client_secret"), Some("fnl_+x"));
        assert_eq!(value("scope"), Some("https://s/.default offline"));
    }
}
