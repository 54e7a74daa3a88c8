//! Which storage account is linked to an account: looked at, chosen, taken away.

use leptos::prelude::*;

use super::form::STORAGE;
use crate::api::LinkedStorage;
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Command, CommandBar, Confirmation, Copy, Essential, Essentials, Field, Glyph, Icon, Loaded,
    PageHeader, Select, Time,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_notifications, use_session};
use crate::server_fns::{account_storage_get, account_storage_set, account_storage_sync};

#[component]
pub fn AccountStoragePage() -> impl IntoView {
    let account = use_account();
    let tick = use_changes(move |change| account.with_untracked(|a| change.account == a.as_str()));
    let linked = use_reading(move || account.get(), tick, account_storage_get);
    view! {
        <PageHeader title=msg::STORAGE kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Storage/>
        <CommandBar commands=commands(linked)/>
        <p class="lead">{tx(msg::STORAGE_LEAD)}</p>
        <Loaded reading=linked let:storage>
            <Facts storage/>
            <Choice storage reading=linked/>
        </Loaded>
    }
}

fn commands(linked: Reading<LinkedStorage>) -> Vec<Command> {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let refused = move || {
        let is_none = linked.with(|linked| linked.is_none_or(|linked| linked.storage_account_id.is_none()));
        let rule = is_none.then(|| t(msg::STORAGE_NONE_LINKED).to_owned());
        refusal::of(session, Permission::AccountWrite, None).or(rule)
    };
    let sync = move || {
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        let (doing, done) = (text(msg::STORAGE_SYNCING), text(msg::STORAGE_SYNCED));
        notifications.run(doing, done, account_storage_sync(name.clone()), move |_| linked.reload());
    };
    let unlink = move || {
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        let (doing, done) = (text(msg::ACCOUNT_CHANGING), text(msg::STORAGE_UNLINKED));
        notifications.run(doing, done, account_storage_set(name.clone(), None), move |_| linked.reload());
    };
    let confirmation = move || Confirmation {
        title: tf(msg::STORAGE_UNLINK_TITLE, &[("name", account.get_untracked().as_str())]),
        effect: t(msg::STORAGE_UNLINK_EFFECT).to_owned(),
        button: t(msg::STORAGE_UNLINK).to_owned(),
        typed: None,
    };
    vec![
        Command::new(msg::STORAGE_SYNC, Icon::Refresh, sync).refused(refused),
        Command::new(msg::STORAGE_UNLINK, Icon::Delete, unlink).danger().refused(refused).confirmed(confirmation),
    ]
}

#[component]
fn Facts(storage: Signal<LinkedStorage>) -> impl IntoView {
    let session = use_session();
    let id = Memo::new(move |_| storage.with(|s| s.storage_account_id.clone()));
    let found = Memo::new(move |_| storage.with(|s| s.account.clone()));
    let endpoint = Signal::derive(move || found.get().map(|account| account.blob_endpoint).unwrap_or_default());
    let name = move || match (id.get(), found.get()) {
        (_, Some(account)) if session.allows(Permission::StorageRead) => {
            view! { <a href=paths::storage(&account.name)>{account.name.clone()}</a> }.into_any()
        }
        (Some(id), _) => view! { <code>{id}</code> }.into_any(),
        (None, _) => t(msg::NOT_LINKED).into_any(),
    };
    let synced = move || storage.with(|s| s.last_key_sync).map(|at| view! { <Time at/> });
    view! {
        <Show when=move || id.with(Option::is_some) && found.with(Option::is_none)>
            <div class="error-bar" role="status">
                <Glyph icon=Icon::Alert/>
                <div class="error-bar__body"><p class="error-bar__text">{tx(msg::STORAGE_UNKNOWN)}</p></div>
            </div>
        </Show>
        <Essentials>
            <Essential label=msg::STORAGE>{name}</Essential>
            <Show when=move || found.with(Option::is_some)>
                <Essential label=msg::STORE_ENDPOINT><code>{endpoint}</code>" "<Copy text=endpoint what=msg::STORE_ENDPOINT/></Essential>
            </Show>
            <Show when=move || id.with(Option::is_some)>
                <Essential label=msg::STORAGE_SYNCED_AT>{synced}</Essential>
            </Show>
        </Essentials>
    }
}

/// Links another one.
#[component]
fn Choice(storage: Signal<LinkedStorage>, reading: Reading<LinkedStorage>) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let linked = Memo::new(move |_| storage.with(|s| s.account.as_ref().map(|a| a.name.clone())).unwrap_or_default());
    let value = RwSignal::new(linked.get_untracked());
    let options = Signal::derive(move || {
        let names = storage.with(|s| s.choices.clone());
        let choose = (String::new(), t(msg::STORAGE_CHOOSE).to_owned());
        std::iter::once(choose).chain(names.into_iter().map(|name| (name.clone(), name))).collect::<Vec<_>>()
    });
    let refusal = Signal::derive(move || {
        let is_same = value.with(|v| v.is_empty() || *v == linked.get());
        refusal::of(session, Permission::AccountWrite, None)
            .or_else(|| is_same.then(|| t(msg::NOTHING_CHANGED).to_owned()))
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) {
            return;
        }
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        let work = account_storage_set(name.clone(), Some(value.get_untracked()));
        notifications.run(text(msg::ACCOUNT_CHANGING), text(msg::STORAGE_LINKED), work, move |_| reading.reload());
    };
    view! {
        <Show when=move || storage.with(|s| !s.choices.is_empty())>
            <form class="form" on:submit=submit novalidate>
                <Field name=STORAGE label=msg::STORAGE_OF_INSTALLATION hint=Signal::derive(|| Some(t(msg::STORAGE_CHANGE_HINT).to_owned()))>
                    <Select value options/>
                </Field>
                <div class="form__actions"><Button label=msg::STORAGE_LINK_THIS icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
            </form>
        </Show>
    }
}
