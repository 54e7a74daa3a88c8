//! What of the log is shown, in the page's URL: who, what, and between which days. Search and the outcome are the table's.

use leptos::prelude::*;

use crate::api::ActivityFilter;
use crate::domain::ids::AccountName;
use crate::portal::components::query::{QueryParam, use_query_param};
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::paths;

#[derive(Clone, Copy)]
pub(super) struct Filters {
    who: QueryParam,
    what: QueryParam,
    from: QueryParam,
    to: QueryParam,
    /// The table's own.
    search: QueryParam,
    failed: QueryParam,
}

impl Filters {
    pub fn new() -> Filters {
        let [who, what, from, to, search, failed] = ["who", "what", "from", "to", "q", "failed"].map(use_query_param);
        Filters { who, what, from, to, search, failed }
    }

    /// Beside what the table says itself.
    pub fn get(self) -> ActivityFilter {
        ActivityFilter {
            caller: self.who.get(),
            operation: self.what.get(),
            from: self.from.get(),
            to: self.to.get(),
            ..ActivityFilter::default()
        }
    }

    pub fn is_any(self) -> bool {
        [self.who, self.what, self.from, self.to].into_iter().any(|param| !param.get().is_empty())
    }

    pub fn clear(self) {
        for param in [self.who, self.what, self.from, self.to] {
            if !param.get_untracked().is_empty() {
                param.replace("");
            }
        }
    }

    /// Where what is shown can be had as a file.
    pub fn export(self, format: &str, account: Option<AccountName>) -> String {
        let named = [
            ("account", account.map_or_else(String::new, |account| account.to_string())),
            ("who", self.who.get()),
            ("what", self.what.get()),
            ("q", self.search.get()),
            ("failed", self.failed.get()),
            ("from", self.from.get()),
            ("to", self.to.get()),
        ];
        let pairs: Vec<_> =
            named.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str())).collect();
        paths::with_query(paths::activity_export(format), &pairs)
    }
}

#[component]
pub(super) fn FilterBar(filters: Filters) -> impl IntoView {
    view! {
        <div class="filters" role="group" aria-label=move || t(msg::ACTIVITY_FILTERS)>
            <FilterInput id="activity-who" label=msg::ACTIVITY_WHO param=filters.who/>
            <FilterInput id="activity-what" label=msg::ACTIVITY_WHAT param=filters.what/>
            <FilterInput id="activity-from" label=msg::ACTIVITY_FROM param=filters.from kind="date"/>
            <FilterInput id="activity-to" label=msg::ACTIVITY_TO param=filters.to kind="date"/>
        </div>
    }
}

#[component]
pub(in crate::portal::pages) fn FilterInput(
    id: &'static str,
    label: Msg,
    param: QueryParam,
    #[prop(default = "text")] kind: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for=id>{move || t(label)}</label>
            <input
                class="input"
                id=id
                type=kind
                autocomplete="off"
                spellcheck="false"
                prop:value=move || param.get()
                on:change:target=move |event| param.replace(event.target().value().trim())
            />
        </div>
    }
}
