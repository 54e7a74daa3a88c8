//! What a bucket's refusals and failures mean.

use std::error::Error as StdError;

use object_store::Error as StoreError;
use object_store::client::{HttpError, HttpErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The blob is not there.
    NotFound,
    /// The bucket is not there.
    NoBucket,
    /// There is a blob already.
    Exists,
    /// The blob is not as it was.
    Changed,
    /// The credentials are no good, or no good for this.
    Refused,
    TimedOut,
    /// It cannot be reached, answers with a failure, or breaks off.
    Unavailable,
    /// A name that a path cannot have: other programs made it.
    BadName,
    /// The blob is too long to be sent in parts.
    TooLong,
    /// A file of what was to be sent cannot be read.
    Disk,
}

/// The text is for the log: it may hold what the bucket's service said, and addresses.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    pub kind: Kind,
    text: String,
}

impl Failure {
    pub fn new(kind: Kind, text: impl Into<String>) -> Failure {
        Failure { kind, text: text.into() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(Kind::Disk, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let text = error.to_string();
        let kind = match &error {
            StoreError::NotFound { .. } if is_bucket(&text) => Kind::NoBucket,
            StoreError::NotFound { .. } => Kind::NotFound,
            StoreError::AlreadyExists { .. } => Kind::Exists,
            StoreError::Precondition { .. } | StoreError::NotModified { .. } => Kind::Changed,
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => Kind::Refused,
            StoreError::InvalidPath { .. } => Kind::BadName,
            other if is_timeout(other) => Kind::TimedOut,
            // Lists report their refusals as what has no kind of its own.
            _ if text.contains("403 Forbidden") || text.contains("401 Unauthorized") => Kind::Refused,
            _ if is_bucket(&text) => Kind::NoBucket,
            _ => Kind::Unavailable,
        };
        Failure { kind, text }
    }
}

/// S3's word for it, and Azure's.
fn is_bucket(text: &str) -> bool {
    text.contains("NoSuchBucket") || text.contains("ContainerNotFound")
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<HttpError>().is_some_and(|error| error.kind() == HttpErrorKind::Timeout) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> StoreError {
        StoreError::Generic { store: "S3", source: text.into() }
    }

    #[test]
    fn failures_are_told_apart() {
        let missing = |text: &str| StoreError::NotFound { path: "p".into(), source: text.into() };
        let slow = HttpError::new(HttpErrorKind::Timeout, std::io::Error::other("slow"));
        for (error, expected) in [
            (missing("<Code>NoSuchKey</Code>"), Kind::NotFound),
            (missing("<Code>NoSuchBucket</Code>"), Kind::NoBucket),
            (generic("503 Slow Down"), Kind::Unavailable),
            (generic("non-2xx status code: 403 Forbidden: "), Kind::Refused),
            (StoreError::Generic { store: "S3", source: Box::new(slow) }, Kind::TimedOut),
        ] {
            assert_eq!(Failure::from(error).kind, expected);
        }
    }
}
