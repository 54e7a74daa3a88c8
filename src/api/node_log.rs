//! Logs of a node's agent, uploaded for whoever looks for a fault.

use serde::{Deserialize, Serialize};

use super::shared::settings;
use super::{NodeIdentityReference, Timestamp};

settings! {
    NodeUploadLogs {
        must {
            /// With a shared access signature that lets write.
            container_url: String,
            /// Only what was logged from then on.
            start_time: Timestamp,
        }
        may {
            /// Only what was logged until then. Missing means now.
            end_time: Timestamp,
            /// Opens the storage that is linked to the Batch account, without a signature in the URL. Which identity it names makes
            /// no difference: there are no managed identities here.
            identity_reference: NodeIdentityReference,
        }
    }
}

/// What has been uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeUploadLogsResult {
    /// What the blobs' names begin with.
    pub virtual_directory_name: String,
    pub number_of_files_uploaded: i32,
}
