//! Tasks that run on several nodes at once. The task itself is instance 0, the primary; the others are its subtasks.
//!
//! ```text
//! every instance:  common files ──▶ coordination command ──▶ ready
//! when all are ready, the primary:  its own files ──▶ the task's command
//! ```
//!
//! All nodes are taken at once and hold one attempt, with one number. The task ends with its primary, whatever subtasks do then;
//! a subtask that fails before ends the task as its own failure would; a lost instance brings the whole task back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::api::agent::Instance;
use crate::api::{MultiInstanceSettings, SubtaskState, TaskFailureInformation, Timestamp};

/// The instance is in the upper bits of an attempt's task key; tasks are numbered below.
const INSTANCE_SHIFT: u32 = 44;
/// Chosen here: more instances than a pool has nodes wait for ever anyway.
pub const MOST_INSTANCES: i32 = 1000;

/// The task's key in the attempt of an instance: the task's own for the primary.
pub fn attempt_key(task: i64, instance: i32) -> i64 {
    task | i64::from(instance) << INSTANCE_SHIFT
}

/// Task and instance of an attempt's key; 0 for all but subtasks.
pub fn of_attempt(key: i64) -> (i64, i32) {
    if key < 0 {
        return (key, 0);
    }
    (key & ((1 << INSTANCE_SHIFT) - 1), i32::try_from(key >> INSTANCE_SHIFT).unwrap_or(0))
}

pub fn n_instances(settings: &MultiInstanceSettings) -> i32 {
    settings.number_of_instances.unwrap_or(1).max(1)
}

/// A subtask's folder, below the primary's. Source: multi-instance tasks, environment variables.
pub fn directory(task_directory: &str, instance: i32) -> String {
    if instance == 0 { task_directory.to_owned() } else { format!("{task_directory}/{instance}") }
}

/// A subtask as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subtask {
    /// From 1.
    pub id: i32,
    pub attempt: i64,
    pub node_key: i64,
    pub node: String,
    pub pool: String,
    pub state: SubtaskState,
    pub since: Timestamp,
    pub previous: Option<(SubtaskState, Timestamp)>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub exit_code: Option<i32>,
    pub failure: Option<TaskFailureInformation>,
}

impl Subtask {
    pub fn new(id: i32, attempt: i64, node_key: i64, (pool, node): (&str, &str), now: Timestamp) -> Subtask {
        Subtask {
            id,
            attempt,
            node_key,
            node: node.to_owned(),
            pool: pool.to_owned(),
            state: SubtaskState::Preparing,
            since: now,
            previous: None,
            started: None,
            ended: None,
            exit_code: None,
            failure: None,
        }
    }

    fn enter(&mut self, state: SubtaskState, now: Timestamp) {
        self.previous = Some((self.state, self.since));
        (self.state, self.since) = (state, now);
    }

    /// It began; false when that is known.
    pub fn starts(&mut self, at: Timestamp, now: Timestamp) -> bool {
        let is_new = self.state == SubtaskState::Preparing;
        if is_new {
            self.started = Some(at);
            self.enter(SubtaskState::Running, now);
        }
        is_new
    }

    /// It ended, with the exit code of its coordination command where that ended; false when that is known.
    pub fn ends(
        &mut self,
        exit: Option<i32>,
        failure: Option<TaskFailureInformation>,
        at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let is_new = self.state != SubtaskState::Completed;
        if is_new {
            (self.ended, self.exit_code, self.failure) = (Some(at), exit, failure);
            self.enter(SubtaskState::Completed, now);
        }
        is_new
    }
}

/// Why the whole task failed when a subtask did.
pub fn failure_of_subtask(id: i32, node: &str, cause: TaskFailureInformation) -> TaskFailureInformation {
    let message = cause.message.unwrap_or_default();
    TaskFailureInformation { message: Some(format!("Subtask {id} on node {node} failed. {message}")), ..cause }
}

/// What an instance is told of itself and the others; `addresses` and `cores` in the order of instances.
pub fn instance(
    settings: &MultiInstanceSettings,
    id: i32,
    (task, attempt): (i64, i64),
    task_directory: &str,
    addresses: Vec<String>,
    cores: i64,
) -> Instance {
    // For the program to listen on; nothing listens there by itself. Tasks that share a machine get different ones.
    let port = 20_000 + (task * 31 + attempt).rem_euclid(10_000);
    Instance {
        id,
        shared_directory: task_directory.to_owned(),
        master: format!("{}:{port}", addresses.first().map_or("", String::as_str)),
        addresses,
        cores,
        coordination_command_line: settings.coordination_command_line.clone(),
        common_resource_files: settings.common_resource_files.clone().unwrap_or_default(),
    }
}

/// The coordination commands of a task's live attempt that have ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gang {
    pub attempt: i64,
    /// In the order of instances.
    pub nodes: Vec<i64>,
    ready: BTreeSet<i32>,
}

impl Gang {
    pub fn new(attempt: i64, nodes: Vec<i64>) -> Gang {
        Gang { attempt, nodes, ready: BTreeSet::new() }
    }

    /// Goes on with this attempt; what was known of an earlier one is forgotten.
    pub fn take_over(&mut self, attempt: i64, nodes: Vec<i64>) {
        if self.attempt != attempt {
            *self = Gang::new(attempt, nodes);
        }
    }

    /// An instance is ready; true when all are, also when it was said before.
    pub fn is_ready(&mut self, instance: i32, attempt: i64) -> bool {
        if attempt == self.attempt {
            self.ready.insert(instance);
        }
        self.ready.len() == self.nodes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(9);

    #[test]
    fn keys_of_instances_go_there_and_back() {
        for (task, instance) in [(1, 0), (1, 1), (123_456_789, 999), ((1 << 44) - 1, MOST_INSTANCES)] {
            assert_eq!(of_attempt(attempt_key(task, instance)), (task, instance));
        }
        assert_eq!(attempt_key(7, 0), 7);
        assert_eq!(of_attempt(-4), (-4, 0), "preparation and release tasks are none");
    }

    #[test]
    fn a_subtask_ends_once() {
        let mut subtask = Subtask::new(1, 1, 5, ("p", "n"), NOW);
        assert!(subtask.starts(NOW, NOW) && !subtask.starts(NOW, NOW));
        assert!(subtask.ends(Some(3), None, NOW, NOW) && !subtask.ends(Some(0), None, NOW, NOW));
        assert_eq!((subtask.exit_code, subtask.previous), (Some(3), Some((SubtaskState::Running, NOW))));
    }

    #[test]
    fn the_command_may_begin_when_all_are_ready() {
        let mut gang = Gang::new(2, vec![7, 8]);
        assert!(!gang.is_ready(0, 2) && !gang.is_ready(0, 2));
        assert!(!gang.is_ready(1, 1), "of an older attempt");
        assert!(gang.is_ready(1, 2));
    }

    #[test]
    fn instances_know_all_addresses_and_the_masters_port() {
        let settings = MultiInstanceSettings { coordination_command_line: "x".into(), ..Default::default() };
        let told = instance(&settings, 1, (5, 1), "workitems/j/job-1/t", vec!["10.0.0.1".into(), "10.0.0.2".into()], 4);
        assert_eq!((told.id, told.master.as_str(), told.addresses.len()), (1, "10.0.0.1:20156", 2));
        assert_eq!(directory("workitems/j/job-1/t", 2), "workitems/j/job-1/t/2");
        assert_eq!(directory("workitems/j/job-1/t", 0), "workitems/j/job-1/t");
    }
}
