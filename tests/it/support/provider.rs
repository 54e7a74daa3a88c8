//! A provider of OpenID Connect in this process: it says of everybody what the test tells it to.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::PrivateSigningKey;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT: &str = "fournil";

/// What is said of the next person.
#[derive(Clone, Default)]
pub struct Says {
    /// Claims of the ID token beside those that every token has, which they replace.
    pub token: Map<String, Value>,
    pub user_info: Map<String, Value>,
    /// Signed with a key that the provider does not publish.
    pub forged: bool,
    /// Set by [`Provider::says`].
    pub nonce: String,
    pub challenge: String,
}

#[derive(Clone)]
pub struct Provider {
    pub url: String,
    says: Arc<Mutex<Says>>,
    key: Arc<CoreEdDsaPrivateSigningKey>,
}

fn new_key() -> CoreEdDsaPrivateSigningKey {
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(openidconnect::JsonWebKeyId::new("k".into()))).unwrap()
}

impl Provider {
    pub async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Provider { url, says: Arc::default(), key: Arc::new(new_key()) };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(user_info))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    /// The next one who comes with `nonce` and proves to have begun with `challenge` is told of so.
    pub fn says(&self, says: Says, nonce: &str, challenge: &str) {
        *self.says.lock().unwrap() = Says { nonce: nonce.into(), challenge: challenge.into(), ..says };
    }

    fn id_token(&self, says: &Says) -> String {
        #[expect(clippy::disallowed_methods, reason = "tokens are checked by the real time")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let usual = json!({
            "iss": self.url, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 300, "nonce": says.nonce,
        });
        let mut claims = usual.as_object().unwrap().clone();
        claims.extend(says.token.clone());
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(json!({ "alg": "EdDSA", "kid": "k" })), part(claims.into()));
        let forger = new_key();
        let key = if says.forged { &forger } else { &*self.key };
        let signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn describe(State(provider): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", provider.url);
    Json(json!({
        "issuer": provider.url, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/me"), "jwks_uri": at("/keys"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["EdDSA"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    Json(json!({ "keys": [serde_json::to_value(provider.key.as_verification_key()).unwrap()] }))
}

#[derive(serde::Deserialize)]
struct Exchange {
    code_verifier: String,
}

async fn token(State(provider): State<Provider>, Form(exchange): Form<Exchange>) -> (StatusCode, Json<Value>) {
    let says = provider.says.lock().unwrap().clone();
    if URL_SAFE_NO_PAD.encode(Sha256::digest(&exchange.code_verifier)) != says.challenge {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    }
    let token = provider.id_token(&says);
    (StatusCode::OK, Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token })))
}

async fn user_info(State(provider): State<Provider>) -> Json<Value> {
    let mut info = provider.says.lock().unwrap().user_info.clone();
    info.entry("sub").or_insert("7".into());
    Json(info.into())
}
