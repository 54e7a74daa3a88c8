//! The agent's clocks: the wall clock for what is reported, the monotonic one for everything that waits.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::api::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the one place of the agent that reads the wall clock")]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the one place of the agent that reads the monotonic clock")]
pub fn instant() -> Instant {
    Instant::now()
}
