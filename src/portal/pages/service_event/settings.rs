//! Whether events of tasks are written, and the switch.

use leptos::prelude::*;

use crate::api::ServiceEventSettings;
use crate::domain::permission::Permission;
use crate::portal::components::{Button, Icon, Loaded};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_notifications, use_session};
use crate::server_fns::{service_event_settings_get, service_event_settings_set};

#[component]
pub(super) fn TaskEvents() -> impl IntoView {
    let account = use_account();
    let tick = use_changes(move |change| change.account == account.get_untracked().as_str());
    let settings = use_reading(move || account.get(), tick, service_event_settings_get);
    view! { <Loaded reading=settings let:loaded><Switch loaded settings/></Loaded> }
}

#[component]
fn Switch(loaded: Signal<ServiceEventSettings>, settings: Reading<ServiceEventSettings>) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let is_on = move || loaded.get().task_events;
    let refusal =
        Signal::derive(move || (!session.allows(Permission::AccountWrite)).then(|| t(msg::ERROR_FORBIDDEN).to_owned()));
    let switch = move || {
        let wished = ServiceEventSettings { task_events: !untrack(is_on) };
        let name = account.get_untracked();
        let done = if wished.task_events { msg::EVENTS_TASKS_ARE_ON } else { msg::EVENTS_TASKS_ARE_OFF };
        notifications.run(
            tf(msg::ACCOUNT_CHANGING, &[("name", name.as_str())]),
            t(done).to_owned(),
            service_event_settings_set(name, wished),
            move |now| settings.set(now),
        );
    };
    let label =
        Signal::derive(move || t(if is_on() { msg::EVENTS_TASKS_OFF } else { msg::EVENTS_TASKS_ON }).to_owned());
    view! {
        <div class="form__actions">
            <span>{move || t(if is_on() { msg::EVENTS_TASKS_ARE_ON } else { msg::EVENTS_TASKS_ARE_OFF })}</span>
            <Button label icon=Icon::Task refusal on_press=switch/>
        </div>
        <p class="field__hint">{tx(msg::EVENTS_TASKS_HINT)}</p>
    }
}
