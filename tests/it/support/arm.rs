//! Azure's management plane as a client sees it, without a network: bearer tokens for the real routes.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use fournil::api::{Role, Secret};
use fournil::arm;
use fournil::service::user;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::rest::Answer;
use super::world::World;

pub const VERSION: &str = "2024-02-01";
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// The account that each world has.
pub const ACCOUNT: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/default/providers/Microsoft.Batch/batchAccounts/test";

/// A server with account `test`, its scheduler, and an Owner with a personal access token.
pub struct Arm {
    pub world: World,
    /// The Owner's.
    pub token: Secret,
    routes: Router,
}

impl Arm {
    pub async fn new() -> Arm {
        let world = World::new().await;
        let token = token_of(&world, "owner", Role::Owner).await;
        Arm { routes: arm::routes(&world.cx), world, token }
    }

    /// Sends any request; `token` is that of the Authorization header, if there is one.
    pub async fn send(&self, method: Method, target: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let version = match target.contains("api-version") {
            true => String::new(),
            false => format!("{}api-version={VERSION}", if target.contains('?') { '&' } else { '?' }),
        };
        let mut request = Request::builder().method(method).uri(format!("{target}{version}"));
        request = request.header("host", "batch.example:8080");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.answer(request.body(body).unwrap()).await
    }

    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// As the Owner.
    pub async fn call(&self, method: Method, target: &str, body: Option<Value>) -> Answer {
        self.send(method, target, Some(&self.token.0), body).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.call(Method::GET, target, None).await
    }

    pub async fn put(&self, target: &str, body: Value) -> Answer {
        self.call(Method::PUT, target, Some(body)).await
    }

    pub async fn patch(&self, target: &str, body: Value) -> Answer {
        self.call(Method::PATCH, target, Some(body)).await
    }

    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.call(Method::POST, target, Some(body)).await
    }

    pub async fn delete(&self, target: &str) -> Answer {
        self.call(Method::DELETE, target, None).await
    }
}

/// A form of OAuth's.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post(path).header("host", "batch.example:8080");
    request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(pairs.join("&"))).unwrap()
}

/// Makes a user with this role, and a personal access token of that user.
pub async fn token_of(world: &World, name: &str, role: Role) -> Secret {
    let password = Secret("correct horse battery".into());
    user::user_create(&world.cx, &world.caller, name, role, password).await.unwrap();
    user::token_create(&world.cx, &world.caller, name, "", None).await.unwrap().1
}

impl Answer {
    /// An error in ARM's form, with this status and code; its target is returned.
    #[track_caller]
    pub fn is_arm_error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        let error = self.json();
        assert_eq!(error["error"]["code"], code, "{error}");
        assert!(error["error"]["message"].as_str().is_some_and(|text| text.len() > 10), "{error}");
        assert!(!self.header("x-ms-request-id").is_empty());
        error["error"]["target"].as_str().unwrap_or_default().to_owned()
    }
}
