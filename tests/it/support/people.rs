//! Everybody who could call, and what each may do: the expectations of the walks come from `domain::permission` and from
//! where a role holds, and from nothing else.

use axum::body::Body;
use axum::http::{Method, Request};
use fournil::api::{Duration, Role, RoleAssignmentCreate, Secret, TokenLimit};
use fournil::domain::permission::{Permission, allows};
use fournil::service::{Caller, role_assignment, user};
use serde_json::{Value, json};

use super::server::{PASSWORD, Reply, TestServer, server_with_owner};

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Account `first`.
    First,
    /// The whole installation.
    Everywhere,
    /// Lists that show what the caller may see: one account is enough.
    Somewhere,
}

/// Where a role was assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    First,
    /// The group of `first`.
    Group,
    Subscription,
    /// Account `second`, which is in another group.
    Second,
    OtherGroup,
}

impl At {
    fn scope(self, subscription: &str) -> String {
        let rest = match self {
            At::First => "/resourceGroups/lab/providers/Microsoft.Batch/batchAccounts/first",
            At::Group => "/resourceGroups/lab",
            At::Subscription => "",
            At::Second => "/resourceGroups/office/providers/Microsoft.Batch/batchAccounts/second",
            At::OtherGroup => "/resourceGroups/office",
        };
        format!("/subscriptions/{subscription}{rest}")
    }

    fn holds_in_first(self) -> bool {
        matches!(self, At::First | At::Group | At::Subscription)
    }
}

/// A user with one role for everything, or with one in a part of the installation.
pub struct Person {
    pub name: String,
    role: Role,
    at: Option<At>,
    /// A personal access token.
    pub token: Secret,
}

impl Person {
    /// The expectation of all walks.
    pub fn may(&self, permission: Permission, place: Place) -> bool {
        let holds = match (self.at, place) {
            (None, _) | (Some(_), Place::Somewhere) => true,
            (Some(_), Place::Everywhere) => false,
            (Some(at), Place::First) => at.holds_in_first(),
        };
        holds && allows(self.role, permission)
    }
}

/// Accounts `first` and `second`, and one of each kind of user.
pub async fn installation() -> (TestServer, Vec<Person>) {
    let (server, mut owner) = server_with_owner().await;
    for (name, group) in [("first", "lab"), ("second", "office")] {
        let create = json!({ "create": { "name": name, "location": "local", "resourceGroup": group } });
        owner.call("account_create", create).await.expect_ok();
    }
    let everywhere = Role::ALL.iter().map(|role| (*role, None));
    let parts = [
        (Role::Owner, At::First),
        (Role::Contributor, At::First),
        (Role::BatchDataContributor, At::First),
        (Role::BatchJobSubmitter, At::First),
        (Role::BatchAccountReader, At::Group),
        (Role::BatchAccountContributor, At::Group),
        (Role::Reader, At::Subscription),
        (Role::Contributor, At::Subscription),
        (Role::Owner, At::Second),
        (Role::Reader, At::Second),
        (Role::Contributor, At::OtherGroup),
    ];
    let mut people = Vec::new();
    for (role, at) in everywhere.chain(parts.map(|(role, at)| (role, Some(at)))) {
        people.push(person(&server, role, at).await);
    }
    (server, people)
}

async fn person(server: &TestServer, role: Role, at: Option<At>) -> Person {
    let (cx, me) = (&server.server.cx, Caller::system());
    let name = format!("{role:?}-{at:?}").replace(['(', ')'], "");
    let everywhere = if at.is_some() { Role::NoRole } else { role };
    user::user_create(cx, &me, &name, everywhere, Secret(PASSWORD.into())).await.unwrap();
    if let Some(at) = at {
        let scope = at.scope(&cx.installation.subscription_id);
        let create = RoleAssignmentCreate { user: name.clone(), role, scope };
        role_assignment::role_assignment_create(cx, &me, create).await.unwrap();
    }
    let token = user::token_create(cx, &me, &name, "", None).await.unwrap().1;
    Person { name, role, at, token }
}

/// Tokens of somebody who may do everything that are limited to a role, to a place or to both: each is as good as a user with that
/// role there.
pub async fn limited(server: &TestServer) -> Vec<Person> {
    let (cx, me) = (&server.server.cx, Caller::system());
    user::user_create(cx, &me, "limited", Role::Owner, Secret(PASSWORD.into())).await.unwrap();
    let subscription = &cx.installation.subscription_id;
    let mut people = Vec::new();
    for (role, at) in [
        (Role::Reader, None),
        (Role::BatchJobSubmitter, None),
        (Role::Contributor, None),
        (Role::NoRole, None),
        (Role::Owner, Some(At::First)),
        (Role::BatchDataContributor, Some(At::Group)),
        (Role::Contributor, Some(At::Subscription)),
        (Role::Owner, Some(At::Second)),
        (Role::Reader, Some(At::OtherGroup)),
    ] {
        let limit = TokenLimit { role: Some(role), scope: at.map(|at| at.scope(subscription)) };
        let token = user::token_create_limited(cx, &me, "limited", "", None, limit).await.unwrap().1;
        people.push(Person { name: format!("limited to {role:?} {at:?}"), role, at, token });
    }
    people
}

/// Tokens that open nothing any more, or never did, with what is wrong with each: revoked, expired, of a user who was disabled, and
/// an access token of each of them. The clock of the server has moved when they are returned.
pub async fn dead_tokens(server: &TestServer) -> Vec<(&'static str, String)> {
    let (cx, me) = (&server.server.cx, Caller::system());
    let from =
        fournil::service::session::From { address: std::net::Ipv4Addr::LOCALHOST.into(), request_id: String::new() };
    let mut dead = vec![
        ("garbage", "garbage".to_owned()),
        ("of the right form", "fnl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ("an access token of the right form", "fna_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
    ];
    for (what, access) in [
        ("expired", "exchanged, then expired"),
        ("revoked", "exchanged, then revoked"),
        ("disabled", "exchanged, then disabled"),
    ] {
        user::user_create(cx, &me, what, Role::Owner, Secret(PASSWORD.into())).await.unwrap();
        let life = (what == "expired").then_some(Duration::from_mins(1));
        let (row, token) = user::token_create(cx, &me, what, "", life).await.unwrap();
        let issued =
            fournil::service::access_token::access_token_issue(cx, &from, Some(what), &token, "https://batch.example")
                .await
                .unwrap();
        match what {
            "revoked" => user::token_revoke(cx, &me, &row.id).await.unwrap(),
            "disabled" => drop(user::user_set_disabled(cx, &me, what, true).await.unwrap()),
            _ => server.clock.forward(Duration::from_mins(2)),
        }
        dead.push((what, token.0));
        dead.push((access, issued.access_token.0));
    }
    dead
}

/// A call with a token, or without one. The host name says the account, as the data plane wants it.
pub async fn call(
    server: &TestServer,
    host: Option<&str>,
    method: &Method,
    target: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Reply {
    let mut request = Request::builder().method(method).uri(target);
    if let Some(account) = host {
        request = request.header("host", format!("{account}.localhost:{}", server.server.address.port()));
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json; odata=minimalmetadata");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    server.browser().send(request.body(body).unwrap()).await
}
