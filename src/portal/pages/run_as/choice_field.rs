//! The control with which a form says under whom a task runs.

use leptos::prelude::*;

use super::choice::{ACCOUNT, RunAs};
use crate::portal::components::{Field, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t};

/// Edits `choice`; an account is asked for by its name, which the server looks up.
#[component]
pub fn RunAsField(
    /// The property, e.g. `userIdentity`.
    name: &'static str,
    label: Msg,
    choice: RwSignal<RunAs>,
) -> impl IntoView {
    let RunAs { kind, account } = choice.get_untracked();
    let (kind, account) = (RwSignal::new(kind), RwSignal::new(account));
    Effect::new(move || choice.set(RunAs { kind: kind.get(), account: account.get() }));
    let options = || RunAs::kinds().map(|(key, text)| (key.to_owned(), t(text).to_owned())).collect::<Vec<_>>();
    let account_label = Signal::derive(|| Some(t(msg::RUN_AS_ACCOUNT_NAME).to_owned()));
    view! {
        <Field name label hint=Signal::derive(|| Some(t(msg::RUN_AS_HINT).to_owned())) group=true>
            <Select value=kind options=Signal::derive(options) label=Signal::derive(move || Some(t(label).to_owned()))/>
            <Show when=move || kind.with(|kind| kind == ACCOUNT)>
                <TextInput value=account code=true label=account_label placeholder=account_label/>
            </Show>
        </Field>
    }
}
