//! What the machine is and how busy it is: the whole machine, also when other nodes share it.

mod traffic;

use std::fs;
use std::path::Path;

use crate::api::agent::Sample;

/// A disk with less free space than this takes no task's output.
pub const DISK_FULL_BYTES: u64 = 16 << 20;

#[derive(Debug, Default)]
pub struct Sampler {
    /// Busy and all ticks at the last sample.
    ticks: Option<(u64, u64)>,
}

impl Sampler {
    pub fn sample(&mut self, root: &Path) -> Sample {
        let ticks = fs::read_to_string("/proc/stat").ok().and_then(|text| cpu_ticks(&text));
        let cpu = match (self.ticks, ticks) {
            (Some((busy, all)), Some((busy_now, all_now))) if all_now > all => {
                busy_now.saturating_sub(busy) as f64 / (all_now - all) as f64
            }
            _ => 0.0,
        };
        self.ticks = ticks.or(self.ticks);
        Sample {
            cpu: cpu.clamp(0.0, 1.0),
            memory_used_bytes: memory_used_bytes(),
            memory_total_bytes: Some(memory_kib("MemTotal:") * 1024).filter(|n| *n > 0),
            disk_free_bytes: disk_free_bytes(root),
            disk_used_bytes: disk_used_bytes(root),
            traffic: traffic::read(),
        }
    }
}

pub fn cores() -> i64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as i64)
}

pub fn memory_mib() -> i64 {
    (memory_kib("MemTotal:") / 1024) as i64
}

fn memory_used_bytes() -> u64 {
    memory_kib("MemTotal:").saturating_sub(memory_kib("MemAvailable:")) * 1024
}

fn memory_kib(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn disk_free_bytes(root: &Path) -> u64 {
    rustix::fs::statvfs(root).map_or(u64::MAX, |disk| disk.f_bavail * disk.f_frsize)
}

/// Once it is full there has to be some more room before it counts as free again: else the node would come and go.
pub fn is_disk_full(root: &Path, was_full: bool) -> bool {
    let least = if was_full { 2 * DISK_FULL_BYTES } else { DISK_FULL_BYTES };
    // Some file systems do not count files, and say 0 of 0.
    let has_no_files = |disk: &rustix::fs::StatVfs| disk.f_files > 0 && disk.f_favail == 0;
    rustix::fs::statvfs(root).is_ok_and(|disk| disk.f_bavail * disk.f_frsize < least || has_no_files(&disk))
}

fn disk_used_bytes(root: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(root).ok()?;
    Some(disk.f_blocks.saturating_sub(disk.f_bfree) * disk.f_frsize)
}

/// Busy and all ticks of the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, …
fn cpu_ticks(stat: &str) -> Option<(u64, u64)> {
    let ticks: Vec<u64> =
        stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().filter_map(|n| n.parse().ok()).take(8).collect();
    let all: u64 = ticks.iter().sum();
    Some((all - ticks.get(3)? - ticks.get(4)?, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_waiting_for_disks_is_not_busy() {
        assert_eq!(cpu_ticks("cpu  10 1 4 100 20 0 1 0 7 7\ncpu0 1"), Some((16, 136)));
        assert_eq!(cpu_ticks("intr 5"), None);
    }

    #[test]
    fn a_sample_has_sensible_numbers() {
        let sample = Sampler::default().sample(Path::new("/"));
        assert!(sample.memory_used_bytes > 0 && sample.disk_free_bytes > 0 && sample.cpu == 0.0);
        assert!(cores() > 0 && memory_mib() > 0);
    }
}
