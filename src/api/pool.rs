//! Pools of compute nodes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shared::wire_enum;
use super::{Duration, EnvironmentSetting, MetadataItem, NameValuePair, NodeCounts, Timestamp, UserIdentity};

wire_enum! { PoolState { Active = "active", Deleting = "deleting" } }
wire_enum! { AllocationState { Steady = "steady", Resizing = "resizing", Stopping = "stopping" } }
wire_enum! {
    /// What happens to the tasks of a node that goes.
    NodeDeallocationOption {
        Requeue = "requeue",
        Terminate = "terminate",
        TaskCompletion = "taskcompletion",
        RetainedData = "retaineddata",
    }
}
wire_enum! { NodeFillType { Spread = "spread", Pack = "pack" } }

/// What a caller says to make a pool; also how its settings are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolCreate {
    /// 1–64 of letters, digits, `-` and `_`; unique in the account without regard to case.
    pub id: String,
    /// At most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// A size that the location offers; kept in lower case.
    pub vm_size: String,
    /// Stored and given back; tasks run on the machine's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine_configuration: Option<Value>,
    /// Default 15 minutes, at least 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize_timeout: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dedicated_nodes: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_low_priority_nodes: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_auto_scale: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_formula: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_evaluation_interval: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_inter_node_communication: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_package_references: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_licenses: Option<Value>,
    /// How many slots a node has; 1 to min(4 × cores, 256), default 1.
    #[serde(default, alias = "maxTasksPerNode", skip_serializing_if = "Option::is_none")]
    pub task_slots_per_node: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_scheduling_policy: Option<TaskSchedulingPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_accounts: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tags: Option<BTreeMap<String, String>>,
}

impl PoolCreate {
    pub fn slots_per_node(&self) -> i32 {
        self.task_slots_per_node.unwrap_or(1)
    }

    pub fn fill_type(&self) -> NodeFillType {
        self.task_scheduling_policy.as_ref().map_or(NodeFillType::Spread, |policy| policy.node_fill_type)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSchedulingPolicy {
    pub node_fill_type: NodeFillType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_default_order: Option<String>,
}

/// A command that runs when a node joins the pool and after each reboot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartTask {
    /// Not run by a shell.
    pub command_line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_settings: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_files: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_settings: Option<Vec<EnvironmentSetting>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_identity: Option<UserIdentity>,
    /// Default 0; −1 is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_task_retry_count: Option<i32>,
    /// Default true: tasks wait until the start task has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_success: Option<bool>,
}

/// A pool as GET returns it: its settings, and what became of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pool {
    #[serde(flatten)]
    pub settings: PoolCreate,
    pub url: String,
    pub e_tag: String,
    pub last_modified: Timestamp,
    pub creation_time: Timestamp,
    pub state: PoolState,
    pub state_transition_time: Timestamp,
    pub allocation_state: AllocationState,
    pub allocation_state_transition_time: Timestamp,
    /// Why the last resize fell short; absent while one is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize_errors: Option<Vec<ResizeError>>,
    pub current_dedicated_nodes: i32,
    pub current_low_priority_nodes: i32,
}

/// A pool with what the portal shows beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolSummary {
    pub pool: Pool,
    pub node_counts: NodeCounts,
    pub running_slots: i64,
    pub total_slots: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResizeError {
    /// One of Batch's codes, e.g. `AccountCoreQuotaReached`, `AllocationTimedOut`, `ResizeStopped`.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<NameValuePair>,
}

/// A new size for a pool; at least one target is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolResize {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dedicated_nodes: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_low_priority_nodes: Option<i32>,
    /// Default 15 minutes, at least 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize_timeout: Option<Duration>,
    /// Default requeue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_deallocation_option: Option<NodeDeallocationOption>,
}

/// What can change on a pool; absent is left as it is. What reaches into nodes reaches those that join or restart later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_package_references: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_scheduling_policy: Option<TaskSchedulingPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tags: Option<BTreeMap<String, String>>,
}

/// What a pool is to have from now on; an absent start task takes the pool's away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    /// Versions before 2025 want it to be there, if only empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Value>,
    pub application_package_references: Value,
    pub metadata: Vec<MetadataItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<String>,
}

/// Nodes that are to leave a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRemove {
    /// At most 100.
    pub node_list: Vec<String>,
    /// Default 15 minutes, at least 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize_timeout: Option<Duration>,
    /// Default requeue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_deallocation_option: Option<NodeDeallocationOption>,
}
