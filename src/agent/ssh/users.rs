//! Who may enter.

use russh::keys::PublicKey;

use crate::api::Timestamp;
use crate::api::agent::RemoteUser;

/// Somebody who has been let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub name: String,
    /// Another user of the same name has another.
    made: Timestamp,
    pub is_admin: bool,
}

impl Visitor {
    pub(super) fn of(user: &RemoteUser) -> Self {
        Visitor { name: user.name.clone(), made: user.made, is_admin: user.is_admin }
    }

    /// Whether it is still among those who may enter.
    pub fn is_welcome(&self, users: &[RemoteUser], now: Timestamp) -> bool {
        users.iter().any(|user| is_open_to(user, now) && Visitor::of(user) == *self)
    }
}

pub fn is_open_to(user: &RemoteUser, now: Timestamp) -> bool {
    user.expires > now
}

/// The user of this name, unless it is expired.
pub(super) fn find<'a>(users: &'a [RemoteUser], name: &str, now: Timestamp) -> Option<&'a RemoteUser> {
    users.iter().find(|user| user.name == name && is_open_to(user, now))
}

/// Whether the key is the user's; comments do not count.
pub(super) fn has_key(user: &RemoteUser, key: &PublicKey) -> bool {
    let own = user.ssh_public_key.as_deref().and_then(|text| PublicKey::from_openssh(text).ok());
    own.is_some_and(|own| own.key_data() == key.key_data())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi me@home";

    fn user(made: i64) -> RemoteUser {
        RemoteUser {
            name: "anna".into(),
            made: Timestamp::from_secs(made),
            is_admin: false,
            expires: Timestamp::from_secs(100),
            password_hash: None,
            ssh_public_key: Some(KEY.into()),
        }
    }

    #[test]
    fn a_visitor_is_welcome_until_its_user_goes_or_expires() {
        let visitor = Visitor::of(&user(1));
        let at = Timestamp::from_secs;
        assert!(visitor.is_welcome(&[user(1)], at(99)));
        assert!(!visitor.is_welcome(&[user(1)], at(100)));
        assert!(!visitor.is_welcome(&[user(2)], at(99)), "another user of the same name");
        assert!(!visitor.is_welcome(&[], at(99)));
        assert!(!visitor.is_welcome(&[RemoteUser { is_admin: true, ..user(1) }], at(99)));
        assert!(find(&[user(1)], "Anna", at(1)).is_none());
    }

    #[test]
    fn a_key_is_known_whatever_its_comment_says() {
        let without_comment = KEY.rsplit_once(' ').unwrap().0;
        assert!(has_key(&user(1), &PublicKey::from_openssh(without_comment).unwrap()));
        assert!(!has_key(&RemoteUser { ssh_public_key: None, ..user(1) }, &PublicKey::from_openssh(KEY).unwrap()));
    }
}
