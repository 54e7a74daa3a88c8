//! What the example makes. Pure.

use crate::api::{
    AccountCreate, JobCreate, Location, PoolCreate, PoolInformation, TaskConstraints, TaskCreate, VmSize,
};

pub const POOL: &str = "example";
pub const N_NODES: i32 = 2;
const N_TASKS: usize = 3;

pub fn account(name: &str, locations: &[Location]) -> Option<AccountCreate> {
    let location = locations.first()?.name.clone();
    Some(AccountCreate { name: name.to_owned(), location, ..AccountCreate::default() })
}

/// A pool of the location's own smallest size.
pub fn pool(location: &Location) -> Option<PoolCreate> {
    let smallest = |native: bool| location.vm_sizes.iter().filter(|s| s.native == native).min_by_key(|s| s.cores);
    let size: &VmSize = smallest(true).or_else(|| smallest(false))?;
    Some(PoolCreate {
        id: POOL.to_owned(),
        vm_size: size.name.clone(),
        target_dedicated_nodes: Some(N_NODES),
        ..PoolCreate::default()
    })
}

/// The example can be run again: each run has a job of its own.
pub fn job(run: u32) -> JobCreate {
    JobCreate {
        id: if run <= 1 { "example".to_owned() } else { format!("example-{run}") },
        pool_info: PoolInformation { pool_id: Some(POOL.to_owned()), ..PoolInformation::default() },
        ..JobCreate::default()
    }
}

/// Tasks that say where they run and count for a few seconds, so that the output can be watched growing.
pub fn tasks() -> Vec<TaskCreate> {
    (1..=N_TASKS)
        .map(|i| TaskCreate {
            id: format!("hello-{i}"),
            command_line: format!(
                "/bin/sh -c 'echo \"Hello from task {i} on node $AZ_BATCH_NODE_ID\"; \
                 for n in 1 2 3 4 5; do sleep 1; echo \"step $n of 5\"; done; echo done'"
            ),
            constraints: Some(TaskConstraints { max_task_retry_count: Some(0), ..TaskConstraints::default() }),
            ..TaskCreate::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check;

    fn location() -> Location {
        let size = |name: &str, cores, native| VmSize { name: name.into(), cores, memory_mib: 1024, native };
        let vm_sizes = vec![size("standard_d2_v3", 2, false), size("local.4", 4, true), size("local.1", 1, true)];
        Location { name: "local".into(), display_name: "This machine".into(), vm_sizes }
    }

    #[test]
    fn what_the_example_makes_is_legal() {
        let location = location();
        assert_eq!(account("demo", std::slice::from_ref(&location)).unwrap().location, "local");
        check::pool_create(&pool(&location).unwrap(), &location.vm_sizes).unwrap();
        for run in [0, 1, 2] {
            check::job_create(&job(run)).unwrap();
        }
        for task in tasks() {
            check::task_create(&task).unwrap();
        }
    }

    #[test]
    fn the_pool_has_the_smallest_of_the_locations_own_sizes() {
        assert_eq!(pool(&location()).unwrap().vm_size, "local.1");
    }
}
