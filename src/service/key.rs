//! Keys of accounts. What is kept of them in memory is true while no account changes ([`SigningKeys`]), so that a replaced
//! key is dead when its replacement is answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Caller, Context, Error, Result};
use crate::api::{
    self, AccountKeys, AuthenticationMode, Changed, Code, KeyName, ProvisioningState, PublicNetworkAccess, Secret,
};
use crate::auth::secret;
use crate::domain::ids::AccountName;
use crate::domain::network_access;
use crate::domain::permission::Permission;
use crate::store::changes::{Changes, Version};
use crate::store::key as table;
pub use crate::store::key::KeysRow;

/// When each key was last used; the keys themselves are left empty.
///
/// # Errors
/// `AccountNotFound`.
pub async fn key_info(cx: &Context, caller: &Caller, account: &AccountName) -> Result<AccountKeys> {
    caller.may(Some(account), Permission::AccountRead)?;
    let keys = to_api(cx, account, find(cx, account).await?);
    Ok(AccountKeys { primary: String::new(), secondary: String::new(), ..keys })
}

/// Both keys. Reading them is written to the log.
///
/// # Errors
/// `AccountNotFound`; `InvalidRestAPIForAccountSetting` when the account takes no shared keys.
pub async fn key_list(cx: &Context, caller: &Caller, account: &AccountName) -> Result<AccountKeys> {
    caller.may(Some(account), Permission::KeyRead)?;
    let row = find(cx, account).await?;
    check_usable(&row)?;
    let keys = to_api(cx, account, row);
    tracing::info!(%account, user = caller.name(), from = caller.from_text(), "the keys of an account were read");
    Ok(keys)
}

/// Replaces one key; the old one stops working at once.
///
/// # Errors
/// As [`key_list`].
pub async fn key_regenerate(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    which: KeyName,
) -> Result<AccountKeys> {
    caller.may(Some(account), Permission::KeyWrite)?;
    let (name, new) = (account.clone(), new_key(cx));
    let keys = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let mut keys = table::find(conn, &name).await?.ok_or(Error::from(Code::AccountNotFound))?;
                check_usable(&keys)?;
                table::replace(conn, keys.account_key, which, &new).await?;
                match which {
                    KeyName::Primary => (keys.primary, keys.primary_last_used) = (new, None),
                    KeyName::Secondary => (keys.secondary, keys.secondary_last_used) = (new, None),
                }
                Ok::<_, Error>(keys)
            })
        })
        .await?;
    cx.identity.key_uses.forget(keys.account_key, which);
    tracing::info!(%account, key = %which, user = caller.name(), from = caller.from_text(), "a key of an account was replaced");
    cx.events.tell(account.as_str(), Changed::Keys);
    Ok(to_api(cx, account, keys))
}

/// Keys of the accounts that called lately: every request of the data plane needs them.
#[derive(Default)]
pub struct SigningKeys(Mutex<Known>);

/// With the moment before they were read.
type Known = HashMap<AccountName, (Version, Arc<KeysRow>)>;

impl SigningKeys {
    fn get(&self, changes: &Changes, account: &AccountName) -> Option<Arc<KeysRow>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(account).filter(|(version, _)| changes.accounts_are_as_at(*version)).map(|(_, keys)| keys.clone())
    }

    fn keep(&self, version: Version, account: &AccountName, keys: Option<&Arc<KeysRow>>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match keys {
            Some(keys) => known.insert(account.clone(), (version, keys.clone())),
            None => known.remove(account),
        };
    }
}

/// The keys that a signature of the account is checked with now. For the data plane's authentication.
///
/// # Errors
/// None for an unknown account, which must take as long to refuse as a wrong signature.
pub async fn signing_keys(cx: &Context, account: &AccountName) -> Result<Option<Arc<KeysRow>>> {
    if let Some(keys) = cx.signing_keys.get(cx.store.changes(), account) {
        return Ok(Some(keys));
    }
    let version = cx.store.changes().version();
    let found = table::find(&mut *cx.store.read().await?, account).await?.map(Arc::new);
    cx.signing_keys.keep(version, account, found.as_ref());
    Ok(found)
}

/// Whether the account answers calls to its data plane.
///
/// # Errors
/// `AccountIsDisabled` while it is made or deleted; `Forbidden` when it is closed to the network.
pub fn check_open(keys: &KeysRow, from: Option<IpAddr>) -> Result<()> {
    match (keys.state, keys.public_network_access) {
        (ProvisioningState::Succeeded, PublicNetworkAccess::Enabled)
            if network_access::lets_in(&keys.network_profile, network_access::Door::Account, from) =>
        {
            Ok(())
        }
        (ProvisioningState::Succeeded, PublicNetworkAccess::Enabled) => {
            let from = from.map_or_else(|| "an unknown address".to_owned(), |from| from.to_canonical().to_string());
            let reason = format!("The account's network rules do not let callers from {from} in.");
            Err(api::Error::new(Code::Forbidden).with("Reason", reason).into())
        }
        (ProvisioningState::Succeeded, PublicNetworkAccess::Disabled) => {
            Err(api::Error::new(Code::Forbidden).with("Reason", "The account's network access is disabled.").into())
        }
        _ => Err(Code::AccountIsDisabled.into()),
    }
}

/// Whether callers of the account's data plane may prove who they are in this way.
///
/// # Errors
/// `AuthenticationFailed`.
pub fn check_mode(keys: &KeysRow, mode: AuthenticationMode) -> Result<()> {
    if keys.authentication_modes.is_empty() || keys.authentication_modes.contains(&mode) {
        return Ok(());
    }
    let detail = format!("the account's allowedAuthenticationModes do not have {mode}");
    Err(api::Error::new(Code::AuthenticationFailed).with("AuthenticationErrorDetail", detail).into())
}

/// Keys that open nothing are not given out, so that nobody builds on them.
fn check_usable(keys: &KeysRow) -> Result<()> {
    check_mode(keys, AuthenticationMode::SharedKey).map_err(|_| {
        let reason = "The account's allowedAuthenticationModes do not have SharedKey, so its keys open nothing.";
        api::Error::new(Code::InvalidRestAPIForAccountSetting).with("Reason", reason).into()
    })
}

/// Notes that a request was signed with the key. Stored by [`store_key_uses`] within about a minute.
pub fn key_used(cx: &Context, account_key: i64, which: KeyName) {
    cx.identity.key_uses.record(account_key, which, cx.clock.now());
}

/// Stores the uses of keys since the last call.
pub async fn store_key_uses(cx: &Context) -> Result<()> {
    let uses = cx.identity.key_uses.take();
    if uses.is_empty() {
        return Ok(());
    }
    cx.store.write(move |conn| Box::pin(async move { table::used(conn, &uses).await.map_err(Error::from) })).await
}

pub(super) fn new_key(cx: &Context) -> Secret {
    let mut bytes = [0; 64];
    cx.random.fill(&mut bytes);
    secret::account_key(&bytes)
}

async fn find(cx: &Context, account: &AccountName) -> Result<KeysRow> {
    table::find(&mut *cx.store.read().await?, account).await?.ok_or_else(|| Code::AccountNotFound.into())
}

fn to_api(cx: &Context, account: &AccountName, keys: KeysRow) -> AccountKeys {
    let uses = &cx.identity.key_uses;
    AccountKeys {
        account_name: account.to_string(),
        primary: keys.primary.0,
        secondary: keys.secondary.0,
        primary_last_used: uses.waiting(keys.account_key, KeyName::Primary).or(keys.primary_last_used),
        secondary_last_used: uses.waiting(keys.account_key, KeyName::Secondary).or(keys.secondary_last_used),
    }
}
