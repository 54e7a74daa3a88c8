//! The network that a pool asks for. Of it only the ports that lead to nodes are more than stored, and all is checked.
//!
//! Source: the page on pool endpoint configuration, api-version 2024-02-01.19.0.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::super::{Check, missing};
use super::machine::within;
use crate::api::{self, Error, InboundNatPool, IpProvisioning, NetworkSecurityGroupRule};
use crate::domain::endpoint::{NotASource, RESERVED_FRONTEND, SSH_PORT, Source};

const MOST_NAT_POOLS: usize = 5;
const LONGEST_NAT_POOL_NAME: usize = 77;
const MOST_RULES: usize = 25;
/// The service's own ports on every node.
const SERVICE_PORTS: [i32; 2] = [29876, 29877];
const FEWEST_FRONTEND_PORTS: i32 = 40;
/// Ports that versions before 2024-07-01 map by themselves.
const REMOTE_PORTS: [i32; 2] = [SSH_PORT, 3389];

pub fn configuration(network: &api::NetworkConfiguration) -> Check {
    let path = "networkConfiguration";
    let provision = network.public_ip_address_configuration.as_ref().and_then(|c| c.provision);
    if let Some(addresses) = &network.public_ip_address_configuration {
        let path = format!("{path}.publicIPAddressConfiguration.ipAddressIds");
        let n = addresses.ip_address_ids.as_ref().map_or(0, Vec::len);
        match (provision == Some(IpProvisioning::UserManaged), n) {
            (true, 0) => return Err(missing(&path)),
            (false, 1..) => {
                return Err(Error::invalid_property(&path, n.to_string(), "only for usermanaged addresses"));
            }
            _ => {}
        }
    }
    let Some(endpoints) = &network.endpoint_configuration else { return Ok(()) };
    let path = format!("{path}.endpointConfiguration");
    if provision == Some(IpProvisioning::NoPublicIpAddresses) {
        let reason = "nodes without public addresses have no endpoints";
        return Err(Error::invalid_property(&path, "an object", reason));
    }
    nat_pools(&format!("{path}.inboundNATPools"), &endpoints.inbound_nat_pools)
}

fn nat_pools(path: &str, pools: &[InboundNatPool]) -> Check {
    if pools.len() > MOST_NAT_POOLS {
        return Err(Error::invalid_property(path, pools.len().to_string(), format!("at most {MOST_NAT_POOLS}")));
    }
    let mut priorities = BTreeSet::new();
    let mut n_rules = 0;
    for (index, pool) in pools.iter().enumerate() {
        let (path, others) = (format!("{path}[{index}]"), &pools[..index]);
        nat_pool(&path, pool)?;
        if others.iter().any(|other| other.name.eq_ignore_ascii_case(&pool.name)) {
            return Err(Error::invalid_property(&format!("{path}.name"), &*pool.name, "each name once"));
        }
        if others.iter().any(|other| other.backend_port == pool.backend_port) {
            let port = pool.backend_port.to_string();
            return Err(Error::invalid_property(&format!("{path}.backendPort"), port, "each port once"));
        }
        if others.iter().any(|other| overlap(&frontend(other), &frontend(pool))) {
            let start = pool.frontend_port_range_start.to_string();
            let reason = "the ports of two ranges overlap";
            return Err(Error::invalid_property(&format!("{path}.frontendPortRangeStart"), start, reason));
        }
        for (index, rule) in pool.network_security_group_rules.iter().flatten().enumerate() {
            let path = format!("{path}.networkSecurityGroupRules[{index}]");
            rule_ok(&path, rule)?;
            if !priorities.insert(rule.priority) {
                let priority = rule.priority.to_string();
                return Err(Error::invalid_property(&format!("{path}.priority"), priority, "each priority once"));
            }
            n_rules += 1;
        }
    }
    if n_rules > MOST_RULES {
        return Err(Error::invalid_property(path, n_rules.to_string(), format!("at most {MOST_RULES} rules in all")));
    }
    Ok(())
}

/// What a version before 2024-07-01 refuses.
pub fn no_reserved_ports(create: &api::PoolCreate) -> Check {
    let network = create.network_configuration.as_ref();
    let pools = network.and_then(|n| n.endpoint_configuration.as_ref()).map(|e| &e.inbound_nat_pools);
    let is_reserved = |pool: &InboundNatPool| REMOTE_PORTS.contains(&pool.backend_port);
    match pools.into_iter().flatten().enumerate().find(|(_, pool)| is_reserved(pool)) {
        None => Ok(()),
        Some((index, pool)) => {
            let path = format!("networkConfiguration.endpointConfiguration.inboundNATPools[{index}].backendPort");
            let reason = "in this api-version the service maps it by itself";
            Err(Error::invalid_property(&path, pool.backend_port.to_string(), reason))
        }
    }
}

fn nat_pool(path: &str, pool: &InboundNatPool) -> Check {
    if !is_nat_pool_name(&pool.name) {
        let reason = "1 to 77 letters, digits, `.`, `-` and `_`; a letter or digit first, none of `.` and `-` last";
        return Err(Error::invalid_property(&format!("{path}.name"), &*pool.name, reason));
    }
    let backend = format!("{path}.backendPort");
    within(&backend, pool.backend_port, 1..=65535)?;
    if SERVICE_PORTS.contains(&pool.backend_port) {
        return Err(Error::invalid_property(&backend, pool.backend_port.to_string(), "a port of the service's own"));
    }
    let (start, end) = (pool.frontend_port_range_start, pool.frontend_port_range_end);
    within(&format!("{path}.frontendPortRangeStart"), start, 1..=65534)?;
    let last = format!("{path}.frontendPortRangeEnd");
    within(&last, end, 1..=65534)?;
    if end - start + 1 < FEWEST_FRONTEND_PORTS {
        let reason = format!("a range has at least {FEWEST_FRONTEND_PORTS} ports");
        return Err(Error::invalid_property(&last, end.to_string(), reason));
    }
    if overlap(&RESERVED_FRONTEND, &frontend(pool)) {
        return Err(Error::invalid_property(&last, end.to_string(), "50000 to 55000 are the service's own"));
    }
    Ok(())
}

fn rule_ok(path: &str, rule: &NetworkSecurityGroupRule) -> Check {
    within(&format!("{path}.priority"), rule.priority, 150..=4096)?;
    if rule.source_address_prefix.is_empty() {
        return Err(missing(&format!("{path}.sourceAddressPrefix")));
    }
    rule.source_address_prefix.parse::<Source>().map_err(|reason: NotASource| {
        let path = format!("{path}.sourceAddressPrefix");
        Error::invalid_property(&path, &*rule.source_address_prefix, reason.to_string())
    })?;
    for (index, ports) in rule.source_port_ranges.iter().flatten().enumerate() {
        if !is_port_range(ports) {
            let path = format!("{path}.sourcePortRanges[{index}]");
            return Err(Error::invalid_property(&path, &**ports, "`*`, a port, or two with `-` between"));
        }
    }
    Ok(())
}

fn is_nat_pool_name(name: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=LONGEST_NAT_POOL_NAME).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(ends)
}

fn is_port_range(text: &str) -> bool {
    let port = |text: &str| text.trim().parse::<u16>().ok();
    match text.split_once('-') {
        Some((first, last)) => port(first).zip(port(last)).is_some_and(|(first, last)| first <= last),
        None => text.trim() == "*" || port(text).is_some(),
    }
}

fn frontend(pool: &InboundNatPool) -> RangeInclusive<i32> {
    pool.frontend_port_range_start..=pool.frontend_port_range_end
}

fn overlap(a: &RangeInclusive<i32>, b: &RangeInclusive<i32>) -> bool {
    a.start() <= b.end() && b.start() <= a.end()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::assert_refused;
    use super::*;
    use crate::api::Code;

    fn pool(name: &str, backend: i32, start: i32, end: i32) -> Value {
        json!({ "name": name, "protocol": "tcp", "backendPort": backend, "frontendPortRangeStart": start,
            "frontendPortRangeEnd": end })
    }

    fn network(network: Value) -> Check {
        configuration(&serde_json::from_value(network).unwrap())
    }

    fn with_pools(pools: Value) -> Check {
        network(json!({ "endpointConfiguration": { "inboundNATPools": pools } }))
    }

    fn check(pools: Value, path: &str) {
        let path = format!("networkConfiguration.endpointConfiguration.inboundNATPools{path}");
        assert_refused(with_pools(pools), Code::InvalidPropertyValue, &path);
    }

    #[test]
    fn nat_pools_have_names_and_ports_of_their_own() {
        assert_eq!(with_pools(json!([pool("a", 22, 1, 40), pool("b.c_", 23, 41, 100)])), Ok(()));
        check(json!([pool("-a", 22, 1, 40)]), "[0].name");
        check(json!([pool("a-", 22, 1, 40)]), "[0].name");
        check(json!([pool(&"a".repeat(78), 22, 1, 40)]), "[0].name");
        check(json!([pool("a", 0, 1, 40)]), "[0].backendPort");
        check(json!([pool("a", 29877, 1, 40)]), "[0].backendPort");
        check(json!([pool("a", 22, 0, 40)]), "[0].frontendPortRangeStart");
        check(json!([pool("a", 22, 1, 65535)]), "[0].frontendPortRangeEnd");
        check(json!([pool("a", 22, 1, 39)]), "[0].frontendPortRangeEnd");
        check(json!([pool("a", 22, 49000, 50000)]), "[0].frontendPortRangeEnd");
        check(json!([pool("a", 22, 1, 40), pool("A", 23, 41, 80)]), "[1].name");
        check(json!([pool("a", 22, 1, 40), pool("b", 22, 41, 80)]), "[1].backendPort");
        check(json!([pool("a", 22, 1, 40), pool("b", 23, 40, 80)]), "[1].frontendPortRangeStart");
        let six: Vec<Value> = (0..6).map(|n| pool(&format!("p{n}"), 100 + n, 1 + n * 100, 50 + n * 100)).collect();
        check(json!(six), "");
    }

    #[test]
    fn rules_have_priorities_of_their_own() {
        let with_rules = |rules: Value| {
            let mut pool = pool("a", 22, 1, 40);
            pool["networkSecurityGroupRules"] = rules;
            json!([pool])
        };
        let rule = |priority: i32, ports: &str| json!({ "priority": priority, "access": "allow", "sourceAddressPrefix": "*", "sourcePortRanges": [ports] });
        for ports in ["*", "80", "80-90"] {
            assert_eq!(with_pools(with_rules(json!([rule(150, ports), rule(4096, ports)]))), Ok(()));
        }
        check(with_rules(json!([rule(149, "*")])), "[0].networkSecurityGroupRules[0].priority");
        check(with_rules(json!([rule(150, "*"), rule(150, "*")])), "[0].networkSecurityGroupRules[1].priority");
        check(with_rules(json!([rule(150, "90-80")])), "[0].networkSecurityGroupRules[0].sourcePortRanges[0]");
        let mut tagged = rule(150, "*");
        tagged["sourceAddressPrefix"] = "AzureLoadBalancer".into();
        check(with_rules(json!([tagged])), "[0].networkSecurityGroupRules[0].sourceAddressPrefix");
        let many: Vec<Value> = (0..26).map(|n| rule(200 + n, "*")).collect();
        check(with_rules(json!(many)), "");
    }

    #[test]
    fn addresses_are_named_where_the_user_manages_them() {
        let with = |addresses: Value| network(json!({ "publicIPAddressConfiguration": addresses }));
        let path = "networkConfiguration.publicIPAddressConfiguration.ipAddressIds";
        assert_eq!(with(json!({ "provision": "usermanaged", "ipAddressIds": ["/a"] })), Ok(()));
        assert_refused(with(json!({ "provision": "usermanaged" })), Code::MissingRequiredProperty, path);
        assert_refused(with(json!({ "ipAddressIds": ["/a"] })), Code::InvalidPropertyValue, path);
        let none = json!({
            "publicIPAddressConfiguration": { "provision": "nopublicipaddresses" },
            "endpointConfiguration": { "inboundNATPools": [] },
        });
        assert_refused(network(none), Code::InvalidPropertyValue, "networkConfiguration.endpointConfiguration");
    }
}
