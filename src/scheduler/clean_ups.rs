//! Folders that nodes are to remove: of deleted tasks and jobs, and of ended tasks whose time is over. Nodes are told again
//! with each connection, until they have said that a folder is out of the way.

use crate::domain::steady::HashMap;

use super::driver::Driver;
use crate::api::agent::ToAgent;
use crate::domain::placement::Assignment;
use crate::service::{Error, Result};
use crate::store::{self, Conn};

/// A folder that a node was told to remove.
pub(super) struct Told {
    key: i64,
    node: i64,
    folder: String,
}

impl Driver {
    /// Tells a node that is there what it has to remove and was not told yet on this connection.
    pub(super) async fn send_clean_ups(&mut self, node_key: i64) -> Result<()> {
        if self.nodes.get(&node_key).is_none_or(|node| node.connection.is_none()) {
            return Ok(());
        }
        let folders = store::node::clean_ups(&mut *self.cx.store.read().await?, node_key).await?;
        let told = self.cleaning.entry(node_key).or_default();
        let is_new = |(key, folder): &(i64, String)| told.insert(*key, folder.clone()).is_none();
        let directories: Vec<String> = folders.into_iter().filter(is_new).map(|(_, folder)| folder).collect();
        if !directories.is_empty() {
            self.hub.send(node_key, ToAgent::CleanUp { directories });
        }
        Ok(())
    }

    /// Nodes have removed folders.
    pub(super) async fn cleaned_up(&mut self, cleaned: Vec<(i64, Vec<String>)>) -> Result<()> {
        for (node_key, folders) in cleaned {
            let Some(told) = self.cleaning.get_mut(&node_key) else { continue };
            let keys: Vec<i64> =
                told.extract_if(.., |_, folder| folders.contains(folder)).map(|(key, _)| key).collect();
            let is_all = told.is_empty();
            if keys.is_empty() {
                continue;
            }
            self.cx
                .store
                .write::<_, Error, _>(move |conn| {
                    Box::pin(async move { Ok(store::node::forget_clean_ups(conn, &keys).await?) })
                })
                .await?;
            if is_all {
                // There may be more than are told in one go.
                self.send_clean_ups(node_key).await?;
            }
        }
        Ok(())
    }

    /// What the nodes of a plan were told to remove and may not have removed yet.
    pub(super) fn being_removed(&self, plan: &[Assignment]) -> Vec<Told> {
        let mut nodes: Vec<i64> = plan.iter().map(|assignment| assignment.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let told = |node: i64| {
            let folders = self.cleaning.get(&node).into_iter().flatten();
            folders.map(move |(key, folder)| Told { key: *key, node, folder: folder.clone() })
        };
        nodes.into_iter().flat_map(told).collect()
    }

    /// They are forgotten in the store: the keys may be used again.
    pub(super) fn forget_told(&mut self, stale: Vec<Told>) {
        for Told { key, node, .. } in stale {
            if let Some(told) = self.cleaning.get_mut(&node) {
                told.remove(&key);
            }
        }
    }

    pub(super) fn ids_of_jobs(&self, plan: &[Assignment]) -> HashMap<i64, String> {
        plan.iter().filter_map(|a| Some((a.job, self.jobs.get(&a.job)?.id.clone()))).collect()
    }
}

/// A task goes to a node that was told to remove a folder of the same name. It has done so when the task comes, for it hears
/// one after the other; if it were told again later, the folder of the new task would go.
pub(super) async fn forget_stale(conn: &mut Conn, told: Vec<Told>, new: &[(i64, String)]) -> store::Result<Vec<Told>> {
    let is_above = |folder: &str, below: &str| {
        below.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_stale = |told: &Told| new.iter().any(|(node, folder)| *node == told.node && is_above(&told.folder, folder));
    let stale: Vec<Told> = told.into_iter().filter(is_stale).collect();
    if !stale.is_empty() {
        store::node::forget_clean_ups(conn, &stale.iter().map(|told| told.key).collect::<Vec<_>>()).await?;
    }
    Ok(stale)
}
