//! What a node measures over time, in a form that takes little room: ten or so bytes a sample.
//!
//! Time is divided into slots of ten seconds; a slot has one sample. Samples are written in frames, each of which can be read
//! by itself, and frames of ten minutes (a chunk) are kept one behind the other. In a frame the first sample is written as
//! it is and each further one as what changed, all of it as numbers of variable length.

mod frame;

pub use frame::{read, write};

use super::history::{Steps, Summary};
use crate::api::agent::{Sample as Heard, Traffic};
use crate::api::{Duration, NodeHistory, Timestamp};

pub const SLOT: Duration = Duration::from_secs(10);
pub const SLOTS_PER_CHUNK: i64 = 60;
/// What is measured: processors, memory, disk, read, written, received, sent.
pub const N_QUANTITIES: usize = 7;

const KIB: i64 = 1 << 10;
const MIB: i64 = 1 << 20;

/// What was measured in a slot: thousandths of the processors, memory and disk in MiB, traffic in KiB a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub slot: i64,
    pub numbers: [Option<i64>; N_QUANTITIES],
}

/// How much the machine has; it hardly ever changes, so it stands once in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub memory_mib: Option<i64>,
    pub disk_mib: Option<i64>,
}

/// The slot of a moment.
pub fn slot(at: Timestamp) -> i64 {
    at.micros().div_euclid(SLOT.micros())
}

/// The chunk of a slot.
pub fn chunk(slot: i64) -> i64 {
    slot.div_euclid(SLOTS_PER_CHUNK)
}

/// The oldest chunk that is still kept, or shown from `start` on.
pub fn chunk_at(start: Timestamp) -> i64 {
    chunk(slot(start))
}

impl Sample {
    /// What the node said, with what went over disks and cards since `before`.
    pub fn of(heard: &Heard, slot: i64, before: Option<(Traffic, Duration)>) -> Sample {
        let mib = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX) / MIB;
        let traffic = heard.traffic.zip(before).filter(|(_, (_, time))| time.micros() > 0);
        let rate = |of: fn(&Traffic) -> u64| {
            let (now, (before, time)) = traffic?;
            // A machine that was started again counts from nothing.
            let bytes = of(&now).checked_sub(of(&before)).unwrap_or_else(|| of(&now));
            let per_second = i128::from(bytes) * 1_000_000 / i128::from(time.micros());
            Some(i64::try_from(per_second).unwrap_or(i64::MAX) / KIB)
        };
        Sample {
            slot,
            numbers: [
                heard.cpu.is_finite().then_some((heard.cpu * 1000.0).round() as i64),
                Some(mib(heard.memory_used_bytes)),
                heard.disk_used_bytes.map(mib),
                rate(|t| t.disk_read_bytes),
                rate(|t| t.disk_write_bytes),
                rate(|t| t.network_in_bytes),
                rate(|t| t.network_out_bytes),
            ],
        }
    }
}

impl Totals {
    pub fn of(heard: &Heard) -> Totals {
        let mib = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX) / MIB;
        let disk = heard.disk_used_bytes.and_then(|used| used.checked_add(heard.disk_free_bytes));
        Totals { memory_mib: heard.memory_total_bytes.map(mib), disk_mib: disk.map(mib) }
    }
}

/// The graph of a node. `chunks` are numbers of chunks with their frames, oldest first.
pub fn history(chunks: &[(i64, Vec<u8>)], steps: Steps) -> NodeHistory {
    let mut summaries: [Summary; N_QUANTITIES] = std::array::from_fn(|_| Summary::new(steps));
    let mut totals = Totals::default();
    for (chunk, frames) in chunks {
        read(*chunk, frames, |known, sample| {
            totals = Totals {
                memory_mib: known.memory_mib.or(totals.memory_mib),
                disk_mib: known.disk_mib.or(totals.disk_mib),
            };
            let Some(index) = steps.index(Timestamp(sample.slot.saturating_mul(SLOT.micros()))) else { return };
            for (summary, number) in summaries.iter_mut().zip(sample.numbers) {
                if let Some(number) = number {
                    summary.add(index, number);
                }
            }
        });
    }
    let series = |quantity: usize, unit: i64| {
        let mut series = summaries[quantity].series();
        for number in series.average.iter_mut().chain(&mut series.peak).flatten() {
            *number = number.saturating_mul(unit);
        }
        series
    };
    NodeHistory {
        start_time: steps.start,
        step: steps.step,
        memory_bytes: totals.memory_mib.map(|n| n.saturating_mul(MIB)),
        disk_bytes: totals.disk_mib.map(|n| n.saturating_mul(MIB)),
        cpu: series(0, 1),
        memory: series(1, MIB),
        disk: series(2, MIB),
        disk_read: series(3, KIB),
        disk_write: series(4, KIB),
        network_in: series(5, KIB),
        network_out: series(6, KIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::HistorySpan;

    #[test]
    fn traffic_is_told_for_a_second() {
        let traffic =
            |read: u64, sent: u64| Traffic { disk_read_bytes: read, network_out_bytes: sent, ..Traffic::default() };
        let heard = |traffic| Heard { cpu: 0.2567, memory_used_bytes: 5 << 20, traffic, ..Heard::default() };
        let check = |now, before, expected: [Option<i64>; N_QUANTITIES]| {
            assert_eq!(Sample::of(&heard(now), 3, before), Sample { slot: 3, numbers: expected });
        };
        let five = Duration::from_secs(5);
        check(None, None, [Some(257), Some(5), None, None, None, None, None]);
        let (first, second) = (traffic(1 << 20, 0), traffic(6 << 20, 5 << 10));
        check(Some(second), None, [Some(257), Some(5), None, None, None, None, None]);
        let known = [Some(257), Some(5), None, Some(1024), Some(0), Some(0), Some(1)];
        check(Some(second), Some((first, five)), known);
        // Started again meanwhile.
        check(Some(first), Some((second, five)), [Some(257), Some(5), None, Some(204), Some(0), Some(0), Some(0)]);
        check(Some(first), Some((second, Duration(0))), [Some(257), Some(5), None, None, None, None, None]);
    }

    #[test]
    fn a_graph_has_what_lies_in_its_time() {
        let now = Timestamp::from_secs(1_800_000_000);
        let sample = |secs_ago: i64, cpu: i64| {
            let numbers = [Some(cpu), Some(2), None, Some(3), None, None, None];
            Sample { slot: slot(Timestamp(now.micros() - secs_ago * 1_000_000)), numbers }
        };
        let totals = Totals { memory_mib: Some(4), disk_mib: None };
        let samples = [sample(7200, 999), sample(40, 100), sample(20, 300), sample(10, 500), sample(0, 50)];
        let mut chunks: Vec<(i64, Vec<u8>)> = Vec::new();
        for (chunk, frame) in write(totals, &samples) {
            chunks.push((chunk, frame));
        }
        let graph = history(&chunks, Steps::of(HistorySpan::Hour, now));
        assert_eq!((graph.memory_bytes, graph.disk_bytes), (Some(4 << 20), None));
        assert_eq!(graph.cpu.average[116..], [None, Some(100), Some(400), Some(50)], "{graph:?}");
        assert_eq!(graph.cpu.peak[118..], [Some(500), Some(50)]);
        assert_eq!((graph.memory.average[119], graph.disk_read.average[119]), (Some(2 << 20), Some(3 << 10)));
        assert!(graph.disk.average.iter().all(Option::is_none) && graph.cpu.average.len() == 120);
    }
}
