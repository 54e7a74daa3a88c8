//! Users of nodes.
//!
//! Source: the page on adding a user to a node, api-version 2024-02-01.19.0. Its rules for names and passwords are those of
//! the node's system; the ones here are chosen here.

use super::{Check, missing, no_nul};
use crate::api::{Error, NodeUserCreate, NodeUserReplace, Timestamp};

const LONGEST_NAME: usize = 32;
/// Whoever reaches the port may guess, so it is as long as a password of the portal.
pub const SHORTEST_PASSWORD: usize = 12;
const LONGEST_PASSWORD: usize = 1024;
const LONGEST_KEY: usize = 16 * 1024;

/// Kinds of keys that are taken. The old ones (DSA, and RSA's signatures by SHA-1) are broken.
const KEY_KINDS: [&str; 5] =
    ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

pub fn node_user_create(create: &NodeUserCreate, now: Timestamp) -> Check {
    user_name("name", &create.name)?;
    if create.password.is_none() && create.ssh_public_key.is_none() {
        return Err(missing("sshPublicKey"));
    }
    let replace = NodeUserReplace {
        expiry_time: create.expiry_time,
        password: create.password.clone(),
        ssh_public_key: create.ssh_public_key.clone(),
    };
    node_user_replace(&replace, now)
}

pub fn node_user_replace(replace: &NodeUserReplace, now: Timestamp) -> Check {
    if let Some(expiry) = replace.expiry_time.filter(|expiry| *expiry <= now) {
        return Err(Error::invalid_property("expiryTime", expiry.to_string(), "a time that is still to come"));
    }
    if let Some(password) = &replace.password {
        let length = password.0.chars().count();
        if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
            let reason = format!("{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
            return Err(Error::invalid_property("password", "", reason));
        }
        no_nul("password", &password.0).map_err(|_| Error::invalid_property("password", "", "no NUL character"))?;
    }
    replace.ssh_public_key.as_deref().map_or(Ok(()), |key| public_key("sshPublicKey", key))
}

fn user_name(path: &str, name: &str) -> Check {
    if name.is_empty() {
        return Err(missing(path));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let begins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() > LONGEST_NAME || !name.chars().all(legal) || !name.starts_with(begins) {
        let reason = "1 to 32 letters, digits, `.`, `-` and `_`, beginning with a letter, digit or `_`";
        return Err(Error::invalid_property(path, name, reason));
    }
    if name.eq_ignore_ascii_case("root") {
        return Err(Error::invalid_property(path, name, "the name of the system's own administrator"));
    }
    Ok(())
}

/// One line of kind, key and comment. Whether the key itself is one, the server finds out.
fn public_key(path: &str, text: &str) -> Check {
    let invalid = |reason: &str| {
        let start: String = text.chars().take(40).collect();
        Err(Error::invalid_property(path, start, reason))
    };
    if text.len() > LONGEST_KEY || text.trim().contains(['\n', '\r', '\0']) {
        return invalid("one line, as in a file with .pub at the end of its name");
    }
    let mut parts = text.split_ascii_whitespace();
    match (parts.next(), parts.next()) {
        (Some(kind), Some(_)) if KEY_KINDS.contains(&kind) => Ok(()),
        (Some(kind), _) if KEY_KINDS.contains(&kind) => invalid("the key is missing after its kind"),
        (Some("-----BEGIN"), _) => invalid("this is a private key: give the public one"),
        _ => invalid("it begins with ssh-ed25519, ssh-rsa or ecdsa-sha2-nistp…"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused;
    use super::*;
    use crate::api::{Code, Secret};

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi me@home";

    fn user(name: &str) -> NodeUserCreate {
        NodeUserCreate {
            name: name.into(),
            is_admin: None,
            expiry_time: None,
            password: None,
            ssh_public_key: Some(KEY.into()),
        }
    }

    #[test]
    fn names_are_those_of_users() {
        for good in ["a", "anna.b-c_d", "_x", "1st", &"a".repeat(32)] {
            assert_eq!(node_user_create(&user(good), NOW), Ok(()), "{good}");
        }
        for bad in ["-oProxyCommand=x", ".a", "a b", "a/b", "a;b", "é", "root", "Root", &"a".repeat(33)] {
            assert_refused(node_user_create(&user(bad), NOW), Code::InvalidPropertyValue, "name");
        }
        assert_refused(node_user_create(&user(""), NOW), Code::MissingRequiredProperty, "name");
    }

    #[test]
    fn a_new_user_needs_a_way_in_that_is_one() {
        let with = |edit: &dyn Fn(&mut NodeUserCreate)| {
            let mut create = user("a");
            edit(&mut create);
            node_user_create(&create, NOW)
        };
        assert_refused(with(&|u| u.ssh_public_key = None), Code::MissingRequiredProperty, "sshPublicKey");
        for bad in [
            "",
            "ssh-ed25519",
            "ssh-dss AAAA",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "command=\"x\" ssh-rsa AAAA",
            "ssh-rsa A\nssh-rsa B",
        ] {
            assert_refused(with(&|u| u.ssh_public_key = Some(bad.into())), Code::InvalidPropertyValue, "sshPublicKey");
        }
        let password = |text: &str| with(&|u| (u.ssh_public_key, u.password) = (None, Some(Secret(text.into()))));
        assert_eq!(password("twelve chars"), Ok(()));
        assert_refused(password("short"), Code::InvalidPropertyValue, "password");
        assert_refused(password("twelve\0chars"), Code::InvalidPropertyValue, "password");
        let error = password("short").unwrap_err();
        assert_eq!(error.value("PropertyValue"), Some(""), "a password is not given back");
    }

    #[test]
    fn an_expiry_lies_ahead() {
        let at = |micros| NodeUserReplace { expiry_time: Some(Timestamp::from_micros(micros)), ..Default::default() };
        assert_eq!(node_user_replace(&at(1_000_001), NOW), Ok(()));
        assert_refused(node_user_replace(&at(1_000_000), NOW), Code::InvalidPropertyValue, "expiryTime");
    }
}
