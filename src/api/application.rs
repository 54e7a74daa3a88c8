//! Applications, and their packages: zip files that nodes unpack for tasks.

use serde::{Deserialize, Serialize};

use super::shared::{settings, wire_enum};
use super::{Secret, Timestamp};

wire_enum! {
    /// Of a package: whether something was uploaded for it and declared to be whole.
    PackageState { Pending = "Pending", Active = "Active" }
}

/// An application as the data plane shows it: one that has an active package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSummary {
    pub id: String,
    /// Chosen here: the id, where the application has no display name.
    pub display_name: String,
    /// Those that are active.
    pub versions: Vec<String>,
}

/// What references of pools and tasks can name: an application that has an active version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationChoice {
    pub id: String,
    /// What a reference without a version means. It may have been deleted since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_version: Option<String>,
    /// Those that are active.
    pub versions: Vec<String>,
}

/// An application as those see it who manage it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether packages can be replaced and deleted.
    pub allow_updates: bool,
    /// What a reference without a version means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_version: Option<String>,
    pub n_packages: i64,
    pub n_active_packages: i64,
    pub creation_time: Timestamp,
    pub last_modified: Timestamp,
    pub e_tag: String,
}

settings! {
    /// What is given is set; the rest stays, or is as usual in a new application.
    ApplicationPatch {
        must {}
        may {
            /// At most 1024 characters; an empty one takes it away.
            display_name: String,
            /// Default true.
            allow_updates: bool,
            /// A package of the application; an empty one takes it away.
            default_version: String,
        }
    }
}

/// A version of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationPackage {
    pub version: String,
    pub state: PackageState,
    /// `zip`, once it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Where to upload it; of a pending package, for those who may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_url: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_url_expiry: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activation_time: Option<Timestamp>,
    /// Bytes of the zip file; of an active package that is still in its storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_length: Option<i64>,
    pub creation_time: Timestamp,
    pub last_modified: Timestamp,
    pub e_tag: String,
}
