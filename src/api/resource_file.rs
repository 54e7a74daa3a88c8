//! Files that are brought to a node before a command runs there.

use serde::{Deserialize, Serialize};

use super::NodeIdentityReference;

/// One file, or all blobs of a container; exactly one of the three sources is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResourceFile {
    /// A container of the storage account that is linked to the Batch account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_storage_container_name: Option<String>,
    /// A container's URL with a shared access signature that lets read and list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_container_url: Option<String>,
    /// Any URL that GET can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_url: Option<String>,
    /// Only blobs whose names begin so; only with a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob_prefix: Option<String>,
    /// With `httpUrl` the file's own path, and required; with a container the folder in which blobs keep their names, by
    /// default the working directory itself. Relative to the working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// Octal, by default 0770.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_mode: Option<String>,
    /// Opens the storage that is linked to the Batch account, without a signature in the URL; other URLs are refused with it.
    /// Which identity it names makes no difference: there are no managed identities here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_reference: Option<NodeIdentityReference>,
}
