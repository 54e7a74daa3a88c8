//! The pool as the REST API gives it, to be read or changed.

use leptos::prelude::*;

use super::page::PoolContext;
use crate::api::{Pool, PoolSummary};
use crate::domain::edit;
use crate::domain::permission::Permission;
use crate::domain::pool as rules;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_edit::{Editing, JsonEdit, JsonTab, of_pool};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::state::use_session;
use crate::server_fns::pool_edit;

#[component]
pub fn PoolPropertiesTab() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let form = move |now, open| context.here.get_untracked().map(|here| view! { <Edit here now open/> });
    view! { <JsonTab reading=context.reading of=|read: &PoolSummary| &read.pool form/> }
}

#[component]
fn Edit(here: PoolRef, now: Signal<Pool>, open: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let kind = Editing { e_tag: |pool: &Pool| &pool.e_tag, check: edit::pool, words: of_pool };
    let name = here.pool.clone();
    let done = Signal::derive(move || tf(msg::EDIT_SAVED, &[("id", name.as_str())]));
    let send = move |e_tag, edit| {
        let PoolRef { account, pool } = here.clone();
        pool_edit(account, pool, e_tag, edit)
    };
    let refusal = Signal::derive(move || {
        refusal::of(session, Permission::PoolWrite, now.with(|pool| rules::change_refusal(pool.state)))
    });
    view! { <JsonEdit now kind send done refusal open/> }
}
