//! Containers.

use std::collections::BTreeMap;

use super::{Result, StorageCaller, bucket, find_container};
use crate::api::{Container, StorageCode, StorageError};
use crate::domain::storage::check_container_name;
use crate::domain::storage_access::Action;
use crate::service::{Context, etag};
use crate::store::storage::{self as table, ContainerRow};

/// # Errors
/// `ContainerAlreadyExists`, `InvalidResourceName`.
pub async fn container_create(
    cx: &Context,
    caller: &StorageCaller,
    name: &str,
    metadata: BTreeMap<String, String>,
) -> Result<Container> {
    caller.may(Action::CreateContainer, name, "")?;
    check_container_name(name).map_err(|reason| StorageError::new(StorageCode::InvalidResourceName, reason))?;
    let now = cx.clock.now();
    let row = ContainerRow { key: 0, name: name.to_owned(), metadata, modified: now, etag: etag::first(now) };
    if let Some(bucket) = caller.bucket(cx)? {
        return bucket::container_create(cx, &bucket, row).await;
    }
    let (made, storage_key) = (to_api(&row), caller.storage.key);
    let inserting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move { Ok(table::insert_container(conn, storage_key, &row).await?) })
    });
    if inserting.await? { Ok(made) } else { Err(StorageCode::ContainerAlreadyExists.into()) }
}

/// Deletes it with all that is in it.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn container_delete(cx: &Context, caller: &StorageCaller, name: &str) -> Result<()> {
    caller.may(Action::DeleteContainer, name, "")?;
    if let Some(bucket) = caller.bucket(cx)? {
        return bucket::container_delete(cx, &bucket, name).await;
    }
    let (name, storage_key) = (name.to_owned(), caller.storage.key);
    let deleting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let row = find_container(conn, storage_key, &name).await?;
            let files = table::files_of_container(conn, row.key).await?;
            table::delete_container(conn, row.key).await?;
            Ok(files)
        })
    });
    let files = deleting.await?;
    cx.blobs.remove(&files).await;
    Ok(())
}

/// # Errors
/// `ContainerNotFound`.
pub async fn container_get(cx: &Context, caller: &StorageCaller, name: &str) -> Result<Container> {
    caller.may(Action::ReadContainer, name, "")?;
    let row = match caller.bucket(cx)? {
        Some(bucket) => bucket::enter(cx, &bucket, name).await?,
        None => find_container(&mut *cx.store.read().await?, caller.storage.key, name).await?,
    };
    Ok(to_api(&row))
}

/// A page of containers, and the name with which the next one begins.
///
/// # Errors
/// Those of the store.
pub async fn container_list(
    cx: &Context,
    caller: &StorageCaller,
    prefix: &str,
    from: &str,
    limit: usize,
) -> Result<(Vec<Container>, Option<String>)> {
    caller.may(Action::ListContainers, "", "")?;
    if let Some(bucket) = caller.bucket(cx)?.filter(|_| from.is_empty()) {
        bucket::container_list(cx, &bucket).await?;
    }
    let more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut rows = table::containers(&mut *cx.store.read().await?, caller.storage.key, prefix, from, more).await?;
    let next = (rows.len() > limit).then(|| rows.pop().map(|row| row.name)).flatten();
    Ok((rows.iter().map(to_api).collect(), next))
}

pub(super) fn to_api(row: &ContainerRow) -> Container {
    Container {
        name: row.name.clone(),
        metadata: row.metadata.clone(),
        modified: row.modified,
        etag: etag::text(row.etag),
    }
}
