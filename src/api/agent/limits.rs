//! What of a task's use of its node is limited, and why not all of it.

use serde::{Deserialize, Serialize};

/// What of a task's use of its node can be limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeLimits {
    pub memory: bool,
    pub processes: bool,
    pub cpu: bool,
    /// Why not everything is.
    pub obstacle: Option<LimitsObstacle>,
}

impl NodeLimits {
    /// As the operator wants it.
    pub fn off() -> NodeLimits {
        NodeLimits { obstacle: Some(LimitsObstacle::Off), ..NodeLimits::default() }
    }
}

/// Why a task's use of its node is not limited. Details are the system's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LimitsObstacle {
    /// The operator wants it so.
    Off,
    /// The agent may make no control groups.
    NotPermitted { detail: String },
    /// The kernel has no such controllers here.
    NoControllers { detail: String },
    /// The agent's group holds processes of others, so that it cannot hand its controllers down.
    ProcessesBeside { detail: String },
}

/// What the node's size says, for the share of the machine that its tasks may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSize {
    pub cores: i64,
    #[serde(rename = "memoryMiB")]
    pub memory_mib: i64,
}
