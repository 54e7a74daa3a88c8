//! The life of a job.
//!
//! ```text
//! active ⇄ disabling → disabled → (enabling) → active
//!   any of these ──terminate──▶ terminating ──no task runs, nodes are released──▶ completed
//!   any ──delete──▶ deleting ──the same, and everything is gone──▶ ·
//! ```

use crate::api::{self, Code, DisableJobOption, JobState, OnAllTasksComplete, TaskCounts, Timestamp};

/// What somebody wants of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    AddTasks,
    Update,
    ChangePool,
    Enable,
    Disable,
    Terminate,
    Delete,
}

/// Why the wish is refused in this state; the portal's buttons say the same.
pub fn refusal(state: JobState, wish: Wish) -> Option<Code> {
    use JobState as S;
    match (wish, state) {
        (Wish::Delete, S::Deleting) | (_, S::Deleting) => Some(Code::JobBeingDeleted),
        (Wish::Delete, _) => None,
        (_, S::Completed) => Some(Code::JobCompleted),
        (Wish::Terminate, S::Terminating) => Some(Code::JobBeingTerminated),
        (Wish::Terminate, S::Active | S::Disabling | S::Disabled | S::Enabling) => None,
        (_, S::Terminating) => Some(Code::JobBeingTerminated),
        (Wish::AddTasks | Wish::Update, S::Active | S::Disabling | S::Disabled | S::Enabling) => None,
        (Wish::ChangePool, S::Disabled) => None,
        (Wish::ChangePool, S::Active | S::Disabling | S::Enabling) => Some(Code::OperationInvalidForCurrentState),
        (Wish::Disable, S::Active | S::Disabling | S::Disabled) => None,
        (Wish::Disable, S::Enabling) => Some(Code::OperationInvalidForCurrentState),
        (Wish::Enable, S::Disabled | S::Disabling | S::Enabling) => None,
        (Wish::Enable, S::Active) => Some(Code::OperationInvalidForCurrentState),
    }
}

/// Whether tasks of a job in this state are given to nodes.
pub fn runs_tasks(state: JobState) -> bool {
    state == JobState::Active
}

/// What a job does by itself, as its tasks come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for now.
    Stay,
    BecomeDisabled,
    BecomeActive,
    BecomeCompleted,
    /// Terminate, for this reason.
    Terminate(&'static str),
    /// End or requeue what runs.
    EndRunning(EndRunning),
    /// Send the release task to nodes that need it.
    Release,
    Vanish,
    /// End what runs, and complete or vanish without waiting for it.
    CompleteByForce,
    VanishByForce,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndRunning {
    Requeue,
    Terminate,
}

/// How far the release of the job's nodes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Releases {
    /// Nothing is left to release.
    Done,
    /// Release tasks run, or wait for their nodes to come back.
    Pending,
    /// At least one can be sent.
    ToBegin,
}

/// What a reconciler must know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub state: JobState,
    pub counts: TaskCounts,
    /// Tasks that nodes have, begun or not, and preparation tasks.
    pub n_on_nodes: i64,
    pub releases: Releases,
    /// Nodes are not waited for.
    pub forced: bool,
    pub disable_tasks: DisableJobOption,
    pub on_all_tasks_complete: OnAllTasksComplete,
    pub deadline: Option<Timestamp>,
}

/// The next step of a job by itself.
pub fn next_step(job: &View, now: Timestamp) -> Step {
    match job.state {
        JobState::Active | JobState::Disabled | JobState::Disabling | JobState::Enabling
            if job.deadline.is_some_and(|deadline| now >= deadline) =>
        {
            Step::Terminate("MaxWallClockTimeExpiry")
        }
        JobState::Active if job.on_all_tasks_complete == OnAllTasksComplete::TerminateJob && is_done(&job.counts) => {
            Step::Terminate("AllTasksComplete")
        }
        JobState::Active | JobState::Disabled | JobState::Completed => Step::Stay,
        JobState::Enabling => Step::BecomeActive,
        JobState::Disabling if job.n_on_nodes == 0 => Step::BecomeDisabled,
        JobState::Disabling => match job.disable_tasks {
            DisableJobOption::Requeue => Step::EndRunning(EndRunning::Requeue),
            DisableJobOption::Terminate => Step::EndRunning(EndRunning::Terminate),
            DisableJobOption::Wait => Step::Stay,
        },
        JobState::Terminating if job.forced => Step::CompleteByForce,
        JobState::Deleting if job.forced => Step::VanishByForce,
        JobState::Terminating if job.n_on_nodes == 0 => released(job.releases, Step::BecomeCompleted),
        JobState::Terminating => Step::EndRunning(EndRunning::Terminate),
        JobState::Deleting if job.n_on_nodes == 0 => released(job.releases, Step::Vanish),
        JobState::Deleting => Step::EndRunning(EndRunning::Terminate),
    }
}

/// What comes when the nodes are released.
fn released(releases: Releases, then: Step) -> Step {
    match releases {
        Releases::Done => then,
        Releases::Pending => Step::Stay,
        Releases::ToBegin => Step::Release,
    }
}

/// A job without tasks counts as done. Source: jobs, `onAllTasksComplete`.
fn is_done(counts: &TaskCounts) -> bool {
    counts.active == 0 && counts.running == 0
}

/// Why `onAllTasksComplete` cannot be changed so: it never goes back to doing nothing.
pub fn on_all_tasks_complete_refusal(from: OnAllTasksComplete, to: OnAllTasksComplete) -> Option<api::Error> {
    (from == OnAllTasksComplete::TerminateJob && to == OnAllTasksComplete::NoAction).then(|| {
        api::Error::invalid_property("onAllTasksComplete", "noaction", "it cannot be changed back from terminatejob")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_refused_with_batchs_codes() {
        use Code as C;
        use JobState as S;
        use Wish as W;
        let check = |wish, state, expected| assert_eq!(refusal(state, wish), expected, "{wish:?} {state}");
        check(W::AddTasks, S::Active, None);
        check(W::AddTasks, S::Disabled, None);
        check(W::AddTasks, S::Terminating, Some(C::JobBeingTerminated));
        check(W::AddTasks, S::Completed, Some(C::JobCompleted));
        check(W::AddTasks, S::Deleting, Some(C::JobBeingDeleted));
        check(W::Disable, S::Disabled, None);
        check(W::Disable, S::Enabling, Some(C::OperationInvalidForCurrentState));
        check(W::Enable, S::Active, Some(C::OperationInvalidForCurrentState));
        check(W::Enable, S::Disabled, None);
        check(W::Terminate, S::Disabled, None);
        check(W::Terminate, S::Completed, Some(C::JobCompleted));
        check(W::Delete, S::Completed, None);
        check(W::ChangePool, S::Active, Some(C::OperationInvalidForCurrentState));
    }

    fn view(state: JobState, on_nodes: i64) -> View {
        View {
            state,
            counts: TaskCounts { active: 3, ..Default::default() },
            n_on_nodes: on_nodes,
            releases: Releases::Done,
            forced: false,
            disable_tasks: DisableJobOption::Requeue,
            on_all_tasks_complete: OnAllTasksComplete::NoAction,
            deadline: None,
        }
    }

    #[test]
    fn a_job_goes_on_by_itself_when_its_tasks_have_ended() {
        let now = Timestamp::from_secs(10);
        let check = |view: View, expected| assert_eq!(next_step(&view, now), expected, "{view:?}");
        check(view(JobState::Disabling, 1), Step::EndRunning(EndRunning::Requeue));
        check(View { disable_tasks: DisableJobOption::Wait, ..view(JobState::Disabling, 1) }, Step::Stay);
        check(view(JobState::Disabling, 0), Step::BecomeDisabled);
        check(view(JobState::Terminating, 1), Step::EndRunning(EndRunning::Terminate));
        check(view(JobState::Terminating, 0), Step::BecomeCompleted);
        check(view(JobState::Deleting, 0), Step::Vanish);
        check(View { releases: Releases::ToBegin, ..view(JobState::Terminating, 0) }, Step::Release);
        check(View { releases: Releases::Pending, ..view(JobState::Terminating, 0) }, Step::Stay);
        check(View { releases: Releases::ToBegin, ..view(JobState::Deleting, 0) }, Step::Release);
        check(View { forced: true, ..view(JobState::Terminating, 2) }, Step::CompleteByForce);
        check(View { forced: true, ..view(JobState::Deleting, 2) }, Step::VanishByForce);
        let running = View { releases: Releases::ToBegin, ..view(JobState::Terminating, 1) };
        check(running, Step::EndRunning(EndRunning::Terminate));
        check(view(JobState::Active, 0), Step::Stay);
        let ends = View { on_all_tasks_complete: OnAllTasksComplete::TerminateJob, ..view(JobState::Active, 0) };
        check(ends, Step::Stay);
        check(View { counts: TaskCounts::default(), ..ends }, Step::Terminate("AllTasksComplete"));
        check(View { deadline: Some(now), ..view(JobState::Disabled, 0) }, Step::Terminate("MaxWallClockTimeExpiry"));
        check(View { deadline: Some(now), ..view(JobState::Terminating, 0) }, Step::BecomeCompleted);
    }
}
