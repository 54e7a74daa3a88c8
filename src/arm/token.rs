//! Where programs get tokens, in the words of OAuth 2: by a client's secret, by a person's word (RFC 8628), or by what such a word gave.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::activity::StillWaiting;
use super::call::from;
use super::sign_in::{TENANT_NAME, Tenant, known_tenant};
use crate::api::{self, Code, Secret};
use crate::auth::device_codes::Answer;
use crate::auth::shared_key::percent_decode;
use crate::rest::request_info::RequestInfo;
use crate::service::{Context, Recorded, access_token, device_sign_in};

pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

const MAX_FORM: usize = 16 * 1024;

/// What a form says.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Result<Form, Response> {
        match std::str::from_utf8(body) {
            Ok(text) if text.len() <= MAX_FORM => {
                let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
                Ok(Form(pairs.map(|(name, value)| (percent_decode(name, true), percent_decode(value, true))).collect()))
            }
            _ => Err(refused(StatusCode::BAD_REQUEST, "invalid_request", "The body is no form.")),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn must(&self, name: &str, what: &str) -> Result<&str, Response> {
        let missing = || refused(StatusCode::BAD_REQUEST, "invalid_request", &format!("{name} ({what}) is needed."));
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }
}

/// Begins to wait for a person, who is to type the code into the portal.
pub async fn device_code(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Path(Tenant { tenant }): Path<Tenant>,
    body: Bytes,
) -> Response {
    let begin = || {
        must_be_known(&cx, &tenant)?;
        let form = Form::read(&body)?;
        let client = form.must("client_id", "any name for the program")?;
        device_sign_in::device_sign_in_begin(&cx, &from(&info), client).map_err(|error| not_issued(error.into()))
    };
    let begun = match begin() {
        Ok(begun) => begun,
        Err(refused) => return refused,
    };
    let page = format!("{}/device", info.base_url);
    let message = format!("Open {page} in a browser and enter the code {} to sign in.", begun.user_code);
    Json(json!({
        "device_code": begun.device_code.0,
        "verification_uri_complete": format!("{page}?code={}", begun.user_code),
        "user_code": begun.user_code,
        "verification_uri": page,
        "expires_in": begun.life.secs(),
        "interval": begun.interval.secs(),
        "message": message,
    }))
    .into_response()
}

/// Gives an access token. The scope is not looked at: a token opens what its user's role allows.
pub async fn token(
    State(cx): State<Context>,
    Extension(info): Extension<RequestInfo>,
    Extension(recorded): Extension<Recorded>,
    Path(Tenant { tenant }): Path<Tenant>,
    body: Bytes,
) -> Response {
    let form = match must_be_known(&cx, &tenant).and_then(|()| Form::read(&body)) {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let asked = Asked { cx: &cx, info: &info, recorded: &recorded, form: &form };
    let answer = match form.get("grant_type") {
        Some("client_credentials") => asked.by_secret().await,
        Some(DEVICE_CODE) => asked.by_device_code().await,
        Some("refresh_token") => asked.by_refresh_token().await,
        _ => {
            let description =
                "Programs sign in by grant_type=client_credentials, people by a device code or in the portal.";
            Err(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", description))
        }
    };
    answer.unwrap_or_else(|refused| refused)
}

struct Asked<'a> {
    cx: &'a Context,
    info: &'a RequestInfo,
    recorded: &'a Recorded,
    form: &'a Form,
}

impl Asked<'_> {
    async fn by_secret(&self) -> Result<Response, Response> {
        let (Some(client), Some(secret)) = (self.form.get("client_id"), self.form.get("client_secret")) else {
            let description = "client_id (a user's name) and client_secret (a personal access token) are needed.";
            return Err(refused(StatusCode::UNAUTHORIZED, "invalid_client", description));
        };
        self.recorded.by_claim(client);
        let token = self.issue(Some(client), &Secret(secret.to_owned())).await?;
        Ok(Json(answer(&token)).into_response())
    }

    async fn by_device_code(&self) -> Result<Response, Response> {
        let client = self.form.must("client_id", "as the program said it before")?;
        let code = self.form.must("device_code", "from the device code endpoint")?;
        let told = device_sign_in::device_sign_in_poll(self.cx, client, code);
        let (error, description) = match told {
            Answer::Allowed(personal) => return self.for_person(client, &personal).await,
            Answer::NotYet => ("authorization_pending", "Nobody has answered yet."),
            Answer::TooFast => ("slow_down", "Nobody has answered yet. Ask less often."),
            Answer::Refused => ("access_denied", "The person has refused it."),
            Answer::Expired => ("expired_token", "The code is unknown, used or too old. Begin again."),
        };
        let mut answer = refused(StatusCode::BAD_REQUEST, error, description);
        if matches!(told, Answer::NotYet | Answer::TooFast) {
            answer.extensions_mut().insert(StillWaiting);
        }
        Err(answer)
    }

    async fn by_refresh_token(&self) -> Result<Response, Response> {
        let client = self.form.must("client_id", "as the program said it before")?;
        let personal = self.form.must("refresh_token", "from an earlier answer")?;
        self.for_person(client, &Secret(personal.to_owned())).await
    }

    /// What a program is given that acts for a person: it keeps the personal access token that the person's word made.
    async fn for_person(&self, client: &str, personal: &Secret) -> Result<Response, Response> {
        let token = self.issue(None, personal).await.map_err(|_| {
            let description = "It has expired or was revoked. Sign in again.";
            refused(StatusCode::BAD_REQUEST, "invalid_grant", description)
        })?;
        let at = &self.info.base_url;
        let id_token = access_token::id_token(self.cx, &token, client, at).map_err(|error| not_issued(error.into()))?;
        let installation = &self.cx.installation;
        // Names the person to Microsoft's libraries, which tell their cached tokens apart by it.
        let about = json!({ "uid": installation.principal_id(&token.user), "utid": installation.tenant_id() });
        let mut answer = answer(&token);
        answer["refresh_token"] = personal.0.clone().into();
        answer["id_token"] = id_token.0.into();
        answer["client_info"] = URL_SAFE_NO_PAD.encode(about.to_string()).into();
        if let Some(scope) = self.form.get("scope") {
            answer["scope"] = scope.into();
        }
        Ok(Json(answer).into_response())
    }

    async fn issue(&self, user: Option<&str>, secret: &Secret) -> Result<api::AccessToken, Response> {
        let at = &self.info.base_url;
        let token = access_token::access_token_issue(self.cx, &from(self.info), user, secret, at).await;
        let token = token.map_err(|error| not_issued(error.into()))?;
        self.recorded.by_user(&token.user);
        Ok(token)
    }
}

fn answer(token: &api::AccessToken) -> Value {
    let secs = token.expires.since(token.issued).secs();
    json!({
        "token_type": "Bearer",
        "expires_in": secs,
        "ext_expires_in": secs,
        "access_token": token.access_token.0,
    })
}

fn must_be_known(cx: &Context, tenant: &str) -> Result<(), Response> {
    known_tenant(cx, tenant).map(|_| ()).map_err(|_| {
        let description = format!("The tenant is not known here. Use `{TENANT_NAME}`.");
        refused(StatusCode::BAD_REQUEST, "invalid_request", &description)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let form =
            Form::read(b"a=1&client_secret=fnl_%2Bx&scope=https%3A%2F%2Fs%2F.default+offline&junk").ok().unwrap();
        assert_eq!(form.get("client_secret"), Some("fnl_+x"));
        assert_eq!(form.get("scope"), Some("https://s/.default offline"));
        assert!(form.must("junk", "").is_err());
    }
}
