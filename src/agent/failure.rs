//! Why a run failed, in Batch's codes.

use std::io;

use super::groups::Hits;
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

/// Without its control group it would use more than it may.
pub fn no_group(error: &io::Error) -> TaskFailureInformation {
    launch_failed(&format!("making its control group: {error}"))
}

/// The container that a command was to run in is not possible. Source: Batch's error codes as users quote them.
pub fn of_container(reason: &str) -> TaskFailureInformation {
    user_error("ContainerInvalidSettings", format!("The task's container could not be made: {reason}."))
}

/// The container program has ended without having made one.
pub fn no_container(exit: i32) -> TaskFailureInformation {
    of_container(&format!("the container program ended with exit code {exit}, and stderr.txt has what it said"))
}

pub fn not_elevated() -> TaskFailureInformation {
    launch_failed("the operator of this node does not allow tasks with the elevation level admin")
}

/// The pool has changed since the task was added, or it is another one.
pub fn no_account(name: &str) -> TaskFailureInformation {
    user_error("UserAccountNotFound", format!("The pool has no user account with the name {name:?}."))
}

pub fn no_user_left() -> TaskFailureInformation {
    launch_failed("the node has no user id left for it")
}

/// The task's folder could not be made.
pub fn no_directory(error: &io::Error) -> TaskFailureInformation {
    if error.kind() == io::ErrorKind::StorageFull {
        return user_error("DiskFull", "The node's disk is full: the task's folder could not be made.".to_owned());
    }
    launch_failed(&format!("making the task's folder: {error}"))
}

/// The same failure, with what may well be the reason.
pub fn on_full_disk(mut failure: TaskFailureInformation) -> TaskFailureInformation {
    let message = failure.message.get_or_insert_default();
    message.push_str(" The node's disk was full at that time.");
    failure
}

/// None for success. A limit that was run into is named, for it is likely to be why; alone it is no failure.
pub fn of_exit(code: i32, hits: Hits) -> Option<TaskFailureInformation> {
    let mut failure = of_exit_code(code)?;
    let message = failure.message.get_or_insert_default();
    if let Some(bytes) = hits.memory {
        let mib = bytes >> 20;
        message
            .push_str(&format!(" It ran out of memory, and a process of it was killed: its slots give it {mib} MiB."));
    }
    if let Some(most) = hits.processes {
        message.push_str(&format!(" It could start no more processes: its slots give it {most}, threads included."));
    }
    Some(failure)
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
    fn limits_that_a_failed_task_ran_into_are_named() {
        let hits = Hits { memory: Some(32 << 20), processes: Some(7) };
        assert_eq!(of_exit(0, hits), None);
        let message = of_exit(137, hits).unwrap().message.unwrap();
        assert!(message.contains("32 MiB") && message.contains("give it 7"), "{message}");
        assert_eq!(of_exit(3, Hits::default()), of_exit_code(3));
    }

    #[test]
    fn the_limit_is_named() {
        assert!(ran_too_long(Duration::from_secs(90)).message.unwrap().contains("PT1M30S"));
    }
}
