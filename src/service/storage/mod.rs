//! Blob storage: one function for each operation of Azure Storage that there is. Errors are that service's. Where the bytes are
//! is asked here and nowhere above: in the data folder, or in a bucket of Azure or S3 (`bucket`).

pub mod account;
pub mod blob;
pub mod bucket;
pub mod container;
pub mod linked;
pub mod user;
pub mod write;

use self::bucket::Entered;
use super::Context;
use crate::api::{self, Code, StorageCode, StorageError, Timestamp};
use crate::domain::condition::Condition;
use crate::domain::storage_access::{Access, Action, Target};
use crate::service;
use crate::store::storage::{ContainerRow, StorageRow};
use crate::store::{self, Conn};

pub type Result<T> = std::result::Result<T, StorageError>;

/// Who uses which storage account, and with what.
#[derive(Clone, Debug)]
pub struct StorageCaller {
    pub storage: StorageRow,
    pub access: Access,
}

impl StorageCaller {
    fn may(&self, action: Action, container: &str, blob: &str) -> Result<()> {
        Ok(self.access.check(action, Target { container, blob })?)
    }

    /// Where the blobs are, when they are not in the data folder.
    fn bucket(&self, cx: &Context) -> Result<Option<Entered>> {
        Entered::of(cx, &self.storage)
    }
}

impl From<store::Error> for StorageError {
    fn from(error: store::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "an operation of blob storage failed");
        match error {
            store::Error::DiskFull | store::Error::Closed => StorageCode::ServerBusy.into(),
            _ => StorageCode::InternalError.into(),
        }
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        store::Error::from(error).into()
    }
}

/// For users, who know Batch's errors. What a page can say of itself has a code of its own.
impl From<StorageError> for service::Error {
    fn from(error: StorageError) -> Self {
        let code = match error.code {
            StorageCode::AuthorizationFailure if error.is_buckets => Code::LinkedStorageRefuses,
            _ if error.is_buckets => Code::LinkedStorageUnavailable,
            StorageCode::ContainerNotFound => Code::ContainerNotFound,
            StorageCode::BlobNotFound => Code::BlobNotFound,
            StorageCode::ContainerAlreadyExists => Code::ContainerAlreadyExists,
            StorageCode::BlobAlreadyExists => Code::BlobAlreadyExists,
            StorageCode::InvalidRange => Code::InvalidRange,
            StorageCode::RequestBodyTooLarge => Code::RequestBodyTooLarge,
            StorageCode::ServerBusy => Code::ServerBusy,
            StorageCode::InternalError => Code::InternalError,
            code if code.status() == 403 => Code::Forbidden,
            code if code.status() == 404 => Code::ResourceNotFound,
            _ => Code::InvalidInput,
        };
        match code {
            Code::InvalidInput => api::Error::new(code).with("Reason", error.to_string()).into(),
            code => code.into(),
        }
    }
}

async fn find_container(conn: &mut Conn, storage_key: i64, name: &str) -> Result<ContainerRow> {
    let found = store::storage::container(conn, storage_key, name).await?;
    found.ok_or_else(|| StorageCode::ContainerNotFound.into())
}

/// Refuses when a condition does not hold for what is there; `None` is nothing.
fn check_conditions(conditions: &[Condition], there: Option<(&str, Timestamp)>) -> Result<()> {
    for condition in conditions {
        let holds = match (there, condition) {
            (Some((etag, modified)), condition) => condition.holds(etag, modified),
            (None, Condition::Match(_)) => false,
            (None, _) => true,
        };
        if !holds {
            return Err(match condition {
                // Only if it is not there: what every client asks for that must not replace anything.
                Condition::NoneMatch(crate::domain::condition::Tags::Any) => StorageCode::BlobAlreadyExists.into(),
                _ => StorageCode::ConditionNotMet.into(),
            });
        }
    }
    Ok(())
}

/// A name for a file of a blob.
fn new_file_name(cx: &Context) -> String {
    cx.random.hex(16)
}
