//! Draws a table. Rows are of one height, so that those out of view are two empty rows of the right size.

use std::collections::BTreeSet;

use leptos::html;
use leptos::prelude::*;

use super::pages::{Pages, Row};
use super::plan::{Head, Plan, StateFilter};
use super::query::TableUrl;
use super::toolbar::Toolbar;
use crate::portal::components::button::Button;
use crate::portal::components::command_bar::CommandMenu;
use crate::portal::components::error_bar::ErrorBar;
use crate::portal::components::icon::{Glyph, Icon};
use crate::portal::components::skeleton::Skeleton;
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::state::use_session;

/// Pixels; the stylesheet has the same.
const ROW_HEIGHT: usize = 40;
/// How far columns may shrink before the table is scrolled sideways.
const NARROWEST: f64 = 0.8;
/// Rows drawn above and below those in view.
const SPARE: usize = 12;

type Selection = Option<RwSignal<BTreeSet<String>>>;

/// What the pieces of a table share.
#[derive(Clone, Copy)]
struct Shared {
    plan: StoredValue<Plan>,
    heads: StoredValue<Vec<Head>>,
    shown: Memo<Vec<usize>>,
    url: TableUrl,
    pages: Pages,
    selection: Selection,
}

#[component]
pub(super) fn ErasedTable(
    label: Signal<String>,
    plan: Plan,
    tick: Signal<u32>,
    filters: Vec<StateFilter>,
    selection: Selection,
    search: Msg,
    prefix: &'static str,
    empty: ViewFn,
) -> impl IntoView {
    let heads = StoredValue::new(plan.heads.clone());
    let plan = StoredValue::new(plan);
    let url = TableUrl::new(prefix);
    let pages = Pages::new(plan, use_session());
    let shown = Memo::new(move |_| heads.with_value(|heads| url.columns(heads)));
    let query = Memo::new(move |_| url.query());
    Effect::new(move || pages.list(query.get()));
    Effect::new(move |was: Option<u32>| {
        let now = tick.get();
        if was.is_some_and(|was| was != now) {
            pages.refresh();
        }
        now
    });
    let shared = Shared { plan, heads, shown, url, pages, selection };
    let n_rows = Memo::new(move |_| pages.n_rows());
    let is_bare = Memo::new(move |_| {
        pages.is_ready.get() && n_rows.get() == 0 && !url.is_filtered() && !pages.is_switching.get()
    });
    let face = move || {
        if !pages.is_ready.get() {
            pages.error.with(Option::is_none).then(|| view! { <Skeleton lines=8/> }).into_any()
        } else if n_rows.get() == 0 {
            view! { <NoMatch url/> }.into_any()
        } else {
            view! { <Body label shared/> }.into_any()
        }
    };
    let toolbar_filters = StoredValue::new(filters);
    view! {
        <div class="data-table" aria-busy=move || pages.is_switching.get().to_string()>
            {move || pages.error.get().map(|error| view! { <ErrorBar error on_retry=move || pages.list(query.get_untracked())/> })}
            {move || if is_bare.get() {
                empty.run()
            } else {
                view! { <Toolbar url pages heads search filters=toolbar_filters.get_value()/> {face} }.into_any()
            }}
        </div>
    }
}

#[component]
fn NoMatch(url: TableUrl) -> impl IntoView {
    view! {
        <div class="data-table__none">
            <p>{tx(msg::TABLE_NO_MATCH)}</p>
            <Button label=msg::TABLE_CLEAR_FILTERS icon=Icon::Close on_press=move || url.clear_filters()/>
        </div>
    }
}

#[component]
fn Body(label: Signal<String>, shared: Shared) -> impl IntoView {
    let Shared { plan, shown, pages, selection, .. } = shared;
    let scroller = NodeRef::<html::Div>::new();
    let look = move || {
        // A frame that was asked for is drawn even when the page was left meanwhile.
        let Some(element) = scroller.try_get_untracked().flatten() else { return };
        let first = element.scroll_top().max(0) as usize / ROW_HEIGHT;
        let n = element.client_height().max(0) as usize / ROW_HEIGHT + 1;
        pages.look_at(first, first + n);
    };
    Effect::new(move || {
        if scroller.get().is_some() {
            request_animation_frame(look);
        }
    });
    let on_resize = window_event_listener(leptos::ev::resize, move |_| look());
    on_cleanup(move || on_resize.remove());
    let range = Memo::new(move |_| {
        let (first, last) = pages.window.get();
        let n = pages.n_rows();
        let first = first.saturating_sub(SPARE).min(n.saturating_sub(1));
        // An even start keeps the stripes where they are.
        (first & !1, (last + SPARE).min(n))
    });
    // Rows that were let go and are not there again yet leave their place empty.
    let drawn = Memo::new(move |_| {
        let (first, last) = range.get();
        let (start, rows) = pages.rows(first..last);
        (start, start + rows.len())
    });
    let above = Memo::new(move |_| drawn.get().0 * ROW_HEIGHT);
    let below = Memo::new(move |_| pages.n_rows().saturating_sub(drawn.get().1) * ROW_HEIGHT);
    let n_columns = move || {
        shown.with(Vec::len) + usize::from(selection.is_some()) + usize::from(plan.with_value(|p| p.commands.is_some()))
    };
    let row_count = move || match pages.total.get() {
        Some(total) => (total + 1).to_string(),
        None if pages.has_more() => "-1".to_owned(),
        None => (pages.n_rows() + 1).to_string(),
    };
    view! {
        <div class="data-table__scroll" tabindex="0" role="group" aria-label=move || label.get() node_ref=scroller on:scroll=move |_| look()>
            <table
                class="data-table__table"
                aria-label=move || label.get()
                aria-rowcount=row_count
                style:min-width=move || format!("{:.1}rem", total_width(shared) * NARROWEST)
            >
                <Heads shared/>
                <tbody>
                    <tr class="data-table__space" aria-hidden="true"><td colspan=n_columns style:height=move || format!("{}px", above.get())></td></tr>
                    <For each=move || { let (a, b) = range.get(); pages.rows(a..b).1 } key=|row| row.id.clone() let:row>
                        <TableRow row shared/>
                    </For>
                    <tr class="data-table__space" aria-hidden="true"><td colspan=n_columns style:height=move || format!("{}px", below.get())></td></tr>
                </tbody>
            </table>
            <Show when=move || pages.has_more()><p class="data-table__more">{tx(msg::LOADING)}</p></Show>
        </div>
    }
}

#[component]
fn Heads(shared: Shared) -> impl IntoView {
    let Shared { plan, heads, shown, pages, selection, .. } = shared;
    let has_menu = plan.with_value(|p| p.commands.is_some());
    let all_selected = move |selection: RwSignal<BTreeSet<String>>| {
        let (_, rows) = pages.rows(0..pages.n_rows());
        !rows.is_empty() && selection.with(|s| rows.iter().all(|row| s.contains(&row.id)))
    };
    let select_all = move |selection: RwSignal<BTreeSet<String>>, on: bool| {
        let ids = untrack(|| pages.rows(0..pages.n_rows())).1.into_iter().map(|row| row.id);
        selection.set(if on { ids.collect() } else { BTreeSet::new() });
    };
    view! {
        <thead>
            <tr aria-rowindex="1">
                {selection.map(|selection| view! {
                    <th class="data-table__select" scope="col">
                        <input type="checkbox" aria-label=move || t(msg::TABLE_SELECT_ALL) prop:checked=move || all_selected(selection)
                            on:change:target=move |event| select_all(selection, event.target().checked())/>
                    </th>
                })}
                {move || shown.get().into_iter().map(|i| {
                    let head = heads.with_value(|heads| heads[i].clone());
                    view! { <HeadCell head shared/> }
                }).collect_view()}
                {has_menu.then(|| view! { <th class="data-table__menu" scope="col"><span class="visually-hidden">{tx(msg::COMMANDS)}</span></th> })}
            </tr>
        </thead>
    }
}

#[component]
fn HeadCell(head: Head, shared: Shared) -> impl IntoView {
    let url = shared.url;
    // What the columns for selecting and for the menu leave.
    let n_narrow =
        usize::from(shared.selection.is_some()) + usize::from(shared.plan.with_value(|p| p.commands.is_some()));
    let share = 100.0 - 4.0 * n_narrow as f64;
    let query = Memo::new(move |_| url.query());
    let order = move |key: &'static str| {
        query.with(|q| (q.sort == key).then_some(if q.descending { "descending" } else { "ascending" }))
    };
    let label = head.label;
    let content = match head.sort {
        Some(key) => view! {
            <button type="button" class="data-table__sort" on:click=move |_| url.sort_by(key)>
                <span>{move || t(label)}</span>
                {move || order(key).map(|order| view! { <Glyph icon=if order == "ascending" { Icon::SortUp } else { Icon::SortDown }/> })}
            </button>
        }
        .into_any(),
        None => view! { <span>{move || t(label)}</span> }.into_any(),
    };
    view! {
        <th scope="col" class=("data-table__number", head.is_number) style:width=move || format!("{:.2}%", head.width * share / total_width(shared))
            aria-sort=move || head.sort.and_then(order)>{content}</th>
    }
}

/// Of the columns shown, in rem: what a column's share of the table is measured by.
fn total_width(shared: Shared) -> f64 {
    let shown = shared.shown.get();
    shared.heads.with_value(|heads| shown.iter().map(|i| heads[*i].width).sum::<f64>()).max(1.0)
}

#[component]
fn TableRow(row: Row, shared: Shared) -> impl IntoView {
    let Shared { plan, heads, shown, selection, .. } = shared;
    let Row { id, index, value } = row;
    let is_selected = {
        let id = id.clone();
        Memo::new(move |_| selection.is_some_and(|selection| selection.with(|s| s.contains(&id))))
    };
    let select = {
        let id = id.clone();
        move |on: bool| {
            let Some(selection) = selection else { return };
            selection.update(|s| {
                if on {
                    s.insert(id.clone())
                } else {
                    s.remove(&id)
                };
            });
        }
    };
    let name = StoredValue::new(id);
    let cells = {
        let value = value.clone();
        move || {
            shown
                .get()
                .into_iter()
                .map(|i| {
                    let value = value.clone();
                    let cell = move || plan.with_value(|plan| plan.cells[i].clone())(&value.get());
                    let is_number = heads.with_value(|heads| heads[i].is_number);
                    match i {
                        0 => view! { <th scope="row">{cell}</th> }.into_any(),
                        _ => view! { <td class=("data-table__number", is_number)>{cell}</td> }.into_any(),
                    }
                })
                .collect_view()
        }
    };
    let commands = plan.with_value(|plan| plan.commands.clone());
    let menu = commands.map(|commands| {
        let label = Signal::derive(move || tf(msg::TABLE_ROW_COMMANDS, &[("row", &name.get_value())]));
        view! { <td class="data-table__menu">{move || view! { <CommandMenu label commands=commands(&value.get())/> }}</td> }
    });
    view! {
        <tr aria-rowindex=move || (index.get() + 2).to_string() aria-selected=move || selection.map(|_| is_selected.get().to_string())>
            {selection.map(|_| view! {
                <td class="data-table__select">
                    <input type="checkbox" aria-label=move || tf(msg::TABLE_SELECT_ROW, &[("row", &name.get_value())])
                        prop:checked=move || is_selected.get() on:change:target=move |event| select(event.target().checked())/>
                </td>
            })}
            {cells}
            {menu}
        </tr>
    }
}
