//! Accounts and the places they can be in.

use super::account_storage::{may_use_storage, set_storage};
use super::context::Signal;
use super::resource_group::{resource_group_get, subscription_get};
use super::{Caller, Context, Error, Result, etag, key, page};
use crate::api::{self, Changed, Code, ProvisioningState, PublicNetworkAccess, Timestamp};
use crate::domain::account as rules;
use crate::domain::ids::AccountName;
use crate::domain::network_access;
use crate::domain::odata::{Slice, Stretch};
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::store::Conn;
use crate::store::account::{self as table, AccountRow, After, ListAccounts, SortBy};

/// The resource group of accounts whose creator names none.
pub const DEFAULT_RESOURCE_GROUP: &str = "default";

/// A page of the accounts that the caller may see.
///
/// # Errors
/// `InvalidQueryParameterValue` for an unknown sort column, state or cursor.
pub async fn account_list(
    cx: &Context,
    caller: &Caller,
    query: &api::ListQuery,
) -> Result<api::Page<api::AccountSummary>> {
    let only = caller.where_may(Permission::AccountRead)?;
    let limit = page::limit(query);
    let ask = ListAccounts { limit: limit + 1, only, ..list_ask(query)? };
    let mut conn = cx.store.read().await?;
    let rows = table::list(&mut conn, &ask).await?;
    let mut counts = table::counts(&mut conn, &rows).await?;
    let total = table::list_total(&mut conn, &ask).await?;
    let summaries = rows.into_iter().map(|row| (counts.remove(&row.key).unwrap_or_default(), row)).collect();
    let page = page::page(
        summaries,
        limit,
        |(_, row)| (ask.value_of(row), row.key),
        |(counts, row)| api::AccountSummary { account: to_api(cx, &row), counts },
    );
    Ok(api::Page { total: Some(total), ..page })
}

/// Accounts of a subscription, or of a resource group in it, by name.
///
/// # Errors
/// `SubscriptionNotFound`, `ResourceGroupNotFound`.
pub async fn account_slice(
    cx: &Context,
    caller: &Caller,
    subscription: &str,
    group: Option<&str>,
    slice: &Slice,
) -> Result<Stretch<api::Account>> {
    let subscription = subscription_get(cx, caller, subscription).await?;
    if let Some(group) = group {
        resource_group_get(cx, caller, &subscription, group).await?;
    }
    let ask = ListAccounts {
        prefix: String::new(),
        states: Vec::new(),
        subscription: Some(subscription),
        group: group.map(str::to_owned),
        only: caller.where_may(Permission::AccountRead)?,
        sort: SortBy::Name,
        descending: false,
        // Names are unique: any key stands for the one of that name.
        after: slice.after.clone().map(|name| (After::Text(name), i64::MAX)),
        limit: i64::try_from(slice.limit).unwrap_or(i64::MAX - 1) + 1,
    };
    let mut rows = table::list(&mut *cx.store.read().await?, &ask).await?;
    let more = rows.len() > slice.limit;
    rows.truncate(slice.limit);
    let next = rows.last().filter(|_| more).map(|row| row.name.to_string());
    Ok(Stretch { items: rows.iter().map(|row| to_api(cx, row)).collect(), next })
}

fn list_ask(query: &api::ListQuery) -> Result<ListAccounts> {
    let sort = match query.sort.as_str() {
        "" | "id" | "name" => SortBy::Name,
        "creationTime" => SortBy::Created,
        "location" => SortBy::Location,
        other => {
            return Err(page::invalid("sort", other, "Accounts are sorted by name, creationTime or location.").into());
        }
    };
    let state = |text: &String| {
        text.parse::<ProvisioningState>().map_err(|_| page::invalid("states", text, "It is no state of an account."))
    };
    let states = query.states.iter().map(state).collect::<std::result::Result<_, _>>()?;
    let prefix = query.search.trim().to_ascii_lowercase();
    Ok(ListAccounts {
        prefix,
        states,
        subscription: None,
        group: None,
        only: None,
        sort,
        descending: query.descending,
        after: page::after(&query.cursor)?,
        limit: 0,
    })
}

/// One account with its counts.
///
/// # Errors
/// `AccountNotFound`.
pub async fn account_get(cx: &Context, caller: &Caller, account: &AccountName) -> Result<api::AccountSummary> {
    caller.may(Some(account), Permission::AccountRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account).await?;
    let mut counts = table::counts(&mut conn, std::slice::from_ref(&row)).await?;
    Ok(api::AccountSummary { account: to_api(cx, &row), counts: counts.remove(&row.key).unwrap_or_default() })
}

/// Whether the account that was made then is not there any more. Whoever knows when it was made has known it, and that nothing is there
/// is no secret.
pub async fn account_is_gone(cx: &Context, account: &AccountName, made: Timestamp) -> Result<bool> {
    let row = table::find(&mut *cx.store.read().await?, account).await?;
    Ok(row.is_none_or(|row| row.created != made))
}

/// Whether the caller changes the account, for a change that says nothing new.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_change(caller: &Caller, account: &AccountName) -> Result<()> {
    caller.may(Some(account), Permission::AccountWrite)
}

/// Makes an account with two new keys.
///
/// # Errors
/// `InvalidPropertyValue`, `AccountExists`.
pub async fn account_create(cx: &Context, caller: &Caller, create: api::AccountCreate) -> Result<api::Account> {
    caller.may(None, Permission::AccountWrite)?;
    let row = new_row(cx, create)?;
    let (primary, secondary) = (key::new_key(cx), key::new_key(cx));
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let key = table::insert(conn, &row, &primary, &secondary).await?;
                key.map(|key| AccountRow { key, ..row }).ok_or(Error::from(Code::AccountExists))
            })
        })
        .await?;
    tracing::info!(account = %row.name, user = caller.name(), "an account was made");
    cx.events.tell("", Changed::Accounts);
    Ok(to_api(cx, &row))
}

fn new_row(cx: &Context, create: api::AccountCreate) -> Result<AccountRow> {
    let name = create
        .name
        .parse::<AccountName>()
        .map_err(|e| api::Error::invalid_property("name", &create.name, e.to_string()))?;
    let location = cx.installation.known_location(&create.location)?;
    let subscription_id = create.subscription_id.unwrap_or_else(|| cx.installation.subscription_id.clone());
    let resource_group = create.resource_group.unwrap_or_else(|| DEFAULT_RESOURCE_GROUP.to_owned());
    rules::check_subscription_id(&subscription_id)?;
    rules::check_resource_group(&resource_group)?;
    rules::check_tags(&create.tags)?;
    create.network_profile.as_ref().map_or(Ok(()), network_access::check)?;
    create.storage_account_id.as_deref().map_or(Ok(()), rules::check_storage_account_id)?;
    let now = cx.clock.now();
    Ok(AccountRow {
        key: 0,
        name,
        subscription_id,
        resource_group,
        location: location.name.clone(),
        state: ProvisioningState::Succeeded,
        public_network_access: create.public_network_access.unwrap_or(PublicNetworkAccess::Enabled),
        network_profile: create.network_profile.unwrap_or_default(),
        authentication_modes: create.allowed_authentication_modes,
        storage_synced: create.storage_account_id.as_ref().map(|_| now),
        storage_account_id: create.storage_account_id,
        tags: create.tags,
        quotas: api::AccountQuotas::default(),
        created: now,
        modified: now,
        etag: etag::first(now),
        n_pools: 0,
        n_jobs: 0,
        n_active_jobs: 0,
        n_job_schedules: 0,
        n_active_job_schedules: 0,
    })
}

/// Whether an account can have this name. Always an answer, never an error of the name.
pub async fn account_name_check(cx: &Context, caller: &Caller, name: &str) -> Result<api::NameAvailability> {
    caller.may(None, Permission::AccountRead)?;
    let Ok(account) = name.parse::<AccountName>() else {
        return Ok(rules::name_refusal(name).expect("what is no account name is refused"));
    };
    let taken = table::find(&mut *cx.store.read().await?, &account).await?.is_some();
    Ok(api::NameAvailability {
        name_available: !taken,
        reason: taken.then_some(api::NameUnavailableReason::AlreadyExists),
        message: taken.then(|| format!("There is an account named {account} already.")),
    })
}

/// Changes what is given.
///
/// # Errors
/// `AccountNotFound`, `InvalidPropertyValue`, `OperationInvalidForCurrentState` while it is being deleted.
pub async fn account_patch(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    patch: api::AccountPatch,
) -> Result<api::Account> {
    if let Some(tags) = &patch.tags {
        rules::check_tags(tags)?;
    }
    patch.network_profile.as_ref().map_or(Ok(()), network_access::check)?;
    let storage = patch.storage_account_id.map(|id| Some(id).filter(|id| !id.is_empty()));
    storage.iter().flatten().try_for_each(|id| rules::check_storage_account_id(id))?;
    let may_use = may_use_storage(caller);
    change(cx, caller, account, move |row, now| {
        row.tags = patch.tags.unwrap_or_else(|| std::mem::take(&mut row.tags));
        row.public_network_access = patch.public_network_access.unwrap_or(row.public_network_access);
        row.network_profile = patch.network_profile.unwrap_or_else(|| std::mem::take(&mut row.network_profile));
        if let Some(modes) = patch.allowed_authentication_modes {
            row.authentication_modes = modes;
        }
        storage.map_or(Ok(()), |id| set_storage(row, id, may_use, now))
    })
    .await
}

/// Sets the limits of an account. Source: in Azure the operator does, on request; chosen here: who looks after users.
///
/// # Errors
/// `AccountNotFound`, `InvalidPropertyValue`, `OperationInvalidForCurrentState` while it is being deleted.
pub async fn account_quotas_set(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    quotas: api::AccountQuotas,
) -> Result<api::Account> {
    // An Owner of this account alone must not raise its limits.
    caller.may(None, Permission::QuotaWrite)?;
    quota::check(&quotas)?;
    change(cx, caller, account, move |row, _| {
        row.quotas = quotas;
        Ok(())
    })
    .await
}

/// Loads an account, changes it, and saves it with a new etag.
pub(super) async fn change(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    edit: impl FnOnce(&mut AccountRow, Timestamp) -> Result<()> + Send + 'static,
) -> Result<api::Account> {
    caller.may(Some(account), Permission::AccountWrite)?;
    let (name, now) = (account.clone(), cx.clock.now());
    let row = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &name).await?;
                if row.state == ProvisioningState::Deleting {
                    return Err(Error::from(Code::OperationInvalidForCurrentState));
                }
                edit(&mut row, now)?;
                touch(&mut row, now);
                table::update(conn, &row).await?;
                Ok(row)
            })
        })
        .await?;
    // Its network rules are the scheduler's business, too.
    cx.signals.send(Signal::Account(row.key));
    tell(cx, account);
    Ok(to_api(cx, &row))
}

/// Deletes the account and everything in it. An empty account is gone at once; another one when the last of its pools,
/// jobs and job schedules is, which the scheduler sees to. Deleting it again is no error.
///
/// # Errors
/// `AccountNotFound`.
pub async fn account_delete(cx: &Context, caller: &Caller, account: &AccountName) -> Result<()> {
    caller.may(Some(account), Permission::AccountDelete)?;
    let (name, now) = (account.clone(), cx.clock.now());
    let contents = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &name).await?;
                if row.state != ProvisioningState::Deleting {
                    row.state = ProvisioningState::Deleting;
                    touch(&mut row, now);
                    table::update(conn, &row).await?;
                }
                let contents = table::delete_contents(conn, row.key, now).await?;
                table::delete_empty(conn, row.key).await?;
                Ok::<_, Error>(contents)
            })
        })
        .await?;
    tracing::info!(account = %account, user = caller.name(), "an account was deleted");
    let (pools, jobs) = (contents.pools.into_iter().map(Signal::Pool), contents.jobs.into_iter().map(Signal::Job));
    let schedules = contents.job_schedules.into_iter().map(Signal::JobSchedule);
    pools.chain(jobs).chain(schedules).for_each(|signal| cx.signals.send(signal));
    tell(cx, account);
    Ok(())
}

/// Removes an account whose deletion was asked for, once nothing is left in it; true when it is gone.
/// For the scheduler, after it has removed the last pool or job, and in its slow pass.
pub async fn account_finish_delete(cx: &Context, account_key: i64) -> Result<bool> {
    let gone = cx
        .store
        .write(move |conn| Box::pin(async move { table::delete_empty(conn, account_key).await.map_err(Error::from) }))
        .await?;
    if gone {
        cx.events.tell("", Changed::Accounts);
    }
    Ok(gone)
}

/// As [`account_finish_delete`], for all accounts whose deletion was asked for.
pub async fn accounts_finish_delete(cx: &Context) -> Result<()> {
    let marked = table::deleting(&mut *cx.store.read().await?).await?;
    for account_key in marked {
        account_finish_delete(cx, account_key).await?;
    }
    Ok(())
}

/// The account as stored.
///
/// # Errors
/// `AccountNotFound`.
pub async fn find(conn: &mut Conn, account: &AccountName) -> Result<AccountRow> {
    table::find(conn, account).await?.ok_or_else(|| Code::AccountNotFound.into())
}

/// The account as its readers see it.
pub fn to_api(cx: &Context, row: &AccountRow) -> api::Account {
    api::Account {
        name: row.name.to_string(),
        subscription_id: row.subscription_id.clone(),
        resource_group: row.resource_group.clone(),
        location: row.location.clone(),
        account_endpoint: cx.installation.host().to_owned(),
        account_url: cx.installation.base_url.clone(),
        provisioning_state: row.state,
        pool_allocation_mode: api::PoolAllocationMode::BatchService,
        public_network_access: row.public_network_access,
        network_profile: row.network_profile.clone(),
        auto_storage: row.storage_account_id.as_ref().map(|id| api::AutoStorage {
            storage_account_id: id.clone(),
            last_key_sync: row.storage_synced.unwrap_or(row.modified),
        }),
        quotas: row.quotas.clone(),
        tags: row.tags.clone(),
        allowed_authentication_modes: match &row.authentication_modes[..] {
            [] => api::AuthenticationMode::ALL.to_vec(),
            some => some.to_vec(),
        },
        creation_time: row.created,
        last_modified: row.modified,
        e_tag: format!("W/\"{}\"", etag::text(row.etag)),
    }
}

fn touch(row: &mut AccountRow, now: Timestamp) {
    row.modified = now;
    row.etag = etag::next(row.etag, now);
}

fn tell(cx: &Context, account: &AccountName) {
    cx.events.tell("", Changed::Accounts);
    cx.events.tell(account.as_str(), Changed::Account);
}
