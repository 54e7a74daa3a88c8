//! Subscriptions and resource groups. Both are labels of accounts: nothing lives in them but accounts.

use std::collections::BTreeMap;

use super::account::account_slice;
use super::{Caller, Context, Result};
use crate::api::{self, Code};
use crate::domain::account as rules;
use crate::domain::ids::AccountName;
use crate::domain::odata::Slice;
use crate::domain::permission::Permission;
use crate::store::Conn;
use crate::store::account as accounts;
use crate::store::resource_group::{self as table, ResourceGroupRow};

/// Most accounts that are shown of a group.
const MOST_ACCOUNTS: usize = 1000;

/// The installation's own subscription and those that accounts name which the caller sees, each once.
pub async fn subscription_list(cx: &Context, caller: &Caller) -> Result<Vec<String>> {
    let only = caller.where_may(Permission::AccountRead)?;
    let mut conn = cx.store.read().await?;
    let named = match only {
        None => table::subscriptions(&mut conn).await?,
        Some(names) => places(&mut conn, &names).await?.into_iter().map(|(subscription, _)| subscription).collect(),
    };
    let mut all: Vec<String> = named.into_iter().map(|id| id.to_ascii_lowercase()).collect();
    all.push(cx.installation.subscription_id.to_ascii_lowercase());
    all.sort();
    all.dedup();
    Ok(all)
}

/// Subscription and group of each of these accounts, in lower case.
async fn places(conn: &mut Conn, names: &[AccountName]) -> Result<Vec<(String, String)>> {
    let mut places = Vec::new();
    for name in names {
        let row = accounts::find(conn, name).await?;
        places
            .extend(row.map(|row| (row.subscription_id.to_ascii_lowercase(), row.resource_group.to_ascii_lowercase())));
    }
    Ok(places)
}

/// # Errors
/// `SubscriptionNotFound`.
pub async fn subscription_get(cx: &Context, caller: &Caller, id: &str) -> Result<String> {
    let all = subscription_list(cx, caller).await?;
    let not_found = || api::Error::new(Code::SubscriptionNotFound).with("SubscriptionId", id);
    Ok(all.into_iter().find(|known| known.eq_ignore_ascii_case(id)).ok_or_else(not_found)?)
}

/// # Errors
/// `SubscriptionNotFound`.
pub async fn resource_group_list(cx: &Context, caller: &Caller, subscription: &str) -> Result<Vec<api::ResourceGroup>> {
    let subscription = subscription_get(cx, caller, subscription).await?;
    let mut conn = cx.store.read().await?;
    let mut rows = table::list(&mut conn, &subscription).await?;
    // Who sees some accounts sees the groups that those are in.
    if let Some(names) = caller.where_may(Permission::AccountRead)? {
        let seen = places(&mut conn, &names).await?;
        rows.retain(|row| seen.contains(&(subscription.clone(), row.name.to_ascii_lowercase())));
    }
    Ok(rows.into_iter().map(to_api).collect())
}

/// # Errors
/// `SubscriptionNotFound`, `ResourceGroupNotFound`.
pub async fn resource_group_get(
    cx: &Context,
    caller: &Caller,
    subscription: &str,
    name: &str,
) -> Result<api::ResourceGroup> {
    let all = resource_group_list(cx, caller, subscription).await?;
    let not_found = || api::Error::new(Code::ResourceGroupNotFound).with("ResourceGroup", name);
    Ok(all.into_iter().find(|group| group.name.eq_ignore_ascii_case(name)).ok_or_else(not_found)?)
}

/// Makes a group, or replaces the tags of one that is there; whether it was made.
///
/// # Errors
/// `SubscriptionNotFound`, `InvalidPropertyValue`: a group does not move, so `location` is the one it has.
pub async fn resource_group_put(
    cx: &Context,
    caller: &Caller,
    subscription: &str,
    name: &str,
    put: api::ResourceGroupPut,
) -> Result<(api::ResourceGroup, bool)> {
    caller.may(None, Permission::AccountWrite)?;
    rules::check_resource_group(name)?;
    rules::check_tags(&put.tags)?;
    let location = cx.installation.known_location(&put.location)?.name.clone();
    let subscription_id = subscription_get(cx, caller, subscription).await?;
    let there = resource_group_list(cx, caller, &subscription_id).await?;
    let there = there.into_iter().find(|group| group.name.eq_ignore_ascii_case(name));
    if let Some(group) = &there
        && group.location != location
    {
        let reason = format!("The resource group is in {} already.", group.location);
        return Err(api::Error::invalid_property("location", put.location, reason).into());
    }
    let spelling = there.as_ref().map_or_else(|| name.to_owned(), |group| group.name.clone());
    let row = ResourceGroupRow { subscription_id, name: spelling, location, tags: put.tags };
    let (saved, now) = (row.clone(), cx.clock.now());
    cx.store
        .write(move |conn| Box::pin(async move { table::put(conn, &saved, now).await.map_err(super::Error::from) }))
        .await?;
    Ok((to_api(row), there.is_none()))
}

/// Changes what is given of a group that is there.
///
/// # Errors
/// `SubscriptionNotFound`, `ResourceGroupNotFound`, `InvalidPropertyValue`: a group does not move.
pub async fn resource_group_update(
    cx: &Context,
    caller: &Caller,
    subscription: &str,
    name: &str,
    (location, tags): (Option<String>, Option<BTreeMap<String, String>>),
) -> Result<api::ResourceGroup> {
    caller.may(None, Permission::AccountWrite)?;
    let group = resource_group_get(cx, caller, subscription, name).await?;
    let location = location.unwrap_or(group.location);
    let put = api::ResourceGroupPut { location, tags: tags.unwrap_or(group.tags) };
    Ok(resource_group_put(cx, caller, subscription, name, put).await?.0)
}

/// A group, and the accounts in it that the caller sees.
///
/// # Errors
/// `SubscriptionNotFound`, `ResourceGroupNotFound`.
pub async fn resource_group_content(
    cx: &Context,
    caller: &Caller,
    subscription: &str,
    name: &str,
) -> Result<api::ResourceGroupContent> {
    let group = resource_group_get(cx, caller, subscription, name).await?;
    let slice = Slice { limit: MOST_ACCOUNTS, ..Slice::default() };
    let accounts = account_slice(cx, caller, &group.subscription_id, Some(&group.name), &slice).await?.items;
    Ok(api::ResourceGroupContent { group, accounts })
}

/// Deletes a group that nothing is in, with the roles in it. Chosen here: Azure deletes what is in a group with it; here that is said
/// account by account, for an account holds other people's jobs.
///
/// # Errors
/// `SubscriptionNotFound`, `ResourceGroupNotFound`; `OperationInvalidForCurrentState` while accounts are in it.
pub async fn resource_group_delete(cx: &Context, caller: &Caller, subscription: &str, name: &str) -> Result<()> {
    caller.may(None, Permission::AccountDelete)?;
    let group = resource_group_get(cx, caller, subscription, name).await?;
    let (subscription, name) = (group.subscription_id, group.name.clone());
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                if table::has_accounts(conn, &subscription, &name).await? {
                    let reason = "There are accounts in the resource group. Delete them first.";
                    let error = api::Error::new(Code::OperationInvalidForCurrentState).with("Reason", reason);
                    return Err(super::Error::from(error));
                }
                table::delete(conn, &subscription, &name).await?;
                Ok(())
            })
        })
        .await?;
    tracing::info!(group = group.name, by = caller.name(), "a resource group was deleted");
    Ok(())
}

fn to_api(row: ResourceGroupRow) -> api::ResourceGroup {
    api::ResourceGroup {
        subscription_id: row.subscription_id.to_ascii_lowercase(),
        name: row.name,
        location: row.location,
        tags: row.tags,
    }
}
