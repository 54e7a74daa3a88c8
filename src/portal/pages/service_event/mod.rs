//! What happened to pools, jobs and tasks of an account.

mod filters;
mod log;
mod settings;

use leptos::prelude::*;

use crate::portal::components::{Icon, PageHeader};
use crate::portal::i18n::{msg, tx};
use crate::portal::shell::use_account;
use log::EventLog;
use settings::TaskEvents;

#[component]
pub fn ServiceEventsPage() -> impl IntoView {
    let account = use_account();
    view! {
        <PageHeader title=msg::EVENTS kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Bell/>
        <p class="lead">{tx(msg::EVENTS_LEAD)}</p>
        <TaskEvents/>
        <EventLog/>
    }
}
