//! Signing in to the portal by a provider of OpenID Connect.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::shared::wire_enum;

wire_enum! {
    /// Why somebody is not let in by the provider's word.
    ExternalRefusal {
        /// No user here has the person's name as external name.
        Unknown = "unknown",
        /// The provider does not say that the e-mail address was verified.
        Unverified = "unverified",
        /// The claim that names users is missing.
        NoName = "noname",
        /// The user is disabled.
        Disabled = "disabled",
        /// The user of this name is somebody else.
        Taken = "taken",
        /// The sign-in took too long, or was begun in another browser.
        Expired = "expired",
        /// The provider refused, cannot be reached, or said what cannot be believed; the server's log has the reason.
        Provider = "provider",
    }
}

/// What the sign-in page needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSignIn {
    /// What the operator calls the provider; absent where there is none.
    pub name: Option<String>,
}

/// A sign-in by the provider, as far as it came. For who sets it up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalAttempt {
    pub time: Timestamp,
    /// The user that it led to.
    pub user: Option<String>,
    pub refusal: Option<ExternalRefusal>,
    /// What the provider said of the person, as JSON; empty when it said nothing.
    pub claims: String,
}
