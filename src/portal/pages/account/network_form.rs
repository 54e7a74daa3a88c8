//! The networking form: what stands in it, and what it asks for.

use crate::api::{
    Account, AccountPatch, EndpointAccess, IpRule, IpRuleAction, NetworkAction, NetworkProfile, PublicNetworkAccess,
};
use crate::domain::network_access;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;

pub const ACCOUNT_RULES: &str = "programRules";
pub const NODE_RULES: &str = "nodeRules";

/// Who reaches an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    #[default]
    All,
    /// Those whom the rules name.
    Selected,
    Nobody,
}

impl Who {
    pub const ALL: [Who; 3] = [Who::All, Who::Selected, Who::Nobody];

    pub fn as_str(self) -> &'static str {
        match self {
            Who::All => "all",
            Who::Selected => "selected",
            Who::Nobody => "nobody",
        }
    }

    pub fn read(text: &str) -> Who {
        Who::ALL.into_iter().find(|who| who.as_str() == text).unwrap_or_default()
    }

    fn of(access: Option<&EndpointAccess>) -> Who {
        match access {
            Some(EndpointAccess { default_action: NetworkAction::Deny, .. }) => Who::Selected,
            _ => Who::All,
        }
    }
}

/// Rules are addresses or ranges, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkForm {
    pub programs: Who,
    pub program_rules: String,
    pub nodes: Who,
    pub node_rules: String,
}

impl NetworkForm {
    pub fn of(account: &Account) -> NetworkForm {
        let profile = &account.network_profile;
        let is_closed = account.public_network_access == PublicNetworkAccess::Disabled;
        NetworkForm {
            programs: if is_closed { Who::Nobody } else { Who::of(profile.account_access.as_ref()) },
            program_rules: to_lines(profile.account_access.as_ref()),
            nodes: Who::of(profile.node_management_access.as_ref()),
            node_rules: to_lines(profile.node_management_access.as_ref()),
        }
    }

    /// # Errors
    /// Rules that cannot be read.
    pub fn to_patch(&self) -> Result<AccountPatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        let profile = NetworkProfile {
            account_access: access(self.programs, &self.program_rules),
            node_management_access: access(self.nodes, &self.node_rules),
        };
        for (field, part) in [
            (ACCOUNT_RULES, NetworkProfile { node_management_access: None, ..profile.clone() }),
            (NODE_RULES, NetworkProfile { account_access: None, ..profile.clone() }),
        ] {
            if let Err(refused) = network_access::check(&part) {
                let rule = refused.value("PropertyValue").unwrap_or_default().to_owned();
                errors.add_with(field, msg::NETWORK_RULE_WRONG, vec![("rule", rule)]);
            }
        }
        let open = self.programs != Who::Nobody;
        errors.or(AccountPatch {
            public_network_access: Some(if open {
                PublicNetworkAccess::Enabled
            } else {
                PublicNetworkAccess::Disabled
            }),
            network_profile: Some(profile),
            ..AccountPatch::default()
        })
    }
}

/// Rules are kept while they mean nothing, so that nobody has to type them again.
fn access(who: Who, lines: &str) -> Option<EndpointAccess> {
    let values = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let ip_rules: Vec<IpRule> =
        values.map(|value| IpRule { action: IpRuleAction::Allow, value: value.to_owned() }).collect();
    match who {
        Who::Selected => Some(EndpointAccess { default_action: NetworkAction::Deny, ip_rules }),
        _ if ip_rules.is_empty() => None,
        _ => Some(EndpointAccess { default_action: NetworkAction::Allow, ip_rules }),
    }
}

fn to_lines(access: Option<&EndpointAccess>) -> String {
    let rules = access.map(|access| &access.ip_rules[..]).unwrap_or_default();
    rules.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_form_is_what_is_asked_for() {
        let form = NetworkForm {
            programs: Who::Selected,
            program_rules: "192.0.2.0/24\n\n 10.1.1.1 ".into(),
            ..NetworkForm::default()
        };
        let patch = form.to_patch().unwrap();
        assert_eq!(patch.public_network_access, Some(PublicNetworkAccess::Enabled));
        let profile = patch.network_profile.unwrap();
        let access = profile.account_access.unwrap();
        assert_eq!(access.default_action, NetworkAction::Deny);
        assert_eq!(to_lines(Some(&access)), "192.0.2.0/24\n10.1.1.1");
        assert_eq!(profile.node_management_access, None);
        let closed = NetworkForm { programs: Who::Nobody, ..form }.to_patch().unwrap();
        assert_eq!(closed.public_network_access, Some(PublicNetworkAccess::Disabled));
    }

    #[test]
    fn a_rule_that_is_none_stands_at_its_field() {
        let form = NetworkForm { nodes: Who::Selected, node_rules: "everywhere".into(), ..NetworkForm::default() };
        let errors = form.to_patch().unwrap_err();
        assert!(errors.of(NODE_RULES).is_some() && errors.of(ACCOUNT_RULES).is_none());
    }
}
