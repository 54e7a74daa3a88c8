//! The bar above a log: search, follow, wrap, start and end, copy, download.

use leptos::prelude::*;

use super::log_buffer::LogBuffer;
use super::log_reader::Begin;
use super::log_search::MAX_MATCHES;
use super::log_viewer::{LogView, WRAP_KEY};
use crate::portal::components::{Button, ButtonKind, Checkbox, Copy, Glyph, Icon, TextInput};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::state::browser;

#[component]
pub fn LogToolbar(view: LogView, #[prop(into)] is_running: Signal<bool>) -> impl IntoView {
    let buffer = view.reader.buffer();
    let text = Signal::derive(move || buffer.with(LogBuffer::to_text));
    let follow = move || {
        let now = !view.follow.get_untracked();
        view.follow.set(now);
        if now {
            let is_at_end = buffer.with_untracked(LogBuffer::is_at_end);
            if is_at_end { view.scroll_to_end() } else { view.open(Begin::End) }
        }
    };
    Effect::new(move |was: Option<bool>| {
        let wrap = view.wrap.get();
        if was.is_some() {
            browser::store(WRAP_KEY, if wrap { "on" } else { "off" });
        }
        wrap
    });
    view! {
        <div class="log-viewer__bar" role="group" aria-label=tx(msg::LOG_TOOLS)>
            <LogSearch view/>
            <Show when=move || is_running.get()>
                <button type="button" class="button" aria-pressed=move || view.follow.get().to_string() on:click=move |_| follow()>
                    {move || view! { <Glyph icon=if view.follow.get() { Icon::Pause } else { Icon::Play }/> }}
                    <span>{move || t(if view.follow.get() { msg::LOG_FOLLOWING } else { msg::LOG_FOLLOW })}</span>
                </button>
            </Show>
            <Checkbox value=view.wrap label=msg::LOG_WRAP/>
            <Button label=msg::LOG_TO_START kind=ButtonKind::Subtle icon=Icon::ToStart icon_only=true on_press=move || { view.follow.set(false); view.open(Begin::Start) }/>
            <Button label=msg::LOG_TO_END kind=ButtonKind::Subtle icon=Icon::ToEnd icon_only=true on_press=move || view.open(Begin::End)/>
            <Copy text what=msg::LOG_COPY_WHAT/>
            <a class="button button--subtle" href=view.reader.file().download_url() download="" rel="external">
                <Glyph icon=Icon::Download/>
                <span>{tx(msg::LOG_DOWNLOAD)}</span>
            </a>
            <LogPosition view/>
        </div>
    }
}

#[component]
fn LogSearch(view: LogView) -> impl IntoView {
    let key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            view.step_match(if event.shift_key() { -1 } else { 1 });
        }
    };
    // Another text starts from its own first match.
    Effect::new(move |was: Option<String>| {
        let now = view.search.get();
        if was.is_some_and(|was| was != now) {
            view.current.set(None);
        }
        now
    });
    let count = move || {
        let (n, language) = (view.matches.with(Vec::len), language());
        if view.search.with(String::is_empty) {
            return String::new();
        }
        let total = format::number(language, n as i64);
        let total = if n == MAX_MATCHES { format!("{total}+") } else { total };
        match view.current.get().filter(|at| *at < n) {
            Some(at) => tf(msg::LOG_MATCH_OF, &[("at", &format::number(language, at as i64 + 1)), ("n", &total)]),
            None => tf(msg::LOG_MATCHES, &[("n", &total)]),
        }
    };
    let none = move || view.matches.with(Vec::is_empty).then(|| t(msg::LOG_NO_MATCH).to_owned());
    view! {
        <div class="log-viewer__search" role="search" on:keydown=key>
            <TextInput value=view.search kind="search" label=Signal::derive(|| Some(t(msg::LOG_SEARCH).to_owned())) placeholder=Signal::derive(|| Some(t(msg::LOG_SEARCH).to_owned()))/>
            <Button label=msg::LOG_PREVIOUS kind=ButtonKind::Subtle icon=Icon::SortUp icon_only=true refusal=Signal::derive(none) on_press=move || view.step_match(-1)/>
            <Button label=msg::LOG_NEXT kind=ButtonKind::Subtle icon=Icon::SortDown icon_only=true refusal=Signal::derive(none) on_press=move || view.step_match(1)/>
            <span class="log-viewer__count" role="status">{count}</span>
        </div>
    }
}

/// How much of the file is loaded, and why there may be no line numbers.
#[component]
fn LogPosition(view: LogView) -> impl IntoView {
    let text = move || {
        let language = language();
        if let Some(number) = view.reader.seeking() {
            return tf(msg::LOG_SEEKING, &[("line", &format::number(language, number as i64))]);
        }
        view.reader.buffer().with(|buffer| {
            let length = format::bytes(language, buffer.file_length());
            if buffer.is_at_start() && buffer.is_at_end() {
                return length;
            }
            let (from, to) = (format::bytes(language, buffer.start()), format::bytes(language, buffer.end()));
            let shown = tf(msg::LOG_PART, &[("from", &from), ("to", &to), ("length", &length)]);
            if buffer.is_numbered() { shown } else { format!("{shown} {}", t(msg::LOG_UNNUMBERED)) }
        })
    };
    view! {
        <span class="log-viewer__position">
            {text}
            <Show when=move || view.reader.seeking().is_some()>
                <Button label=msg::LOG_STOP_SEEKING kind=ButtonKind::Subtle on_press=move || view.reader.stop_seeking()/>
            </Show>
        </span>
    }
}
