//! ETags: a number that grows with every change of a resource's own data, written as Batch writes them.

use crate::api::{Code, Timestamp};
use crate::domain::condition::Condition;

/// 100-nanosecond ticks from year 1 to 1970, which Batch's ETags count from.
const TICKS_TO_1970: i64 = 621_355_968_000_000_000;

pub fn first(now: Timestamp) -> i64 {
    TICKS_TO_1970 + now.micros() * 10
}

/// Another one than before, also when the clock has not moved or has gone back.
pub fn next(before: i64, now: Timestamp) -> i64 {
    first(now).max(before + 1)
}

/// `0x8DE2B1C…`, without quotes.
pub fn text(etag: i64) -> String {
    format!("0x{etag:X}")
}

/// Refuses a change of a resource that is not as its caller knows it. Asked inside the transaction that makes the change.
///
/// # Errors
/// `ConditionNotMet`.
pub fn check(only_if: &Condition, etag: i64, modified: Timestamp) -> Result<(), Code> {
    if only_if.holds(&text(etag), modified) { Ok(()) } else { Err(Code::ConditionNotMet) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_looks_like_batchs_and_always_changes() {
        let now = Timestamp::from_secs(1_795_468_735);
        assert_eq!(text(first(now)), "0x8DF49A761424980");
        assert_eq!(next(first(now), now), first(now) + 1);
        assert_eq!(next(first(now), Timestamp(0)), first(now) + 1);
    }
}
