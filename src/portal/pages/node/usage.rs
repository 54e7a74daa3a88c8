//! What the node's machine did over time: processors, memory, disk and network.

use leptos::prelude::*;

use crate::api::{HistorySeries, NodeHistory};
use crate::portal::components::{Chart, ChartData, ChartLine, Loaded, Tone, Unit};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::pages::route_ids::NodeRef;
use crate::portal::pages::span::{SpanChoice, use_history_tick, use_span};
use crate::portal::reading::use_reading;
use crate::server_fns::node_history;

#[component]
pub fn Usage(here: NodeRef) -> impl IntoView {
    let span = use_span();
    let reading = use_reading(
        move || (here.clone(), span.get()),
        use_history_tick(),
        |(here, span)| async move { node_history(here.account, here.pool, here.node, span).await },
    );
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::NODE_USAGE)}</h2>
            <p class="form__note">{tx(msg::NODE_USAGE_NOTE)}</p>
            <SpanChoice/>
            <Loaded reading lines=6 let:history>
                <div class="charts">
                    <Chart title=msg::NODE_CPU data=Signal::derive(move || history.with(cpu))/>
                    <Chart title=msg::NODE_MEMORY data=Signal::derive(move || history.with(memory))/>
                    <Chart title=msg::NODE_DISK data=Signal::derive(move || history.with(disk))/>
                    <Chart title=msg::NODE_DISK_TRAFFIC data=Signal::derive(move || history.with(disk_traffic))/>
                    <Chart title=msg::NODE_NETWORK data=Signal::derive(move || history.with(network))/>
                </div>
            </Loaded>
        </section>
    }
}

fn cpu(history: &NodeHistory) -> ChartData {
    chart(history, Unit::Thousandths, None, vec![line(msg::NODE_CPU, &history.cpu)])
}

fn memory(history: &NodeHistory) -> ChartData {
    chart(history, Unit::Bytes, history.memory_bytes, vec![line(msg::NODE_MEMORY, &history.memory)])
}

fn disk(history: &NodeHistory) -> ChartData {
    chart(history, Unit::Bytes, history.disk_bytes, vec![line(msg::NODE_DISK, &history.disk)])
}

fn disk_traffic(history: &NodeHistory) -> ChartData {
    let lines = vec![line(msg::NODE_READ, &history.disk_read), second(msg::NODE_WRITTEN, &history.disk_write)];
    chart(history, Unit::BytesPerSecond, None, lines)
}

fn network(history: &NodeHistory) -> ChartData {
    let lines = vec![line(msg::NODE_RECEIVED, &history.network_in), second(msg::NODE_SENT, &history.network_out)];
    chart(history, Unit::BytesPerSecond, None, lines)
}

fn chart(history: &NodeHistory, unit: Unit, whole: Option<i64>, lines: Vec<ChartLine>) -> ChartData {
    ChartData { start: history.start_time, step: history.step, unit, whole, stacked: false, lines }
}

fn line(label: Msg, series: &HistorySeries) -> ChartLine {
    let HistorySeries { average, peak } = series.clone();
    ChartLine { label, tone: Tone::Active, is_second: false, average, peak }
}

fn second(label: Msg, series: &HistorySeries) -> ChartLine {
    ChartLine { tone: Tone::Warning, is_second: true, ..line(label, series) }
}
