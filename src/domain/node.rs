//! The state of a compute node follows from what is known of it; so does what is done next to carry out a user's word.
//!
//! ```text
//! creating ──joins──▶ starting ──▶ waitingforstarttask ──▶ idle ⇄ running
//!                        ▲                                   │ order
//!                        ├────── rebooting, reimaging ◀──────┤ (first its tasks end)
//!                        ├─ start ── deallocated ◀── deallocating
//!                        └─ time is over ── preempted ◀── the operator takes it away
//! ```

use crate::api::{Code, NodeDeallocationOption, NodeState, SchedulingState};

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
    /// The account's network rules do not let the agent in from where it calls.
    pub refused: bool,
    /// What a user wants done with it.
    pub order: Option<Order>,
    /// Stopped by a user's word until it is started by one.
    pub deallocated: bool,
    /// Taken away by the operator, with all that it had; it comes back by itself.
    pub away: bool,
    /// Its agent was stopped by an order and has not come back.
    pub restarting: bool,
    pub start_task: StartTaskFact,
    pub scheduling: SchedulingState,
    /// It has tasks.
    pub busy: bool,
}

impl Facts {
    /// It is to have no agent.
    pub fn rests(&self) -> bool {
        self.deallocated || self.away
    }

    /// The state is known although the agent is not here.
    pub fn say_enough(&self) -> bool {
        !self.joined
            || self.lost
            || self.refused
            || self.leaving
            || self.restarting
            || self.order.is_some()
            || self.rests()
    }
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

/// Something that is done to a node as soon as it has no tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub kind: OrderKind,
    /// What becomes of its tasks.
    pub tasks: NodeDeallocationOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// The agent is stopped and started; files stay, and the start task runs again.
    Reboot,
    /// As a reboot, and nothing of the node's files stays.
    Reimage,
    /// The agent is stopped; files stay.
    Deallocate,
    /// The agent is stopped, nothing of the node's files stays, and it is away for a time.
    Preempt,
}

impl OrderKind {
    pub const ALL: &'static [OrderKind] =
        &[OrderKind::Reboot, OrderKind::Reimage, OrderKind::Deallocate, OrderKind::Preempt];

    pub const fn as_str(self) -> &'static str {
        match self {
            OrderKind::Reboot => "reboot",
            OrderKind::Reimage => "reimage",
            OrderKind::Deallocate => "deallocate",
            OrderKind::Preempt => "preempt",
        }
    }

    /// The state while it is carried out.
    pub const fn state(self) -> NodeState {
        match self {
            OrderKind::Reboot => NodeState::Rebooting,
            OrderKind::Reimage => NodeState::Reimaging,
            OrderKind::Deallocate => NodeState::Deallocating,
            OrderKind::Preempt => NodeState::Preempted,
        }
    }

    /// Nothing of the node's files is left when it is done.
    pub const fn wipes(self) -> bool {
        matches!(self, OrderKind::Reimage | OrderKind::Preempt)
    }
}

impl std::str::FromStr for OrderKind {
    type Err = crate::api::shared::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OrderKind::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(crate::api::shared::UnknownName)
    }
}

/// The state of the node.
pub fn state(node: &Facts) -> NodeState {
    if node.leaving {
        return NodeState::LeavingPool;
    }
    if let Some(order) = node.order {
        return order.kind.state();
    }
    if node.deallocated {
        return NodeState::Deallocated;
    }
    if node.away {
        return NodeState::Preempted;
    }
    // Whether it has ever joined or is lost by now: the reason is known, and that is what helps.
    if node.refused {
        return NodeState::Unusable;
    }
    match (node.joined, node.lost, node.restarting, node.broken, node.start_task) {
        (false, ..) => NodeState::Creating,
        (_, true, ..) => NodeState::Unknown,
        (_, _, true, ..) => NodeState::Starting,
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

/// What carrying out a user's word depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub order: Option<Order>,
    /// Scheduling is disabled, with this for the tasks that were there.
    pub disabled: Option<NodeDeallocationOption>,
    /// Tasks that it has, begun or not.
    pub n_tasks: usize,
    pub connected: bool,
    pub leaving: bool,
    /// It has files of ended tasks whose time is not over.
    pub keeps_files: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Stay,
    /// What has not begun is to run elsewhere; the rest runs to its end.
    GiveBackWaiting,
    EndTasks(NodeDeallocationOption),
    /// As [`Step::EndTasks`], and the order at once: an agent that cannot be told is stopped with all it runs.
    EndTasksAndCarryOut(NodeDeallocationOption, OrderKind),
    CarryOut(OrderKind),
}

/// What is done next for a user's word to the node. Asked again whenever something changed; doing it twice does no harm.
pub fn next_step(work: Work) -> Step {
    use NodeDeallocationOption as O;
    let Work { order, disabled, n_tasks, connected, .. } = work;
    if work.leaving {
        return Step::Stay;
    }
    let waits_for_files = work.keeps_files && order.is_some_and(|order| order.tasks == O::RetainedData);
    match (order, disabled) {
        (Some(_), _) if n_tasks == 0 && waits_for_files => Step::Stay,
        (Some(order), _) if n_tasks == 0 => Step::CarryOut(order.kind),
        (None, _) if n_tasks == 0 => Step::Stay,
        (Some(Order { tasks: tasks @ (O::Requeue | O::Terminate), .. }), _) if connected => Step::EndTasks(tasks),
        (Some(Order { tasks: tasks @ (O::Requeue | O::Terminate), kind }), _) => Step::EndTasksAndCarryOut(tasks, kind),
        (None, Some(tasks @ (O::Requeue | O::Terminate))) if connected => Step::EndTasks(tasks),
        (Some(_), _) | (None, Some(O::TaskCompletion | O::RetainedData)) if connected => Step::GiveBackWaiting,
        (Some(_), _) | (None, Some(_) | None) => Step::Stay,
    }
}

/// Why a node cannot be rebooted, reimaged or deallocated now.
///
/// Source: these operations want an idle or running node, api-version 2024-02-01.19.0. Chosen here: also one that is offline,
/// unusable or whose start task failed, since a restart is what helps it.
pub fn restart_refusal(state: NodeState) -> Option<Code> {
    match state {
        NodeState::Idle | NodeState::Running | NodeState::Offline => None,
        NodeState::Unusable | NodeState::StartTaskFailed => None,
        NodeState::Creating => Some(Code::NodeBeingCreated),
        NodeState::Starting | NodeState::WaitingForStartTask => Some(Code::NodeBeingStarted),
        NodeState::Rebooting => Some(Code::NodeBeingRebooted),
        NodeState::Reimaging => Some(Code::NodeBeingReimaged),
        NodeState::Unknown => Some(Code::NodeNotReady),
        NodeState::LeavingPool | NodeState::Preempted | NodeState::UpgradingOs => Some(Code::OperationNotValidOnNode),
        NodeState::Deallocating | NodeState::Deallocated => Some(Code::OperationNotValidOnNode),
    }
}

/// Why the operator cannot take a node away now: only low-priority ones can be, in whatever state they are.
///
/// Source: only Spot nodes are preempted. Chosen here: one that is on its way out, stopped, or away already is not.
pub fn preempt_refusal(state: NodeState, dedicated: bool) -> Option<Code> {
    match state {
        NodeState::LeavingPool | NodeState::Preempted => Some(Code::OperationNotValidOnNode),
        NodeState::Deallocating | NodeState::Deallocated => Some(Code::OperationNotValidOnNode),
        _ => dedicated.then_some(Code::OperationNotValidOnNode),
    }
}

/// Why a node takes no new user now, and no change of one. Source: adding a user to a node.
pub fn user_refusal(state: NodeState) -> Option<Code> {
    match state {
        NodeState::Idle | NodeState::Running => None,
        NodeState::Unusable => Some(Code::NodeStateUnusable),
        NodeState::Offline | NodeState::StartTaskFailed => Some(Code::NodeNotReady),
        other => restart_refusal(other),
    }
}

/// Why a node cannot be started now: only a deallocated one can.
pub fn start_refusal(state: NodeState) -> Option<Code> {
    match state {
        NodeState::Deallocated => None,
        NodeState::Starting => Some(Code::NodeBeingStarted),
        _ => Some(Code::OperationNotValidOnNode),
    }
}

/// Why the scheduling of a node cannot be set to `wanted` now.
pub fn scheduling_refusal(state: NodeState, now: SchedulingState, wanted: SchedulingState) -> Option<Code> {
    match state {
        NodeState::LeavingPool => Some(Code::OperationNotValidOnNode),
        _ if now == wanted => Some(Code::NodeAlreadyInTargetSchedulingState),
        _ => None,
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
