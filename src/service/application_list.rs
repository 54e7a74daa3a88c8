//! Applications as the portal lists them: page by page, and all at once where one is to be chosen.

use super::account::find as find_account;
use super::application::to_api;
use super::{Caller, Context, Result, application_package, page};
use crate::api;
use crate::domain::application::MOST_PACKAGES;
use crate::domain::ids::AccountName;
use crate::domain::odata::Slice;
use crate::domain::permission::Permission;
use crate::store;
use crate::store::application::{ApplicationRow, select_applications};
use crate::store::listing::{Listing, Place};

pub async fn application_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    query: &api::ListQuery,
) -> Result<api::Page<api::Application>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let sort_column = match query.sort.as_str() {
        "" | "id" => "id",
        "creationTime" => "created",
        "lastModified" => "modified",
        other => return Err(page::invalid("sort", other, "id, creationTime or lastModified").into()),
    };
    let listing = page::listing(query, select_applications!(""), ("account_key", owner.key), sort_column)?;
    // Applications have no states.
    let rows = store::listing::rows(&mut conn, &Listing { states: &[], ..listing }).await?;
    let place = |row: &ApplicationRow| {
        let place = match sort_column {
            "created" => Place::Number(row.created.micros()),
            "modified" => Place::Number(row.modified.micros()),
            _ => Place::Text(row.id.clone()),
        };
        (place, row.key)
    };
    let mut page = page::page(store::application::readable(&rows), page::limit(query), place, to_api);
    if query.search.is_empty() {
        page.total = Some(store::application::count(&mut conn, owner.key).await?);
    }
    Ok(page)
}

/// The versions of an application, the newest first.
///
/// # Errors
/// `ApplicationNotFound`.
pub async fn application_package_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    application: &str,
) -> Result<Vec<api::ApplicationPackage>> {
    let all = Slice { limit: usize::try_from(MOST_PACKAGES).unwrap_or(usize::MAX), ..Slice::default() };
    let found = application_package::application_package_slice(cx, caller, account, application, &all).await?;
    let mut packages = found.items;
    packages.sort_by_key(|package| std::cmp::Reverse(package.creation_time));
    Ok(packages)
}

/// What pools and tasks can refer to: applications with their active versions.
pub async fn application_choice_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
) -> Result<Vec<api::ApplicationChoice>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let rows = store::application::all(&mut conn, owner.key).await?;
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let versions = store::application_package::active_versions(&mut conn, &keys).await?;
    let choice = |row: ApplicationRow| api::ApplicationChoice {
        versions: versions.iter().filter(|(key, _)| *key == row.key).map(|(_, version)| version.clone()).collect(),
        id: row.id,
        default_version: row.default_version,
    };
    Ok(rows.into_iter().map(choice).filter(|choice| !choice.versions.is_empty()).collect())
}
