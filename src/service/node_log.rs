//! Logs of nodes' agents, uploaded to a container.

use super::node::find;
use super::pool::find as find_pool;
use super::storage::linked::{self, Opens};
use super::{Caller, Context, Result};
use crate::api::agent::FileAsk;
use crate::api::{self, Code, Secret};
use crate::domain::check;
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::permission::Permission;

/// Uploads what the node's agent logged between the times, and returns when it is there. Chosen here: Azure answers before it
/// has uploaded anything.
///
/// # Errors
/// `NodeNotFound`; `NodeNotReady` for one that does not answer; `InvalidPropertyValue` for a container that cannot be written.
pub async fn node_upload_logs(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    mut upload: api::NodeUploadLogs,
) -> Result<api::NodeUploadLogsResult> {
    caller.may(Some(account), Permission::PoolWrite)?;
    check::node_upload_logs(&upload)?;
    let mut conn = cx.store.read().await?;
    let pool = find_pool(&mut conn, account, pool).await?;
    let node = find(&mut conn, &pool, node).await?;
    if upload.identity_reference.is_some() {
        let linked = linked::linked(&mut conn, pool.account_key).await?;
        let container = &upload.container_url;
        linked::check_identity(cx, "identityReference", container, Opens::Container, linked.as_ref())?;
        if let Some(storage) = &linked {
            upload.container_url = linked::address_to_write(cx, storage, &upload.container_url);
        }
    }
    drop(conn);
    let now = cx.clock.now();
    // Each upload has its own, and those of a node stand in the order of their times.
    let folder = format!("{}/{}/{}-{}", pool.id, node.id, now.to_string().replace(':', ""), cx.random.hex(4));
    let ask = FileAsk::UploadLogs {
        container_url: Secret(upload.container_url),
        folder: folder.clone(),
        from: upload.start_time,
        to: upload.end_time.unwrap_or(now),
    };
    let (reply, _) = cx.files.ask(node.key, ask).await.map_err(|_| Code::NodeNotReady)?;
    match reply.error {
        None => Ok(api::NodeUploadLogsResult {
            virtual_directory_name: folder,
            number_of_files_uploaded: i32::try_from(reply.files.len()).unwrap_or(i32::MAX),
        }),
        Some(Code::InvalidPropertyValue) => {
            Err(api::Error::invalid_property("containerUrl", "", reply.reason.unwrap_or_default()).into())
        }
        Some(code) => Err(code.into()),
    }
}
