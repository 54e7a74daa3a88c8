//! Compute nodes.

use serde::{Deserialize, Serialize};

use super::shared::{settings, wire_enum};
use super::{
    CertificateReference, Duration, ImageReference, InboundProtocol, NameValuePair, NodeDeallocationOption, StartTask,
    TaskExecutionInformation, TaskExecutionResult, TaskFailureInformation, TaskState, Timestamp,
};

wire_enum! {
    NodeState {
        Creating = "creating",
        Starting = "starting",
        WaitingForStartTask = "waitingforstarttask",
        StartTaskFailed = "starttaskfailed",
        Idle = "idle",
        Running = "running",
        Offline = "offline",
        Rebooting = "rebooting",
        Reimaging = "reimaging",
        LeavingPool = "leavingpool",
        Unusable = "unusable",
        Unknown = "unknown",
        Preempted = "preempted",
        UpgradingOs = "upgradingos",
        Deallocating = "deallocating",
        Deallocated = "deallocated",
    }
}
wire_enum! { SchedulingState { Enabled = "enabled", Disabled = "disabled" } }
wire_enum! {
    /// What happens to the tasks of a node that is to take no more.
    DisableSchedulingOption { Requeue = "requeue", Terminate = "terminate", TaskCompletion = "taskcompletion" }
}
wire_enum! { StartTaskState { Running = "running", Completed = "completed" } }

/// A compute node as GET returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Node {
    pub id: String,
    pub url: String,
    pub state: NodeState,
    pub scheduling_state: SchedulingState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_boot_time: Option<Timestamp>,
    pub allocation_time: Timestamp,
    pub ip_address: String,
    /// Absent where the node is reached by IPv4 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// `TVM:` and the id.
    pub affinity_id: String,
    pub vm_size: String,
    pub total_tasks_run: i64,
    pub total_tasks_succeeded: i64,
    pub running_tasks_count: i64,
    pub running_task_slots_count: i64,
    /// At most 10, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent_tasks: Vec<RecentTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task_info: Option<StartTaskInformation>,
    /// Those of its pool; nothing is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Vec<CertificateReference>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<NodeError>,
    pub is_dedicated: bool,
    /// By which ports it can be reached; absent where its pool maps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_configuration: Option<NodeEndpointConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_agent_info: Option<NodeAgentInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine_info: Option<VirtualMachineInformation>,
}

settings! {
    /// The image that the pool asks for; the node runs on the machine's own system.
    VirtualMachineInformation { must {} may { image_reference: ImageReference, scale_set_vm_resource_id: String } }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeEndpointConfiguration {
    pub inbound_endpoints: Vec<InboundEndpoint>,
}

/// A port of the server that leads to a port of the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InboundEndpoint {
    /// The NAT pool's name, a dot, and the node's number in its pool.
    pub name: String,
    pub protocol: InboundProtocol,
    /// Absent where the server is known by a name only.
    #[serde(rename = "publicIPAddress", default, skip_serializing_if = "Option::is_none")]
    pub public_ip_address: Option<String>,
    #[serde(rename = "publicFQDN", default, skip_serializing_if = "Option::is_none")]
    pub public_fqdn: Option<String>,
    pub frontend_port: i32,
    pub backend_port: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecentTask {
    pub task_url: String,
    pub job_id: String,
    pub task_id: String,
    pub task_state: TaskState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_info: Option<TaskExecutionInformation>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartTaskInformation {
    pub state: StartTaskState,
    pub start_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_info: Option<super::TaskContainerExecutionInformation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_info: Option<TaskFailureInformation>,
    pub retry_count: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_retry_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskExecutionResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeError {
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_details: Vec<NameValuePair>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeAgentInformation {
    pub version: String,
    pub last_update_time: Timestamp,
}

settings! {
    /// A missing option is requeue.
    NodeReboot { must {} may { node_reboot_option: NodeDeallocationOption } }
}
settings! {
    /// A missing option is requeue.
    NodeReimage { must {} may { node_reimage_option: NodeDeallocationOption } }
}
settings! {
    /// A missing option is requeue.
    NodeDeallocate { must {} may { node_deallocate_option: NodeDeallocationOption } }
}
settings! {
    /// A missing option is requeue.
    NodeDisableScheduling { must {} may { node_disable_scheduling_option: DisableSchedulingOption } }
}

/// How many nodes are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeCounts {
    pub creating: i64,
    pub idle: i64,
    pub offline: i64,
    pub preempted: i64,
    pub rebooting: i64,
    pub reimaging: i64,
    pub running: i64,
    pub starting: i64,
    pub start_task_failed: i64,
    pub leaving_pool: i64,
    pub unknown: i64,
    pub unusable: i64,
    pub waiting_for_start_task: i64,
    #[serde(rename = "upgradingOS")]
    pub upgrading_os: i64,
    #[serde(default)]
    pub deallocating: i64,
    #[serde(default)]
    pub deallocated: i64,
    pub total: i64,
}

impl NodeCounts {
    /// The counter of a state.
    pub fn of(&mut self, state: NodeState) -> &mut i64 {
        match state {
            NodeState::Creating => &mut self.creating,
            NodeState::Starting => &mut self.starting,
            NodeState::WaitingForStartTask => &mut self.waiting_for_start_task,
            NodeState::StartTaskFailed => &mut self.start_task_failed,
            NodeState::Idle => &mut self.idle,
            NodeState::Running => &mut self.running,
            NodeState::Offline => &mut self.offline,
            NodeState::Rebooting => &mut self.rebooting,
            NodeState::Reimaging => &mut self.reimaging,
            NodeState::LeavingPool => &mut self.leaving_pool,
            NodeState::Unusable => &mut self.unusable,
            NodeState::Unknown => &mut self.unknown,
            NodeState::Preempted => &mut self.preempted,
            NodeState::UpgradingOs => &mut self.upgrading_os,
            NodeState::Deallocating => &mut self.deallocating,
            NodeState::Deallocated => &mut self.deallocated,
        }
    }
}
/// Node counts of one pool, by kind of node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolNodeCounts {
    pub pool_id: String,
    pub dedicated: NodeCounts,
    pub low_priority: NodeCounts,
}

/// A node on the heat map: as little as a coloured cell needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeCell {
    pub id: String,
    pub state: NodeState,
    pub running_task_slots_count: i64,
}

/// The operator takes a low-priority node away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePreempt {
    /// How long it is away: a minute unless said, a day at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Duration>,
}
