//! What was measured and counted over time, as graphs show it.

use serde::{Deserialize, Serialize};

use super::{Duration, NodeState, Timestamp};

super::shared::wire_enum! {
    /// How far back a graph goes.
    HistorySpan {
        Hour = "1h",
        Day = "1d",
        Week = "7d",
    }
}

/// One quantity over equal steps of time. Both lists are as long as there are steps; nothing where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistorySeries {
    pub average: Vec<Option<i64>>,
    /// The highest value within each step.
    pub peak: Vec<Option<i64>>,
}

/// What a node measured of its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeHistory {
    /// When the first step begins.
    pub start_time: Timestamp,
    pub step: Duration,
    /// How much memory the machine has; absent until it is known.
    pub memory_bytes: Option<i64>,
    /// The same of the disk with the node's folder.
    pub disk_bytes: Option<i64>,
    /// In thousandths of all processors.
    pub cpu: HistorySeries,
    /// Bytes in use.
    pub memory: HistorySeries,
    /// Bytes in use.
    pub disk: HistorySeries,
    /// Bytes a second, as the other traffic.
    pub disk_read: HistorySeries,
    pub disk_write: HistorySeries,
    pub network_in: HistorySeries,
    pub network_out: HistorySeries,
}

/// What a pool did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolHistory {
    /// When the first step begins.
    pub start_time: Timestamp,
    pub step: Duration,
    /// Numbers of nodes in the states that occurred.
    pub states: Vec<StateHistory>,
    pub running_tasks: HistorySeries,
    pub running_slots: HistorySeries,
    /// Slots that all nodes together had.
    pub total_slots: HistorySeries,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateHistory {
    pub state: NodeState,
    pub nodes: HistorySeries,
}
