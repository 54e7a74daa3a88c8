//! The keys of an account, and how to connect with them.

mod snippets;

use leptos::prelude::*;
use leptos::task::spawn_local;

use snippets::{Connection, Snippets};

use crate::api::{AccountKeys, Changed, KeyName, Timestamp};
use crate::domain::permission::Permission;
use crate::portal::components::{Button, Confirmation, Icon, Loaded, PageHeader, Secret, Time, ask};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::account::use_account_summary;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_notifications, use_session};
use crate::server_fns::{key_info, key_list, key_regenerate};

/// The keys while they are shown.
#[derive(Clone, Copy)]
struct Shown {
    primary: RwSignal<Option<String>>,
    secondary: RwSignal<Option<String>>,
}

impl Shown {
    fn of(self, key: KeyName) -> RwSignal<Option<String>> {
        match key {
            KeyName::Primary => self.primary,
            KeyName::Secondary => self.secondary,
        }
    }
}

#[component]
pub fn KeysPage() -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    let tick = use_changes(move |c| c.what == Changed::Keys && account.with_untracked(|a| c.account == a.as_str()));
    let info = use_reading(move || account.get(), tick, key_info);
    let shown = Shown { primary: RwSignal::new(None), secondary: RwSignal::new(None) };
    Effect::new(move || {
        account.track();
        shown.primary.set(None);
        shown.secondary.set(None);
    });
    view! {
        <PageHeader title=msg::KEYS kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Key/>
        <p class="lead">{tx(msg::KEYS_LEAD)}</p>
        <Loaded reading=info let:keys>
            <div class="cards cards--wide">
                <KeyCard key_name=KeyName::Primary keys info shown/>
                <KeyCard key_name=KeyName::Secondary keys info shown/>
            </div>
        </Loaded>
        <h2>{tx(msg::KEYS_CONNECT)}</h2>
        <Loaded reading=summary let:summary>
            <Snippets connection=Signal::derive(move || Connection {
                account: summary.with(|s| s.account.name.clone()),
                url: summary.with(|s| s.account.account_url.clone()),
                key: shown.primary.get().or_else(|| shown.secondary.get()),
            })/>
        </Loaded>
    }
}

#[component]
fn KeyCard(key_name: KeyName, keys: Signal<AccountKeys>, info: Reading<AccountKeys>, shown: Shown) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let label = label_of(key_name);
    let asking = RwSignal::new(false);
    let show = move || {
        let name = account.get_untracked();
        asking.set(true);
        spawn_local(async move {
            match key_list(name).await {
                Ok(keys) => {
                    shown.of(key_name).try_set(Some(key_of(keys, key_name)));
                }
                Err(error) => notifications.failed(t(msg::KEYS_SHOWING).to_owned(), error),
            }
            asking.try_set(false);
        });
    };
    let regenerate = move || {
        let name = account.get_untracked();
        let text = |message| tf(message, &[("key", t(label)), ("name", name.as_str())]);
        let confirmation = Confirmation {
            title: text(msg::KEY_REGENERATE_TITLE),
            effect: t(msg::KEY_REGENERATE_EFFECT).to_owned(),
            button: t(msg::KEY_REGENERATE).to_owned(),
            typed: None,
        };
        let (doing, done) = (text(msg::KEY_REGENERATING), text(msg::KEY_REGENERATED));
        ask(confirmation, move || {
            notifications.run(doing, done, key_regenerate(name, key_name), move |_| {
                // The new key is shown when it is asked for, like any other.
                shown.of(key_name).try_set(None);
                info.reload();
            });
        });
    };
    let refused = move |permission| {
        Signal::derive(move || (!session.allows(permission)).then(|| t(msg::ERROR_FORBIDDEN).to_owned()))
    };
    let last_used = move || keys.with(|keys| last_used(keys, key_name));
    view! {
        <section class="card">
            <h2 class="card__title">{tx(label)}</h2>
            <Secret label value=shown.of(key_name) on_show=show pending=asking refusal=refused(Permission::KeyRead)/>
            <div class="row">
                <p class="card__text">
                    {tx(msg::KEY_LAST_USED)}" "
                    {move || match last_used() {
                        Some(at) => view! { <Time at/> }.into_any(),
                        None => view! { <span>{tx(msg::NEVER)}</span> }.into_any(),
                    }}
                </p>
                <span class="row__end">
                    <Button label=msg::KEY_REGENERATE icon=Icon::Refresh refusal=refused(Permission::KeyWrite) on_press=regenerate/>
                </span>
            </div>
        </section>
    }
}

fn label_of(key: KeyName) -> Msg {
    match key {
        KeyName::Primary => msg::KEY_PRIMARY,
        KeyName::Secondary => msg::KEY_SECONDARY,
    }
}

fn key_of(keys: AccountKeys, key: KeyName) -> String {
    match key {
        KeyName::Primary => keys.primary,
        KeyName::Secondary => keys.secondary,
    }
}

fn last_used(keys: &AccountKeys, key: KeyName) -> Option<Timestamp> {
    match key {
        KeyName::Primary => keys.primary_last_used,
        KeyName::Secondary => keys.secondary_last_used,
    }
}
