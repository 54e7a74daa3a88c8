//! Why an active task does not run yet, and why a job or a pool makes no progress: the first reason that holds, the most
//! lasting first.

mod sentences;

pub use sentences::explanation;

use super::placement::Demands;
use crate::api::{AllocationState, Blocking, JobState, NodeCounts, PoolState, TaskCounts, TaskState, Waiting};

/// What is known of the task, its job and its pool.
#[derive(Clone, Debug)]
pub struct Facts {
    /// It lies on a node and begins within moments.
    pub assigned: bool,
    pub job_state: JobState,
    /// The dependency that holds it up most.
    pub waits_for: Option<WaitsFor>,
    pub demands: Demands,
    /// Nodes on which the job's preparation task failed.
    pub n_unprepared: i64,
    pub job_running: i64,
    pub job_active: i64,
    /// −1 is no limit.
    pub max_parallel_tasks: i32,
    /// Where the job keeps the order of its tasks: one that waits and comes first.
    pub goes_first: Option<String>,
    pub pool_id: String,
    /// The pool was made for the job or its schedule.
    pub has_auto_pool: bool,
    pub required_slots: i32,
    /// Absent when there is no such pool.
    pub pool: Option<PoolFacts>,
}

#[derive(Clone, Debug)]
pub struct WaitsFor {
    pub task_id: String,
    /// Absent when there is no such task.
    pub state: Option<TaskState>,
    /// Tasks and ranges that it waits for, this one among them.
    pub n_waits: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managers {
    pub n_nodes: i64,
    pub job_id: String,
    pub task_id: String,
}

#[derive(Clone, Debug)]
pub struct PoolFacts {
    pub state: PoolState,
    pub allocation: AllocationState,
    /// Nodes asked for, of both kinds.
    pub target: i64,
    pub slots_per_node: i32,
    pub inter_node: bool,
    pub counts: NodeCounts,
    /// Of these, the dedicated ones.
    pub dedicated: NodeCounts,
    /// Nodes on which a job manager must be alone, and one of these managers.
    pub managers: Option<Managers>,
    /// The code of the first resize error.
    pub error_code: Option<String>,
}

pub fn reason(facts: Facts) -> Waiting {
    if facts.job_state != JobState::Active {
        return Waiting::JobNotActive { state: facts.job_state };
    }
    if facts.assigned {
        return Waiting::AboutToStart;
    }
    if let Some(pool) = facts.pool.as_ref().filter(|pool| facts.required_slots > pool.slots_per_node) {
        return Waiting::NeedsMoreSlots { required: facts.required_slots, slots_per_node: pool.slots_per_node };
    }
    if let Some(WaitsFor { task_id, state, n_waits }) = facts.waits_for {
        let blocking = match state {
            None => Blocking::Missing,
            Some(TaskState::Completed) => Blocking::Failed,
            Some(TaskState::Active | TaskState::Preparing | TaskState::Running) => Blocking::Unfinished,
        };
        return Waiting::DependsOn { task_id, blocking, n_others: n_waits - 1 };
    }
    let pool_id = facts.pool_id;
    let Some(pool) = facts.pool else {
        return if facts.has_auto_pool { Waiting::AutoPoolGone { pool_id } } else { Waiting::PoolNotFound { pool_id } };
    };
    if pool.state == PoolState::Deleting {
        return Waiting::PoolBeingDeleted { pool_id };
    }
    if facts.demands.instances > 0
        && let Some(lasting) = never_on_several(facts.demands.instances, &pool_id, &pool)
    {
        return lasting;
    }
    let usable = pool.counts.idle + pool.counts.running;
    if usable == 0 {
        return without_nodes(pool_id, pool);
    }
    if facts.n_unprepared >= usable {
        return Waiting::PreparationFailed { pool_id, n_nodes: facts.n_unprepared };
    }
    if facts.demands.dedicated && pool.dedicated.idle + pool.dedicated.running == 0 {
        return Waiting::NeedsDedicatedNode { pool_id };
    }
    if let Some(Managers { n_nodes, job_id, task_id }) = pool.managers.filter(|managers| managers.n_nodes >= usable) {
        return Waiting::HeldByManager { pool_id, job_id, task_id, n_nodes };
    }
    if facts.demands.alone && pool.counts.idle == 0 {
        return Waiting::NeedsEmptyNode { pool_id };
    }
    if facts.max_parallel_tasks > 0 && facts.job_running >= i64::from(facts.max_parallel_tasks) {
        return Waiting::JobAtItsLimit { max_parallel_tasks: facts.max_parallel_tasks };
    }
    if let Some(task_id) = facts.goes_first {
        return Waiting::InOrder { task_id };
    }
    let required = facts.demands.instances;
    if i64::from(required) > pool.counts.idle {
        return Waiting::NeedsFreeNodes { pool_id, required, n_free: pool.counts.idle };
    }
    if pool.counts.idle > 0 {
        return Waiting::AboutToStart;
    }
    let total_slots = usable * i64::from(pool.slots_per_node);
    Waiting::AllSlotsBusy { pool_id, total_slots, n_ahead: (facts.job_active - 1).max(0) }
}

/// Why a multi-instance task cannot run on the pool as it is.
fn never_on_several(required: i32, pool_id: &str, pool: &PoolFacts) -> Option<Waiting> {
    let pool_id = pool_id.to_owned();
    if !pool.inter_node {
        return Some(Waiting::NeedsInterNodeCommunication { pool_id });
    }
    if pool.slots_per_node != 1 {
        return Some(Waiting::NeedsOneSlotNodes { pool_id, slots_per_node: pool.slots_per_node });
    }
    let n_nodes = pool.target.max(pool.counts.total);
    (i64::from(required) > n_nodes).then_some(Waiting::NeedsMoreNodes { pool_id, required, n_nodes })
}

/// No node can run tasks now.
fn without_nodes(pool_id: String, pool: PoolFacts) -> Waiting {
    let counts = &pool.counts;
    let restarting = counts.rebooting + counts.reimaging;
    let coming = counts.creating + counts.starting + counts.waiting_for_start_task + restarting;
    let closed = counts.offline + counts.deallocating + counts.deallocated;
    let broken = pool.counts.unusable + pool.counts.unknown + pool.counts.start_task_failed;
    match pool.error_code {
        Some(code) if pool.counts.total == 0 => Waiting::ResizeFailed { pool_id, code },
        _ if coming > 0 || (pool.allocation == AllocationState::Resizing && pool.target > pool.counts.total) => {
            Waiting::NodesStarting { pool_id, n_nodes: coming.max(pool.target - pool.counts.total) }
        }
        _ if broken > 0 => Waiting::NoUsableNode { pool_id, n_broken: broken },
        _ if closed > 0 => Waiting::NodesTakeNoTasks { pool_id, n_nodes: closed },
        _ => Waiting::PoolIsEmpty { pool_id },
    }
}

/// What is known of a job.
#[derive(Clone, Debug)]
pub struct JobFacts {
    pub state: JobState,
    pub counts: TaskCounts,
    /// Why the first of its waiting tasks does not run.
    pub first: Option<Waiting>,
}

/// Why a job makes no progress; nothing when tasks of it run, or it has ended.
pub fn reason_of_job(facts: JobFacts) -> Option<Waiting> {
    let JobFacts { state, counts, first } = facts;
    match state {
        JobState::Active if counts.total() == 0 => Some(Waiting::NoTasks),
        JobState::Active if counts.active + counts.running == 0 => Some(Waiting::AllTasksEnded),
        // What can never run is said even while other tasks do.
        JobState::Active if counts.running > 0 => first.filter(|waiting| {
            matches!(
                waiting,
                Waiting::NeedsMoreSlots { .. }
                    | Waiting::NeedsInterNodeCommunication { .. }
                    | Waiting::NeedsOneSlotNodes { .. }
            )
        }),
        JobState::Active => first.filter(|waiting| *waiting != Waiting::AboutToStart),
        JobState::Disabling | JobState::Terminating | JobState::Deleting if counts.running > 0 => {
            Some(Waiting::TasksRunning { state, n_tasks: counts.running })
        }
        JobState::Terminating | JobState::Deleting => Some(Waiting::Releasing { state }),
        JobState::Disabled => Some(Waiting::JobNotActive { state }),
        JobState::Completed if counts.active > 0 => Some(Waiting::JobNotActive { state }),
        JobState::Disabling | JobState::Enabling | JobState::Completed => None,
    }
}

/// Why a pool does not become what it is to be, or cannot run the tasks that wait for it.
pub fn reason_of_pool(pool_id: String, pool: PoolFacts, n_waiting: i64) -> Option<Waiting> {
    let leaving = pool.counts.leaving_pool;
    let is_short = pool.counts.total < pool.target;
    let usable = pool.counts.idle + pool.counts.running;
    match &pool.error_code {
        _ if pool.state == PoolState::Deleting && leaving > 0 => {
            Some(Waiting::NodesLeaving { pool_id, n_nodes: leaving })
        }
        _ if pool.state == PoolState::Deleting => None,
        _ if n_waiting > 0 && usable == 0 => Some(without_nodes(pool_id, pool)),
        _ if leaving > 0 => Some(Waiting::NodesLeaving { pool_id, n_nodes: leaving }),
        Some(code) if is_short => Some(Waiting::ResizeFailed { code: code.clone(), pool_id }),
        _ if is_short || pool.counts.total > usable => match without_nodes(pool_id, pool) {
            Waiting::PoolIsEmpty { .. } => None,
            Waiting::NoUsableNode { .. } | Waiting::NodesTakeNoTasks { .. } if usable > 0 => None,
            found => Some(found),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let counts = NodeCounts { running: 2, total: 2, ..Default::default() };
        Facts {
            assigned: false,
            job_state: JobState::Active,
            waits_for: None,
            demands: Demands::default(),
            n_unprepared: 0,
            job_running: 2,
            job_active: 5,
            max_parallel_tasks: -1,
            goes_first: None,
            pool_id: "p".into(),
            has_auto_pool: false,
            required_slots: 1,
            pool: Some(PoolFacts {
                state: PoolState::Active,
                allocation: AllocationState::Steady,
                target: 2,
                slots_per_node: 4,
                inter_node: true,
                counts,
                dedicated: NodeCounts::default(),
                managers: None,
                error_code: None,
            }),
        }
    }

    fn with_counts(counts: NodeCounts) -> Facts {
        let mut facts = facts();
        facts.pool.as_mut().unwrap().counts = counts;
        facts
    }

    #[test]
    fn the_most_lasting_reason_is_given() {
        let p = || "p".to_owned();
        let check = |facts, expected| assert_eq!(reason(facts), expected);
        check(facts(), Waiting::AllSlotsBusy { pool_id: p(), total_slots: 8, n_ahead: 4 });
        check(Facts { assigned: true, ..facts() }, Waiting::AboutToStart);
        check(Facts { job_state: JobState::Disabled, ..facts() }, Waiting::JobNotActive { state: JobState::Disabled });
        let on = |state| Facts {
            waits_for: Some(WaitsFor { task_id: "t".into(), state, n_waits: 3 }),
            pool: None,
            ..facts()
        };
        let depends = |blocking| Waiting::DependsOn { task_id: "t".into(), blocking, n_others: 2 };
        check(on(None), depends(Blocking::Missing));
        check(on(Some(TaskState::Running)), depends(Blocking::Unfinished));
        check(on(Some(TaskState::Completed)), depends(Blocking::Failed));
        check(Facts { pool: None, ..facts() }, Waiting::PoolNotFound { pool_id: p() });
        check(Facts { pool: None, has_auto_pool: true, ..facts() }, Waiting::AutoPoolGone { pool_id: p() });
        check(Facts { required_slots: 5, ..facts() }, Waiting::NeedsMoreSlots { required: 5, slots_per_node: 4 });
        let demands = |alone, dedicated| Facts { demands: Demands { alone, dedicated, instances: 0 }, ..facts() };
        check(demands(true, false), Waiting::NeedsEmptyNode { pool_id: p() });
        check(demands(true, true), Waiting::NeedsDedicatedNode { pool_id: p() });
        let several = |instances, change: &dyn Fn(&mut PoolFacts)| {
            let mut facts = Facts { demands: Demands { instances, ..Demands::default() }, ..facts() };
            let pool = facts.pool.as_mut().unwrap();
            pool.slots_per_node = 1;
            change(pool);
            facts
        };
        check(several(2, &|pool| pool.inter_node = false), Waiting::NeedsInterNodeCommunication { pool_id: p() });
        let four_slots = several(2, &|pool| pool.slots_per_node = 4);
        check(four_slots, Waiting::NeedsOneSlotNodes { pool_id: p(), slots_per_node: 4 });
        check(several(3, &|_| ()), Waiting::NeedsMoreNodes { pool_id: p(), required: 3, n_nodes: 2 });
        let one_free = |pool: &mut PoolFacts| (pool.counts.idle, pool.counts.running) = (1, 1);
        check(several(2, &one_free), Waiting::NeedsFreeNodes { pool_id: p(), required: 2, n_free: 1 });
        check(several(1, &one_free), Waiting::AboutToStart);
        check(Facts { n_unprepared: 2, ..facts() }, Waiting::PreparationFailed { pool_id: p(), n_nodes: 2 });
        check(Facts { n_unprepared: 1, ..facts() }, reason(facts()));
        check(Facts { max_parallel_tasks: 2, ..facts() }, Waiting::JobAtItsLimit { max_parallel_tasks: 2 });
        check(Facts { goes_first: Some("a".into()), ..facts() }, Waiting::InOrder { task_id: "a".into() });
        let mut held = facts();
        let managers = Managers { n_nodes: 2, job_id: "j".into(), task_id: "m".into() };
        held.pool.as_mut().unwrap().managers = Some(managers.clone());
        let by_manager = Waiting::HeldByManager { pool_id: p(), job_id: "j".into(), task_id: "m".into(), n_nodes: 2 };
        check(held.clone(), by_manager);
        held.pool.as_mut().unwrap().managers = Some(Managers { n_nodes: 1, ..managers });
        check(held, reason(facts()));
        let never = Facts { required_slots: 5, ..on(Some(TaskState::Running)) };
        check(never, depends(Blocking::Unfinished));
        let never = Facts { required_slots: 5, pool: facts().pool, ..on(Some(TaskState::Running)) };
        check(never, Waiting::NeedsMoreSlots { required: 5, slots_per_node: 4 });
        check(with_counts(NodeCounts::default()), Waiting::PoolIsEmpty { pool_id: p() });
        let creating = NodeCounts { creating: 2, total: 2, ..Default::default() };
        check(with_counts(creating), Waiting::NodesStarting { pool_id: p(), n_nodes: 2 });
        let failed = NodeCounts { start_task_failed: 2, total: 2, ..Default::default() };
        check(with_counts(failed), Waiting::NoUsableNode { pool_id: p(), n_broken: 2 });
        let closed = NodeCounts { offline: 1, deallocated: 1, total: 2, ..Default::default() };
        check(with_counts(closed), Waiting::NodesTakeNoTasks { pool_id: p(), n_nodes: 2 });
        let mut refused = with_counts(NodeCounts::default());
        refused.pool.as_mut().unwrap().error_code = Some("AccountCoreQuotaReached".into());
        check(refused, Waiting::ResizeFailed { pool_id: p(), code: "AccountCoreQuotaReached".into() });
    }

    #[test]
    fn a_job_says_what_it_waits_for() {
        use JobState as S;
        let check = |state, active, running, first: Option<Waiting>, expected| {
            let counts = TaskCounts { active, running, ..Default::default() };
            assert_eq!(reason_of_job(JobFacts { state, counts, first }), expected, "{state} {active} {running}");
        };
        let busy = || Some(Waiting::JobAtItsLimit { max_parallel_tasks: 1 });
        let never = || Some(Waiting::NeedsMoreSlots { required: 2, slots_per_node: 1 });
        check(S::Active, 0, 0, None, Some(Waiting::NoTasks));
        check(S::Active, 2, 0, busy(), busy());
        check(S::Active, 2, 1, busy(), None);
        check(S::Active, 2, 1, never(), never());
        check(S::Active, 2, 0, Some(Waiting::AboutToStart), None);
        check(S::Disabling, 0, 3, None, Some(Waiting::TasksRunning { state: S::Disabling, n_tasks: 3 }));
        check(S::Terminating, 2, 0, None, Some(Waiting::Releasing { state: S::Terminating }));
        check(S::Disabled, 2, 0, None, Some(Waiting::JobNotActive { state: S::Disabled }));
        check(S::Completed, 2, 0, None, Some(Waiting::JobNotActive { state: S::Completed }));
        let ended = TaskCounts { completed: 2, succeeded: 2, ..Default::default() };
        let facts = JobFacts { state: S::Active, counts: ended, first: None };
        assert_eq!(reason_of_job(facts.clone()), Some(Waiting::AllTasksEnded));
        assert_eq!(reason_of_job(JobFacts { state: S::Completed, ..facts }), None);
    }

    #[test]
    fn a_pool_says_what_it_waits_for() {
        let p = || "p".to_owned();
        let check = |counts: NodeCounts, target, n_waiting, expected: Option<Waiting>| {
            let pool = PoolFacts { counts: counts.clone(), target, ..facts().pool.unwrap() };
            assert_eq!(reason_of_pool(p(), pool, n_waiting), expected, "{counts:?}");
        };
        check(NodeCounts::default(), 0, 0, None);
        check(NodeCounts::default(), 0, 1, Some(Waiting::PoolIsEmpty { pool_id: p() }));
        check(NodeCounts { running: 2, total: 2, ..Default::default() }, 2, 9, None);
        let leaving = NodeCounts { idle: 1, leaving_pool: 1, total: 2, ..Default::default() };
        check(leaving, 1, 0, Some(Waiting::NodesLeaving { pool_id: p(), n_nodes: 1 }));
        let coming = NodeCounts { idle: 1, creating: 1, total: 2, ..Default::default() };
        check(coming, 2, 0, Some(Waiting::NodesStarting { pool_id: p(), n_nodes: 1 }));
        check(NodeCounts { idle: 1, unusable: 1, total: 2, ..Default::default() }, 2, 0, None);
        let broken = NodeCounts { unusable: 1, total: 1, ..Default::default() };
        check(broken, 1, 0, Some(Waiting::NoUsableNode { pool_id: p(), n_broken: 1 }));
    }
}
