//! Pools of compute nodes. Every nested shape has the properties of all versions from 2019 on, so that what no version
//! knows is refused with its path.
//!
//! Much of a pool's settings speaks of a cloud's machines: images, disks, networks, upgrades. It is stored and given back
//! and has no effect, because nodes are processes on the user's own machines. What would change what tasks do and is not
//! built is refused by `domain::check`.

mod auto_scale;
mod change;
mod container;
mod disk;
mod edit;
mod image;
mod keep_secrets;
mod mount;
mod network;
mod secrets;
mod security;
mod start_task;
mod upgrade;
mod usage;
mod user_account;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::auto_scale::*;
pub use self::change::*;
pub use self::container::*;
pub use self::disk::*;
pub use self::edit::*;
pub use self::image::*;
pub use self::mount::*;
pub use self::network::*;
pub use self::security::*;
pub use self::start_task::*;
pub use self::upgrade::*;
pub use self::usage::*;
pub use self::user_account::*;
use super::shared::{settings, wire_enum};
use super::{AutoPoolOwner, CertificateReference, Duration, MetadataItem, NameValuePair, NodeCounts, Timestamp};

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
wire_enum! {
    /// Which of several jobs of one priority goes first: they take turns, or the older one goes first.
    JobDefaultOrder { None = "none", CreationTime = "creationtime" }
}
wire_enum! {
    /// Agents here only dial out, which is what Batch calls simplified; what a pool asks for is stored and given back.
    NodeCommunicationMode { Default = "default", Classic = "classic", Simplified = "simplified" }
}

/// The settings of an auto pool: those of a pool without its id.
pub type PoolSpecification = PoolCreate;

/// What a caller says to make a pool; also how its settings are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolCreate {
    /// 1–64 of letters, digits, `-` and `_`; unique in the account without regard to case. Absent in what describes an auto
    /// pool, which is named when it is made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ssr", schemars(!default, !skip_serializing_if))]
    pub id: String,
    /// At most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// A size that the location offers; kept in lower case.
    pub vm_size: String,
    /// Stored and given back; tasks run on the machine's own system. Exclusive with the virtual machine configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_service_configuration: Option<CloudServiceConfiguration>,
    /// Stored and given back, but for `containerConfiguration`; what runs in no container runs on the machine's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    /// Default 15 minutes, at least 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize_timeout: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dedicated_nodes: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_low_priority_nodes: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_auto_scale: Option<bool>,
    /// Sizes the pool; then there are no targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_formula: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_evaluation_interval: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_inter_node_communication: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Vec<CertificateReference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_package_references: Option<Vec<ApplicationPackageReference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_licenses: Option<Vec<String>>,
    /// How many slots a node has; 1 to min(4 × cores, 256), default 1.
    #[serde(default, alias = "maxTasksPerNode", skip_serializing_if = "Option::is_none")]
    pub task_slots_per_node: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_scheduling_policy: Option<TaskSchedulingPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_accounts: Option<Vec<UserAccount>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<NodeCommunicationMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<UpgradePolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tags: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PoolIdentity>,
}

impl PoolCreate {
    pub fn slots_per_node(&self) -> i32 {
        self.task_slots_per_node.unwrap_or(1)
    }

    pub fn fill_type(&self) -> NodeFillType {
        self.task_scheduling_policy.as_ref().map_or(NodeFillType::Spread, |policy| policy.node_fill_type)
    }

    /// Whether older jobs go before younger ones of their priority.
    pub fn is_in_job_order(&self) -> bool {
        let order = self.task_scheduling_policy.as_ref().and_then(|policy| policy.job_default_order);
        order == Some(JobDefaultOrder::CreationTime)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskSchedulingPolicy {
    pub node_fill_type: NodeFillType,
    /// Default none: jobs of one priority take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_default_order: Option<JobDefaultOrder>,
}

/// A pool as GET returns it: its settings, and what became of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
    /// The last run of the formula by itself; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_run: Option<AutoScaleRun>,
    /// Always simplified: agents dial out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_node_communication_mode: Option<NodeCommunicationMode>,
    /// Only where `$expand=stats` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<PoolStatistics>,
}

/// A pool with what the portal shows beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolSummary {
    pub pool: Pool,
    pub node_counts: NodeCounts,
    pub running_slots: i64,
    pub total_slots: i64,
    /// Whom the pool was made for; absent where a user made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_for: Option<AutoPoolOwner>,
    /// When the formula is run next; absent while autoscale is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_auto_scale: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ResizeError {
    /// One of Batch's codes, e.g. `AccountCoreQuotaReached`, `AllocationTimedOut`, `ResizeStopped`.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<NameValuePair>,
}

wire_enum! { PoolIdentityType { UserAssigned = "UserAssigned", None = "None" } }
settings! {
    /// The identity of a pool in a cloud's directory: stored and given back.
    PoolIdentity {
        must { #[serde(rename = "type")] kind: PoolIdentityType }
        may { user_assigned_identities: Vec<UserAssignedIdentity> }
    }
}
settings! {
    UserAssignedIdentity { must { resource_id: String } may { client_id: String, principal_id: String } }
}
settings! {
    /// Which application, and which version of it; absent is the default version.
    ApplicationPackageReference { must { application_id: String } may { version: String } }
}
settings! {
    /// An identity that stands for a password.
    NodeIdentityReference { must {} may { resource_id: String } }
}
