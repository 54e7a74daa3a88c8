//! Which run of which task is meant.

use serde::{Deserialize, Serialize};

/// One run of one task. Both numbers are the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    #[serde(rename = "t")]
    pub task: i64,
    #[serde(rename = "n")]
    pub number: i64,
}
