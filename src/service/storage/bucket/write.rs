//! Writes of blobs in buckets. The bytes are files of the data folder first, as in the built-in storage, so that a writer's
//! mistakes and pauses are none of the bucket's, and what is sent can be sent again. Then they go up, and go.

use super::Entered;
use crate::api::{Blob, BlobPart, BlobSettings, StorageCode, StorageError};
use crate::blob::bucket::{Mode, Upload};
use crate::domain::condition::{Condition, Tags};
use crate::domain::storage_access::{Action, Target};
use crate::service::Context;
use crate::service::storage::{Result, StorageCaller, check_conditions};
use crate::store::blob as table;

/// A blob that is to be put.
pub struct Write {
    pub caller: StorageCaller,
    pub bucket: Entered,
    pub container: String,
    pub container_key: i64,
    pub name: String,
    pub settings: BlobSettings,
    pub only_if: Vec<Condition>,
    pub parts: Vec<BlobPart>,
    /// The parts are blocks: they wait for another try when this one fails.
    pub are_blocks: bool,
}

/// Goes on when the caller does not wait for it: half an upload would be no use to anybody.
///
/// # Errors
/// `BlobAlreadyExists`, `ConditionNotMet`, `AuthorizationPermissionMismatch`; the bucket's.
pub async fn put(cx: &Context, write: Write) -> Result<Blob> {
    let cx = cx.clone();
    tokio::spawn(async move { run(&cx, write).await }).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an upload to a bucket ended badly");
        Err(StorageCode::InternalError.into())
    })
}

async fn run(cx: &Context, write: Write) -> Result<Blob> {
    let outcome = send(cx, &write).await;
    if outcome.is_ok() {
        forget_blocks(cx, &write).await;
    }
    if !write.are_blocks {
        cx.blobs.remove(&write.parts.iter().map(|part| part.file.clone()).collect::<Vec<_>>()).await;
    }
    outcome
}

async fn send(cx: &Context, write: &Write) -> Result<Blob> {
    let Write { bucket, container, name, .. } = write;
    let old = bucket.find(container, name).await?;
    check_conditions(&write.only_if, old.as_ref().map(|old| (old.etag.as_str(), old.modified)))?;
    if old.is_some() {
        // To create is not to replace.
        write.caller.access.check(Action::WriteBlob, Target { container, blob: name })?;
    }
    let may_replace = write.caller.access.check(Action::WriteBlob, Target { container, blob: name }).is_ok();
    let mode = mode(&write.only_if, may_replace, old.as_ref());
    let upload = Upload { container, name, settings: &write.settings, mode, parts: &write.parts };
    bucket.told(bucket.open.put(&cx.blobs, upload).await)
}

/// What must still be so when the blob is put.
fn mode(only_if: &[Condition], may_replace: bool, old: Option<&Blob>) -> Mode {
    let wants_nothing = only_if.iter().any(|condition| matches!(condition, Condition::NoneMatch(Tags::Any)));
    match old {
        None if wants_nothing || !may_replace => Mode::Nothing,
        Some(old) if !only_if.is_empty() => Mode::Version(old.etag.clone()),
        _ => Mode::Anything,
    }
}

/// A commit drops all blocks of the blob. Source: Put Block List.
async fn forget_blocks(cx: &Context, write: &Write) {
    let (container_key, name) = (write.container_key, write.name.clone());
    let forgetting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let blocks = table::blocks(conn, container_key, &name).await?;
            table::delete_blocks(conn, container_key, &name).await?;
            Ok(blocks.into_iter().map(|block| block.file).collect::<Vec<_>>())
        })
    });
    // The blob is saved: what cannot be tidied now goes after a week.
    match forgetting.await {
        Ok(files) => cx.blobs.remove(&files).await,
        Err(error) => tracing::warn!(%error, "blocks of a blob that is saved could not be dropped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Timestamp;

    #[test]
    fn what_must_be_so_is_asked_for_again_with_the_bytes() {
        let time = Timestamp(0);
        let blob = Blob {
            name: "a".into(),
            length: 1,
            settings: BlobSettings::default(),
            created: time,
            modified: time,
            etag: "1".into(),
        };
        let nothing = [Condition::NoneMatch(Tags::Any)];
        let this = [Condition::Match(Tags::These(vec!["1".into()]))];
        assert_eq!(mode(&[], true, None), Mode::Anything);
        assert_eq!(mode(&[], true, Some(&blob)), Mode::Anything);
        assert_eq!(mode(&[], false, None), Mode::Nothing, "who may create may not replace");
        assert_eq!(mode(&nothing, true, None), Mode::Nothing);
        assert_eq!(mode(&this, true, Some(&blob)), Mode::Version("1".into()));
    }
}
