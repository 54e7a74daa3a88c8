//! Blob storage: what is kept of containers and blobs, and Azure Storage's error codes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Secret, Timestamp};

/// What a blob's writer says of it; also how it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlobSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// In base64. Computed where the blob comes in one request, else as its writer says.
    #[serde(rename = "contentMD5", skip_serializing_if = "Option::is_none")]
    pub content_md5: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A part of a blob's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPart {
    /// The block's id; empty for a blob that came in one request.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub file: String,
    pub length: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    pub name: String,
    pub metadata: BTreeMap<String, String>,
    pub modified: Timestamp,
    pub etag: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    pub name: String,
    pub length: u64,
    pub settings: BlobSettings,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub etag: String,
}

/// A page of a storage account's containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPage {
    pub containers: Vec<Container>,
    /// The name with which the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of what is in a folder of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobPage {
    /// Whole prefixes, each with its slash.
    pub folders: Vec<String>,
    pub blobs: Vec<Blob>,
    /// The name with which the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a shared access signature is to open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SasWish {
    pub account: String,
    pub container: String,
    /// Absent for the container with all that is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Letters of `racwdl`.
    pub permissions: String,
    pub life: super::Duration,
}

/// Blocks of a blob become the blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobCommit {
    pub name: String,
    /// Their ids, in order.
    pub blocks: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// A blob that has the name already is replaced; otherwise the commit is refused.
    #[serde(default)]
    pub replace: bool,
}

/// A storage account as the operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageAccount {
    pub name: String,
    /// Containers and blobs are below it.
    pub blob_endpoint: String,
    pub creation_time: Timestamp,
    /// Where its blobs are kept; absent for those that are kept in the server's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<super::Bucket>,
    /// Absent for what has no bucket, and while the bucket was not asked for anything since the server's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<super::BucketHealth>,
}

/// Its keys, ready for programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageKeys {
    pub name: String,
    pub primary: Secret,
    pub secondary: Secret,
    pub connection_string: Secret,
}

/// An address that opens a container or a blob for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageSas {
    pub url: Secret,
    pub sas: Secret,
    pub expiry_time: Timestamp,
}

macro_rules! storage_codes {
    ($($name:ident $status:literal $message:literal),+ $(,)?) => {
        /// Azure Storage's error codes, as far as they occur here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum StorageCode { $($name),+ }

        impl StorageCode {
            pub fn as_str(self) -> &'static str {
                match self { $(StorageCode::$name => stringify!($name)),+ }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(StorageCode::$name => $status),+ }
            }

            pub fn message(self) -> &'static str {
                match self { $(StorageCode::$name => $message),+ }
            }
        }
    };
}

storage_codes! {
    AccountIsDisabled 403 "The specified account is disabled.",
    AuthenticationFailed 403 "Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature.",
    AuthorizationFailure 403 "This request is not authorized to perform this operation.",
    AuthorizationPermissionMismatch 403 "This request is not authorized to perform this operation using this permission.",
    AuthorizationProtocolMismatch 403 "This request is not authorized to perform this operation using this protocol.",
    AuthorizationResourceTypeMismatch 403 "This request is not authorized to perform this operation using this resource type.",
    AuthorizationServiceMismatch 403 "This request is not authorized to perform this operation using this service.",
    AuthorizationSourceIPMismatch 403 "This request is not authorized to perform this operation using this source IP.",
    BlobAlreadyExists 409 "The specified blob already exists.",
    BlobNotFound 404 "The specified blob does not exist.",
    BlockCountExceedsLimit 409 "The committed block count cannot exceed the maximum limit of 50,000 blocks.",
    CannotVerifyCopySource 404 "The source of the copy cannot be read: it is a blob of this storage, by its own URL.",
    ConditionNotMet 412 "The condition specified using HTTP conditional header(s) is not met.",
    ContainerAlreadyExists 409 "The specified container already exists.",
    ContainerNotFound 404 "The specified container does not exist.",
    InternalError 500 "The server encountered an internal error. Please retry the request.",
    InvalidBlockId 400 "The block identifier is not base64, is too long, or is not as long as the others of the blob.",
    InvalidBlockList 400 "The specified block list is invalid.",
    InvalidHeaderValue 400 "The value for one of the HTTP headers is not in the correct format.",
    InvalidMetadata 400 "The specified metadata is invalid. It includes characters that are not permitted.",
    InvalidQueryParameterValue 400 "Value for one of the query parameters specified in the request URI is invalid.",
    InvalidRange 416 "The range specified is invalid for the current size of the resource.",
    InvalidResourceName 400 "The specified resource name contains invalid characters.",
    InvalidXmlDocument 400 "XML specified is not syntactically valid.",
    Md5Mismatch 400 "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    MissingContentLengthHeader 411 "Content-Length HTTP header is required.",
    MissingRequiredHeader 400 "An HTTP header that's mandatory for this request is not specified.",
    NotImplemented 501 "The requested operation is not there in this storage.",
    OperationTimedOut 500 "The operation could not be completed within the permitted time.",
    RequestBodyTooLarge 413 "The request body is too large and exceeds the maximum permissible limit.",
    ResourceNotFound 404 "The specified resource does not exist.",
    ServerBusy 503 "The server is busy, or its disk is full. Please retry later.",
    UnsupportedHeader 400 "One of the HTTP headers specified in the request is not supported.",
    UnsupportedHttpVerb 405 "The resource doesn't support the specified HTTP verb.",
    UnsupportedQueryParameter 400 "One of the query parameters specified in the request URI is not supported.",
}

/// Why an operation of blob storage failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageError {
    pub code: StorageCode,
    /// What a person needs beside the code's own sentence.
    pub detail: Option<String>,
    /// It is the word of the bucket behind the account, not ours.
    pub is_buckets: bool,
}

impl StorageError {
    pub fn new(code: StorageCode, detail: impl Into<String>) -> Self {
        StorageError { code, detail: Some(detail.into()), is_buckets: false }
    }
}

impl From<StorageCode> for StorageError {
    fn from(code: StorageCode) -> Self {
        StorageError { code, detail: None, is_buckets: false }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " {detail}"))
    }
}

impl std::error::Error for StorageError {}
