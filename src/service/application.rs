//! Applications of accounts. Their packages are in [`super::application_package`].

use super::account::find as find_account;
use super::storage::linked::linked_or_refuse;
use super::{Caller, Context, Result, etag};
use crate::api::{self, Changed, Code, Timestamp};
use crate::domain::application as rules;
use crate::domain::ids::AccountName;
use crate::domain::odata::{Slice, Stretch};
use crate::domain::permission::Permission;
use crate::store::application::{ApplicationRow, select_applications};
use crate::store::filter::{Table, rows};
use crate::store::{self, Conn};

const ALL: Table = Table {
    select: select_applications!("account_key"),
    select_id: "SELECT id FROM applications WHERE account_key",
    columns: &[],
};

/// The data plane's: those with an active package.
const USABLE: Table = Table {
    select: select_applications!(
        "EXISTS (SELECT 1 FROM application_packages WHERE application_key = a.key AND state = 'Active') AND account_key"
    ),
    select_id: "SELECT id FROM applications WHERE account_key",
    columns: &[],
};

pub async fn application_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<api::Application>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let found = rows(&mut conn, &ALL, owner.key, slice).await?;
    Ok(found.map(|rows| store::application::readable(&rows).into_iter().map(to_api).collect()))
}

/// # Errors
/// `ApplicationNotFound`.
pub async fn application_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
) -> Result<api::Application> {
    caller.may(Some(account), Permission::PoolRead)?;
    find(&mut *cx.store.read().await?, account, id).await.map(to_api)
}

/// Makes an application. One that is there takes what is given, as by [`application_update`]: a call that is sent again changes
/// nothing. Source: Application_Create, which answers 200 only. Chosen here: what is not given stays.
///
/// # Errors
/// `AutoStorageNotConfigured`, `ApplicationQuotaReached`, `InvalidPropertyValue`, `ConditionNotMet`.
pub async fn application_create(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
    only_if_absent: bool,
    create: api::ApplicationPatch,
) -> Result<api::Application> {
    caller.may(Some(account), Permission::PoolWrite)?;
    rules::check_id("applicationName", id)?;
    rules::check_patch(&create)?;
    let (account_, id, now, only_if) = (account.clone(), id.to_owned(), cx.clock.now(), caller.only_if.clone());
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_account(conn, &account_).await?;
                linked_or_refuse(conn, owner.key).await?;
                if let Some(mut row) = store::application::find(conn, owner.key, &id).await? {
                    if only_if_absent {
                        return Err(Code::ConditionNotMet.into());
                    }
                    etag::check(&only_if, row.etag, row.modified)?;
                    change(conn, &mut row, create, now).await?;
                    return Ok(row);
                }
                if store::application::count(conn, owner.key).await? >= rules::MOST_APPLICATIONS {
                    return Err(Code::ApplicationQuotaReached.into());
                }
                let mut row = ApplicationRow {
                    key: 0,
                    account_key: owner.key,
                    id,
                    display_name: None,
                    allow_updates: true,
                    default_version: None,
                    created: now,
                    modified: now,
                    etag: etag::first(now),
                    n_packages: 0,
                    n_active: 0,
                };
                row.key = store::application::insert(conn, &row).await?;
                change(conn, &mut row, create, now).await?;
                Ok(row)
            })
        })
        .await?;
    tell(cx, account);
    Ok(to_api(row))
}

/// Changes what is given.
///
/// # Errors
/// `ApplicationNotFound`, `InvalidPropertyValue`, `ConditionNotMet`.
pub async fn application_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
    patch: api::ApplicationPatch,
) -> Result<api::Application> {
    caller.may(Some(account), Permission::PoolWrite)?;
    rules::check_patch(&patch)?;
    let (account_, id, now, only_if) = (account.clone(), id.to_owned(), cx.clock.now(), caller.only_if.clone());
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account_, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                change(conn, &mut row, patch, now).await?;
                Ok(row)
            })
        })
        .await?;
    tell(cx, account);
    Ok(to_api(row))
}

async fn change(conn: &mut Conn, row: &mut ApplicationRow, patch: api::ApplicationPatch, now: Timestamp) -> Result<()> {
    let api::ApplicationPatch { display_name, allow_updates, default_version } = patch;
    if display_name.is_none() && allow_updates.is_none() && default_version.is_none() {
        return Ok(());
    }
    let not_empty = |text: String| Some(text).filter(|text| !text.is_empty());
    if let Some(name) = display_name {
        row.display_name = not_empty(name);
    }
    row.allow_updates = allow_updates.unwrap_or(row.allow_updates);
    if let Some(version) = default_version {
        row.default_version = match not_empty(version) {
            None => None,
            Some(version) => {
                let found = store::application_package::find(conn, row.key, &version).await?;
                let reason = "the application has no such version";
                Some(found.ok_or_else(|| api::Error::invalid_property("defaultVersion", &version, reason))?.version)
            }
        };
    }
    touch(row, now);
    Ok(store::application::save(conn, row).await?)
}

/// Deletes an application without packages.
///
/// # Errors
/// `ApplicationNotFound`, `ApplicationNotEmpty`, `ConditionNotMet`.
pub async fn application_delete(cx: &Context, caller: &Caller, account: &AccountName, id: &str) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (account_, id, only_if) = (account.clone(), id.to_owned(), caller.only_if.clone());
    cx.store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let row = find(conn, &account_, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                match rules::delete_refusal(row.n_packages) {
                    Some(code) => Err(code.into()),
                    None => Ok(store::application::delete(conn, row.key).await?),
                }
            })
        })
        .await?;
    tell(cx, account);
    Ok(())
}

/// Applications with their active packages, as the data plane shows them.
pub async fn application_summary_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<api::ApplicationSummary>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let found = rows(&mut conn, &USABLE, owner.key, slice).await?;
    let next = found.next;
    Ok(Stretch { items: summaries(&mut conn, store::application::readable(&found.items)).await?, next })
}

/// # Errors
/// `ApplicationNotFound`, also for an application without an active package.
pub async fn application_summary_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
) -> Result<api::ApplicationSummary> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    let summary = summaries(&mut conn, vec![row]).await?.pop();
    summary.filter(|summary| !summary.versions.is_empty()).ok_or_else(|| Code::ApplicationNotFound.into())
}

async fn summaries(conn: &mut Conn, rows: Vec<ApplicationRow>) -> Result<Vec<api::ApplicationSummary>> {
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let versions = store::application_package::active_versions(conn, &keys).await?;
    let of =
        |key: i64| versions.iter().filter(|(owner, _)| *owner == key).map(|(_, version)| version.clone()).collect();
    let summary = |row: ApplicationRow| api::ApplicationSummary {
        versions: of(row.key),
        display_name: row.display_name.unwrap_or_else(|| row.id.clone()),
        id: row.id,
    };
    Ok(rows.into_iter().map(summary).collect())
}

/// The stored application.
///
/// # Errors
/// `AccountNotFound`, `ApplicationNotFound`.
pub(super) async fn find(conn: &mut Conn, account: &AccountName, id: &str) -> Result<ApplicationRow> {
    let owner = find_account(conn, account).await?;
    store::application::find(conn, owner.key, id).await?.ok_or_else(|| Code::ApplicationNotFound.into())
}

pub(super) fn touch(row: &mut ApplicationRow, now: Timestamp) {
    row.modified = now;
    row.etag = etag::next(row.etag, now);
}

pub(super) fn tell(cx: &Context, account: &AccountName) {
    cx.events.tell(account.as_str(), Changed::Applications);
}

pub(super) fn to_api(row: ApplicationRow) -> api::Application {
    api::Application {
        id: row.id,
        display_name: row.display_name,
        allow_updates: row.allow_updates,
        default_version: row.default_version,
        n_packages: row.n_packages,
        n_active_packages: row.n_active,
        creation_time: row.created,
        last_modified: row.modified,
        e_tag: etag::text(row.etag),
    }
}
