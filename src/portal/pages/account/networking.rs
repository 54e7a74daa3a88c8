//! From where an account is reached: by programs, and by the agents of its nodes.

use leptos::prelude::*;

use super::network_form::{ACCOUNT_RULES, NODE_RULES, NetworkForm, Who};
use super::use_account_summary;
use crate::api::AccountSummary;
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Field, FieldErrors, FormErrors, Icon, Loaded, PageHeader, Select, TextArea,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::account_patch;

#[component]
pub fn NetworkingPage() -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    view! {
        <PageHeader title=msg::NETWORKING kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Network/>
        <p class="lead">{tx(msg::NETWORKING_LEAD)}</p>
        <Loaded reading=summary let:loaded><Networking loaded summary/></Loaded>
    }
}

#[component]
fn Networking(loaded: Signal<AccountSummary>, summary: Reading<AccountSummary>) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    // What is being edited stays when the account changes elsewhere.
    let begun = NetworkForm::of(&loaded.get_untracked().account);
    let programs = RwSignal::new(begun.programs.as_str().to_owned());
    let program_rules = RwSignal::new(begun.program_rules);
    let nodes = RwSignal::new(begun.nodes.as_str().to_owned());
    let node_rules = RwSignal::new(begun.node_rules);
    let form = move || NetworkForm {
        programs: Who::read(&programs.get()),
        program_rules: program_rules.get(),
        nodes: Who::read(&nodes.get()),
        node_rules: node_rules.get(),
    };
    let checked = Memo::new(move |_| form().to_patch());
    let errors = FormErrors::provide(
        Signal::derive(move || checked.with(|c| c.as_ref().err().cloned().unwrap_or_else(FieldErrors::default))),
        Signal::stored(None),
    );
    let refusal = Signal::derive(move || {
        if !session.allows(Permission::AccountWrite) {
            return Some(t(msg::ERROR_FORBIDDEN).to_owned());
        }
        (form() == NetworkForm::of(&loaded.get().account)).then(|| t(msg::NOTHING_CHANGED).to_owned())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let Ok(patch) = checked.get_untracked() else { return };
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        notifications.run(
            text(msg::ACCOUNT_CHANGING),
            text(msg::NETWORKING_SAVED),
            account_patch(name.clone(), patch),
            move |_| summary.reload(),
        );
    };
    let hint = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
    let choices = |of: &'static [Who]| {
        Signal::derive(move || of.iter().map(|who| (who.as_str().to_owned(), t(words(*who)).to_owned())).collect())
    };
    let selected = move |who: RwSignal<String>| move || Who::read(&who.get()) == Who::Selected;
    view! {
        <form class="form" on:submit=submit novalidate>
            <Field name="programs" label=msg::NETWORK_PROGRAMS hint=hint(msg::NETWORK_PROGRAMS_HINT)>
                <Select value=programs options=choices(&Who::ALL)/>
            </Field>
            <Show when=selected(programs)>
                <Field name=ACCOUNT_RULES label=msg::NETWORK_RULES hint=hint(msg::NETWORK_RULES_HINT)>
                    <TextArea value=program_rules code=true/>
                </Field>
            </Show>
            <Field name="nodes" label=msg::NETWORK_NODES hint=hint(msg::NETWORK_NODES_HINT)>
                <Select value=nodes options=choices(&[Who::All, Who::Selected])/>
            </Field>
            <Show when=selected(nodes)>
                <Field name=NODE_RULES label=msg::NETWORK_NODE_RULES hint=hint(msg::NETWORK_RULES_HINT)>
                    <TextArea value=node_rules code=true/>
                </Field>
            </Show>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}

fn words(who: Who) -> Msg {
    match who {
        Who::All => msg::NETWORK_ALL,
        Who::Selected => msg::NETWORK_SELECTED,
        Who::Nobody => msg::NETWORK_NOBODY,
    }
}
