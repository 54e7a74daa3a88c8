//! Why a run failed, in Batch's codes.

use std::io;

use crate::api::{Duration, ErrorCategory, TaskFailureInformation};

fn user_error(code: &str, message: String) -> TaskFailureInformation {
    TaskFailureInformation {
        category: ErrorCategory::UserError,
        code: code.to_owned(),
        message: Some(message),
        details: Vec::new(),
    }
}

pub fn program_not_found(program: &str) -> TaskFailureInformation {
    user_error("CommandProgramNotFound", format!("The program {program:?} was not found on the node."))
}

pub fn launch_failed(reason: &str) -> TaskFailureInformation {
    user_error("CommandLaunchFailed", format!("The command line could not be run: {reason}."))
}

pub fn not_elevated() -> TaskFailureInformation {
    launch_failed("the operator of this node does not allow tasks with the elevation level admin")
}

/// The task's folder could not be made.
pub fn no_directory(error: &io::Error) -> TaskFailureInformation {
    if error.kind() == io::ErrorKind::StorageFull {
        return user_error("DiskFull", "The node's disk is full: the task's folder could not be made.".to_owned());
    }
    launch_failed(&format!("making the task's folder: {error}"))
}

/// None for success.
pub fn of_exit_code(code: i32) -> Option<TaskFailureInformation> {
    let message = match code {
        0 => return None,
        129..=192 => format!("The task was ended by signal {} (exit code {code}).", code - 128),
        _ => format!("The task ended with exit code {code}."),
    };
    Some(user_error("FailureExitCode", message))
}

pub fn ran_too_long(limit: Duration) -> TaskFailureInformation {
    user_error("TaskEnded", format!("The task ran for longer than its maxWallClockTime of {limit} and was ended."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_but_zero_is_a_failure() {
        assert_eq!(of_exit_code(0), None);
        assert_eq!(of_exit_code(3).unwrap().code, "FailureExitCode");
        assert_eq!(of_exit_code(137).unwrap().message.unwrap(), "The task was ended by signal 9 (exit code 137).");
    }

    #[test]
    fn the_limit_is_named() {
        assert!(ran_too_long(Duration::from_secs(90)).message.unwrap().contains("PT1M30S"));
    }
}
