//! The life of a job schedule.
//!
//! ```text
//! active ⇄ disabled
//!   active ──no turn is left and no job is active──▶ completed
//!   active, disabled ──terminate──▶ terminating ──no job is active──▶ completed
//!   any ──delete──▶ deleting ──its jobs are gone──▶ ·
//! ```
//!
//! A schedule has turns, each the occasion for one job. Source: job schedules, `schedule`, api-version 2024-02-01.19.0:
//! at most one job is active at a time; a turn that comes meanwhile waits; a turn is lost when its start window has passed
//! or the next turn is due; nothing is made from `doNotRunAfter` on.

mod turns;

pub use self::turns::Turns;
use crate::api::{Code, JobScheduleState, Timestamp};

/// What somebody wants of a job schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Update,
    Enable,
    Disable,
    Terminate,
    Delete,
}

/// Why the wish is refused in this state; the portal's buttons say the same. Chosen here: disabling twice and enabling
/// what is active are refused.
pub fn refusal(state: JobScheduleState, wish: Wish) -> Option<Code> {
    use JobScheduleState as S;
    match (state, wish) {
        (S::Deleting, _) => Some(Code::JobScheduleBeingDeleted),
        (S::Active | S::Disabled | S::Terminating | S::Completed, Wish::Delete) => None,
        (S::Completed, _) => Some(Code::JobScheduleCompleted),
        (S::Terminating, _) => Some(Code::JobScheduleBeingTerminated),
        (S::Active | S::Disabled, Wish::Update | Wish::Terminate) => None,
        (S::Active, Wish::Disable) | (S::Disabled, Wish::Enable) => None,
        (S::Active, Wish::Enable) => Some(Code::OperationInvalidForCurrentState),
        (S::Disabled, Wish::Disable) => Some(Code::JobScheduleDisabled),
    }
}

/// What must be known of a schedule to take its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub state: JobScheduleState,
    pub turns: Turns,
    /// Jobs that exist, completed or not.
    pub n_jobs: i64,
    /// Whether one of them is not completed.
    pub has_active_job: bool,
}

/// What a schedule does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for now.
    Stay,
    /// Make a job for the turn that was due then.
    MakeJob {
        turn: Timestamp,
    },
    /// Terminate the active job.
    EndJob,
    Complete,
    /// Delete the jobs.
    DeleteJobs,
    Vanish,
}

/// The next step of a schedule by itself.
pub fn next_step(schedule: &View, now: Timestamp) -> Step {
    match (schedule.state, schedule.has_active_job) {
        (JobScheduleState::Active, true) => Step::Stay,
        (JobScheduleState::Active, false) if schedule.turns.are_over(now) => Step::Complete,
        (JobScheduleState::Active, false) => schedule.turns.open(now).map_or(Step::Stay, |turn| Step::MakeJob { turn }),
        // Chosen here: a disabled schedule stays as it is, even when its time has run out meanwhile.
        (JobScheduleState::Disabled | JobScheduleState::Completed, _) => Step::Stay,
        (JobScheduleState::Terminating, true) => Step::EndJob,
        (JobScheduleState::Terminating, false) => Step::Complete,
        (JobScheduleState::Deleting, _) if schedule.n_jobs > 0 => Step::DeleteJobs,
        (JobScheduleState::Deleting, _) => Step::Vanish,
    }
}

/// When time alone may give the schedule something to do. Always later than `now`.
pub fn wake_at(state: JobScheduleState, turns: &Turns, now: Timestamp) -> Option<Timestamp> {
    if state == JobScheduleState::Active { turns.changes_at(now) } else { None }
}

/// `executionInfo.nextRunTime`: also of a disabled schedule, which takes the turn only if it is enabled before.
pub fn next_run(state: JobScheduleState, turns: &Turns, now: Timestamp) -> Option<Timestamp> {
    match state {
        JobScheduleState::Active | JobScheduleState::Disabled => turns.next(now),
        JobScheduleState::Terminating | JobScheduleState::Completed | JobScheduleState::Deleting => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::{Duration, Schedule};

    #[test]
    fn wishes_are_refused_with_batchs_codes() {
        use Code as C;
        use JobScheduleState as S;
        use Wish as W;
        let check = |state, wish, expected| assert_eq!(refusal(state, wish), expected, "{state} {wish:?}");
        for wish in [W::Update, W::Disable, W::Terminate, W::Delete] {
            check(S::Active, wish, None);
        }
        for wish in [W::Update, W::Enable, W::Terminate, W::Delete] {
            check(S::Disabled, wish, None);
        }
        check(S::Active, W::Enable, Some(C::OperationInvalidForCurrentState));
        check(S::Disabled, W::Disable, Some(C::JobScheduleDisabled));
        for wish in [W::Update, W::Enable, W::Disable, W::Terminate] {
            check(S::Terminating, wish, Some(C::JobScheduleBeingTerminated));
            check(S::Completed, wish, Some(C::JobScheduleCompleted));
            check(S::Deleting, wish, Some(C::JobScheduleBeingDeleted));
        }
        check(S::Completed, W::Delete, None);
        check(S::Terminating, W::Delete, None);
        check(S::Deleting, W::Delete, Some(C::JobScheduleBeingDeleted));
    }

    #[test]
    fn a_schedule_goes_on_by_itself_as_its_jobs_end() {
        use JobScheduleState as S;
        let now = Timestamp::from_secs(1000);
        let check = |state, n_jobs, has_active_job, expected| {
            let turns = Turns::new(Schedule::default(), now);
            let view = View { state, turns, n_jobs, has_active_job };
            assert_eq!(next_step(&view, now), expected, "{view:?}");
        };
        check(S::Active, 0, false, Step::MakeJob { turn: now });
        check(S::Active, 1, true, Step::Stay);
        check(S::Disabled, 0, false, Step::Stay);
        check(S::Terminating, 1, true, Step::EndJob);
        check(S::Terminating, 1, false, Step::Complete);
        check(S::Completed, 1, false, Step::Stay);
        check(S::Deleting, 2, true, Step::DeleteJobs);
        check(S::Deleting, 0, false, Step::Vanish);
    }

    /// A schedule with a clock that only it looks at, and the jobs that it made: turn and time.
    struct Played {
        view: View,
        made: Vec<(Timestamp, Timestamp)>,
    }

    impl Played {
        fn new(schedule: Schedule, given: Timestamp) -> Played {
            let turns = Turns::new(schedule, given);
            let view = View { state: JobScheduleState::Active, turns, n_jobs: 0, has_active_job: false };
            Played { view, made: Vec::new() }
        }

        /// As the scheduler does: step after step until nothing is to be done.
        fn look(&mut self, now: Timestamp) {
            loop {
                match next_step(&self.view, now) {
                    Step::MakeJob { turn } => {
                        self.made.push((turn, now));
                        self.view.turns.take(turn);
                        (self.view.n_jobs, self.view.has_active_job) = (self.view.n_jobs + 1, true);
                    }
                    Step::Complete => self.view.state = JobScheduleState::Completed,
                    Step::Stay => return,
                    other => panic!("an active schedule does not {other:?}"),
                }
            }
        }
    }

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn mins(n: i64) -> Duration {
        Duration::from_mins(n)
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        let time = || prop::option::of((-30i64..60).prop_map(|n| START.plus(mins(n))));
        let length = || prop::option::of((1i64..15).prop_map(mins));
        (time(), time(), length(), length()).prop_map(|(until, after, window, interval)| Schedule {
            do_not_run_until: until,
            do_not_run_after: after,
            start_window: window,
            recurrence_interval: interval,
        })
    }

    /// Minutes from the start at which the active job, if there is one, ends.
    fn any_ends() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::btree_set(0i64..120, 0..20).prop_map(|ends| ends.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_job_has_a_turn_of_its_own_and_comes_in_time(schedule in any_schedule(), ends in any_ends()) {
            let mut played = Played::new(schedule, START);
            for minute in 0..120 {
                let now = START.plus(mins(minute));
                if ends.contains(&minute) {
                    played.view.has_active_job = false;
                }
                let was_active = played.view.has_active_job;
                let n = played.made.len();
                played.look(now);
                prop_assert!(played.made.len() - n <= usize::from(!was_active), "one job at a time");
                if let Some(next) = played.view.turns.next(now) {
                    prop_assert!(played.made.last().is_none_or(|(turn, _)| next > *turn), "a turn is taken once");
                }
            }
            let first = schedule.do_not_run_until.unwrap_or(START);
            for (turn, at) in &played.made {
                prop_assert!(*turn >= first && turn <= at);
                prop_assert!(schedule.do_not_run_after.is_none_or(|after| *at < after));
                prop_assert!(schedule.start_window.is_none_or(|window| *at < turn.plus(window)));
                match schedule.recurrence_interval {
                    Some(interval) => {
                        prop_assert_eq!(turn.since(first).micros() % interval.micros(), 0);
                        prop_assert!(*at < turn.plus(interval), "a turn is not carried into the next");
                    }
                    None => prop_assert_eq!((*turn, played.made.len()), (first, 1)),
                }
            }
            for pair in played.made.windows(2) {
                prop_assert!(pair[0].0 < pair[1].0);
            }
        }

        /// Looking only when told is as good as looking always.
        #[test]
        fn it_sleeps_through_nothing(schedule in any_schedule(), ends in any_ends()) {
            let (mut sleepy, mut restless) = (Played::new(schedule, START), Played::new(schedule, START));
            let mut wake = Some(START);
            for minute in 0..120 {
                let now = START.plus(mins(minute));
                let ended = ends.contains(&minute);
                if ended {
                    (sleepy.view.has_active_job, restless.view.has_active_job) = (false, false);
                }
                restless.look(now);
                if ended || wake.is_some_and(|wake| wake <= now) {
                    sleepy.look(now);
                    wake = wake_at(sleepy.view.state, &sleepy.view.turns, now);
                    prop_assert!(wake.is_none_or(|wake| wake > now));
                }
                prop_assert_eq!(&sleepy.made, &restless.made);
                prop_assert_eq!(sleepy.view.state, restless.view.state);
            }
        }
    }
}
