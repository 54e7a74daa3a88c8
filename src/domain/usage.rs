//! Core time of pools by the half hour.

use crate::api::{Duration, Timestamp};

/// An interval of the metrics. Source: listing pool usage metrics.
pub const INTERVAL: Duration = Duration::from_mins(30);
/// How long the metrics are kept. Chosen here.
pub const KEPT: Duration = Duration::from_days(90);

/// The beginning of the interval that the time lies in.
pub fn interval_of(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(INTERVAL.micros()) * INTERVAL.micros())
}

/// A stretch of time cut at the ends of intervals: the beginning of each interval, and how much of the stretch lies in it.
/// What is longer ago than metrics are kept is left out.
pub fn split(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Duration)> {
    let oldest = interval_of(Timestamp::from_micros(to.micros() - KEPT.micros()));
    let mut from = from.max(oldest);
    let mut parts = Vec::new();
    while from < to {
        let start = interval_of(from);
        let end = start.plus(INTERVAL).min(to);
        parts.push((start, end.since(from)));
        from = end;
    }
    parts
}

/// The intervals that a caller asks for: from the first beginning on, and before the last. Only those that are over count;
/// without a word it is the last of these.
pub fn window(start: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp) -> (Timestamp, Timestamp) {
    let over = interval_of(now);
    let last = Timestamp::from_micros(over.micros() - INTERVAL.micros());
    let oldest = Timestamp::from_micros(over.micros() - KEPT.micros());
    let from = start.map_or(if end.is_some() { oldest } else { last }, |start| start.max(oldest));
    (from, end.map_or(over, |end| end.min(over)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    #[test]
    fn a_stretch_is_cut_at_half_hours() {
        let minutes = |from, to| -> Vec<(i64, i64)> {
            let parts = split(minute(from), minute(to));
            parts.iter().map(|(start, length)| (start.micros() / 60_000_000, length.secs() / 60)).collect()
        };
        assert_eq!(minutes(31, 95), [(30, 29), (60, 30), (90, 5)]);
        assert_eq!(minutes(30, 60), [(30, 30)]);
        assert_eq!(minutes(10, 12), [(0, 2)]);
        assert_eq!(minutes(12, 12), []);
        assert_eq!(minutes(13, 12), []);
    }

    #[test]
    fn a_long_stretch_is_kept_as_far_back_as_metrics_are() {
        let to = Timestamp::from_secs(1_800_000_000);
        let parts = split(Timestamp::from_secs(0), to);
        assert_eq!(parts.len(), 90 * 48);
        assert_eq!(parts[0].0, Timestamp::from_micros(to.micros() - KEPT.micros()));
    }

    #[test]
    fn without_a_word_the_last_interval_that_is_over_is_meant() {
        assert_eq!(window(None, None, minute(95)), (minute(60), minute(90)));
        assert_eq!(window(Some(minute(0)), None, minute(95)).1, minute(90));
        assert_eq!(window(None, Some(minute(61)), minute(95)).1, minute(61));
        assert_eq!(window(Some(minute(500)), Some(minute(600)), minute(95)).1, minute(90));
    }
}
