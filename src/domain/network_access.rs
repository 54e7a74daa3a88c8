//! From where an account is reached: what its network profile lets in. A profile means nothing while the account has no public access.

use std::net::IpAddr;

use crate::api::{
    self, AddressRange, EndpointAccess, NameValuePair, NetworkAction, NetworkProfile, NodeError, PublicNetworkAccess,
};

/// Most rules of one endpoint. Chosen here: Azure names no number.
pub const MOST_RULES: usize = 200;

/// The code of the error of nodes whose agents are not let in. Chosen here: Azure's nodes just do not come.
pub const AGENT_REFUSED: &str = "NodeManagementAccessDenied";

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

/// Whether a node's agent is let in from this address. Without public access the rules mean nothing, and nodes still belong to the
/// account.
pub fn lets_agent_in(access: PublicNetworkAccess, profile: &NetworkProfile, from: Option<IpAddr>) -> bool {
    access == PublicNetworkAccess::Disabled || lets_in(profile, Door::Nodes, from)
}

/// What a node says whose agent is not let in.
pub fn agent_refusal(from: Option<IpAddr>) -> NodeError {
    let address = from.map(|from| from.to_canonical().to_string());
    let place = address.as_deref().unwrap_or("an address that is not known");
    NodeError {
        code: AGENT_REFUSED.to_owned(),
        message: format!(
            "The account's network rules for nodes (networkProfile.nodeManagementAccess) do not let the node's agent in from {place}."
        ),
        error_details: address
            .map(|address| NameValuePair { name: Some("Address".to_owned()), value: Some(address) })
            .into_iter()
            .collect(),
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
    fn agents_are_let_in_by_the_rules_for_nodes_alone() {
        let closed = NetworkProfile {
            account_access: None,
            node_management_access: profile(NetworkAction::Deny, &["192.0.2.0/24"]).account_access,
        };
        let check = |access, from: &str, expected| {
            assert_eq!(lets_agent_in(access, &closed, from.parse().ok()), expected, "{access:?} {from}");
        };
        check(PublicNetworkAccess::Enabled, "192.0.2.1", true);
        check(PublicNetworkAccess::Enabled, "127.0.0.1", false);
        check(PublicNetworkAccess::Enabled, "nowhere", false);
        check(PublicNetworkAccess::Disabled, "127.0.0.1", true);
        let refusal = agent_refusal("::ffff:10.1.1.1".parse().ok());
        assert!(refusal.message.ends_with("in from 10.1.1.1."), "{refusal:?}");
        assert_eq!(refusal.error_details[0].value.as_deref(), Some("10.1.1.1"));
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
