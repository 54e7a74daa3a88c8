//! A package that comes from the browser: block by block, as blobs do, and with the user's rights on the account in the place
//! of a signed URL's.

use axum::body::Bytes;
use futures_util::Stream;

use super::application::find as find_application;
use super::application_package::{application_package_activate, find_in};
use super::storage::StorageCaller;
use super::storage::write::{self, BlockRef, Place};
use super::{Caller, Context, Result};
use crate::api::{self, BlobSettings, Code};
use crate::domain::application as rules;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::domain::storage_access::Access;
use crate::store;
use crate::store::application_package::PackageRow;

/// Which package, by names.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    pub application: &'a str,
    pub version: &'a str,
}

/// A block of what [`application_package_commit`] will make the package's content.
///
/// # Errors
/// `ApplicationNotFound`, `ApplicationPackageNotFound`, `ApplicationUpdatesNotAllowed`, `RequestBodyTooLarge`, `InvalidInput`.
pub async fn application_package_block_put<E: std::fmt::Display>(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    of: Version<'_>,
    id: &str,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<()> {
    let (row, inside) = open(cx, caller, account, of).await?;
    let place = Place { container: &row.container, name: &row.upload };
    Ok(write::block_put(cx, &inside, place, id, None, body).await?)
}

/// Makes the blocks the package's content, and the package active: until then an active one stays as it is.
///
/// # Errors
/// As [`application_package_block_put`].
pub async fn application_package_commit(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    of: Version<'_>,
    blocks: Vec<String>,
) -> Result<api::ApplicationPackage> {
    let (row, inside) = open(cx, caller, account, of).await?;
    let place = Place { container: &row.container, name: &row.upload };
    let blocks = blocks.into_iter().map(BlockRef::Uncommitted).collect();
    write::block_list_put(cx, &inside, place, BlobSettings::default(), Vec::new(), blocks).await?;
    application_package_activate(cx, caller, account, of.application, of.version, rules::FORMAT).await
}

/// The package, if it may be replaced, and whoever writes to its storage.
async fn open(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    of: Version<'_>,
) -> Result<(PackageRow, StorageCaller)> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let mut conn = cx.store.read().await?;
    let owner = find_application(&mut conn, account, of.application).await?;
    let row = find_in(&mut conn, owner.key, of.version).await?;
    if let Some(code) = rules::replace_refusal(owner.allow_updates, row.state) {
        return Err(code.into());
    }
    let storage = store::storage::find(&mut conn, &row.storage).await?.ok_or(Code::AutoStorageNotConfigured)?;
    Ok((row, StorageCaller { storage, access: Access::Everything }))
}
