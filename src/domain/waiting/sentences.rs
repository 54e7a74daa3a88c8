//! The reasons in words, for programs and their logs; the portal says them in its users' languages.

use crate::api::{Blocking, Waiting, WaitingExplanation, WhyWaiting};

/// What REST answers.
pub fn explanation(why: WhyWaiting) -> WaitingExplanation {
    let Some(waiting) = &why.waiting else { return WaitingExplanation::default() };
    WaitingExplanation {
        reason: Some(waiting.name().to_owned()),
        explanation: Some(sentence(waiting)),
        action: action(waiting, why.is_auto_scaled).map(str::to_owned),
        task_id: why.task_id,
    }
}

fn sentence(waiting: &Waiting) -> String {
    match waiting {
        Waiting::AboutToStart => "The task is about to start.".to_owned(),
        Waiting::JobNotActive { state } => format!("The job is {state}."),
        Waiting::DependsOn { task_id, blocking, n_others } => {
            let what = match blocking {
                Blocking::Missing => "which does not exist yet",
                Blocking::Unfinished => "which has not ended yet",
                Blocking::Failed => "which failed",
            };
            let others = if *n_others > 0 { format!(", and on {n_others} more") } else { String::new() };
            format!("The task depends on task {task_id}, {what}{others}.")
        }
        Waiting::InOrder { task_id } => {
            format!("The job keeps the order of its tasks, and task {task_id} comes first.")
        }
        Waiting::PoolNotFound { pool_id } => format!("The pool {pool_id} does not exist."),
        Waiting::AutoPoolGone { pool_id } => {
            format!("The pool {pool_id}, which was made for the job, has been deleted.")
        }
        Waiting::PoolBeingDeleted { pool_id } => format!("The pool {pool_id} is being deleted."),
        Waiting::PoolIsEmpty { pool_id } => format!("The pool {pool_id} has no nodes and none are asked for."),
        Waiting::NodesStarting { n_nodes, pool_id } => format!("{n_nodes} nodes of the pool {pool_id} are starting."),
        Waiting::NodesLeaving { n_nodes, pool_id } => {
            format!(
                "{n_nodes} nodes leave the pool {pool_id} when their tasks have ended and what is to be kept was kept."
            )
        }
        Waiting::NoUsableNode { n_broken, pool_id } => {
            format!("No node of the pool {pool_id} can run tasks: {n_broken} failed.")
        }
        Waiting::NodesTakeNoTasks { n_nodes, pool_id } => {
            format!("{n_nodes} nodes of the pool {pool_id} are deallocated, or their scheduling is disabled.")
        }
        Waiting::PreparationFailed { n_nodes, pool_id } => {
            format!("The job's preparation task failed on all {n_nodes} nodes of the pool {pool_id}.")
        }
        Waiting::HeldByManager { pool_id, job_id, task_id, n_nodes } => format!(
            "All {n_nodes} nodes of the pool {pool_id} are held by job managers that must be alone there, such as task \
             {task_id} of job {job_id}. If that one waits for its own tasks, none of them will ever run."
        ),
        Waiting::NeedsEmptyNode { .. } => "The task must be alone on its node, and no node is empty.".to_owned(),
        Waiting::NeedsDedicatedNode { .. } => {
            "The task must not run on a low-priority node, and there is no dedicated one.".to_owned()
        }
        Waiting::NeedsMoreSlots { required, slots_per_node } => {
            format!(
                "The task needs {required} slots, and a node of the pool has {slots_per_node}: it can never run there."
            )
        }
        Waiting::NeedsInterNodeCommunication { pool_id } => format!(
            "The task runs on several nodes, and those of the pool {pool_id} may not communicate with each other."
        ),
        Waiting::NeedsOneSlotNodes { slots_per_node, .. } => format!(
            "The task runs on several nodes, and those of its pool have {slots_per_node} slots each instead of one."
        ),
        Waiting::NeedsMoreNodes { required, n_nodes, .. } => {
            format!("The task needs {required} nodes at once, and its pool has {n_nodes}.")
        }
        Waiting::NeedsFreeNodes { required, n_free, .. } => format!(
            "The task needs {required} nodes at once, and {n_free} are free. Nodes that become free are kept for it."
        ),
        Waiting::AllSlotsBusy { total_slots, n_ahead, .. } => {
            format!("All {total_slots} slots of the pool are taken; {n_ahead} tasks of the job wait beside this one.")
        }
        Waiting::JobAtItsLimit { max_parallel_tasks } => {
            format!("The job runs as many tasks at a time as it may: {max_parallel_tasks}.")
        }
        Waiting::ResizeFailed { pool_id, code } => {
            format!("The pool {pool_id} did not get the nodes that it asked for: {code}.")
        }
        Waiting::NoTasks => "The job has no tasks.".to_owned(),
        Waiting::AllTasksEnded => "All tasks of the job have ended, and it does not end with them.".to_owned(),
        Waiting::TasksRunning { state, n_tasks } => {
            format!("The job is {state} until its {n_tasks} running tasks have ended.")
        }
        Waiting::Releasing { state } => format!("The job is {state} until its nodes are released."),
    }
}

/// With a formula nobody resizes the pool but the formula.
fn resize(is_auto_scaled: bool) -> &'static str {
    if is_auto_scaled {
        "Change the pool's autoscale formula, or turn autoscale off and resize the pool."
    } else {
        "Resize the pool."
    }
}

fn action(waiting: &Waiting, is_auto_scaled: bool) -> Option<&'static str> {
    match waiting {
        Waiting::AboutToStart | Waiting::NodesStarting { .. } => None,
        Waiting::JobNotActive { state } => match state {
            crate::api::JobState::Disabled | crate::api::JobState::Disabling => Some("Enable the job."),
            _ => Some("Add the task to another job."),
        },
        Waiting::DependsOn { blocking, .. } => match blocking {
            Blocking::Missing => Some("Add the task that is missing."),
            Blocking::Unfinished => None,
            Blocking::Failed => Some("Reactivate the task that failed, or terminate this one."),
        },
        Waiting::InOrder { .. } => Some("Wait for that task, or let the job give up the order of its tasks."),
        Waiting::PoolNotFound { .. } => Some("Add the pool, or disable the job and give it another pool."),
        Waiting::AutoPoolGone { .. } => Some("Terminate the job and add it again: a new job gets a new pool."),
        Waiting::PoolBeingDeleted { .. } => Some("Disable the job, give it another pool and enable it."),
        Waiting::PoolIsEmpty { .. } | Waiting::NeedsDedicatedNode { .. } | Waiting::NeedsEmptyNode { .. } => {
            Some(resize(is_auto_scaled))
        }
        Waiting::AllSlotsBusy { .. } | Waiting::NeedsMoreNodes { .. } | Waiting::NeedsFreeNodes { .. } => {
            Some(resize(is_auto_scaled))
        }
        Waiting::NeedsInterNodeCommunication { .. } => Some("Use a pool with enableInterNodeCommunication true."),
        Waiting::NeedsOneSlotNodes { .. } => Some("Use a pool with one slot on a node."),
        Waiting::NodesLeaving { .. } => {
            Some("End the tasks on these nodes, or remove the nodes with requeue or terminate.")
        }
        Waiting::NoUsableNode { .. } => Some("Look at the errors of the nodes, then reboot or replace them."),
        Waiting::NodesTakeNoTasks { .. } => Some("Enable the scheduling of the nodes, or start them."),
        Waiting::PreparationFailed { .. } => Some("Look at the output of the preparation task, then reboot the nodes."),
        Waiting::HeldByManager { .. } => Some("Give the pool another node, or make the job with runExclusive false."),
        Waiting::NeedsMoreSlots { .. } => {
            Some("Add the task with fewer slots, or use a pool with more slots on a node.")
        }
        Waiting::JobAtItsLimit { .. } => Some("Raise the job's maxParallelTasks."),
        Waiting::ResizeFailed { .. } => Some("Look at the pool's resize errors."),
        Waiting::NoTasks => Some("Add tasks to the job."),
        Waiting::AllTasksEnded => Some("Terminate the job, or set its onAllTasksComplete to terminatejob."),
        Waiting::TasksRunning { .. } => Some("Terminate the tasks that are not to be waited for."),
        Waiting::Releasing { .. } => Some("Terminate the job by force if its nodes do not come back."),
    }
}
