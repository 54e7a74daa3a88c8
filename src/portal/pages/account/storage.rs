//! Which storage account an account is linked to.

use leptos::prelude::*;

use super::form::STORAGE;
use crate::api::Account;
use crate::domain::account::check_storage_account_id;
use crate::domain::permission::Permission;
use crate::portal::components::{Button, ErrorBar, Field, FieldErrors, FormErrors, Icon, TextInput};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::account_storage_set;

#[component]
pub fn StorageForm(account: Signal<Account>) -> impl IntoView {
    let name = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let linked = Memo::new(move |_| {
        account.with(|a| a.auto_storage.as_ref().map(|s| s.storage_account_id.clone())).unwrap_or_default()
    });
    let value = RwSignal::new(linked.get_untracked());
    let check = move || {
        let mut errors = FieldErrors::default();
        if value.with(|v| !v.trim().is_empty() && check_storage_account_id(v.trim()).is_err()) {
            errors.add(STORAGE, msg::STORAGE_RULE);
        }
        errors
    };
    let errors = FormErrors::provide(Signal::derive(check), Signal::stored(None));
    let refusal = Signal::derive(move || {
        if !session.allows(Permission::AccountWrite) {
            return Some(t(msg::ERROR_FORBIDDEN).to_owned());
        }
        (value.with(|v| v.trim() == linked.get())).then(|| t(msg::NOTHING_CHANGED).to_owned())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let name = name.get_untracked();
        let storage = value.with_untracked(|v| v.trim().to_owned());
        let done = if storage.is_empty() { msg::STORAGE_UNLINKED } else { msg::STORAGE_LINKED };
        let text = |message| tf(message, &[("name", name.as_str())]);
        let storage = (!storage.is_empty()).then_some(storage);
        notifications.run(text(msg::ACCOUNT_CHANGING), text(done), account_storage_set(name.clone(), storage), |_| ());
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{tx(msg::STORAGE)}</h2>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name=STORAGE label=msg::STORAGE_ID hint=Signal::derive(|| Some(t(msg::STORAGE_HINT).to_owned()))>
                <TextInput value code=true/>
            </Field>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check submit=true refusal/></div>
        </form>
    }
}
