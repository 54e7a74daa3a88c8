//! Request bodies: JSON that says exactly what the shape knows, or an error that names the property. Clients send back what
//! they read, so properties that only the server sets are taken away first.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{Failure, Result};
use crate::api::{self, Code};
use crate::rest::body;

/// What a body may say.
pub trait Shape: DeserializeOwned {
    /// Properties that only the server sets.
    const READ_ONLY: &'static [&'static str] = &[];
    /// And those below `properties`.
    const READ_ONLY_BELOW: &'static [&'static str] = &[];
}

/// A body that must be there.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: Shape> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = axum::body::to_bytes(request.into_body(), body::MAX_BYTES).await.map_err(|_| too_large())?;
        read(&bytes).map(Body)
    }
}

/// A body that may be left out.
pub struct MaybeBody<T>(pub T);

impl<S: Send + Sync, T: Shape + Default> FromRequest<S> for MaybeBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = axum::body::to_bytes(request.into_body(), body::MAX_BYTES).await.map_err(|_| too_large())?;
        if bytes.trim_ascii().is_empty() { Ok(MaybeBody(T::default())) } else { read(&bytes).map(MaybeBody) }
    }
}

fn too_large() -> Failure {
    api::Error::new(Code::RequestBodyTooLarge).with("MaxLimit", body::MAX_BYTES.to_string()).into()
}

fn read<T: Shape>(bytes: &[u8]) -> Result<T> {
    let mut json = body::json(bytes).map_err(|error| Failure::of_body(&error))?;
    let outer = json.as_object_mut().expect("`json` gives objects only");
    remove(outer, T::READ_ONLY);
    if let Some(Value::Object(below)) = outer.get_mut("properties") {
        remove(below, T::READ_ONLY_BELOW);
    }
    body::from_json(&json).map_err(|error| Failure::of_body(&error))
}

fn remove(object: &mut Map<String, Value>, names: &[&str]) {
    object.retain(|name, _| !names.contains(&name.as_str()));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Thing {
        properties: Below,
    }

    #[derive(Debug, Deserialize)]
    struct Below {
        size: i32,
    }

    impl Shape for Thing {
        const READ_ONLY: &'static [&'static str] = &["id"];
        const READ_ONLY_BELOW: &'static [&'static str] = &["state"];
    }

    #[test]
    fn what_the_server_sets_is_let_pass_and_everything_else_is_named() {
        let body = br#"{"id":"/x","properties":{"size":3,"state":"Succeeded"}}"#;
        assert_eq!(read::<Thing>(body).unwrap().properties.size, 3);
        let check = |body: &str, code: &str, target: &str| {
            let failure = read::<Thing>(body.as_bytes()).unwrap_err();
            assert_eq!((failure.code, failure.target.as_deref().unwrap_or_default()), (code, target), "{body}");
        };
        check(r#"{"properties":{"size":3,"colour":1}}"#, "UnsupportedProperty", "properties.colour");
        check(r#"{"properties":{}}"#, "MissingRequiredProperty", "properties.size");
        check(r#"{"properties":{"size":"big"}}"#, "InvalidPropertyValue", "properties.size");
        check("[]", "InvalidRequestContent", "");
        check("{", "InvalidRequestContent", "");
    }
}
