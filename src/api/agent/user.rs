//! Users of a node's system under which runs go.

use serde::{Deserialize, Serialize};

use super::super::{AutoUserScope, ElevationLevel, UserIdentity};

/// Whose a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunUser {
    /// The pool's own one.
    #[default]
    Pool,
    /// One that no other run of the machine has meanwhile.
    Own,
    /// An account of the pool.
    Account(String),
}

impl RunUser {
    /// Whose a run with this identity is, and whether it is elevated. An account has a level of its own, which the node knows.
    pub fn of(identity: Option<&UserIdentity>) -> (RunUser, bool) {
        let Some(identity) = identity else { return (RunUser::Pool, false) };
        if let Some(name) = &identity.user_name {
            return (RunUser::Account(name.clone()), false);
        }
        let auto = identity.auto_user.clone().unwrap_or_default();
        let user = if auto.scope == Some(AutoUserScope::Task) { RunUser::Own } else { RunUser::Pool };
        (user, auto.elevation_level == Some(ElevationLevel::Admin))
    }

    pub fn is_pool(&self) -> bool {
        *self == RunUser::Pool
    }
}

/// A user and its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    pub uid: u32,
    pub gid: u32,
}

/// An account of the pool on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeAccount {
    pub name: String,
    /// Its runs are elevated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_admin: bool,
    /// Absent where tasks have no users of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Ids>,
}

/// User ids that the node lends to runs; each is a group id as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnUsers {
    /// Nothing runs as this one: the files of ended runs are its.
    pub keeper: u32,
    pub first: u32,
    pub count: u32,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_identity_says_whose_the_run_is() {
        let check = |identity: serde_json::Value, expected| {
            let identity: Option<UserIdentity> = serde_json::from_value(identity).unwrap();
            assert_eq!(RunUser::of(identity.as_ref()), expected);
        };
        check(json!(null), (RunUser::Pool, false));
        check(json!({}), (RunUser::Pool, false));
        check(json!({ "autoUser": { "elevationLevel": "admin" } }), (RunUser::Pool, true));
        check(json!({ "autoUser": { "scope": "task" } }), (RunUser::Own, false));
        check(json!({ "autoUser": { "scope": "task", "elevationLevel": "admin" } }), (RunUser::Own, true));
        check(json!({ "username": "anna" }), (RunUser::Account("anna".into()), false));
    }
}
