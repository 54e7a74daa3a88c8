//! Containers of a bucket: folders at its top. There is a row of each that was made or used here, so that an empty one is one
//! too; a folder that other programs made becomes a container when it is first asked for.

use std::collections::BTreeMap;

use super::Entered;
use crate::api::{Container, StorageCode, StorageError};
use crate::domain::storage::check_container_name;
use crate::service::storage::Result;
use crate::service::storage::container::to_api;
use crate::service::{Context, etag};
use crate::store::storage::{self as table, ContainerRow};

/// The container's row.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn enter(cx: &Context, bucket: &Entered, name: &str) -> Result<ContainerRow> {
    if let Some(row) = table::container(&mut *cx.store.read().await?, bucket.storage, name).await? {
        return Ok(row);
    }
    if check_container_name(name).is_err() || !bucket.told(bucket.open.is_any(name).await)? {
        return Err(StorageCode::ContainerNotFound.into());
    }
    adopt(cx, bucket, vec![name.to_owned()]).await?;
    let row = table::container(&mut *cx.store.read().await?, bucket.storage, name).await?;
    row.ok_or_else(|| StorageCode::ContainerNotFound.into())
}

/// Makes rows of folders that have none.
async fn adopt(cx: &Context, bucket: &Entered, names: Vec<String>) -> Result<()> {
    let (now, storage_key) = (cx.clock.now(), bucket.storage);
    let adopting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            for name in names {
                let row =
                    ContainerRow { key: 0, name, metadata: BTreeMap::new(), modified: now, etag: etag::first(now) };
                table::insert_container(conn, storage_key, &row).await?;
            }
            Ok(())
        })
    });
    adopting.await
}

/// # Errors
/// `ContainerAlreadyExists`, also for a folder that other programs made.
pub async fn container_create(cx: &Context, bucket: &Entered, row: ContainerRow) -> Result<Container> {
    match enter(cx, bucket, &row.name).await {
        Ok(_) => return Err(StorageCode::ContainerAlreadyExists.into()),
        Err(error) if error.code != StorageCode::ContainerNotFound => return Err(error),
        Err(_) => {}
    }
    let (made, storage_key) = (to_api(&row), bucket.storage);
    let inserting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move { Ok(table::insert_container(conn, storage_key, &row).await?) })
    });
    if inserting.await? { Ok(made) } else { Err(StorageCode::ContainerAlreadyExists.into()) }
}

/// Deletes what is in the bucket first: a container that was said to be deleted has nothing in it.
///
/// # Errors
/// `ContainerNotFound`.
pub async fn container_delete(cx: &Context, bucket: &Entered, name: &str) -> Result<()> {
    let row = enter(cx, bucket, name).await?;
    bucket.told(bucket.open.delete_container(name).await)?;
    let deleting = cx.store.write::<_, StorageError, _>(move |conn| {
        Box::pin(async move {
            let files = table::files_of_container(conn, row.key).await?;
            table::delete_container(conn, row.key).await?;
            Ok(files)
        })
    });
    let files = deleting.await?;
    cx.blobs.remove(&files).await;
    Ok(())
}

/// Makes the rows complete, of which the list is read then.
///
/// # Errors
/// What the bucket's failures are here.
pub async fn container_list(cx: &Context, bucket: &Entered) -> Result<()> {
    let folders = bucket.told(bucket.open.top_folders().await)?;
    let known = table::container_names(&mut *cx.store.read().await?, bucket.storage).await?;
    let is_new = |name: &String| check_container_name(name).is_ok() && !known.contains(name);
    let new: Vec<String> = folders.into_iter().filter(is_new).collect();
    if new.is_empty() { Ok(()) } else { adopt(cx, bucket, new).await }
}
