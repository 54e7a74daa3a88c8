//! How fast the tasks of each job end, lately. In memory only: an estimate for people, not a fact to keep.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::api::Timestamp;

/// Weight of what is so old has fallen to a third.
const MEMORY_SECS: f64 = 20.0;
/// Jobs in which nothing ended for so long are forgotten.
const FORGET_SECS: i64 = 300;

#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<i64, Rate>>);

#[derive(Clone, Copy, Debug)]
struct Rate {
    /// Ended tasks, older ones weighing less.
    weight: f64,
    since: Timestamp,
    last: Timestamp,
}

impl Rates {
    pub fn ended(&self, job_key: i64, n_tasks: i64, now: Timestamp) {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.len() > 1000 {
            rates.retain(|_, rate| now.since(rate.last).secs() < FORGET_SECS);
        }
        let rate = rates.entry(job_key).or_insert(Rate { weight: 0.0, since: now, last: now });
        rate.weight = rate.weight * decay(rate.last, now) + n_tasks as f64;
        rate.last = now;
    }

    /// Tasks a second; nothing before a second has passed or when nothing ended for long.
    pub fn of(&self, job_key: i64, now: Timestamp) -> Option<f64> {
        let rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = rates.get(&job_key)?;
        let age = now.since(rate.since).micros() as f64 / 1e6;
        let per_second = rate.weight * decay(rate.last, now) / (MEMORY_SECS * (1.0 - (-age / MEMORY_SECS).exp()));
        (age >= 1.0 && per_second > 0.01).then_some(per_second)
    }
}

fn decay(from: Timestamp, to: Timestamp) -> f64 {
    (-(to.since(from).micros() as f64 / 1e6) / MEMORY_SECS).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_moments() {
        let rates = Rates::default();
        for second in 0..=100 {
            rates.ended(1, 50, Timestamp::from_secs(second));
        }
        let now = Timestamp::from_secs(100);
        let rate = rates.of(1, now).unwrap();
        assert!((45.0..56.0).contains(&rate), "{rate}");
        assert_eq!(rates.of(2, now), None);
        assert_eq!(rates.of(1, Timestamp::from_secs(1000)), None);
    }
}
