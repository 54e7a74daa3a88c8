//! What the management plane knows beside accounts and pools: resource groups, and access tokens of programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Duration, Secret, Timestamp};

/// A label that accounts share. Without regard to case unique in its subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceGroup {
    pub subscription_id: String,
    /// 1–90 letters, digits and `-_.()`, not ending in a period.
    pub name: String,
    pub location: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A resource group with what the caller sees of what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceGroupContent {
    pub group: ResourceGroup,
    /// By name, at most 1000.
    pub accounts: Vec<super::Account>,
}

/// What a caller says to make a resource group, or to replace its tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceGroupPut {
    pub location: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What a program is given for a personal access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Whose it is.
    pub user: String,
    pub access_token: Secret,
    pub issued: Timestamp,
    /// An hour later, or when the personal access token expires.
    pub expires: Timestamp,
}

/// What a program is told that asks a person to let it in (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSignIn {
    /// The program's own secret, with which it asks for the answer.
    pub device_code: Secret,
    /// For the person to type.
    pub user_code: String,
    pub life: Duration,
    /// How often the program may ask.
    pub interval: Duration,
}

/// A program that waits for a person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskingProgram {
    /// The client id that it gave; anybody can give any.
    pub client_id: String,
    /// From which address it asks.
    pub from: String,
    pub expiry_time: Timestamp,
}
