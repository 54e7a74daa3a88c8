//! The life of a node's start task: when it runs, is tried again, and whether tasks may run. Pure.
//!
//! ```text
//! absent                                          tasks run
//! due ──▶ running ──success──▶ completed           tasks run
//!  ▲         ├──failure, retries left──▶ due later
//!  │         └──failure──────▶ completed           tasks run only if success need not be waited for
//!  └── reboot, or a new agent
//! ```

use std::time::{Duration, Instant};

use crate::api::agent::StartTaskReport;
use crate::api::{
    StartTask, StartTaskInformation, StartTaskState, TaskContainerExecutionInformation, TaskExecutionResult,
    TaskFailureInformation, Timestamp,
};

/// The pause before the first retry; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct StartTaskLife {
    is_known: bool,
    task: Option<StartTask>,
    info: Option<StartTaskInformation>,
    /// When to run it next; None while it runs and when it is over.
    due: Option<Instant>,
}

impl StartTaskLife {
    /// The pool's start task counts when the node starts; later changes count from the next boot.
    pub fn set_once(&mut self, task: Option<StartTask>, now: Instant) {
        if !self.is_known {
            self.is_known = true;
            self.due = task.is_some().then_some(now);
            self.task = task;
        }
    }

    pub fn task(&self) -> Option<&StartTask> {
        self.task.as_ref()
    }

    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Tasks may run.
    pub fn is_ready(&self) -> bool {
        let waits = self.task.as_ref().is_some_and(|task| task.wait_for_success.unwrap_or(true));
        !waits || self.info.as_ref().is_some_and(|info| info.result == Some(TaskExecutionResult::Success))
    }

    /// What the server is told; None before the first run.
    pub fn report(&self) -> Option<StartTaskReport> {
        self.info.clone().map(|info| StartTaskReport { info, ready: self.is_ready() })
    }

    pub fn begins(&mut self, at: Timestamp) {
        self.due = None;
        let retry_count = self.info.as_ref().map_or(0, |info| info.retry_count + 1);
        self.info = Some(StartTaskInformation {
            state: StartTaskState::Running,
            start_time: at,
            end_time: None,
            exit_code: None,
            container_info: None,
            failure_info: None,
            retry_count,
            last_retry_time: (retry_count > 0).then_some(at),
            result: None,
        });
    }

    /// Said before it ends.
    pub fn ran_in(&mut self, container: Option<TaskContainerExecutionInformation>) {
        self.info.iter_mut().for_each(|info| info.container_info = container.clone());
    }

    /// `exit` is absent when the program could not be run; that is not tried again.
    pub fn ends(&mut self, exit: Option<i32>, failure: Option<TaskFailureInformation>, at: Timestamp, now: Instant) {
        let Some(info) = &mut self.info else { return };
        info.state = StartTaskState::Completed;
        info.end_time = Some(at);
        info.exit_code = exit;
        info.result = Some(if failure.is_none() { TaskExecutionResult::Success } else { TaskExecutionResult::Failure });
        info.failure_info = failure;
        let may_retry = self.task.as_ref().and_then(|task| task.max_task_retry_count).unwrap_or(0);
        let failed = info.failure_info.is_some() && exit.is_some();
        if failed && (may_retry < 0 || info.retry_count < may_retry) {
            self.due = Some(now + pause_before_retry(info.retry_count));
        }
    }
}

/// Before the retry that follows `retry_count` others.
fn pause_before_retry(retry_count: i32) -> Duration {
    let doublings = u32::try_from(retry_count).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{clock, failure};

    fn life(max_task_retry_count: Option<i32>, wait_for_success: Option<bool>) -> StartTaskLife {
        let mut life = StartTaskLife::default();
        let task =
            StartTask { command_line: "x".into(), max_task_retry_count, wait_for_success, ..StartTask::default() };
        life.set_once(Some(task), clock::instant());
        life
    }

    fn run(life: &mut StartTaskLife, exit: Option<i32>) {
        life.begins(clock::now());
        let failure = exit.map_or_else(|| Some(failure::program_not_found("x")), failure::of_exit_code);
        life.ends(exit, failure, clock::now(), clock::instant());
    }

    #[test]
    fn without_a_start_task_the_node_is_ready() {
        let mut life = StartTaskLife::default();
        life.set_once(None, clock::instant());
        assert!(life.is_ready() && life.due().is_none() && life.report().is_none());
    }

    #[test]
    fn tasks_wait_for_its_success() {
        let mut life = life(None, None);
        assert!(!life.is_ready() && life.due().is_some());
        run(&mut life, Some(0));
        assert!(life.is_ready() && life.due().is_none());
        assert_eq!(life.report().unwrap().info.result, Some(TaskExecutionResult::Success));
    }

    #[test]
    fn a_failure_for_good_leaves_the_node_unready_unless_nobody_waits() {
        let mut waiting = life(Some(0), None);
        run(&mut waiting, Some(1));
        assert!(!waiting.is_ready() && waiting.due().is_none());
        let mut not_waiting = life(Some(0), Some(false));
        assert!(not_waiting.is_ready());
        run(&mut not_waiting, Some(1));
        assert!(not_waiting.is_ready());
    }

    #[test]
    fn failures_are_tried_again_as_often_as_allowed() {
        let mut life = life(Some(2), None);
        for retry in 0..3 {
            run(&mut life, Some(9));
            assert_eq!(life.report().unwrap().info.retry_count, retry);
            assert_eq!(life.due().is_some(), retry < 2);
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_not_tried_again() {
        let mut life = life(Some(-1), None);
        run(&mut life, None);
        assert!(life.due().is_none());
    }

    #[test]
    fn pauses_grow_and_end_at_a_minute() {
        assert_eq!(pause_before_retry(0), FIRST_PAUSE);
        assert_eq!(pause_before_retry(1), FIRST_PAUSE * 2);
        assert_eq!(pause_before_retry(i32::MAX), LONGEST_PAUSE);
    }
}
