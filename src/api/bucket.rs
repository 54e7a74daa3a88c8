//! Storage accounts whose blobs are kept elsewhere: in a container of Azure Blob Storage or in a bucket of S3. Both are called
//! a bucket here, for a container is something else to whoever uses the account: a first-level folder in it.

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{Secret, Timestamp};

wire_enum! {
    /// What speaks for the bucket.
    BucketKind { Azure = "azure", S3 = "s3" }
}

/// Where the bucket is, and as whom it is entered. None of it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    pub kind: BucketKind,
    /// The container of Azure, or the bucket of S3. It has to be there.
    pub name: String,
    /// A folder in it, without slashes at its ends: nothing outside it is read or written. Empty for all of the bucket.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// A service that is not the cloud's own, as `https://minio.example:9000`. For Azure with the account's name where that
    /// is part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Of S3. Default: `us-east-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// As whom: the storage account of Azure, or the access key id of S3.
    pub identity: String,
}

/// A bucket with its key: how it is stored. The key is never given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketAccess {
    #[serde(flatten)]
    pub bucket: Bucket,
    /// A key or a shared access signature of Azure, or the secret access key of S3.
    pub secret: Secret,
}

/// Makes a storage account of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageLink {
    /// Of the new storage account.
    pub name: String,
    pub access: BucketAccess,
}

/// New credentials for a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketCredentials {
    /// Absent: as whom it is entered stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    pub secret: Secret,
}

wire_enum! {
    /// How a bucket answered.
    BucketState {
        Reachable = "reachable",
        /// It refuses the credentials.
        Refuses = "refuses",
        /// There is no such bucket.
        Missing = "missing",
        /// It does not answer in time, or with a failure.
        Unavailable = "unavailable",
    }
}

/// How a bucket answered when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketHealth {
    pub state: BucketState,
    pub time: Timestamp,
}
