//! Reads a file part by part into a [`LogBuffer`]: from the start, from the end, onwards, backwards, and up to a
//! line. One request at a time; an answer to a question that was given up changes nothing.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::file_ref::FileRef;
use super::log_buffer::LogBuffer;
use crate::api::{self, FileText, KeptCopy};
use crate::portal::state::{Session, use_session};

/// Bytes a request.
const PART: u64 = 256 << 10;
/// Bytes a request while a line is sought.
const LARGE_PART: u64 = 1 << 20;

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Start,
    End,
    /// At the start, and on to the line with this number.
    Line(u64),
}

/// What reading changed; the view keeps its place by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Opened(Begin),
    Grew,
}

#[derive(Clone, Copy)]
pub struct LogReader {
    file: StoredValue<FileRef>,
    buffer: RwSignal<LogBuffer>,
    error: RwSignal<Option<api::Error>>,
    kept: RwSignal<Option<KeptCopy>>,
    is_open: RwSignal<bool>,
    is_busy: RwSignal<bool>,
    /// The line that is sought, while it is.
    seeking: RwSignal<Option<u64>>,
    /// Grows when reading begins anew: answers to older questions are dropped.
    generation: StoredValue<u32>,
    /// The file has grown during a request.
    is_owed: StoredValue<bool>,
    session: Session,
}

impl LogReader {
    pub fn new(file: FileRef) -> Self {
        LogReader {
            file: StoredValue::new(file),
            buffer: RwSignal::new(LogBuffer::default()),
            error: RwSignal::new(None),
            kept: RwSignal::new(None),
            is_open: RwSignal::new(false),
            is_busy: RwSignal::new(false),
            seeking: RwSignal::new(None),
            generation: StoredValue::new(0),
            is_owed: StoredValue::new(false),
            session: use_session(),
        }
    }

    pub fn file(self) -> FileRef {
        self.file.get_value()
    }

    pub fn buffer(self) -> RwSignal<LogBuffer> {
        self.buffer
    }

    pub fn error(self) -> Option<api::Error> {
        self.error.get()
    }

    /// That this is not the node's file any more, but what the server has kept of it.
    pub fn kept(self) -> Option<KeptCopy> {
        self.kept.get()
    }

    /// Something of the file has been read.
    pub fn is_open(self) -> bool {
        self.is_open.get()
    }

    pub fn is_busy(self) -> bool {
        self.is_busy.get()
    }

    pub fn seeking(self) -> Option<u64> {
        self.seeking.get()
    }

    /// Gives up seeking a line; what is loaded stays.
    pub fn stop_seeking(self) {
        self.seeking.set(None);
    }

    /// Reads anew.
    pub fn open(self, begin: Begin, then: impl Fn(Progress) + Copy + 'static) {
        self.generation.update_value(|generation| *generation = generation.wrapping_add(1));
        self.seeking.set(if let Begin::Line(number) = begin { Some(number) } else { None });
        let offset = if begin == Begin::End { u64::MAX } else { 0 };
        self.is_busy.set(true);
        self.ask(offset, PART, move |part| {
            self.buffer.set(LogBuffer::new(&part));
            self.is_open.set(true);
            if self.seeks_further(&part) {
                self.seek(then);
            } else {
                then(Progress::Opened(begin));
            }
        });
    }

    /// Reads what follows the window.
    pub fn read_on(self, then: impl Fn(Progress) + Copy + 'static) {
        if !self.is_open.get_untracked() {
            return;
        }
        if self.is_busy.get_untracked() {
            self.is_owed.set_value(true);
            return;
        }
        self.is_busy.set(true);
        let end = self.buffer.with_untracked(LogBuffer::end);
        self.ask(end, PART, move |part| {
            self.take(&part, LogBuffer::append);
            then(Progress::Grew);
            let has_more = part.end > part.offset && part.end < part.file_length;
            if self.is_owed.try_update_value(std::mem::take) == Some(true) && (has_more || part.end == part.file_length)
            {
                self.read_on(then);
            }
        });
    }

    /// Reads what comes before the window.
    pub fn read_back(self, then: impl Fn(Progress) + Copy + 'static) {
        let start = self.buffer.with_untracked(LogBuffer::start);
        if !self.is_open.get_untracked() || self.is_busy.get_untracked() || start == 0 {
            return;
        }
        self.is_busy.set(true);
        let from = start.saturating_sub(PART);
        self.ask(from, start - from, move |part| {
            self.take(&part, LogBuffer::prepend);
            then(Progress::Grew);
        });
    }

    /// Goes on reading until the sought line is there, the file ends, or the user has had enough.
    fn seek(self, then: impl Fn(Progress) + Copy + 'static) {
        let end = self.buffer.with_untracked(LogBuffer::end);
        self.is_busy.set(true);
        self.ask(end, LARGE_PART, move |part| {
            self.take(&part, LogBuffer::append);
            if self.seeks_further(&part) {
                self.seek(then);
            } else if let Some(number) = self.seeking.try_update(Option::take).flatten() {
                then(Progress::Opened(Begin::Line(number)));
            }
        });
    }

    fn seeks_further(self, part: &FileText) -> bool {
        let Some(number) = self.seeking.get_untracked() else { return false };
        let is_there = self.buffer.with_untracked(|buffer| buffer.last_number().is_some_and(|last| last >= number));
        !is_there && part.end > part.offset && part.end < part.file_length
    }

    fn take(self, part: &FileText, change: impl FnOnce(&mut LogBuffer, &FileText)) {
        // Those who show the window are told of changes only.
        if !part.text.is_empty() || part.file_length != self.buffer.with_untracked(LogBuffer::file_length) {
            self.buffer.try_update(|buffer| change(buffer, part));
        }
    }

    fn ask(self, offset: u64, length: u64, on_answer: impl FnOnce(FileText) + 'static) {
        let file = self.file.get_value();
        let asked_in = self.generation.get_value();
        spawn_local(async move {
            let answer = file.text(offset, length).await;
            // Nothing to tell when the viewer was left, or began anew, meanwhile.
            if self.generation.try_get_value() != Some(asked_in) {
                return;
            }
            self.is_busy.set(false);
            match answer {
                Ok(part) => {
                    self.error.set(None);
                    self.kept.set(part.kept.clone());
                    on_answer(part);
                }
                Err(error) => {
                    self.session.observe(&error);
                    self.error.set(Some(error));
                }
            }
        });
    }
}
