use super::*;

const READY: Facts = Facts {
    joined: true,
    lost: false,
    leaving: false,
    broken: false,
    refused: false,
    order: None,
    deallocated: false,
    away: false,
    restarting: false,
    start_task: StartTaskFact::Done,
    scheduling: SchedulingState::Enabled,
    busy: false,
};

const fn order(kind: OrderKind, tasks: NodeDeallocationOption) -> Option<Order> {
    Some(Order { kind, tasks })
}

#[test]
fn the_state_follows_from_the_facts() {
    let check =
        |facts: Facts, expected, open| assert_eq!((state(&facts), is_open(&facts)), (expected, open), "{facts:?}");
    let requeue = NodeDeallocationOption::Requeue;
    check(READY, NodeState::Idle, true);
    check(Facts { busy: true, ..READY }, NodeState::Running, true);
    check(Facts { joined: false, ..READY }, NodeState::Creating, false);
    check(Facts { lost: true, busy: true, ..READY }, NodeState::Unknown, false);
    check(Facts { broken: true, ..READY }, NodeState::Unusable, false);
    check(Facts { refused: true, busy: true, ..READY }, NodeState::Unusable, false);
    check(Facts { refused: true, joined: false, ..READY }, NodeState::Unusable, false);
    check(Facts { refused: true, lost: true, ..READY }, NodeState::Unusable, false);
    check(Facts { refused: true, order: order(OrderKind::Reboot, requeue), ..READY }, NodeState::Rebooting, false);
    check(Facts { refused: true, deallocated: true, ..READY }, NodeState::Deallocated, false);
    check(Facts { refused: true, leaving: true, ..READY }, NodeState::LeavingPool, false);
    check(Facts { leaving: true, busy: true, ..READY }, NodeState::LeavingPool, false);
    check(Facts { start_task: StartTaskFact::Running, ..READY }, NodeState::WaitingForStartTask, false);
    check(Facts { start_task: StartTaskFact::Failed, ..READY }, NodeState::StartTaskFailed, false);
    check(Facts { start_task: StartTaskFact::NotBegun, ..READY }, NodeState::Starting, false);
    check(Facts { scheduling: SchedulingState::Disabled, ..READY }, NodeState::Offline, false);
    check(Facts { scheduling: SchedulingState::Disabled, busy: true, ..READY }, NodeState::Running, false);
    check(Facts { order: order(OrderKind::Reboot, requeue), busy: true, ..READY }, NodeState::Rebooting, false);
    check(Facts { order: order(OrderKind::Reimage, requeue), lost: true, ..READY }, NodeState::Reimaging, false);
    check(Facts { order: order(OrderKind::Deallocate, requeue), ..READY }, NodeState::Deallocating, false);
    check(Facts { deallocated: true, ..READY }, NodeState::Deallocated, false);
    check(Facts { deallocated: true, leaving: true, ..READY }, NodeState::LeavingPool, false);
    check(Facts { order: order(OrderKind::Preempt, requeue), busy: true, ..READY }, NodeState::Preempted, false);
    check(Facts { away: true, ..READY }, NodeState::Preempted, false);
    check(Facts { away: true, leaving: true, ..READY }, NodeState::LeavingPool, false);
    check(Facts { restarting: true, ..READY }, NodeState::Starting, false);
    check(Facts { restarting: true, lost: true, ..READY }, NodeState::Unknown, false);
}

#[test]
fn an_order_is_carried_out_when_its_tasks_are_over() {
    use NodeDeallocationOption::{Requeue, TaskCompletion, Terminate};
    use OrderKind::{Deallocate, Reboot, Reimage};
    let check = |order, n_tasks, connected, expected| {
        let work = Work { order, disabled: None, n_tasks, connected, leaving: false, keeps_files: false };
        assert_eq!(next_step(work), expected, "{work:?}");
        assert_eq!(next_step(Work { leaving: true, ..work }), Step::Stay, "a leaving node has its own way to go");
    };
    for connected in [true, false] {
        check(order(Reboot, Requeue), 0, connected, Step::CarryOut(Reboot));
        check(order(Reimage, TaskCompletion), 0, connected, Step::CarryOut(Reimage));
        check(order(Deallocate, Terminate), 0, connected, Step::CarryOut(Deallocate));
        check(None, 2, connected, Step::Stay);
    }
    check(order(Reboot, Requeue), 2, true, Step::EndTasks(Requeue));
    check(order(Reboot, Terminate), 2, true, Step::EndTasks(Terminate));
    check(order(Reboot, TaskCompletion), 2, true, Step::GiveBackWaiting);
    check(order(Reboot, Requeue), 2, false, Step::EndTasksAndCarryOut(Requeue, Reboot));
    check(order(Reimage, Terminate), 2, false, Step::EndTasksAndCarryOut(Terminate, Reimage));
    // Its agent comes back, or is given up with what it ran.
    check(order(Reboot, TaskCompletion), 2, false, Step::Stay);
}

#[test]
fn with_retaineddata_the_time_of_files_is_waited_for() {
    let work = |tasks, n_tasks, keeps_files| Work {
        order: Some(Order { kind: OrderKind::Reimage, tasks }),
        disabled: None,
        n_tasks,
        connected: true,
        leaving: false,
        keeps_files,
    };
    use NodeDeallocationOption::{RetainedData, TaskCompletion};
    assert_eq!(next_step(work(RetainedData, 1, true)), Step::GiveBackWaiting);
    assert_eq!(next_step(work(RetainedData, 0, true)), Step::Stay);
    assert_eq!(next_step(work(RetainedData, 0, false)), Step::CarryOut(OrderKind::Reimage));
    assert_eq!(next_step(work(TaskCompletion, 0, true)), Step::CarryOut(OrderKind::Reimage));
}

#[test]
fn disabled_scheduling_ends_tasks_or_lets_them_end() {
    use NodeDeallocationOption::{Requeue, TaskCompletion, Terminate};
    let check = |option, n_tasks, connected, expected| {
        let work = Work { order: None, disabled: Some(option), n_tasks, connected, leaving: false, keeps_files: false };
        assert_eq!(next_step(work), expected, "{work:?}");
    };
    check(Requeue, 1, true, Step::EndTasks(Requeue));
    check(Terminate, 1, true, Step::EndTasks(Terminate));
    check(TaskCompletion, 1, true, Step::GiveBackWaiting);
    check(Requeue, 1, false, Step::Stay);
    check(TaskCompletion, 1, false, Step::Stay);
    check(Requeue, 0, true, Step::Stay);
}

#[test]
fn a_node_is_restarted_from_where_it_can_be() {
    let mut allowed: Vec<NodeState> =
        NodeState::ALL.iter().copied().filter(|state| restart_refusal(*state).is_none()).collect();
    allowed.sort();
    use NodeState::{Idle, Offline, Running, StartTaskFailed, Unusable};
    assert_eq!(allowed, [StartTaskFailed, Idle, Running, Offline, Unusable]);
    assert_eq!(restart_refusal(NodeState::Rebooting), Some(Code::NodeBeingRebooted));
    assert_eq!(restart_refusal(NodeState::Unknown), Some(Code::NodeNotReady));
    let started: Vec<&NodeState> = NodeState::ALL.iter().filter(|state| start_refusal(**state).is_none()).collect();
    assert_eq!(started, [&NodeState::Deallocated]);
}

#[test]
fn low_priority_nodes_are_taken_away_and_no_others() {
    use NodeState::{Deallocated, Deallocating, LeavingPool, Preempted};
    for state in NodeState::ALL {
        let is_gone = matches!(state, Deallocated | Deallocating | LeavingPool | Preempted);
        let refused = Some(Code::OperationNotValidOnNode);
        assert_eq!(preempt_refusal(*state, false), refused.filter(|_| is_gone), "{state}");
        assert_eq!(preempt_refusal(*state, true), refused, "{state}");
    }
}

#[test]
fn scheduling_is_switched_and_not_set_again() {
    use SchedulingState::{Disabled, Enabled};
    let again = Some(Code::NodeAlreadyInTargetSchedulingState);
    assert_eq!(scheduling_refusal(NodeState::Idle, Enabled, Disabled), None);
    assert_eq!(scheduling_refusal(NodeState::Offline, Disabled, Disabled), again);
    assert_eq!(scheduling_refusal(NodeState::Running, Enabled, Enabled), again);
    assert_eq!(scheduling_refusal(NodeState::LeavingPool, Enabled, Disabled), Some(Code::OperationNotValidOnNode));
}

#[test]
fn orders_are_stored_by_their_names() {
    for kind in OrderKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
    }
}
