//! What the portal changes of a pool in one step.

use serde::{Deserialize, Serialize};

use super::{PoolEnableAutoScale, PoolPatch, PoolResize};

/// What Batch has several operations for: PATCH, `updateproperties` where the start task goes, `resize`, `enableautoscale` and
/// `disableautoscale`. All of it happens, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolEdit {
    /// Secrets that it leaves out stay as they are.
    #[serde(default)]
    pub patch: PoolPatch,
    #[serde(default)]
    pub removes_start_task: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<PoolResize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_auto_scale: Option<PoolEnableAutoScale>,
    /// Before the pool gets its new size, where it gets one.
    #[serde(default)]
    pub disables_auto_scale: bool,
}
