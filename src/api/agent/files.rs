//! Questions of the server about files of a node.

use serde::{Deserialize, Serialize};

use crate::api::{Code, NodeFile, Secret, Timestamp};

/// A question about files below the node's root, or about the agent's log. Paths use `/` and never leave the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "q")]
pub enum FileAsk {
    List {
        path: String,
        recursive: bool,
    },
    Stat {
        path: String,
    },
    /// At most `length` bytes from `offset`, and at most [`super::MAX_READ_BYTES`]: ask again for the rest.
    Read {
        path: String,
        offset: u64,
        length: u64,
    },
    Delete {
        path: String,
        recursive: bool,
    },
    /// Uploads what the agent logged between these times, as blobs of a container whose names begin with `folder`. Answered
    /// with the blobs when they are all there, else with `InvalidPropertyValue` and the reason.
    UploadLogs {
        container_url: Secret,
        folder: String,
        from: Timestamp,
        to: Timestamp,
    },
}

/// Answer to a [`FileAsk`]; the bytes of a read follow it in the same frame. Errors are `FileNotFound` (also for paths that
/// lead out of the root), `PathNotFound` (a folder to list), `OperationInvalidForCurrentState` (to delete a folder that is
/// not empty without `recursive`) and `Forbidden`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReply {
    pub request: u64,
    /// The file that was asked for (for a read as it was at that moment, so that its whole length is known), or the entries
    /// of a folder, sorted. Names are relative to the asked folder; of a single file as asked.
    #[serde(default)]
    pub files: Vec<NodeFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Code>,
    /// Why, where the code does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
