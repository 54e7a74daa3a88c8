//! Nodes for multi-instance tasks: all at once, or none.

use std::collections::BTreeSet;

use super::super::multi_instance::of_attempt;
use super::{Demands, Pool, Preparation, Waiting};

/// Where a multi-instance task goes.
pub(super) enum Gang {
    /// These nodes, the primary's first.
    Fits(Vec<i64>),
    /// Not now: these nodes are to take nothing else, so that it fits once they are empty.
    Waits(BTreeSet<i64>),
    Never,
}

impl Pool {
    pub(super) fn may(&self, key: i64, demands: Demands, preparation: Option<&Preparation>) -> bool {
        preparation.is_none_or(|p| !p.failed.contains(&key)) && !(demands.dedicated && self.low_priority.contains(&key))
    }

    /// Whether a node has an instance of the task, be it of an attempt that is over and ending.
    pub(super) fn has_instance_of(&self, task: i64) -> bool {
        self.nodes.values().any(|node| node.held.keys().any(|key| *key > 0 && of_attempt(*key).0 == task))
    }

    /// On how many nodes at once a task of a job with this preparation task can run, when they are empty.
    pub(super) fn most_instances(&self, preparation: Option<&Preparation>) -> usize {
        if !self.inter_node {
            return 0;
        }
        let is_fit = |key: &&i64| {
            self.may(**key, Demands::default(), preparation)
                && self.nodes.get(key).is_some_and(|node| node.open && node.slots == 1)
        };
        self.free.iter().map(|(_, key)| key).filter(is_fit).count()
    }

    /// The emptiest nodes, as many as a multi-instance task takes.
    pub(super) fn pick_gang(
        &self,
        task: &Waiting,
        preparation: Option<&Preparation>,
        reserved: &BTreeSet<i64>,
    ) -> Gang {
        let n = usize::try_from(task.demands.instances).unwrap_or(0);
        let is_fit = |key: &i64| {
            !reserved.contains(key)
                && self.may(*key, task.demands, preparation)
                && self.nodes.get(key).is_some_and(|node| node.open && node.slots == 1)
        };
        let mut nodes: Vec<i64> = self.free.iter().rev().map(|(_, key)| *key).filter(is_fit).take(n).collect();
        if nodes.len() < n || !self.inter_node {
            return Gang::Never;
        }
        if !nodes.iter().all(|key| self.nodes.get(key).is_some_and(|node| node.used == 0)) {
            return Gang::Waits(nodes.into_iter().collect());
        }
        nodes.sort_by_key(|key| (Some(*key) != task.affinity, *key));
        Gang::Fits(nodes)
    }
}
