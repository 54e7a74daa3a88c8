//! Graphs over time: lines with their peaks, or areas that stand on one another.
//!
//! Whoever does not see them has the same by keyboard, for the field is a slider over the time, and as a table.

mod data;
mod shape;
mod table;

pub use data::{ChartData, ChartLine, Unit};

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::badge::Tone;
use super::progress::tone_name;
use crate::portal::format;
use crate::portal::i18n::{Language, Msg, language, msg, t, tf, tx};
use crate::portal::state::{Zone, browser, use_settings};
use table::ChartTable;

/// Steps that Page Up and Page Down move by.
const PAGE: usize = 10;

/// Where a reader is in time, and what is read there.
#[derive(Clone, Copy)]
struct Cursor {
    at: RwSignal<Option<usize>>,
    n_steps: Memo<usize>,
    /// Where the cursor stands; where there is none, at what is known last.
    index: Memo<usize>,
    reading: Memo<String>,
}

impl Cursor {
    fn over(data: Signal<ChartData>) -> Self {
        let at = RwSignal::new(None::<usize>);
        let n_steps = Memo::new(move |_| data.with(ChartData::n_steps));
        let index = Memo::new(move |_| {
            let last = n_steps.get().saturating_sub(1);
            at.get().map(|index| index.min(last)).or_else(|| data.with(ChartData::last_known)).unwrap_or(last)
        });
        let reading = Memo::new(move |_| {
            let (index, language) = (index.get(), language());
            data.with(|data| {
                let time = moment(data, index);
                let values: Vec<String> =
                    data.lines.iter().map(|line| reading_of(data, line, index, language)).collect();
                format!("{time} · {}", values.join(" · "))
            })
        });
        Cursor { at, n_steps, index, reading }
    }

    fn walk(self, event: &web_sys::KeyboardEvent) {
        let (here, last) = (self.index.get_untracked(), self.n_steps.get_untracked().saturating_sub(1));
        let there = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => here.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => here + 1,
            "PageDown" => here.saturating_sub(PAGE),
            "PageUp" => here + PAGE,
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        self.at.set(Some(there.min(last)));
    }

    fn hover(self, event: &web_sys::MouseEvent) {
        let width =
            event.current_target().map_or(0, |field| field.unchecked_ref::<web_sys::HtmlElement>().client_width());
        let share = f64::from(event.offset_x()) / f64::from(width.max(1));
        let n = self.n_steps.get_untracked();
        self.at.set(n.checked_sub(1).map(|last| ((share * n as f64).max(0.0) as usize).min(last)));
    }

    fn leave(self) {
        self.at.set(None);
    }
}

/// A graph. What it is of stands above it, and what it shows at the cursor, or last.
#[component]
pub fn Chart(title: Msg, #[prop(into)] data: Signal<ChartData>) -> impl IntoView {
    let cursor = Cursor::over(data);
    let Cursor { at, n_steps, index, reading } = cursor;
    let has_any = Memo::new(move |_| data.with(|data| data.last_known().is_some()));
    view! {
        <figure class="chart">
            <figcaption class="chart__head">
                <span class="chart__title">{tx(title)}</span>
                <Show when=move || has_any.get()><span class="chart__reading">{reading}</span></Show>
            </figcaption>
            <Show when=move || has_any.get() fallback=|| view! { <p class="form__note">{tx(msg::CHART_EMPTY)}</p> }>
                <div class="chart__plot">
                    <Scale data/>
                    <div
                        class="chart__field"
                        tabindex="0"
                        role="slider"
                        aria-label=tx(title)
                        aria-valuemin="0"
                        aria-valuemax=move || n_steps.get().saturating_sub(1).to_string()
                        aria-valuenow=move || index.get().to_string()
                        aria-valuetext=reading
                        on:keydown=move |event| cursor.walk(&event)
                        on:mousemove=move |event| cursor.hover(&event)
                        on:mouseleave=move |_| cursor.leave()
                        on:blur=move |_| cursor.leave()
                    >
                        <Drawing data cursor=at/>
                    </div>
                    <Times data/>
                </div>
                <Legend data/>
                <ChartTable title data/>
            </Show>
        </figure>
    }
}

/// `Read 12 KiB/s (peak 40 KiB/s)`.
fn reading_of(data: &ChartData, line: &ChartLine, index: usize, language: Language) -> String {
    let value = |values: &[Option<i64>]| values.get(index).copied().flatten();
    let (average, peak) = (value(&line.average), value(&line.peak));
    let text = average.map_or_else(|| t(msg::NONE).to_owned(), |value| data.unit.text(language, value));
    let text = match peak.filter(|peak| average != Some(*peak)) {
        Some(peak) => tf(msg::CHART_WITH_PEAK, &[("value", &text), ("peak", &data.unit.text(language, peak))]),
        None => text,
    };
    if data.lines.len() == 1 && !data.stacked { text } else { format!("{} {text}", t(line.label)) }
}

/// The time at which a step begins, in the user's zone.
fn moment(data: &ChartData, index: usize) -> String {
    let at = data.time(index);
    format::moment(language(), at, offset_mins(at), data.is_longer_than_a_day())
}

fn offset_mins(at: crate::api::Timestamp) -> i32 {
    match use_settings().zone() {
        Zone::Local => browser::local_offset_mins(at),
        Zone::Utc => 0,
    }
}

#[component]
fn Scale(data: Signal<ChartData>) -> impl IntoView {
    let label = move |share: fn(i64) -> i64| {
        move || {
            let language = language();
            data.with(|data| data.unit.text(language, share(data.top())))
        }
    };
    view! {
        <div class="chart__scale" aria-hidden="true">
            <span>{label(|top| top)}</span>
            <span>{label(|top| top / 2)}</span>
            <span>{label(|_| 0)}</span>
        </div>
    }
}

#[component]
fn Times(data: Signal<ChartData>) -> impl IntoView {
    let label = move |share: fn(usize) -> usize| move || data.with(|data| moment(data, share(data.n_steps())));
    view! {
        <div class="chart__times" aria-hidden="true">
            <span>{label(|_| 0)}</span>
            <span>{label(|n| n / 2)}</span>
            <span>{label(|n| n.saturating_sub(1))}</span>
        </div>
    }
}

/// The drawing is as wide as there are steps and a hundred high; the stylesheet stretches it.
#[component]
fn Drawing(data: Signal<ChartData>, cursor: RwSignal<Option<usize>>) -> impl IntoView {
    let view_box = move || format!("0 0 {} {}", data.with(ChartData::n_steps).max(1), shape::HEIGHT);
    let shapes = move || {
        data.with(|data| {
            let paths = if data.stacked { shape::stacked(data) } else { shape::lines(data) };
            paths
                .into_iter()
                .map(|path| {
                    let class = match path.kind {
                        shape::Kind::Line => "chart__line",
                        shape::Kind::Band => "chart__band",
                        shape::Kind::Area => "chart__area",
                    };
                    view! { <path class=class data-tone=tone_name(path.tone) data-second=path.is_second.then_some("") d=path.d></path> }
                })
                .collect_view()
        })
    };
    let mark = move || {
        cursor.get().map(|index| {
            let x = format!("{}", index as f64 + 0.5);
            view! { <line class="chart__cursor" x1=x.clone() x2=x y1="0" y2="100"></line> }
        })
    };
    view! {
        <svg class="chart__drawing" viewBox=view_box preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {shapes}{mark}
        </svg>
    }
}

#[component]
fn Legend(data: Signal<ChartData>) -> impl IntoView {
    let looks = Memo::new(move |_| data.with(|data| data.lines.iter().map(ChartLine::look).collect::<Vec<_>>()));
    // What one line is, the title says; of areas it says what they are parts of.
    let is_told = Memo::new(move |_| data.with(|data| data.lines.len() > 1 || data.stacked));
    let item = |(label, tone, is_second): (Msg, Tone, bool)| {
        view! {
            <li class="chart__key">
                <span class="chart__swatch" data-tone=tone_name(tone) data-second=is_second.then_some("") aria-hidden="true"></span>
                {tx(label)}
            </li>
        }
    };
    view! {
        <Show when=move || is_told.get()>
            <ul class="chart__legend">{move || looks.get().into_iter().map(item).collect_view()}</ul>
        </Show>
    }
}
