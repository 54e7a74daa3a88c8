//! What was sent to a web hook, or is to be.

use leptos::prelude::*;

use crate::api::{WebHookDelivery, WebHookDeliveryState};
use crate::domain::permission::Permission;
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{Column, Command, DataTable, Empty, Icon, Source, StateBadge, StateFilter, Time, Tone};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::pages::refusal;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{web_hook_delivery_list, web_hook_redeliver};

#[component]
pub(super) fn Deliveries(hook: Signal<String>, tick: Signal<u32>) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let source = Source::new(move |query| web_hook_delivery_list(account.get(), hook.get(), query));
    let commands = RowCommands::new(move |row: &WebHookDelivery| {
        let id = row.id;
        let again = move || {
            let sending = web_hook_redeliver(account.get_untracked(), hook.get_untracked(), id);
            let text = |message: Msg| t(message).to_owned();
            notifications.run(text(msg::HOOK_SENDING_AGAIN), text(msg::HOOK_SENT_AGAIN), sending, |()| ());
        };
        vec![
            Command::new(msg::HOOK_SEND_AGAIN, Icon::Refresh, again)
                .refused(move || refusal::of(session, Permission::AccountWrite, None)),
        ]
    });
    let empty =
        || view! { <Empty icon=Icon::Bell title=msg::HOOK_DELIVERIES_NONE text=msg::HOOK_DELIVERIES_NONE_TEXT/> };
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::HOOK_DELIVERIES)}</h2>
            <DataTable
                label=msg::HOOK_DELIVERIES
                columns=columns()
                id=|row: &WebHookDelivery| row.id.to_string()
                source
                tick
                search=msg::TABLE_CONTAINS
                filters=vec![StateFilter::failed(msg::HOOK_FAILED_ONLY)]
                commands
                empty
            />
        </section>
    }
}

fn columns() -> Vec<Column<WebHookDelivery>> {
    vec![
        Column::new("type", msg::EVENTS_TYPE, |row: &WebHookDelivery| row.event_type.clone()).width(18.0),
        Column::new("state", msg::STATE, |row: &WebHookDelivery| {
            let (tone, word) = match row.state {
                WebHookDeliveryState::Waiting => (Tone::Active, msg::HOOK_DELIVERY_WAITING),
                WebHookDeliveryState::Delivered => (Tone::Good, msg::HOOK_DELIVERY_DELIVERED),
                WebHookDeliveryState::Failed => (Tone::Bad, msg::HOOK_DELIVERY_FAILED),
            };
            view! { <StateBadge tone label=Signal::derive(move || t(word).to_owned())/> }
        }),
        Column::new("resource", msg::EVENTS_RESOURCE, |row: &WebHookDelivery| row.resource.clone()).width(11.0),
        Column::new("answer", msg::HOOK_ANSWER, |row: &WebHookDelivery| {
            row.status.map(|status| status.to_string()).or_else(|| row.error.clone())
        })
        .width(12.0),
        Column::new("tries", msg::HOOK_TRIES, |row: &WebHookDelivery| row.tries).number(),
        Column::new("last", msg::HOOK_LAST_TRY, |row: &WebHookDelivery| row.last_try.map(|at| view! { <Time at/> }))
            .width(8.0),
        Column::new("next", msg::HOOK_NEXT_TRY, |row: &WebHookDelivery| row.next_try.map(|at| view! { <Time at/> }))
            .width(8.0),
        Column::new("time", msg::EVENTS_TIME, |row: &WebHookDelivery| view! { <Time at=row.time/> })
            .width(8.0)
            .hidden(),
    ]
}
