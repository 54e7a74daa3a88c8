//! The numbers of a graph as a table, the newest first. It is filled when it is opened.

use leptos::html;
use leptos::prelude::*;

use super::data::{ChartData, ChartLine};
use super::{moment, offset_mins};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tf, tx};

#[component]
pub fn ChartTable(title: Msg, data: Signal<ChartData>) -> impl IntoView {
    let open = RwSignal::new(false);
    let fold = NodeRef::<html::Details>::new();
    let toggled = move |_| open.set(fold.get_untracked().is_some_and(|fold| fold.open()));
    view! {
        <details class="fold" node_ref=fold on:toggle=toggled>
            <summary>{tx(msg::CHART_TABLE)}</summary>
            <Show when=move || open.get()><Rows title data/></Show>
        </details>
    }
}

#[component]
fn Rows(title: Msg, data: Signal<ChartData>) -> impl IntoView {
    let time = move || tf(msg::CHART_TIME, &[("zone", &format::zone(offset_mins(data.with(|data| data.start))))]);
    // A column of each line, and one of its peaks where they are told.
    let heads = move || {
        data.with(|data| {
            let head = |line: &ChartLine| {
                let label = line.label;
                let peak = (!line.peak.is_empty()).then(|| {
                    view! { <th scope="col" class="data-table__number">{move || tf(msg::CHART_PEAK_OF, &[("what", t(label))])}</th> }
                });
                view! { <th scope="col" class="data-table__number">{tx(label)}</th>{peak} }
            };
            data.lines.iter().map(head).collect_view()
        })
    };
    let rows = move || {
        data.with(|data| {
            let is_known =
                |index: &usize| data.lines.iter().any(|line| line.average.get(*index).is_some_and(Option::is_some));
            (0..data.n_steps()).rev().filter(is_known).map(|index| row(data, index)).collect_view()
        })
    };
    view! {
        <div class="simple-table simple-table--low" tabindex="0" role="region" aria-label=tx(title)>
            <table>
                <thead><tr><th scope="col">{time}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(data: &ChartData, index: usize) -> impl IntoView + use<> {
    let language = language();
    let text = |values: &[Option<i64>]| {
        values.get(index).copied().flatten().map(|value| data.unit.text(language, value)).unwrap_or_default()
    };
    let cells = data
        .lines
        .iter()
        .map(|line| {
            let peak =
                (!line.peak.is_empty()).then(|| view! { <td class="data-table__number">{text(&line.peak)}</td> });
            view! { <td class="data-table__number">{text(&line.average)}</td>{peak} }
        })
        .collect_view();
    let at = data.time(index);
    // Steps of less than a minute would look alike.
    let secs = (at.millis() / 1000).rem_euclid(60);
    let is_short = data.step.micros() < 60_000_000;
    let time = if is_short { format!("{}:{secs:02}", moment(data, index)) } else { moment(data, index) };
    view! { <tr><th scope="row">{time}</th>{cells}</tr> }
}
