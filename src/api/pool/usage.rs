//! What a pool's nodes have used.

use serde::{Deserialize, Serialize};

use super::super::{Duration, Timestamp};

/// Core hours of a pool in one half hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolUsageMetrics {
    pub pool_id: String,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    pub vm_size: String,
    /// Of dedicated and low-priority nodes, from the moment they are part of the pool; deallocated ones use nothing.
    pub total_core_hours: f64,
}

/// What is known of a pool since it was made. There are no resource statistics: what disks and networks did is not gathered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolStatistics {
    pub url: String,
    pub start_time: Timestamp,
    pub last_update_time: Timestamp,
    pub usage_stats: UsageStatistics,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UsageStatistics {
    pub start_time: Timestamp,
    pub last_update_time: Timestamp,
    /// Time that dedicated nodes were part of the pool, times their cores.
    pub dedicated_core_time: Duration,
}
