//! When an agent that lost its server must end its tasks. Pure.
//!
//! A server with leases runs the tasks of a silent node elsewhere. So that a task never runs twice at a time, the agent's
//! lease is the shorter one and is counted by the monotonic clock: a step of the wall clock neither kills nor doubles.

use std::time::{Duration, Instant};

/// When the lease ends, counted from the last word of the server. None: there is no lease, tasks outlive the server.
pub fn ends_at(lease: Option<Duration>, last_word: Instant) -> Option<Instant> {
    lease.map(|lease| last_word + lease)
}

pub fn has_ended(lease: Option<Duration>, last_word: Instant, now: Instant) -> bool {
    ends_at(lease, last_word).is_some_and(|end| now >= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_by_silence_and_without_a_lease_nothing_ends() {
        let word = super::super::clock::instant();
        let after = |secs| word + Duration::from_secs(secs);
        let lease = Some(Duration::from_secs(20));
        assert!(!has_ended(lease, word, word));
        assert!(!has_ended(lease, word, after(19)));
        assert!(has_ended(lease, word, after(20)));
        assert!(!has_ended(lease, after(5), after(24)));
        assert!(!has_ended(None, word, after(1_000_000)));
    }
}
