//! `fournil admin …`: what an operator does at the machine itself. A running server does it, asked over a socket that only
//! its own user can open; without one, this process takes the data folder's lock and does it itself, by the same code.

mod activity;
mod backup;
mod call;
mod cli;
mod doctor;
mod node;
mod print;
mod restore;
mod storage;
mod storage_link;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use cli::{AdminArgs, run};

use crate::api::{self, AccountCreate, Duration, KeyName, Role, Secret};
use crate::domain::ids::AccountName;
use crate::service::{self, Caller, Context, Result, account, key, user};

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Request {
    AccountCreate {
        create: AccountCreate,
    },
    AccountList,
    AccountShow {
        account: AccountName,
    },
    AccountDelete {
        account: AccountName,
    },
    /// Absent limits stay as they are.
    AccountSetQuota {
        account: AccountName,
        dedicated_cores: Option<i64>,
        low_priority_cores: Option<i64>,
        pools: Option<i64>,
        jobs: Option<i64>,
    },
    AccountSetTaskEvents {
        account: AccountName,
        on: bool,
    },
    KeyList {
        account: AccountName,
    },
    KeyRegenerate {
        account: AccountName,
        key: KeyName,
    },
    UserCreate {
        user: String,
        role: Role,
        password: Secret,
    },
    UserList,
    UserSetDisabled {
        user: String,
        disabled: bool,
    },
    UserSetPassword {
        user: String,
        password: Secret,
    },
    TokenCreate {
        user: String,
        description: String,
        life: Option<Duration>,
        limit: api::TokenLimit,
    },
    TokenList {
        user: Option<String>,
    },
    TokenRevoke {
        id: String,
    },
    Activity {
        account: Option<AccountName>,
        filter: api::ActivityFilter,
        query: api::ListQuery,
    },
    /// The file must not exist yet.
    Backup {
        file: PathBuf,
    },
    Doctor,
    Node {
        ask: node::NodeRequest,
    },
    Storage {
        ask: storage::StorageRequest,
    },
}

/// What comes back over the socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    Done(Value),
    Refused(api::Error),
}

/// Does it, as the system itself, and writes it to the activity log.
///
/// # Errors
/// Those of the operation.
pub async fn perform(cx: &Context, request: Request) -> Result<Value> {
    let recorded = activity::begin(cx, &request);
    let outcome = perform_noted(&recorded.context(cx), request).await;
    let failure = outcome.as_ref().err().map(|error| (error.public.code.status(), error.public.code.as_str()));
    recorded.end(cx, failure).await;
    outcome
}

async fn perform_noted(cx: &Context, request: Request) -> Result<Value> {
    let me = &Caller::system();
    let value = match request {
        Request::Node { ask } => node::perform(cx, ask).await?,
        Request::Storage { ask } => storage::perform(cx, ask).await?,
        Request::AccountCreate { create } => to_value(account::account_create(cx, me, create).await?),
        Request::AccountList => to_value(all_accounts(cx, me).await?),
        Request::AccountShow { account } => to_value(account::account_get(cx, me, &account).await?),
        Request::AccountDelete { account } => to_value(account::account_delete(cx, me, &account).await?),
        Request::AccountSetQuota { account, dedicated_cores, low_priority_cores, pools, jobs } => {
            let now = account::account_get(cx, me, &account).await?.account.quotas;
            let quotas = api::AccountQuotas {
                dedicated_core_quota: dedicated_cores.unwrap_or(now.dedicated_core_quota),
                low_priority_core_quota: low_priority_cores.unwrap_or(now.low_priority_core_quota),
                pool_quota: pools.unwrap_or(now.pool_quota),
                active_job_and_job_schedule_quota: jobs.unwrap_or(now.active_job_and_job_schedule_quota),
            };
            to_value(account::account_quotas_set(cx, me, &account, quotas).await?)
        }
        Request::AccountSetTaskEvents { account, on } => {
            let settings = api::ServiceEventSettings { task_events: on };
            to_value(service::service_event::service_event_settings_set(cx, me, &account, settings).await?)
        }
        Request::KeyList { account } => to_value(key::key_list(cx, me, &account).await?),
        Request::KeyRegenerate { account, key } => to_value(key::key_regenerate(cx, me, &account, key).await?),
        Request::UserCreate { user, role, password } => {
            to_value(user::user_create(cx, me, &user, role, password).await?)
        }
        Request::UserList => to_value(user::user_list(cx, me).await?),
        Request::UserSetDisabled { user, disabled } => {
            to_value(user::user_set_disabled(cx, me, &user, disabled).await?)
        }
        Request::UserSetPassword { user, password } => {
            to_value(user::user_set_password(cx, me, &user, password).await?)
        }
        Request::TokenCreate { user, description, life, limit } => {
            let (token, secret) = user::token_create_limited(cx, me, &user, &description, life, limit).await?;
            with(to_value(token), "token", secret.0)
        }
        Request::TokenList { user } => to_value(user::token_list(cx, me, user.as_deref()).await?),
        Request::TokenRevoke { id } => to_value(user::token_revoke(cx, me, &id).await?),
        Request::Backup { file } => {
            backup::write(&cx.store, &file).await?;
            json!({ "file": file })
        }
        Request::Activity { account, filter, query } => {
            to_value(service::activity::activity_list(cx, me, account.as_ref(), &filter, &query).await?)
        }
        Request::Doctor => json!({ "problems": doctor::problems(cx).await? }),
    };
    Ok(value)
}

async fn all_accounts(cx: &Context, me: &Caller) -> Result<Vec<api::AccountSummary>> {
    let mut query = api::ListQuery { limit: 1000, ..api::ListQuery::default() };
    let mut accounts = Vec::new();
    loop {
        let page = account::account_list(cx, me, &query).await?;
        accounts.extend(page.items);
        match page.next {
            Some(next) => query.cursor = next,
            None => return Ok(accounts),
        }
    }
}

fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("shapes have string keys and no failing serializer")
}

fn with(mut object: Value, name: &str, text: String) -> Value {
    object[name] = text.into();
    object
}
