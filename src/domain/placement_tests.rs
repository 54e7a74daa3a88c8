//! Cases and properties of [`super`].

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1);
const POOL: i64 = 1;

fn world(fill: NodeFillType, nodes: &[i32]) -> World {
    let mut world = World::default();
    let mut pool = Pool::new(fill, false);
    for (index, slots) in nodes.iter().enumerate() {
        pool.set_node(index as i64 + 1, *slots, true);
    }
    world.pools.insert(POOL, pool);
    world
}

fn job(world: &mut World, key: i64, priority: i32, tasks: &[(i64, i32)]) {
    let mut job = Job::new(Some(POOL), priority, true, i64::MAX);
    job.waiting = tasks
        .iter()
        .map(|(task, slots)| (*task, Waiting { slots: *slots, affinity: None, demands: Demands::default() }))
        .collect();
    world.jobs.insert(key, job);
    world.queue_job(key);
}

/// `task→node` of a plan, in order.
fn plan(world: &mut World) -> Vec<(i64, i64)> {
    world.plan(POOL, 1000, NOW).into_iter().map(|a| (a.task, a.node)).collect()
}

#[test]
fn spread_takes_the_emptiest_node_and_pack_the_fullest() {
    let tasks = [(1, 1), (2, 1), (3, 1)];
    let mut spread = world(NodeFillType::Spread, &[2, 2]);
    job(&mut spread, 1, 0, &tasks);
    let nodes: BTreeSet<i64> = plan(&mut spread).into_iter().take(2).map(|(_, node)| node).collect();
    assert_eq!(nodes.len(), 2);
    let mut pack = world(NodeFillType::Pack, &[2, 2]);
    job(&mut pack, 1, 0, &tasks);
    assert_eq!(plan(&mut pack), [(1, 1), (2, 1), (3, 2)]);
}

#[test]
fn higher_priority_goes_first_and_equal_ones_take_turns() {
    let mut world = world(NodeFillType::Spread, &[5]);
    job(&mut world, 1, 0, &[(11, 1), (12, 1), (13, 1)]);
    job(&mut world, 2, 0, &[(21, 1), (22, 1), (23, 1)]);
    job(&mut world, 3, 9, &[(31, 1)]);
    let order: Vec<i64> = plan(&mut world).into_iter().map(|(task, _)| task).collect();
    assert_eq!(order, [31, 11, 21, 12, 22]);
}

#[test]
fn where_the_pool_says_so_the_older_job_goes_first() {
    let mut world = world(NodeFillType::Spread, &[5]);
    job(&mut world, 1, 0, &[(11, 1), (12, 1)]);
    job(&mut world, 2, 0, &[(21, 1), (22, 1)]);
    job(&mut world, 3, 9, &[(31, 1)]);
    world.set_policy(POOL, NodeFillType::Spread, true);
    let order: Vec<i64> = plan(&mut world).into_iter().map(|(task, _)| task).collect();
    assert_eq!(order, [31, 11, 12, 21, 22]);
}

#[test]
fn tasks_that_fit_no_node_hide_none_behind_them_however_many_they_are() {
    let mut world = world(NodeFillType::Spread, &[2, 1]);
    let mut tasks: Vec<(i64, i32)> = (1..=100).map(|task| (task, 3)).collect();
    tasks.push((101, 1));
    job(&mut world, 1, 0, &tasks);
    assert_eq!(plan(&mut world), [(101, 1)]);
}

#[test]
fn a_task_that_fits_nowhere_lets_others_go_before_it() {
    let mut world = world(NodeFillType::Spread, &[2]);
    job(&mut world, 1, 0, &[(1, 4), (2, 1)]);
    job(&mut world, 2, 0, &[(3, 1)]);
    assert_eq!(plan(&mut world), [(2, 1), (3, 1)]);
}

#[test]
fn a_job_keeps_to_its_most_parallel_tasks() {
    let mut world = world(NodeFillType::Spread, &[8]);
    job(&mut world, 1, 0, &[(1, 1), (2, 1), (3, 1)]);
    world.unqueue_job(1);
    world.jobs.get_mut(&1).unwrap().most = 2;
    world.queue_job(1);
    assert_eq!(plan(&mut world).len(), 2);
    assert_eq!(plan(&mut world), []);
}

#[test]
fn a_wish_for_a_node_is_granted_while_it_has_room() {
    let mut world = world(NodeFillType::Pack, &[1, 1, 1]);
    let mut job = Job::new(Some(POOL), 0, true, i64::MAX);
    job.waiting = [(1, 3), (2, 3)]
        .map(|(task, node)| (task, Waiting { slots: 1, affinity: Some(node), demands: Demands::default() }))
        .into();
    world.jobs.insert(1, job);
    world.queue_job(1);
    assert_eq!(plan(&mut world), [(1, 3), (2, 1)]);
}

#[test]
fn only_short_tasks_are_sent_ahead_of_free_slots() {
    let tasks: Vec<(i64, i32)> = (1..=100).map(|task| (task, 1)).collect();
    let sent = |millis: Option<f64>| {
        let mut world = world(NodeFillType::Spread, &[1, 1]);
        job(&mut world, 1, 0, &tasks);
        world.jobs.get_mut(&1).unwrap().millis = millis;
        plan(&mut world).len()
    };
    assert_eq!(sent(None), 2);
    assert_eq!(sent(Some(1000.0)), 2);
    assert_eq!(sent(Some(AHEAD_MILLIS / 4.0)), 2 + 2 * 4);
}

#[test]
fn what_was_sent_ahead_is_recalled_when_another_node_is_free() {
    let mut world = world(NodeFillType::Spread, &[1, 1]);
    let pool = world.pools.get_mut(&POOL).unwrap();
    for task in 1..=3 {
        pool.hold(1, task, Held { job: 1, attempt: 1, slots: 1, since: NOW, begun: task == 1 });
    }
    assert_eq!(world.to_recall(POOL, NOW), []);
    assert_eq!(world.to_recall(POOL, Timestamp::from_secs(9)).len(), 1);
}

#[test]
fn a_released_slot_is_free_again_and_an_older_attempt_releases_nothing() {
    let mut pool = Pool::new(NodeFillType::Spread, false);
    pool.set_node(1, 2, true);
    pool.hold(1, 7, Held { job: 1, attempt: 2, slots: 2, since: NOW, begun: true });
    assert_eq!(pool.release(1, 7, 1), None);
    assert_eq!(pool.nodes[&1].used, 2);
    assert!(pool.release(1, 7, 2).is_some());
    assert_eq!(pool.nodes[&1].used, 0);
}

proptest! {
    #[test]
    fn no_node_gets_more_than_it_has_slots_and_no_task_waits_beside_a_free_one(
        nodes in prop::collection::vec(1i32..5, 1..6),
        tasks in prop::collection::vec((0i64..3, 1i32..4), 0..40),
    ) {
        let mut world = world(NodeFillType::Spread, &nodes);
        for key in 0..3 {
            let own: Vec<(i64, i32)> =
                tasks.iter().enumerate().filter(|(_, t)| t.0 == key).map(|(i, t)| (i as i64, t.1)).collect();
            job(&mut world, key, 0, &own);
        }
        let same = world.clone();
        let first = plan(&mut world);
        prop_assert_eq!(&first, &plan(&mut same.clone()));
        let unique: BTreeSet<i64> = first.iter().map(|(task, _)| *task).collect();
        prop_assert_eq!(unique.len(), first.len());
        for node in world.pools[&POOL].nodes.values() {
            prop_assert!(node.used <= node.slots);
            prop_assert_eq!(node.used, node.held.values().map(|h| h.slots).sum::<i32>());
        }
        let widest_room = world.pools[&POOL].nodes.values().map(|n| n.slots - n.used).max().unwrap_or(0);
        for job in world.jobs.values() {
            prop_assert!(job.waiting.values().take(LOOK_AHEAD).all(|w| w.slots > widest_room));
        }
    }
}

#[test]
fn no_task_goes_where_its_jobs_preparation_failed_nor_ahead_where_it_has_not_ended() {
    let mut world = world(NodeFillType::Spread, &[2, 1, 1]);
    job(&mut world, 1, 0, &[(1, 1), (2, 1), (3, 1), (4, 1)]);
    let job = world.jobs.get_mut(&1).unwrap();
    job.millis = Some(1.0);
    job.preparation = Some(Preparation { ready: [2].into(), failed: [1].into() });
    let found = plan(&mut world);
    assert_eq!(found.iter().filter(|(_, node)| *node == 1).count(), 0, "{found:?}");
    assert_eq!(found.iter().filter(|(_, node)| *node == 3).count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|(_, node)| *node == 2).count(), 3, "the rest lies ahead on the node that is ready");
}

#[test]
fn a_task_that_must_be_alone_takes_a_whole_dedicated_node() {
    let mut world = world(NodeFillType::Spread, &[4, 4, 2]);
    let pool = world.pools.get_mut(&POOL).unwrap();
    pool.low_priority.insert(1);
    pool.hold(2, 99, Held { job: 9, attempt: 1, slots: 1, since: NOW, begun: true });
    job(&mut world, 1, 0, &[(1, 1), (2, 1)]);
    let waiting = &mut world.jobs.get_mut(&1).unwrap().waiting;
    waiting.get_mut(&1).unwrap().demands = Demands { alone: true, dedicated: true, instances: 0 };
    let assigned = world.plan(POOL, 10, NOW);
    assert_eq!(assigned[0], Assignment { task: 1, job: 1, node: 3, slots: 2, instance: 0 });
    assert_ne!(assigned[1].node, 3, "nobody else goes there");
}

#[test]
fn the_first_task_of_a_strict_job_is_not_overtaken_for_ever() {
    let run = |strict: bool| {
        let mut world = world(NodeFillType::Spread, &[2]);
        job(&mut world, 1, 0, &[(1, 2), (2, 1)]);
        job(&mut world, 2, 0, &(10..30).map(|task| (task, 1)).collect::<Vec<_>>());
        world.jobs.get_mut(&1).unwrap().strict = strict;
        // Both slots are taken by tasks that end one after the other.
        let pool = world.pools.get_mut(&POOL).unwrap();
        for task in [98, 99] {
            pool.hold(1, task, Held { job: 9, attempt: 0, slots: 1, since: NOW, begun: true });
        }
        let mut begun = Vec::new();
        for round in 0..6 {
            let running: Vec<i64> = world.pools[&POOL].nodes[&1].held.keys().copied().collect();
            let oldest = running.into_iter().max_by_key(|task| (*task >= 98, -task));
            world.pools.get_mut(&POOL).unwrap().release(1, oldest.unwrap_or(0), 0);
            begun.extend(plan(&mut world).into_iter().map(|(task, _)| (round, task)));
        }
        begun.into_iter().find(|(_, task)| *task == 1).map(|(round, _)| round)
    };
    assert_eq!(run(true), Some(1), "as soon as both slots are free");
    assert_eq!(run(false), None, "small ones go before it again and again");
}

#[test]
fn a_strict_job_keeps_its_own_order_and_leaves_other_nodes_to_others() {
    let mut world = world(NodeFillType::Spread, &[2, 1]);
    job(&mut world, 1, 0, &[(1, 2), (2, 1)]);
    job(&mut world, 2, 0, &[(3, 1), (4, 1)]);
    world.jobs.get_mut(&1).unwrap().strict = true;
    let pool = world.pools.get_mut(&POOL).unwrap();
    pool.hold(1, 99, Held { job: 9, attempt: 1, slots: 1, since: NOW, begun: true });
    assert_eq!(plan(&mut world), [(3, 2)]);
}

fn gang(instances: i32) -> Waiting {
    Waiting { slots: 1, affinity: None, demands: Demands { instances, ..Demands::default() } }
}

fn inter_node(nodes: &[i32]) -> World {
    let mut world = world(NodeFillType::Spread, nodes);
    world.pools.get_mut(&POOL).unwrap().inter_node = true;
    world
}

fn release(world: &mut World, node: i64, task: i64) {
    world.pools.get_mut(&POOL).unwrap().release(node, task, 0).unwrap();
}

#[test]
fn a_multi_instance_task_takes_all_its_nodes_at_once() {
    let mut world = inter_node(&[1, 1, 1]);
    job(&mut world, 1, 0, &[]);
    world.jobs.get_mut(&1).unwrap().waiting.insert(7, Waiting { affinity: Some(2), ..gang(3) });
    world.queue_job(1);
    let plan = world.plan(POOL, 1000, NOW);
    let placed: Vec<(i64, i32)> = plan.iter().map(|a| (a.node, a.instance)).collect();
    assert_eq!(placed, [(2, 0), (1, 1), (3, 2)], "the wished-for node is the primary's");
    assert_eq!(world.jobs[&1].on_nodes, 1, "it is one task");
    assert!(world.pools[&POOL].nodes.values().all(|node| node.used == 1));
}

#[test]
fn nodes_are_kept_for_a_multi_instance_task_until_it_fits() {
    let mut world = inter_node(&[1, 1, 1]);
    job(&mut world, 1, 0, &[(1, 1), (2, 1)]);
    assert_eq!(plan(&mut world).len(), 2);
    let node_of = |world: &World, task| {
        *world.pools[&POOL].nodes.iter().find(|(_, node)| node.held.contains_key(&task)).unwrap().0
    };
    job(&mut world, 2, 0, &[]);
    world.jobs.get_mut(&2).unwrap().waiting.insert(20, gang(3));
    world.queue_job(2);
    job(&mut world, 3, 0, &[(30, 1), (31, 1)]);
    assert_eq!(plan(&mut world), [], "the free node is kept");
    let first = node_of(&world, 1);
    release(&mut world, first, 1);
    assert_eq!(plan(&mut world), []);
    let other = node_of(&world, 2);
    release(&mut world, other, 2);
    assert_eq!(plan(&mut world).iter().map(|(task, _)| *task).collect::<Vec<_>>(), [20, 20, 20]);
}

#[test]
fn a_multi_instance_task_that_can_never_run_holds_nothing_up() {
    let check = |mut world: World, instances: i32| {
        job(&mut world, 1, 5, &[]);
        world.jobs.get_mut(&1).unwrap().waiting.insert(10, gang(instances));
        world.queue_job(1);
        job(&mut world, 2, 0, &[(20, 1)]);
        assert_eq!(plan(&mut world).iter().map(|(task, _)| *task).collect::<Vec<_>>(), [20]);
    };
    check(inter_node(&[1, 1]), 3);
    check(inter_node(&[2, 2]), 2);
    check(world(NodeFillType::Spread, &[1, 1]), 2);
}

#[test]
fn a_multi_instance_task_waits_until_all_instances_of_its_last_attempt_are_gone() {
    let mut world = inter_node(&[1, 1, 1, 1]);
    job(&mut world, 1, 0, &[]);
    let put_back = |world: &mut World| {
        world.jobs.get_mut(&1).unwrap().waiting.insert(7, gang(2));
        world.queue_job(1);
    };
    put_back(&mut world);
    let first = world.plan(POOL, 1000, NOW);
    assert_eq!(first.len(), 2);
    release(&mut world, first[0].node, first[0].key());
    put_back(&mut world);
    assert_eq!(plan(&mut world), [], "a subtask is still ending, though two other nodes are free");
    release(&mut world, first[1].node, first[1].key());
    put_back(&mut world);
    assert_eq!(plan(&mut world).len(), 2);
}

#[test]
fn many_multi_instance_tasks_that_can_never_run_hide_no_task_of_their_job() {
    let check = |mut world: World, instances: i32, failed: &[i64]| {
        job(&mut world, 1, 0, &[(100, 1)]);
        let one = world.jobs.get_mut(&1).unwrap();
        one.waiting.extend((0..50).map(|task| (task, gang(instances))));
        if !failed.is_empty() {
            one.preparation = Some(Preparation { failed: failed.iter().copied().collect(), ..Preparation::default() });
        }
        world.queue_job(1);
        assert_eq!(plan(&mut world).iter().map(|(task, _)| *task).collect::<Vec<_>>(), [100]);
    };
    check(inter_node(&[1, 1]), 3, &[]);
    check(inter_node(&[1, 1, 1]), 3, &[2]);
    check(inter_node(&[2, 2]), 2, &[]);
    check(world(NodeFillType::Spread, &[1, 1]), 1, &[]);
}

proptest! {
    #[test]
    fn multi_instance_tasks_hold_all_their_nodes_or_none(
        sizes in prop::collection::vec(1..3i32, 1..8),
        tasks in prop::collection::vec(0..5i32, 1..12),
    ) {
        let mut world = inter_node(&sizes);
        job(&mut world, 1, 0, &[]);
        for (key, instances) in (1..).zip(&tasks) {
            world.jobs.get_mut(&1).unwrap().waiting.insert(key, gang(*instances));
        }
        world.queue_job(1);
        let plan = world.plan(POOL, 1000, NOW);
        for (key, instances) in (1i64..).zip(&tasks) {
            let nodes: BTreeSet<i64> = plan.iter().filter(|a| a.task == key).map(|a| a.node).collect();
            prop_assert!(nodes.is_empty() || nodes.len() == usize::try_from((*instances).max(1)).unwrap());
            prop_assert!(*instances == 0 || nodes.iter().all(|node| sizes[*node as usize - 1] == 1));
        }
        prop_assert!(world.pools[&POOL].nodes.values().all(|node| node.used <= node.slots));
    }
}
