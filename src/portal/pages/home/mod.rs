//! The landing page: the accounts, and how to begin.

mod example;
mod guide;
mod plan;

use leptos::prelude::*;

use crate::api::{Changed, ListQuery};
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{ButtonKind, Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, tx};
use crate::portal::pages::account::AccountTable;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::account_list;

use guide::Guide;

#[component]
pub fn HomePage() -> impl IntoView {
    let tick = use_changes(|change| change.what == Changed::Accounts);
    let first = use_reading(|| (), tick, |()| account_list(ListQuery { limit: 1, ..Default::default() }));
    view! {
        <PageHeader title=msg::HOME icon=Icon::Home/>
        <Loaded reading=first let:page><Landing account=Signal::derive(move || {
            page.with(|page| page.items.first().map(|a| a.account.name.clone()))
        })/></Loaded>
    }
}

#[component]
fn Landing(account: Signal<Option<String>>) -> impl IntoView {
    let may_create = untrack(|| use_session().allows(Permission::AccountWrite));
    // The example makes the first account while it runs; what runs must stay in place.
    let began_empty = account.with_untracked(Option::is_none);
    let has_accounts = Memo::new(move |_| account.with(Option::is_some));
    view! {
        {began_empty.then(|| view! { <Guide account/> })}
        <Show when=move || has_accounts.get() || !began_empty>
            <section class="stack" aria-labelledby="accounts-title">
                <div class="row">
                    <h2 id="accounts-title">{tx(msg::ACCOUNTS)}</h2>
                    {may_create.then(|| view! {
                        <span class="row__end"><ButtonLink label=msg::ACCOUNT_CREATE icon=Icon::Add kind=ButtonKind::Secondary href=paths::account_create()/></span>
                    })}
                </div>
                <AccountTable/>
            </section>
        </Show>
        {(!began_empty).then(|| view! {
            <details class="fold"><summary>{tx(msg::GUIDE_TITLE)}</summary><div class="stack"><Guide account/></div></details>
        })}
    }
}
