//! Graphs of the past: which steps of time they have, and one value for each.

use crate::api::{Duration, HistorySeries, HistorySpan, Timestamp};

/// What graphs show is kept for so long.
pub const KEPT: Duration = Duration::from_days(7);

/// Equal steps of time; the last one holds `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    pub start: Timestamp,
    pub step: Duration,
    pub count: usize,
}

impl Steps {
    /// Chosen here: about as many as a graph has room for.
    pub fn of(span: HistorySpan, now: Timestamp) -> Steps {
        let (step, count) = match span {
            HistorySpan::Hour => (Duration::from_secs(30), 120),
            HistorySpan::Day => (Duration::from_mins(10), 144),
            HistorySpan::Week => (Duration::from_mins(60), 168),
        };
        let last = now.micros().div_euclid(step.micros());
        Steps { start: Timestamp((last - count as i64 + 1) * step.micros()), step, count }
    }

    /// The step in which a moment lies.
    pub fn index(self, at: Timestamp) -> Option<usize> {
        let index = at.since(self.start).micros().div_euclid(self.step.micros());
        usize::try_from(index).ok().filter(|index| *index < self.count)
    }
}

/// Averages and peaks of one quantity.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Sum, count and highest value of each step.
    steps: Vec<(i64, i64, i64)>,
}

impl Summary {
    pub fn new(steps: Steps) -> Self {
        Summary { steps: vec![(0, 0, i64::MIN); steps.count] }
    }

    pub fn add(&mut self, index: usize, value: i64) {
        self.add_weighted(index, value, 1);
    }

    /// A value that held for `weight`.
    pub fn add_weighted(&mut self, index: usize, value: i64, weight: i64) {
        if let Some((sum, count, peak)) = self.steps.get_mut(index) {
            *sum = sum.saturating_add(value.saturating_mul(weight));
            *count += weight;
            *peak = value.max(*peak);
        }
    }

    pub fn series(&self) -> HistorySeries {
        let known = |(sum, count, peak): &(i64, i64, i64)| (*count > 0).then(|| (sum / count, *peak));
        HistorySeries {
            average: self.steps.iter().map(|step| known(step).map(|(average, _)| average)).collect(),
            peak: self.steps.iter().map(|step| known(step).map(|(_, peak)| peak)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_holds_now_and_the_first_lies_a_span_before() {
        let now: Timestamp = "2026-01-08T12:34:56Z".parse().unwrap();
        let check = |span, start: &str, count| {
            let steps = Steps::of(span, now);
            assert_eq!((steps.start, steps.count), (start.parse().unwrap(), count));
            assert_eq!((steps.index(now), steps.index(steps.start)), (Some(count - 1), Some(0)));
            assert_eq!(steps.index(Timestamp(steps.start.micros() - 1)), None);
            assert_eq!(steps.index(now.plus(steps.step)), None);
        };
        check(HistorySpan::Hour, "2026-01-08T11:35:00Z", 120);
        check(HistorySpan::Day, "2026-01-07T12:40:00Z", 144);
        check(HistorySpan::Week, "2026-01-01T13:00:00Z", 168);
    }

    #[test]
    fn a_step_has_the_average_and_the_peak_of_what_was_measured_in_it() {
        let steps = Steps { start: Timestamp(0), step: Duration::from_secs(1), count: 3 };
        let mut summary = Summary::new(steps);
        for (index, value) in [(0, 4), (0, 8), (2, 0), (7, 9)] {
            summary.add(index, value);
        }
        summary.add_weighted(2, 10, 4);
        let series = summary.series();
        assert_eq!(series.average, [Some(6), None, Some(8)]);
        assert_eq!(series.peak, [Some(8), None, Some(10)]);
    }
}
