//! Who did what, and who tried.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::shared::wire_enum;

wire_enum! {
    /// What a caller showed to prove who it is.
    CallerKind {
        /// A session or a token of a user.
        User = "User",
        /// A key of an account.
        SharedKey = "SharedKey",
        /// `fournil admin`, by who may open its socket.
        Operator = "Operator",
        /// Nothing that was right.
        Unknown = "Unknown",
    }
}

wire_enum! {
    /// The way by which a call came.
    Via {
        Portal = "Portal",
        /// Batch's REST API.
        Batch = "Batch",
        /// Azure Resource Manager's REST API.
        Management = "Management",
        CommandLine = "CommandLine",
    }
}

/// A call that changed something, read a secret, or was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Unique in the installation; later calls have greater ones.
    pub id: i64,
    /// When the call began.
    pub time: Timestamp,
    /// As Azure names operations: `Microsoft.Batch/batchAccounts/pools/resize/action`.
    pub operation: String,
    /// Absent for what belongs to no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Below the account, or below the installation: `pools/p1`. May be empty.
    pub resource: String,
    /// The name of the user, or of the account whose key was used. Empty when nobody knew.
    pub caller: String,
    pub caller_kind: CallerKind,
    pub via: Via,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_address: Option<String>,
    /// The code of the error; empty when the call succeeded.
    pub code: String,
    pub request_id: String,
    /// Failed calls of the same caller before this one that were too many to be written down.
    pub left_out: i64,
}

/// Which calls. What is empty or absent says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivityFilter {
    /// Whole name, without regard to case.
    pub caller: String,
    /// A part of the operation's name, without regard to case.
    pub operation: String,
    /// A part of the resource, without regard to case.
    pub resource: String,
    pub failed_only: bool,
    /// Days in UTC, both included: `2026-01-31`.
    pub from: String,
    pub to: String,
}
