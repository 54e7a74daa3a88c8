//! When a pool may size itself by a formula, and when the formula is run.

use crate::api::{AllocationState, Code, Duration, PoolState, Timestamp};

/// Source: enabling autoscale, api-version 2024-02-01.19.0, as all of these.
pub const USUAL_INTERVAL: Duration = Duration::from_mins(15);
pub const SHORTEST_INTERVAL: Duration = Duration::from_mins(5);
pub const LONGEST_INTERVAL: Duration = Duration::from_mins(168 * 60);
/// Between two calls that turn autoscale on or change it.
pub const PAUSE: Duration = Duration::from_secs(30);

/// Why autoscale cannot be turned on or changed now; the portal's button says the same.
pub fn enable_refusal(state: PoolState, allocation: AllocationState) -> Option<Code> {
    match (state, allocation) {
        (PoolState::Deleting, _) => Some(Code::PoolBeingDeleted),
        (PoolState::Active, AllocationState::Resizing | AllocationState::Stopping) => Some(Code::PoolBeingResized),
        (PoolState::Active, AllocationState::Steady) => None,
    }
}

/// How long the caller must wait before autoscale can be turned on or changed again.
pub fn pause_left(last: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let left = Duration(PAUSE.micros() - now.since(last?).micros());
    (left.micros() > 0).then_some(left)
}

/// Why autoscale cannot be turned off or tried: it must be on.
pub fn use_refusal(state: PoolState, is_on: bool) -> Option<Code> {
    match (state, is_on) {
        (PoolState::Deleting, _) => Some(Code::PoolBeingDeleted),
        (PoolState::Active, true) => None,
        (PoolState::Active, false) => Some(Code::OperationNotValidOnPool),
    }
}

/// The run after the one that was due at `due`: turns that passed meanwhile are not made up for. Always later than `now`.
pub fn next_run(due: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let interval = interval.micros().max(SHORTEST_INTERVAL.micros());
    let passed = now.since(due).micros().max(0) / interval;
    Timestamp::from_micros(due.micros().saturating_add(interval.saturating_mul(passed + 1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wishes_are_refused_with_batchs_codes() {
        use AllocationState::{Resizing, Steady, Stopping};
        use PoolState::{Active, Deleting};
        assert_eq!(enable_refusal(Active, Steady), None);
        assert_eq!(enable_refusal(Active, Resizing), Some(Code::PoolBeingResized));
        assert_eq!(enable_refusal(Active, Stopping), Some(Code::PoolBeingResized));
        assert_eq!(enable_refusal(Deleting, Steady), Some(Code::PoolBeingDeleted));
        assert_eq!(use_refusal(Active, true), None);
        assert_eq!(use_refusal(Active, false), Some(Code::OperationNotValidOnPool));
        assert_eq!(use_refusal(Deleting, true), Some(Code::PoolBeingDeleted));
    }

    #[test]
    fn half_a_minute_lies_between_two_changes() {
        let at = Timestamp::from_secs;
        assert_eq!(pause_left(None, at(100)), None);
        assert_eq!(pause_left(Some(at(100)), at(110)), Some(Duration::from_secs(20)));
        assert_eq!(pause_left(Some(at(100)), at(130)), None);
    }

    #[test]
    fn turns_that_passed_are_not_made_up_for() {
        let check = |due: i64, now: i64, expected: i64| {
            let next = next_run(Timestamp::from_secs(due), Duration::from_mins(5), Timestamp::from_secs(now));
            assert_eq!(next, Timestamp::from_secs(expected), "{due} {now}");
        };
        check(0, 0, 300);
        check(0, 299, 300);
        check(0, 300, 600);
        check(0, 3601, 3900);
    }

    proptest! {
        #[test]
        fn the_next_run_lies_ahead(due in 0i64..1 << 50, interval in 0i64..1 << 40, now in 0i64..1 << 50) {
            let next = next_run(Timestamp(due), Duration(interval), Timestamp(now));
            prop_assert!(next > Timestamp(now) || due > now);
        }
    }
}
