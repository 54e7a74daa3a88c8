//! Files that are uploaded from a node when a task's command has ended.

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{NameValuePair, NodeIdentityReference};

wire_enum! {
    /// After which end of the command files are uploaded.
    OutputFileUploadCondition {
        TaskSuccess = "tasksuccess",
        TaskFailure = "taskfailure",
        TaskCompletion = "taskcompletion",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputFile {
    /// Which files: relative to the working directory, or absolute below the node's root. See `domain::file_pattern`.
    pub file_pattern: String,
    pub destination: OutputFileDestination,
    pub upload_options: OutputFileUploadOptions,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct OutputFileDestination {
    /// Required: there is no other destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<OutputFileContainer>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputFileContainer {
    /// With a shared access signature that lets write.
    pub container_url: String,
    /// The blob's name when the pattern has no wildcard, else what blobs' names begin with; absent: the container's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Opens the storage that is linked to the Batch account, without a signature in the URL; other URLs are refused with it.
    /// Which identity it names makes no difference: there are no managed identities here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_reference: Option<NodeIdentityReference>,
    /// Sent with each upload, e.g. `x-ms-blob-content-type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_headers: Option<Vec<NameValuePair>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputFileUploadOptions {
    pub upload_condition: OutputFileUploadCondition,
}
