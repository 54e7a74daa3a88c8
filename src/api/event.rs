//! What the server tells open pages: that something changed, not what it is now.

use serde::{Deserialize, Serialize};

/// Something of an account changed; pages that show it read it again. Sent at most every 100 ms for the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Empty: not of one account (users, accounts themselves).
    pub account: String,
    pub what: Changed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Changed {
    Accounts,
    Account,
    Keys,
    /// Applications or their packages.
    Applications,
    /// The pool, its nodes or their counts.
    Pool {
        pool: String,
    },
    /// The job or its counts, or any task of it.
    Job {
        job: String,
    },
    /// The schedule; its jobs are told of by themselves.
    JobSchedule {
        schedule: String,
    },
    /// A file that somebody follows has grown, or its task ended.
    File {
        job: String,
        task: String,
        path: String,
        length: u64,
        ended: bool,
    },
}
