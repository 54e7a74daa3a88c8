//! The keys of a storage account: masked until they are asked for, replaced one by one.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::place::use_refusal;
use crate::api::{KeyName, StorageKeys as Keys};
use crate::domain::permission::Permission;
use crate::portal::components::{Button, Confirmation, Icon, Secret, ask};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::state::use_notifications;
use crate::server_fns::{storage_key_regenerate, storage_keys};

#[component]
pub fn StorageKeys(storage: Memo<String>) -> impl IntoView {
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::KEYS)}</h2>
            <p>{tx(msg::STORE_KEYS_LEAD)}</p>
            <div class="cards cards--wide">
                <KeyCard storage label=msg::STORE_CONNECTION_STRING of=|keys| keys.connection_string.0/>
                <KeyCard storage label=msg::KEY_PRIMARY of=|keys| keys.primary.0 key_name=KeyName::Primary/>
                <KeyCard storage label=msg::KEY_SECONDARY of=|keys| keys.secondary.0 key_name=KeyName::Secondary/>
            </div>
        </section>
    }
}

#[component]
fn KeyCard(
    storage: Memo<String>,
    label: Msg,
    of: fn(Keys) -> String,
    /// The key that can be replaced here.
    #[prop(optional)]
    key_name: Option<KeyName>,
) -> impl IntoView {
    let notifications = use_notifications();
    let (shown, asking) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let show = move || {
        let storage = storage.get_untracked();
        asking.set(true);
        spawn_local(async move {
            match storage_keys(storage).await {
                Ok(keys) => {
                    shown.try_set(Some(of(keys)));
                }
                Err(error) => notifications.failed(t(msg::KEYS_SHOWING).to_owned(), error),
            }
            asking.try_set(false);
        });
    };
    let regenerate = move |key: KeyName| {
        let name = storage.get_untracked();
        let text = |message| tf(message, &[("key", t(label)), ("name", name.as_str())]);
        let confirmation = Confirmation {
            title: text(msg::KEY_REGENERATE_TITLE),
            effect: t(msg::STORE_KEY_REGENERATE_EFFECT).to_owned(),
            button: t(msg::KEY_REGENERATE).to_owned(),
            typed: None,
        };
        let (doing, done) = (text(msg::KEY_REGENERATING), text(msg::KEY_REGENERATED));
        ask(confirmation, move || {
            notifications.run(doing, done, storage_key_regenerate(name, key), move |_| {
                shown.try_set(None);
            });
        });
    };
    let (may_read, may_write) = (use_refusal(Permission::KeyRead), use_refusal(Permission::KeyWrite));
    view! {
        <section class="card">
            <h3 class="card__title">{tx(label)}</h3>
            <Secret label value=shown on_show=show pending=asking refusal=may_read/>
            {key_name.map(|key| view! {
                <span class="row__end">
                    <Button label=msg::KEY_REGENERATE icon=Icon::Refresh refusal=may_write on_press=move || regenerate(key)/>
                </span>
            })}
        </section>
    }
}
