//! What the driver knows of pools, nodes and jobs beside the world.

use super::remote::Remote;
use super::sample_nodes::Recent;
use super::sample_pools::Measures;
use crate::api::agent::NodeSize;
use crate::api::{
    EnvironmentSetting, InboundNatPool, JobConstraints, JobPreparationTask, JobReleaseTask, MountConfiguration,
    UserAccount,
};
use crate::domain::ids::AccountName;
use crate::domain::node::Facts;
use crate::store::node::NodeRow;

pub(super) struct Node {
    pub row: NodeRow,
    pub facts: Facts,
    pub connection: Option<u64>,
    /// Unless it is heard of before, the node is lost then.
    pub lost_at: Option<std::time::Duration>,
    /// The row has more to save than a state.
    pub unsaved: bool,
    pub measures: Measures,
    /// Measured for graphs.
    pub recent: Recent,
    pub remote: Remote,
}

pub(super) struct Pool {
    pub account: AccountName,
    pub account_key: i64,
    pub id: String,
    pub slots: i32,
    /// How large its nodes are.
    pub size: Option<NodeSize>,
    pub start_task: Option<crate::api::StartTask>,
    pub packages: Vec<crate::api::ApplicationPackageReference>,
    /// File systems that its nodes mount, with their secrets.
    pub mounts: Vec<MountConfiguration>,
    /// Its users, without their secrets.
    pub accounts: Vec<UserAccount>,
    /// Ports that are mapped on its nodes.
    pub nat_pools: Vec<InboundNatPool>,
}

impl Pool {
    /// Neither packages nor file systems.
    pub fn has_nothing_to_bring(&self) -> bool {
        self.packages.is_empty() && self.mounts.is_empty()
    }

    /// Its nodes have something to do before they can run tasks.
    pub fn has_preliminaries(&self) -> bool {
        self.start_task.is_some() || !self.has_nothing_to_bring()
    }
}

pub(super) struct Job {
    pub account: AccountName,
    pub account_key: i64,
    pub id: String,
    pub environment: Vec<EnvironmentSetting>,
    pub constraints: Option<JobConstraints>,
    pub preparation: Option<JobPreparationTask>,
    pub release: Option<JobReleaseTask>,
    /// Its counters decide what it does next.
    pub watches_counts: bool,
}

impl Node {
    /// A user wants something of it that may not be done yet.
    pub fn is_told(&self) -> bool {
        self.facts.order.is_some() || self.row.disable_option.is_some()
    }
}
