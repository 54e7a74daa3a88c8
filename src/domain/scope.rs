//! Where a role holds: a subscription, a resource group in it, or one account. Written as Azure writes resource ids; no
//! letter's case matters. A role for the whole installation is the user's own and no scope.

use std::fmt;
use std::str::FromStr;

/// Parts are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Subscription(String),
    Group { subscription: String, group: String },
    Account { subscription: String, group: String, account: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a scope is /subscriptions/{{id}}, with /resourceGroups/{{name}}, and with /providers/Microsoft.Batch/batchAccounts/{{name}} behind it"
)]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Scope, NotAScope> {
        let text = text.to_ascii_lowercase();
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        if parts.iter().skip(1).any(|part| part.is_empty() || part.len() > 128) {
            return Err(NotAScope);
        }
        let own = |text: &str| text.to_owned();
        match parts[..] {
            ["", "subscriptions", id] => Ok(Scope::Subscription(own(id))),
            ["", "subscriptions", id, "resourcegroups", group] => {
                Ok(Scope::Group { subscription: own(id), group: own(group) })
            }
            [
                "",
                "subscriptions",
                id,
                "resourcegroups",
                group,
                "providers",
                "microsoft.batch",
                "batchaccounts",
                account,
            ] => Ok(Scope::Account { subscription: own(id), group: own(group), account: own(account) }),
            _ => Err(NotAScope),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Subscription(id) => write!(f, "/subscriptions/{id}"),
            Scope::Group { subscription, group } => write!(f, "/subscriptions/{subscription}/resourcegroups/{group}"),
            Scope::Account { subscription, group, account } => write!(
                f,
                "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}"
            ),
        }
    }
}

impl Scope {
    pub fn of_account(subscription: &str, group: &str, account: &str) -> Scope {
        let [subscription, group, account] = [subscription, group, account].map(str::to_ascii_lowercase);
        Scope::Account { subscription, group, account }
    }

    /// This scope and those that it lies in: roles there hold here.
    pub fn with_outer(&self) -> Vec<Scope> {
        match self.clone() {
            here @ Scope::Subscription(_) => vec![here],
            Scope::Group { subscription, group } => {
                vec![Scope::Subscription(subscription.clone()), Scope::Group { subscription, group }]
            }
            Scope::Account { subscription, group, account } => vec![
                Scope::Subscription(subscription.clone()),
                Scope::Group { subscription: subscription.clone(), group: group.clone() },
                Scope::Account { subscription, group, account },
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_in_any_case_and_written_in_one() {
        let id = "/Subscriptions/S1/resourceGroups/Lab/providers/Microsoft.Batch/batchAccounts/acc";
        let scope: Scope = id.parse().unwrap();
        assert_eq!(scope, Scope::of_account("s1", "LAB", "acc"));
        assert_eq!(scope.to_string(), id.to_ascii_lowercase());
        assert_eq!("/subscriptions/s1/".parse::<Scope>().unwrap().to_string(), "/subscriptions/s1");
        let outer: Vec<_> = scope.with_outer().iter().map(ToString::to_string).collect();
        assert_eq!(outer[..2], ["/subscriptions/s1".to_owned(), "/subscriptions/s1/resourcegroups/lab".to_owned()]);
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for text in [
            "",
            "/",
            "s1",
            "/subscriptions",
            "/subscriptions//",
            "/subscriptions/s/pools/p",
            "/subscriptions/s/resourcegroups",
        ] {
            assert_eq!(text.parse::<Scope>(), Err(NotAScope), "{text}");
        }
    }
}
