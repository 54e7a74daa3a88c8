//! What the pool did over time: states of its nodes, running tasks, slots.

use leptos::prelude::*;

use super::page::PoolContext;
use crate::api::{Code, HistorySeries, NodeState, PoolHistory};
use crate::portal::components::{Chart, ChartData, ChartLine, Loaded, Tone, Unit};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::pages::node::node_state;
use crate::portal::pages::span::{SpanChoice, use_history_tick, use_span};
use crate::portal::reading::use_reading;
use crate::server_fns::pool_history;

#[component]
pub fn PoolGraphs() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let span = use_span();
    let reading = use_reading(
        move || (context.here.get(), span.get()),
        use_history_tick(),
        |(here, span)| async move {
            let here = here.ok_or(Code::PoolNotFound)?;
            pool_history(here.account, here.pool, span).await
        },
    );
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::POOL_GRAPHS)}</h2>
            <p class="form__note">{tx(msg::POOL_GRAPHS_NOTE)}</p>
            <SpanChoice/>
            <Loaded reading lines=6 let:history><PoolCharts history/></Loaded>
        </section>
    }
}

/// Of one pool, or of several together.
#[component]
pub fn PoolCharts(history: Signal<PoolHistory>) -> impl IntoView {
    view! {
        <div class="charts">
            <Chart title=msg::POOL_GRAPH_STATES data=Signal::derive(move || history.with(states))/>
            <Chart title=msg::POOL_GRAPH_TASKS data=Signal::derive(move || history.with(tasks))/>
            <Chart title=msg::POOL_GRAPH_SLOTS data=Signal::derive(move || history.with(slots))/>
        </div>
    }
}

/// From the bottom up: what works, what could, what is about to, what does not.
const ORDER: [NodeState; 16] = [
    NodeState::Running,
    NodeState::Idle,
    NodeState::Creating,
    NodeState::Starting,
    NodeState::WaitingForStartTask,
    NodeState::Rebooting,
    NodeState::Reimaging,
    NodeState::UpgradingOs,
    NodeState::Offline,
    NodeState::Deallocating,
    NodeState::Deallocated,
    NodeState::Preempted,
    NodeState::LeavingPool,
    NodeState::StartTaskFailed,
    NodeState::Unusable,
    NodeState::Unknown,
];

fn states(history: &PoolHistory) -> ChartData {
    let mut lines: Vec<ChartLine> = Vec::new();
    for state in ORDER {
        let Some(found) = history.states.iter().find(|of| of.state == state) else { continue };
        let tone = node_state::tone(state);
        // Every other area of a tone is paler than the one below.
        let is_second = lines.last().is_some_and(|below| below.tone == tone && !below.is_second);
        let (label, average) = (node_state::label(state), found.nodes.average.clone());
        lines.push(ChartLine { label, tone, is_second, average, peak: Vec::new() });
    }
    ChartData { stacked: true, ..chart(history, lines) }
}

fn tasks(history: &PoolHistory) -> ChartData {
    chart(history, vec![line(msg::POOL_GRAPH_TASKS, Tone::Good, &history.running_tasks)])
}

fn slots(history: &PoolHistory) -> ChartData {
    let all = ChartLine {
        is_second: true,
        peak: Vec::new(),
        ..line(msg::POOL_GRAPH_ALL_SLOTS, Tone::Neutral, &history.total_slots)
    };
    chart(history, vec![line(msg::POOL_SLOTS_TAKEN, Tone::Good, &history.running_slots), all])
}

fn chart(history: &PoolHistory, lines: Vec<ChartLine>) -> ChartData {
    let (start, step) = (history.start_time, history.step);
    ChartData { start, step, unit: Unit::Count, whole: None, stacked: false, lines }
}

fn line(label: Msg, tone: Tone, series: &HistorySeries) -> ChartLine {
    let HistorySeries { average, peak } = series.clone();
    ChartLine { label, tone, is_second: false, average, peak }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::StateHistory;

    #[test]
    fn every_state_has_its_place_and_neighbours_differ() {
        assert!(NodeState::ALL.iter().all(|state| ORDER.contains(state)));
        let nodes = HistorySeries { average: vec![Some(1)], peak: vec![Some(1)] };
        let of = |state: &NodeState| StateHistory { state: *state, nodes: nodes.clone() };
        let history = PoolHistory { states: NodeState::ALL.iter().map(of).collect(), ..PoolHistory::default() };
        let data = states(&history);
        assert_eq!(data.lines.len(), ORDER.len());
        assert!(data.lines.windows(2).all(|two| (two[0].tone, two[0].is_second) != (two[1].tone, two[1].is_second)));
    }
}
