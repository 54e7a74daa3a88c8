//! What pools did, for graphs.

use super::account::find as find_account;
use super::pool::find as find_pool;
use super::{Caller, Context, Error, Result};
use crate::api;
use crate::domain::history::{KEPT, Steps};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::permission::Permission;
use crate::domain::pool_history::{self, Counted};
use crate::store;

/// Nodes by state, running tasks and slots within the span.
///
/// # Errors
/// `PoolNotFound`.
pub async fn pool_history(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    span: api::HistorySpan,
) -> Result<api::PoolHistory> {
    caller.may(Some(account), Permission::PoolRead)?;
    let now = cx.clock.now();
    let steps = Steps::of(span, now);
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let counts = store::pool_minute::of_pool(&mut conn, pool.key, pool_history::minute(steps.start)).await?;
    drop(conn);
    let pool = Counted { slots_per_node: pool.settings.slots_per_node().into(), counts };
    Ok(pool_history::history(&[pool], steps, now))
}

/// The same of all pools that the account has, together.
///
/// # Errors
/// `AccountNotFound`.
pub async fn account_history(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    span: api::HistorySpan,
) -> Result<api::PoolHistory> {
    caller.may(Some(account), Permission::PoolRead)?;
    let now = cx.clock.now();
    let steps = Steps::of(span, now);
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let pools = store::pool_minute::of_account(&mut conn, owner.key, pool_history::minute(steps.start)).await?;
    drop(conn);
    Ok(pool_history::history(&pools, steps, now))
}

/// Notes what all pools do in this minute.
pub async fn pool_history_note(cx: &Context) -> Result<()> {
    let minute = pool_history::minute(cx.clock.now());
    let write = cx
        .store
        .write::<_, Error, _>(move |conn| Box::pin(async move { Ok(store::pool_minute::note(conn, minute).await?) }));
    write.await
}

/// Forgets what is older than a week.
pub async fn pool_history_prune(cx: &Context) -> Result<()> {
    let first = pool_history::minute(cx.clock.now().plus(api::Duration(-KEPT.0)));
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(store::pool_minute::forget_old(conn, first).await?) })
    });
    write.await
}
