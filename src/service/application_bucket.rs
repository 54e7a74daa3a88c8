//! Packages of applications whose storage is a bucket. There a blob cannot be given another name in the transaction that makes
//! it the package's content: it is copied under that name before, and the uploaded one goes afterwards. What cannot be deleted
//! then stays in the bucket, under a name that nothing has any more.

use super::application::find as find_application;
use super::application_package::{find_in, new_blob_name};
use super::storage::bucket::Entered;
use super::storage::write::{self, Place};
use super::storage::{StorageCaller, blob};
use super::{Context, Result};
use crate::api::StorageCode;
use crate::domain::application as rules;
use crate::domain::ids::AccountName;
use crate::domain::storage_access::Access;
use crate::store;
use crate::store::application_package::PackageRow;

/// What was uploaded, under the name that makes it the content.
#[derive(Clone)]
pub(super) struct Taken {
    pub storage: String,
    pub container: String,
    pub upload: String,
    pub content: String,
    pub length: i64,
}

/// Where a package's blobs are.
#[derive(Clone)]
pub(super) enum Uploaded {
    /// In the built-in storage: the transaction looks there.
    InFiles,
    /// In a bucket, where nothing is.
    Nothing,
    Taken(Taken),
}

/// # Errors
/// `ApplicationNotFound`, `ApplicationPackageNotFound`, `ApplicationUpdatesNotAllowed`; the bucket's.
pub(super) async fn take(cx: &Context, account: &AccountName, application: &str, version: &str) -> Result<Uploaded> {
    let mut conn = cx.store.read().await?;
    let owner = find_application(&mut conn, account, application).await?;
    let row = find_in(&mut conn, owner.key, version).await?;
    let storage = store::storage::find(&mut conn, &row.storage).await?;
    drop(conn);
    let Some(storage) = storage.filter(|storage| storage.bucket.is_some()) else { return Ok(Uploaded::InFiles) };
    let inside = StorageCaller { storage, access: Access::Everything };
    let found = match blob::blob_get(cx, &inside, &row.container, &row.upload, &[]).await {
        Ok(found) if found.blob.length > 0 => found,
        Ok(_) => return Ok(Uploaded::Nothing),
        Err(error) if matches!(error.code, StorageCode::BlobNotFound | StorageCode::ContainerNotFound) => {
            return Ok(Uploaded::Nothing);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(code) = rules::replace_refusal(owner.allow_updates, row.state) {
        return Err(code.into());
    }
    let content = new_blob_name(cx, &owner.id, &row.version);
    let place = Place { container: &row.container, name: &content };
    let settings = found.blob.settings.clone();
    let made = write::blob_copy(cx, &inside, place, &found, settings, Vec::new()).await?;
    let length = i64::try_from(made.length).unwrap_or(i64::MAX);
    let PackageRow { storage, container, upload, .. } = row;
    Ok(Uploaded::Taken(Taken { storage, container, upload, content, length }))
}

/// Deletes what a package had in a bucket, if that is where it was.
pub(super) async fn forget(cx: &Context, row: &PackageRow) {
    let names: Vec<&str> = row.content.iter().chain([&row.upload]).map(String::as_str).collect();
    forget_blobs(cx, &row.storage, &row.container, &names).await;
}

/// The copy, which did not become the content.
pub(super) async fn drop_copy(cx: &Context, uploaded: &Uploaded) {
    if let Uploaded::Taken(taken) = uploaded {
        forget_blobs(cx, &taken.storage, &taken.container, &[&taken.content]).await;
    }
}

async fn forget_blobs(cx: &Context, storage: &str, container: &str, names: &[&str]) {
    let deleting = async {
        let found = store::storage::find(&mut *cx.store.read().await?, storage).await?;
        let Some(bucket) = found.map(|storage| Entered::of(cx, &storage)).transpose()?.flatten() else { return Ok(()) };
        for name in names {
            bucket.delete(container, name).await?;
        }
        Ok::<_, super::Error>(())
    };
    if let Err(error) = deleting.await {
        tracing::warn!(storage, container, ?names, %error, "blobs of a package that nothing names stay in a bucket");
    }
}
