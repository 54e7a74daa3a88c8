//! Storage accounts that are buckets: made, entered by other credentials, asked, given up. Nothing here deletes a blob.

use super::Entered;
use crate::api::{
    self, BucketCredentials, BucketHealth, BucketState, Code, Error as ApiError, StorageAccount, StorageCode,
    StorageLink,
};
use crate::domain::bucket as rules;
use crate::domain::storage::check_account_name;
use crate::service::storage::account::{find, insert, to_api};
use crate::service::{Context, Error, Result};
use crate::store::storage::{self as table, StorageRow};

/// Makes a storage account of a bucket, which has to answer: most mistakes are in what it is called and in its keys.
///
/// # Errors
/// `InvalidPropertyValue`; `LinkedStorageRefuses` and `LinkedStorageUnavailable` when the bucket cannot be listed.
pub async fn storage_link(cx: &Context, link: StorageLink) -> Result<StorageAccount> {
    check_account_name(&link.name).map_err(|reason| ApiError::invalid_property("name", &*link.name, reason))?;
    rules::check(&link.access)?;
    if table::find(&mut *cx.store.read().await?, &link.name).await?.is_some() {
        return Err(is_taken(&link.name));
    }
    let bucket = link.access.bucket.clone();
    let row = insert_probed(cx, link).await?;
    tracing::info!(storage = row.name, kind = %bucket.kind, bucket = bucket.name, "a storage account was linked");
    Ok(to_api(cx, &row))
}

async fn insert_probed(cx: &Context, link: StorageLink) -> Result<StorageRow> {
    // Under no key: nobody uses it yet.
    let probe = Entered::alone(cx, &link.name, &link.access)?;
    probe.ask().await?;
    if !insert(cx, link.name.clone(), Some(link.access)).await? {
        return Err(is_taken(&link.name));
    }
    let row = find(cx, &link.name).await?;
    storage_check_row(cx, &row).await?;
    Ok(row)
}

fn is_taken(name: &str) -> Error {
    ApiError::invalid_property("name", name, "there is a storage account of this name").into()
}

/// # Errors
/// As [`storage_link`]; the old credentials stay then.
pub async fn storage_credentials_set(cx: &Context, name: &str, new: BucketCredentials) -> Result<StorageAccount> {
    let mut row = find(cx, name).await?;
    let mut access = row.bucket.take().ok_or_else(|| is_built_in(name))?;
    access.secret = new.secret;
    if let Some(identity) = new.identity {
        access.bucket.identity = identity;
    }
    rules::check(&access)?;
    Entered::alone(cx, name, &access)?.ask().await?;
    let (key, saved) = (row.key, access.clone());
    let saving = cx
        .store
        .write::<_, Error, _>(move |conn| Box::pin(async move { Ok(table::set_bucket(conn, key, &saved).await?) }));
    saving.await?;
    tracing::info!(storage = name, "a linked storage account has other credentials");
    row.bucket = Some(access);
    storage_check_row(cx, &row).await?;
    Ok(to_api(cx, &row))
}

fn is_built_in(name: &str) -> Error {
    ApiError::invalid_property("name", name, "it is built in, and no bucket").into()
}

/// Gives a linked storage account up. What is in the bucket stays there; URLs that opened it open nothing any more.
///
/// # Errors
/// `InvalidPropertyValue` for a built-in one, and while a Batch account uses it.
pub async fn storage_unlink(cx: &Context, name: &str) -> Result<()> {
    let row = find(cx, name).await?;
    if row.bucket.is_none() {
        return Err(is_built_in(name));
    }
    let (key, asked) = (row.key, name.to_owned());
    let unlinking = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move {
            let users = table::users(conn, &asked).await?;
            if !users.is_empty() {
                let reason = format!("it is the storage of Batch accounts or of their packages: {}", users.join(", "));
                return Err(ApiError::invalid_property("name", asked, reason).into());
            }
            Ok(table::delete(conn, key).await?)
        })
    });
    let files = unlinking.await?;
    cx.blobs.remove(&files).await;
    cx.buckets.forget(key);
    tracing::info!(storage = name, "a linked storage account was given up");
    Ok(())
}

/// Asks the bucket whether it is there.
///
/// # Errors
/// `InvalidPropertyValue` for an account that is not there, or is built in.
pub async fn storage_check(cx: &Context, name: &str) -> Result<BucketHealth> {
    let row = find(cx, name).await?;
    storage_check_row(cx, &row).await
}

async fn storage_check_row(cx: &Context, row: &StorageRow) -> Result<BucketHealth> {
    let bucket = Entered::of(cx, row)?.ok_or_else(|| is_built_in(&row.name))?;
    // Its failure is the answer.
    let _ = bucket.told(bucket.open.is_any_at_all().await);
    let unknown = BucketHealth { state: BucketState::Unavailable, time: cx.clock.now() };
    Ok(cx.buckets.health(row.key).unwrap_or(unknown))
}

impl Entered {
    /// A bucket that no account has.
    fn alone(cx: &Context, name: &str, access: &api::BucketAccess) -> Result<Entered> {
        use crate::blob::bucket::{OpenBucket, Transport};
        let open = OpenBucket::open(access, Transport::default()).map_err(|failure| {
            tracing::warn!(storage = name, %failure, "settings make no bucket");
            ApiError::new(Code::LinkedStorageUnavailable).with("Reason", "The settings make no address of a bucket.")
        })?;
        // Keys of rows begin at 1.
        Ok(Entered { cx: cx.clone(), storage: 0, name: name.to_owned(), open })
    }

    async fn ask(&self) -> Result<()> {
        self.told(self.open.is_any_at_all().await).map(drop).map_err(|error| {
            let code = match error.code {
                StorageCode::AuthorizationFailure => Code::LinkedStorageRefuses,
                _ => Code::LinkedStorageUnavailable,
            };
            ApiError::new(code).with("Reason", error.detail.unwrap_or_default()).into()
        })
    }
}
