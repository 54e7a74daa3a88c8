//! Which events are shown, in the page's URL: which kind, of what, and between which days. The search is the table's.

use leptos::prelude::*;

use crate::api::{ServiceEventFilter, ServiceEventType};
use crate::domain::ids::AccountName;
use crate::portal::components::query::{QueryParam, use_query_param};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::activity::FilterInput;
use crate::portal::paths;

#[derive(Clone, Copy)]
pub(super) struct Filters {
    kind: QueryParam,
    pool: QueryParam,
    job: QueryParam,
    task: QueryParam,
    from: QueryParam,
    to: QueryParam,
    /// The table's own.
    search: QueryParam,
}

impl Filters {
    pub fn new() -> Filters {
        let [kind, pool, job, task, from, to, search] =
            ["type", "pool", "job", "task", "from", "to", "q"].map(use_query_param);
        Filters { kind, pool, job, task, from, to, search }
    }

    /// Beside what the table says itself.
    pub fn get(self) -> ServiceEventFilter {
        ServiceEventFilter {
            event_type: self.kind.get(),
            pool: self.pool.get(),
            job: self.job.get(),
            task: self.task.get(),
            resource: String::new(),
            from: self.from.get(),
            to: self.to.get(),
        }
    }

    fn own(self) -> [QueryParam; 6] {
        [self.kind, self.pool, self.job, self.task, self.from, self.to]
    }

    pub fn is_any(self) -> bool {
        self.own().into_iter().any(|param| !param.get().is_empty())
    }

    pub fn clear(self) {
        for param in self.own() {
            if !param.get_untracked().is_empty() {
                param.replace("");
            }
        }
    }

    /// Where what is shown can be had as a file.
    pub fn export(self, account: &AccountName) -> String {
        let named = [
            ("type", self.kind),
            ("pool", self.pool),
            ("job", self.job),
            ("task", self.task),
            ("from", self.from),
            ("to", self.to),
            ("q", self.search),
        ]
        .map(|(name, param)| (name, param.get()));
        let pairs: Vec<_> =
            named.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str())).collect();
        paths::with_query(paths::service_event_export(account), &pairs)
    }
}

#[component]
pub(super) fn FilterBar(filters: Filters) -> impl IntoView {
    view! {
        <div class="filters" role="group" aria-label=move || t(msg::EVENTS_FILTERS)>
            <KindSelect param=filters.kind/>
            <FilterInput id="event-pool" label=msg::EVENTS_OF_POOL param=filters.pool/>
            <FilterInput id="event-job" label=msg::EVENTS_OF_JOB param=filters.job/>
            <FilterInput id="event-task" label=msg::EVENTS_OF_TASK param=filters.task/>
            <FilterInput id="event-from" label=msg::ACTIVITY_FROM param=filters.from kind="date"/>
            <FilterInput id="event-to" label=msg::ACTIVITY_TO param=filters.to kind="date"/>
        </div>
    }
}

/// All events, those of a kind of thing, or those of one type. A type that is not listed can stand in the URL and is kept.
#[component]
fn KindSelect(param: QueryParam) -> impl IntoView {
    let groups = [("Pool", msg::POOLS), ("Job", msg::JOBS), ("Task", msg::TASKS)];
    let options = move || {
        let groups = groups.map(|(begin, label)| (begin.to_owned(), t(label).to_owned()));
        let types = ServiceEventType::ALL.iter().map(|what| (what.as_str().to_owned(), what.as_str().to_owned()));
        let mut all: Vec<_> =
            std::iter::once((String::new(), t(msg::EVENTS_ALL).to_owned())).chain(groups).chain(types).collect();
        let chosen = param.get();
        if !all.iter().any(|(value, _)| *value == chosen) {
            all.push((chosen.clone(), chosen));
        }
        all
    };
    view! {
        <div class="field">
            <label class="field__label" for="event-type">{move || t(msg::EVENTS_TYPE)}</label>
            <select class="input input--select" id="event-type" on:change:target=move |event| param.replace(event.target().value())>
                {move || options().into_iter().map(|(value, text)| {
                    let is_selected = param.get() == value;
                    view! { <option value=value prop:selected=is_selected>{text}</option> }
                }).collect_view()}
            </select>
        </div>
    }
}
