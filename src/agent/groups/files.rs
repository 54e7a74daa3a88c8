//! The files of a control group, by version: their names, and what is written to and read from them.

use std::fs;
use std::io;
use std::path::Path;

use super::place::{Branch, Controller, OWN_PROCESSES, Version};
use super::share::{Limits, Machine};

/// By which a process that writes `0` puts itself into the group. In version 1 threads move one by one, and one that moves
/// itself takes no lock of the whole machine.
pub fn join_file(version: Version) -> &'static str {
    match version {
        Version::One => "tasks",
        Version::Two => "cgroup.procs",
    }
}

/// What a group is told for one controller.
fn settings(version: Version, controller: Controller, limits: Limits) -> Vec<(&'static str, u64)> {
    match (version, controller) {
        (Version::One, Controller::Memory) => vec![("memory.limit_in_bytes", limits.memory_bytes)],
        (Version::Two, Controller::Memory) => vec![("memory.max", limits.memory_bytes)],
        (_, Controller::Processes) => vec![("pids.max", limits.processes)],
        (Version::One, Controller::Cpu) => vec![("cpu.shares", (limits.cpu_millis * 1024 / 1000).clamp(2, 262_144))],
        (Version::Two, Controller::Cpu) => vec![("cpu.weight", (limits.cpu_millis / 10).clamp(1, 10_000))],
    }
}

/// Memory on a disk counts as memory, where the kernel counts it: tasks that swap would slow all others.
const SWAP: [(&str, Version); 2] = [("memory.memsw.limit_in_bytes", Version::One), ("memory.swap.max", Version::Two)];

pub fn limit(folder: &Path, version: Version, controllers: &[Controller], limits: Limits) -> io::Result<()> {
    for controller in controllers {
        if *controller == Controller::Memory {
            // Neither limit may be the smaller one on the way, in whatever order they were.
            let _ = fs::write(folder.join("memory.memsw.limit_in_bytes"), "-1");
        }
        for (name, value) in settings(version, *controller, limits) {
            fs::write(folder.join(name), value.to_string()).map_err(|error| named(&folder.join(name), &error))?;
        }
        if *controller == Controller::Memory {
            let swap = SWAP.iter().filter(|(name, of)| *of == version && folder.join(name).exists());
            for (name, _) in swap {
                let value = if version == Version::One { limits.memory_bytes } else { 0 };
                fs::write(folder.join(name), value.to_string()).map_err(|error| named(&folder.join(name), &error))?;
            }
        }
    }
    Ok(())
}

/// The file in which the kernel counts what ran into the limit, and the counter's name.
pub fn counter(version: Version, controller: Controller) -> Option<(&'static str, &'static str)> {
    match (version, controller) {
        (Version::One, Controller::Memory) => Some(("memory.oom_control", "oom_kill")),
        (Version::Two, Controller::Memory) => Some(("memory.events", "oom_kill")),
        (_, Controller::Processes) => Some(("pids.events", "max")),
        (_, Controller::Cpu) => None,
    }
}

pub fn usage_file(version: Version) -> &'static str {
    match version {
        Version::One => "memory.usage_in_bytes",
        Version::Two => "memory.current",
    }
}

/// The value of a line `name value`.
pub fn value_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

pub fn processes(folder: &Path) -> Vec<i32> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Makes a group that may be there already, and lets its controllers be used below it.
pub fn make(folder: &Path, branch: &Branch) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(named(folder, &error)),
        _ => hand_down(folder, branch),
    }
}

/// In version 2 a group's children have the controllers that it hands down.
pub fn hand_down(folder: &Path, branch: &Branch) -> io::Result<()> {
    if branch.version == Version::One {
        return Ok(());
    }
    let names: Vec<String> = branch.controllers.iter().map(|c| format!("+{}", c.name())).collect();
    let file = folder.join("cgroup.subtree_control");
    fs::write(&file, names.join(" ")).map_err(|error| named(&file, &error))
}

/// Moves the processes of this program out of the group, so that it can hand controllers down. Others' are left alone.
pub fn make_room(folder: &Path) -> io::Result<()> {
    let beside = folder.join(OWN_PROCESSES);
    if let Err(error) = fs::create_dir(&beside)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(named(&beside, &error));
    }
    let program = fs::read_link("/proc/self/exe")?;
    for pid in processes(folder) {
        if fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|of| of == program) {
            // One that has just ended needs no room.
            let _ = fs::write(beside.join("cgroup.procs"), pid.to_string());
        }
    }
    Ok(())
}

/// What the machine has, and what groups above leave of it.
pub fn machine(branches: &[Branch]) -> Machine {
    let number = |path: &Path| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let system = |path: &str| number(Path::new(path)).unwrap_or(u64::MAX);
    let above = |controller: Controller, one: &str, two: &str| {
        let branch = branches.iter().find(|branch| branch.controllers.contains(&controller));
        let limit = |branch: &Branch| {
            let name = if branch.version == Version::One { one } else { two };
            let groups = branch.base.ancestors().take_while(|folder| folder.starts_with(&branch.mount));
            groups.filter_map(|folder| number(&folder.join(name))).min()
        };
        branch.and_then(limit).unwrap_or(u64::MAX)
    };
    let memory = u64::try_from(super::super::sample::memory_mib()).unwrap_or(0) << 20;
    Machine {
        cores: u64::try_from(super::super::sample::cores()).unwrap_or(1).max(1),
        memory_bytes: memory.min(above(Controller::Memory, "memory.limit_in_bytes", "memory.max")),
        processes: system("/proc/sys/kernel/pid_max").min(system("/proc/sys/kernel/threads-max")).min(above(
            Controller::Processes,
            "pids.max",
            "pids.max",
        )),
    }
}

/// The error with the file that it is about.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_bytes: 1 << 30, processes: 512, cpu_millis: 1500 };

    #[test]
    fn each_version_is_told_in_its_own_words() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        limit(dir.path(), Version::Two, &Controller::ALL, LIMITS).unwrap();
        assert_eq!([read("memory.max"), read("pids.max"), read("cpu.weight")], ["1073741824", "512", "150"]);
        limit(dir.path(), Version::One, &Controller::ALL, LIMITS).unwrap();
        assert_eq!([read("memory.limit_in_bytes"), read("cpu.shares")], ["1073741824", "1536"]);
        assert_eq!(read("memory.memsw.limit_in_bytes"), "1073741824");
    }

    #[test]
    fn controllers_are_handed_down_in_version_two() {
        let dir = tempfile::tempdir().unwrap();
        let branch = |version| Branch {
            base: dir.path().into(),
            mount: dir.path().into(),
            version,
            controllers: vec![Controller::Memory, Controller::Cpu],
        };
        make(&dir.path().join("one"), &branch(Version::One)).unwrap();
        assert!(!dir.path().join("one/cgroup.subtree_control").exists());
        make(&dir.path().join("two"), &branch(Version::Two)).unwrap();
        make(&dir.path().join("two"), &branch(Version::Two)).unwrap();
        let told = fs::read_to_string(dir.path().join("two/cgroup.subtree_control")).unwrap();
        assert_eq!(told, "+memory +cpu");
    }

    #[test]
    fn limits_of_groups_above_count() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("a/b");
        fs::create_dir_all(&base).unwrap();
        fs::write(dir.path().join("a/memory.max"), "1048576\n").unwrap();
        fs::write(base.join("memory.max"), "max\n").unwrap();
        let controllers = Controller::ALL.to_vec();
        let branch = Branch { base, mount: dir.path().into(), version: Version::Two, controllers };
        assert_eq!(machine(&[branch]).memory_bytes, 1 << 20);
    }

    #[test]
    fn counters_are_read_by_their_names() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!((value_of(text, "oom_kill"), value_of(text, "max")), (Some(3), None));
    }
}
