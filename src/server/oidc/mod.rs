//! Signing in to the portal by a provider of OpenID Connect: the two steps of the browser.

mod http;
mod pending;
mod provider;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::pending::{AllPending, LIFE, Pending};
use self::provider::Provider;
use super::oidc_config::OidcConfig;
use super::request::{cookie, cookie_line, session_cookie_line};
use super::server_functions::from;
use crate::api::{ExternalAttempt, ExternalRefusal, Secret, Via};
use crate::auth::secret;
use crate::domain::activity;
use crate::domain::external::is_our_place;
use crate::service::external_sign_in::external_sign_in;
use crate::service::session::{From, new_secret};
use crate::service::{Context, Recorded};

/// The cookie that ties a sign-in to the browser that began it.
const COOKIE: &str = "fournil_oidc";
const PATH: &str = "/portal/oidc";

pub struct Oidc {
    cx: Context,
    provider: Provider,
    pending: AllPending,
    is_https: bool,
}

/// Without a provider there are no such routes.
///
/// # Errors
/// When the server's own URL is none.
pub fn routes(cx: &Context, config: Option<OidcConfig>, is_https: bool) -> anyhow::Result<Router> {
    let Some(config) = config else { return Ok(Router::new()) };
    let provider = Provider::new(config, &cx.installation.base_url)?;
    let state = Arc::new(Oidc { cx: cx.clone(), provider, pending: AllPending::default(), is_https });
    let router = Router::new().route("/portal/oidc/begin", get(begin)).route("/portal/oidc/return", get(finish));
    Ok(router.with_state(state))
}

#[derive(serde::Deserialize)]
struct BeginQuery {
    #[serde(default, rename = "return")]
    return_to: String,
}

async fn begin(State(oidc): State<Arc<Oidc>>, Query(query): Query<BeginQuery>) -> Response {
    let begun = match oidc.provider.begin(oidc.cx.clock.now()).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a sign-in by the provider could not begin");
            return refused(ExternalRefusal::Provider, &query.return_to);
        }
    };
    let browser = new_secret(&oidc.cx);
    let pending = Pending {
        browser: secret::hash(&browser.0),
        nonce: begun.nonce,
        verifier: begun.verifier,
        return_to: query.return_to,
        began: oidc.cx.clock.now(),
    };
    oidc.pending.add(begun.state.secret(), pending);
    let life = u32::try_from(LIFE.micros() / 1_000_000).unwrap_or(0);
    let mut response = to(&begun.url);
    response.headers_mut().insert(header::SET_COOKIE, cookie_line(COOKIE, PATH, &browser.0, life, oidc.is_https));
    response
}

/// What a provider sends people back with. `error` instead of `code` when it does not let them in.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct FinishQuery {
    code: String,
    state: String,
    error: String,
}

async fn finish(State(oidc): State<Arc<Oidc>>, Query(query): Query<FinishQuery>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let from = from(&parts);
    let browser = cookie(&parts.headers, COOKIE).unwrap_or_default();
    let Some(pending) = oidc.pending.take(&query.state, browser, oidc.cx.clock.now()) else {
        return refused(ExternalRefusal::Expired, "");
    };
    let return_to = pending.return_to.clone();
    let recorded = Recorded::begin(
        &oidc.cx,
        Via::Portal,
        activity::of_function("external_sign_in"),
        Some(from.address),
        &from.request_id,
    );
    let entered = enter(&oidc, query, pending, &from, &recorded).await;
    let failure = entered.as_ref().err().map(|_| (401, "AuthenticationFailed"));
    recorded.end(&oidc.cx, failure).await;
    let mut response = match entered {
        Ok(secret) => {
            let mut response = to(safe(&return_to));
            response.headers_mut().append(header::SET_COOKIE, session_cookie_line(&secret, oidc.is_https));
            response
        }
        Err(refusal) => refused(refusal, &return_to),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie_line(COOKIE, PATH, "", 0, oidc.is_https));
    response
}

async fn enter(
    oidc: &Oidc,
    query: FinishQuery,
    pending: Pending,
    from: &From,
    recorded: &Recorded,
) -> Result<Secret, ExternalRefusal> {
    let mut attempt = ExternalAttempt { time: oidc.cx.clock.now(), user: None, refusal: None, claims: String::new() };
    let entered = verified(oidc, query, pending, from, recorded, &mut attempt).await;
    attempt.refusal = entered.as_ref().err().copied();
    oidc.cx.identity.attempts.add(attempt);
    entered
}

async fn verified(
    oidc: &Oidc,
    query: FinishQuery,
    pending: Pending,
    from: &From,
    recorded: &Recorded,
    attempt: &mut ExternalAttempt,
) -> Result<Secret, ExternalRefusal> {
    let failed = |error: String| {
        tracing::warn!(error, from = %from.address, request_id = from.request_id, "a sign-in by the provider failed");
        ExternalRefusal::Provider
    };
    if !query.error.is_empty() {
        return Err(failed(format!("the provider says {:?}", query.error.chars().take(100).collect::<String>())));
    }
    let finished = oidc.provider.finish(query.code, pending.verifier, &pending.nonce, oidc.cx.clock.now()).await;
    let (person, claims) = finished.map_err(|error| failed(format!("{error:#}")))?;
    attempt.claims = serde_json::to_string_pretty(&claims).unwrap_or_default();
    let new_users = oidc.provider.config().new_users;
    let entered = external_sign_in(&recorded.context(&oidc.cx), from, person, new_users).await;
    let (user, secret) = entered.map_err(|error| failed(error.to_string()))??;
    recorded.by_user(&user);
    attempt.user = Some(user);
    Ok(secret)
}

/// The sign-in page says why, and goes on to where the person wanted to go.
fn refused(refusal: ExternalRefusal, return_to: &str) -> Response {
    let mut query = openidconnect::url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("refused", refusal.as_str()).append_pair("return", safe(return_to));
    to(&format!("/sign-in?{}", query.finish()))
}

fn to(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

fn safe(place: &str) -> &str {
    if is_our_place(place) { place } else { "/" }
}
