//! By which ports the nodes of a pool are reached.

use leptos::prelude::*;

use crate::api::{InboundNatPool, NetworkAccess, PoolSummary};
use crate::portal::i18n::{msg, t, tf, tx};

#[component]
pub fn RemoteAccess(pool: Signal<PoolSummary>) -> impl IntoView {
    let pools = Memo::new(move |_| {
        let network = pool.with(|pool| pool.pool.settings.network_configuration.clone());
        network.and_then(|network| network.endpoint_configuration).map(|e| e.inbound_nat_pools).unwrap_or_default()
    });
    let rows = move || pools.get().into_iter().map(row).collect_view();
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::POOL_REMOTE)}</h2>
            <Show when=move || !pools.with(Vec::is_empty) fallback=|| view! { <p class="form__note">{tx(msg::POOL_REMOTE_NONE)}</p> }>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::POOL_REMOTE)>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{tx(msg::POOL_NAT_NAME)}</th>
                                <th scope="col">{tx(msg::POOL_NAT_BACKEND)}</th>
                                <th scope="col">{tx(msg::POOL_NAT_FRONTEND)}</th>
                                <th scope="col">{tx(msg::POOL_NAT_RULES)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

fn row(pool: InboundNatPool) -> impl IntoView {
    let mut rules = pool.network_security_group_rules.unwrap_or_default();
    rules.sort_by_key(|rule| rule.priority);
    let rule_text = |access: NetworkAccess| match access {
        NetworkAccess::Allow => msg::POOL_NAT_ALLOW,
        NetworkAccess::Deny => msg::POOL_NAT_DENY,
    };
    let is_open = rules.is_empty();
    let rules = rules
        .into_iter()
        .map(|rule| view! { <li>{rule.priority}": "{tx(rule_text(rule.access))}" "<code>{rule.source_address_prefix}</code>{from_ports(rule.source_port_ranges)}</li> })
        .collect_view();
    view! {
        <tr>
            <th scope="row"><code>{pool.name}</code></th>
            <td><code>{pool.protocol.as_str()}" "{pool.backend_port}</code></td>
            <td><code>{pool.frontend_port_range_start}"–"{pool.frontend_port_range_end}</code></td>
            <td>{is_open.then(|| t(msg::POOL_NAT_EVERYBODY))}<ul class="plain-list">{rules}</ul></td>
        </tr>
    }
}

/// Nothing where a rule is for all ports.
fn from_ports(ranges: Option<Vec<String>>) -> Option<String> {
    let ports = ranges.unwrap_or_default().join(", ");
    (!ports.is_empty() && ports != "*").then(|| format!(" {}", tf(msg::POOL_NAT_FROM_PORTS, &[("ports", &ports)])))
}
