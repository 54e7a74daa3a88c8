//! What is kept of the files of finished tasks when their node goes: their logs, and the list of what else there was.

use crate::api::{KeptEntry, KeptPart, NodeFile};

/// Chosen here: the files that Batch itself makes in a task's folder. What a task writes may be of any size, and output files
/// are there for it.
const LOGS: [&str; 4] = ["stdout.txt", "stderr.txt", "fileuploadout.txt", "fileuploaderr.txt"];

/// More entries of a task's folder are not listed in its kept copy.
pub const MOST_ENTRIES: usize = 500;

/// Of which tasks something is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepOf {
    #[default]
    All,
    /// Those that failed.
    Failed,
    Nothing,
}

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    pub of: KeepOf,
    /// Bytes of each file, of its end.
    pub file_bytes: u64,
    pub days: u32,
    /// Bytes of all that is kept; the oldest goes first.
    pub total_bytes: u64,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep { of: KeepOf::All, file_bytes: 1 << 20, days: 7, total_bytes: 1 << 30 }
    }
}

impl Keep {
    pub const NOTHING: Keep = Keep { of: KeepOf::Nothing, file_bytes: 0, days: 0, total_bytes: 0 };

    pub fn is_nothing(&self) -> bool {
        self.of == KeepOf::Nothing || self.days == 0
    }

    /// The entries to remember of a task's folder: logs come first, so that none is cut off.
    pub fn entries(&self, mut files: Vec<NodeFile>) -> Vec<NodeFile> {
        files.sort_by(|a, b| (!is_log(a), &a.name).cmp(&(!is_log(b), &b.name)));
        files.truncate(MOST_ENTRIES);
        files
    }

    /// Where the kept part of a file begins and ends; none when it is not kept.
    pub fn part(&self, file: &NodeFile) -> Option<std::ops::Range<u64>> {
        let length = file.properties.as_ref()?.content_length;
        is_log(file).then(|| length.saturating_sub(self.file_bytes)..length)
    }
}

fn is_log(file: &NodeFile) -> bool {
    !file.is_directory && LOGS.contains(&file.name.as_str())
}

/// An entry as it is shown: a kept file is as long as what is kept of it.
pub fn shown(entry: &KeptEntry) -> NodeFile {
    let mut file = entry.file.clone();
    if let (Some(properties), Some(part)) = (&mut file.properties, &entry.part) {
        properties.content_length = part.length;
    }
    file
}

/// The bytes of the bundle that answer for `length` bytes from `offset` of a kept file.
pub fn place_in_bundle(part: &KeptPart, offset: u64, length: u64) -> std::ops::Range<u64> {
    let start = offset.min(part.length);
    part.offset + start..part.offset + start.saturating_add(length).min(part.length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{FileProperties, Timestamp};

    fn file(name: &str, content_length: u64) -> NodeFile {
        let properties = FileProperties {
            last_modified: Timestamp::from_secs(1),
            content_length,
            content_type: None,
            file_mode: None,
        };
        NodeFile { name: name.into(), url: String::new(), is_directory: false, properties: Some(properties) }
    }

    #[test]
    fn logs_are_kept_and_of_long_ones_the_end() {
        let keep = Keep { file_bytes: 10, ..Keep::default() };
        for (name, length, expected) in [
            ("stdout.txt", 3, Some(0..3)),
            ("stderr.txt", 10, Some(0..10)),
            ("stdout.txt", 25, Some(15..25)),
            ("fileuploaderr.txt", 0, Some(0..0)),
            ("wd/stdout.txt", 3, None),
            ("wd/result.bin", 3, None),
        ] {
            assert_eq!(keep.part(&file(name, length)), expected, "{name} {length}");
        }
        let folder = NodeFile { is_directory: true, properties: None, ..file("stdout.txt", 0) };
        assert_eq!(keep.part(&folder), None);
    }

    #[test]
    fn a_list_that_is_cut_off_has_the_logs() {
        let mut files: Vec<NodeFile> = (0..MOST_ENTRIES).map(|n| file(&format!("a{n}"), 1)).collect();
        files.push(file("stdout.txt", 1));
        let entries = Keep::default().entries(files);
        assert_eq!((entries.len(), entries[0].name.as_str()), (MOST_ENTRIES, "stdout.txt"));
    }

    #[test]
    fn a_part_of_a_kept_file_stays_inside_it() {
        let part = KeptPart { offset: 100, length: 20, first: 5 };
        for (offset, length, expected) in
            [(0, 20, 100..120), (5, 5, 105..110), (15, 99, 115..120), (20, 1, 120..120), (99, u64::MAX, 120..120)]
        {
            assert_eq!(place_in_bundle(&part, offset, length), expected, "{offset} {length}");
        }
    }
}
