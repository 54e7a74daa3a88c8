//! Pools that size themselves by a formula.

use serde::{Deserialize, Serialize};

use super::*;

/// Turns autoscale on, or changes its formula or interval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolEnableAutoScale {
    /// At most 8192 characters. Must be there unless autoscale is on; absent keeps the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_formula: Option<String>,
    /// 5 minutes to 168 hours, default 15 minutes; absent keeps the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale_evaluation_interval: Option<Duration>,
}

/// A formula to be tried: nothing comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolEvaluateAutoScale {
    pub auto_scale_formula: String,
}

/// One run of a formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AutoScaleRun {
    pub timestamp: Timestamp,
    /// `$TargetDedicatedNodes=2;…`: Batch's variables that can be set, then the user's; as they were when the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<String>,
    /// The run failed, and the pool keeps its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AutoScaleRunError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct AutoScaleRunError {
    pub code: String,
    pub message: String,
    /// `Message` says the place and the reason; `Line` and `Column` the place alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<NameValuePair>,
}
