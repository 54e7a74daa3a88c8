//! The part of a log that is loaded: a window of lines that grows at both ends and is cut at the far one.
//!
//! The window is one unbroken range of the file's bytes. Line numbers count from the file's beginning and are known only
//! once that beginning has been in the window; they stay known when it is cut off again.

use std::collections::VecDeque;

use super::ansi::{self, Style};
use crate::api::FileText;

/// What is kept at most; more is cut off at the end that is not being read.
const MAX_BYTES: usize = 4 << 20;
/// Browsers cannot lay out boxes that are taller than some millions of pixels.
const MAX_LINES: usize = 200_000;
/// A longer line is shown as several, of which only the first has a number.
const MAX_LINE_BYTES: usize = 8 << 10;

/// A line, without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counts lines relative to an arbitrary one; pieces of a long line share it.
    ordinal: i64,
    /// Goes on the line before: no number of its own.
    pub is_continued: bool,
    /// False while its end is not loaded or not written yet.
    ended: bool,
    /// What it takes in the file, line feed included.
    file_bytes: u64,
    pub text: String,
    /// The look that the lines before leave on.
    pub style: Style,
}

/// A line, however the window moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMark {
    ordinal: i64,
    piece: usize,
}

/// The window. Positions are bytes of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogBuffer {
    lines: VecDeque<Line>,
    n_bytes: usize,
    start: u64,
    end: u64,
    file_length: u64,
    /// The ordinal of the file's first line, once that was seen.
    first_ordinal: Option<i64>,
}

impl LogBuffer {
    /// A window on one read part of the file.
    pub fn new(part: &FileText) -> Self {
        let mut buffer = LogBuffer {
            start: part.offset,
            end: part.offset,
            first_ordinal: (part.offset == 0).then_some(0),
            ..Self::default()
        };
        buffer.append(part);
        buffer
    }

    pub fn lines(&self) -> &VecDeque<Line> {
        &self.lines
    }

    pub fn start(&self) -> u64 {
        self.start
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn file_length(&self) -> u64 {
        self.file_length
    }

    pub fn is_at_start(&self) -> bool {
        self.start == 0
    }

    pub fn is_at_end(&self) -> bool {
        self.end >= self.file_length
    }

    /// Whether line numbers are known.
    pub fn is_numbered(&self) -> bool {
        self.first_ordinal.is_some()
    }

    /// The number of the line at `index`, from 1; none for pieces of a long line and while numbers are not known.
    pub fn number(&self, index: usize) -> Option<u64> {
        let line = self.lines.get(index).filter(|line| !line.is_continued)?;
        u64::try_from(line.ordinal - self.first_ordinal? + 1).ok()
    }

    /// Where the line with this number lies in the window.
    pub fn index_of(&self, number: u64) -> Option<usize> {
        let ordinal = i64::try_from(number).ok()? - 1 + self.first_ordinal?;
        let index = self.lines.partition_point(|line| line.ordinal < ordinal);
        self.lines.get(index).filter(|line| line.ordinal == ordinal && !line.is_continued).map(|_| index)
    }

    /// What tells the line at `index` from others however the window moves: the line, and which piece of it.
    pub fn mark(&self, index: usize) -> Option<LineMark> {
        let ordinal = self.lines.get(index)?.ordinal;
        Some(LineMark { ordinal, piece: index - self.lines.partition_point(|line| line.ordinal < ordinal) })
    }

    /// Where a marked line is now; where it would be when it was cut off.
    pub fn index_of_mark(&self, mark: LineMark) -> usize {
        let first = self.lines.partition_point(|line| line.ordinal < mark.ordinal);
        let end = self.lines.partition_point(|line| line.ordinal <= mark.ordinal);
        (first + mark.piece).min(end.max(first + 1) - 1)
    }

    /// The number of the last line, when numbers are known.
    pub fn last_number(&self) -> Option<u64> {
        u64::try_from(self.lines.back()?.ordinal - self.first_ordinal? + 1).ok()
    }

    /// Adds what follows the window. A part that begins elsewhere changes nothing: it is the answer to an older question.
    /// The server may have left out the rest of a character that was torn.
    pub fn append(&mut self, part: &FileText) {
        if !(self.end..=self.end + 3).contains(&part.offset) {
            return;
        }
        let excess = excess_of_replacements(part);
        for (index, piece) in part.text.split('\n').enumerate() {
            if index > 0 {
                self.end_last_line();
            }
            self.push_text(piece, excess);
        }
        (self.end, self.file_length) = (part.end, part.file_length);
        self.cut_front();
    }

    /// Adds what comes before the window, under the same condition.
    pub fn prepend(&mut self, part: &FileText) {
        if part.end != self.start || part.offset >= self.start {
            return;
        }
        let mut front = LogBuffer::new(part);
        front.end_at(self);
        let ordinal = self.lines.front().map_or(0, |line| line.ordinal);
        let shift = front.lines.back().map_or(0, |last| ordinal - last.ordinal - i64::from(last.ended));
        front.lines.iter_mut().for_each(|line| line.ordinal += shift);
        self.restyle(front.carry());
        self.first_ordinal = front.first_ordinal.map(|first| first + shift).or(self.first_ordinal);
        self.n_bytes += front.n_bytes;
        self.start = part.offset;
        front.lines.append(&mut self.lines);
        self.lines = front.lines;
        self.cut_back();
    }

    /// All loaded text, for the clipboard.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.n_bytes);
        for line in &self.lines {
            text.push_str(&ansi::plain_text(&line.text));
            if line.ended {
                text.push('\n');
            }
        }
        text
    }

    /// Joins the last line of this front part with the first of what follows it, so that a line that was torn is whole again.
    fn end_at(&mut self, next: &mut LogBuffer) {
        let torn = self.lines.back().is_some_and(|line| !line.ended);
        if !torn {
            return;
        }
        let Some(tail) = self.lines.pop_back() else { return };
        self.n_bytes -= tail.text.len();
        match next.lines.front_mut() {
            Some(first) if tail.text.len() + first.text.len() <= MAX_LINE_BYTES => {
                first.text.insert_str(0, &tail.text);
                first.file_bytes += tail.file_bytes;
                first.is_continued = tail.is_continued;
                next.n_bytes += tail.text.len();
            }
            Some(first) => {
                first.is_continued = true;
                next.n_bytes += tail.text.len();
                let ordinal = first.ordinal;
                next.lines.push_front(Line { ordinal, ..tail });
            }
            None => {
                next.n_bytes += tail.text.len();
                next.lines.push_front(tail);
            }
        }
    }

    fn end_last_line(&mut self) {
        if self.lines.back().is_none_or(|last| last.ended) {
            self.begin_line();
        }
        if let Some(last) = self.lines.back_mut() {
            last.ended = true;
            last.file_bytes += 1;
        }
    }

    /// Adds text without line feeds to the last line, or begins a new one. Nothing is begun for no text: a file that ends in
    /// a line feed has no empty line after it.
    fn push_text(&mut self, mut text: &str, excess: usize) {
        while !text.is_empty() {
            if self.lines.back().is_none_or(|last| last.ended || last.text.len() + 4 > MAX_LINE_BYTES) {
                self.begin_line();
            }
            let Some(last) = self.lines.back_mut() else { return };
            let (now, later) = text.split_at(floor_char_boundary(text, MAX_LINE_BYTES - last.text.len()));
            last.text.push_str(now);
            last.file_bytes += (now.len() - excess * now.matches(REPLACEMENT).count()) as u64;
            self.n_bytes += now.len();
            text = later;
        }
    }

    fn begin_line(&mut self) {
        let style = self.carry();
        let (ordinal, is_continued) = match self.lines.back() {
            Some(last) if last.ended => (last.ordinal + 1, false),
            Some(last) => (last.ordinal, true),
            None => (0, false),
        };
        self.lines.push_back(Line { ordinal, is_continued, ended: false, file_bytes: 0, text: String::new(), style });
    }

    /// The look that the last line leaves on.
    fn carry(&self) -> Style {
        self.lines.back().map_or_else(Style::default, style_after)
    }

    /// Hands a look down the lines until it meets one that had it already. The first line may have new text.
    fn restyle(&mut self, mut style: Style) {
        for (index, line) in self.lines.iter_mut().enumerate() {
            if index > 0 && line.style == style {
                return;
            }
            line.style = style;
            style = style_after(line);
        }
    }

    fn is_too_big(&self) -> bool {
        self.n_bytes > MAX_BYTES || self.lines.len() > MAX_LINES
    }

    fn cut_front(&mut self) {
        while self.is_too_big() && self.lines.len() > 1 {
            if let Some(line) = self.lines.pop_front() {
                self.n_bytes -= line.text.len();
                self.start += line.file_bytes;
            }
        }
    }

    fn cut_back(&mut self) {
        while self.is_too_big() && self.lines.len() > 1 {
            if let Some(line) = self.lines.pop_back() {
                self.n_bytes -= line.text.len();
                self.end -= line.file_bytes;
            }
        }
    }
}

fn style_after(line: &Line) -> Style {
    if line.text.contains('\u{1b}') { ansi::render(&line.text, line.style).1 } else { line.style }
}

const REPLACEMENT: char = '\u{fffd}';

/// How many bytes longer a replacement character is than the bytes that it stands for. Exact when all of a part stand for
/// equally many, as they do in a text of an older encoding.
fn excess_of_replacements(part: &FileText) -> usize {
    let n_replaced = part.text.matches(REPLACEMENT).count();
    let excess = part.text.len().saturating_sub((part.end - part.offset) as usize);
    excess.checked_div(n_replaced).unwrap_or(0).min(2)
}

/// The largest position up to `index` that does not split a character.
fn floor_char_boundary(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part of `file`, as the server would give it.
    fn part(file: &str, from: usize, to: usize) -> FileText {
        FileText {
            text: file[from..to].to_owned(),
            offset: from as u64,
            end: to as u64,
            file_length: file.len() as u64,
            kept: None,
        }
    }

    fn texts(buffer: &LogBuffer) -> Vec<&str> {
        buffer.lines().iter().map(|line| line.text.as_str()).collect()
    }

    fn numbers(buffer: &LogBuffer) -> Vec<Option<u64>> {
        (0..buffer.lines().len()).map(|index| buffer.number(index)).collect()
    }

    #[test]
    fn a_file_that_is_read_in_parts_is_the_same_wherever_it_is_torn() {
        let file = "one\ntwo\n\nfour \u{1b}[31mred\nstill red\u{1b}[0m\nsix";
        let whole = LogBuffer::new(&part(file, 0, file.len()));
        assert_eq!(texts(&whole).len(), 6);
        assert_eq!(numbers(&whole), [1, 2, 3, 4, 5, 6].map(Some));
        for cut in 1..file.len() {
            let mut forward = LogBuffer::new(&part(file, 0, cut));
            forward.append(&part(file, cut, file.len()));
            assert_eq!(forward, whole, "forward, torn at {cut}");
            let mut backward = LogBuffer::new(&part(file, cut, file.len()));
            assert!(!backward.is_numbered());
            backward.prepend(&part(file, 0, cut));
            assert_eq!(texts(&backward), texts(&whole), "backward, torn at {cut}");
            assert_eq!(numbers(&backward), numbers(&whole), "backward, torn at {cut}");
            assert_eq!(
                backward.lines().iter().map(|l| l.style).collect::<Vec<_>>(),
                whole.lines().iter().map(|l| l.style).collect::<Vec<_>>()
            );
            assert_eq!(backward.to_text(), whole.to_text());
        }
    }

    #[test]
    fn a_trailing_line_feed_makes_no_empty_line() {
        assert_eq!(texts(&LogBuffer::new(&part("a\n", 0, 2))), ["a"]);
        assert_eq!(texts(&LogBuffer::new(&part("\n", 0, 1))), [""]);
        assert!(texts(&LogBuffer::new(&part("", 0, 0))).is_empty());
    }

    #[test]
    fn an_answer_to_an_older_question_changes_nothing() {
        let file = "abcdef\nghi\n";
        let mut buffer = LogBuffer::new(&part(file, 0, 7));
        let before = buffer.clone();
        buffer.append(&part(file, 3, 7));
        buffer.prepend(&part(file, 3, 7));
        assert_eq!(buffer, before);
    }

    #[test]
    fn a_big_file_is_cut_at_the_far_end_and_keeps_its_numbers() {
        let text = "x".repeat(99) + "\n";
        let block = text.repeat(10_000);
        let at = |n: u64| FileText {
            text: block.clone(),
            offset: n * 1_000_000,
            end: (n + 1) * 1_000_000,
            file_length: 100_000_000,
            kept: None,
        };
        let mut buffer = LogBuffer::new(&at(0));
        for n in 1..20 {
            let seen = buffer.mark(buffer.lines().len() - 1).unwrap();
            buffer.append(&at(n));
            assert_eq!(buffer.number(buffer.index_of_mark(seen)), Some(n * 10_000));
        }
        assert!(buffer.n_bytes <= MAX_BYTES);
        let n_cut = buffer.start() / 100;
        assert!(n_cut > 0);
        assert_eq!(buffer.number(0), Some(n_cut + 1));
        assert_eq!(buffer.last_number(), Some(200_000));
        assert_eq!(buffer.index_of(200_000), Some(buffer.lines().len() - 1));
        assert_eq!(buffer.index_of(1), None);
        let start = buffer.start();
        let earlier =
            FileText { text: text.repeat(5), offset: start - 500, end: start, file_length: 100_000_000, kept: None };
        let seen = buffer.mark(7).unwrap();
        buffer.prepend(&earlier);
        assert_eq!(buffer.index_of_mark(seen), 12);
        assert_eq!(buffer.number(0), Some(n_cut - 4));
        assert!(buffer.end() < 20_000_000);
    }

    #[test]
    fn a_very_long_line_is_shown_in_pieces_with_one_number() {
        let file = format!("{}\nend\n", "é".repeat(10_000));
        let buffer = LogBuffer::new(&part(&file, 0, file.len()));
        assert_eq!(numbers(&buffer), [Some(1), None, None, Some(2)]);
        assert_eq!(buffer.index_of(2), Some(3));
        assert_eq!(buffer.to_text(), file);
    }

    #[test]
    fn replaced_bytes_count_as_what_they_were() {
        // Two lines of Latin-1, of which each é is one byte in the file.
        let latin =
            FileText { text: "\u{fffd}t\u{fffd}\nb\n".to_owned(), offset: 0, end: 6, file_length: 6, kept: None };
        let buffer = LogBuffer::new(&latin);
        assert_eq!(buffer.lines().iter().map(|line| line.file_bytes).collect::<Vec<_>>(), [4, 2]);
    }
}
