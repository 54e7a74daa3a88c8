//! What is asked of the provider, by authorization code and PKCE. That its words are its own, [`openidconnect`] verifies.

use std::sync::Mutex;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreClient, CoreGenderClaim, CoreProviderMetadata, CoreResponseType};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse, UserInfoClaims,
};
use serde_json::{Map, Value};

use super::http;
use crate::api::{Duration, Timestamp};
use crate::domain::external::Person;
use crate::server::oidc_config::OidcConfig;

/// What the provider publishes of itself, its keys among it, is read again after so long.
const KEPT: Duration = Duration::from_mins(10);

pub struct Provider {
    config: OidcConfig,
    /// Where people come back to.
    redirect: RedirectUrl,
    metadata: Mutex<Option<(Timestamp, CoreProviderMetadata)>>,
}

/// A sign-in that begins.
pub struct Begun {
    pub url: String,
    pub state: CsrfToken,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
struct AnyClaims {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl openidconnect::AdditionalClaims for AnyClaims {}

impl Provider {
    /// # Errors
    /// When `base_url` is none.
    pub fn new(config: OidcConfig, base_url: &str) -> anyhow::Result<Provider> {
        let redirect = format!("{}/portal/oidc/return", base_url.trim_end_matches('/'));
        Ok(Provider { config, redirect: RedirectUrl::new(redirect)?, metadata: Mutex::default() })
    }

    async fn metadata(&self, now: Timestamp) -> anyhow::Result<CoreProviderMetadata> {
        let kept = self.metadata.lock().ok().and_then(|kept| kept.clone());
        if let Some((_, metadata)) = kept.filter(|(read, _)| now.since(*read) < KEPT) {
            return Ok(metadata);
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http::send).await;
        let metadata = metadata.context("the provider's description cannot be read")?;
        if let Ok(mut kept) = self.metadata.lock() {
            *kept = Some((now, metadata.clone()));
        }
        Ok(metadata)
    }

    /// # Errors
    /// When the provider cannot be reached.
    pub async fn begin(&self, now: Timestamp) -> anyhow::Result<Begun> {
        let client = CoreClient::from_provider_metadata(
            self.metadata(now).await?,
            ClientId::new(self.config.client_id.clone()),
            self.config.client_secret.clone().map(|secret| ClientSecret::new(secret.0)),
        )
        .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Begun { url: url.into(), state, nonce, verifier })
    }

    /// Exchanges the code for what the provider says of the person: what lets the person in, and all of it.
    ///
    /// # Errors
    /// When the provider cannot be reached, refuses, or says what cannot be believed.
    pub async fn finish(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
        now: Timestamp,
    ) -> anyhow::Result<(Person, Map<String, Value>)> {
        let client = CoreClient::from_provider_metadata(
            self.metadata(now).await?,
            ClientId::new(self.config.client_id.clone()),
            self.config.client_secret.clone().map(|secret| ClientSecret::new(secret.0)),
        )
        .set_redirect_uri(self.redirect.clone());
        let exchange = client.exchange_code(AuthorizationCode::new(code))?.set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&http::send).await.context("the code was not exchanged")?;
        let id_token = tokens.id_token().context("there is no ID token in the answer")?;
        let verified = id_token.claims(&client.id_token_verifier(), nonce).context("the ID token is not good")?;
        let subject = verified.subject().clone();
        let mut claims = payload(&id_token.to_string())?;
        // Many providers put what they know of people there and not into the token.
        if let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject.clone())) {
            let info: UserInfoClaims<AnyClaims, CoreGenderClaim> = request
                .request_async(&http::send)
                .await
                .context("what the provider knows of the person cannot be read")?;
            let Value::Object(more) = serde_json::to_value(&info)? else { bail!("no object") };
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        let person = person(&self.config, verified.issuer().as_str(), subject.as_str(), &claims);
        Ok((person, claims))
    }

    pub fn config(&self) -> &OidcConfig {
        &self.config
    }
}

/// All claims of a token that has been verified.
fn payload(token: &str) -> anyhow::Result<Map<String, Value>> {
    let payload = token.split('.').nth(1).context("the ID token has no payload")?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('='))?;
    ensure!(bytes.len() <= 64 * 1024, "the ID token is too large");
    Ok(serde_json::from_slice(&bytes)?)
}

fn person(config: &OidcConfig, issuer: &str, subject: &str, claims: &Map<String, Value>) -> Person {
    let name = claims.get(&config.user_claim).and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    // Some providers write it as text.
    let says_verified = claims.get("email_verified").is_some_and(|v| v == &Value::Bool(true) || v == "true");
    Person {
        id: Person::id(issuer, subject),
        name: name.map(str::to_owned),
        is_verified: config.user_claim != "email" || says_verified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_email_address_counts_when_the_provider_verified_it_and_other_claims_as_they_are() {
        let mut config = OidcConfig {
            issuer: "https://id".into(),
            client_id: "f".into(),
            client_secret: None,
            secret_file: None,
            name: "id".into(),
            user_claim: "email".into(),
            scopes: Vec::new(),
            new_users: None,
        };
        let of = |config: &OidcConfig, claims: Value| {
            let found = person(config, "https://id", "7", claims.as_object().unwrap());
            (found.name, found.is_verified)
        };
        let email = json!({ "email": "a@b", "nick": "a" });
        assert_eq!(of(&config, email.clone()), (Some("a@b".into()), false));
        assert_eq!(of(&config, json!({ "email": "a@b", "email_verified": true })), (Some("a@b".into()), true));
        assert_eq!(of(&config, json!({ "email": "a@b", "email_verified": "false" })), (Some("a@b".into()), false));
        assert_eq!(of(&config, json!({ "email": 7, "email_verified": true })), (None, true));
        config.user_claim = "nick".into();
        assert_eq!(of(&config, email), (Some("a".into()), true));
        assert_eq!(of(&config, json!({ "nick": " " })), (None, true));
    }
}
