//! Above a table: search, chips, columns, refresh.

use std::time::Duration;

use leptos::prelude::*;

use super::pages::Pages;
use super::plan::{Head, StateFilter};
use super::query::TableUrl;
use crate::portal::components::button::{Button, ButtonKind};
use crate::portal::components::icon::{Glyph, Icon};
use crate::portal::components::menu::Menu;
use crate::portal::i18n::{Msg, msg, t, tf, tn};

const TYPING_PAUSE: Duration = Duration::from_millis(250);

#[component]
pub(super) fn Toolbar(
    url: TableUrl,
    pages: Pages,
    heads: StoredValue<Vec<Head>>,
    search: Msg,
    filters: Vec<StateFilter>,
) -> impl IntoView {
    let typed = RwSignal::new(url.search.get_untracked());
    // The URL can change from elsewhere: «clear filters», the back button.
    Effect::new(move || typed.set(url.search.get()));
    let write = debounce(TYPING_PAUSE, move |text: String| url.search.replace(text));
    let count = move || match pages.total.get() {
        Some(n) => tn(msg::TABLE_ROWS_ONE, msg::TABLE_ROWS_OTHER, n),
        None if pages.has_more() => tf(msg::TABLE_ROWS_AT_LEAST, &[("n", &pages.n_rows().to_string())]),
        None => tn(msg::TABLE_ROWS_ONE, msg::TABLE_ROWS_OTHER, pages.n_rows() as i64),
    };
    let chips = filters.into_iter().map(|filter| view! {
        <button type="button" class="chip" aria-pressed=move || url.has(filter.kind).to_string() on:click=move |_| url.toggle(filter.kind)>
            {move || t(filter.label)}
        </button>
    }).collect_view();
    view! {
        <div class="data-table__toolbar">
            <div class="search" role="search">
                <Glyph icon=Icon::Search/>
                <input
                    class="input"
                    type="search"
                    autocomplete="off"
                    spellcheck="false"
                    aria-label=move || t(search)
                    placeholder=move || t(search)
                    prop:value=move || typed.get()
                    on:input:target={let mut write = write; move |event| { typed.set(event.target().value()); write(event.target().value()) }}
                />
            </div>
            {chips}
            <Show when=move || !url.node.get().is_empty()>
                <button type="button" class="chip" aria-pressed="true" on:click=move |_| url.node.replace("")>
                    {move || tf(msg::TABLE_NODE_FILTER, &[("node", &url.node.get())])}<Glyph icon=Icon::Close/>
                </button>
            </Show>
            <span class="data-table__end">
                <span class="data-table__count" role="status">{move || pages.is_ready.get().then(count)}</span>
                <Menu label=msg::TABLE_COLUMNS icon=Icon::Columns><ColumnChoice url heads/></Menu>
                <Button label=msg::REFRESH icon=Icon::Refresh icon_only=true kind=ButtonKind::Subtle on_press=move || pages.refresh()/>
            </span>
        </div>
    }
}

#[component]
fn ColumnChoice(url: TableUrl, heads: StoredValue<Vec<Head>>) -> impl IntoView {
    let all = heads.get_value();
    all.into_iter()
        .enumerate()
        .skip(1)
        .map(|(i, head)| {
            view! {
                <label class="menu__item menu__item--check">
                    <input
                        type="checkbox"
                        prop:checked=move || heads.with_value(|heads| url.columns(heads).contains(&i))
                        on:change=move |_| heads.with_value(|heads| url.toggle_column(heads, head.key))
                    />
                    <span>{move || t(head.label)}</span>
                </label>
            }
        })
        .collect_view()
}
