//! Inbound NAT pools as typed.

use crate::api::{
    InboundNatPool, InboundProtocol, NetworkAccess, NetworkConfiguration, NetworkSecurityGroupRule,
    PoolEndpointConfiguration,
};
use crate::domain::check;
use crate::domain::endpoint::SSH_PORT;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed;

/// The property that the rows are; a row's is this with its index.
pub const NAT_POOLS: &str = "networkConfiguration.endpointConfiguration.inboundNATPools";
/// The list of a row's rules.
pub const RULES: &str = "networkSecurityGroupRules";

/// A NAT pool, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatRow {
    pub name: String,
    /// `udp`, or anything else for TCP.
    pub protocol: String,
    pub backend: String,
    pub first: String,
    pub last: String,
    pub rules: Vec<RuleRow>,
}

/// A rule of a NAT pool, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleRow {
    pub priority: String,
    /// `deny`, or anything else for being let in.
    pub access: String,
    pub source: String,
    /// Ranges with commas between; empty for all ports.
    pub ports: String,
}

/// Ports that new rows share out, a thousand each; below those of SSH.
const NEW_RANGES: std::ops::Range<i32> = 20..30;
/// Ports for the form's pools to share; below those that systems give to outgoing connections.
const SSH_PORTS: (i32, i32) = (30_000, 31_999);

impl NatRow {
    /// A further row beside those there are: with ports that none of them has.
    pub fn beside(rows: &[NatRow]) -> NatRow {
        let is_taken = |thousand: &i32| rows.iter().any(|row| row.reaches(thousand * 1000, thousand * 1000 + 999));
        let free = NEW_RANGES.clone().find(|thousand| !is_taken(thousand));
        let (first, last) = free.map(|n| (n * 1000, n * 1000 + 999)).unzip();
        let text = |port: Option<i32>| port.map(|port| port.to_string()).unwrap_or_default();
        NatRow { protocol: InboundProtocol::Tcp.to_string(), first: text(first), last: text(last), ..NatRow::default() }
    }

    fn reaches(&self, from: i32, to: i32) -> bool {
        let (first, last) = (self.first.trim().parse::<i32>(), self.last.trim().parse::<i32>());
        first.is_ok_and(|first| first <= to) && last.is_ok_and(|last| last >= from)
    }
}

impl RuleRow {
    /// A further rule of the pool: behind all that there are.
    pub fn behind(rows: &[NatRow]) -> RuleRow {
        let priorities =
            rows.iter().flat_map(|row| &row.rules).filter_map(|rule| rule.priority.trim().parse::<i32>().ok());
        RuleRow {
            priority: priorities.max().map_or(200, |last| last.saturating_add(10)).to_string(),
            access: NetworkAccess::Allow.to_string(),
            ..RuleRow::default()
        }
    }
}

/// What the rows say, with SSH where it is asked for; nothing where nothing is mapped.
///
/// # Errors
/// At the property of the row that does not fit, or of all rows.
pub fn network(rows: &[NatRow], with_ssh: bool) -> Result<Option<NetworkConfiguration>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let row = |(index, row): (usize, &NatRow)| nat_pool(&format!("{NAT_POOLS}[{index}]"), row, &mut errors);
    let mut pools: Vec<_> = rows.iter().enumerate().map(row).collect();
    pools.extend(with_ssh.then(ssh));
    errors.or(())?;
    if pools.is_empty() {
        return Ok(None);
    }
    let endpoint_configuration = Some(PoolEndpointConfiguration { inbound_nat_pools: pools });
    let network = NetworkConfiguration { endpoint_configuration, ..NetworkConfiguration::default() };
    check::network_configuration(&network).map_err(|error| {
        let mut errors = FieldErrors::default();
        errors.add_refusal(&at_a_row(error, rows.len()));
        errors
    })?;
    Ok(Some(network))
}

/// What is behind the rows has none: what is wrong with it is said of all.
fn at_a_row(mut error: crate::api::Error, n_rows: usize) -> crate::api::Error {
    let behind = format!("{NAT_POOLS}[{n_rows}]");
    for value in error.values.iter_mut().filter(|value| value.value.starts_with(&behind)) {
        NAT_POOLS.clone_into(&mut value.value);
    }
    error
}

fn ssh() -> InboundNatPool {
    InboundNatPool {
        name: "ssh".to_owned(),
        protocol: InboundProtocol::Tcp,
        backend_port: SSH_PORT,
        frontend_port_range_start: SSH_PORTS.0,
        frontend_port_range_end: SSH_PORTS.1,
        network_security_group_rules: None,
    }
}

fn nat_pool(path: &str, row: &NatRow, errors: &mut FieldErrors) -> InboundNatPool {
    let mut port = |name: &str, text: &str, last: i32| {
        errors.take(&format!("{path}.{name}"), typed::number(text, 1..=last)).unwrap_or_default()
    };
    let backend_port = port("backendPort", &row.backend, 65_535);
    let frontend_port_range_start = port("frontendPortRangeStart", &row.first, 65_534);
    let frontend_port_range_end = port("frontendPortRangeEnd", &row.last, 65_534);
    let rule = |(index, row): (usize, &RuleRow)| rule(&format!("{path}.{RULES}[{index}]"), row, errors);
    let rules: Vec<_> = row.rules.iter().enumerate().map(rule).collect();
    InboundNatPool {
        name: row.name.trim().to_owned(),
        protocol: row.protocol.parse().unwrap_or(InboundProtocol::Tcp),
        backend_port,
        frontend_port_range_start,
        frontend_port_range_end,
        network_security_group_rules: (!rules.is_empty()).then_some(rules),
    }
}

fn rule(path: &str, row: &RuleRow, errors: &mut FieldErrors) -> NetworkSecurityGroupRule {
    let priority = errors.take(&format!("{path}.priority"), typed::number(&row.priority, 150..=4096));
    let source = row.source.trim().to_owned();
    if source.is_empty() {
        errors.add(&format!("{path}.sourceAddressPrefix"), msg::FIELD_REQUIRED);
    }
    let ports: Vec<String> =
        row.ports.split(',').map(|ports| ports.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    NetworkSecurityGroupRule {
        priority: priority.unwrap_or_default(),
        access: row.access.parse().unwrap_or(NetworkAccess::Allow),
        source_address_prefix: source,
        source_port_ranges: (!ports.is_empty()).then_some(ports),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, backend: &str, first: &str, last: &str) -> NatRow {
        let text = str::to_owned;
        NatRow { name: text(name), backend: text(backend), first: text(first), last: text(last), ..NatRow::default() }
    }

    fn rule(priority: &str, access: &str, source: &str, ports: &str) -> RuleRow {
        let text = str::to_owned;
        RuleRow { priority: text(priority), access: text(access), source: text(source), ports: text(ports) }
    }

    #[test]
    fn rows_are_nat_pools_and_ssh_stands_behind_them() {
        assert_eq!(network(&[], false), Ok(None));
        let web = NatRow {
            protocol: "udp".into(),
            rules: vec![rule("200", "allow", "192.0.2.0/24", "1024-2048, 4000"), rule("300", "deny", "*", "")],
            ..row("web", " 8080 ", "20000", "20999")
        };
        let pools = network(&[web], true).unwrap().unwrap().endpoint_configuration.unwrap().inbound_nat_pools;
        assert_eq!(pools.iter().map(|pool| pool.name.as_str()).collect::<Vec<_>>(), ["web", "ssh"]);
        assert_eq!((pools[0].protocol, pools[0].backend_port), (InboundProtocol::Udp, 8080));
        let rules = pools[0].network_security_group_rules.as_ref().unwrap();
        let ports = |n: usize| rules[n].source_port_ranges.clone().unwrap_or_default();
        assert_eq!((ports(0), ports(1)), (vec!["1024-2048".to_owned(), "4000".to_owned()], vec![]));
        assert_eq!(rules[1].access, NetworkAccess::Deny);
    }

    #[test]
    fn what_is_wrong_stands_at_its_row() {
        let check = |rows: &[NatRow], with_ssh: bool, at: &str| {
            let errors = network(rows, with_ssh).unwrap_err();
            assert_eq!(errors.first().map(|e| e.field.as_str()), Some(&*format!("{NAT_POOLS}{at}")), "{errors:?}");
        };
        let good = || row("a", "80", "20000", "20999");
        check(&[row("a", "x", "20000", "20999")], false, "[0].backendPort");
        check(&[good(), row("b", "81", "", "21999")], false, "[1].frontendPortRangeStart");
        check(&[row("a", "80", "49000", "50100")], false, "[0].frontendPortRangeEnd");
        check(&[row("a", "80", "20000", "20010")], false, "[0].frontendPortRangeEnd");
        check(&[row("", "80", "20000", "20999")], false, "[0].name");
        check(&[good(), row("A", "81", "21000", "21999")], false, "[1].name");
        check(&[row("web", "22", "20000", "20999")], true, "");
        let ruled = |rule: RuleRow| [NatRow { rules: vec![rule], ..good() }];
        check(&ruled(rule("1", "allow", "*", "")), false, "[0].networkSecurityGroupRules[0].priority");
        check(&ruled(rule("200", "allow", "", "")), false, "[0].networkSecurityGroupRules[0].sourceAddressPrefix");
        check(&ruled(rule("200", "allow", "x", "")), false, "[0].networkSecurityGroupRules[0].sourceAddressPrefix");
        check(&ruled(rule("200", "allow", "*", "9-1")), false, "[0].networkSecurityGroupRules[0].sourcePortRanges[0]");
    }

    #[test]
    fn a_further_row_takes_ports_and_a_priority_that_are_free() {
        let first = NatRow::beside(&[]);
        assert_eq!((first.first.as_str(), first.last.as_str()), ("20000", "20999"));
        let second = NatRow::beside(&[first, row("b", "81", "21500", "22100")]);
        assert_eq!(second.first, "23000");
        let ruled = NatRow { rules: vec![rule("400", "", "", ""), rule("x", "", "", "")], ..NatRow::default() };
        assert_eq!(
            (RuleRow::behind(&[]).priority.as_str(), RuleRow::behind(&[ruled]).priority.as_str()),
            ("200", "410")
        );
    }
}
