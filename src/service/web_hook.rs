//! Web hooks of an account: who may make them, and what is sent to them. Sending itself is the server's.
//!
//! A hook's URL can be a secret (chat programs have such), so it is shown to those only who may change the account.

use serde_json::json;

use super::account::find as find_account;
use super::{Caller, Context, Error, Result, page};
use crate::api::{self, Changed, Code, Duration, Secret, Timestamp, WebHook, WebHookDelivery, WebHookSettings};
use crate::auth::web_hook as signing;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::domain::web_hook as rules;
use crate::store::web_hook::{self as table, AskDeliveries, Due, HookRow, Tried};
use crate::store::{Conn, Write};

/// Deliveries that are over are kept for so long, and at most so many of each hook.
const KEPT_FOR: Duration = Duration::from_days(7);
const MOST_KEPT: i64 = 1000;
const PRUNE_STEP: i64 = 1000;

/// All hooks of the account, by name.
///
/// # Errors
/// `AccountNotFound`.
pub async fn web_hook_list(cx: &Context, caller: &Caller, account: &AccountName) -> Result<Vec<WebHook>> {
    caller.may(Some(account), Permission::AccountWrite)?;
    let mut conn = cx.store.read().await?;
    let account = find_account(&mut conn, account).await?;
    Ok(table::list(&mut conn, account.key).await?.into_iter().map(|row| row.hook).collect())
}

/// Makes a hook with a new secret, which is given back this once.
///
/// # Errors
/// `AccountNotFound`, `InvalidPropertyValue`, also for a name that is taken or one hook too many.
pub async fn web_hook_create(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    hook: WebHookSettings,
) -> Result<api::WebHookSecret> {
    caller.may(Some(account), Permission::AccountWrite)?;
    rules::check(&hook, &cx.installation.web_hook_allow)?;
    let (id, secret, now) = (hook.id.clone(), new_secret(cx), cx.clock.now());
    let (name, stored) = (account.clone(), secret.clone());
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                let account = find_account(conn, &name).await?;
                let taken = |reason: &str| Error::from(api::Error::invalid_property("id", &hook.id, reason));
                if table::list(conn, account.key).await?.len() as i64 >= rules::MOST_HOOKS {
                    return Err(taken("The account has as many web hooks as it can have."));
                }
                match table::insert(conn, account.key, &hook, &stored, now).await? {
                    true => Ok(()),
                    false => Err(taken("The account has a web hook of this name already.")),
                }
            })
        })
        .await?;
    tracing::info!(%account, web_hook = id, user = caller.name(), "a web hook was made");
    cx.events.tell(account.as_str(), Changed::Account);
    Ok(api::WebHookSecret { id, secret })
}

/// Sets everything of a hook but its name and secret. What it has failed at is forgotten.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`, `InvalidPropertyValue`.
pub async fn web_hook_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    hook: WebHookSettings,
) -> Result<()> {
    rules::check(&hook, &cx.installation.web_hook_allow)?;
    let (id, now) = (hook.id.clone(), cx.clock.now());
    change(cx, caller, account, id, move |conn, row| {
        Box::pin(async move { Ok(table::update(conn, row.key, &hook, now).await?) })
    })
    .await
}

/// Replaces the secret. What is sent from now on, tries of what failed before too, is signed with the new one.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`.
pub async fn web_hook_regenerate_secret(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
) -> Result<api::WebHookSecret> {
    let (secret, now) = (new_secret(cx), cx.clock.now());
    let stored = secret.clone();
    let hook = change(cx, caller, account, id.to_owned(), move |conn, row| {
        Box::pin(async move {
            table::set_secret(conn, row.key, &stored, now).await?;
            Ok(row.hook)
        })
    })
    .await?;
    tracing::info!(%account, web_hook = hook.id, user = caller.name(), "the secret of a web hook was replaced");
    Ok(api::WebHookSecret { id: hook.id, secret })
}

/// Removes a hook and what waits for it.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`.
pub async fn web_hook_delete(cx: &Context, caller: &Caller, account: &AccountName, id: &str) -> Result<()> {
    change(cx, caller, account, id.to_owned(), |conn, row| {
        Box::pin(async move { Ok(table::delete(conn, row.key).await?) })
    })
    .await
}

/// Sends an event of the type `WebHookTestEvent`, as any other one.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`.
pub async fn web_hook_test(cx: &Context, caller: &Caller, account: &AccountName, id: &str) -> Result<()> {
    let now = cx.clock.now();
    change(cx, caller, account, id.to_owned(), move |conn, row| {
        Box::pin(async move { Ok(table::insert_test(conn, row.key, now).await?) })
    })
    .await
}

/// A page of what was sent, or is to be, newest first: of all or of those whose type or ids have the text in them, or that have failed.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`, `InvalidQueryParameterValue`.
pub async fn web_hook_delivery_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
    query: &api::ListQuery,
) -> Result<api::Page<WebHookDelivery>> {
    caller.may(Some(account), Permission::AccountWrite)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    let limit = page::limit(query);
    let ask = AskDeliveries {
        text: query.search.trim().to_owned(),
        failed_only: query.failed_only,
        before: page::after(&query.cursor)?,
        limit,
    };
    let rows = table::deliveries(&mut conn, row.key, &ask).await?;
    Ok(page::page(rows, limit, |delivery| delivery.id, |delivery| delivery))
}

/// Sends something again that has arrived, or was given up. The receiver sees the same `webhook-id` as before.
///
/// # Errors
/// `AccountNotFound`, `ResourceNotFound`.
pub async fn web_hook_redeliver(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &str,
    delivery: i64,
) -> Result<()> {
    let now = cx.clock.now();
    change(cx, caller, account, id.to_owned(), move |conn, row| {
        Box::pin(async move {
            match table::send_again(conn, row.key, delivery, now).await? {
                true => Ok(()),
                false => Err(Error::from(Code::ResourceNotFound)),
            }
        })
    })
    .await
}

/// Does something to a hook.
async fn change<T, F>(cx: &Context, caller: &Caller, account: &AccountName, id: String, work: F) -> Result<T>
where
    F: for<'c> FnOnce(&'c mut Conn, HookRow) -> Write<'c, T, Error> + Send + 'static,
    T: Send + 'static,
{
    caller.may(Some(account), Permission::AccountWrite)?;
    let name = account.clone();
    let outcome = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                let row = find(conn, &name, &id).await?;
                work(conn, row).await
            })
        })
        .await?;
    cx.events.tell(account.as_str(), Changed::Account);
    Ok(outcome)
}

async fn find(conn: &mut Conn, account: &AccountName, id: &str) -> Result<HookRow> {
    let account = find_account(conn, account).await?;
    table::find(conn, account.key, id).await?.ok_or_else(|| Code::ResourceNotFound.into())
}

fn new_secret(cx: &Context) -> Secret {
    let mut bits = [0; 32];
    cx.random.fill(&mut bits);
    signing::new_secret(&bits)
}

/// Hooks that have something to send now. For the sender.
pub async fn due_hooks(cx: &Context) -> Result<Vec<i64>> {
    Ok(table::due_hooks(&mut *cx.store.read().await?, cx.clock.now()).await?)
}

/// A request to a receiver.
#[derive(Clone, Debug)]
pub struct Outgoing {
    due: Due,
    pub url: String,
    /// `webhook-id`: the same at each try.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: i64,
    pub signature: String,
    pub body: Vec<u8>,
}

/// Some of what a hook has to send now. For the sender.
pub async fn outgoing(cx: &Context, hook_key: i64, most: i64) -> Result<Vec<Outgoing>> {
    let now = cx.clock.now();
    let due = table::due(&mut *cx.store.read().await?, hook_key, now, most).await?;
    Ok(due.into_iter().filter_map(|due| to_outgoing(hook_key, due, now)).collect())
}

fn to_outgoing(hook_key: i64, due: Due, now: Timestamp) -> Option<Outgoing> {
    let id = format!("msg_{hook_key}_{}", due.key);
    let properties: serde_json::Value = serde_json::from_str(&due.body).unwrap_or_default();
    let mut body = json!({ "account": due.account, "time": due.at, "eventType": due.kind, "properties": properties });
    if let Some(event) = due.event_key {
        body["id"] = json!(event);
    }
    for (name, value) in [("poolId", &due.pool), ("jobId", &due.job), ("taskId", &due.task)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    let body = body.to_string().into_bytes();
    let timestamp = now.micros() / 1_000_000;
    let signature = signing::signature(&due.secret, &id, timestamp, &body)?;
    Some(Outgoing { url: due.url.clone(), id, timestamp, signature, body, due })
}

/// What came of a request: the status of an answer, or why there was none.
#[derive(Clone, Debug)]
pub enum Came {
    Answer(u16),
    Nothing(String),
}

/// Saves how requests of a hook went, and when they are tried again. A hook that has failed for three days is switched off. For the sender.
pub async fn came(cx: &Context, hook_key: i64, outcomes: Vec<(Outgoing, Came)>) -> Result<()> {
    let now = cx.clock.now();
    let account = outcomes.first().map(|(outgoing, _)| outgoing.due.account.clone());
    let tries: Vec<Tried> = outcomes.into_iter().map(|(outgoing, came)| tried(cx, &outgoing.due, came, now)).collect();
    let (any_arrived, any_failed) = (tries.iter().any(|t| t.is_delivered), tries.iter().any(|t| !t.is_delivered));
    let is_off = cx
        .store
        .write(move |conn| {
            Box::pin(async move {
                table::save_tries(conn, hook_key, &tries).await?;
                let since = table::failing_since(conn, hook_key).await?;
                match (any_arrived, any_failed, since) {
                    (true, _, Some(_)) => table::set_failing(conn, hook_key, None).await?,
                    (false, true, None) => table::set_failing(conn, hook_key, Some(now)).await?,
                    (false, true, Some(since)) if rules::is_given_up(since, now) => {
                        table::switch_off(conn, hook_key, now).await?;
                        return Ok(true);
                    }
                    _ => {}
                }
                Ok::<_, Error>(false)
            })
        })
        .await?;
    if let Some(account) = account {
        if is_off {
            tracing::warn!(account, "a web hook has failed for three days and is switched off");
        }
        cx.events.tell(&account, Changed::Account);
    }
    Ok(())
}

fn tried(cx: &Context, due: &Due, came: Came, now: Timestamp) -> Tried {
    let mut chance = [0; 8];
    cx.random.fill(&mut chance);
    let (status, error) = match came {
        Came::Answer(status) => (Some(i64::from(status)), None),
        Came::Nothing(why) => (None, Some(why)),
    };
    let is_delivered = status.is_some_and(|status| (200..300).contains(&status));
    let next = rules::next_try(due.tries + 1, due.queued, now, u64::from_le_bytes(chance)).filter(|_| !is_delivered);
    Tried { key: due.key, at: now, status, error, is_delivered, next }
}

/// Removes deliveries that are over and were kept for long enough. In small steps, for housekeeping.
pub async fn web_hook_deliveries_prune(cx: &Context) -> Result<()> {
    let oldest = cx.clock.now().plus(Duration(-KEPT_FOR.0));
    loop {
        let n = cx
            .store
            .write(move |conn| {
                Box::pin(async move { Ok::<_, Error>(table::prune(conn, oldest, MOST_KEPT, PRUNE_STEP).await?) })
            })
            .await?;
        if n < PRUNE_STEP as u64 {
            return Ok(());
        }
    }
}
