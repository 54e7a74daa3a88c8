//! Storage accounts whose blobs are in a bucket of Azure or S3: the same operations as on the built-in storage, with the same
//! errors. What fails there is said in Azure Storage's words, and noted for whoever looks after the account.

pub mod account;
mod container;
mod write;

use std::collections::HashMap;
use std::sync::Mutex;

use axum::body::Bytes;
use futures_util::stream::BoxStream;

use super::Result;
use super::blob::{Entry, ListWish};
use crate::api::{Blob, BucketAccess, BucketHealth, BucketState, StorageCode, StorageError};
use crate::blob::bucket::{self as bytes, Failure, Kind, OpenBucket, Transport};
use crate::service::Context;
use crate::store::storage::StorageRow;

pub(super) use container::{container_create, container_delete, container_list, enter};
pub(super) use write::{Write, put};

/// The buckets that were used since the server's start.
#[derive(Default)]
pub struct Buckets {
    known: Mutex<HashMap<i64, Known>>,
}

struct Known {
    access: BucketAccess,
    open: OpenBucket,
    health: Option<BucketHealth>,
}

impl Buckets {
    /// The bucket as it is entered now; other credentials make it another one.
    fn open(&self, key: i64, access: &BucketAccess) -> bytes::Result<OpenBucket> {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = known.get(&key).filter(|known| known.access == *access) {
            return Ok(known.open.clone());
        }
        let open = OpenBucket::open(access, Transport::default())?;
        known.insert(key, Known { access: access.clone(), open: open.clone(), health: None });
        Ok(open)
    }

    fn note(&self, key: i64, health: BucketHealth) {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = known.get_mut(&key) {
            known.health = Some(health);
        }
    }

    pub(super) fn health(&self, key: i64) -> Option<BucketHealth> {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&key)?.health.clone()
    }

    fn forget(&self, key: i64) {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&key);
    }
}

/// A bucket, and what its answers are noted for.
#[derive(Clone)]
pub struct Entered {
    cx: Context,
    storage: i64,
    name: String,
    open: OpenBucket,
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entered({})", self.name)
    }
}

impl Entered {
    /// `None` for the built-in storage.
    ///
    /// # Errors
    /// `ServerBusy` for settings that make no bucket.
    pub fn of(cx: &Context, storage: &StorageRow) -> Result<Option<Entered>> {
        let Some(access) = &storage.bucket else { return Ok(None) };
        let open = cx.buckets.open(storage.key, access).map_err(|failure| {
            tracing::error!(storage = storage.name, %failure, "the settings of a linked storage account make no bucket");
            StorageError::new(StorageCode::ServerBusy, "The bucket behind this storage account cannot be used as it is set.")
        })?;
        Ok(Some(Entered { cx: cx.clone(), storage: storage.key, name: storage.name.clone(), open }))
    }

    /// Notes how the bucket answered, and says it in our words.
    fn told<T>(&self, outcome: bytes::Result<T>) -> Result<T> {
        let state = outcome.as_ref().map_or_else(state_of, |_| Some(BucketState::Reachable));
        if let Some(state) = state {
            self.cx.buckets.note(self.storage, BucketHealth { state, time: self.cx.clock.now() });
        }
        outcome.map_err(|failure| self.error(&failure))
    }

    fn error(&self, failure: &Failure) -> StorageError {
        let buckets = |code: StorageCode, detail: &str| StorageError {
            is_buckets: true,
            ..StorageError::new(code, detail.to_owned())
        };
        match failure.kind {
            Kind::NotFound => return StorageCode::BlobNotFound.into(),
            Kind::Exists => return StorageCode::BlobAlreadyExists.into(),
            Kind::Changed => return StorageCode::ConditionNotMet.into(),
            Kind::TooLong => return StorageCode::RequestBodyTooLarge.into(),
            Kind::BadName => {
                let detail = "A blob in the bucket has a name that is no path: part of it is empty, a dot or two.";
                return StorageError::new(StorageCode::InvalidResourceName, detail);
            }
            _ => {}
        }
        tracing::warn!(storage = self.name, %failure, "the bucket of a linked storage account fails");
        match failure.kind {
            Kind::Refused => buckets(
                StorageCode::AuthorizationFailure,
                "The bucket behind this storage account refuses the credentials that the server has for it.",
            ),
            Kind::NoBucket => buckets(StorageCode::ServerBusy, "The bucket behind this storage account is not there."),
            Kind::TimedOut => buckets(
                StorageCode::OperationTimedOut,
                "The bucket behind this storage account did not answer in time.",
            ),
            Kind::Disk => StorageCode::ServerBusy.into(),
            _ => {
                buckets(StorageCode::ServerBusy, "The bucket behind this storage account does not answer as it should.")
            }
        }
    }

    /// # Errors
    /// `ContainerNotFound`, `BlobNotFound`.
    pub async fn head(&self, container: &str, name: &str) -> Result<Blob> {
        match self.find(container, name).await? {
            Some(blob) => Ok(blob),
            // Asked for the sake of the right error only.
            None => enter(&self.cx, self, container).await.and(Err(StorageCode::BlobNotFound.into())),
        }
    }

    async fn find(&self, container: &str, name: &str) -> Result<Option<Blob>> {
        // What has no path is not there.
        if crate::domain::bucket::check_name(name).is_err()
            || crate::domain::storage::check_container_name(container).is_err()
        {
            return Ok(None);
        }
        match self.open.head(container, name).await {
            Err(failure) if failure.kind == Kind::NotFound => self.told(Ok(None)),
            outcome => self.told(outcome.map(Some)),
        }
    }

    /// The bucket has begun to answer when this returns.
    pub(super) async fn read(
        &self,
        container: &str,
        blob: &Blob,
        start: u64,
        end: u64,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        self.told(self.open.read(container, blob, start, end).await)
    }

    /// A blob that is gone is deleted.
    pub async fn delete(&self, container: &str, name: &str) -> Result<()> {
        self.told(self.open.delete(container, name).await)
    }

    /// A page of entries, and the bucket's word for where the next one begins.
    pub(super) async fn list(&self, container: &str, wish: &ListWish) -> Result<(Vec<Entry>, Option<String>)> {
        enter(&self.cx, self, container).await?;
        let page = self.open.list(container, &wish.prefix, &wish.delimiter, &wish.from, wish.limit).await;
        let page = self.told(page)?;
        let mut entries: Vec<Entry> = page.entries.blobs.into_iter().map(Entry::Blob).collect();
        entries.extend(page.entries.folders.into_iter().map(Entry::Folder));
        entries.sort_by(|a, b| a.name().cmp(b.name()));
        Ok((entries, page.next))
    }
}

/// What a failure says of the bucket; nothing when it was not asked.
fn state_of(failure: &Failure) -> Option<BucketState> {
    match failure.kind {
        Kind::Refused => Some(BucketState::Refuses),
        Kind::NoBucket => Some(BucketState::Missing),
        Kind::TimedOut | Kind::Unavailable => Some(BucketState::Unavailable),
        Kind::NotFound | Kind::Exists | Kind::Changed | Kind::BadName => Some(BucketState::Reachable),
        Kind::TooLong | Kind::Disk => None,
    }
}
