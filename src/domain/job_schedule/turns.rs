//! The turns of a schedule: when they are due, and until when they can be taken.

use crate::api::{Duration, Schedule, Timestamp};

/// The last moment that can be written.
const END_OF_TIME: Timestamp = Timestamp::from_secs(253_402_300_799);

/// A schedule with its first turn and the last one that was taken.
///
/// Chosen here: turns are due at `doNotRunUntil` and every `recurrenceInterval` after it, however late jobs are made; without
/// `doNotRunUntil` the first is due when the schedule is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    pub schedule: Schedule,
    pub first: Timestamp,
    pub taken: Option<Timestamp>,
}

impl Turns {
    pub fn new(schedule: Schedule, given: Timestamp) -> Turns {
        Turns { schedule, first: schedule.do_not_run_until.unwrap_or(given), taken: None }
    }

    /// The turns after the schedule was changed. Chosen here: when start and interval stay, so do the turns; otherwise they
    /// begin anew, and a schedule that has made its only job makes another one.
    pub fn changed(self, schedule: Schedule, given: Timestamp) -> Turns {
        let times = |s: &Schedule| (s.do_not_run_until, s.recurrence_interval);
        if times(&schedule) == times(&self.schedule) { Turns { schedule, ..self } } else { Turns::new(schedule, given) }
    }

    /// A job was made for this turn.
    pub fn take(&mut self, turn: Timestamp) {
        self.taken = self.taken.max(Some(turn));
    }

    /// The turn for which a job can be made now. Of several that were due only the last can: none is carried into the next.
    pub fn open(&self, now: Timestamp) -> Option<Timestamp> {
        let turn = self.due(now)?;
        let is_open = self.taken < Some(turn) && self.closes(turn).is_none_or(|end| now < end);
        is_open.then_some(turn)
    }

    /// The open turn, else the one that comes next.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let coming = || {
            let after_due = self.due(now).map_or(Some(self.first), |turn| self.following(turn))?;
            // The clock may have gone back.
            let turn = self.taken.map_or(Some(after_due), |taken| Some(self.following(taken)?.max(after_due)))?;
            Some(turn).filter(|turn| self.schedule.do_not_run_after.is_none_or(|after| *turn < after))
        };
        self.open(now).or_else(coming)
    }

    /// Whether no job will be made any more. A recurring schedule goes on until `doNotRunAfter` even if no turn is due
    /// before it. Source: `schedule.doNotRunAfter`.
    pub fn are_over(&self, now: Timestamp) -> bool {
        let is_past = |end: Option<Timestamp>| end.is_some_and(|end| now >= end);
        let only_turn_is_gone = self.taken.is_some() || is_past(self.closes(self.first));
        is_past(self.schedule.do_not_run_after) || (self.interval().is_none() && only_turn_is_gone)
    }

    /// When the answers above may change next.
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let following = self.due(now).map_or(Some(self.first), |turn| self.following(turn));
        let closes = self.closes(self.due(now).unwrap_or(self.first));
        [following, closes, self.schedule.do_not_run_after].into_iter().flatten().filter(|time| *time > now).min()
    }

    /// The last turn that was due by now.
    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let late = now.since(self.first).micros();
        let n_passed = self.interval().map_or(0, |interval| late / interval.micros());
        (late >= 0).then(|| Timestamp(self.first.0 + n_passed * self.interval().map_or(0, Duration::micros)))
    }

    fn following(&self, turn: Timestamp) -> Option<Timestamp> {
        Some(turn.plus(self.interval()?)).filter(|turn| *turn <= END_OF_TIME)
    }

    /// From then on the turn is lost.
    fn closes(&self, turn: Timestamp) -> Option<Timestamp> {
        let window = self.schedule.start_window.filter(|window| !window.is_unlimited());
        [window.map(|window| turn.plus(window)), self.following(turn), self.schedule.do_not_run_after]
            .into_iter()
            .flatten()
            .min()
    }

    fn interval(&self) -> Option<Duration> {
        self.schedule.recurrence_interval.filter(|interval| !interval.is_unlimited() && interval.micros() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_secs(minute * 60)
    }

    /// In minutes: until, after, window, interval.
    fn turns(until: Option<i64>, after: Option<i64>, window: Option<i64>, interval: Option<i64>) -> Turns {
        let schedule = Schedule {
            do_not_run_until: until.map(at),
            do_not_run_after: after.map(at),
            start_window: window.map(Duration::from_mins),
            recurrence_interval: interval.map(Duration::from_mins),
        };
        Turns::new(schedule, at(100))
    }

    fn check(turns: Turns, now: i64, open: Option<i64>, next: Option<i64>, are_over: bool) {
        let found = (turns.open(at(now)), turns.next(at(now)), turns.are_over(at(now)));
        assert_eq!(found, (open.map(at), next.map(at), are_over), "{turns:?} at {now}");
    }

    fn taken(mut turns: Turns, turn: i64) -> Turns {
        turns.take(at(turn));
        turns
    }

    #[test]
    fn without_an_interval_there_is_one_turn() {
        let now = turns(None, None, None, None);
        check(now, 100, Some(100), Some(100), false);
        check(now, 9000, Some(100), Some(100), false);
        check(taken(now, 100), 101, None, None, true);
        let later = turns(Some(130), None, Some(5), None);
        check(later, 100, None, Some(130), false);
        check(later, 134, Some(130), Some(130), false);
        check(later, 135, None, None, true);
    }

    #[test]
    fn turns_recur_from_the_first_and_the_last_due_counts() {
        let hourly = turns(Some(120), None, None, Some(60));
        check(hourly, 119, None, Some(120), false);
        check(hourly, 120, Some(120), Some(120), false);
        check(taken(hourly, 120), 125, None, Some(180), false);
        check(taken(hourly, 120), 500, Some(480), Some(480), false);
        // A first turn that lies in the past keeps its place on the clock.
        check(turns(Some(10), None, None, Some(60)), 100, Some(70), Some(70), false);
    }

    #[test]
    fn a_turn_outside_its_window_is_lost() {
        let hourly = turns(Some(120), None, Some(10), Some(60));
        check(hourly, 129, Some(120), Some(120), false);
        check(hourly, 130, None, Some(180), false);
        // A window longer than the interval is as good as none.
        check(turns(Some(120), None, Some(600), Some(60)), 185, Some(180), Some(180), false);
    }

    #[test]
    fn nothing_is_made_from_the_end_on() {
        let ending = turns(None, Some(150), None, Some(30));
        check(ending, 149, Some(130), Some(130), false);
        check(taken(ending, 130), 149, None, None, false);
        check(ending, 150, None, None, true);
        check(turns(Some(160), Some(170), None, None), 170, None, None, true);
    }

    #[test]
    fn a_change_begins_anew_only_when_start_or_interval_change() {
        let before = taken(turns(None, None, None, Some(60)), 100);
        let longer = Schedule { do_not_run_after: Some(at(900)), ..before.schedule };
        check(before.changed(longer, at(110)), 110, None, Some(160), false);
        let other = Schedule { recurrence_interval: Some(Duration::from_mins(30)), ..before.schedule };
        check(before.changed(other, at(110)), 110, Some(110), Some(110), false);
        check(before.changed(Schedule::default(), at(110)), 110, Some(110), Some(110), false);
    }

    #[test]
    fn a_clock_that_goes_back_takes_no_turn_twice() {
        check(taken(turns(None, None, None, Some(60)), 220), 170, None, Some(280), false);
    }

    #[test]
    fn lengths_without_limit_are_none() {
        let endless = Schedule {
            start_window: Some(Duration::UNLIMITED),
            recurrence_interval: Some(Duration::UNLIMITED),
            ..Schedule::default()
        };
        check(Turns::new(endless, at(100)), 5000, Some(100), Some(100), false);
        let rare = Schedule { recurrence_interval: Some(Duration::from_days(5_000_000)), ..Schedule::default() };
        check(taken(Turns::new(rare, at(100)), 100), 101, None, None, false);
    }
}
