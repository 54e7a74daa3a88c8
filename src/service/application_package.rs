//! Packages of applications. Their bytes are blobs of the storage that is linked to the account: callers upload one by an
//! address that opens it alone, and activation gives it a name of its own, which that address does not open.

use super::application::{find as find_application, tell, touch};
use super::application_bucket::{Taken, Uploaded};
use super::storage::account::blob_url;
use super::storage::linked::linked_or_refuse;
use super::{Caller, Context, Result, application_bucket, etag};
use crate::api::{self, Code, Duration, PackageState, Timestamp};
use crate::auth::secret;
use crate::domain::application as rules;
use crate::domain::ids::AccountName;
use crate::domain::odata::{Slice, Stretch};
use crate::domain::permission::Permission;
use crate::store::application_package::{PackageRow, select_packages};
use crate::store::filter::{Table, rows};
use crate::store::storage::ContainerRow;
use crate::store::{self, Conn};

/// How long an address for an upload is good. Source: application packages, "a few hours".
const UPLOAD_LIFE: Duration = Duration::from_secs(4 * 3600);

const PACKAGES: Table = Table {
    select: select_packages!("application_key"),
    select_id: "SELECT id FROM application_packages WHERE application_key",
    columns: &[],
};

pub async fn application_package_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
    slice: &Slice,
) -> Result<Stretch<api::ApplicationPackage>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_application(&mut conn, account, application).await?;
    let found = rows(&mut conn, &PACKAGES, owner.key, slice).await?;
    let found = found.map(|rows| store::application_package::readable(&rows));
    Ok(found.map(|rows| rows.into_iter().map(to_api).collect()))
}

/// A pending package with a new address for its upload, for those who may upload.
///
/// # Errors
/// `ApplicationNotFound`, `ApplicationPackageNotFound`.
pub async fn application_package_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
    version: &str,
) -> Result<api::ApplicationPackage> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, application, version).await?;
    if caller.may(Some(account), Permission::PoolWrite).is_err() {
        return Ok(to_api(row));
    }
    with_address(cx, &mut conn, row).await
}

/// Makes a package that waits for its upload; one that is there is emptied, and waits again. One that waits already is
/// answered with a new address.
///
/// # Errors
/// `ApplicationNotFound`, `AutoStorageNotConfigured`, `ApplicationUpdatesNotAllowed`, `ApplicationPackageQuotaReached`,
/// `InvalidPropertyValue`.
pub async fn application_package_create(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
    version: &str,
    only_if_absent: bool,
) -> Result<api::ApplicationPackage> {
    caller.may(Some(account), Permission::PoolWrite)?;
    rules::check_version("versionName", version)?;
    let (cx_, account_, only_if) = (cx.clone(), account.clone(), caller.only_if.clone());
    let (application, version) = (application.to_owned(), version.to_owned());
    let (row, files, before) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_application(conn, &account_, &application).await?;
                let now = cx_.clock.now();
                let storage = linked_or_refuse(conn, owner.account_key).await?;
                let container = container_of(&account_, &owner.id);
                let Some(mut row) = store::application_package::find(conn, owner.key, &version).await? else {
                    if owner.n_packages >= rules::MOST_PACKAGES {
                        return Err(Code::ApplicationPackageQuotaReached.into());
                    }
                    let mut row = new_row(owner.key, version, storage.name, container, now);
                    row.upload = new_blob_name(&cx_, &owner.id, &row.version);
                    ensure_container(conn, storage.key, &row.container, now).await?;
                    row.key = store::application_package::insert(conn, &row).await?;
                    return Ok((row, Vec::new(), None));
                };
                if only_if_absent {
                    return Err(Code::ConditionNotMet.into());
                }
                etag::check(&only_if, row.etag, row.modified)?;
                if let Some(code) = rules::replace_refusal(owner.allow_updates, row.state) {
                    return Err(code.into());
                }
                let is_elsewhere = row.storage != storage.name;
                let (mut files, mut before) = (Vec::new(), None);
                if row.state == PackageState::Active || is_elsewhere {
                    files = delete_blobs(conn, &row).await?;
                    before = Some(row.clone());
                    (row.state, row.format, row.content, row.content_length) =
                        (PackageState::Pending, None, None, None);
                    (row.storage, row.container) = (storage.name, container);
                    row.upload = new_blob_name(&cx_, &owner.id, &row.version);
                    touch_package(&mut row, now);
                    store::application_package::save(conn, &row).await?;
                }
                ensure_container(conn, storage.key, &row.container, now).await?;
                Ok((row, files, before))
            })
        })
        .await?;
    cx.blobs.remove(&files).await;
    if let Some(before) = before {
        application_bucket::forget(cx, &before).await;
    }
    tell(cx, account);
    with_address(cx, &mut *cx.store.read().await?, row).await
}

/// Makes what was uploaded the package's content. Of an active package a new upload takes the place of the content, where the
/// application allows it; without one nothing changes, so that a call can be sent again.
///
/// # Errors
/// `ApplicationNotFound`, `ApplicationPackageNotFound`, `ApplicationPackageBlobNotFound`, `ApplicationUpdatesNotAllowed`,
/// `InvalidPropertyValue`.
pub async fn application_package_activate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
    version: &str,
    format: &str,
) -> Result<api::ApplicationPackage> {
    caller.may(Some(account), Permission::PoolWrite)?;
    rules::check_format(format)?;
    let (cx_, account_, only_if) = (cx.clone(), account.clone(), caller.only_if.clone());
    let uploaded = application_bucket::take(cx, account, application, version).await?;
    let (application, version) = (application.to_owned(), version.to_owned());
    let copy = uploaded.clone();
    let activating = cx.store.write::<_, super::Error, _>(move |conn| {
        Box::pin(async move {
            let owner = find_application(conn, &account_, &application).await?;
            let mut row = find_in(conn, owner.key, &version).await?;
            let before = row.clone();
            etag::check(&only_if, row.etag, row.modified)?;
            let now = cx_.clock.now();
            let Some(uploaded) = find_uploaded(conn, &row, uploaded).await? else {
                return match row.state {
                    PackageState::Active => Ok((row, Vec::new(), None)),
                    PackageState::Pending => Err(Code::ApplicationPackageBlobNotFound.into()),
                };
            };
            if let Some(code) = rules::replace_refusal(owner.allow_updates, row.state) {
                return Err(code.into());
            }
            let mut files = Vec::new();
            let (content, length) = match uploaded {
                Content::InFiles { container_key, length } => {
                    files = delete_blob(conn, container_key, row.content.as_deref()).await?;
                    let content = new_blob_name(&cx_, &owner.id, &row.version);
                    store::blob::rename(conn, container_key, &row.upload, &content).await?;
                    (content, length)
                }
                Content::InBucket(taken) => (taken.content, taken.length),
            };
            (row.content, row.content_length) = (Some(content), Some(length));
            (row.state, row.format) = (PackageState::Active, Some(rules::FORMAT.to_owned()));
            row.activated = Some(now);
            touch_package(&mut row, now);
            store::application_package::save(conn, &row).await?;
            Ok((row, files, Some(before)))
        })
    });
    let (row, files, before) = match activating.await {
        Ok(done) => done,
        Err(error) => {
            application_bucket::drop_copy(cx, &copy).await;
            return Err(error);
        }
    };
    cx.blobs.remove(&files).await;
    match before {
        Some(before) => application_bucket::forget(cx, &before).await,
        // Another call was faster.
        None => application_bucket::drop_copy(cx, &copy).await,
    }
    tracing::info!(account = %account, application = %row.container, version = row.version, "a package was activated");
    tell(cx, account);
    Ok(to_api(row))
}

/// What a package is to have.
enum Content {
    InFiles { container_key: i64, length: i64 },
    InBucket(Taken),
}

async fn find_uploaded(conn: &mut Conn, row: &PackageRow, uploaded: Uploaded) -> Result<Option<Content>> {
    match uploaded {
        Uploaded::Nothing => Ok(None),
        // What was emptied meanwhile has another name for its upload.
        Uploaded::Taken(taken) => Ok((taken.upload == row.upload).then_some(Content::InBucket(taken))),
        Uploaded::InFiles => {
            let Some(container_key) = find_container(conn, row).await? else { return Ok(None) };
            let found = store::blob::find(conn, container_key, &row.upload).await?.filter(|blob| blob.length > 0);
            Ok(found.map(|blob| Content::InFiles { container_key, length: blob.length }))
        }
    }
}

/// Deletes a package and what was uploaded for it. Nodes that have it keep it.
///
/// # Errors
/// `ApplicationNotFound`, `ApplicationPackageNotFound`, `ApplicationUpdatesNotAllowed`, `ConditionNotMet`.
pub async fn application_package_delete(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
    version: &str,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (account_, now, only_if) = (account.clone(), cx.clock.now(), caller.only_if.clone());
    let (application, version) = (application.to_owned(), version.to_owned());
    let (files, before) = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut owner = find_application(conn, &account_, &application).await?;
                let row = find_in(conn, owner.key, &version).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                if let Some(code) = rules::package_delete_refusal(owner.allow_updates, row.state) {
                    return Err(code.into());
                }
                let files = delete_blobs(conn, &row).await?;
                let before = row.clone();
                store::application_package::delete(conn, row.key).await?;
                if owner.default_version.as_ref().is_some_and(|default| default.eq_ignore_ascii_case(&row.version)) {
                    owner.default_version = None;
                    touch(&mut owner, now);
                    store::application::save(conn, &owner).await?;
                }
                Ok((files, before))
            })
        })
        .await?;
    cx.blobs.remove(&files).await;
    application_bucket::forget(cx, &before).await;
    tell(cx, account);
    Ok(())
}

async fn find(conn: &mut Conn, account: &AccountName, application: &str, version: &str) -> Result<PackageRow> {
    let owner = find_application(conn, account, application).await?;
    find_in(conn, owner.key, version).await
}

pub(super) async fn find_in(conn: &mut Conn, application_key: i64, version: &str) -> Result<PackageRow> {
    let found = store::application_package::find(conn, application_key, version).await?;
    found.ok_or_else(|| Code::ApplicationPackageNotFound.into())
}

fn new_row(application_key: i64, version: String, storage: String, container: String, now: Timestamp) -> PackageRow {
    PackageRow {
        key: 0,
        application_key,
        version,
        state: PackageState::Pending,
        format: None,
        storage,
        container,
        upload: String::new(),
        content: None,
        content_length: None,
        activated: None,
        created: now,
        modified: now,
        etag: etag::first(now),
    }
}

fn touch_package(row: &mut PackageRow, now: Timestamp) {
    row.modified = now;
    row.etag = etag::next(row.etag, now);
}

fn container_of(account: &AccountName, application: &str) -> String {
    let hash = secret::hash(&format!("{account}/{}", application.to_ascii_lowercase()));
    let hash: String = hash[..20].iter().map(|b| format!("{b:02x}")).collect();
    rules::container_name(application, &hash)
}

/// A name that no blob had before. Source: `{application}-{version}-{guid}` in Azure.
pub(super) fn new_blob_name(cx: &Context, application: &str, version: &str) -> String {
    format!("{}-{version}-{}", application.to_ascii_lowercase(), cx.random.hex(16))
}

async fn find_container(conn: &mut Conn, row: &PackageRow) -> Result<Option<i64>> {
    let Some(storage) = store::storage::find(conn, &row.storage).await? else { return Ok(None) };
    let container = store::storage::container(conn, storage.key, &row.container).await?;
    Ok(container.map(|container| container.key))
}

async fn ensure_container(conn: &mut Conn, storage_key: i64, name: &str, now: Timestamp) -> Result<()> {
    let etag = etag::first(now);
    let row = ContainerRow { key: 0, name: name.to_owned(), metadata: Default::default(), modified: now, etag };
    store::storage::insert_container(conn, storage_key, &row).await?;
    Ok(())
}

/// Both blobs of a package go; their files, which go after the commit, are returned.
async fn delete_blobs(conn: &mut Conn, row: &PackageRow) -> Result<Vec<String>> {
    let Some(container_key) = find_container(conn, row).await? else { return Ok(Vec::new()) };
    let mut files = delete_blob(conn, container_key, row.content.as_deref()).await?;
    files.extend(delete_blob(conn, container_key, Some(&row.upload)).await?);
    let blocks = store::blob::blocks(conn, container_key, &row.upload).await?;
    files.extend(blocks.into_iter().map(|block| block.file));
    store::blob::delete_blocks(conn, container_key, &row.upload).await?;
    Ok(files)
}

async fn delete_blob(conn: &mut Conn, container_key: i64, name: Option<&str>) -> Result<Vec<String>> {
    let Some(name) = name else { return Ok(Vec::new()) };
    let Some(blob) = store::blob::find(conn, container_key, name).await? else { return Ok(Vec::new()) };
    store::blob::delete(conn, container_key, name).await?;
    Ok(blob.parts.into_iter().map(|part| part.file).collect())
}

async fn with_address(cx: &Context, conn: &mut Conn, row: PackageRow) -> Result<api::ApplicationPackage> {
    let mut package = to_api(row.clone());
    if row.state == PackageState::Pending
        && let Some(storage) = store::storage::find(conn, &row.storage).await?
    {
        let address = blob_url(cx, &storage, &row.container, &row.upload, "rcw", UPLOAD_LIFE);
        (package.storage_url, package.storage_url_expiry) = (Some(address.url), Some(address.expiry_time));
    }
    Ok(package)
}

fn to_api(row: PackageRow) -> api::ApplicationPackage {
    api::ApplicationPackage {
        version: row.version,
        state: row.state,
        format: row.format,
        storage_url: None,
        storage_url_expiry: None,
        last_activation_time: row.activated,
        content_length: row.content_length,
        creation_time: row.created,
        last_modified: row.modified,
        e_tag: etag::text(row.etag),
    }
}
