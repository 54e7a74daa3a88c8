//! Changes of a pool, and nodes that are to leave it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;

/// A new size for a pool; at least one target is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
///
/// Source: updating a pool, api-version 2024-07-01.20.0; versions before it know the first five only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Vec<CertificateReference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_package_references: Option<Vec<ApplicationPackageReference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<MetadataItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<NodeCommunicationMode>,
    // What follows wants a pool without nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_slots_per_node: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_scheduling_policy: Option<TaskSchedulingPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_inter_node_communication: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine_configuration: Option<VirtualMachineConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_accounts: Option<Vec<UserAccount>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_configuration: Option<Vec<MountConfiguration>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<UpgradePolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tags: Option<BTreeMap<String, String>>,
}

impl PoolPatch {
    /// Its properties that can only change on a pool without nodes.
    pub fn want_no_nodes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let given = [
            ("displayName", self.display_name.is_some()),
            ("vmSize", self.vm_size.is_some()),
            ("taskSlotsPerNode", self.task_slots_per_node.is_some()),
            ("taskSchedulingPolicy", self.task_scheduling_policy.is_some()),
            ("enableInterNodeCommunication", self.enable_inter_node_communication.is_some()),
            ("virtualMachineConfiguration", self.virtual_machine_configuration.is_some()),
            ("networkConfiguration", self.network_configuration.is_some()),
            ("userAccounts", self.user_accounts.is_some()),
            ("mountConfiguration", self.mount_configuration.is_some()),
            ("upgradePolicy", self.upgrade_policy.is_some()),
            ("resourceTags", self.resource_tags.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
}

/// What a pool is to have from now on; an absent start task takes the pool's away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    /// Versions before 2025 want it to be there, if only empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_references: Option<Vec<CertificateReference>>,
    pub application_package_references: Vec<ApplicationPackageReference>,
    pub metadata: Vec<MetadataItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node_communication_mode: Option<NodeCommunicationMode>,
}

/// Nodes that are to leave a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
