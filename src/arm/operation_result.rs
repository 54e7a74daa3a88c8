//! How long operations go. Their links name what is to be looked at, so that nothing has to be kept for them: an account or
//! a pool, by its name and the time when it was made, for another of the same name is another.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::account_shape as shape;
use super::call::Call;
use super::error::{Failure, Result};
use super::reply;
use super::router::Routes;
use crate::api::{self, Code, Timestamp};
use crate::domain::ids::PoolId;
use crate::service::{account, pool};

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::GET,
            "/subscriptions/{subscription}/providers/microsoft.batch/locations/{location}/accountoperationresults/{operation}",
            account_operation,
        )
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/pooloperationresults/{operation}",
            pool_operation,
        )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Create,
    Delete,
}

/// The answer to what makes or deletes an account.
pub fn begun(call: &Call, kind: Kind, account: &api::Account) -> Response {
    let path = format!(
        "/subscriptions/{}/providers/Microsoft.Batch/locations/{}/accountOperationResults/{}",
        account.subscription_id,
        account.location,
        name(kind, &account.name, account.creation_time)
    );
    reply::accepted(call, &path)
}

/// The answer to what deletes a pool.
pub fn pool_deletion_begun(call: &Call, account: &api::Account, pool: &api::Pool) -> Response {
    let operation = name(Kind::Delete, &pool.settings.id, pool.creation_time);
    reply::accepted(call, &format!("{}/poolOperationResults/{operation}", shape::id(account)))
}

fn name(kind: Kind, of: &str, made: Timestamp) -> String {
    let kind = if kind == Kind::Create { "create" } else { "delete" };
    format!("{kind}-{of}-{:x}", made.micros())
}

fn parse(text: &str) -> Option<(Kind, &str, Timestamp)> {
    let (kind, rest) = text.split_once('-')?;
    let kind = match kind {
        "create" => Kind::Create,
        "delete" => Kind::Delete,
        _ => return None,
    };
    let (of, made) = rest.rsplit_once('-')?;
    Some((kind, of, Timestamp::from_micros(i64::from_str_radix(made, 16).ok()?)))
}

async fn account_operation(call: Call) -> Result {
    call.allow(&[])?;
    let unknown = || Failure::from(Code::ResourceNotFound);
    let (kind, name, made) = parse(call.name("operation")).ok_or_else(unknown)?;
    let name = name.parse().map_err(|_| unknown())?;
    let found = match account::account_get(&call.cx, &call.caller, &name).await {
        Ok(summary) => Some(summary.account),
        Err(error) if error.public.code == Code::AccountNotFound => None,
        // Roles in an account end with it: who has deleted it may not look at it any more, and waits for this word.
        Err(error) => match kind == Kind::Delete && account::account_is_gone(&call.cx, &name, made).await? {
            true => None,
            false => return Err(error.into()),
        },
    };
    match (kind, found.filter(|account| account.creation_time == made)) {
        (Kind::Create, Some(account)) => Ok(reply::resource(&shape::to_arm(&account))),
        (Kind::Create, None) => Err(unknown()),
        (Kind::Delete, Some(_)) => Ok(reply::not_yet(&call)),
        (Kind::Delete, None) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn pool_operation(call: Call) -> Result {
    call.allow(&[])?;
    let unknown = || Failure::from(Code::ResourceNotFound);
    let Some((Kind::Delete, id, made)) = parse(call.name("operation")) else { return Err(unknown()) };
    let id: PoolId = id.parse().map_err(|_| unknown())?;
    let done = Ok(StatusCode::NO_CONTENT.into_response());
    let Some(account) = call.account_name() else { return done };
    match pool::pool_get(&call.cx, &call.caller, &account, &id).await {
        Ok(summary) if summary.pool.creation_time == made => Ok(reply::not_yet(&call)),
        Ok(_) => done,
        Err(error) if matches!(error.public.code, Code::PoolNotFound | Code::AccountNotFound) => done,
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_by_what_it_is_about() {
        let made = Timestamp::from_micros(1_800_000_000_000_000);
        let text = name(Kind::Delete, "my-pool-1", made);
        assert_eq!(parse(&text), Some((Kind::Delete, "my-pool-1", made)));
        for bad in ["", "create", "create-abc", "delete-abc-xyz", "move-abc-1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
