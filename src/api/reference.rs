//! The reference of the data plane: made from the shapes themselves, shown by the portal.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// By path.
    pub operations: Vec<ReferenceOperation>,
    /// By name; every shape that an operation or another shape names.
    pub shapes: Vec<ReferenceShape>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceOperation {
    /// The same in every layer, such as `pool_resize`.
    pub name: String,
    pub method: String,
    pub path: String,
    pub about: String,
    /// Parameters of its own, beside `api-version` and `timeout`.
    pub query: Vec<String>,
    /// The shape of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// The shape of the answer, or of an item of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<String>,
    /// The answer is a page of a list.
    pub is_list: bool,
    /// Of a success.
    pub status: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceShape {
    pub name: String,
    pub about: String,
    pub properties: Vec<ReferenceProperty>,
    /// Of an enumeration.
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceProperty {
    pub name: String,
    /// Such as `string`, `duration`, `TaskConstraints`, `EnvironmentSetting[]`.
    pub kind: String,
    /// The shape that `kind` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    pub is_required: bool,
    pub about: String,
    /// Stored and given back, without any effect here.
    pub is_echo_only: bool,
}
