//! Why a task waits.

use serde::{Deserialize, Serialize};

use crate::api::JobState;
use crate::api::shared::wire_enum;

wire_enum! {
    /// How a dependency holds a task up.
    Blocking {
        /// There is no such task yet.
        Missing = "missing",
        /// It has not ended.
        Unfinished = "unfinished",
        /// It ended so that its dependents wait for ever.
        Failed = "failed",
    }
}

/// Why a task that is active does not run yet, and what can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "reason")]
pub enum Waiting {
    /// The task is sent to a node or will be within moments.
    AboutToStart,
    JobNotActive {
        state: JobState,
    },
    /// Another task of the job must end well first.
    DependsOn {
        task_id: String,
        blocking: Blocking,
        /// How many tasks and ranges of tasks it waits for beside this one.
        n_others: i64,
    },
    PoolNotFound {
        pool_id: String,
    },
    PoolBeingDeleted {
        pool_id: String,
    },
    /// The pool has no nodes and none are asked for.
    PoolIsEmpty {
        pool_id: String,
    },
    /// Nodes are on their way.
    NodesStarting {
        pool_id: String,
        n_nodes: i64,
    },
    /// No node of the pool can run tasks.
    NoUsableNode {
        pool_id: String,
        n_broken: i64,
    },
    /// The nodes of the pool take no tasks by a user's word: their scheduling is disabled, or they are deallocated.
    NodesTakeNoTasks {
        pool_id: String,
        n_nodes: i64,
    },
    /// The job's preparation task failed on every node that could run the task.
    PreparationFailed {
        pool_id: String,
        n_nodes: i64,
    },
    /// The task must be alone on its node, and no node is empty.
    NeedsEmptyNode {
        pool_id: String,
    },
    /// The task must not run on a low-priority node, and there is no other.
    NeedsDedicatedNode {
        pool_id: String,
    },
    /// The task needs more slots than any node of the pool has: it can never run there.
    NeedsMoreSlots {
        required: i32,
        slots_per_node: i32,
    },
    /// All slots are taken.
    AllSlotsBusy {
        pool_id: String,
        total_slots: i64,
        n_ahead: i64,
    },
    /// The job runs as many tasks as it may.
    JobAtItsLimit {
        max_parallel_tasks: i32,
    },
    /// The resize fell short of its target.
    ResizeFailed {
        pool_id: String,
        code: String,
    },
}
