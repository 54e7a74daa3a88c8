//! The storage that is linked to an account, for those who look after the account: what it is, and what it could be.

use super::account::{change, find as find_account};
use super::storage::account::to_api;
use super::{Caller, Context, Result};
use crate::api::{self, Code, Timestamp};
use crate::domain::account::{self as rules, storage_account_name};
use crate::domain::ids::AccountName;
use crate::domain::permission::{Permission, TO_CHOOSE_STORAGE};
use crate::store;
use crate::store::account::AccountRow;

/// # Errors
/// `AccountNotFound`.
pub async fn account_storage_get(cx: &Context, caller: &Caller, account: &AccountName) -> Result<api::LinkedStorage> {
    caller.may(Some(account), Permission::AccountRead)?;
    let mut conn = cx.store.read().await?;
    let row = find_account(&mut conn, account).await?;
    let all = store::storage::all(&mut conn).await?;
    let linked = row.storage_account_id.as_deref().map(storage_account_name);
    let found = all.iter().find(|storage| Some(storage.name.as_str()) == linked);
    // Who cannot choose has no need to know the others.
    let may_choose = caller.may(Some(account), Permission::AccountWrite).and_then(|()| may_use_storage(caller)).is_ok();
    Ok(api::LinkedStorage {
        account: found.map(|storage| to_api(cx, storage)),
        choices: if may_choose { all.iter().map(|storage| storage.name.clone()).collect() } else { Vec::new() },
        last_key_sync: row.storage_synced,
        storage_account_id: row.storage_account_id,
    })
}

/// Notes that the keys are to be taken as they are now. Nothing here keeps a copy of them, so there is nothing else to do.
///
/// # Errors
/// `AutoStorageNotConfigured`, and those of [`account_storage_set`].
pub async fn account_storage_sync(cx: &Context, caller: &Caller, account: &AccountName) -> Result<api::Account> {
    caller.may(Some(account), Permission::AccountWrite)?;
    let row = find_account(&mut *cx.store.read().await?, account).await?;
    let id = row.storage_account_id.ok_or(Code::AutoStorageNotConfigured)?;
    account_storage_set(cx, caller, account, Some(id)).await
}

/// Links a storage account, or unlinks it.
///
/// # Errors
/// `AccountNotFound`, `InvalidPropertyValue`, `OperationInvalidForCurrentState` while it is being deleted;
/// `InsufficientAccountPermissions` for another storage account than before, without the right to use them all.
pub async fn account_storage_set(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    storage_account_id: Option<String>,
) -> Result<api::Account> {
    if let Some(id) = &storage_account_id {
        rules::check_storage_account_id(id)?;
    }
    let may_use = may_use_storage(caller);
    change(cx, caller, account, move |row, now| set_storage(row, storage_account_id, may_use, now)).await
}

/// Whether the caller may let the tasks of an account use whatever storage there is.
pub(super) fn may_use_storage(caller: &Caller) -> Result<()> {
    caller.may(None, TO_CHOOSE_STORAGE)
}

pub(super) fn set_storage(row: &mut AccountRow, id: Option<String>, may_use: Result<()>, now: Timestamp) -> Result<()> {
    if rules::is_new_storage(row.storage_account_id.as_deref(), id.as_deref()) {
        may_use?;
    }
    row.storage_synced = id.as_ref().map(|_| now);
    row.storage_account_id = id;
    Ok(())
}
