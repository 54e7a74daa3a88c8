//! Batch accounts, their keys, and the places they can be in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{Duration, Timestamp};

/// A Batch account. Its name is its identity and never changes: renaming is deleting and creating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// 3–24 lower-case letters and digits, unique in this installation.
    pub name: String,
    pub subscription_id: String,
    pub resource_group: String,
    pub location: String,
    /// Host and port of the data plane, without scheme.
    pub account_endpoint: String,
    /// The data plane's URL as programs type it.
    pub account_url: String,
    pub provisioning_state: ProvisioningState,
    pub pool_allocation_mode: PoolAllocationMode,
    pub public_network_access: PublicNetworkAccess,
    /// From where the account is reached while it has public access.
    #[serde(default)]
    pub network_profile: NetworkProfile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_storage: Option<AutoStorage>,
    pub quotas: AccountQuotas,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub allowed_authentication_modes: Vec<AuthenticationMode>,
    pub creation_time: Timestamp,
    pub last_modified: Timestamp,
    pub e_tag: String,
}

wire_enum! {
    ProvisioningState { Creating = "Creating", Succeeded = "Succeeded", Deleting = "Deleting", Failed = "Failed", Cancelled = "Cancelled" }
}
wire_enum! { PoolAllocationMode { BatchService = "BatchService", UserSubscription = "UserSubscription" } }
wire_enum! { PublicNetworkAccess { Enabled = "Enabled", Disabled = "Disabled" } }
wire_enum! { AuthenticationMode { SharedKey = "SharedKey", Aad = "AAD", TaskAuthenticationToken = "TaskAuthenticationToken" } }
wire_enum! { KeyName { Primary = "Primary", Secondary = "Secondary" } }

wire_enum! { NetworkAction { Allow = "Allow", Deny = "Deny" } }
wire_enum! { IpRuleAction { Allow = "Allow" } }

/// From where an account is reached. Absent: from everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkProfile {
    /// By callers of the data plane. The portal and the management plane are not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_access: Option<EndpointAccess>,
    /// By agents of the account's nodes, when they connect. Those on the server's own machine come from a loopback address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_management_access: Option<EndpointAccess>,
}

/// Who is let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointAccess {
    /// For whom no rule is.
    pub default_action: NetworkAction,
    #[serde(default)]
    pub ip_rules: Vec<IpRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpRule {
    pub action: IpRuleAction,
    /// An address, or a range such as `192.0.2.0/24`.
    pub value: String,
}

/// The storage account that packages and output files of an account go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoStorage {
    /// The resource id or the name of the storage account.
    pub storage_account_id: String,
    pub last_key_sync: Timestamp,
}

/// The linked storage as the portal shows it to those who look after the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkedStorage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_key_sync: Option<Timestamp>,
    /// Absent when the installation has no such storage account: then nothing can be done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<super::StorageAccount>,
    /// Names of storage accounts, for those who may link one.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// Limits of an account. Each counts what exists now, ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountQuotas {
    pub dedicated_core_quota: i64,
    pub low_priority_core_quota: i64,
    pub pool_quota: i64,
    pub active_job_and_job_schedule_quota: i64,
}

impl Default for AccountQuotas {
    /// Chosen here: Azure's upper defaults, since the machines are the user's own.
    fn default() -> Self {
        AccountQuotas {
            dedicated_core_quota: 900,
            low_priority_core_quota: 100,
            pool_quota: 100,
            active_job_and_job_schedule_quota: 300,
        }
    }
}

/// What a caller says to make an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountCreate {
    pub name: String,
    /// Absent: the installation's own subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// Absent: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    pub location: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_profile: Option<NetworkProfile>,
    /// A storage account to link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_account_id: Option<String>,
    /// How callers of the data plane may prove who they are. Absent or empty: in any way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_authentication_modes: Vec<AuthenticationMode>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What can change on an account; absent is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_profile: Option<NetworkProfile>,
    /// A storage account to link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_account_id: Option<String>,
    /// Empty: all ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_authentication_modes: Option<Vec<AuthenticationMode>>,
}

/// Both keys of an account: base64 of 64 random bytes each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountKeys {
    pub account_name: String,
    pub primary: String,
    pub secondary: String,
    /// When a request was last signed with the key, to about a minute; absent when never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_last_used: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_last_used: Option<Timestamp>,
}

impl std::fmt::Debug for AccountKeys {
    /// Keys never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountKeys").field("account_name", &self.account_name).finish_non_exhaustive()
    }
}

/// Whether a name can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameAvailability {
    pub name_available: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NameUnavailableReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

wire_enum! { NameUnavailableReason { Invalid = "Invalid", AlreadyExists = "AlreadyExists" } }

/// A place where accounts can be, served by one provider of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    pub name: String,
    pub display_name: String,
    /// Sizes of nodes that the provider offers.
    pub vm_sizes: Vec<VmSize>,
}

/// A size of node. `cores` counts against the quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VmSize {
    /// Lower case, compared without case.
    pub name: String,
    pub cores: i64,
    #[serde(rename = "memoryMiB")]
    pub memory_mib: i64,
    /// The provider's own size, as against a name of Azure's that is accepted so that programs run unchanged.
    pub native: bool,
}

/// What an account holds now, from counters that are kept and not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountCounts {
    pub pools: i64,
    /// Jobs that are not completed.
    pub active_jobs: i64,
    pub jobs: i64,
    #[serde(default)]
    pub job_schedules: i64,
    /// Job schedules that are not completed.
    #[serde(default)]
    pub active_job_schedules: i64,
    pub dedicated_cores: i64,
    #[serde(default)]
    pub low_priority_cores: i64,
    pub nodes: i64,
    pub nodes_idle: i64,
    pub nodes_running: i64,
    /// Nodes that cannot run tasks: unusable, unknown, start task failed.
    pub nodes_broken: i64,
    pub tasks_active: i64,
    pub tasks_running: i64,
    pub tasks_succeeded: i64,
    pub tasks_failed: i64,
}

/// An account with its counts: a row of the portal's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountSummary {
    pub account: Account,
    pub counts: AccountCounts,
}

/// The rate at which tasks ended lately, for progress and estimates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub tasks_per_second: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_left: Option<Duration>,
}
