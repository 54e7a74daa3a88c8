//! Blobs that are kept in a container of Azure Blob Storage or a bucket of S3. The crate `object_store` speaks for both;
//! what is here makes of it what blob storage needs, and knows nothing of accounts or callers.
//!
//! Nothing is said to be written before the bucket has said so and was asked what it has.

mod attributes;
mod failure;
mod list;
mod transport;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::{MicrosoftAzureBuilder, split_sas};
use object_store::list::PaginatedListStore;
use object_store::path::Path;
use object_store::{BackoffConfig, GetOptions, GetRange, ObjectMeta, ObjectStore, RetryConfig};

use crate::api::{Blob, BucketAccess, BucketKind, Timestamp};
use crate::domain::bucket::is_signature;

pub use failure::{Failure, Kind};
pub use list::{Entries, ListPage};
pub use transport::Transport;
pub use upload::{Mode, Upload};

pub type Result<T> = std::result::Result<T, Failure>;

/// How many blobs a deletion of a folder asks for at a time.
const PAGE: usize = 1000;

/// A bucket as one may enter it.
#[derive(Clone)]
pub struct OpenBucket {
    kind: BucketKind,
    store: Arc<dyn ObjectStore>,
    lists: Arc<dyn PaginatedListStore>,
    /// Empty, or with a slash at its end.
    prefix: String,
}

/// How often is tried what may be tried again: a caller waits for it.
fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(3), base: 2. };
    RetryConfig { backoff, max_retries: 4, retry_timeout: Duration::from_secs(60) }
}

impl OpenBucket {
    /// Nothing is asked of the bucket yet.
    ///
    /// # Errors
    /// When the settings make no bucket.
    pub fn open(access: &BucketAccess, transport: Transport) -> Result<OpenBucket> {
        let bucket = &access.bucket;
        let prefix = if bucket.prefix.is_empty() { String::new() } else { format!("{}/", bucket.prefix) };
        let endpoint = bucket.endpoint.as_deref().map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        // Plain HTTP is for those who wrote it; the clouds' own endpoints are HTTPS.
        let is_plain = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        match bucket.kind {
            BucketKind::Azure => {
                let mut builder = MicrosoftAzureBuilder::new()
                    .with_account(&bucket.identity)
                    .with_container_name(&bucket.name)
                    .with_allow_http(is_plain)
                    .with_retry(retries())
                    .with_http_connector(transport);
                builder = match is_signature(&access.secret) {
                    true => builder.with_sas_authorization(split_sas(&access.secret.0)?),
                    false => builder.with_access_key(&access.secret.0),
                };
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                Ok(OpenBucket::of(bucket.kind, Arc::new(builder.build()?), prefix))
            }
            BucketKind::S3 => {
                let mut builder = AmazonS3Builder::new()
                    .with_bucket_name(&bucket.name)
                    .with_region(bucket.region.as_deref().unwrap_or("us-east-1"))
                    .with_access_key_id(&bucket.identity)
                    .with_secret_access_key(&access.secret.0)
                    .with_allow_http(is_plain)
                    .with_retry(retries())
                    .with_http_connector(transport);
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                Ok(OpenBucket::of(bucket.kind, Arc::new(builder.build()?), prefix))
            }
        }
    }

    fn of<S: ObjectStore + PaginatedListStore>(kind: BucketKind, store: Arc<S>, prefix: String) -> OpenBucket {
        OpenBucket { kind, lists: store.clone(), store, prefix }
    }

    fn path(&self, container: &str, name: &str) -> Result<Path> {
        Path::parse(format!("{}{container}/{name}", self.prefix))
            .map_err(|error| Failure::new(Kind::BadName, error.to_string()))
    }

    /// What there is of a blob.
    ///
    /// # Errors
    /// `NotFound`, and what makes the bucket useless.
    pub async fn head(&self, container: &str, name: &str) -> Result<Blob> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(container, name)?, options).await?;
        Ok(to_blob(name, &found.meta, attributes::to_settings(&found.attributes)))
    }

    /// The bytes of the blob from `start` up to but not including `end`, as it is in the version `etag`. The bucket has
    /// answered when this returns.
    ///
    /// # Errors
    /// `Changed` and `NotFound` when it is another one by now.
    pub async fn read(
        &self,
        container: &str,
        blob: &Blob,
        start: u64,
        end: u64,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        if start >= end {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions {
            if_match: Some(format!("\"{}\"", blob.etag)),
            range: Some(GetRange::Bounded(start..end)),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&self.path(container, &blob.name)?, options).await?;
        let pieces = found.into_stream().map_err(std::io::Error::other);
        Ok(exactly(pieces.boxed(), end - start).boxed())
    }

    /// # Errors
    /// What makes the bucket useless. A blob that is gone is deleted.
    pub async fn delete(&self, container: &str, name: &str) -> Result<()> {
        self.delete_all(vec![self.path(container, name)?]).await
    }

    async fn delete_all(&self, paths: Vec<Path>) -> Result<()> {
        let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut deleted = self.store.delete_stream(paths);
        while let Some(outcome) = deleted.next().await {
            match outcome.map_err(Failure::from) {
                Err(failure) if failure.kind != Kind::NotFound => return Err(failure),
                _ => {}
            }
        }
        Ok(())
    }

    /// Deletes all blobs of a container.
    ///
    /// # Errors
    /// What makes the bucket useless; some are deleted by then.
    pub async fn delete_container(&self, container: &str) -> Result<()> {
        let prefix = format!("{}{container}/", self.prefix);
        // From the beginning again and again: what was listed is gone.
        loop {
            let found = self.page(&prefix, "", "", PAGE).await?.result.objects;
            if found.is_empty() {
                return Ok(());
            }
            self.delete_all(found.into_iter().map(|found| found.location).collect()).await?;
        }
    }
}

fn to_blob(name: &str, meta: &ObjectMeta, settings: crate::api::BlobSettings) -> Blob {
    let modified = Timestamp::from_micros(meta.last_modified.timestamp_micros());
    let etag = meta.e_tag.as_deref().map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
    Blob {
        name: name.to_owned(),
        length: meta.size,
        settings,
        // Buckets do not say since when there is a blob of the name.
        created: modified,
        modified,
        etag: etag.unwrap_or_else(|| format!("{:x}-{:x}", modified.micros(), meta.size)),
    }
}

/// Fails when the stream ends early, and lets no byte more through.
fn exactly(
    pieces: BoxStream<'static, std::io::Result<Bytes>>,
    length: u64,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::try_unfold((pieces, length), |(mut pieces, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        match pieces.try_next().await? {
            Some(piece) if piece.len() as u64 <= left => {
                let left = left - piece.len() as u64;
                Ok(Some((piece, (pieces, left))))
            }
            Some(_) => Err(std::io::Error::other("a bucket sent more than there is")),
            None => Err(std::io::Error::other("a bucket sent less than there is")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_an_answer_is_none() {
        let read = |pieces: &[&'static str], length| {
            let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
            exactly(futures_util::stream::iter(pieces).boxed(), length).try_collect::<Vec<Bytes>>()
        };
        assert_eq!(read(&["ab", "c"], 3).await.unwrap().concat(), b"abc");
        assert!(read(&["ab"], 3).await.is_err());
        assert!(read(&["ab", "cd"], 3).await.is_err());
    }
}
