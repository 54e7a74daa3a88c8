//! The real time. Nothing else reads it, so that tests can move it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::api::Timestamp;
use crate::service::context::Clock;

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the place where time enters")]
        let now = SystemTime::now();
        let micros = |d: std::time::Duration| i64::try_from(d.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(now.duration_since(UNIX_EPOCH).map_or_else(|before| -micros(before.duration()), micros))
    }

    fn monotonic(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "the place where time enters")]
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}
