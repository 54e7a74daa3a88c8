//! Rows on the screen: a line is one row, or several when long lines are wrapped. All rows are equally high, so that a row's
//! place follows from its number and only the visible ones need to exist.

use std::ops::Range;

use super::ansi::{self, Span, Style};
use super::log_buffer::LogBuffer;
use super::log_search::Match;

/// Which row shows what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowIndex {
    n_lines: usize,
    /// Wrapped at so many columns.
    n_columns: Option<usize>,
    /// The number of each line's first row; empty when nothing is wrapped.
    first_rows: Vec<u32>,
    n_rows: usize,
}

impl RowIndex {
    pub fn new(buffer: &LogBuffer, n_columns: Option<usize>) -> Self {
        let n_columns = n_columns.map(|n| n.max(8));
        let mut index =
            RowIndex { n_lines: buffer.lines().len(), n_columns, first_rows: Vec::new(), n_rows: buffer.lines().len() };
        if let Some(n_columns) = n_columns {
            index.n_rows = 0;
            for line in buffer.lines() {
                index.first_rows.push(index.n_rows as u32);
                index.n_rows += n_rows_of(&line.text, n_columns);
            }
        }
        index
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The first row of a line.
    pub fn row_of(&self, line: usize) -> usize {
        if self.n_columns.is_none() {
            return line.min(self.n_rows);
        }
        self.first_rows.get(line).map_or(self.n_rows, |row| *row as usize)
    }

    /// The line of a row, and which of the line's rows it is.
    pub fn locate(&self, row: usize) -> Option<(usize, usize)> {
        if row >= self.n_rows {
            return None;
        }
        if self.n_columns.is_none() {
            return Some((row, 0));
        }
        let line = self.first_rows.partition_point(|first| *first as usize <= row) - 1;
        Some((line, row - self.first_rows[line] as usize))
    }

    /// How many rows a line has.
    fn n_rows_of_line(&self, line: usize) -> usize {
        self.row_of(line + 1) - self.row_of(line)
    }
}

/// A piece of text on a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    pub text: String,
    pub style: Style,
    pub mark: Mark,
}

/// Whether a piece is part of what was searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mark {
    #[default]
    None,
    Match,
    /// The match that next and previous start from.
    Current,
}

/// A row, ready to be shown. Equal rows look the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub row: usize,
    /// Known for the first row of a line, once the beginning of the file was seen.
    pub number: Option<u64>,
    pub pieces: Vec<Piece>,
}

/// The rows of a range. `matches` are in the order of lines; `current` is one of them.
pub fn visible(
    buffer: &LogBuffer,
    index: &RowIndex,
    range: Range<usize>,
    matches: &[Match],
    current: Option<usize>,
) -> Vec<Row> {
    range.filter_map(|row| visible_row(buffer, index, row, matches, current)).collect()
}

fn visible_row(
    buffer: &LogBuffer,
    index: &RowIndex,
    row: usize,
    matches: &[Match],
    current: Option<usize>,
) -> Option<Row> {
    let (line, piece) = index.locate(row)?;
    let text = buffer.lines().get(line)?;
    let (spans, _) = ansi::render(&text.text, text.style);
    let from = matches.partition_point(|m| m.line < line);
    let to = matches.partition_point(|m| m.line <= line);
    let mut pieces = marked(spans, &matches[from..to], current.and_then(|c| c.checked_sub(from)));
    if let Some(n_columns) = index.n_columns.filter(|_| index.n_rows_of_line(line) > 1) {
        let plain: String = pieces.iter().map(|p| p.text.as_str()).collect();
        let breaks = breaks(&plain, n_columns);
        let start = if piece == 0 { 0 } else { breaks[piece - 1] };
        pieces = slice(pieces, start..breaks.get(piece).copied().unwrap_or(usize::MAX));
    }
    Some(Row { row, number: buffer.number(line).filter(|_| piece == 0), pieces })
}

/// Cuts spans where matches begin and end. Positions are characters of the plain text.
fn marked(spans: Vec<Span>, matches: &[Match], current: Option<usize>) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(spans.len());
    let mut at = 0;
    for span in spans {
        let mut text = String::new();
        let mut mark = Mark::None;
        for c in span.text.chars() {
            let now = match matches.iter().position(|m| m.range.contains(&at)) {
                Some(index) if Some(index) == current => Mark::Current,
                Some(_) => Mark::Match,
                None => Mark::None,
            };
            if now != mark && !text.is_empty() {
                pieces.push(Piece { text: std::mem::take(&mut text), style: span.style, mark });
            }
            mark = now;
            text.push(c);
            at += 1;
        }
        pieces.push(Piece { text, style: span.style, mark });
    }
    pieces
}

/// The part of pieces between two characters.
fn slice(pieces: Vec<Piece>, range: Range<usize>) -> Vec<Piece> {
    let mut at = 0;
    let mut inside = Vec::new();
    for piece in pieces {
        let n_chars = piece.text.chars().count();
        let from = range.start.clamp(at, at + n_chars) - at;
        let to = range.end.clamp(at, at + n_chars) - at;
        if from < to {
            inside.push(Piece { text: piece.text.chars().skip(from).take(to - from).collect(), ..piece });
        }
        at += n_chars;
    }
    inside
}

fn n_rows_of(line: &str, n_columns: usize) -> usize {
    // Escapes only make the text shorter than its bytes, tabs longer.
    if line.len() <= n_columns && !line.contains('\t') {
        1
    } else {
        breaks(&ansi::plain_text(line), n_columns).len() + 1
    }
}

/// Before which characters a new row begins.
fn breaks(plain: &str, n_columns: usize) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut column = 0;
    for (index, c) in plain.chars().enumerate() {
        let width = columns(c);
        if column + width > n_columns {
            breaks.push(index);
            column = 0;
        }
        column += width;
    }
    breaks
}

/// How many columns of a fixed-width font a character takes: East Asian wide ones and pictures take two.
fn columns(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::FileText;
    use crate::portal::pages::file::log_search;

    fn buffer(text: &str) -> LogBuffer {
        let length = text.len() as u64;
        LogBuffer::new(&FileText { text: text.to_owned(), offset: 0, end: length, file_length: length, kept: None })
    }

    fn texts(buffer: &LogBuffer, index: &RowIndex) -> Vec<String> {
        let rows = visible(buffer, index, 0..index.n_rows(), &[], None);
        rows.into_iter().map(|row| row.pieces.into_iter().map(|p| p.text).collect()).collect()
    }

    #[test]
    fn a_line_is_a_row_when_nothing_is_wrapped() {
        let log = buffer("one\ntwo\nthree\n");
        let index = RowIndex::new(&log, None);
        assert_eq!(texts(&log, &index), ["one", "two", "three"]);
        assert_eq!((index.row_of(2), index.locate(2), index.locate(3)), (2, Some((2, 0)), None));
    }

    #[test]
    fn wrapped_lines_take_the_rows_they_need() {
        let log = buffer("0123456789abcdef!\n\n\u{1b}[31m12345678\u{1b}[0m\n日本語日本語\n");
        let index = RowIndex::new(&log, Some(8));
        assert_eq!(texts(&log, &index), ["01234567", "89abcdef", "!", "", "12345678", "日本語日", "本語"]);
        assert_eq!(
            (0..7).map(|row| index.locate(row).unwrap()).collect::<Vec<_>>(),
            [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (3, 0), (3, 1)]
        );
        assert_eq!([0, 1, 2, 3, 4].map(|line| index.row_of(line)), [0, 3, 4, 5, 7]);
        let numbers: Vec<_> = visible(&log, &index, 0..7, &[], None).into_iter().map(|row| row.number).collect();
        assert_eq!(numbers, [Some(1), None, None, Some(2), Some(3), Some(4), None]);
    }

    #[test]
    fn matches_are_marked_across_colours() {
        let log = buffer("an er\u{1b}[31mror and an Error\n");
        let matches = log_search::find(&log, "error");
        let rows = visible(&log, &RowIndex::new(&log, None), 0..1, &matches, Some(1));
        let pieces: Vec<_> = rows[0].pieces.iter().map(|p| (p.text.as_str(), p.mark)).collect();
        let expected = [
            ("an ", Mark::None),
            ("er", Mark::Match),
            ("ror", Mark::Match),
            (" and an ", Mark::None),
            ("Error", Mark::Current),
        ];
        assert_eq!(pieces, expected);
    }
}
