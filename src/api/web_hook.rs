//! Web hooks: where an account's service events are sent.

use serde::{Deserialize, Serialize};

use super::shared::wire_enum;
use super::{Secret, ServiceEventType, Timestamp};

/// Where events of an account are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebHook {
    /// 1–64 letters, digits, hyphens and underscores, unique in the account without regard to case.
    pub id: String,
    pub url: String,
    pub event_types: Vec<ServiceEventType>,
    /// Of jobs and tasks, only those whose job's id begins so, without regard to case. Empty for all.
    #[serde(default)]
    pub job_id_prefix: String,
    pub enabled: bool,
    pub creation_time: Timestamp,
    pub last_modified: Timestamp,
    /// The first failure since the last success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// When the server switched it off, for it had failed for three days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_off: Option<Timestamp>,
    /// Deliveries that wait for their first or next try.
    pub waiting: i64,
    /// Deliveries that were dropped because more than 10 000 waited.
    pub dropped: i64,
}

/// What a user says of a web hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebHookSettings {
    pub id: String,
    /// `http` or `https`.
    pub url: String,
    pub event_types: Vec<ServiceEventType>,
    #[serde(default)]
    pub job_id_prefix: String,
    #[serde(default)]
    pub enabled: bool,
}

/// A hook's new secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebHookSecret {
    pub id: String,
    /// `whsec_` and base64, as the libraries of Standard Webhooks take it.
    pub secret: Secret,
}

wire_enum! { WebHookDeliveryState { Waiting = "waiting", Delivered = "delivered", Failed = "failed" } }

/// An event on its way to a web hook, or arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebHookDelivery {
    pub id: i64,
    /// A type of service event, or `WebHookTestEvent`.
    pub event_type: String,
    /// The pool, or the job and perhaps the task that it is about.
    pub resource: String,
    /// When it happened.
    pub time: Timestamp,
    pub state: WebHookDeliveryState,
    pub tries: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_try: Option<Timestamp>,
    /// Absent when it is not tried any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// HTTP status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
