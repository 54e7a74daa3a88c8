//! A table of a list that the server filters, sorts and pages.
//!
//! What is listed stands in the URL (`q`, `state`, `failed`, `node`, `sort`, `cols`), so that a link shows the same rows.
//! Only the rows in view are in the page; more are fetched while scrolling, and rows far away are let go. A refresh
//! fetches the pages in view again and repaints the cells that changed.
//!
//! `plan` holds what the caller says with the row's type erased, so that the table is compiled once and not for each list;
//! `query` is the URL; `pages` fetches; `view` draws.

mod pages;
mod plan;
mod query;
mod toolbar;
mod view;

use std::collections::BTreeSet;

use leptos::prelude::*;

pub use plan::{Column, RowCommands, Source, StateFilter};

use plan::Plan;
use view::ErasedTable;

use crate::portal::i18n::{Msg, msg};

/// A list as a table.
///
/// ```text
/// view! {
///     <DataTable label=msg::POOLS columns=columns() id=|p: &api::PoolSummary| p.pool.settings.id.clone()
///         source=Source::new(move |query| pool_list(account.get(), query)) tick=use_changes(…) empty=…/>
/// }
/// ```
#[component]
pub fn DataTable<T>(
    /// What is listed.
    #[prop(into)]
    label: Signal<String>,
    columns: Vec<Column<T>>,
    /// What tells rows apart.
    id: fn(&T) -> String,
    /// Signals that it reads before its first `await` start the table anew when they change.
    source: Source<T>,
    /// Reads the rows in view again: `use_changes`, an action's version.
    #[prop(optional, into)]
    tick: Signal<u32>,
    /// Chips above the table.
    #[prop(optional)]
    filters: Vec<StateFilter>,
    /// What can be done to a row.
    #[prop(optional, into)]
    commands: Option<RowCommands<T>>,
    /// Lets rows be selected, by id.
    #[prop(optional, into)]
    selection: Option<RwSignal<BTreeSet<String>>>,
    /// What the search looks for.
    #[prop(default = msg::TABLE_SEARCH)]
    search: Msg,
    /// Before the names in the URL, where a page has several tables.
    #[prop(default = "")]
    prefix: &'static str,
    /// Shown when the list has no rows at all.
    #[prop(into)]
    empty: ViewFn,
) -> impl IntoView
where
    T: PartialEq + Send + Sync + 'static,
{
    let plan = Plan::erase(columns, id, source, commands);
    view! { <ErasedTable label plan tick filters selection search prefix empty/> }
}
