//! The agent's own log, cut to a span of time.

use std::fs;
use std::path::Path;

use crate::api::Timestamp;
use crate::api::agent::FileAsk;

/// The log, and what was put aside of it when the agent began.
const FILES: [&str; 2] = ["agent.log.1", "agent.log"];

/// More is left out: the latest of it is what is looked for.
const MOST_BYTES: usize = 8 << 20;

/// Name and text of each file that has something to say of the span.
pub fn between(dir: &Path, from: Timestamp, to: Timestamp) -> Vec<(String, String)> {
    let read = |name: &&str| {
        let bytes = fs::read(dir.join(name)).ok()?;
        let text = cut(&String::from_utf8_lossy(&bytes), from, to);
        (!text.is_empty()).then(|| ((*name).to_owned(), text))
    };
    FILES.iter().filter_map(read).collect()
}

/// Lines that begin with a time of the span. One without a time belongs to the line before it.
fn cut(log: &str, from: Timestamp, to: Timestamp) -> String {
    let mut is_within = false;
    let mut text = String::new();
    for line in log.lines() {
        let time = line.split_ascii_whitespace().next().and_then(|word| word.parse::<Timestamp>().ok());
        is_within = time.map_or(is_within, |time| from <= time && time <= to);
        if is_within {
            text.push_str(line);
            text.push('\n');
        }
    }
    if text.len() <= MOST_BYTES {
        return text;
    }
    // From the first whole line on.
    let end = &text.as_bytes()[text.len() - MOST_BYTES..];
    let line = end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1);
    String::from_utf8_lossy(&end[line..]).into_owned()
}

/// What is asked for.
pub struct Wanted {
    pub request: u64,
    pub container_url: String,
    /// Blobs with their texts.
    pub blobs: Vec<(String, String)>,
}

/// Reads what the question is about; nothing for another question.
pub fn read(dir: &Path, request: u64, ask: FileAsk) -> Option<Wanted> {
    let FileAsk::UploadLogs { container_url, folder, from, to } = ask else { return None };
    let blobs = between(dir, from, to).into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)).collect();
    Some(Wanted { request, container_url: container_url.0, blobs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_span_are_taken_with_what_follows_them() {
        let log = "2026-01-01T00:00:00.5Z  INFO a\n  more of a\n2026-01-02T00:00:00Z  INFO b\n  more of b\n2026-01-03T00:00:00Z c\n";
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            cut(log, at("2026-01-02T00:00:00Z"), at("2026-01-02T23:00:00Z")),
            "2026-01-02T00:00:00Z  INFO b\n  more of b\n"
        );
        assert_eq!(cut(log, at("2027-01-02T00:00:00Z"), at("2027-01-02T23:00:00Z")), "");
    }

    #[test]
    fn of_a_long_log_the_end_is_taken() {
        let log = format!("2026-01-01T00:00:00Z {}\n2026-01-01T00:00:01Z end\n", "é".repeat(MOST_BYTES));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let text = cut(&log, at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        assert_eq!(text, "2026-01-01T00:00:01Z end\n");
    }
}
