//! Sign-ins that people have begun and not come back from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use openidconnect::{Nonce, PkceCodeVerifier};

use crate::api::{Duration, Timestamp};
use crate::auth::secret::{self, Hash};

/// How long one may take at the provider.
pub const LIFE: Duration = Duration::from_mins(10);
/// More than people begin in that time; whoever begins them without end pushes out others, and fills no memory.
const MOST: usize = 1000;

pub struct Pending {
    /// Of the secret in the cookie of the browser that began it: no other one can end it.
    pub browser: Hash,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
    /// Where to go afterwards.
    pub return_to: String,
    pub began: Timestamp,
}

#[derive(Default)]
pub struct AllPending(Mutex<HashMap<Hash, Pending>>);

impl AllPending {
    pub fn add(&self, state: &str, pending: Pending) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = pending.began;
        all.retain(|_, other| now.since(other.began) < LIFE);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, other)| other.began).map(|(state, _)| *state)
        {
            all.remove(&oldest);
        }
        all.insert(secret::hash(state), pending);
    }

    /// Each works once.
    pub fn take(&self, state: &str, browser: &str, now: Timestamp) -> Option<Pending> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.remove(&secret::hash(state))?;
        let fits = now.since(found.began) < LIFE && secret::equal(&found.browser, &secret::hash(browser));
        fits.then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(seconds: i64) -> Pending {
        Pending {
            browser: secret::hash("browser"),
            nonce: Nonce::new("n".into()),
            verifier: PkceCodeVerifier::new("v".into()),
            return_to: "/".into(),
            began: Timestamp::from_micros(seconds * 1_000_000),
        }
    }

    #[test]
    fn a_sign_in_ends_once_in_time_and_in_its_own_browser() {
        let all = AllPending::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        all.add("s", pending(0));
        assert!(all.take("other", "browser", at(1)).is_none());
        assert!(all.take("s", "browser", at(1)).is_some());
        assert!(all.take("s", "browser", at(1)).is_none(), "once");
        all.add("s", pending(0));
        assert!(all.take("s", "another", at(1)).is_none(), "of another browser");
        all.add("s", pending(0));
        assert!(all.take("s", "browser", at(601)).is_none(), "too late");
    }

    #[test]
    fn those_that_nobody_ends_are_bounded_and_the_oldest_go() {
        let all = AllPending::default();
        for second in 0..=MOST {
            all.add(&second.to_string(), pending(i64::try_from(second).unwrap() / 10));
        }
        assert_eq!(all.0.lock().unwrap().len(), MOST);
        let now = Timestamp::from_micros(101_000_000);
        assert!(all.take(&MOST.to_string(), "browser", now).is_some());
    }
}
