//! Files whose growth the server wants to hear of, e.g. because somebody looks at them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::clock;
use super::files::NodeFiles;

/// How often watched files are looked at.
pub const PERIOD: Duration = Duration::from_millis(120);

#[derive(Clone, Debug)]
struct Watch {
    path: String,
    length: u64,
    was_there: bool,
    until: Instant,
}

/// News of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    pub watch: u64,
    pub length: u64,
    pub ended: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Watches {
    watches: HashMap<u64, Watch>,
}

impl Watches {
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    pub fn clear(&mut self) {
        self.watches.clear();
    }

    /// A watch of no time ends the one with its number.
    pub fn set(&mut self, watch: u64, path: String, from: u64, secs: u32) {
        if secs == 0 {
            self.watches.remove(&watch);
            return;
        }
        let until = clock::instant() + Duration::from_secs(secs.into());
        self.watches.insert(watch, Watch { path, length: from, was_there: false, until });
    }

    /// The paths to measure now.
    pub fn paths(&self) -> Vec<(u64, String)> {
        self.watches.iter().map(|(watch, state)| (*watch, state.path.clone())).collect()
    }

    /// Takes in what was measured and says what is new.
    pub fn take(&mut self, lengths: &[(u64, Option<u64>)], now: Instant) -> Vec<Growth> {
        lengths.iter().filter_map(|(watch, length)| self.take_one(*watch, *length, now)).collect()
    }

    fn take_one(&mut self, watch: u64, length: Option<u64>, now: Instant) -> Option<Growth> {
        let state = self.watches.get_mut(&watch)?;
        let went = length.is_none() && state.was_there;
        let has_grown = length.is_some_and(|length| length > state.length);
        // A file that was cut short grows again from there.
        state.length = length.unwrap_or(state.length);
        state.was_there |= length.is_some();
        let (length, ended) = (state.length, went || now >= state.until);
        if ended {
            self.watches.remove(&watch);
        }
        (has_grown || ended).then_some(Growth { watch, length, ended })
    }
}

/// Measures files; may wait for a disk.
pub fn measure(files: &NodeFiles, paths: &[(u64, String)]) -> Vec<(u64, Option<u64>)> {
    paths.iter().map(|(watch, path)| (*watch, files.length(path))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_once_and_a_file_may_come_later() {
        let mut watches = Watches::default();
        watches.set(1, "a".into(), 10, 60);
        let now = clock::instant();
        let mut tell = |length| watches.take(&[(1, length)], now);
        let grew = |length| vec![Growth { watch: 1, length, ended: false }];
        assert_eq!(tell(None), []);
        assert_eq!(tell(Some(10)), []);
        assert_eq!(tell(Some(15)), grew(15));
        assert_eq!(tell(Some(15)), []);
        assert_eq!(tell(Some(3)), []);
        assert_eq!(tell(Some(4)), grew(4));
        assert_eq!(tell(None), vec![Growth { watch: 1, length: 4, ended: true }]);
        assert_eq!(tell(Some(9)), []);
    }

    #[test]
    fn a_watch_ends_with_its_time_or_by_word() {
        let mut watches = Watches::default();
        watches.set(1, "a".into(), 0, 5);
        watches.set(2, "b".into(), 0, 5);
        watches.set(2, String::new(), 0, 0);
        let later = clock::instant() + Duration::from_secs(6);
        assert_eq!(watches.take(&[(1, None), (2, None)], later), vec![Growth { watch: 1, length: 0, ended: true }]);
        assert!(watches.is_empty());
    }
}
