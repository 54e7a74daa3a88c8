//! Where a job runs: a pool that is there, or one that is made for it.

use serde::{Deserialize, Serialize};

use crate::api::PoolSpecification;
use crate::api::shared::wire_enum;

wire_enum! {
    /// What an auto pool is made for, and lives as long as.
    PoolLifetimeOption { Job = "job", JobSchedule = "jobschedule" }
}

/// Exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolInformation {
    /// The pool need not exist yet: tasks wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pool_specification: Option<AutoPoolSpecification>,
}

/// A pool that is made with the job and deleted at its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AutoPoolSpecification {
    /// The pool's id begins so; at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pool_id_prefix: Option<String>,
    /// `jobschedule` only in a job schedule: then all its jobs run there, one after the other.
    pub pool_lifetime_option: PoolLifetimeOption,
    /// The pool stays when its job or schedule is done; default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<bool>,
    /// What the pool is like; needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Box<PoolSpecification>>,
}

/// Whom a pool was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AutoPoolOwner {
    pub kind: PoolLifetimeOption,
    pub id: String,
    /// The owner is done, or gone, and has left the pool to itself.
    pub is_left: bool,
}

impl AutoPoolSpecification {
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive.unwrap_or(false)
    }
}

impl PoolInformation {
    pub fn of_pool(id: impl Into<String>) -> Self {
        PoolInformation { pool_id: Some(id.into()), auto_pool_specification: None }
    }

    /// As GET gives it back.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        if let Some(auto) = &mut self.auto_pool_specification {
            auto.pool = auto.pool.take().map(|pool| Box::new(pool.without_secrets()));
        }
        self
    }
}
