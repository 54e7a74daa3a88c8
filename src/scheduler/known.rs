//! What the driver knows of pools, nodes and jobs beside the world.

use std::net::IpAddr;

use super::remote::Remote;
use super::sample_nodes::Recent;
use super::sample_pools::Measures;
use crate::api::agent::{NodeContainers, NodeSize};
use crate::api::{
    EnvironmentSetting, InboundNatPool, JobConstraints, JobPreparationTask, JobReleaseTask, MountConfiguration,
    UserAccount,
};
use crate::domain::container::{Allowed, Containers};
use crate::domain::ids::AccountName;
use crate::domain::node::Facts;
use crate::store::node::NodeRow;

pub(super) struct Node {
    pub row: NodeRow,
    pub facts: Facts,
    pub connection: Option<u64>,
    /// From where its agent calls, or was refused last.
    pub from: Option<IpAddr>,
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
    pub containers: Option<crate::api::ContainerConfiguration>,
    /// Ports that are mapped on its nodes.
    pub nat_pools: Vec<InboundNatPool>,
}

impl Pool {
    /// Its nodes have something to do before they can run tasks.
    pub fn has_preliminaries(&self) -> bool {
        self.start_task.is_some() || self.brings_something()
    }

    /// What its nodes must know to run containers; absent where its tasks run in none.
    pub fn containers_by(&self, by: &Containers) -> Option<NodeContainers> {
        self.containers.as_ref().map(|own| NodeContainers {
            program: by.program.clone(),
            images: own.container_image_names.clone().unwrap_or_default(),
            registries: own.container_registries.clone().unwrap_or_default(),
            any_option: by.allowed == Allowed::Any,
        })
    }

    /// File systems, packages or images come to its nodes first.
    pub fn brings_something(&self) -> bool {
        !self.packages.is_empty() || self.containers.is_some() || !self.mounts.is_empty()
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
