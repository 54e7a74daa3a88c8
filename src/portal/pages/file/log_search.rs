//! Search in the loaded lines of a log, without regard to case.

use std::ops::Range;

use super::ansi;
use super::log_buffer::LogBuffer;

/// More matches than this are not counted.
pub const MAX_MATCHES: usize = 10_000;

/// A place where the text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Index in the window.
    pub line: usize,
    /// Characters of the line's plain text.
    pub range: Range<usize>,
}

/// All places in the order of lines, which do not overlap. Nothing is found by an empty text.
pub fn find(buffer: &LogBuffer, text: &str) -> Vec<Match> {
    let wanted: Vec<char> = text.chars().map(fold).collect();
    let mut matches = Vec::new();
    if wanted.is_empty() {
        return matches;
    }
    for (line, content) in buffer.lines().iter().enumerate() {
        let folded: Vec<char> = ansi::plain_text(&content.text).chars().map(fold).collect();
        let mut from = 0;
        while let Some(at) = folded[from..].windows(wanted.len()).position(|window| window == wanted) {
            let start = from + at;
            from = start + wanted.len();
            matches.push(Match { line, range: start..from });
            if matches.len() == MAX_MATCHES {
                return matches;
            }
        }
    }
    matches
}

/// One character for one, so that positions stay.
fn fold(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::FileText;

    fn check(log: &str, text: &str, expected: &[(usize, Range<usize>)]) {
        let length = log.len() as u64;
        let buffer =
            LogBuffer::new(&FileText { text: log.to_owned(), offset: 0, end: length, file_length: length, kept: None });
        let found: Vec<_> = find(&buffer, text).into_iter().map(|m| (m.line, m.range)).collect();
        assert_eq!(found, expected, "{text:?} in {log:?}");
    }

    #[test]
    fn text_is_found_without_regard_to_case() {
        check("Error: é\nno\nÉ error ERROR", "error", &[(0, 0..5), (2, 2..7), (2, 8..13)]);
        check("Error: é\nno\nÉ error", "É", &[(0, 7..8), (2, 0..1)]);
        check("aaaa", "aa", &[(0, 0..2), (0, 2..4)]);
        check("abc", "", &[]);
        check("abc", "abcd", &[]);
    }

    #[test]
    fn colours_do_not_hide_text() {
        check("wa\u{1b}[33mrning", "warning", &[(0, 0..7)]);
    }
}
