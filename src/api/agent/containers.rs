//! What a node must know to run containers.

use serde::{Deserialize, Serialize};

use crate::api::ContainerRegistry;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeContainers {
    /// The program that runs them, by its name or its path.
    pub program: String,
    /// Brought to the node before anything runs there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registries: Vec<ContainerRegistry>,
    /// Run options are given to the program as they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_option: bool,
}
