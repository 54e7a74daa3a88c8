//! From where an account is reached: what its network profile lets in. Whether the account has public access at all is asked before
//! and does not belong here: a profile means nothing while it has none.

use std::net::IpAddr;

use crate::api::{self, AddressRange, EndpointAccess, NetworkAction, NetworkProfile};

/// Most rules of one endpoint. Chosen here: Azure names no number.
pub const MOST_RULES: usize = 200;

/// Which door of the account is knocked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The data plane, which programs call.
    Account,
    /// The agents of the account's nodes.
    Nodes,
}

/// Whether a caller from this address is let in. Without a word everybody is; where the default is to deny, only who comes from an
/// address that a rule names, and nobody whose address is not known.
pub fn lets_in(profile: &NetworkProfile, door: Door, from: Option<IpAddr>) -> bool {
    let access = match door {
        Door::Account => &profile.account_access,
        Door::Nodes => &profile.node_management_access,
    };
    match access {
        None => true,
        Some(EndpointAccess { default_action: NetworkAction::Allow, .. }) => true,
        Some(EndpointAccess { default_action: NetworkAction::Deny, ip_rules }) => {
            // A rule that cannot be read lets nobody in.
            let ranges = ip_rules.iter().filter_map(|rule| rule.value.parse::<AddressRange>().ok());
            from.is_some_and(|address| ranges.into_iter().any(|range| range.contains(address)))
        }
    }
}

/// Refuses what cannot be a rule.
///
/// # Errors
/// `InvalidPropertyValue` that names the rule.
pub fn check(profile: &NetworkProfile) -> Result<(), api::Error> {
    let doors = [("accountAccess", &profile.account_access), ("nodeManagementAccess", &profile.node_management_access)];
    for (name, access) in doors {
        let rules = access.as_ref().map(|access| &access.ip_rules[..]).unwrap_or_default();
        let path = format!("networkProfile.{name}.ipRules");
        if rules.len() > MOST_RULES {
            let reason = format!("An endpoint has at most {MOST_RULES} rules.");
            return Err(api::Error::invalid_property(&path, rules.len().to_string(), reason));
        }
        for (index, rule) in rules.iter().enumerate() {
            if rule.value.parse::<AddressRange>().is_err() {
                let reason = "An address, or a range such as 192.0.2.0/24.";
                let path = format!("{path}[{index}].value");
                return Err(api::Error::invalid_property(&path, &rule.value, reason));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::IpRule;

    fn profile(default: NetworkAction, rules: &[&str]) -> NetworkProfile {
        let rule = |value: &&str| IpRule { action: api::IpRuleAction::Allow, value: (*value).to_owned() };
        let access = EndpointAccess { default_action: default, ip_rules: rules.iter().map(rule).collect() };
        NetworkProfile { account_access: Some(access), node_management_access: None }
    }

    #[test]
    fn a_profile_lets_in_whom_its_rules_name() {
        let check = |profile: &NetworkProfile, from: &str, expected: bool| {
            assert_eq!(lets_in(profile, Door::Account, from.parse().ok()), expected, "{from} {profile:?}");
        };
        let closed = profile(NetworkAction::Deny, &["192.0.2.0/24", "2001:db8::/32", "10.1.1.1"]);
        check(&closed, "192.0.2.77", true);
        check(&closed, "::ffff:192.0.2.77", true);
        check(&closed, "192.0.3.1", false);
        check(&closed, "2001:db8::1", true);
        check(&closed, "10.1.1.1", true);
        check(&closed, "10.1.1.2", false);
        check(&closed, "nowhere", false);
        check(&profile(NetworkAction::Deny, &[]), "127.0.0.1", false);
        check(&profile(NetworkAction::Deny, &["all"]), "127.0.0.1", false);
        check(&profile(NetworkAction::Allow, &[]), "nowhere", true);
        check(&NetworkProfile::default(), "10.1.1.2", true);
        assert!(lets_in(&closed, Door::Nodes, None), "the other door has no rules");
    }

    #[test]
    fn what_is_no_rule_is_refused_by_its_place() {
        let refused = |rules: &[&str]| check(&profile(NetworkAction::Deny, rules)).unwrap_err();
        let error = refused(&["10.0.0.0/8", "10.0.0.0/33"]);
        assert_eq!(error.value("PropertyName"), Some("networkProfile.accountAccess.ipRules[1].value"));
        assert!(check(&profile(NetworkAction::Deny, &["10.0.0.0/8"])).is_ok());
        assert!(check(&profile(NetworkAction::Allow, &["1.1.1.1"; MOST_RULES])).is_ok());
        assert!(check(&profile(NetworkAction::Allow, &["1.1.1.1"; MOST_RULES + 1])).is_err());
    }
}
