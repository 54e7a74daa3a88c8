//! How far back the graphs of a page go; it stands in the URL.

use leptos::prelude::*;

use crate::api::HistorySpan;
use crate::portal::components::use_query_param;
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::state::{use_now, use_refresh};

/// Graphs are read again so often, in seconds.
const READ_EVERY: i64 = 30;

/// The hour that is just past where the URL does not say.
pub fn use_span() -> Memo<HistorySpan> {
    let span = use_query_param("span");
    Memo::new(move |_| span.get().parse().unwrap_or(HistorySpan::Hour))
}

/// Changes when graphs are to be read again, while the page is looked at and updates are not paused.
pub fn use_history_tick() -> Signal<u32> {
    let (now, refresh) = (use_now(), use_refresh());
    let tick = Memo::new(move |last: Option<&u32>| match last {
        Some(last) if !refresh.is_live() => *last,
        _ => (now.get().millis() / 1000 / READ_EVERY) as u32,
    });
    tick.into()
}

#[component]
pub fn SpanChoice() -> impl IntoView {
    let (param, span) = (use_query_param("span"), use_span());
    let button = move |of: HistorySpan| {
        let key = if of == HistorySpan::Hour { "" } else { of.as_str() };
        view! {
            <button type="button" class="chip" aria-pressed=move || (span.get() == of).to_string() on:click=move |_| param.push(key)>
                {tx(label(of))}
            </button>
        }
    };
    view! {
        <div class="view-choice" role="group" aria-label=move || t(msg::SPAN)>
            {HistorySpan::ALL.iter().copied().map(button).collect_view()}
        </div>
    }
}

const fn label(span: HistorySpan) -> Msg {
    match span {
        HistorySpan::Hour => msg::SPAN_HOUR,
        HistorySpan::Day => msg::SPAN_DAY,
        HistorySpan::Week => msg::SPAN_WEEK,
    }
}
