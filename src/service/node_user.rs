//! Users of nodes: who may log in, until when and how. Their agent hears of each change at once.

use super::context::Signal;
use super::node::find;
use super::pool::find as find_pool;
use super::{Caller, Context, Result};
use crate::api::{self, Changed, Code, Duration, Secret, Timestamp};
use crate::auth::ssh_key;
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::domain::permission::Permission;
use crate::domain::{check, node};
use crate::store;
use crate::store::node::NodeRow;
use crate::store::node_user::NodeUserRow;

/// Source: adding a user to a node.
const USUAL_LIFE: Duration = Duration::from_days(1);
/// Chosen here: all of them are sent to the agent at each change.
const MOST_USERS: i64 = 100;

/// # Errors
/// `NodeNotFound`, `NodeUserExists`, what is wrong with a property, and a code that says why the node takes no user now.
pub async fn node_user_add(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    node: &NodeId,
    create: api::NodeUserCreate,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let now = cx.clock.now();
    check::node_user_create(&create, now)?;
    let is_admin = create.is_admin.unwrap_or(false);
    if is_admin && !cx.installation.elevation_allowed {
        let reason = "this server does not run anything with more rights than its own: there are no administrators";
        return Err(api::Error::invalid_property("isAdmin", "true", reason).into());
    }
    let user = NodeUserRow {
        name: create.name,
        is_admin,
        made: now,
        expires: expiry(create.expiry_time, now),
        password_hash: hash(cx, create.password).await?,
        ssh_public_key: public_key(create.ssh_public_key)?,
    };
    change(cx, account, pool, node, move |conn, node| {
        Box::pin(async move {
            if store::node_user::find(conn, node.key, &user.name).await?.is_some() {
                return Err(Code::NodeUserExists.into());
            }
            if let Some(code) = node::user_refusal(node.state) {
                return Err(code.into());
            }
            if store::node_user::count(conn, node.key).await? >= MOST_USERS {
                let error = api::Error::new(Code::OperationNotValidOnNode);
                return Err(error.with("Reason", format!("a node has at most {MOST_USERS} users")).into());
            }
            Ok(store::node_user::save(conn, node.key, &user).await?)
        })
    })
    .await
}

/// Replaces password, key and expiry; what is absent goes.
///
/// # Errors
/// As [`node_user_add`], and `NodeUserNotFound`.
pub async fn node_user_replace(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    (pool, node, name): (&PoolId, &NodeId, &str),
    replace: api::NodeUserReplace,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (now, name) = (cx.clock.now(), name.to_owned());
    check::node_user_replace(&replace, now)?;
    let (password_hash, ssh_public_key) = (hash(cx, replace.password).await?, public_key(replace.ssh_public_key)?);
    change(cx, account, pool, node, move |conn, node| {
        Box::pin(async move {
            let user = store::node_user::find(conn, node.key, &name).await?;
            let user = user.ok_or(Code::NodeUserNotFound)?;
            if let Some(code) = node::user_refusal(node.state) {
                return Err(code.into());
            }
            let user = NodeUserRow { expires: expiry(replace.expiry_time, now), password_hash, ssh_public_key, ..user };
            Ok(store::node_user::save(conn, node.key, &user).await?)
        })
    })
    .await
}

/// Ends the user's sessions, too. In whatever state the node is: nobody is kept in.
///
/// # Errors
/// `NodeNotFound`, `NodeUserNotFound`.
pub async fn node_user_delete(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    (pool, node, name): (&PoolId, &NodeId, &str),
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let name = name.to_owned();
    change(cx, account, pool, node, move |conn, node| {
        Box::pin(async move {
            match store::node_user::delete(conn, node.key, &name).await? {
                true => Ok(()),
                false => Err(Code::NodeUserNotFound.into()),
            }
        })
    })
    .await
}

/// The user as pages show it.
pub(super) fn to_api(row: NodeUserRow) -> api::NodeUser {
    api::NodeUser {
        ssh_key_fingerprint: row.ssh_public_key.as_deref().and_then(ssh_key::fingerprint),
        name: row.name,
        is_admin: row.is_admin,
        expiry_time: row.expires,
        has_password: row.password_hash.is_some(),
    }
}

fn expiry(said: Option<Timestamp>, now: Timestamp) -> Timestamp {
    said.unwrap_or_else(|| now.plus(USUAL_LIFE))
}

async fn hash(cx: &Context, password: Option<Secret>) -> Result<Option<Secret>> {
    let Some(password) = password else { return Ok(None) };
    let mut salt = [0; 16];
    cx.random.fill(&mut salt);
    Ok(Some(cx.identity.hasher.hash(password, salt).await))
}

fn public_key(text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    match ssh_key::normal(&text) {
        Some(key) => Ok(Some(key)),
        None => {
            let start: String = text.chars().take(40).collect();
            Err(api::Error::invalid_property("sshPublicKey", start, "the key cannot be read").into())
        }
    }
}

type Change<'a> = futures_util::future::BoxFuture<'a, Result<()>>;

/// Changes the users of a node in one transaction, then tells its agent.
async fn change<F>(cx: &Context, account: &AccountName, pool: &PoolId, node: &NodeId, decide: F) -> Result<()>
where
    F: for<'a> FnOnce(&'a mut store::Conn, &'a NodeRow) -> Change<'a> + Send + 'static,
{
    let (account_, pool_, node_) = (account.clone(), pool.clone(), node.clone());
    let key = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let pool = find_pool(conn, &account_, &pool_).await?;
                let node = find(conn, &pool, &node_).await?;
                decide(conn, &node).await?;
                Ok(node.key)
            })
        })
        .await?;
    cx.signals.send(Signal::NodeUsers(key));
    cx.events.tell(account.as_str(), Changed::Pool { pool: pool.to_string() });
    Ok(())
}
