//! How fast one may guess passwords: a few attempts are free, then each failure doubles the wait.
//!
//! Counted for each user from each address, and for each address alone: a stranger can neither try one user's passwords nor
//! one password on all users, and cannot lock a user out who comes from elsewhere. An attempt counts as failed when it
//! begins, so that many at once gain nothing; success takes it back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{Duration, Timestamp};

/// Limits for one kind of counter.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Failures without a wait.
    pub free: u32,
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

const USER_FROM_ADDRESS: Limit =
    Limit { free: 5, first_wait: Duration::from_secs(1), longest_wait: Duration::from_mins(15) };
/// Several people may share an address (a proxy, this machine): more is free, and waits are shorter.
const ADDRESS: Limit = Limit { free: 20, first_wait: Duration::from_secs(1), longest_wait: Duration::from_mins(1) };

/// Failures are forgotten when nothing happened for so long.
const MEMORY: Duration = Duration::from_mins(30);
/// Counters kept at most; beyond it the older half goes.
const CAPACITY: usize = 10_000;

/// Failures in a row and the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last: Timestamp,
}

/// How long one must still wait; nothing when an attempt may be made now.
pub fn wait(failures: Failures, limit: Limit, now: Timestamp) -> Option<Duration> {
    let over = failures.count.checked_sub(limit.free)?;
    let wait = limit.first_wait.micros().saturating_mul(1 << over.min(30)).min(limit.longest_wait.micros());
    // A clock that was set back must not lock anybody out for longer than the wait itself.
    let passed = now.since(failures.last).micros().max(0);
    let left = wait - passed;
    (left > 0).then_some(Duration(left))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counter {
    UserFrom(String, IpAddr),
    Address(IpAddr),
}

impl Counter {
    const fn limit(&self) -> Limit {
        match self {
            Counter::UserFrom(..) => USER_FROM_ADDRESS,
            Counter::Address(_) => ADDRESS,
        }
    }
}

/// The failures of late, in memory: a restart forgets them, and is slower than waiting.
#[derive(Default)]
pub struct Throttle {
    counters: Mutex<HashMap<Counter, Failures>>,
}

impl Throttle {
    /// Counts an attempt as failed, or says how long to wait before the next one.
    pub fn begin(&self, user: &str, from: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut counters = self.lock();
        let keys = counters_of(user, from);
        let longest = keys.iter().filter_map(|key| wait(recent(&counters, key, now), key.limit(), now)).max();
        if let Some(left) = longest {
            return Err(left);
        }
        make_room(&mut counters, now);
        for key in keys {
            let count = recent(&counters, &key, now).count.saturating_add(1);
            counters.insert(key, Failures { count, last: now });
        }
        Ok(())
    }

    /// The attempt was right: the user's failures are forgotten, the address's own attempt is taken back.
    pub fn succeeded(&self, user: &str, from: IpAddr) {
        let mut counters = self.lock();
        for key in counters_of(user, from) {
            match (&key, counters.get_mut(&key)) {
                (Counter::Address(_), Some(failures)) if failures.count > 1 => failures.count -= 1,
                _ => drop(counters.remove(&key)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Counter, Failures>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counters_of(user: &str, from: IpAddr) -> [Counter; 2] {
    let from = network(from);
    [Counter::UserFrom(user.to_lowercase(), from), Counter::Address(from)]
}

/// One house has a whole /64 of IPv6.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

fn recent(counters: &HashMap<Counter, Failures>, key: &Counter, now: Timestamp) -> Failures {
    counters.get(key).copied().filter(|f| now.since(f.last) < MEMORY).unwrap_or_default()
}

fn make_room(counters: &mut HashMap<Counter, Failures>, now: Timestamp) {
    if counters.len() + 2 <= CAPACITY {
        return;
    }
    counters.retain(|_, failures| now.since(failures.last) < MEMORY);
    if counters.len() + 2 > CAPACITY {
        // Half of them at once, so that a flood of addresses costs little for each.
        let mut by_age: Vec<_> = counters.iter().map(|(key, failures)| (failures.last, key.clone())).collect();
        by_age.sort_unstable_by_key(|(last, _)| *last);
        for (_, key) in by_age.into_iter().take(CAPACITY / 2) {
            counters.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let check = |count, expected: Option<i64>| {
            let failures = Failures { count, last: at(0) };
            assert_eq!(wait(failures, USER_FROM_ADDRESS, at(0)).map(Duration::secs), expected, "{count}");
        };
        check(4, None);
        check(5, Some(1));
        check(6, Some(2));
        check(10, Some(32));
        check(60, Some(900));
        check(u32::MAX, Some(900));
    }

    #[test]
    fn a_wait_ends_and_a_clock_set_back_does_not_prolong_it() {
        let failures = Failures { count: 6, last: at(0) };
        assert_eq!(wait(failures, USER_FROM_ADDRESS, at(1)), Some(Duration::from_secs(1)));
        assert_eq!(wait(failures, USER_FROM_ADDRESS, at(2)), None);
        assert_eq!(wait(failures, USER_FROM_ADDRESS, at(-500)), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_user_is_locked_from_the_guessers_address_only() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.begin("ada", HERE, at(0)), Ok(()));
        }
        assert_eq!(throttle.begin("Ada", HERE, at(0)), Err(Duration::from_secs(1)));
        assert_eq!(throttle.begin("ada", ELSEWHERE, at(0)), Ok(()));
        assert_eq!(throttle.begin("bob", HERE, at(0)), Ok(()));
    }

    #[test]
    fn many_users_from_one_address_are_slowed_down_too() {
        let throttle = Throttle::default();
        let passed = (0..100).filter(|i| throttle.begin(&format!("user{i}"), HERE, at(0)).is_ok()).count();
        assert_eq!(passed, 20);
    }

    #[test]
    fn success_and_time_forget_failures() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin("ada", HERE, at(0)).unwrap();
        }
        throttle.succeeded("ada", HERE);
        assert_eq!(throttle.begin("ada", HERE, at(0)), Ok(()));
        for i in 0..40 {
            let _ = throttle.begin("bob", HERE, at(i));
        }
        assert!(throttle.begin("bob", HERE, at(40)).is_err());
        assert_eq!(throttle.begin("bob", HERE, at(40 + 1800)), Ok(()));
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::default();
        for i in 0..12_000u32 {
            let _ = throttle.begin("ada", IpAddr::V4((0x0a00_0000 + i).into()), at(0));
        }
        assert!(throttle.lock().len() <= CAPACITY);
    }

    #[test]
    fn an_ipv6_house_is_one_address() {
        let throttle = Throttle::default();
        let passed = (0..100u128).filter(|i| {
            let from = IpAddr::V6((0x2001_0db8_u128 << 96 | i).into());
            throttle.begin("ada", from, at(0)).is_ok()
        });
        assert_eq!(passed.count(), 5);
    }
}
