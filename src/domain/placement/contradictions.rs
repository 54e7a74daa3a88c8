//! Whether the world fits together, for tests and simulations.

use std::collections::BTreeMap;

use super::World;
use crate::domain::multi_instance;

impl World {
    /// What in it does not fit together; nothing, ever, between two changes.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut on_nodes: BTreeMap<i64, i64> = BTreeMap::new();
        for (pool_key, pool) in &self.pools {
            for (key, node) in &pool.nodes {
                let used: i32 = node.held.values().map(|held| held.slots).sum();
                if used != node.used {
                    found.push(format!("node {key} counts {} used slots and has {used}", node.used));
                }
                if pool.free.contains(&(node.slots - node.used, *key)) != node.open {
                    found.push(format!("node {key} is open: {}, and its free slots say otherwise", node.open));
                }
                // Preparation and release tasks are none of the job's tasks, and subtasks are counted with theirs.
                let is_task = |key: i64| key > 0 && multi_instance::of_attempt(key).1 == 0;
                for (_, held) in node.held.iter().filter(|(key, _)| is_task(**key)) {
                    *on_nodes.entry(held.job).or_default() += 1;
                }
            }
            let n_open = pool.nodes.values().filter(|node| node.open).count();
            if pool.free.len() != n_open {
                found.push(format!("pool {pool_key} has {n_open} open nodes and {} with free slots", pool.free.len()));
            }
        }
        for (key, job) in &self.jobs {
            let n_held = on_nodes.get(key).copied().unwrap_or_default();
            if job.on_nodes != n_held {
                found.push(format!("job {key} counts {} tasks on nodes, which have {n_held}", job.on_nodes));
            }
            let Some(pool) = job.pool.and_then(|pool| self.pools.get(&pool)) else { continue };
            let n_queued = pool.queue.iter().filter(|place| place.2 == *key).count();
            let wants = job.open && !job.waiting.is_empty() && job.on_nodes < job.most;
            if n_queued != usize::from(wants) {
                found.push(format!("job {key} is {n_queued} times in its pool's queue and wants to be: {wants}"));
            }
        }
        found
    }
}
