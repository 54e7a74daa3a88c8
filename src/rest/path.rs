//! Ids in paths. What cannot be an id is the id of nothing: it is not found.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::error::Failure;
use crate::api::Code;
use crate::domain::ids::{JobId, JobScheduleId, NodeId, PoolId, TaskId};

/// The ids in the request's path, in their order.
pub struct Of<T>(pub T);

/// A part of a path.
pub trait Part: Sized {
    fn read(text: &str) -> Result<Self, Code>;
}

macro_rules! parts {
    ($($id:ident $code:ident),+) => {
        $(impl Part for $id {
            fn read(text: &str) -> Result<Self, Code> {
                $id::from_str(text).map_err(|_| Code::$code)
            }
        })+
    };
}

parts! {
    PoolId PoolNotFound, NodeId NodeNotFound, JobId JobNotFound, JobScheduleId JobScheduleNotFound, TaskId TaskNotFound
}

impl Part for String {
    fn read(text: &str) -> Result<Self, Code> {
        Ok(text.to_owned())
    }
}

async fn values<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Vec<String>, Failure> {
    let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
    Ok(path.map_err(|_| Code::InvalidUri)?.0.into_iter().map(|(_, value)| value).collect())
}

fn nth<T: Part>(values: &[String], n: usize) -> Result<T, Failure> {
    Ok(T::read(values.get(n).map(String::as_str).unwrap_or_default())?)
}

impl<S: Send + Sync, A: Part> FromRequestParts<S> for Of<A> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Ok(Of(nth(&values(parts, state).await?, 0)?))
    }
}

impl<S: Send + Sync, A: Part, B: Part> FromRequestParts<S> for Of<(A, B)> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let values = values(parts, state).await?;
        Ok(Of((nth(&values, 0)?, nth(&values, 1)?)))
    }
}

impl<S: Send + Sync, A: Part, B: Part, C: Part> FromRequestParts<S> for Of<(A, B, C)> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let values = values(parts, state).await?;
        Ok(Of((nth(&values, 0)?, nth(&values, 1)?, nth(&values, 2)?)))
    }
}
