//! How many failed calls of one caller are written down. Whoever fails all the time fills no log: a few are written at
//! once, then one each ten seconds, and that one says how many were left out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::api::Timestamp;

/// Written down without a wait.
const AT_ONCE: i64 = 30;
/// Then one each.
const EVERY_SECS: i64 = 10;
/// Callers that are told apart; beyond it all further ones count as one.
const CALLERS: usize = 4096;

#[derive(Debug, Default)]
pub struct Flood(Mutex<HashMap<String, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Calls that may still be written at once, in seconds of waiting.
    credit_secs: i64,
    since: Timestamp,
    left_out: i64,
}

impl Bucket {
    /// With what has come in since.
    fn at(self, now: Timestamp) -> Bucket {
        let passed = now.since(self.since).secs().max(0);
        Bucket { credit_secs: (self.credit_secs + passed).min(AT_ONCE * EVERY_SECS), since: now, ..self }
    }
}

impl Flood {
    /// Whether a failed call is written down, and then how many before it were not.
    pub fn take(&self, caller: &str, now: Timestamp) -> Option<i64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS && !buckets.contains_key(caller) {
            // Those with full credit and nothing left out are as good as new.
            buckets.retain(|_, b| b.left_out > 0 || b.at(now).credit_secs < AT_ONCE * EVERY_SECS);
        }
        let key = if buckets.len() >= CALLERS && !buckets.contains_key(caller) { "" } else { caller };
        let fresh = Bucket { credit_secs: AT_ONCE * EVERY_SECS, since: now, left_out: 0 };
        let bucket = buckets.entry(key.to_owned()).or_insert(fresh);
        // A fraction of a second that has passed is not lost: time is only taken when there is a whole one.
        if now.since(bucket.since).secs() != 0 {
            *bucket = bucket.at(now);
        }
        if bucket.credit_secs < EVERY_SECS {
            bucket.left_out += 1;
            return None;
        }
        bucket.credit_secs -= EVERY_SECS;
        Some(std::mem::take(&mut bucket.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_a_trace_and_not_more() {
        let flood = Flood::default();
        let written = |secs: i64, n: usize| {
            let all: Vec<i64> = (0..n).filter_map(|_| flood.take("mallory", Timestamp::from_secs(secs))).collect();
            (all.len(), all.iter().sum::<i64>())
        };
        assert_eq!(written(0, 1000), (30, 0));
        assert_eq!(written(10, 1000), (1, 970));
        assert_eq!(written(1000, 1000), (30, 999));
        assert_eq!(flood.take("alice", Timestamp::from_secs(1000)), Some(0), "others are not concerned");
    }

    #[test]
    fn strangers_without_number_take_no_memory_without_number() {
        let flood = Flood::default();
        let written = (0..100_000).filter(|i| flood.take(&format!("{i}"), Timestamp::from_secs(1)).is_some()).count();
        assert!(flood.0.lock().unwrap().len() <= CALLERS + 1);
        assert!(written <= CALLERS + 30, "{written}");
        assert!(flood.take("late", Timestamp::from_secs(10_000)).is_some());
    }
}
