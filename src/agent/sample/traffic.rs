//! What goes over the machine's disks and network cards.

use std::fs;
use std::path::Path;

use crate::api::agent::Traffic;

/// `/proc/diskstats` counts in these, whatever the disk's own sectors are.
const SECTOR_BYTES: u64 = 512;

/// Since the machine started; absent where the system does not tell.
pub fn read() -> Option<Traffic> {
    let disks = fs::read_to_string("/proc/diskstats").ok()?;
    let cards = fs::read_to_string("/proc/net/dev").ok()?;
    // Parts of disks are not there by themselves: what went over them went over their disk.
    let is_disk = |name: &str| Path::new("/sys/block").join(name).exists();
    Some(sum(&disks, &cards, is_disk))
}

fn sum(disks: &str, cards: &str, is_disk: impl Fn(&str) -> bool) -> Traffic {
    let mut traffic = Traffic::default();
    for line in disks.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.get(2).is_none_or(|name| is_made_of_others(name) || !is_disk(name)) {
            continue;
        }
        traffic.disk_reads += number(&words, 3);
        traffic.disk_read_bytes += number(&words, 5) * SECTOR_BYTES;
        traffic.disk_writes += number(&words, 7);
        traffic.disk_write_bytes += number(&words, 9) * SECTOR_BYTES;
    }
    for line in cards.lines() {
        let Some((name, counters)) = line.split_once(':') else { continue };
        if name.trim() == "lo" {
            continue;
        }
        let words: Vec<&str> = counters.split_whitespace().collect();
        traffic.network_in_bytes += number(&words, 0);
        traffic.network_out_bytes += number(&words, 8);
    }
    traffic
}

/// Devices whose traffic is memory's, or counted at the disks below them.
fn is_made_of_others(name: &str) -> bool {
    ["loop", "ram", "zram", "dm-", "md"].iter().any(|kind| name.starts_with(kind))
}

fn number(words: &[&str], index: usize) -> u64 {
    words.get(index).and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISKS: &str = "\
   7       0 loop0 1 0 1000 0 0 0 0 0
 259       0 nvme0n1 10 1 20 5 30 2 40 6 0 0 0
 259       1 nvme0n1p1 9 1 18 5 29 2 38 6 0 0 0
 253       0 dm-0 9 1 18 5 29 2 38 6 0 0 0";
    const CARDS: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
  eth0:100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0
  eth1: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0";

    #[test]
    fn disks_and_cards_are_counted_once() {
        let expected = Traffic {
            disk_read_bytes: 10_240,
            disk_write_bytes: 20_480,
            disk_reads: 10,
            disk_writes: 30,
            network_in_bytes: 107,
            network_out_bytes: 208,
        };
        assert_eq!(sum(DISKS, CARDS, |name| name != "nvme0n1p1"), expected);
        assert_eq!(sum("", "nonsense", |_| true), Traffic::default());
    }
}
