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
    /// The node is gone, and this is what the server has kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptCopy>,
}

/// What the server has kept of an entry of a task's folder whose node has gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptEntry {
    /// As it was.
    pub file: NodeFile,
    /// Absent when only its name is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<KeptPart>,
}

/// Where the bytes of a kept file are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptPart {
    /// In the file that holds those of many.
    pub offset: u64,
    pub length: u64,
    /// Which byte of the file as it was is the first that is kept.
    pub first: u64,
}

/// The files of a task, for the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskFiles {
    pub files: Vec<NodeFile>,
    /// Since when the node is gone and this is what was kept; absent while the node has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptFiles>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptFiles {
    pub since: Timestamp,
    /// Those that can be read still.
    pub names: Vec<String>,
}

/// That a file is a kept copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptCopy {
    pub since: Timestamp,
    /// How many bytes of the file's start are not kept.
    pub bytes_left_out: u64,
}
