//! Reports that overtake each other: a start for which the node has no free slots has overtaken the end of what ran there
//! before, for the agent never runs more than fits. It is held back until that end is here, so that no node is ever seen to run
//! more than its slots. A connection that breaks meanwhile costs nothing: a new one says everything again.

use std::collections::BTreeMap;

use super::task_reports::Report;
use crate::api::agent::Attempt;
use crate::domain::placement::Node;
use crate::domain::task::Event;

/// Starts that are held back, by node.
#[derive(Default)]
pub(super) struct EarlyStarts(BTreeMap<i64, Vec<Report>>);

/// What runs on a node, as far as reports have told.
struct Running {
    slots: i32,
    begun: BTreeMap<Attempt, i32>,
}

impl Running {
    fn on(node: &Node) -> Running {
        let begun = node.held.iter().filter(|(_, held)| held.begun);
        let begun = begun.map(|(task, held)| (Attempt { task: *task, number: held.attempt }, held.slots));
        Running { slots: node.slots, begun: begun.collect() }
    }

    /// What needs more slots than the node has runs alone.
    fn has_room(&self, need: i32) -> bool {
        self.begun.is_empty() || self.begun.values().sum::<i32>() + need <= self.slots
    }

    /// Whether the start may be taken now.
    fn takes(&mut self, node: &Node, attempt: Attempt) -> bool {
        let held = node.held.get(&attempt.task).filter(|held| held.attempt == attempt.number);
        // A start of what is not the node's any more changes nothing.
        let Some(held) = held.filter(|_| !self.begun.contains_key(&attempt)) else { return true };
        let fits = self.has_room(held.slots);
        if fits {
            self.begun.insert(attempt, held.slots);
        }
        fits
    }
}

impl EarlyStarts {
    /// The reports that are to be saved now, in their order; with them go starts whose time has come.
    pub fn in_order<'a>(&mut self, reports: Vec<Report>, node: impl Fn(i64) -> Option<&'a Node>) -> Vec<Report> {
        let mut running: BTreeMap<i64, Running> = BTreeMap::new();
        let mut ordered = Vec::with_capacity(reports.len());
        for report in reports {
            let Some(of) = node(report.node) else {
                ordered.push(report);
                continue;
            };
            let running = running.entry(report.node).or_insert_with(|| Running::on(of));
            if matches!(report.event, Event::Started { .. }) {
                if running.takes(of, report.attempt) {
                    ordered.push(report);
                } else {
                    self.0.entry(report.node).or_default().push(report);
                }
                continue;
            }
            let early = self.0.remove(&report.node).unwrap_or_default();
            // Its own start goes before it: whether it had begun may count.
            let (own, mut early): (Vec<_>, Vec<_>) = early.into_iter().partition(|e| e.attempt == report.attempt);
            running.begun.remove(&report.attempt);
            let (key, is_held) = (report.node, !early.is_empty());
            ordered.extend(own);
            ordered.push(report);
            if is_held {
                ordered.extend(early.extract_if(.., |early| running.takes(of, early.attempt)));
                self.0.insert(key, early);
            }
        }
        self.0.retain(|_, early| !early.is_empty());
        ordered
    }

    /// What the node has said on an earlier connection.
    pub fn forget(&mut self, node: i64) {
        self.0.remove(&node);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Timestamp;
    use crate::domain::placement::Held;
    use crate::domain::steady::HashMap;

    const NODE: i64 = 1;
    const NOW: Timestamp = Timestamp::from_micros(0);

    /// A node with two slots and tasks of it: key, slots and whether it has begun.
    fn node(tasks: &[(i64, i32, bool)]) -> Node {
        let held = |(task, slots, begun): &(i64, i32, bool)| {
            (*task, Held { job: 1, attempt: 1, slots: *slots, since: NOW, begun: *begun })
        };
        Node { slots: 2, used: 0, open: true, held: tasks.iter().map(held).collect::<HashMap<_, _>>() }
    }

    fn started(task: i64) -> Report {
        Report { node: NODE, attempt: Attempt { task, number: 1 }, event: Event::Started { attempt: 1, at: NOW } }
    }

    fn over(task: i64) -> Report {
        Report { node: NODE, attempt: Attempt { task, number: 1 }, event: Event::GaveBack { attempt: 1 } }
    }

    /// The tasks of the reports that are let through; a minus stands before ends.
    fn let_through(early: &mut EarlyStarts, node: &Node, reports: Vec<Report>) -> Vec<i64> {
        let ordered = early.in_order(reports, |_| Some(node));
        let name = |r: &Report| if matches!(r.event, Event::Started { .. }) { r.attempt.task } else { -r.attempt.task };
        ordered.iter().map(name).collect()
    }

    #[test]
    fn a_start_without_free_slots_waits_for_the_end_that_it_has_overtaken() {
        let (mut early, two_run) = (EarlyStarts::default(), node(&[(1, 1, true), (2, 1, true), (3, 1, false)]));
        assert_eq!(let_through(&mut early, &two_run, vec![started(3)]), [] as [i64; 0]);
        assert_eq!(let_through(&mut early, &two_run, vec![over(1)]), [-1, 3]);
        assert!(early.0.is_empty());
    }

    #[test]
    fn in_one_batch_the_end_may_come_after_the_start() {
        let full = node(&[(1, 2, true), (2, 1, false), (3, 1, false)]);
        let ordered = let_through(&mut EarlyStarts::default(), &full, vec![started(2), started(3), over(1)]);
        assert_eq!(ordered, [-1, 2, 3]);
    }

    #[test]
    fn what_fits_is_not_held_back() {
        let (mut early, one_runs) = (EarlyStarts::default(), node(&[(1, 1, true), (2, 1, false), (3, 9, false)]));
        assert_eq!(let_through(&mut early, &one_runs, vec![started(2), started(2), started(1)]), [2, 2, 1]);
        let alone = node(&[(3, 9, false)]);
        assert_eq!(let_through(&mut early, &alone, vec![started(3)]), [3], "more slots than there are, and alone");
    }

    #[test]
    fn what_is_held_back_begins_before_it_ends() {
        let (mut early, full) = (EarlyStarts::default(), node(&[(1, 2, true), (2, 1, false)]));
        assert_eq!(let_through(&mut early, &full, vec![started(2), over(2), over(1)]), [2, -2, -1]);
    }

    #[test]
    fn a_stranger_is_let_through() {
        let (mut early, full) = (EarlyStarts::default(), node(&[(1, 2, true)]));
        assert_eq!(let_through(&mut early, &full, vec![started(7)]), [7]);
        assert_eq!(early.in_order(vec![started(7)], |_| None).len(), 1);
    }
}
