//! Cases and properties of [`super`].

use proptest::prelude::*;

use super::*;
use crate::api::{NodeFillType, Timestamp};
use crate::domain::placement::{Demands, Held};

const POOL: i64 = 1;
const NOW: Timestamp = Timestamp::from_secs(9);

/// Nodes with so many slots each; running tasks as (node, task, job, slots), the youngest last.
fn world(nodes: &[i32], running: &[(i64, i64, i64, i32)]) -> World {
    let mut world = World::default();
    let mut pool = Pool::new(NodeFillType::Spread, false);
    for (index, slots) in nodes.iter().enumerate() {
        pool.set_node(index as i64 + 1, *slots, true);
    }
    for (second, (node, task, job, slots)) in running.iter().enumerate() {
        let since = Timestamp::from_secs(second as i64);
        pool.hold(*node, *task, Held { job: *job, attempt: 1, slots: *slots, since, begun: true });
    }
    world.pools.insert(POOL, pool);
    world
}

fn job(world: &mut World, key: i64, priority: i32, preemptible: bool, waiting: &[(i64, i32)]) {
    let mut job = Job::new(Some(POOL), priority, true, i64::MAX);
    job.preemptible = preemptible;
    job.waiting = waiting
        .iter()
        .map(|(task, slots)| (*task, Waiting { slots: *slots, affinity: None, demands: Demands::default() }))
        .collect();
    world.jobs.insert(key, job);
    world.queue_job(key);
}

fn victims(world: &mut World) -> Vec<i64> {
    world.to_preempt(POOL).into_iter().map(|victim| victim.task).collect()
}

#[test]
fn the_youngest_task_of_the_lowest_priority_gives_way() {
    let mut world = world(&[3], &[(1, 11, 1, 1), (1, 12, 1, 1), (1, 21, 2, 1)]);
    job(&mut world, 1, -5, true, &[]);
    job(&mut world, 2, 0, true, &[]);
    job(&mut world, 3, 9, false, &[(31, 1)]);
    assert_eq!(victims(&mut world), [12]);
}

#[test]
fn nothing_gives_way_without_the_consent_of_its_job_or_to_an_equal() {
    let with = |preemptible, priority| {
        let mut world = world(&[1], &[(1, 11, 1, 1)]);
        job(&mut world, 1, 0, preemptible, &[]);
        job(&mut world, 2, priority, true, &[(21, 1)]);
        victims(&mut world)
    };
    assert_eq!(with(true, 1), [11]);
    assert!(with(false, 1).is_empty());
    assert!(with(true, 0).is_empty());
    assert!(with(true, -1).is_empty());
}

#[test]
fn what_is_ending_already_is_counted_and_nothing_is_ended_twice() {
    let mut world = world(&[2], &[(1, 11, 1, 1), (1, 12, 1, 1)]);
    job(&mut world, 1, 0, true, &[]);
    job(&mut world, 2, 5, false, &[(21, 1)]);
    assert_eq!(victims(&mut world), [12]);
    world.pools.get_mut(&POOL).unwrap().end(1, 12);
    assert!(victims(&mut world).is_empty());
    job(&mut world, 3, 4, false, &[(31, 1)]);
    assert_eq!(victims(&mut world), [11]);
}

#[test]
fn a_task_of_many_slots_ends_no_more_than_it_needs_and_on_one_node() {
    let mut world = world(&[4, 4], &[(1, 11, 1, 1), (2, 12, 1, 3), (2, 13, 1, 1), (1, 14, 1, 3)]);
    job(&mut world, 1, 0, true, &[]);
    job(&mut world, 2, 5, false, &[(21, 3)]);
    assert_eq!(victims(&mut world), [14]);
    job(&mut world, 2, 5, false, &[(21, 4)]);
    let mut both = victims(&mut world);
    both.sort_unstable();
    assert!(both == [11, 14] || both == [12, 13], "{both:?}");
    job(&mut world, 2, 5, false, &[(21, 5)]);
    assert!(victims(&mut world).is_empty(), "it would not help");
}

#[test]
fn room_that_comes_free_is_not_dealt_out_anew() {
    let mut world = world(&[4, 3], &[(1, 1, 1, 1), (1, 2, 2, 1), (2, 3, 2, 1), (1, 4, 1, 1)]);
    for (key, preemptible) in [(1, true), (2, false)] {
        job(&mut world, key, key as i32, preemptible, &[]);
    }
    job(&mut world, 3, 5, false, &[(31, 1), (32, 1), (33, 3)]);
    world.plan(POOL, 1000, NOW);
    for victim in world.to_preempt(POOL) {
        world.pools.get_mut(&POOL).unwrap().end(victim.node, victim.task);
    }
    assert!(victims(&mut world).is_empty());
}

#[test]
fn a_job_at_its_limit_ends_nothing() {
    let mut world = world(&[1], &[(1, 11, 1, 1)]);
    job(&mut world, 1, 0, true, &[]);
    job(&mut world, 2, 5, false, &[(21, 1), (22, 1)]);
    world.unqueue_job(2);
    world.jobs.get_mut(&2).unwrap().most = 0;
    world.queue_job(2);
    assert!(victims(&mut world).is_empty());
}

proptest! {
    /// What is ended makes room for tasks that then begin, and is of lower priority than all of them.
    #[test]
    fn each_end_lets_a_more_important_task_begin(
        nodes in prop::collection::vec(1i32..5, 1..5),
        running in prop::collection::vec((0usize..5, 0i64..3, 1i32..3), 0..12),
        flags in prop::collection::vec(any::<bool>(), 3),
        waiting in prop::collection::vec(1i32..4, 0..6),
    ) {
        let mut held = Vec::new();
        let mut used = vec![0; nodes.len()];
        for (index, (node, job, slots)) in running.iter().enumerate() {
            let node = node % nodes.len();
            if used[node] + slots <= nodes[node] {
                used[node] += slots;
                held.push((node as i64 + 1, index as i64 + 1, *job, *slots));
            }
        }
        let mut world = world(&nodes, &held);
        for (key, flag) in flags.iter().enumerate() {
            job(&mut world, key as i64, key as i32, *flag, &[]);
        }
        let tasks: Vec<(i64, i32)> = waiting.iter().enumerate().map(|(i, slots)| (100 + i as i64, *slots)).collect();
        job(&mut world, 9, 2, false, &tasks);
        world.plan(POOL, 1000, NOW);
        let victims = world.to_preempt(POOL);
        let unique: BTreeSet<Victim> = victims.iter().copied().collect();
        prop_assert_eq!(unique.len(), victims.len());
        for victim in &victims {
            let of = world.pools[&POOL].nodes[&victim.node].held[&victim.task].job;
            prop_assert!(of < 2 && flags[of as usize], "job {of}");
        }
        let before = world.jobs[&9].on_nodes;
        for victim in &victims {
            world.pools.get_mut(&POOL).unwrap().end(victim.node, victim.task);
        }
        prop_assert!(world.to_preempt(POOL).is_empty());
        for Victim { node, task, attempt } in &victims {
            world.pools.get_mut(&POOL).unwrap().release(*node, *task, *attempt);
        }
        world.plan(POOL, 1000, NOW);
        prop_assert!(victims.is_empty() || world.jobs[&9].on_nodes > before);
    }
}
