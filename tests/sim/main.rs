//! The whole system in one thread, with a clock, a network, machines and chance that follow from a seed: the real store,
//! services and scheduler, the real decisions of agents; only processes, sockets and disks of nodes are played. Each seed is
//! another world with other users and other misfortunes; what must always hold is looked at all the while, and at the end
//! everything must come to rest. See README.md beside this file.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what went wrong by stopping there")]

mod chance;
mod checks;
mod faults;
mod machine;
mod network;
mod processes;
mod rest;
mod server;
mod users;
mod wishes;
mod world;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use faults::Faults;
use world::World;

/// Seeds of a usual run: a minute or so of two processors in a debug build. CI names more of them.
const SEEDS: Range<u64> = 0..300;
/// Names other seeds, as `7` or `1000..5000`.
const OTHER_SEEDS: &str = "FOURNIL_SIM_SEEDS";

/// Seeds that have failed once, and what was wrong. They stay, though later changes make other worlds of them: the tests named
/// beside them, where there are any, hold the fault itself still.
const ONCE_FAILED: &[(u64, &str)] = &[
    (8, "a release task on a node whose start task had failed was sent for ever, and its job never ended"),
    (12, "a start task's end that came with a failed write was never heard of again"),
    (30, "a job that was deleted by force left counts of running tasks on nodes that were ending them"),
    (67, "eight tasks that needed more slots than any node has hid all tasks of their job behind them"),
    (39, "the same, on a node that was about to restart"),
    (
        189,
        "a task that had been sent before its start was saved ran elsewhere as well when the server died; and a node was never removed whose end could not be saved",
    ),
    (506, "a deleted task that was planned kept its room from the next one for as long as nothing happened"),
    (211, "a start that had overtaken an end made a node run more than its slots"),
    (33, "an agent that was started behind its node's deallocation, just before the server died, stayed for ever"),
    (62, "tasks that run on more nodes at once than there are hid all tasks of their job behind them"),
    (
        119,
        "a task on several nodes began again while an instance of its last attempt was ending elsewhere; and an instance that was ended while it waited for a preparation task was sent all the same",
    ),
    (523, "the same when the server died just then: it had forgotten which instances nodes were ending"),
    (376, "a node that was deallocated before its agent had ever come kept its pool resizing"),
];

#[test]
fn whatever_fails_meanwhile_every_task_ends_once_and_all_comes_to_rest() {
    let seeds = seeds();
    let is_a_run = seeds.end - seeds.start >= SEEDS.end - SEEDS.start;
    let faults = run_all(seeds);
    println!("{faults}");
    if is_a_run {
        assert_eq!(faults.never_fired(), Vec::<&str>::new(), "a fault that never fires tests nothing");
    }
}

#[test]
fn seeds_that_failed_once_do_not_fail_again() {
    let failed: Vec<_> = ONCE_FAILED
        .iter()
        .filter_map(|(seed, what)| Some(format!("{} (once: {what})", run_one(*seed).err()?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [1, 2, 3] {
        let [one, two] = [(); 2].map(|()| World::new(seed).history());
        let first = one.iter().zip(&two).find(|(a, b)| a != b);
        assert!(first.is_none() && one.len() == two.len(), "seed {seed}: {first:#?}");
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var(OTHER_SEEDS) else { return SEEDS };
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("{OTHER_SEEDS} is 7 or 1000..5000"));
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

/// Runs seeds on all processors until one fails; counts the faults that happened.
fn run_all(seeds: Range<u64>) -> Faults {
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let (faults, failure) = (Mutex::new(Faults::default()), Mutex::new(None));
    let work = || {
        while failure.lock().unwrap().is_none() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            match run_one(seed) {
                Ok(found) => faults.lock().unwrap().add(&found),
                Err(text) => *failure.lock().unwrap() = Some(text),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some(text) = failure.into_inner().unwrap() {
        panic!("{text}");
    }
    faults.into_inner().unwrap()
}

fn run_one(seed: u64) -> Result<Faults, String> {
    let mut world = World::new(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("it stopped: {}", text.unwrap_or_default()))
    });
    outcome.map(|()| world.faults.clone()).map_err(|what| {
        format!(
            "{}\nseed {seed}: {what}\nAgain: {OTHER_SEEDS}={seed} cargo nextest run --locked --test sim whatever",
            world.trace.text()
        )
    })
}
