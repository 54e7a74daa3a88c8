//! Request bodies: JSON that says exactly what the shape knows, or an error that names the property.

use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::Method;
use axum::http::header::CONTENT_LENGTH;
use serde::de::DeserializeOwned;

pub use crate::api::body::{from_bytes, from_json, json};

use super::activity;
use super::error::Failure;
use crate::api::{self, Code};
use crate::service::Recorded;

/// Most bytes of a body. Source: limits of addtaskcollection; the same for all others is chosen here.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A body that must be there.
pub struct Body<T>(pub T);

/// A body that may be left out: then it says nothing but defaults.
pub struct OptionalBody<T>(pub T);

/// Refuses a body: the operation has none. Some clients send `{}`.
pub struct NoBody;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        Ok(Body(from_bytes(&read(request).await?)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(OptionalBody(T::default())) } else { Ok(OptionalBody(from_bytes(&bytes)?)) }
    }
}

#[derive(Default, serde::Deserialize)]
struct Nothing {}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        OptionalBody::<Nothing>::from_request(request, state).await.map(|_| NoBody)
    }
}

/// Reads the whole body; one that says it is too long is not read at all.
async fn read(request: Request) -> Result<Bytes, Failure> {
    let extensions = request.extensions();
    let recorded = extensions.get::<Recorded>().cloned().zip(extensions.get::<MatchedPath>().cloned());
    let is_post = request.method() == Method::POST;
    let length = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(too_large());
    }
    let bytes = axum::body::to_bytes(request.into_body(), MAX_BYTES).await.map_err(|error| {
        let too_long = std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("length limit"));
        if too_long { too_large() } else { api::Error::new(Code::InvalidRequestBody).into() }
    })?;
    if let Some((recorded, route)) = recorded.filter(|_| is_post) {
        activity::note_id(&recorded, route.as_str(), &bytes);
    }
    Ok(bytes)
}

fn too_large() -> Failure {
    api::Error::new(Code::RequestBodyTooLarge).with("MaxLimit", MAX_BYTES.to_string()).into()
}
