//! Rows of NAT pools, each with rows of rules.

use leptos::prelude::*;

use super::nat_rows::{NAT_POOLS, NatRow, RULES, RuleRow};
use crate::api::{InboundProtocol, NetworkAccess};
use crate::portal::components::{
    EditedRow, Field, FormErrors, Labelled, NumberInput, RowError, RowNumber, RowsEditor, Select, TextInput,
};
use crate::portal::i18n::{Msg, msg, t};

#[derive(Clone, Copy)]
struct Nat {
    name: RwSignal<String>,
    protocol: RwSignal<String>,
    backend: RwSignal<String>,
    first: RwSignal<String>,
    last: RwSignal<String>,
    rules: RwSignal<Vec<RuleRow>>,
}

impl EditedRow for Nat {
    type Typed = NatRow;

    fn new(row: NatRow) -> Nat {
        Nat {
            name: RwSignal::new(row.name),
            protocol: RwSignal::new(row.protocol),
            backend: RwSignal::new(row.backend),
            first: RwSignal::new(row.first),
            last: RwSignal::new(row.last),
            rules: RwSignal::new(row.rules),
        }
    }

    fn get(self) -> NatRow {
        NatRow {
            name: self.name.get(),
            protocol: self.protocol.get(),
            backend: self.backend.get(),
            first: self.first.get(),
            last: self.last.get(),
            rules: self.rules.get(),
        }
    }
}

#[derive(Clone, Copy)]
struct Rule {
    priority: RwSignal<String>,
    access: RwSignal<String>,
    source: RwSignal<String>,
    ports: RwSignal<String>,
}

impl EditedRow for Rule {
    type Typed = RuleRow;

    fn new(row: RuleRow) -> Rule {
        Rule {
            priority: RwSignal::new(row.priority),
            access: RwSignal::new(row.access),
            source: RwSignal::new(row.source),
            ports: RwSignal::new(row.ports),
        }
    }

    fn get(self) -> RuleRow {
        RuleRow {
            priority: self.priority.get(),
            access: self.access.get(),
            source: self.source.get(),
            ports: self.ports.get(),
        }
    }
}

/// The field of a pool's form with its NAT pools.
#[component]
pub fn NatPools(rows: RwSignal<Vec<NatRow>>) -> impl IntoView {
    if let Some(form) = use_context::<FormErrors>() {
        form.rows_of(NAT_POOLS);
    }
    let hint = Signal::derive(|| Some(t(msg::POOL_NAT_HINT).to_owned()));
    let fresh = Callback::new(move |()| rows.with_untracked(|rows| NatRow::beside(rows)));
    let controls = move |(nat, number): (Nat, RowNumber)| view! { <NatControls nat number rows/> }.into_any();
    view! {
        <Field name=NAT_POOLS label=msg::POOL_NAT_POOLS hint group=true>
            <RowsEditor typed=rows add=msg::POOL_NAT_ADD wide=true fresh controls=Callback::new(controls)/>
        </Field>
    }
}

#[component]
fn NatControls(nat: Nat, number: RowNumber, rows: RwSignal<Vec<NatRow>>) -> impl IntoView {
    let row = Signal::derive(move || format!("{NAT_POOLS}[{}]", number.index()));
    let fresh = Callback::new(move |()| rows.with_untracked(|rows| RuleRow::behind(rows)));
    let controls = move |(rule, number): (Rule, RowNumber)| view! { <RuleControls rule number nat=row/> }.into_any();
    let options = |all: &[InboundProtocol]| all.iter().map(|p| (p.to_string(), p.to_string().to_uppercase())).collect();
    let protocols: Vec<(String, String)> = options(InboundProtocol::ALL);
    view! {
        <Labelled label=msg::POOL_NAT_LABEL_NAME><TextInput value=nat.name code=true label=number.label(msg::POOL_NAT_NAME_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_PROTOCOL><Select value=nat.protocol options=Signal::stored(protocols) label=number.label(msg::POOL_NAT_PROTOCOL_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_BACKEND><NumberInput value=nat.backend min=1 max=65535 label=number.label(msg::POOL_NAT_BACKEND_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_FIRST><NumberInput value=nat.first min=1 max=65534 label=number.label(msg::POOL_NAT_FIRST_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_LAST><NumberInput value=nat.last min=1 max=65534 label=number.label(msg::POOL_NAT_LAST_N)/></Labelled>
        <RowError row but=RULES named/>
        <div class="pairs__below" role="group" aria-label=move || number.label(msg::POOL_NAT_RULES_N).get()>
            <RowsEditor typed=nat.rules add=msg::POOL_NAT_ADD_RULE wide=true fresh controls=Callback::new(controls)/>
        </div>
    }
}

#[component]
fn RuleControls(rule: Rule, number: RowNumber, nat: Signal<String>) -> impl IntoView {
    let row = Signal::derive(move || format!("{}.{RULES}[{}]", nat.get(), number.index()));
    let accesses = Signal::derive(|| {
        let text = |access| t(if access == NetworkAccess::Allow { msg::POOL_NAT_ALLOW } else { msg::POOL_NAT_DENY });
        NetworkAccess::ALL.iter().map(|access| (access.to_string(), text(*access).to_owned())).collect::<Vec<_>>()
    });
    let example = |text: &'static str| Signal::stored(Some(text.to_owned()));
    view! {
        <Labelled label=msg::POOL_NAT_LABEL_PRIORITY><NumberInput value=rule.priority min=150 max=4096 label=number.label(msg::POOL_NAT_PRIORITY_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_ACCESS><Select value=rule.access options=accesses label=number.label(msg::POOL_NAT_ACCESS_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_SOURCE><TextInput value=rule.source code=true placeholder=example("192.0.2.0/24") label=number.label(msg::POOL_NAT_SOURCE_N)/></Labelled>
        <Labelled label=msg::POOL_NAT_LABEL_PORTS><TextInput value=rule.ports code=true placeholder=example("*") label=number.label(msg::POOL_NAT_PORTS_N)/></Labelled>
        <RowError row named/>
    }
}

/// What the controls of a row are called.
fn named(property: &str) -> Option<Msg> {
    Some(match property {
        "name" => msg::POOL_NAT_LABEL_NAME,
        "backendPort" => msg::POOL_NAT_BACKEND,
        "frontendPortRangeStart" => msg::POOL_NAT_LABEL_FIRST,
        "frontendPortRangeEnd" => msg::POOL_NAT_LABEL_LAST,
        "priority" => msg::POOL_NAT_LABEL_PRIORITY,
        "sourceAddressPrefix" => msg::POOL_NAT_LABEL_SOURCE,
        "sourcePortRanges" => msg::POOL_NAT_LABEL_PORTS,
        _ => return None,
    })
}
