//! The state of a compute node follows from what is known of it.

use crate::api::{NodeState, SchedulingState};

/// What is known of a node. Its state is derived, never set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its agent has spoken to this server or an earlier one.
    pub joined: bool,
    /// No word from the agent for longer than the lease.
    pub lost: bool,
    /// Chosen for removal.
    pub leaving: bool,
    /// The agent said that it cannot run tasks.
    pub broken: bool,
    pub start_task: StartTaskFact,
    pub scheduling: SchedulingState,
    /// It has tasks.
    pub busy: bool,
}

/// How far the pool's start task is on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTaskFact {
    /// The pool has none, or it does not hold tasks back, or it has succeeded.
    Done,
    /// The agent has not said anything of it since it joined.
    NotBegun,
    Running,
    Failed,
}

/// The state of the node.
pub fn state(node: &Facts) -> NodeState {
    match (node.leaving, node.joined, node.lost, node.broken, node.start_task) {
        (true, ..) => NodeState::LeavingPool,
        (_, false, ..) => NodeState::Creating,
        (_, _, true, ..) => NodeState::Unknown,
        (_, _, _, true, _) => NodeState::Unusable,
        (.., StartTaskFact::Failed) => NodeState::StartTaskFailed,
        (.., StartTaskFact::Running) => NodeState::WaitingForStartTask,
        (.., StartTaskFact::NotBegun) => NodeState::Starting,
        (.., StartTaskFact::Done) if node.busy => NodeState::Running,
        (.., StartTaskFact::Done) if node.scheduling == SchedulingState::Disabled => NodeState::Offline,
        (.., StartTaskFact::Done) => NodeState::Idle,
    }
}

/// Whether the node can be given tasks.
pub fn is_open(node: &Facts) -> bool {
    node.scheduling == SchedulingState::Enabled && matches!(state(node), NodeState::Idle | NodeState::Running)
}

/// Whether a node in this state does not do what it is there for.
pub fn is_broken(state: NodeState) -> bool {
    matches!(state, NodeState::Unusable | NodeState::Unknown | NodeState::StartTaskFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Facts = Facts {
        joined: true,
        lost: false,
        leaving: false,
        broken: false,
        start_task: StartTaskFact::Done,
        scheduling: SchedulingState::Enabled,
        busy: false,
    };

    #[test]
    fn the_state_follows_from_the_facts() {
        let check =
            |facts: Facts, expected, open| assert_eq!((state(&facts), is_open(&facts)), (expected, open), "{facts:?}");
        check(READY, NodeState::Idle, true);
        check(Facts { busy: true, ..READY }, NodeState::Running, true);
        check(Facts { joined: false, ..READY }, NodeState::Creating, false);
        check(Facts { lost: true, busy: true, ..READY }, NodeState::Unknown, false);
        check(Facts { broken: true, ..READY }, NodeState::Unusable, false);
        check(Facts { leaving: true, busy: true, ..READY }, NodeState::LeavingPool, false);
        check(Facts { start_task: StartTaskFact::Running, ..READY }, NodeState::WaitingForStartTask, false);
        check(Facts { start_task: StartTaskFact::Failed, ..READY }, NodeState::StartTaskFailed, false);
        check(Facts { start_task: StartTaskFact::NotBegun, ..READY }, NodeState::Starting, false);
        check(Facts { scheduling: SchedulingState::Disabled, ..READY }, NodeState::Offline, false);
    }
}
