//! Whether what the scheduler remembers is what is stored: asked by tests, between two steps.

use super::driver::Driver;
use super::load::WINDOW;
use crate::service::Result;
use crate::store;

impl Driver {
    /// Where the world in memory and the store contradict each other. Only meant when nothing waits for a step: what users
    /// have said since the last one is stored and not heard yet.
    pub async fn contradictions(&self) -> Result<Vec<String>> {
        let mut found = self.world.contradictions();
        let mut conn = self.cx.store.read().await?;
        for row in store::task::assigned(&mut conn, None).await? {
            let node_key = row.life.node_key.unwrap_or_default();
            let node = self.nodes.get(&node_key).and_then(|node| self.world.pools.get(&node.row.pool_key));
            let held = node.and_then(|pool| pool.nodes.get(&node_key)).and_then(|node| node.held.get(&row.key));
            if held.is_none_or(|held| held.attempt != row.life.attempt) {
                found.push(format!(
                    "task {} is attempt {} on node {node_key}, which has {held:?}",
                    row.key, row.life.attempt
                ));
            }
        }
        for (job_key, job) in &self.world.jobs {
            for row in store::task::waiting(&mut conn, *job_key, 0, WINDOW).await? {
                let is_known = job.waiting.contains_key(&row.key) || row.key > job.loaded_to || self.is_held(row.key);
                if !is_known {
                    found.push(format!("task {} waits in the store and not in its job's window", row.key));
                }
            }
        }
        let nodes = store::node::all(&mut conn, None).await?;
        for row in &nodes {
            match self.nodes.get(&row.key) {
                Some(node) if node.row.state != row.state => {
                    found.push(format!("node {} is {:?} and is stored as {:?}", row.key, node.row.state, row.state));
                }
                Some(_) => {}
                None => found.push(format!("node {} is stored and not known", row.key)),
            }
        }
        if nodes.len() != self.nodes.len() {
            found.push(format!("{} nodes are stored, {} known", nodes.len(), self.nodes.len()));
        }
        Ok(found)
    }
}
