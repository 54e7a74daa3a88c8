//! A job on one node: its preparation task before its first task there, and its release task when it ends. Both live as
//! tasks do (see [`super::task`]); here is what follows from it for the job's tasks.

use super::task::{self, Event, Life, Phase};
use crate::api::{
    Code, ContainerSettings, Duration, EnvironmentSetting, JobCreate, JobPreparationTask, JobReleaseTask, ResourceFile,
    TaskConstraints, Timestamp, UserIdentity,
};

/// Source: job release task, `maxWallClockTime`: the default, and the most.
pub const LONGEST_RELEASE: Duration = Duration::from_mins(15);
const PREPARATION_ID: &str = "jobpreparation";
const RELEASE_ID: &str = "jobrelease";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Preparation,
    Release,
}

/// The task's key in an attempt: negative, so that it is no ordinary task's.
pub fn attempt_key(row: i64, kind: Kind) -> i64 {
    match kind {
        Kind::Preparation => -2 * row,
        Kind::Release => -2 * row - 1,
    }
}

/// The row and the kind of an attempt; nothing for an ordinary task's.
pub fn of_attempt(task: i64) -> Option<(i64, Kind)> {
    let kind = if task % 2 == 0 { Kind::Preparation } else { Kind::Release };
    (task < 0).then_some((-task / 2, kind))
}

pub fn preparation_id(task: &JobPreparationTask) -> &str {
    task.id.as_deref().unwrap_or(PREPARATION_ID)
}

pub fn release_id(task: &JobReleaseTask) -> &str {
    task.id.as_deref().unwrap_or(RELEASE_ID)
}

/// Why an ordinary task of the job may not have this id.
pub fn id_refusal(job: &JobCreate, id: &str) -> Option<Code> {
    let is = |own: Option<&str>| own.is_some_and(|own| own.eq_ignore_ascii_case(id));
    if is(job.job_preparation_task.as_ref().map(preparation_id)) {
        return Some(Code::TaskIdSameAsJobPreparationTask);
    }
    is(job.job_release_task.as_ref().map(release_id)).then_some(Code::TaskIdSameAsJobReleaseTask)
}

/// What a node needs to run either of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Command<'a> {
    pub id: &'a str,
    pub command_line: &'a str,
    pub environment: &'a [EnvironmentSetting],
    pub user_identity: Option<&'a UserIdentity>,
    pub max_wall_clock: Option<Duration>,
    pub resource_files: &'a [ResourceFile],
    pub container: Option<&'a ContainerSettings>,
}

pub fn preparation_command(task: &JobPreparationTask) -> Command<'_> {
    Command {
        id: preparation_id(task),
        command_line: &task.command_line,
        environment: task.environment_settings.as_deref().unwrap_or_default(),
        user_identity: task.user_identity.as_ref(),
        max_wall_clock: task.constraints.as_ref().and_then(|c| c.max_wall_clock_time).filter(|d| !d.is_unlimited()),
        resource_files: task.resource_files.as_deref().unwrap_or_default(),
        container: task.container_settings.as_ref(),
    }
}

pub fn release_command(task: &JobReleaseTask) -> Command<'_> {
    Command {
        id: release_id(task),
        command_line: &task.command_line,
        environment: task.environment_settings.as_deref().unwrap_or_default(),
        user_identity: task.user_identity.as_ref(),
        max_wall_clock: Some(task.max_wall_clock_time.unwrap_or(LONGEST_RELEASE)),
        resource_files: task.resource_files.as_deref().unwrap_or_default(),
        container: task.container_settings.as_ref(),
    }
}

/// Whether the job's tasks may run on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The preparation task must run first.
    Unprepared,
    /// It runs, and tasks wait for it.
    Preparing,
    Ready,
    /// It failed for good: tasks of the job go elsewhere.
    Failed,
}

/// How ready a node is. `is_same_boot`: the node has not begun anew since the preparation task began there last.
pub fn readiness(task: &JobPreparationTask, life: &Life, is_same_boot: bool) -> Readiness {
    let waits = task.wait_for_success.unwrap_or(true);
    let reruns = task.rerun_on_node_reboot_after_success.unwrap_or(true);
    match (life.phase, life.failure.is_some()) {
        (Phase::Waiting, _) => Readiness::Unprepared,
        (Phase::Assigned | Phase::Preparing | Phase::Running, _) if waits => Readiness::Preparing,
        (Phase::Assigned | Phase::Preparing | Phase::Running, _) => Readiness::Ready,
        (Phase::Completed, false) if is_same_boot || !reruns => Readiness::Ready,
        // What failed is tried again when the node begins anew, whatever the task says of its success.
        (Phase::Completed, _) if !is_same_boot => Readiness::Unprepared,
        (Phase::Completed, _) if waits => Readiness::Failed,
        (Phase::Completed, _) => Readiness::Ready,
    }
}

/// A new attempt on the node; one that has ended begins its life again.
pub fn begin(life: &mut Life, node_key: i64, now: Timestamp) {
    if life.phase == Phase::Completed {
        forget(life, now);
    }
    // Never refused: what lives already keeps its attempt.
    let _ = task::on(life, Event::Assign { node_key }, 0, now);
}

/// Begins the life again; attempts are counted on.
pub fn forget(life: &mut Life, now: Timestamp) {
    *life = Life { attempt: life.attempt, ..Life::new(now) };
}

/// How often a failed run is tried again. A release task is not, and the job's default is for tasks only.
pub fn most_retries(kind: Kind, preparation: Option<&TaskConstraints>) -> i32 {
    match kind {
        Kind::Preparation => task::most_retries(preparation, None),
        Kind::Release => 0,
    }
}

/// Whether the release task must still run on a node. One where the preparation never began has nothing to release.
pub fn needs_release(preparation: &Life, release: Option<&Life>) -> bool {
    preparation.attempt > 0 && release.is_none_or(|life| life.phase != Phase::Completed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ErrorCategory, TaskFailureInformation};

    const NOW: Timestamp = Timestamp::from_secs(9);

    fn ended(exit: i32) -> Life {
        let mut life = Life::new(NOW);
        begin(&mut life, 1, NOW);
        let failure = (exit != 0).then(|| TaskFailureInformation {
            category: ErrorCategory::UserError,
            code: "FailureExitCode".into(),
            message: None,
            details: Vec::new(),
        });
        let end = Event::Ended {
            attempt: life.attempt,
            started: Some(NOW),
            at: NOW,
            exit: Some(exit),
            failure,
            usage: Default::default(),
            container: None,
        };
        task::on(&mut life, end, 0, NOW).unwrap();
        life
    }

    #[test]
    fn attempts_of_jobs_on_nodes_are_told_from_those_of_tasks() {
        for (row, kind) in [(1, Kind::Preparation), (1, Kind::Release), (77, Kind::Preparation), (78, Kind::Release)] {
            assert_eq!(of_attempt(attempt_key(row, kind)), Some((row, kind)));
        }
        assert_eq!((of_attempt(1), of_attempt(0)), (None, None));
    }

    #[test]
    fn no_other_task_has_their_ids() {
        let mut job = JobCreate {
            job_preparation_task: Some(JobPreparationTask::default()),
            job_release_task: Some(JobReleaseTask { id: Some("bye".into()), ..Default::default() }),
            ..Default::default()
        };
        assert_eq!(id_refusal(&job, "JobPreparation"), Some(Code::TaskIdSameAsJobPreparationTask));
        assert_eq!(id_refusal(&job, "bye"), Some(Code::TaskIdSameAsJobReleaseTask));
        assert_eq!(id_refusal(&job, "jobrelease"), None);
        job.job_preparation_task = None;
        assert_eq!(id_refusal(&job, "jobpreparation"), None);
    }

    #[test]
    fn tasks_run_where_the_preparation_lets_them() {
        use Readiness::{Failed, Preparing, Ready, Unprepared};
        let task = |waits, reruns| JobPreparationTask {
            wait_for_success: waits,
            rerun_on_node_reboot_after_success: reruns,
            ..Default::default()
        };
        let usual = task(None, None);
        let (no_wait, no_rerun) = (task(Some(false), None), task(None, Some(false)));
        let mut running = Life::new(NOW);
        begin(&mut running, 1, NOW);
        let new = Life::new(NOW);
        let check = |task, life: &Life, same_boot, expected| {
            assert_eq!(readiness(task, life, same_boot), expected, "{:?} {same_boot}", life.phase);
        };
        check(&usual, &new, true, Unprepared);
        check(&usual, &running, true, Preparing);
        check(&no_wait, &running, true, Ready);
        check(&usual, &ended(0), true, Ready);
        check(&usual, &ended(0), false, Unprepared);
        check(&no_rerun, &ended(0), false, Ready);
        check(&usual, &ended(1), true, Failed);
        check(&no_wait, &ended(1), true, Ready);
        check(&no_rerun, &ended(1), false, Unprepared);
    }

    #[test]
    fn a_run_that_ended_begins_again_with_a_new_attempt() {
        let mut life = ended(3);
        begin(&mut life, 2, NOW);
        assert_eq!((life.phase, life.attempt, life.exit_code, life.node_key), (Phase::Assigned, 2, None, Some(2)));
        begin(&mut life, 2, NOW);
        assert_eq!(life.attempt, 2, "what lives is not begun twice");
    }

    #[test]
    fn only_nodes_where_the_preparation_began_are_released_and_once() {
        assert!(!needs_release(&Life::new(NOW), None));
        assert!(needs_release(&ended(1), None));
        assert!(needs_release(&ended(0), Some(&Life::new(NOW))));
        assert!(!needs_release(&ended(0), Some(&ended(1))));
    }
}
