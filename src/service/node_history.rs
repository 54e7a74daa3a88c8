//! What nodes measured of their machines, for graphs.

use super::node::find;
use super::pool::find as find_pool;
use super::{Caller, Context, Error, Result};
use crate::api;
use crate::domain::history::{KEPT, Steps};
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::node_history;
use crate::domain::permission::Permission;
use crate::store;
use crate::store::node_sample::Addition;

/// What the node measured within the span, the last minute or so left out: it is not saved yet.
///
/// # Errors
/// `PoolNotFound`, `NodeNotFound`.
pub async fn node_history(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
    span: api::HistorySpan,
) -> Result<api::NodeHistory> {
    caller.may(Some(account), Permission::PoolRead)?;
    let steps = Steps::of(span, cx.clock.now());
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let node = find(&mut conn, &pool, id).await?;
    let chunks = store::node_sample::of_node(&mut conn, node.key, node_history::chunk_at(steps.start)).await?;
    drop(conn);
    Ok(node_history::history(&chunks, steps))
}

/// Saves what nodes measured.
pub async fn node_history_add(cx: &Context, additions: Vec<Addition>) -> Result<()> {
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(store::node_sample::add(conn, &additions).await?) })
    });
    write.await
}

/// Forgets what is older than a week.
pub async fn node_history_prune(cx: &Context) -> Result<()> {
    let first = node_history::chunk_at(cx.clock.now().plus(api::Duration(-KEPT.0)));
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(store::node_sample::forget_old(conn, first).await?) })
    });
    write.await
}
