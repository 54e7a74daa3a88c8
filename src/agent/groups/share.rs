//! How much of the machine a run may use. Pure.
//!
//! Chosen here, for Batch's slots are counts only: a node is as large as its size says, as far as the machine has it, and a
//! task has of that as many parts as it takes slots. Memory and processes are limits. The processor is a weight: it tells who
//! goes first when all want it, and takes nothing from a task that is alone.

use crate::api::agent::NodeSize;

const MIB: u64 = 1 << 20;
/// Of memory, left to all that is no task: a sixteenth, but at least so much, and never more than half.
const LEAST_RESERVE: u64 = 256 * MIB;
const PROCESSES_PER_CORE: u64 = 2048;

/// What this machine has for Fournil, agents and tasks together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    pub cores: u64,
    pub memory_bytes: u64,
    /// And threads, which the kernel counts as processes.
    pub processes: u64,
}

/// What a run, a node or all nodes may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: u64,
    pub processes: u64,
    /// Thousandths of a core that it gets when all cores are wanted.
    pub cpu_millis: u64,
}

impl Machine {
    /// For the tasks of all nodes together.
    pub fn for_tasks(self) -> Limits {
        let reserve = (self.memory_bytes / 16).max(LEAST_RESERVE).min(self.memory_bytes / 2);
        Limits {
            memory_bytes: self.memory_bytes - reserve,
            processes: self.processes / 2,
            cpu_millis: self.cores * 1000,
        }
    }

    /// For the tasks of a node of this size.
    pub fn for_node(self, size: NodeSize) -> Limits {
        let all = self.for_tasks();
        let cores = u64::try_from(size.cores).unwrap_or(1).clamp(1, self.cores.max(1));
        let memory = u64::try_from(size.memory_mib).unwrap_or(0).max(1).saturating_mul(MIB);
        Limits {
            memory_bytes: all.memory_bytes.min(memory),
            processes: all.processes.min(cores * PROCESSES_PER_CORE),
            cpu_millis: cores * 1000,
        }
    }
}

impl Limits {
    /// For a run that takes `slots` of a node's `of`. One that takes none, such as a start task, may use what the node may.
    pub fn part(self, slots: i32, of: i32) -> Limits {
        let (slots, of) = (u64::try_from(slots).unwrap_or(0), u64::try_from(of).unwrap_or(1).max(1));
        let share = |whole: u64, slots: u64| u64::try_from(u128::from(whole) * u128::from(slots) / u128::from(of));
        let limit = |whole: u64| share(whole, if slots == 0 { of } else { slots.min(of) }).unwrap_or(whole).max(1);
        Limits {
            memory_bytes: limit(self.memory_bytes),
            processes: limit(self.processes),
            cpu_millis: share(self.cpu_millis, slots.clamp(1, of)).unwrap_or(1).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const MACHINE: Machine = Machine { cores: 8, memory_bytes: 32 * GIB, processes: 32_768 };

    #[test]
    fn a_node_is_as_large_as_its_size_and_no_larger_than_the_machine() {
        let check = |cores, memory_mib, expected: (u64, u64, u64)| {
            let limits = MACHINE.for_node(NodeSize { cores, memory_mib });
            assert_eq!((limits.memory_bytes, limits.processes, limits.cpu_millis), expected, "{cores} {memory_mib}");
        };
        check(2, 8192, (8 * GIB, 4096, 2000));
        check(8, 32_768, (30 * GIB, 16_384, 8000));
        check(64, 1 << 20, (30 * GIB, 16_384, 8000));
        check(-1, -1, (MIB, 2048, 1000));
    }

    #[test]
    fn what_is_no_task_keeps_memory() {
        let of = |mib: u64| Machine { memory_bytes: mib * MIB, ..MACHINE }.for_tasks().memory_bytes / MIB;
        assert_eq!([of(256), of(1024), of(32 * 1024)], [128, 768, 30 * 1024]);
    }

    #[test]
    fn a_task_has_as_many_parts_as_slots() {
        let node = Limits { memory_bytes: 8 * GIB, processes: 4096, cpu_millis: 2000 };
        let check = |slots, of, expected: (u64, u64, u64)| {
            let part = node.part(slots, of);
            assert_eq!((part.memory_bytes, part.processes, part.cpu_millis), expected, "{slots} of {of}");
        };
        check(1, 4, (2 * GIB, 1024, 500));
        check(3, 4, (6 * GIB, 3072, 1500));
        check(9, 4, (8 * GIB, 4096, 2000));
        check(0, 4, (8 * GIB, 4096, 500));
        check(1, 0, (8 * GIB, 4096, 2000));
    }
}
