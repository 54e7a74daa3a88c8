//! Accounts of pools, and under whom tasks are to run.
//!
//! Source: pools, `userAccounts`, and tasks, `userIdentity`, api-version 2024-07-01.20.0. Which names and numbers are taken is
//! chosen here: those that Linux takes and that belong to nobody else on the machine.

use super::{Check, missing, no_nul};
use crate::api::{Error, LinuxUserConfiguration, UserAccount, UserIdentity};
use crate::domain::task_user::MOST_ACCOUNTS;

/// Source: pools, `userAccounts.name`.
pub const LONGEST_ACCOUNT_NAME: usize = 20;
const LONGEST_SECRET: usize = 16 * 1024;

/// Below are users of the system; above, those that Fournil gives to tasks.
const FIRST_ID: i32 = 1000;
const LAST_ID: i32 = 199_999;
/// Users that are nobody: 16 bits full of ones, and the one before.
const NOBODY: [i32; 2] = [65_534, 65_535];

/// Users that systems have.
const SYSTEM_USERS: [&str; 26] = [
    "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data",
    "backup", "list", "irc", "gnats", "nobody", "sshd", "messagebus", "syslog", "operator", "halt", "shutdown", "adm",
    "ftp",
];
/// How names of others begin, Fournil's own among them.
const SYSTEM_PREFIXES: [&str; 2] = ["systemd-", "_azbatch"];

pub fn user_accounts(accounts: &[UserAccount]) -> Check {
    const PATH: &str = "userAccounts";
    if accounts.len() > MOST_ACCOUNTS {
        let reason = format!("at most {MOST_ACCOUNTS} accounts");
        return Err(Error::invalid_property(PATH, accounts.len().to_string(), reason));
    }
    for (index, account) in accounts.iter().enumerate() {
        let path = |name: &str| format!("{PATH}[{index}].{name}");
        account_name(&path("name"), &account.name)?;
        if accounts[..index].iter().any(|other| other.name == account.name) {
            return Err(Error::invalid_property(&path("name"), &*account.name, "each name once"));
        }
        let password = account.password.as_ref().map(|password| password.0.as_str()).unwrap_or_default();
        if password.is_empty() {
            return Err(missing(&path("password")));
        }
        secret(&path("password"), password)?;
        let linux = account.linux_user_configuration.as_ref();
        linux.map_or(Ok(()), |linux| linux_user(&path("linuxUserConfiguration"), linux))?;
    }
    Ok(())
}

pub fn account_name(path: &str, name: &str) -> Check {
    if name.is_empty() {
        return Err(missing(path));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.len() > LONGEST_ACCOUNT_NAME || !name.chars().all(legal) || !name.starts_with(begins) {
        let reason = "1 to 20 letters, digits, `.`, `-` and `_`, beginning with a letter or `_`";
        return Err(Error::invalid_property(path, name, reason));
    }
    let lower = name.to_ascii_lowercase();
    if SYSTEM_USERS.contains(&&*lower) || SYSTEM_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(Error::invalid_property(path, name, "the name of a user that systems have"));
    }
    Ok(())
}

/// A secret is never given back, not even in the error about it.
fn secret(path: &str, text: &str) -> Check {
    if text.len() > LONGEST_SECRET {
        return Err(Error::invalid_property(path, "", format!("at most {LONGEST_SECRET} bytes")));
    }
    no_nul(path, text).map_err(|_| Error::invalid_property(path, "", "no NUL character"))
}

fn linux_user(path: &str, linux: &LinuxUserConfiguration) -> Check {
    // Source: pools, `linuxUserConfiguration`: both or neither.
    match (linux.uid, linux.gid) {
        (Some(_), None) => return Err(missing(&format!("{path}.gid"))),
        (None, Some(_)) => return Err(missing(&format!("{path}.uid"))),
        _ => {}
    }
    for (name, id) in [("uid", linux.uid), ("gid", linux.gid)] {
        if let Some(id) = id.filter(|id| !(FIRST_ID..=LAST_ID).contains(id) || NOBODY.contains(id)) {
            let reason = format!(
                "{FIRST_ID} to {LAST_ID}, but not 65534 and 65535: others are the system's, or Fournil gives them to tasks"
            );
            return Err(Error::invalid_property(&format!("{path}.{name}"), id.to_string(), reason));
        }
    }
    linux.ssh_private_key.as_ref().map_or(Ok(()), |key| secret(&format!("{path}.sshPrivateKey"), &key.0))
}

/// The form of an identity; whether the pool has the account, see [`known_user`].
pub(super) fn user_identity(path: &str, identity: Option<&UserIdentity>) -> Check {
    let Some(identity) = identity else { return Ok(()) };
    match &identity.user_name {
        Some(name) if name.is_empty() => Err(missing(&format!("{path}.username"))),
        Some(name) if identity.auto_user.is_some() => {
            let reason = "an identity has one of username and autoUser";
            Err(Error::invalid_property(&format!("{path}.username"), &**name, reason))
        }
        _ => Ok(()),
    }
}

/// An account that is named is one of the pool's.
///
/// Chosen here: Batch's pages do not say what becomes of a task with another one. Waiting for it would help nobody.
pub fn known_user(path: &str, identity: Option<&UserIdentity>, accounts: &[UserAccount]) -> Check {
    match identity.and_then(|identity| identity.user_name.as_deref()) {
        Some(name) if accounts.iter().all(|account| account.name != name) => {
            let reason = "the pool has no user account of this name";
            Err(Error::invalid_property(&format!("{path}.username"), name, reason))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::assert_refused as check;
    use super::*;
    use crate::api::Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};

    fn accounts(list: Value) -> Check {
        user_accounts(&serde_json::from_value::<Vec<UserAccount>>(list).unwrap())
    }

    fn one(name: &str) -> Check {
        accounts(json!([{ "name": name, "password": "p" }]))
    }

    #[test]
    fn names_are_users_of_linux_that_systems_do_not_have() {
        for good in ["a", "anna.b-c_d", "_x", "Anna", &"a".repeat(20)] {
            assert_eq!(one(good), Ok(()), "{good}");
        }
        let bad =
            ["1st", "-x", ".a", "a b", "a/b", "a:b", "a\nb", "é", "root", "Root", "www-data", "systemd-x", "_azbatch"];
        for bad in bad {
            check(one(bad), Invalid, "userAccounts[0].name");
        }
        check(one(&"a".repeat(21)), Invalid, "userAccounts[0].name");
        check(one(""), Missing, "userAccounts[0].name");
        let two = json!([{ "name": "a", "password": "p" }, { "name": "a", "password": "q" }]);
        check(accounts(two), Invalid, "userAccounts[1].name");
    }

    #[test]
    fn a_password_is_required_and_never_given_back() {
        check(accounts(json!([{ "name": "a" }])), Missing, "userAccounts[0].password");
        check(accounts(json!([{ "name": "a", "password": "" }])), Missing, "userAccounts[0].password");
        let wrong = accounts(json!([{ "name": "a", "password": "S3CRET\0" }])).unwrap_err();
        assert!(!format!("{wrong:?}").contains("S3CRET"));
    }

    #[test]
    fn ids_come_together_and_are_nobody_elses() {
        let with = |linux: Value| accounts(json!([{ "name": "a", "password": "p", "linuxUserConfiguration": linux }]));
        let path = |name: &str| format!("userAccounts[0].linuxUserConfiguration.{name}");
        assert_eq!(with(json!({ "uid": 1000, "gid": 199_999 })), Ok(()));
        assert_eq!(with(json!({})), Ok(()));
        check(with(json!({ "uid": 1000 })), Missing, &path("gid"));
        check(with(json!({ "gid": 1000 })), Missing, &path("uid"));
        for bad in [0, -1, 33, 999, 65_534, 65_535, 200_000, i32::MAX] {
            check(with(json!({ "uid": bad, "gid": 1000 })), Invalid, &path("uid"));
            check(with(json!({ "uid": 1000, "gid": bad })), Invalid, &path("gid"));
        }
    }

    #[test]
    fn an_identity_is_one_thing_and_the_pool_has_it() {
        let with = |identity: Value| -> Check {
            let identity: UserIdentity = serde_json::from_value(identity).unwrap();
            let accounts: Vec<UserAccount> = serde_json::from_value(json!([{ "name": "anna" }])).unwrap();
            user_identity("i", Some(&identity)).and_then(|()| known_user("i", Some(&identity), &accounts))
        };
        assert_eq!(with(json!({ "username": "anna" })), Ok(()));
        assert_eq!(with(json!({ "autoUser": { "scope": "task" } })), Ok(()));
        assert_eq!(with(json!({})), Ok(()));
        check(with(json!({ "username": "Anna" })), Invalid, "i.username");
        check(with(json!({ "username": "" })), Missing, "i.username");
        check(with(json!({ "username": "anna", "autoUser": {} })), Invalid, "i.username");
    }
}
