//! The `ocp-range` header: which bytes of a file.

use crate::api::{self, Code};

/// From `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: u64,
    pub end: u64,
}

impl Range {
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Reads `bytes=2-5` (both ends included), `bytes=2-` or `bytes=-4` (the last four) for a file of this length. An
    /// end behind the file's is cut off; of an empty file everything is an empty range.
    ///
    /// # Errors
    /// `InvalidRange` for one that begins behind the file, `InvalidHeaderValue` for what is no range.
    pub fn parse(text: &str, length: u64) -> Result<Range, api::Error> {
        let bad =
            || api::Error::new(Code::InvalidHeaderValue).with("HeaderName", "ocp-range").with("HeaderValue", text);
        let (first, last) = text.trim().strip_prefix("bytes=").and_then(|rest| rest.split_once('-')).ok_or_else(bad)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| bad());
        let range = match (first.trim(), last.trim()) {
            ("", last) => Range { start: length.saturating_sub(number(last)?), end: length },
            (first, "") => Range { start: number(first)?, end: length },
            (first, last) => Range { start: number(first)?, end: number(last)?.saturating_add(1) },
        };
        if range.is_empty() && range.end < length || (range.start >= length && length > 0) {
            return Err(api::Error::new(Code::InvalidRange).with("FileLength", length.to_string()));
        }
        Ok(Range { start: range.start.min(length), end: range.end.min(length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        let check =
            |text, length, start, end| assert_eq!(Range::parse(text, length), Ok(Range { start, end }), "{text}");
        check("bytes=2-5", 10, 2, 6);
        check("bytes=2-", 10, 2, 10);
        check("bytes=-4", 10, 6, 10);
        check("bytes=-40", 10, 0, 10);
        check("bytes=9-10", 10, 9, 10);
        check("bytes=0-18446744073709551615", 10, 0, 10);
        check("bytes=0-9", 0, 0, 0);
        check("bytes=5-9", 0, 0, 0);
    }

    #[test]
    fn what_lies_behind_the_file_or_is_no_range_is_refused() {
        let check = |text, code| assert_eq!(Range::parse(text, 10).map_err(|e| e.code), Err(code), "{text}");
        check("bytes=10-", Code::InvalidRange);
        check("bytes=10-12", Code::InvalidRange);
        check("bytes=5-2", Code::InvalidRange);
        check("bytes=-0", Code::InvalidRange);
        for bad in ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "chars=1-2"] {
            check(bad, Code::InvalidHeaderValue);
        }
    }
}
