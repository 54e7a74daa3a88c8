//! `fournil admin activity`, and how what this program does comes into the log itself.

use clap::Args;
use serde_json::Value;

use super::Request;
use super::node::NodeRequest;
use super::storage::StorageRequest;
use crate::api::{ActivityFilter, ListQuery, Via};
use crate::domain::activity::{self, Operation};
use crate::domain::ids::AccountName;
use crate::service::{Caller, Context, Recorded};

#[derive(Args, Debug)]
pub struct ActivityArgs {
    /// Only what concerns this account
    #[arg(long)]
    account: Option<AccountName>,
    /// Only calls of this user, or with keys of this account
    #[arg(long, value_name = "NAME", default_value = "")]
    by: String,
    /// Only operations whose names have this part, such as listKeys or pools/delete
    #[arg(long, value_name = "PART", default_value = "")]
    operation: String,
    /// Only resources whose names have this part
    #[arg(long, value_name = "PART", default_value = "")]
    resource: String,
    /// Only what failed or was refused
    #[arg(long)]
    failed: bool,
    /// From this day on, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "")]
    from: String,
    /// Up to this day, and with it
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "")]
    to: String,
    /// How many, newest first
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after an earlier page, by its `next`
    #[arg(long, value_name = "NEXT", default_value = "")]
    after: String,
}

impl From<ActivityArgs> for Request {
    fn from(args: ActivityArgs) -> Request {
        let ActivityArgs { account, by, operation, resource, failed, from, to, limit, after } = args;
        let filter = ActivityFilter { caller: by, operation, resource, failed_only: failed, from, to };
        Request::Activity { account, filter, query: ListQuery { limit, cursor: after, ..ListQuery::default() } }
    }
}

pub fn begin(cx: &Context, request: &Request) -> Recorded {
    let (function, account, resource) = named(request);
    let operation = match function {
        "storage_keys" => {
            Operation { name: "Microsoft.Storage/storageAccounts/listKeys/action".to_owned(), is_recorded: true }
        }
        "storage_sas" => {
            Operation { name: "Microsoft.Storage/storageAccounts/listServiceSas/action".to_owned(), is_recorded: true }
        }
        "storage_create" => Operation { name: "Microsoft.Storage/storageAccounts/write".to_owned(), is_recorded: true },
        function => activity::of_function(function),
    };
    let recorded = Recorded::begin(cx, Via::CommandLine, operation, None, "");
    recorded.by(&Caller::system());
    if let Some(account) = account {
        recorded.on_account(account);
    }
    recorded.about(&resource);
    recorded
}

/// The name of what is asked for, the account that it concerns, and what in it.
fn named(request: &Request) -> (&'static str, Option<&str>, String) {
    let none = String::new();
    let user = |user: &String| format!("users/{user}");
    match request {
        Request::AccountCreate { create } => ("account_create", Some(create.name.as_str()), none),
        Request::AccountList => ("account_list", None, none),
        Request::AccountShow { account } => ("account_get", Some(account.as_str()), none),
        Request::AccountDelete { account } => ("account_delete", Some(account.as_str()), none),
        Request::AccountSetQuota { account, .. } => ("account_quotas_set", Some(account.as_str()), none),
        Request::AccountSetTaskEvents { account, .. } => ("service_event_settings_set", Some(account.as_str()), none),
        Request::KeyList { account } => ("key_list", Some(account.as_str()), none),
        Request::KeyRegenerate { account, .. } => ("key_regenerate", Some(account.as_str()), none),
        Request::UserCreate { user: name, .. } => ("user_create", None, user(name)),
        Request::UserList => ("user_list", None, none),
        Request::UserSetDisabled { user: name, .. } => ("user_set_disabled", None, user(name)),
        Request::UserSetPassword { user: name, .. } => ("user_set_password", None, user(name)),
        Request::TokenCreate { user: name, .. } => ("token_create", None, user(name)),
        Request::TokenList { .. } => ("token_list", None, none),
        Request::TokenRevoke { id } => ("token_revoke", None, format!("tokens/{id}")),
        Request::Activity { .. } => ("activity_list", None, none),
        Request::Backup { .. } => ("backup", None, none),
        Request::Doctor => ("doctor_get", None, none),
        Request::Node { ask: NodeRequest::Preempt { account, pool, node, .. } } => {
            ("node_preempt", Some(account.as_str()), format!("pools/{pool}/nodes/{node}"))
        }
        Request::Storage { ask } => {
            let about = |name: &String| format!("storageAccounts/{name}");
            match ask {
                StorageRequest::Create { name } => ("storage_create", None, about(name)),
                StorageRequest::List => ("storage_list", None, none),
                StorageRequest::Keys { name } => ("storage_keys", None, about(name)),
                StorageRequest::Link { link } => ("storage_link", None, about(&link.name)),
                StorageRequest::Credentials { name, .. } => ("storage_credentials_set", None, about(name)),
                StorageRequest::Unlink { name } => ("storage_unlink", None, about(name)),
                StorageRequest::Check { name } => ("storage_check", None, about(name)),
                StorageRequest::Sas { account, .. } => ("storage_sas", None, about(account)),
            }
        }
    }
}

/// For people: a line each.
pub fn print(answer: &Value, text: impl Fn(&Value) -> String) -> Vec<[String; 6]> {
    let rows = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    let row = |row: &Value| {
        let place = [text(&row["account"]), text(&row["resource"])];
        let place: Vec<&str> = place.iter().map(String::as_str).filter(|part| !matches!(*part, "" | "-")).collect();
        let code = row["code"].as_str().filter(|code| !code.is_empty()).unwrap_or("Succeeded").to_owned();
        [
            text(&row["time"]),
            text(&row["caller"]),
            text(&row["operation"]),
            place.join("/"),
            text(&row["clientAddress"]),
            code,
        ]
    };
    rows.iter().map(row).collect()
}
