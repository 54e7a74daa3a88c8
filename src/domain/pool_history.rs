//! What a pool did over time: counts that hold until they change.

use std::collections::{BTreeMap, BTreeSet};

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

/// What was counted of a pool, in the order of time, beginning with what holds when the graph does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub slots_per_node: i64,
    pub counts: Vec<Counts>,
}

/// The graph of pools together. What one of them had while another was not yet counted is what all had.
pub fn history(pools: &[Counted], steps: Steps, now: Timestamp) -> PoolHistory {
    let mut graph = Graph::new(pools, steps);
    let mut together = Together::default();
    let mut changes: Vec<Change<'_>> = pools.iter().flat_map(|pool| changes(pool, minute(now) + 1)).collect();
    changes.sort_by_key(|change| change.minute);
    let nexts = changes.iter().skip(1).map(|next| next.minute).chain([minute(now) + 1]).collect::<Vec<_>>();
    for (change, next) in changes.iter().zip(nexts) {
        together.take(change);
        if together.n_counted > 0 && next > change.minute {
            graph.add(&together, change.minute, next);
        }
    }
    graph.done()
}

/// From this minute on the counts of a pool hold, or do so no longer.
struct Change<'a> {
    minute: i64,
    sign: i64,
    counts: &'a Counts,
    slots_per_node: i64,
}

fn changes(pool: &Counted, now: i64) -> impl Iterator<Item = Change<'_>> {
    let nexts = pool.counts.iter().skip(1).map(|next| next.minute).chain([now]);
    pool.counts.iter().zip(nexts).flat_map(move |(counts, next)| {
        let end = next.min(counts.minute.saturating_add(HOLD + 1)).min(now);
        let change = |minute, sign| Change { minute, sign, counts, slots_per_node: pool.slots_per_node };
        let holds = end > counts.minute;
        holds.then(|| [change(counts.minute, 1), change(end, -1)]).into_iter().flatten()
    })
}

/// What all pools have at a moment.
#[derive(Default)]
struct Together {
    n_counted: i64,
    nodes: BTreeMap<NodeState, i64>,
    running_tasks: i64,
    running_slots: i64,
    total_slots: i64,
}

impl Together {
    fn take(&mut self, change: &Change<'_>) {
        let add = |to: &mut i64, n: i64| *to = to.saturating_add(n.saturating_mul(change.sign));
        add(&mut self.n_counted, 1);
        for (state, n) in &change.counts.nodes {
            add(self.nodes.entry(*state).or_default(), *n);
        }
        add(&mut self.running_tasks, change.counts.running_tasks);
        add(&mut self.running_slots, change.counts.running_slots);
        let n_nodes: i64 = change.counts.nodes.values().sum();
        add(&mut self.total_slots, n_nodes.saturating_mul(change.slots_per_node));
    }
}

struct Graph {
    steps: Steps,
    states: Vec<(NodeState, Summary)>,
    tasks: Summary,
    slots: Summary,
    total: Summary,
}

impl Graph {
    fn new(pools: &[Counted], steps: Steps) -> Self {
        let counts = pools.iter().flat_map(|pool| &pool.counts);
        let states: BTreeSet<NodeState> = counts.flat_map(|counts| counts.nodes.keys().copied()).collect();
        let [tasks, slots, total] = std::array::from_fn(|_| Summary::new(steps));
        let states = states.into_iter().map(|state| (state, Summary::new(steps))).collect();
        Graph { steps, states, tasks, slots, total }
    }

    fn add(&mut self, all: &Together, from: i64, to: i64) {
        for (index, secs) in covered(self.steps, from, to) {
            for (state, summary) in &mut self.states {
                summary.add_weighted(index, all.nodes.get(state).copied().unwrap_or(0), secs);
            }
            self.tasks.add_weighted(index, all.running_tasks, secs);
            self.slots.add_weighted(index, all.running_slots, secs);
            self.total.add_weighted(index, all.total_slots, secs);
        }
    }

    fn done(self) -> PoolHistory {
        let states = self.states.into_iter().map(|(state, nodes)| StateHistory { state, nodes: nodes.series() });
        PoolHistory {
            start_time: self.steps.start,
            step: self.steps.step,
            states: states.collect(),
            running_tasks: self.tasks.series(),
            running_slots: self.slots.series(),
            total_slots: self.total.series(),
        }
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

    fn history(counts: &[Counts], steps: Steps, now: Timestamp, slots_per_node: i64) -> PoolHistory {
        super::history(&[Counted { slots_per_node, counts: counts.to_vec() }], steps, now)
    }

    #[test]
    fn pools_are_added_up_while_each_of_them_is_counted() {
        let now = Timestamp::from_secs(100 * 3600 + 59 * 60 + 59);
        let steps = Steps::of(HistorySpan::Hour, now);
        let last = minute(now);
        // One has been there for long; the other is made two minutes ago and changes at another time.
        let old = Counted { slots_per_node: 2, counts: vec![counts(last - 5, 3, 0), counts(last, 1, 2)] };
        let new = Counted { slots_per_node: 4, counts: vec![counts(last - 2, 1, 0), counts(last - 1, 0, 1)] };
        let both = super::history(&[old, new], steps, now);
        let of = |state| &both.states.iter().find(|of| of.state == state).unwrap().nodes.average[112..];
        let twice = |values: [i64; 4]| values.into_iter().flat_map(|n| [Some(n); 2]).collect::<Vec<_>>();
        assert_eq!(of(NodeState::Idle), twice([3, 4, 3, 1]));
        assert_eq!(of(NodeState::Running), twice([0, 0, 1, 3]));
        assert_eq!(both.running_tasks.average[112..], twice([0, 0, 2, 6]));
        assert_eq!(both.total_slots.average[112..], twice([6, 10, 10, 10]));
        assert_eq!(both.total_slots.average[100], None, "nobody counted");
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
