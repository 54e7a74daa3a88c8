//! Application packages, as nodes get to know them.

use serde::{Deserialize, Serialize};

use crate::api::Secret;

/// An application package that a pool or task refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// As the reference spells it: variables are named by it.
    pub application: String,
    pub version: String,
    /// The reference names no version.
    #[serde(default)]
    pub is_default: bool,
    /// Relative to the node's root. Another content has another folder, so what is there is current.
    pub directory: String,
    /// Where the zip file is.
    pub url: Secret,
    /// Why it cannot be deployed; then there is neither folder nor URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
