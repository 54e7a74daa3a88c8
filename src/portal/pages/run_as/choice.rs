//! Whom a task runs as, as a form holds it.

use crate::api::{AutoUserScope, AutoUserSpecification, ElevationLevel, UserIdentity};
use crate::portal::i18n::{Msg, msg};
use crate::portal::pages::typed::Problem;

/// What the screen holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunAs {
    /// A key of [`RunAs::KINDS`].
    pub kind: String,
    /// The name, where the kind is an account.
    pub account: String,
}

/// The key of an account of the pool.
pub const ACCOUNT: &str = "account";

/// As [`RunAs::KINDS`], for those that are automatic.
type Auto = (&'static str, Msg, Option<AutoUserScope>, Option<ElevationLevel>);

const AUTO: [Auto; 4] = [
    ("", msg::RUN_AS_POOL, None, None),
    ("pool-admin", msg::RUN_AS_POOL_ADMIN, Some(AutoUserScope::Pool), Some(ElevationLevel::Admin)),
    ("task", msg::RUN_AS_TASK, Some(AutoUserScope::Task), Some(ElevationLevel::NonAdmin)),
    ("task-admin", msg::RUN_AS_TASK_ADMIN, Some(AutoUserScope::Task), Some(ElevationLevel::Admin)),
];

impl RunAs {
    /// Keys and what people read.
    pub fn kinds() -> impl Iterator<Item = (&'static str, Msg)> {
        AUTO.iter().map(|(key, text, ..)| (*key, *text)).chain([(ACCOUNT, msg::RUN_AS_ACCOUNT)])
    }

    pub fn of(identity: Option<&UserIdentity>) -> RunAs {
        let Some(identity) = identity else { return RunAs::default() };
        if let Some(name) = &identity.user_name {
            return RunAs { kind: ACCOUNT.to_owned(), account: name.clone() };
        }
        let auto = identity.auto_user.clone().unwrap_or_default();
        let is_same = |(_, _, scope, level): &&Auto| {
            scope.unwrap_or(AutoUserScope::Pool) == auto.scope.unwrap_or(AutoUserScope::Pool)
                && level.unwrap_or(ElevationLevel::NonAdmin) == auto.elevation_level.unwrap_or(ElevationLevel::NonAdmin)
        };
        let kind = AUTO.iter().find(is_same).map_or("", |(key, ..)| key);
        RunAs { kind: kind.to_owned(), account: String::new() }
    }

    /// What people read.
    pub fn text(&self) -> Msg {
        RunAs::kinds().find(|(key, _)| *key == self.kind).map_or(msg::RUN_AS_POOL, |(_, text)| text)
    }

    /// Nothing for what is usual.
    pub fn to_identity(&self) -> Result<Option<UserIdentity>, Problem> {
        if self.kind == ACCOUNT {
            let name = self.account.trim();
            if name.is_empty() {
                return Err(msg::FIELD_REQUIRED.into());
            }
            return Ok(Some(UserIdentity { user_name: Some(name.to_owned()), auto_user: None }));
        }
        let auto = AUTO.iter().find(|(key, ..)| *key == self.kind && !key.is_empty());
        Ok(auto.map(|(_, _, scope, elevation_level)| UserIdentity {
            user_name: None,
            auto_user: Some(AutoUserSpecification { scope: *scope, elevation_level: *elevation_level }),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_an_identity_and_back() {
        for (kind, _) in RunAs::kinds() {
            let account = if kind == ACCOUNT { "anna".to_owned() } else { String::new() };
            let choice = RunAs { kind: kind.to_owned(), account };
            let identity = choice.to_identity().unwrap();
            assert_eq!(identity.is_none(), kind.is_empty());
            assert_eq!(RunAs::of(identity.as_ref()), choice);
        }
        let nameless = RunAs { kind: ACCOUNT.into(), account: " ".into() };
        assert_eq!(nameless.to_identity().unwrap_err().message, msg::FIELD_REQUIRED);
    }

    #[test]
    fn what_is_said_in_full_may_be_the_usual() {
        let auto = |scope, elevation_level| UserIdentity {
            user_name: None,
            auto_user: Some(AutoUserSpecification { scope, elevation_level }),
        };
        let usual = auto(Some(AutoUserScope::Pool), Some(ElevationLevel::NonAdmin));
        assert_eq!(RunAs::of(Some(&usual)), RunAs::default());
        assert_eq!(RunAs::of(Some(&auto(None, Some(ElevationLevel::Admin)))).kind, "pool-admin");
        assert_eq!(RunAs::of(Some(&auto(Some(AutoUserScope::Task), None))).kind, "task");
    }
}
