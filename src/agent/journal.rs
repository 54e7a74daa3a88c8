//! What the agent must still know after it died: which runs it had begun, and which ends the server has not stored yet.
//!
//! A text file of one record a line, only ever appended to, and written anew when most of it is past. A run is written before
//! its process exists, so that a later agent gives it back; an end before it is told.
//!
//! Nothing is synced to the disk. A `write` that returned survives the death of the agent, which is what the journal is for.
//! What it does not survive, a power cut, ends the node's processes too: the server finds the attempts missing from `Hello`
//! and runs their tasks again, as it does for results that were not yet acknowledged (at least once).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::run_id::RunId;
use crate::api::agent::{Attempt, Ended};

const FILE_NAME: &str = "journal";

/// The file is written anew when it is longer than this and less than a quarter of it is live.
const COMPACT_BYTES: u64 = 1 << 20;

/// What the journal is written on.
pub trait Paper {
    /// May leave a part of it behind when it fails.
    fn append(&mut self, text: &[u8]) -> io::Result<()>;
    /// Puts this in the place of everything, or changes nothing.
    fn replace(&mut self, text: &[u8]) -> io::Result<()>;
}

/// A file in the agent's folder.
pub struct FilePaper {
    path: PathBuf,
    file: File,
}

pub struct Journal<P = FilePaper> {
    paper: P,
    length: u64,
    /// Records that are not in the file yet.
    pending: Vec<u8>,
    /// The records that still count, by run.
    live: BTreeMap<RunId, String>,
    live_bytes: usize,
}

/// What an earlier agent left.
#[derive(Debug, Default, PartialEq)]
pub struct Past {
    /// Begun, without a known end.
    pub begun: Vec<Attempt>,
    /// Ended, not acknowledged.
    pub ended: Vec<Ended>,
    /// First processes of what had begun, with their start times.
    pub leaders: Vec<(i32, u64)>,
}

impl Journal {
    /// Reads and opens a folder's journal.
    pub fn open(dir: &Path) -> io::Result<(Self, Past)> {
        let text = read(dir)?;
        let path = dir.join(FILE_NAME);
        let file = open_for_append(&path)?;
        Journal::on(FilePaper { path, file }, &text)
    }

    pub fn remove(dir: &Path) -> io::Result<()> {
        fs::remove_file(dir.join(FILE_NAME))
    }
}

impl<P: Paper> Journal<P> {
    /// Goes on with what an earlier agent has written. What had begun is forgotten: its processes are gone by now.
    pub fn on(paper: P, text: &str) -> io::Result<(Self, Past)> {
        let past = parse(text);
        let mut journal = Journal { paper, length: 0, pending: Vec::new(), live: BTreeMap::new(), live_bytes: 0 };
        past.ended.iter().for_each(|ended| journal.ended(ended));
        journal.rewrite()?;
        Ok((journal, past))
    }

    pub fn into_paper(self) -> P {
        self.paper
    }

    /// Must be flushed before the process is made.
    pub fn begins(&mut self, run: RunId) {
        self.record(run, format!("B {run}\n"));
    }

    /// The run's first process, with its start time. Worth a record only for runs that last: it finds processes that a later
    /// agent could not know by their marks.
    pub fn runs_as(&mut self, run: RunId, pid: i32, start_time: u64) {
        self.record(run, format!("P {run} {pid} {start_time}\n"));
    }

    pub fn ended(&mut self, ended: &Ended) {
        let text = serde_json::to_string(ended).expect("a report is JSON");
        self.record(RunId::Task(ended.a), format!("E {text}\n"));
    }

    /// The run is of no interest any more: acknowledged, or given back.
    pub fn forget(&mut self, run: RunId) {
        if let Some(record) = self.live.remove(&run) {
            self.live_bytes -= record.len();
            self.pending.extend_from_slice(format!("F {run}\n").as_bytes());
        }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.paper.append(&self.pending) {
            // It goes on in a line of its own, after what may be there of it.
            if self.pending.first() != Some(&b'\n') {
                self.pending.insert(0, b'\n');
            }
            return Err(error);
        }
        self.length += self.pending.len() as u64;
        self.pending.clear();
        if self.length > COMPACT_BYTES && self.length > 4 * self.live_bytes as u64 { self.rewrite() } else { Ok(()) }
    }

    fn record(&mut self, run: RunId, record: String) {
        self.pending.extend_from_slice(record.as_bytes());
        self.live_bytes += record.len();
        if let Some(old) = self.live.insert(run, record) {
            self.live_bytes -= old.len();
        }
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let text: String = self.live.values().map(String::as_str).collect();
        self.paper.replace(text.as_bytes())?;
        self.length = text.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

impl Paper for FilePaper {
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)
    }

    fn replace(&mut self, text: &[u8]) -> io::Result<()> {
        let new_path = self.path.with_extension("new");
        let _ = fs::remove_file(&new_path);
        let mut file = open_for_append(&new_path)?;
        file.write_all(text)?;
        fs::rename(&new_path, &self.path)?;
        self.file = file;
        Ok(())
    }
}

fn open_for_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn read(dir: &Path) -> io::Result<String> {
    fs::read_to_string(dir.join(FILE_NAME)).or_else(empty_if_missing)
}

fn empty_if_missing(error: io::Error) -> io::Result<String> {
    if error.kind() == io::ErrorKind::NotFound { Ok(String::new()) } else { Err(error) }
}

impl Past {
    pub fn read(dir: &Path) -> io::Result<Self> {
        Ok(parse(&read(dir)?))
    }
}

/// A last line that was cut off, or one that no longer makes sense, is as if it had not been written.
fn parse(text: &str) -> Past {
    enum Known {
        Begun(Option<(i32, u64)>),
        Ended(Ended),
    }
    let mut runs: BTreeMap<RunId, Known> = BTreeMap::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        match (kind, rest.parse::<RunId>(), serde_json::from_str::<Ended>(rest)) {
            ("B", Ok(run), _) => drop(runs.insert(run, Known::Begun(None))),
            ("P", ..) => drop(parse_leader(rest).map(|(run, leader)| runs.insert(run, Known::Begun(Some(leader))))),
            ("E", _, Ok(ended)) => drop(runs.insert(RunId::Task(ended.a), Known::Ended(ended))),
            ("F", Ok(run), _) => drop(runs.remove(&run)),
            _ => tracing::warn!(line, "a line of the journal makes no sense and is left out"),
        }
    }
    let mut past = Past::default();
    for (run, known) in runs {
        match known {
            Known::Ended(ended) => past.ended.push(ended),
            Known::Begun(leader) => {
                past.begun.extend(run.attempt());
                past.leaders.extend(leader);
            }
        }
    }
    past
}

fn parse_leader(text: &str) -> Option<(RunId, (i32, u64))> {
    let mut words = text.split(' ');
    let run = words.next()?.parse().ok()?;
    Some((run, (words.next()?.parse().ok()?, words.next()?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Timestamp;

    fn attempt(task: i64) -> Attempt {
        Attempt { task, number: 1 }
    }

    fn end(task: i64) -> Ended {
        Ended {
            a: attempt(task),
            started: None,
            at: Timestamp::from_secs(5),
            exit: Some(0),
            failure: None,
            usage: Default::default(),
            container: None,
        }
    }

    #[test]
    fn a_later_agent_finds_what_had_begun_and_what_was_not_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, past) = Journal::open(dir.path()).unwrap();
        assert_eq!(past, Past::default());
        for task in 1..=4 {
            journal.begins(RunId::Task(attempt(task)));
        }
        journal.begins(RunId::StartTask);
        journal.runs_as(RunId::Task(attempt(1)), 77, 8);
        journal.flush().unwrap();
        journal.ended(&end(2));
        journal.ended(&end(3));
        journal.forget(RunId::Task(attempt(3)));
        journal.forget(RunId::Task(attempt(4)));
        journal.flush().unwrap();
        journal.begins(RunId::Task(attempt(9)));
        drop(journal);

        let (_, past) = Journal::open(dir.path()).unwrap();
        assert_eq!(past, Past { begun: vec![attempt(1)], ended: vec![end(2)], leaders: vec![(77, 8)] });
        let (_, past) = Journal::open(dir.path()).unwrap();
        assert_eq!(past, Past { ended: vec![end(2)], ..Past::default() }, "what had begun is told once");
    }

    #[test]
    fn a_torn_line_and_nonsense_are_left_out() {
        let past = parse("B 1.1\nB 2.1\nX y\n\nE {}\nF 2.1\nB start\nB 3");
        assert_eq!(past, Past { begun: vec![attempt(1)], ..Past::default() });
    }

    #[test]
    fn the_file_does_not_grow_with_the_number_of_runs() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        for task in 0..30_000 {
            journal.begins(RunId::Task(attempt(task)));
            journal.ended(&end(task));
            if task != 7 {
                journal.forget(RunId::Task(attempt(task)));
            }
            journal.flush().unwrap();
        }
        assert!(fs::metadata(dir.path().join(FILE_NAME)).unwrap().len() <= COMPACT_BYTES + 200);
        assert_eq!(Journal::open(dir.path()).unwrap().1, Past { ended: vec![end(7)], ..Past::default() });
    }
}
