//! The life of a task.
//!
//! ```text
//! waiting ──Assign──▶ assigned ─────────────Started──▶ running ──Ended──▶ completed
//!    ▲                 │   └─Preparing─▶ preparing ─┘      │                  │
//!    └──GaveBack, Requeue, Ended with retries left─────────┴──────Reactivate──┘
//! ```
//! Waiting and assigned are both `active` to the API: an assigned task lies on a node and has not begun. A task is preparing
//! while its job's preparation task runs on its node. Each assignment has a new attempt number; what is said of another
//! attempt than the current one changes nothing. Job preparation and release tasks live the same life on each node.

use serde::{Deserialize, Serialize};

use super::ids::job_of_schedule;
use crate::api::agent::{Attempt, Usage};
use crate::api::{
    self, Code, ErrorCategory, TaskConstraints, TaskContainerExecutionInformation, TaskExecutionResult,
    TaskFailureInformation, TaskState, Timestamp,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Waiting,
    Assigned,
    Preparing,
    Running,
    Completed,
}

/// What lives of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    pub phase: Phase,
    pub since: Timestamp,
    pub previous: Option<(TaskState, Timestamp)>,
    pub attempt: i64,
    /// The node of the current attempt; afterwards of the last.
    pub node_key: Option<i64>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub exit_code: Option<i32>,
    pub failure: Option<TaskFailureInformation>,
    #[serde(default)]
    pub container: Option<TaskContainerExecutionInformation>,
    pub retries: i32,
    pub last_retry: Option<Timestamp>,
    pub requeues: i32,
    pub last_requeue: Option<Timestamp>,
    #[serde(default)]
    pub spent: Spent,
}

/// What all runs of a task have taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    pub wall_micros: i64,
    /// Of runs that ended by themselves: of others nobody says it.
    pub usage: Usage,
}

/// What happens to a task. Times are the server's, but for start and end, which the agent saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Assign {
        node_key: i64,
    },
    /// The job's preparation task must end on the node first.
    Preparing {
        attempt: i64,
    },
    Started {
        attempt: i64,
        at: Timestamp,
    },
    Ended {
        attempt: i64,
        started: Option<Timestamp>,
        at: Timestamp,
        exit: Option<i32>,
        failure: Option<TaskFailureInformation>,
        usage: Usage,
        container: Option<TaskContainerExecutionInformation>,
    },
    /// The attempt is over without an end, by nobody's word: node lost, recall, agent killed. Counts nothing.
    GaveBack {
        attempt: i64,
    },
    /// The attempt is over by a user's word (resize, disable, reboot): counted as a requeue.
    Requeue {
        attempt: i64,
    },
    Terminate {
        message: &'static str,
    },
    /// A task that it waits for has failed, and its job lets dependents fail.
    DependencyFailed {
        on: String,
    },
    Reactivate,
}

/// Why a word of a user's is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the task is completed")]
    IsCompleted,
    #[error("the task is not completed")]
    IsNotCompleted,
    #[error("the task has succeeded")]
    HasSucceeded,
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Code {
        match refusal {
            Refusal::IsCompleted => Code::TaskCompleted,
            Refusal::IsNotCompleted => Code::TaskNotCompleted,
            Refusal::HasSucceeded => Code::TaskSucceeded,
        }
    }
}

impl Life {
    pub fn new(now: Timestamp) -> Life {
        Life {
            phase: Phase::Waiting,
            since: now,
            previous: None,
            attempt: 0,
            node_key: None,
            started: None,
            ended: None,
            exit_code: None,
            failure: None,
            container: None,
            retries: 0,
            last_retry: None,
            requeues: 0,
            last_requeue: None,
            spent: Spent::default(),
        }
    }

    /// The state that the API shows.
    pub fn state(&self) -> TaskState {
        match self.phase {
            Phase::Waiting | Phase::Assigned => TaskState::Active,
            Phase::Preparing => TaskState::Preparing,
            Phase::Running => TaskState::Running,
            Phase::Completed => TaskState::Completed,
        }
    }

    pub fn result(&self) -> Option<TaskExecutionResult> {
        let result = if self.failure.is_some() { TaskExecutionResult::Failure } else { TaskExecutionResult::Success };
        (self.phase == Phase::Completed).then_some(result)
    }

    /// The attempt that a node has now.
    pub fn live_attempt(&self) -> Option<i64> {
        matches!(self.phase, Phase::Assigned | Phase::Preparing | Phase::Running).then_some(self.attempt)
    }

    fn enter(&mut self, phase: Phase, now: Timestamp) {
        let before = self.state();
        self.phase = phase;
        if self.state() != before {
            self.previous = Some((before, self.since));
            self.since = now;
        }
    }

    /// The run of the current attempt is over.
    fn spend(&mut self, at: Timestamp, usage: Usage) {
        if let Some(started) = self.started.filter(|_| self.live_attempt().is_some()) {
            self.spent.wall_micros += at.since(started).micros().max(0);
        }
        self.spent.usage.user_micros += usage.user_micros;
        self.spent.usage.kernel_micros += usage.kernel_micros;
        self.spent.usage.blocks_read += usage.blocks_read;
        self.spent.usage.blocks_written += usage.blocks_written;
    }

    fn wait_again(&mut self, now: Timestamp) {
        self.enter(Phase::Waiting, now);
        self.started = None;
    }

    fn complete(
        &mut self,
        now: Timestamp,
        ended: Timestamp,
        exit: Option<i32>,
        failure: Option<TaskFailureInformation>,
    ) {
        self.enter(Phase::Completed, now);
        self.ended = Some(ended);
        self.exit_code = exit;
        self.failure = failure;
    }
}

/// Applies what happened; false when it changes nothing, because it is late or said twice.
///
/// `most_retries` counts retries after failures of the command; −1 is for ever.
pub fn on(life: &mut Life, event: Event, most_retries: i32, now: Timestamp) -> Result<bool, Refusal> {
    match (life.phase, event) {
        (Phase::Waiting, Event::Assign { node_key }) => {
            life.attempt += 1;
            life.node_key = Some(node_key);
            life.enter(Phase::Assigned, now);
        }
        // Planned twice, or terminated or deleted between plan and assignment.
        (Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed, Event::Assign { .. }) => {
            return Ok(false);
        }

        (Phase::Assigned, Event::Preparing { attempt }) if attempt == life.attempt => life.enter(Phase::Preparing, now),
        (
            Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed,
            Event::Preparing { .. },
        ) => return Ok(false),

        (Phase::Assigned | Phase::Preparing, Event::Started { attempt, at }) if attempt == life.attempt => {
            life.started = Some(at);
            life.enter(Phase::Running, now);
        }
        (
            Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed,
            Event::Started { .. },
        ) => {
            return Ok(false);
        }

        (
            Phase::Assigned | Phase::Preparing | Phase::Running,
            Event::Ended { attempt, started, at, exit, failure, usage, container },
        ) if attempt == life.attempt => {
            life.started = started.or(life.started);
            life.spend(at, usage);
            if is_retried(life.retries, most_retries, exit) {
                life.retries += 1;
                life.last_retry = Some(now);
                life.wait_again(now);
            } else {
                life.complete(now, at, exit, failure);
                life.container = container;
            }
        }
        (
            Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed,
            Event::Ended { .. },
        ) => {
            return Ok(false);
        }

        (Phase::Assigned | Phase::Preparing | Phase::Running, Event::GaveBack { attempt })
            if attempt == life.attempt =>
        {
            life.spend(now, Usage::default());
            life.wait_again(now);
        }
        (
            Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed,
            Event::GaveBack { .. },
        ) => {
            return Ok(false);
        }

        (Phase::Assigned | Phase::Preparing | Phase::Running, Event::Requeue { attempt })
            if attempt == life.attempt =>
        {
            // What had not begun has lost nothing.
            if life.phase == Phase::Running {
                life.requeues += 1;
                life.last_requeue = Some(now);
            }
            life.spend(now, Usage::default());
            life.wait_again(now);
        }
        (
            Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed,
            Event::Requeue { .. },
        ) => {
            return Ok(false);
        }

        (Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running, Event::Terminate { message }) => {
            life.spend(now, Usage::default());
            life.complete(now, now, None, Some(task_ended(message)));
        }
        (Phase::Completed, Event::Terminate { .. }) => return Err(Refusal::IsCompleted),

        (Phase::Waiting, Event::DependencyFailed { on }) => {
            life.complete(now, now, None, Some(dependency_failed(&on)));
        }
        // What has begun, or ended meanwhile, waits for nothing.
        (Phase::Assigned | Phase::Preparing | Phase::Running | Phase::Completed, Event::DependencyFailed { .. }) => {
            return Ok(false);
        }

        (Phase::Completed, Event::Reactivate) if life.failure.is_none() => return Err(Refusal::HasSucceeded),
        (Phase::Completed, Event::Reactivate) => {
            life.wait_again(now);
            (life.ended, life.exit_code, life.failure) = (None, None, None);
            life.container = None;
            (life.retries, life.last_retry) = (0, None);
        }
        (Phase::Waiting | Phase::Assigned | Phase::Preparing | Phase::Running, Event::Reactivate) => {
            return Err(Refusal::IsNotCompleted);
        }
    }
    Ok(true)
}

/// Only a non-zero exit of the command is retried; a command that could not start, or was ended, is not.
fn is_retried(retries: i32, most: i32, exit: Option<i32>) -> bool {
    exit.is_some_and(|code| code != 0) && (most < 0 || retries < most)
}

/// How often a failed task runs again: its own word, else its job's, else never.
pub fn most_retries(task: Option<&TaskConstraints>, job: Option<&api::JobConstraints>) -> i32 {
    task.and_then(|c| c.max_task_retry_count).or_else(|| job.and_then(|c| c.max_task_retry_count)).unwrap_or(0)
}

pub fn task_ended(message: &str) -> TaskFailureInformation {
    TaskFailureInformation {
        category: ErrorCategory::UserError,
        code: "TaskEnded".to_owned(),
        message: Some(message.to_owned()),
        details: Vec::new(),
    }
}

/// The code of [`dependency_failed`]. Chosen here among Batch's own, since Azure lets such tasks wait for ever.
pub const DEPENDENCY_FAILED: &str = "TaskSchedulingConstraintFailed";

fn dependency_failed(on: &str) -> TaskFailureInformation {
    TaskFailureInformation {
        category: ErrorCategory::UserError,
        code: DEPENDENCY_FAILED.to_owned(),
        message: Some(format!("The task {on}, on which this one depends, has failed.")),
        details: vec![api::NameValuePair { name: Some("DependencyTaskId".to_owned()), value: Some(on.to_owned()) }],
    }
}

/// Why the task cannot be terminated now; the portal's button says the same.
pub fn terminate_refusal(state: TaskState) -> Option<Code> {
    (state == TaskState::Completed).then_some(Code::TaskCompleted)
}

/// Why the task cannot be reactivated now.
pub fn reactivate_refusal(state: TaskState, result: Option<TaskExecutionResult>, job: api::JobState) -> Option<Code> {
    use api::JobState as J;
    match (state, result, job) {
        (TaskState::Active | TaskState::Preparing | TaskState::Running, ..) => Some(Code::TaskNotCompleted),
        (_, Some(TaskExecutionResult::Success), _) => Some(Code::TaskSucceeded),
        (.., J::Completed) => Some(Code::JobCompleted),
        (.., J::Terminating) => Some(Code::JobBeingTerminated),
        (.., J::Deleting) => Some(Code::JobBeingDeleted),
        (.., J::Active | J::Disabling | J::Disabled | J::Enabling) => None,
    }
}

/// A task's folder, relative to its node's root.
pub fn directory(job: &str, task: &str) -> String {
    match job_of_schedule(job) {
        Some(_) => format!("{}/{task}", job_directory(job)),
        None => format!("{}/job-1/{task}", job_directory(job)),
    }
}

/// The folder that goes with a job. Jobs of a schedule share the schedule's, each with a part of its own.
/// Source: files and directories, `workitems`.
pub fn job_directory(job: &str) -> String {
    match job_of_schedule(job) {
        Some((schedule, n)) => format!("workitems/{schedule}/job-{n}"),
        None => format!("workitems/{job}"),
    }
}

/// The current attempt as the agent names it.
pub fn attempt_of(task_key: i64, life: &Life) -> Attempt {
    Attempt { task: task_key, number: life.attempt }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(100);

    fn exit(attempt: i64, code: i32) -> Event {
        let failure = (code != 0).then(|| TaskFailureInformation {
            category: ErrorCategory::UserError,
            code: "FailureExitCode".into(),
            message: None,
            details: vec![],
        });
        let usage = Usage { user_micros: 7, ..Usage::default() };
        Event::Ended {
            attempt,
            started: Some(NOW),
            at: NOW.plus(api::Duration::from_secs(2)),
            exit: Some(code),
            failure,
            usage,
            container: None,
        }
    }

    #[test]
    fn folders_of_a_schedules_jobs_lie_in_the_schedules() {
        assert_eq!(directory("j", "t"), "workitems/j/job-1/t");
        assert_eq!(directory("s:job-12", "t"), "workitems/s/job-12/t");
        assert_eq!(
            (job_directory("j"), job_directory("s:job-12")),
            ("workitems/j".into(), "workitems/s/job-12".into())
        );
    }

    fn after(events: &[Event], most_retries: i32) -> Life {
        let mut life = Life::new(Timestamp(0));
        for event in events {
            let _ = on(&mut life, event.clone(), most_retries, NOW);
        }
        life
    }

    #[test]
    fn a_failed_task_runs_again_until_its_retries_are_used_up() {
        let run = |n| [Event::Assign { node_key: 1 }, exit(n, 1)];
        let once: Vec<_> = run(1).into();
        assert_eq!(after(&once, 1).phase, Phase::Waiting);
        let twice: Vec<_> = run(1).into_iter().chain(run(2)).collect();
        let life = after(&twice, 1);
        assert_eq!((life.phase, life.retries, life.exit_code), (Phase::Completed, 1, Some(1)));
        assert_eq!(life.result(), Some(TaskExecutionResult::Failure));
    }

    #[test]
    fn what_all_runs_took_is_added_up() {
        let life = after(&[Event::Assign { node_key: 1 }, exit(1, 1), Event::Assign { node_key: 1 }, exit(2, 0)], 1);
        assert_eq!((life.spent.wall_micros, life.spent.usage.user_micros), (4_000_000, 14));
        let lost = [Event::Assign { node_key: 1 }, Event::Started { attempt: 1, at: Timestamp::from_secs(90) }];
        let life = after(&[&lost[..], &[Event::GaveBack { attempt: 1 }]].concat(), 0);
        assert_eq!(life.spent.wall_micros, 10_000_000, "until it was lost");
    }

    #[test]
    fn a_lost_node_costs_no_retry() {
        let life = after(
            &[Event::Assign { node_key: 1 }, Event::Started { attempt: 1, at: NOW }, Event::GaveBack { attempt: 1 }],
            0,
        );
        assert_eq!((life.phase, life.retries, life.requeues), (Phase::Waiting, 0, 0));
    }

    #[test]
    fn a_report_of_an_older_attempt_changes_nothing() {
        let mut life =
            after(&[Event::Assign { node_key: 1 }, Event::GaveBack { attempt: 1 }, Event::Assign { node_key: 2 }], 0);
        let before = life.clone();
        assert_eq!(on(&mut life, exit(1, 0), 0, NOW), Ok(false));
        assert_eq!(on(&mut life, Event::GaveBack { attempt: 1 }, 0, NOW), Ok(false));
        assert_eq!(life, before);
    }

    #[test]
    fn reactivation_is_for_failed_tasks_only() {
        let mut done = after(&[Event::Assign { node_key: 1 }, exit(1, 0)], 0);
        assert_eq!(on(&mut done, Event::Reactivate, 0, NOW), Err(Refusal::HasSucceeded));
        let mut failed = after(&[Event::Assign { node_key: 1 }, exit(1, 3)], 0);
        assert_eq!(on(&mut failed, Event::Reactivate, 0, NOW), Ok(true));
        assert_eq!((failed.phase, failed.exit_code, failed.failure), (Phase::Waiting, None, None));
        assert_eq!(on(&mut Life::new(NOW), Event::Reactivate, 0, NOW), Err(Refusal::IsNotCompleted));
    }

    #[test]
    fn a_task_whose_node_is_being_prepared_has_not_begun() {
        let preparing = [Event::Assign { node_key: 1 }, Event::Preparing { attempt: 1 }];
        let life = after(&preparing, 0);
        assert_eq!((life.state(), life.live_attempt(), life.started), (TaskState::Preparing, Some(1), None));
        let requeued = after(&[&preparing[..], &[Event::Requeue { attempt: 1 }]].concat(), 0);
        assert_eq!((requeued.phase, requeued.requeues), (Phase::Waiting, 0));
        let running = after(&[&preparing[..], &[Event::Started { attempt: 1, at: NOW }]].concat(), 0);
        assert_eq!((running.state(), running.started), (TaskState::Running, Some(NOW)));
        assert_eq!(serde_json::from_value::<Life>(serde_json::json!(running)).unwrap(), running);
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Assign { node_key: 1 }),
            (0i64..4).prop_map(|attempt| Event::Preparing { attempt }),
            (0i64..4).prop_map(|attempt| Event::Started { attempt, at: NOW }),
            ((0i64..4), (0i32..2)).prop_map(|(attempt, code)| exit(attempt, code)),
            (0i64..4).prop_map(|attempt| Event::GaveBack { attempt }),
            (0i64..4).prop_map(|attempt| Event::Requeue { attempt }),
            Just(Event::Terminate { message: "ended" }),
            Just(Event::Reactivate),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_the_life_of_a_task_stays_sound(events in prop::collection::vec(any_event(), 0..40), most in 0i32..3) {
            let mut life = Life::new(Timestamp(0));
            for event in events {
                let before = life.clone();
                let changed = on(&mut life, event.clone(), most, NOW).unwrap_or(false);
                prop_assert!(changed || life == before, "refused or late, and yet changed: {event:?}");
                prop_assert!(life.retries <= most);
                prop_assert!(life.attempt >= before.attempt);
                let completed = life.phase == Phase::Completed;
                prop_assert_eq!(completed, life.ended.is_some());
                prop_assert!(completed || (life.exit_code.is_none() && life.failure.is_none()));
                // Only reactivation brings a completed task back.
                prop_assert!(before.phase != Phase::Completed || completed || event == Event::Reactivate);
            }
        }
    }
}
