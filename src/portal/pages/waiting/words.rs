//! A sentence and a way out for every reason.

use crate::api::{Blocking, JobState, NodeState, Waiting, WhyWaiting};
use crate::portal::i18n::{Msg, msg, t, tf, tn};
use crate::portal::pages::job::job_state;
use crate::portal::paths;

/// What to tell, and where a link helps on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub sentence: String,
    pub action: Option<(Msg, String)>,
}

/// Explains why a task, a job or a pool waits; nothing when nothing holds it up.
pub fn explain(why: &WhyWaiting, account: &str, job: &str) -> Option<Answer> {
    let WhyWaiting { waiting, task_id, is_auto_scaled } = why;
    let answer = words(waiting.as_ref()?, account, job, task_id.as_deref().unwrap_or_default(), *is_auto_scaled);
    Some(answer)
}

fn words(waiting: &Waiting, account: &str, job: &str, task: &str, is_auto_scaled: bool) -> Answer {
    let job_state = |state: JobState| t(job_state::label(state)).to_lowercase();
    // Nobody resizes a pool that its formula sizes.
    let more_nodes = |answer: Answer, pool: &str| match is_auto_scaled {
        true => answer.link(msg::TASK_WAIT_AUTO_SCALE, auto_scale(account, pool)),
        false => answer.link(msg::TASK_WAIT_RESIZE, resize(account, pool)),
    };
    match waiting {
        Waiting::AboutToStart => answer(t(msg::TASK_WAIT_ABOUT_TO_START)),
        Waiting::JobNotActive { state } => answer(tf(msg::TASK_WAIT_JOB_NOT_ACTIVE, &[("state", &job_state(*state))]))
            .link(msg::TASK_WAIT_SEE_JOB, paths::job(account, job)),
        Waiting::DependsOn { task_id, blocking, n_others } => {
            let sentence = match blocking {
                Blocking::Missing => msg::TASK_WAIT_DEPENDS_MISSING,
                Blocking::Unfinished => msg::TASK_WAIT_DEPENDS_UNFINISHED,
                Blocking::Failed => msg::TASK_WAIT_DEPENDS_FAILED,
            };
            let others = match n_others {
                0 => String::new(),
                n => format!(" {}", tn(msg::TASK_WAIT_DEPENDS_OTHERS_ONE, msg::TASK_WAIT_DEPENDS_OTHERS_OTHER, *n)),
            };
            let answer = answer(tf(sentence, &[("task", task_id)]) + &others);
            match blocking {
                Blocking::Missing => answer.link(msg::JOB_ADD_TASKS, paths::task_add(account, job)),
                Blocking::Unfinished | Blocking::Failed => {
                    answer.link(msg::TASK_WAIT_SEE_TASK, paths::task(account, job, task_id))
                }
            }
        }
        Waiting::PoolNotFound { pool_id } => answer(tf(msg::TASK_WAIT_POOL_NOT_FOUND, &[("pool", pool_id)]))
            .link(msg::TASK_WAIT_MAKE_POOL, paths::with_query(paths::pool_create(account), &[("id", pool_id)])),
        Waiting::AutoPoolGone { pool_id } => answer(tf(msg::TASK_WAIT_AUTO_POOL_GONE, &[("pool", pool_id)]))
            .link(msg::TASK_WAIT_SEE_JOB, paths::job(account, job)),
        Waiting::PoolBeingDeleted { pool_id } => answer(tf(msg::TASK_WAIT_POOL_DELETING, &[("pool", pool_id)]))
            .link(msg::TASK_WAIT_SEE_JOB, paths::job(account, job)),
        Waiting::PoolIsEmpty { pool_id } => {
            more_nodes(answer(tf(msg::TASK_WAIT_POOL_EMPTY, &[("pool", pool_id)])), pool_id)
        }
        Waiting::NodesStarting { pool_id, n_nodes } => {
            answer(tn(msg::TASK_WAIT_NODES_STARTING_ONE, msg::TASK_WAIT_NODES_STARTING_OTHER, *n_nodes))
                .link(msg::TASK_WAIT_SEE_NODES, paths::nodes(account, pool_id))
        }
        Waiting::NoUsableNode { pool_id, n_broken } => {
            answer(tn(msg::TASK_WAIT_NO_USABLE_NODE_ONE, msg::TASK_WAIT_NO_USABLE_NODE_OTHER, *n_broken)).link(
                msg::TASK_WAIT_SEE_BROKEN,
                paths::with_query(paths::nodes(account, pool_id), &[("state", &broken_states())]),
            )
        }
        Waiting::PreparationFailed { n_nodes, .. } => {
            answer(tn(msg::TASK_WAIT_PREPARATION_ONE, msg::TASK_WAIT_PREPARATION_OTHER, *n_nodes))
                .link(msg::TASK_WAIT_SEE_PREPARATION, paths::job_nodes(account, job))
        }
        Waiting::NeedsEmptyNode { pool_id } => more_nodes(answer(t(msg::TASK_WAIT_EMPTY_NODE)), pool_id),
        Waiting::NeedsDedicatedNode { pool_id } => more_nodes(answer(t(msg::TASK_WAIT_DEDICATED_NODE)), pool_id),
        Waiting::NodesTakeNoTasks { pool_id, n_nodes } => {
            answer(tn(msg::TASK_WAIT_NODES_CLOSED_ONE, msg::TASK_WAIT_NODES_CLOSED_OTHER, *n_nodes))
                .link(msg::TASK_WAIT_SEE_NODES, paths::nodes(account, pool_id))
        }
        Waiting::NeedsMoreSlots { required, slots_per_node } => answer(tf(
            msg::TASK_WAIT_MORE_SLOTS,
            &[("required", &required.to_string()), ("slots", &slots_per_node.to_string())],
        ))
        .link(msg::TASK_WAIT_CLONE, paths::with_query(paths::task_add(account, job), &[("clone", task)])),
        Waiting::NeedsInterNodeCommunication { pool_id } => answer(tf(msg::TASK_WAIT_INTER_NODE, &[("pool", pool_id)]))
            .link(msg::TASK_WAIT_SEE_POOL, paths::pool(account, pool_id)),
        Waiting::NeedsOneSlotNodes { pool_id, slots_per_node } => {
            answer(tf(msg::TASK_WAIT_ONE_SLOT, &[("slots", &slots_per_node.to_string())]))
                .link(msg::TASK_WAIT_SEE_POOL, paths::pool(account, pool_id))
        }
        Waiting::NeedsMoreNodes { pool_id, required, n_nodes } => more_nodes(
            answer(tf(
                msg::TASK_WAIT_MORE_NODES,
                &[("required", &required.to_string()), ("nodes", &n_nodes.to_string())],
            )),
            pool_id,
        ),
        Waiting::NeedsFreeNodes { pool_id, required, n_free } => {
            answer(tf(msg::TASK_WAIT_FREE_NODES, &[("required", &required.to_string()), ("free", &n_free.to_string())]))
                .link(msg::TASK_WAIT_SEE_NODES, paths::nodes(account, pool_id))
        }
        Waiting::AllSlotsBusy { total_slots, n_ahead: 0, .. } => {
            answer(tf(msg::TASK_WAIT_SLOTS_BUSY_NEXT, &[("slots", &total_slots.to_string())]))
                .link(msg::TASK_WAIT_SEE_AHEAD, active_tasks(account, job))
        }
        Waiting::AllSlotsBusy { total_slots, n_ahead, pool_id } => {
            let counts = [("slots", &*total_slots.to_string()), ("ahead", &*n_ahead.to_string())];
            more_nodes(answer(tf(msg::TASK_WAIT_SLOTS_BUSY, &counts)), pool_id)
        }
        Waiting::JobAtItsLimit { max_parallel_tasks } => {
            answer(tf(msg::TASK_WAIT_JOB_LIMIT, &[("limit", &max_parallel_tasks.to_string())]))
                .link(msg::TASK_WAIT_SEE_JOB, paths::job(account, job))
        }
        Waiting::ResizeFailed { pool_id, code } => {
            answer(tf(msg::TASK_WAIT_RESIZE_FAILED, &[("pool", pool_id), ("code", code)]))
                .link(msg::TASK_WAIT_SEE_POOL, paths::pool(account, pool_id))
        }
        Waiting::InOrder { task_id } => answer(tf(msg::TASK_WAIT_IN_ORDER, &[("task", task_id)]))
            .link(msg::TASK_WAIT_SEE_TASK, paths::task(account, job, task_id)),
        Waiting::HeldByManager { pool_id, job_id, task_id, .. } => {
            let names = [("job", &**job_id), ("task", &**task_id), ("pool", &**pool_id)];
            more_nodes(answer(tf(msg::TASK_WAIT_HELD_BY_MANAGER, &names)), pool_id)
        }
        Waiting::NodesLeaving { pool_id, n_nodes } => {
            answer(tn(msg::WAIT_NODES_LEAVING_ONE, msg::WAIT_NODES_LEAVING_OTHER, *n_nodes)).link(
                msg::TASK_WAIT_SEE_NODES,
                paths::with_query(paths::nodes(account, pool_id), &[("state", NodeState::LeavingPool.as_str())]),
            )
        }
        Waiting::NoTasks => answer(t(msg::WAIT_NO_TASKS)).link(msg::JOB_ADD_TASKS, paths::task_add(account, job)),
        Waiting::AllTasksEnded => answer(t(msg::WAIT_ALL_ENDED)),
        Waiting::TasksRunning { state, n_tasks } => {
            let names = [("state", &*job_state(*state)), ("n", &*n_tasks.to_string())];
            answer(tf(msg::WAIT_TASKS_RUNNING, &names))
                .link(msg::WAIT_SEE_RUNNING, paths::with_query(paths::tasks(account, job), &[("state", "running")]))
        }
        Waiting::Releasing { state } => answer(tf(msg::WAIT_RELEASING, &[("state", &job_state(*state))]))
            .link(msg::TASK_WAIT_SEE_PREPARATION, paths::job_nodes(account, job)),
    }
}

fn answer(sentence: impl Into<String>) -> Answer {
    Answer { sentence: sentence.into(), action: None }
}

impl Answer {
    fn link(self, label: Msg, href: String) -> Answer {
        Answer { action: Some((label, href)), ..self }
    }
}

fn resize(account: &str, pool: &str) -> String {
    paths::with_query(paths::pool(account, pool), &[("panel", "resize")])
}

fn auto_scale(account: &str, pool: &str) -> String {
    paths::with_query(paths::pool(account, pool), &[("panel", "autoscale")])
}

fn active_tasks(account: &str, job: &str) -> String {
    paths::with_query(paths::tasks(account, job), &[("state", "active")])
}

/// States of nodes that cannot run tasks, as the list of nodes has them in its URL.
fn broken_states() -> String {
    [NodeState::StartTaskFailed, NodeState::Unusable, NodeState::Unknown].map(NodeState::as_str).join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_nodes_are_asked_for_where_the_pool_takes_its_size_from() {
        let link = |is_auto_scaled| {
            let waiting = Some(Waiting::PoolIsEmpty { pool_id: "p".into() });
            let why = WhyWaiting { waiting, task_id: Some("t".into()), is_auto_scaled };
            explain(&why, "a", "j").unwrap().action.unwrap().1
        };
        assert!(link(false).ends_with("panel=resize") && link(true).ends_with("panel=autoscale"));
        assert_eq!(explain(&WhyWaiting::default(), "a", "j"), None);
    }
}
