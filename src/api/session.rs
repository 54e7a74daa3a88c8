//! Who is signed in, users and tokens.

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{Secret, Timestamp};

wire_enum! {
    /// What a user may do; Azure's names.
    Role {
        /// Everything, users included.
        Owner = "Owner",
        /// Everything but users and access.
        Contributor = "Contributor",
        /// Looking, keys excepted.
        Reader = "Reader",
        /// Everything in accounts, keys included, but access.
        BatchAccountContributor = "Batch Account Contributor",
        /// Looking into accounts, keys excepted.
        BatchAccountReader = "Batch Account Reader",
        /// Pools, jobs and tasks, not accounts or keys.
        BatchDataContributor = "Batch Data Contributor",
        /// Jobs and tasks.
        BatchJobSubmitter = "Batch Job Submitter",
        /// Nothing, but for what other roles allow in a part of the installation.
        NoRole = "None",
    }
}

/// Who looks at the page, and what the page needs to know of the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub user: String,
    /// What the user may do everywhere.
    pub role: Role,
    /// And in which accounts more.
    #[serde(default)]
    pub account_roles: Vec<AccountRole>,
    pub version: String,
    /// Changes with every build: an open page of an older build offers to reload.
    pub build_id: String,
    pub subscription_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    pub user: String,
    pub password: Secret,
}

/// Makes the first user (Owner), with the token of the printed link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetUp {
    pub token: Secret,
    pub user: String,
    /// At least 12 characters.
    pub password: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub name: String,
    /// The id by which Azure's programs assign roles to the user (`--assignee-object-id`): a GUID that follows from the name.
    #[serde(default)]
    pub principal_id: String,
    pub role: Role,
    pub disabled: bool,
    pub creation_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<Timestamp>,
    /// By which name the sign-in provider knows the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_name: Option<String>,
    /// Signed in through the provider, which knows the user from then on whatever the name is.
    #[serde(default)]
    pub is_external: bool,
}

/// A role that holds in an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRole {
    pub account: String,
    pub role: Role,
}

/// A role that a user has in a part of the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignment {
    /// A UUID; empty for what holds everywhere, which is the user's own role.
    pub id: String,
    pub user: String,
    pub role: Role,
    /// A resource id in lower case: a subscription, a resource group or an account; `/` for everywhere.
    pub scope: String,
    pub creation_time: Timestamp,
    pub created_by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignmentCreate {
    pub user: String,
    pub role: Role,
    pub scope: String,
}

/// A session that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenSession {
    pub id: String,
    pub creation_time: Timestamp,
    /// Moved while it is used.
    pub expiry_time: Timestamp,
    /// Where it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_address: Option<String>,
    /// It is the caller's own.
    pub is_current: bool,
}

/// A link by which a user sets the password, once: `{base}/password#{token}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordLink {
    pub user: String,
    pub token: Secret,
    pub expiry_time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordSet {
    pub token: Secret,
    /// At least 12 characters.
    pub password: Secret,
}

/// A personal access token that has just been made, with its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    pub token: Token,
    pub secret: Secret,
}

/// A personal access token; its secret is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: String,
    pub user: String,
    pub description: String,
    pub creation_time: Timestamp,
    pub expiry_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    #[serde(flatten)]
    pub limit: TokenLimit,
}

/// What a token lets do at most, of what its user may do. Without a word: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenLimit {
    /// What this role allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// In this subscription, resource group or account. Given as a resource's id or as the name of an account; said as an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}
