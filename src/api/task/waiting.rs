//! Why a task, a job or a pool makes no progress.

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

/// What the portal is told: the reason with all that its sentence needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyWaiting {
    /// Absent when nothing holds it up.
    pub waiting: Option<Waiting>,
    /// The task that the reason is about: of a job the first that waits.
    pub task_id: Option<String>,
    /// The pool's size is its formula's, so nobody can resize it.
    pub is_auto_scaled: bool,
}

/// Why a task, a job or a pool makes no progress, and what helps. Fournil's own: Azure has no such answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaitingExplanation {
    /// A word for programs, such as `poolIsEmpty`; absent when nothing holds it up. New ones may come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The task that the reason is about: of a job the first that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The reason in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// What can be done about it; absent where it goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// Why it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Its job keeps the order of its tasks, and this one comes first.
    InOrder {
        task_id: String,
    },
    PoolNotFound {
        pool_id: String,
    },
    /// The pool that was made for the job has been deleted.
    AutoPoolGone {
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
    /// Nodes leave the pool when their tasks have ended, or when the files of those have been kept for their time.
    NodesLeaving {
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
    /// Job managers that must be alone on their nodes have all nodes of the pool. One may wait for the very tasks that wait
    /// for its node.
    HeldByManager {
        pool_id: String,
        job_id: String,
        task_id: String,
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
    /// The task runs on several nodes, and the pool's nodes may not talk to each other: it can never run there.
    NeedsInterNodeCommunication {
        pool_id: String,
    },
    /// The task runs on several nodes, and the pool's have more than one slot: it can never run there.
    NeedsOneSlotNodes {
        pool_id: String,
        slots_per_node: i32,
    },
    /// The task needs more nodes than the pool has.
    NeedsMoreNodes {
        pool_id: String,
        required: i32,
        n_nodes: i64,
    },
    /// The task needs so many nodes at once, and fewer are free; those that become free are kept for it.
    NeedsFreeNodes {
        pool_id: String,
        required: i32,
        n_free: i64,
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
    /// The job has no tasks yet.
    NoTasks,
    /// All tasks of the job have ended, and it does not end with them.
    AllTasksEnded,
    /// The job waits for its running tasks to end.
    TasksRunning {
        state: JobState,
        n_tasks: i64,
    },
    /// The job waits for its release tasks, or for nodes to come back that must run them.
    Releasing {
        state: JobState,
    },
}

impl Waiting {
    /// The word for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Waiting::AboutToStart => "aboutToStart",
            Waiting::JobNotActive { .. } => "jobNotActive",
            Waiting::DependsOn { .. } => "dependsOn",
            Waiting::InOrder { .. } => "inOrder",
            Waiting::PoolNotFound { .. } => "poolNotFound",
            Waiting::AutoPoolGone { .. } => "autoPoolGone",
            Waiting::PoolBeingDeleted { .. } => "poolBeingDeleted",
            Waiting::PoolIsEmpty { .. } => "poolIsEmpty",
            Waiting::NodesStarting { .. } => "nodesStarting",
            Waiting::NodesLeaving { .. } => "nodesLeaving",
            Waiting::NoUsableNode { .. } => "noUsableNode",
            Waiting::NodesTakeNoTasks { .. } => "nodesTakeNoTasks",
            Waiting::PreparationFailed { .. } => "preparationFailed",
            Waiting::HeldByManager { .. } => "heldByManager",
            Waiting::NeedsEmptyNode { .. } => "needsEmptyNode",
            Waiting::NeedsDedicatedNode { .. } => "needsDedicatedNode",
            Waiting::NeedsMoreSlots { .. } => "needsMoreSlots",
            Waiting::NeedsInterNodeCommunication { .. } => "needsInterNodeCommunication",
            Waiting::NeedsOneSlotNodes { .. } => "needsOneSlotNodes",
            Waiting::NeedsMoreNodes { .. } => "needsMoreNodes",
            Waiting::NeedsFreeNodes { .. } => "needsFreeNodes",
            Waiting::AllSlotsBusy { .. } => "allSlotsBusy",
            Waiting::JobAtItsLimit { .. } => "jobAtItsLimit",
            Waiting::ResizeFailed { .. } => "resizeFailed",
            Waiting::NoTasks => "noTasks",
            Waiting::AllTasksEnded => "allTasksEnded",
            Waiting::TasksRunning { .. } => "tasksRunning",
            Waiting::Releasing { .. } => "releasing",
        }
    }
}
