//! What follows from the end of a task, for its job and for the tasks that depend on it. A table, not a state machine: the
//! task has ended for good, its retries are used up.

use super::task::DEPENDENCY_FAILED;
use crate::api::{DependencyAction, ExitConditions, ExitOptions, JobAction, TaskFailureInformation};

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its command ended by itself, or was ended at its time limit.
    Exit(i32),
    /// The same, and then its output files could not be uploaded.
    UploadFailed(i32),
    /// Its command was never started.
    NotStarted,
    /// Somebody ended it, whatever its command was doing; or what it depends on failed.
    Ended,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    pub dependents: DependencyAction,
    pub job: JobAction,
}

/// The way in which a completed task ended.
pub fn end(exit_code: Option<i32>, failure: Option<&TaskFailureInformation>) -> End {
    match (exit_code, failure) {
        (Some(code), Some(failure)) if failure.code.starts_with("FileUpload") => End::UploadFailed(code),
        (Some(code), _) => End::Exit(code),
        (None, Some(failure)) if matches!(&*failure.code, "TaskEnded" | DEPENDENCY_FAILED) => End::Ended,
        (None, _) => End::NotStarted,
    }
}

/// The consequence of an end. The first condition that fits counts: the exit code alone, a range of codes, an error before
/// the command or in uploading its files, and last the default, which does not fit exit code 0.
/// Source: tasks, `exitConditions` and `exitOptions`. Batch does not say which of two ranges counts: the first, here.
///
/// Chosen here: who ends a task by hand is not its failure. Then the job goes on unless `default` names a job action itself.
pub fn consequence(conditions: Option<&ExitConditions>, end: End) -> Consequence {
    let options = conditions.and_then(|conditions| options(conditions, end));
    let usual = match end {
        End::Exit(0) => Consequence { dependents: DependencyAction::Satisfy, job: JobAction::None },
        End::Exit(_) | End::UploadFailed(_) | End::NotStarted => {
            Consequence { dependents: DependencyAction::Block, job: JobAction::Terminate }
        }
        End::Ended => Consequence { dependents: DependencyAction::Block, job: JobAction::None },
    };
    Consequence {
        dependents: options.and_then(|options| options.dependency_action).unwrap_or(usual.dependents),
        job: options.and_then(|options| options.job_action).unwrap_or(usual.job),
    }
}

fn options(conditions: &ExitConditions, end: End) -> Option<&ExitOptions> {
    let default = conditions.default.as_ref();
    let of_code = |code: i32| {
        let alone = conditions.exit_codes.iter().find(|m| m.code == code).map(|m| &m.exit_options);
        let in_range = || conditions.exit_code_ranges.iter().find(|m| (m.start..=m.end).contains(&code));
        alone.or_else(|| in_range().map(|m| &m.exit_options))
    };
    match end {
        End::Exit(code) => of_code(code).or(default.filter(|_| code != 0)),
        End::UploadFailed(code) => of_code(code).or(conditions.file_upload_error.as_ref()).or(default),
        End::NotStarted => conditions.pre_processing_error.as_ref().or(default),
        End::Ended => default,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::{ErrorCategory, ExitCodeMapping, ExitCodeRangeMapping};
    use DependencyAction::{Block, Satisfy};

    fn options(job: Option<JobAction>, dependents: Option<DependencyAction>) -> ExitOptions {
        ExitOptions { job_action: job, dependency_action: dependents }
    }

    /// Codes 0 and 3 alone, 3 to 9 as a range, and the rest.
    fn conditions() -> ExitConditions {
        ExitConditions {
            exit_codes: vec![
                ExitCodeMapping { code: 0, exit_options: options(Some(JobAction::Disable), Some(Block)) },
                ExitCodeMapping { code: 3, exit_options: options(None, Some(Satisfy)) },
            ],
            exit_code_ranges: vec![
                ExitCodeRangeMapping { start: 3, end: 9, exit_options: options(Some(JobAction::None), None) },
                ExitCodeRangeMapping { start: 9, end: 12, exit_options: options(Some(JobAction::Disable), None) },
            ],
            pre_processing_error: Some(options(Some(JobAction::Disable), Some(Satisfy))),
            file_upload_error: None,
            default: Some(options(Some(JobAction::None), Some(Satisfy))),
        }
    }

    #[test]
    fn the_first_condition_that_fits_counts() {
        let all = conditions();
        let check = |conditions: Option<&ExitConditions>, end, dependents, job| {
            assert_eq!(consequence(conditions, end), Consequence { dependents, job }, "{end:?}");
        };
        let some = Some(&all);
        check(some, End::Exit(0), Block, JobAction::Disable);
        check(some, End::Exit(3), Satisfy, JobAction::Terminate);
        check(some, End::Exit(4), Block, JobAction::None);
        check(some, End::Exit(9), Block, JobAction::None);
        check(some, End::Exit(10), Block, JobAction::Disable);
        check(some, End::Exit(13), Satisfy, JobAction::None);
        check(some, End::Exit(-1), Satisfy, JobAction::None);
        check(some, End::NotStarted, Satisfy, JobAction::Disable);
        check(some, End::Ended, Satisfy, JobAction::None);
        let no_error = ExitConditions { pre_processing_error: None, ..conditions() };
        check(Some(&no_error), End::NotStarted, Satisfy, JobAction::None);
        let only_default = ExitConditions { default: Some(options(None, Some(Satisfy))), ..Default::default() };
        check(Some(&only_default), End::Exit(0), Satisfy, JobAction::None);
        check(Some(&only_default), End::Exit(1), Satisfy, JobAction::Terminate);
        check(some, End::UploadFailed(3), Satisfy, JobAction::Terminate);
        check(some, End::UploadFailed(20), Satisfy, JobAction::None);
        let upload = ExitConditions { file_upload_error: Some(options(None, Some(Block))), ..conditions() };
        check(Some(&upload), End::UploadFailed(20), Block, JobAction::Terminate);
        check(None, End::UploadFailed(0), Block, JobAction::Terminate);
        check(None, End::Exit(0), Satisfy, JobAction::None);
        check(None, End::Exit(1), Block, JobAction::Terminate);
        check(None, End::NotStarted, Block, JobAction::Terminate);
        check(None, End::Ended, Block, JobAction::None);
    }

    #[test]
    fn the_way_of_the_end_is_read_from_code_and_failure() {
        let failure = |code: &str| TaskFailureInformation {
            category: ErrorCategory::UserError,
            code: code.into(),
            message: None,
            details: Vec::new(),
        };
        assert_eq!(end(Some(0), None), End::Exit(0));
        assert_eq!(end(Some(2), Some(&failure("FailureExitCode"))), End::Exit(2));
        // Ended at its time limit: its command had a code all the same.
        assert_eq!(end(Some(143), Some(&failure("TaskEnded"))), End::Exit(143));
        assert_eq!(end(Some(0), Some(&failure("FileUploadMiscError"))), End::UploadFailed(0));
        assert_eq!(end(None, Some(&failure("TaskEnded"))), End::Ended);
        assert_eq!(end(None, Some(&failure(DEPENDENCY_FAILED))), End::Ended);
        assert_eq!(end(None, Some(&failure("CommandProgramNotFound"))), End::NotStarted);
    }

    proptest! {
        #[test]
        fn success_satisfies_and_leaves_the_job_alone_unless_its_code_is_named(code in 1i32..20, start in 1i32..20, end_ in 1i32..20) {
            let listed = ExitConditions {
                exit_codes: vec![ExitCodeMapping { code, exit_options: options(Some(JobAction::Disable), Some(Block)) }],
                exit_code_ranges: vec![ExitCodeRangeMapping { start, end: end_, exit_options: options(Some(JobAction::Disable), Some(Block)) }],
                ..conditions()
            };
            let expected = Consequence { dependents: Satisfy, job: JobAction::None };
            prop_assert_eq!(consequence(Some(&listed), End::Exit(0)), expected);
        }
    }
}
