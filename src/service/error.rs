//! What an operation answers when it fails: Batch's error for the caller, and the cause for the log.

use crate::api::{self, Code};
use crate::store;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[error("{public}")]
pub struct Error {
    pub public: api::Error,
    #[source]
    /// In a box: results that seldom fail stay small.
    pub cause: Option<Box<store::Error>>,
}

impl Error {
    /// As [`api::Error::below`].
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        Error { public: self.public.below(path), ..self }
    }
}

impl From<api::Error> for Error {
    fn from(public: api::Error) -> Self {
        Error { public, cause: None }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error { public: code.into(), cause: None }
    }
}

impl From<store::Error> for Error {
    fn from(cause: store::Error) -> Self {
        let code = match cause {
            store::Error::DiskFull | store::Error::Closed => Code::ServerBusy,
            _ => Code::InternalError,
        };
        Error { public: code.into(), cause: Some(Box::new(cause)) }
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        store::Error::from(cause).into()
    }
}

impl From<Error> for api::Error {
    /// For a face that answers the caller. The cause is logged here, once, with the chain of what led to it.
    fn from(error: Error) -> Self {
        if let Some(cause) = &error.cause {
            let chain: Vec<String> =
                std::iter::successors(Some(cause.as_ref() as &dyn std::error::Error), |e| e.source())
                    .map(ToString::to_string)
                    .collect();
            tracing::error!(code = %error.public.code, cause = chain.join(": "), "an operation failed");
        }
        error.public
    }
}
