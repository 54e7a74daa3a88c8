//! The life of a pool: its allocation follows its targets.
//!
//! ```text
//! steady ──resize──▶ resizing ──targets reached, or time is up──▶ steady
//!                        └──stop──▶ stopping ──▶ steady
//! active ──delete──▶ deleting ──no nodes left──▶ ·
//! ```

use crate::api::{AllocationState, Code, NodeDeallocationOption, NodeState, PoolState, ResizeError, Timestamp};

/// What a reconciler must know of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub state: PoolState,
    pub allocation: AllocationState,
    pub target: Sizes,
    pub deadline: Option<Timestamp>,
    pub deallocation: NodeDeallocationOption,
    /// Nodes of this pool that the core quota allows.
    pub allowed: Sizes,
    pub nodes: Vec<NodeView>,
}

/// Numbers of nodes by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub dedicated: i64,
    pub low_priority: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeView {
    pub key: i64,
    pub dedicated: bool,
    pub state: NodeState,
    /// Tasks that the node has, begun or not.
    pub n_tasks: usize,
    /// It has files of ended tasks whose time is not over.
    pub keeps_files: bool,
    /// Its agent has joined once, or it is not to have one: nothing is waited for.
    pub settled: bool,
}

/// What is to be done for a pool; in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    pub create: Sizes,
    /// Nodes that are to leave: no new tasks.
    pub leave: Vec<i64>,
    /// Leaving nodes whose tasks run to their end: what has not begun is to run elsewhere.
    pub give_back: Vec<i64>,
    /// Leaving nodes whose tasks are to be requeued or ended.
    pub end_tasks: Vec<i64>,
    /// Leaving nodes without tasks: stop their agents and forget them.
    pub remove: Vec<i64>,
    /// The resize is over, with these errors.
    pub become_steady: Option<Vec<ResizeError>>,
    /// Nothing is left of a deleted pool.
    pub vanish: bool,
}

/// The next steps of a pool.
pub fn next_steps(pool: &View, now: Timestamp) -> Steps {
    let mut steps = Steps::default();
    let deleting = pool.state == PoolState::Deleting;
    let stopping = pool.allocation == AllocationState::Stopping;
    let resizing = pool.allocation == AllocationState::Resizing && !deleting;
    let timed_out = resizing && pool.deadline.is_some_and(|deadline| now >= deadline);
    if deleting || (resizing && !timed_out) {
        for dedicated in [true, false] {
            resize_kind(pool, dedicated, &mut steps);
        }
    }
    let leaving = pool.nodes.iter().filter(|n| n.state == NodeState::LeavingPool);
    for node in leaving {
        match (node.n_tasks, deleting, pool.deallocation) {
            (0, false, NodeDeallocationOption::RetainedData) if node.keeps_files => {}
            (0, ..) => steps.remove.push(node.key),
            (_, false, NodeDeallocationOption::TaskCompletion | NodeDeallocationOption::RetainedData) => {
                steps.give_back.push(node.key);
            }
            _ => steps.end_tasks.push(node.key),
        }
    }
    steps.vanish = deleting && pool.nodes.is_empty();
    if stopping || timed_out || (resizing && is_reached(pool, &steps)) {
        steps.become_steady = Some(resize_errors(pool, stopping, timed_out));
    }
    steps
}

fn resize_kind(pool: &View, dedicated: bool, steps: &mut Steps) {
    let staying: Vec<&NodeView> =
        pool.nodes.iter().filter(|n| n.dedicated == dedicated && n.state != NodeState::LeavingPool).collect();
    let wanted = if pool.state == PoolState::Deleting { 0 } else { reachable(pool, dedicated) };
    let missing = wanted - staying.len() as i64;
    if missing > 0 {
        *kind(&mut steps.create, dedicated) = missing;
        return;
    }
    let mut candidates = staying;
    candidates.sort_by_key(|n| leave_order(n));
    steps.leave.extend(candidates.iter().take(missing.unsigned_abs() as usize).map(|n| n.key));
}

/// Broken nodes leave first, then those with the least to do, the youngest before the oldest.
fn leave_order(node: &NodeView) -> (u8, usize, std::cmp::Reverse<i64>) {
    let class = match node.state {
        NodeState::Unusable | NodeState::StartTaskFailed | NodeState::Unknown | NodeState::Preempted => 0,
        NodeState::Creating | NodeState::Starting | NodeState::WaitingForStartTask => 1,
        NodeState::Deallocating | NodeState::Deallocated => 1,
        _ => 2,
    };
    (class, node.n_tasks, std::cmp::Reverse(node.key))
}

fn reachable(pool: &View, dedicated: bool) -> i64 {
    let (mut target, mut allowed) = (pool.target, pool.allowed);
    (*kind(&mut target, dedicated)).min((*kind(&mut allowed, dedicated)).max(0))
}

fn kind(sizes: &mut Sizes, dedicated: bool) -> &mut i64 {
    if dedicated { &mut sizes.dedicated } else { &mut sizes.low_priority }
}

/// Every wanted node has joined, or rests, and none is on its way out.
fn is_reached(pool: &View, steps: &Steps) -> bool {
    steps.create == Sizes::default()
        && steps.leave.is_empty()
        && pool.nodes.iter().all(|n| n.state != NodeState::LeavingPool && n.settled)
}

fn resize_errors(pool: &View, stopping: bool, timed_out: bool) -> Vec<ResizeError> {
    let mut errors = Vec::new();
    let mut add = |code: &str, message: &str| {
        errors.push(ResizeError { code: code.to_owned(), message: message.to_owned(), values: Vec::new() });
    };
    if stopping {
        add("ResizeStopped", "The resize was stopped by a user before the pool had its target size.");
        return errors;
    }
    if timed_out {
        add("AllocationTimedOut", "Not all nodes joined or left the pool within the resize timeout.");
    }
    if pool.allowed.dedicated < pool.target.dedicated {
        add("AccountCoreQuotaReached", "The account's core quota does not allow so many dedicated nodes.");
    }
    if pool.allowed.low_priority < pool.target.low_priority {
        add(
            "AccountLowPriorityCoreQuotaReached",
            "The account's core quota does not allow so many low-priority nodes.",
        );
    }
    errors
}

/// Why a user cannot give the pool another size now; the portal's button says the same. With autoscale the formula does.
pub fn resize_refusal(state: PoolState, allocation: AllocationState, is_auto_scaled: bool) -> Option<Code> {
    match (state, allocation) {
        (PoolState::Deleting, _) => Some(Code::PoolBeingDeleted),
        _ if is_auto_scaled => Some(Code::OperationNotValidOnPool),
        (_, AllocationState::Resizing | AllocationState::Stopping) => Some(Code::PoolBeingResized),
        (_, AllocationState::Steady) => None,
    }
}

/// Why a resize cannot be stopped now: only one that is under way can.
pub fn stop_resize_refusal(state: PoolState, allocation: AllocationState) -> Option<Code> {
    match (state, allocation) {
        (PoolState::Deleting, _) => Some(Code::PoolBeingDeleted),
        (_, AllocationState::Resizing) => None,
        (_, AllocationState::Steady | AllocationState::Stopping) => Some(Code::OperationNotValidOnPool),
    }
}

/// Why the pool cannot be changed or deleted now.
pub fn change_refusal(state: PoolState) -> Option<Code> {
    (state == PoolState::Deleting).then_some(Code::PoolBeingDeleted)
}

/// Why settings that want a pool without nodes cannot change now. Source: updating a pool, api-version 2024-07-01.20.0.
pub fn empty_pool_refusal(n_nodes: i64, allocation: AllocationState) -> Option<Code> {
    match (n_nodes, allocation) {
        (_, AllocationState::Resizing | AllocationState::Stopping) => Some(Code::PoolBeingResized),
        (0, AllocationState::Steady) => None,
        (_, AllocationState::Steady) => Some(Code::OperationNotValidOnPool),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1000);

    fn node(key: i64, state: NodeState, n_tasks: usize) -> NodeView {
        NodeView { key, dedicated: true, state, n_tasks, keeps_files: false, settled: state != NodeState::Creating }
    }

    fn view(target: i64, nodes: Vec<NodeView>) -> View {
        View {
            state: PoolState::Active,
            allocation: AllocationState::Resizing,
            target: Sizes { dedicated: target, low_priority: 0 },
            deadline: None,
            deallocation: NodeDeallocationOption::Requeue,
            allowed: Sizes { dedicated: 100, low_priority: 100 },
            nodes,
        }
    }

    #[test]
    fn a_pool_grows_to_its_target_and_becomes_steady_when_all_have_joined() {
        assert_eq!(next_steps(&view(2, vec![]), NOW).create.dedicated, 2);
        let creating = view(1, vec![node(1, NodeState::Creating, 0)]);
        assert_eq!(next_steps(&creating, NOW), Steps::default());
        let joined = view(1, vec![node(1, NodeState::Starting, 0)]);
        assert_eq!(next_steps(&joined, NOW).become_steady, Some(vec![]));
    }

    #[test]
    fn a_shrinking_pool_gives_up_broken_nodes_then_idle_ones() {
        let nodes = vec![node(1, NodeState::Running, 2), node(2, NodeState::Idle, 0), node(3, NodeState::Unusable, 0)];
        assert_eq!(next_steps(&view(2, nodes.clone()), NOW).leave, [3]);
        assert_eq!(next_steps(&view(1, nodes), NOW).leave, [3, 2]);
        let away = vec![node(1, NodeState::Preempted, 0), node(2, NodeState::Idle, 0)];
        assert_eq!(next_steps(&view(1, away.clone()), NOW).leave, [1]);
        assert_eq!(next_steps(&view(2, away), NOW).create, Sizes::default(), "it comes back");
    }

    #[test]
    fn a_leaving_node_ends_its_tasks_or_waits_for_them() {
        let leaving = |option| View { deallocation: option, ..view(0, vec![node(1, NodeState::LeavingPool, 1)]) };
        assert_eq!(next_steps(&leaving(NodeDeallocationOption::Requeue), NOW).end_tasks, [1]);
        let waits = next_steps(&leaving(NodeDeallocationOption::TaskCompletion), NOW);
        assert_eq!(waits, Steps { give_back: vec![1], ..Steps::default() });
        assert_eq!(next_steps(&view(0, vec![node(1, NodeState::LeavingPool, 0)]), NOW).remove, [1]);
    }

    #[test]
    fn a_node_that_leaves_with_retaineddata_waits_for_the_time_of_its_files() {
        let leaving = |n_tasks, keeps_files| View {
            deallocation: NodeDeallocationOption::RetainedData,
            ..view(0, vec![NodeView { keeps_files, ..node(1, NodeState::LeavingPool, n_tasks) }])
        };
        assert_eq!(next_steps(&leaving(1, true), NOW), Steps { give_back: vec![1], ..Steps::default() });
        assert_eq!(next_steps(&leaving(0, true), NOW), Steps::default());
        assert_eq!(next_steps(&leaving(0, false), NOW).remove, [1]);
        let deleted = View { state: PoolState::Deleting, ..leaving(0, true) };
        assert_eq!(next_steps(&deleted, NOW).remove, [1], "a pool that is deleted keeps nothing");
    }

    #[test]
    fn the_quota_keeps_a_pool_below_its_target_and_says_so() {
        let mut pool = view(5, vec![node(1, NodeState::Idle, 0)]);
        pool.allowed.dedicated = 1;
        let errors = next_steps(&pool, NOW).become_steady.unwrap();
        assert_eq!(errors[0].code, "AccountCoreQuotaReached");
    }

    #[test]
    fn a_resize_ends_when_its_time_is_up_or_it_is_stopped() {
        let mut pool = view(2, vec![node(1, NodeState::Creating, 0)]);
        pool.deadline = Some(NOW);
        assert_eq!(next_steps(&pool, NOW).become_steady.unwrap()[0].code, "AllocationTimedOut");
        pool.allocation = AllocationState::Stopping;
        assert_eq!(next_steps(&pool, NOW).become_steady.unwrap()[0].code, "ResizeStopped");
    }

    #[test]
    fn a_deleted_pool_loses_all_nodes_and_then_vanishes() {
        let mut pool = view(2, vec![node(1, NodeState::Running, 1)]);
        pool.state = PoolState::Deleting;
        assert_eq!(next_steps(&pool, NOW).leave, [1]);
        pool.nodes.clear();
        assert!(next_steps(&pool, NOW).vanish);
    }

    proptest! {
        #[test]
        fn steps_never_overshoot_the_target(target in 0i64..6, have in 0usize..6, allowed in 0i64..6) {
            let nodes = (0..have).map(|key| node(key as i64, NodeState::Idle, 0)).collect();
            let mut pool = view(target, nodes);
            pool.allowed.dedicated = allowed;
            let steps = next_steps(&pool, NOW);
            let after = have as i64 + steps.create.dedicated - steps.leave.len() as i64;
            prop_assert_eq!(after, target.min(allowed));
        }
    }
}
