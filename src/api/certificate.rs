//! Certificates of an account, which versions before 2025 know. They are stored and given back, and not installed on nodes.

use serde::{Deserialize, Serialize};

use super::shared::{settings, wire_enum};
use super::{NameValuePair, Secret, Timestamp};

wire_enum! {
    /// One that is in use cannot go: its deletion fails, and can be tried again or taken back.
    CertificateState { Active = "active", Deleting = "deleting", DeleteFailed = "deletefailed" }
}
wire_enum! { CertificateFormat { Pfx = "pfx", Cer = "cer" } }
wire_enum! { CertificateStoreLocation { CurrentUser = "currentuser", LocalMachine = "localmachine" } }
wire_enum! {
    CertificateVisibility { StartTask = "starttask", Task = "task", RemoteUser = "remoteuser" }
}

settings! {
    /// What a caller says to add a certificate.
    CertificateCreate {
        must {
            /// At most 40 hexadecimal digits; spaces say nothing.
            thumbprint: String,
            /// `sha1`.
            thumbprint_algorithm: String,
            /// Base64, at most 10 KB of what it encodes. Never given back of a `pfx`, which holds a private key.
            data: Secret,
            certificate_format: CertificateFormat,
        }
        may {
            /// Of a `pfx` only; never given back.
            password: Secret,
        }
    }
}

settings! {
    /// A certificate that a pool names. It must exist; nothing is installed.
    CertificateReference {
        must { thumbprint: String, thumbprint_algorithm: String }
        may {
            /// Default current user.
            store_location: CertificateStoreLocation,
            /// Default `My`.
            store_name: String,
            /// Default all.
            visibility: Vec<CertificateVisibility>,
        }
    }
}

/// A certificate as GET returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// In lower case, without spaces.
    pub thumbprint: String,
    pub thumbprint_algorithm: String,
    pub url: String,
    pub state: CertificateState,
    pub state_transition_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<CertificateState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state_transition_time: Option<Timestamp>,
    /// Base64. Absent for a `pfx`: its public part lies behind its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_data: Option<String>,
    /// Only while the state is deletefailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_certificate_error: Option<DeleteCertificateError>,
}

/// Why a certificate could not be deleted, with the first hundred pools that name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct DeleteCertificateError {
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<NameValuePair>,
}
