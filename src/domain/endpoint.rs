//! Ports of nodes that can be reached from outside: which there are, by which port of the server, and from where.
//!
//! Source: the page on pool endpoint configuration, api-version 2024-07-01.20.0.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use crate::api::{
    self, AddressRange, InboundNatPool, InboundProtocol, IpProvisioning, NetworkAccess, NetworkSecurityGroupRule,
};

/// The port that leads to a node's SSH server, wherever that listens.
pub const SSH_PORT: i32 = 22;
/// The name of what is mapped without being asked for.
const SSH_RULE: &str = "SSHRule";
/// The ports for it. Chosen here: below those that Linux gives to whatever connects or listens anywhere (from 32768), which would
/// now and then have taken one already. In Azure they are those of `RESERVED_FRONTEND`.
const SSH_FRONTEND: RangeInclusive<i32> = 27_000..=32_000;
/// No NAT pool of a user's may have these. Source: the same page.
pub const RESERVED_FRONTEND: RangeInclusive<i32> = 50_000..=55_000;

/// What is mapped on every node of a pool. `maps_ssh`: SSH is, even if the settings do not ask for it.
pub fn nat_pools(network: Option<&api::NetworkConfiguration>, maps_ssh: bool) -> Vec<InboundNatPool> {
    let addresses = network.and_then(|n| n.public_ip_address_configuration.as_ref()).and_then(|a| a.provision);
    if addresses == Some(IpProvisioning::NoPublicIpAddresses) {
        return Vec::new();
    }
    let endpoints = network.and_then(|network| network.endpoint_configuration.as_ref());
    let asked = endpoints.map_or(&[] as &[_], |endpoints| &endpoints.inbound_nat_pools);
    let is_asked_for = asked.iter().any(|pool| pool.backend_port == SSH_PORT);
    let unasked = (maps_ssh && !is_asked_for).then(|| InboundNatPool {
        name: SSH_RULE.to_owned(),
        protocol: InboundProtocol::Tcp,
        backend_port: SSH_PORT,
        frontend_port_range_start: *SSH_FRONTEND.start(),
        frontend_port_range_end: *SSH_FRONTEND.end(),
        network_security_group_rules: None,
    });
    unasked.into_iter().chain(asked.iter().cloned()).collect()
}

/// A port of the pool's range that nobody has. The search begins at a place that `seed` says, so that two servers on a machine,
/// or a node and its predecessor, seldom get the same.
pub fn free_port(pool: &InboundNatPool, taken: &BTreeSet<(InboundProtocol, i32)>, seed: u64) -> Option<i32> {
    let (first, last) = (pool.frontend_port_range_start, pool.frontend_port_range_end);
    let n_ports = u64::try_from(last - first + 1).ok().filter(|n| *n > 0)?;
    let nth = |n: u64| first + i32::try_from(n % n_ports).unwrap_or(0);
    (0..n_ports).map(|n| nth((seed % n_ports) + n)).find(|port| !taken.contains(&(pool.protocol, *port)))
}

/// The smallest number that no node of the pool has.
pub fn free_number(taken: &BTreeSet<i64>) -> i64 {
    (0..).find(|number| !taken.contains(number)).unwrap_or_default()
}

/// From where a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Anywhere,
    Range(AddressRange),
    /// The tag `Internet`: what is no address of a private network.
    Internet,
    /// The tag `VirtualNetwork`: private networks, and the machine itself.
    PrivateNetwork,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`*`, an address, a range such as 192.0.2.0/24, Internet or VirtualNetwork; other tags name parts of Azure")]
pub struct NotASource;

impl std::str::FromStr for Source {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        match text.trim() {
            "*" => Ok(Source::Anywhere),
            tag if tag.eq_ignore_ascii_case("Internet") => Ok(Source::Internet),
            tag if tag.eq_ignore_ascii_case("VirtualNetwork") => Ok(Source::PrivateNetwork),
            range => range.parse().map(Source::Range).map_err(|_| NotASource),
        }
    }
}

impl Source {
    fn has(self, address: IpAddr) -> bool {
        match self {
            Source::Anywhere => true,
            Source::Range(range) => range.contains(address),
            Source::Internet => !is_private(address),
            Source::PrivateNetwork => is_private(address),
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Whether the ports of a rule, e.g. `*`, `80` or `1024-65535`, hold this one. None are all.
fn has_port(ranges: Option<&[String]>, port: u16) -> bool {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    let has = |range: &String| match range.split_once('-') {
        Some((first, last)) => number(first).zip(number(last)).is_some_and(|(a, b)| (a..=b).contains(&port)),
        None => range.trim() == "*" || number(range) == Some(port),
    };
    ranges.is_none_or(|ranges| ranges.is_empty() || ranges.iter().any(has))
}

/// Whether somebody may connect: the first rule that fits decides, by priority. Where no rule fits nobody may, and without any
/// rules everybody.
pub fn admits(rules: &[NetworkSecurityGroupRule], from: SocketAddr) -> bool {
    let mut sorted: Vec<&NetworkSecurityGroupRule> = rules.iter().collect();
    sorted.sort_by_key(|rule| rule.priority);
    let fits = |rule: &NetworkSecurityGroupRule| match rule.source_address_prefix.parse::<Source>() {
        Ok(source) => source.has(from.ip()) && has_port(rule.source_port_ranges.as_deref(), from.port()),
        // Stored by an older version that took any text: what it was to keep out stays out.
        Err(NotASource) => rule.access == NetworkAccess::Deny,
    };
    match sorted.into_iter().find(|rule| fits(rule)) {
        Some(rule) => rule.access == NetworkAccess::Allow,
        None => rules.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(priority: i32, access: NetworkAccess, from: &str) -> NetworkSecurityGroupRule {
        let source_address_prefix = from.to_owned();
        NetworkSecurityGroupRule { priority, access, source_address_prefix, source_port_ranges: None }
    }

    fn check(rules: &[NetworkSecurityGroupRule], from: &str, expected: bool) {
        assert_eq!(admits(rules, from.parse().unwrap()), expected, "{from} by {rules:?}");
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        use NetworkAccess::{Allow, Deny};
        check(&[], "8.8.8.8:1", true);
        let office = [rule(300, Deny, "*"), rule(200, Allow, "192.0.2.0/24"), rule(150, Deny, "192.0.2.66")];
        check(&office, "192.0.2.1:1", true);
        check(&office, "[::ffff:192.0.2.1]:1", true);
        check(&office, "192.0.2.66:1", false);
        check(&office, "198.51.100.1:1", false);
        check(&[rule(150, Allow, "10.0.0.0/8")], "11.0.0.1:1", false);
        check(&[rule(150, Allow, "Internet")], "127.0.0.1:1", false);
        check(&[rule(150, Allow, "virtualnetwork")], "127.0.0.1:1", true);
        check(&[rule(150, Deny, "AzureCloud"), rule(160, Allow, "*")], "8.8.8.8:1", false);
        check(&[rule(150, Allow, "AzureCloud")], "8.8.8.8:1", false);
    }

    #[test]
    fn ports_of_the_caller_count_where_they_are_named() {
        let with = |ports: &[&str]| {
            let ports = ports.iter().map(ToString::to_string).collect();
            [NetworkSecurityGroupRule { source_port_ranges: Some(ports), ..rule(150, NetworkAccess::Allow, "*") }]
        };
        check(&with(&["*"]), "1.1.1.1:80", true);
        check(&with(&[]), "1.1.1.1:80", true);
        check(&with(&["81", "70-79"]), "1.1.1.1:80", false);
        check(&with(&["81", "80-90"]), "1.1.1.1:80", true);
    }

    fn pool(start: i32, end: i32) -> InboundNatPool {
        let network = serde_json::json!({ "name": "a", "protocol": "tcp", "backendPort": 80,
            "frontendPortRangeStart": start, "frontendPortRangeEnd": end });
        serde_json::from_value(network).unwrap()
    }

    proptest! {
        #[test]
        fn each_gets_a_port_of_its_own_until_none_is_left(seeds in prop::collection::vec(any::<u64>(), 41)) {
            let mut taken = BTreeSet::new();
            for (n, seed) in seeds.into_iter().enumerate() {
                let port = free_port(&pool(100, 139), &taken, seed);
                prop_assert_eq!(port.is_some(), n < 40);
                if let Some(port) = port {
                    prop_assert!((100..=139).contains(&port));
                    prop_assert!(taken.insert((InboundProtocol::Tcp, port)));
                }
            }
        }
    }

    #[test]
    fn ssh_is_mapped_where_it_always_was_unless_asked_for() {
        let names = |network: Option<serde_json::Value>, maps_ssh| {
            let network: Option<api::NetworkConfiguration> = network.map(|n| serde_json::from_value(n).unwrap());
            let pools = nat_pools(network.as_ref(), maps_ssh);
            pools.into_iter().map(|pool| pool.name).collect::<Vec<_>>()
        };
        assert_eq!(names(None, true), ["SSHRule"]);
        assert!(names(None, false).is_empty());
        let mut own = serde_json::to_value(pool(100, 139)).unwrap();
        let with =
            |own: &serde_json::Value| serde_json::json!({ "endpointConfiguration": { "inboundNATPools": [own] } });
        assert_eq!(names(Some(with(&own)), true), ["SSHRule", "a"]);
        own["backendPort"] = 22.into();
        assert_eq!(names(Some(with(&own)), true), ["a"]);
        let hidden = serde_json::json!({ "publicIPAddressConfiguration": { "provision": "nopublicipaddresses" } });
        assert!(names(Some(hidden), true).is_empty());
    }

    #[test]
    fn numbers_of_nodes_that_went_are_used_again() {
        assert_eq!(free_number(&BTreeSet::new()), 0);
        assert_eq!(free_number(&BTreeSet::from([0, 2])), 1);
    }
}
