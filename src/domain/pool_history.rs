//! What a pool did over time: counts that hold until they change.

use std::collections::BTreeMap;

use super::history::{Steps, Summary};
use crate::api::{Duration, NodeState, PoolHistory, StateHistory, Timestamp};

pub const MINUTE: Duration = Duration::from_secs(60);
/// Counts are written again after so many minutes, changed or not: a longer gap is a time in which nobody counted.
pub const HOLD: i64 = 10;

/// Counts of one minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub minute: i64,
    pub nodes: BTreeMap<NodeState, i64>,
    pub running_tasks: i64,
    pub running_slots: i64,
}

/// The minute of a moment.
pub fn minute(at: Timestamp) -> i64 {
    at.micros().div_euclid(MINUTE.micros())
}

/// The graph of a pool. `counts` are in the order of time, beginning with those that hold when the graph does.
pub fn history(counts: &[Counts], steps: Steps, now: Timestamp, slots_per_node: i64) -> PoolHistory {
    let states: std::collections::BTreeSet<NodeState> = counts.iter().flat_map(|c| c.nodes.keys().copied()).collect();
    let mut of_states: Vec<(NodeState, Summary)> =
        states.into_iter().map(|state| (state, Summary::new(steps))).collect();
    let [mut tasks, mut slots, mut total] = std::array::from_fn(|_| Summary::new(steps));
    let nexts = counts.iter().skip(1).map(|next| next.minute).chain([minute(now) + 1]);
    for (known, next) in counts.iter().zip(nexts) {
        let end = next.min(known.minute.saturating_add(HOLD + 1)).min(minute(now) + 1);
        let n_nodes: i64 = known.nodes.values().sum();
        for (index, secs) in covered(steps, known.minute, end) {
            for (state, summary) in &mut of_states {
                summary.add_weighted(index, known.nodes.get(state).copied().unwrap_or(0), secs);
            }
            tasks.add_weighted(index, known.running_tasks, secs);
            slots.add_weighted(index, known.running_slots, secs);
            total.add_weighted(index, n_nodes.saturating_mul(slots_per_node), secs);
        }
    }
    let states = of_states.into_iter().map(|(state, nodes)| StateHistory { state, nodes: nodes.series() });
    PoolHistory {
        start_time: steps.start,
        step: steps.step,
        states: states.collect(),
        running_tasks: tasks.series(),
        running_slots: slots.series(),
        total_slots: total.series(),
    }
}

/// Steps that lie within minutes, with how many seconds of each.
fn covered(steps: Steps, from: i64, to: i64) -> impl Iterator<Item = (usize, i64)> {
    let (start, step) = (steps.start.micros(), steps.step.micros());
    let (from, to) = (from.saturating_mul(MINUTE.micros()), to.saturating_mul(MINUTE.micros()));
    let index = |at: i64| at.saturating_sub(start).div_euclid(step).clamp(0, steps.count as i64);
    (index(from)..index(to.saturating_add(step - 1))).filter_map(move |index| {
        let begin = start + index * step;
        let length = to.min(begin + step) - from.max(begin);
        (length > 0).then_some((index as usize, length / 1_000_000))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::HistorySpan;

    fn counts(minute: i64, idle: i64, running: i64) -> Counts {
        let nodes =
            [(NodeState::Idle, idle), (NodeState::Running, running)].into_iter().filter(|(_, n)| *n > 0).collect();
        Counts { minute, nodes, running_tasks: 2 * running, running_slots: 3 * running }
    }

    #[test]
    fn counts_hold_until_the_next_ones_and_no_longer_than_they_may() {
        let now = Timestamp::from_secs(100 * 3600 + 59 * 60 + 30);
        let steps = Steps::of(HistorySpan::Hour, now);
        let last = minute(now);
        let graph = history(&[counts(last - 30, 9, 0), counts(last - 2, 2, 0), counts(last - 1, 1, 1)], steps, now, 4);
        let idle = &graph.states[0];
        // The hour ends with the half minute that holds now.
        assert_eq!(
            (idle.state, &idle.nodes.average[115..]),
            (NodeState::Idle, &[Some(2), Some(1), Some(1), Some(1), Some(1)][..])
        );
        let held: Vec<usize> = (0..115).filter(|i| idle.nodes.average[*i].is_some()).collect();
        assert_eq!((held.len(), idle.nodes.average[held[0]]), (2 * (HOLD as usize + 1) + 1, Some(9)));
        assert_eq!(graph.running_tasks.average[114..117], [Some(0), Some(0), Some(2)]);
        assert_eq!((graph.running_slots.peak[119], graph.total_slots.average[119]), (Some(3), Some(8)));
    }

    #[test]
    fn a_long_step_has_the_average_over_its_time() {
        let now = Timestamp::from_secs(100 * 3600 + 3599);
        let steps = Steps::of(HistorySpan::Week, now);
        let first = minute(now) - 59;
        // Ten idle nodes for a quarter of the hour, none for the rest.
        let mut all: Vec<Counts> =
            (0..60).step_by(5).map(|m| counts(first + m, if m < 15 { 10 } else { 0 }, 0)).collect();
        all.insert(0, counts(first - 3, 4, 0));
        let graph = history(&all, steps, now, 1);
        let idle = &graph.states[0].nodes;
        assert_eq!((idle.average[167], idle.peak[167]), (Some(2), Some(10)));
        assert_eq!((idle.average[166], idle.average[165]), (Some(4), None));
        assert_eq!(history(&[], steps, now, 1).states, []);
    }
}
