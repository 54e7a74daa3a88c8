//! What all pools of the account did over time, together.

use leptos::prelude::*;

use crate::portal::components::Loaded;
use crate::portal::i18n::{msg, tx};
use crate::portal::pages::pool::PoolCharts;
use crate::portal::pages::span::{SpanChoice, use_history_tick, use_span};
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::server_fns::account_history;

#[component]
pub fn AccountGraphs() -> impl IntoView {
    let (account, span) = (use_account(), use_span());
    let reading = use_reading(
        move || (account.get(), span.get()),
        use_history_tick(),
        |(account, span)| account_history(account, span),
    );
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::POOL_GRAPHS)}</h2>
            <p class="form__note">{tx(msg::ACCOUNT_GRAPHS_NOTE)}</p>
            <SpanChoice/>
            <Loaded reading lines=6 let:history><PoolCharts history/></Loaded>
        </section>
    }
}
