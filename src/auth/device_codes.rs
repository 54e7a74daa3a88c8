//! Programs that wait for a person to allow them in (RFC 8628): the program shows a short code, the person types it into the portal.
//!
//! In memory: what waits lives for a quarter of an hour, strangers may begin it, and after a restart a program asks anew.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::secret::{self, Hash};
use crate::api::{Duration, Secret, Timestamp};

/// How long a person has.
pub const LIFE: Duration = Duration::from_mins(15);
/// How often a program may ask whether it was allowed.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// Asking again sooner than that is too often; clients count their seconds a little differently.
const SOONEST: Duration = Duration::from_secs(3);
/// Programs that wait at most, in all and from one address.
const MOST: usize = 1000;
const MOST_FROM_ADDRESS: usize = 20;
/// No vowels, so that a code is no word, and nothing that looks like something else (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const HALF: usize = 4;

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The client id that the program gave; anybody can give any.
    pub client: String,
    pub from: IpAddr,
    pub expires: Timestamp,
}

/// What a program hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    NotYet,
    /// It asks more often than it should.
    TooFast,
    Refused,
    /// The secret that the person's word made for it. Said once.
    Allowed(Secret),
    /// Unknown, used or over.
    Expired,
}

struct Waiting {
    user_code: String,
    asking: Asking,
    last_poll: Option<Timestamp>,
    /// Nothing until the person has answered; then the secret, or none for a refusal.
    answer: Option<Option<Secret>>,
}

/// All programs that wait, by the hash of their device codes.
#[derive(Default)]
pub struct DeviceCodes(Mutex<HashMap<Hash, Waiting>>);

impl DeviceCodes {
    /// Begins to wait, with a code for the person; nothing when too many wait already.
    pub fn begin(
        &self,
        device_code: &Secret,
        letters: &[u8; 2 * HALF],
        client: &str,
        from: IpAddr,
        now: Timestamp,
    ) -> Option<String> {
        let mut all = self.lock();
        all.retain(|_, waiting| now < waiting.asking.expires);
        let from_there = all.values().filter(|waiting| waiting.asking.from == from).count();
        let user_code = user_code(letters);
        let is_taken = all.values().any(|waiting| waiting.user_code == user_code);
        if all.len() >= MOST || from_there >= MOST_FROM_ADDRESS || is_taken {
            return None;
        }
        let asking = Asking { client: client.to_owned(), from, expires: now.plus(LIFE) };
        let waiting = Waiting { user_code: user_code.clone(), asking, last_poll: None, answer: None };
        all.insert(secret::hash(&device_code.0), waiting);
        Some(user_code)
    }

    /// Who asks by this code and has no answer yet.
    pub fn of_user_code(&self, code: &str, now: Timestamp) -> Option<Asking> {
        let code = normal(code)?;
        let all = self.lock();
        let waiting = all.values().find(|waiting| waiting.user_code == code && waiting.answer.is_none())?;
        (now < waiting.asking.expires).then(|| waiting.asking.clone())
    }

    /// The person's word: a secret for the program, or nothing for a refusal. Whether there was one to hear it.
    pub fn answer(&self, code: &str, answer: Option<Secret>, now: Timestamp) -> bool {
        let Some(code) = normal(code) else { return false };
        let mut all = self.lock();
        let waiting = all.values_mut().find(|waiting| waiting.user_code == code && waiting.answer.is_none());
        match waiting.filter(|waiting| now < waiting.asking.expires) {
            Some(waiting) => waiting.answer = Some(answer),
            None => return false,
        }
        true
    }

    /// What the program with this device code is told now.
    pub fn poll(&self, device_code: &str, client: &str, now: Timestamp) -> Answer {
        let mut all = self.lock();
        let key = secret::hash(device_code);
        let Some(waiting) = all.get_mut(&key).filter(|waiting| waiting.asking.client == client) else {
            return Answer::Expired;
        };
        if now >= waiting.asking.expires {
            all.remove(&key);
            return Answer::Expired;
        }
        match waiting.answer.take() {
            None => {
                let is_fast = waiting.last_poll.is_some_and(|last| now.since(last) < SOONEST);
                waiting.last_poll = Some(now);
                if is_fast { Answer::TooFast } else { Answer::NotYet }
            }
            Some(answer) => {
                all.remove(&key);
                answer.map_or(Answer::Refused, Answer::Allowed)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Eight random bytes as `BCDF-GHJK`.
fn user_code(bytes: &[u8; 2 * HALF]) -> String {
    let mut code: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    code.insert(HALF, '-');
    code
}

/// A code as somebody types it, in the form in which it is kept.
fn normal(typed: &str) -> Option<String> {
    let mut code: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == 2 * HALF).then(|| code.insert(HALF, '-'))?;
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const NOW: Timestamp = Timestamp::from_micros(0);

    fn secret(n: usize) -> Secret {
        Secret(format!("device {n}"))
    }

    fn begin(codes: &DeviceCodes, n: usize) -> Option<String> {
        let bytes = std::array::from_fn(|i| (n / 20_usize.pow(i as u32) % 20) as u8);
        codes.begin(&secret(n), &bytes, "cli", HERE, NOW)
    }

    fn after(secs: i64) -> Timestamp {
        NOW.plus(Duration::from_secs(secs))
    }

    #[test]
    fn a_program_waits_for_a_person_and_is_told_once() {
        let codes = DeviceCodes::default();
        let code = begin(&codes, 1).unwrap();
        assert_eq!(code, "CBBB-BBBB");
        assert_eq!(codes.of_user_code("cbbb bbbb", after(1)).map(|asking| asking.client), Some("cli".to_owned()));
        assert_eq!(codes.poll("device 1", "cli", after(1)), Answer::NotYet);
        assert_eq!(codes.poll("device 1", "cli", after(2)), Answer::TooFast);
        assert_eq!(codes.poll("device 1", "another", after(8)), Answer::Expired);
        let token = Secret("fnl_x".to_owned());
        assert!(codes.answer("CBBBBBBB", Some(token.clone()), after(9)));
        assert!(!codes.answer("CBBBBBBB", None, after(9)), "it was answered");
        assert_eq!(codes.of_user_code("CBBB-BBBB", after(9)), None);
        assert_eq!(codes.poll("device 1", "cli", after(9)), Answer::Allowed(token));
        assert_eq!(codes.poll("device 1", "cli", after(9)), Answer::Expired);
    }

    #[test]
    fn a_refusal_is_said_and_time_runs_out() {
        let codes = DeviceCodes::default();
        let (one, two) = (begin(&codes, 1).unwrap(), begin(&codes, 2).unwrap());
        assert!(codes.answer(&one, None, after(1)));
        assert_eq!(codes.poll("device 1", "cli", after(2)), Answer::Refused);
        let end = NOW.plus(LIFE);
        assert_eq!(codes.of_user_code(&two, end), None);
        assert!(!codes.answer(&two, None, end));
        assert_eq!(codes.poll("device 2", "cli", end), Answer::Expired);
    }

    #[test]
    fn nobody_can_fill_the_memory() {
        let codes = DeviceCodes::default();
        let begun = (0..2 * MOST_FROM_ADDRESS).filter_map(|n| begin(&codes, n)).count();
        assert_eq!(begun, MOST_FROM_ADDRESS);
        let later = codes.begin(&secret(99), &[7; 8], "cli", HERE, NOW.plus(LIFE));
        assert!(later.is_some(), "what is over makes room");
    }

    #[test]
    fn what_is_no_code_is_nobodys() {
        for typed in ["", "BCDF", "BCDF-GHJKL", "ÄÖÜBCDFG"] {
            assert_eq!(normal(typed), None, "{typed}");
        }
    }
}
