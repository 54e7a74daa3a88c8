//! Files of tasks and nodes.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeFile {
    /// Relative to the task's folder or the node's root, with `/`.
    pub name: String,
    #[serde(default)]
    pub url: String,
    pub is_directory: bool,
    /// Absent for folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<FileProperties>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileProperties {
    pub last_modified: Timestamp,
    /// Bytes.
    pub content_length: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Octal, e.g. `0o100644` as Batch writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_mode: Option<String>,
}

/// A part of a file, for the portal's viewer. Bytes that are not UTF-8 are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileText {
    pub text: String,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// Where it ends: the offset to go on from.
    pub end: u64,
    /// How long the file was at that moment.
    pub file_length: u64,
}
