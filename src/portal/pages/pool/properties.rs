//! The pool as the REST API gives it, to be read or changed.

use leptos::prelude::*;

use super::page::PoolContext;
use crate::api::Pool;
use crate::domain::edit;
use crate::domain::permission::Permission;
use crate::domain::pool as rules;
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{Loaded, use_query_param};
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_edit::{Editing, JsonEdit, of_pool};
use crate::portal::pages::json_view::JsonView;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::state::use_session;
use crate::server_fns::pool_edit;

#[component]
pub fn PoolPropertiesTab() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let has_data = Memo::new(move |_| context.reading.with(|pool| pool.is_some()));
    let editing = panel_open(use_query_param("edit"), "json", has_data);
    view! {
        <Loaded reading=context.reading let:pool>
            {
                let value = Signal::derive(move || pool.with(|pool| pool.pool.clone()));
                let here = move || context.here.get_untracked();
                view! {
                    <Show when=move || editing.get() fallback=move || view! { <JsonView value/> }>
                        {here().map(|here| view! { <Edit here now=value open=editing/> })}
                    </Show>
                }
            }
        </Loaded>
    }
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
