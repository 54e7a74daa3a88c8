//! Terminal escapes in task output: colours and weight are kept, everything else is dropped.
//!
//! Output comes from programs that nobody vouches for. Nothing here acts on an escape that reaches beyond its own line:
//! titles, hyperlinks, the clipboard, cursor movement and screen clearing vanish. A carriage return, a backspace and «erase
//! in line» are carried out within the line, so that progress bars read as they would on a terminal.

use std::iter::Peekable;
use std::str::Chars;

/// A colour that a program asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Color {
    /// 0–15: the theme says how it looks.
    Named(u8),
    Rgb(u8, u8, u8),
}

impl Color {
    /// A number of the 256-colour palette: 16 named ones, a 6×6×6 cube, 24 greys.
    fn from_palette(number: u8) -> Color {
        match number {
            0..=15 => Color::Named(number),
            16..=231 => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let n = number - 16;
                Color::Rgb(level(n / 36), level(n / 6 % 6), level(n % 6))
            }
            232..=255 => {
                let grey = 8 + 10 * (number - 232);
                Color::Rgb(grey, grey, grey)
            }
        }
    }
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    pub foreground: Option<Color>,
    pub background: Option<Color>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub strike: bool,
    pub inverse: bool,
}

/// A run of characters that look alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub text: String,
    pub style: Style,
}

/// Tab stops, in columns.
const TAB: usize = 8;

/// One line (without its line feed) as it looks in the end, and the style that goes on into the next line.
pub fn render(line: &str, style: Style) -> (Vec<Span>, Style) {
    if is_plain(line) {
        let spans = if line.is_empty() { Vec::new() } else { vec![Span { text: line.to_owned(), style }] };
        return (spans, style);
    }
    let mut screen = ScreenLine { cells: Vec::with_capacity(line.len()), cursor: 0, style };
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => screen.escape(&mut chars),
            '\r' => screen.cursor = 0,
            '\u{8}' => screen.cursor = screen.cursor.saturating_sub(1),
            '\t' => (0..TAB - screen.cursor % TAB).for_each(|_| screen.put(' ')),
            c if c.is_control() => {}
            c => screen.put(c),
        }
    }
    (screen.spans(), screen.style)
}

/// The line's text without looks.
pub fn plain_text(line: &str) -> String {
    if is_plain(line) {
        line.to_owned()
    } else {
        render(line, Style::default()).0.into_iter().map(|span| span.text).collect()
    }
}

/// Whether the line shows exactly its own characters.
fn is_plain(line: &str) -> bool {
    // C1 controls are two bytes in UTF-8, of which the first is 0xC2; other characters with that first byte take the slow way.
    line.bytes().all(|b| b >= 0x20 && b != 0x7f && b != 0xc2)
}

struct ScreenLine {
    cells: Vec<(char, Style)>,
    cursor: usize,
    style: Style,
}

impl ScreenLine {
    fn put(&mut self, c: char) {
        let cell = (c, self.style);
        match self.cells.get_mut(self.cursor) {
            Some(there) => *there = cell,
            None => self.cells.push(cell),
        }
        self.cursor += 1;
    }

    fn escape(&mut self, chars: &mut Peekable<Chars>) {
        match chars.next() {
            Some('[') => self.control_sequence(chars),
            Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
            // A two-character escape may have intermediates, e.g. the choice of a character set.
            Some(' '..='/') => while chars.next().is_some_and(|c| (' '..='/').contains(&c)) {},
            _ => {}
        }
    }

    fn control_sequence(&mut self, chars: &mut Peekable<Chars>) {
        let mut parameters = String::new();
        while let Some(c) = chars.next_if(|c| (' '..='?').contains(c)) {
            parameters.push(c);
        }
        match chars.next_if(|c| ('@'..='~').contains(c)) {
            Some('m') => apply_sgr(&mut self.style, &parameters),
            Some('K') => self.erase(&parameters),
            _ => {}
        }
    }

    fn erase(&mut self, parameters: &str) {
        let cursor = self.cursor.min(self.cells.len());
        match parameters {
            "" | "0" => self.cells.truncate(cursor),
            "1" => self.cells[..cursor].fill((' ', Style::default())),
            "2" => {
                self.cells.truncate(cursor);
                self.cells.fill((' ', Style::default()));
            }
            _ => {}
        }
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (c, style) in &self.cells {
            match spans.last_mut() {
                Some(last) if last.style == *style => last.text.push(*c),
                _ => spans.push(Span { text: c.to_string(), style: *style }),
            }
        }
        spans
    }
}

/// Skips a title, a hyperlink, a clipboard write and the like, to its end or the end of the line: an end that never comes
/// must not swallow the log.
fn skip_string(chars: &mut Peekable<Chars>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Select graphic rendition. Parameters are separated by `;`, sub-parameters by `:`; what is not known is passed over.
fn apply_sgr(style: &mut Style, parameters: &str) {
    let groups: Vec<&str> = parameters.split(';').collect();
    let mut at = 0;
    while at < groups.len() {
        let group = groups[at];
        at += 1;
        if let Some((kind @ ("38" | "48"), rest)) = group.split_once(':') {
            set_color(style, kind == "38", color_of_subparameters(rest));
            continue;
        }
        let code =
            if group.is_empty() { 0 } else { group.split(':').next().and_then(|n| n.parse().ok()).unwrap_or(u16::MAX) };
        match code {
            38 | 48 => {
                let (color, n_read) = color_of_parameters(&groups[at..]);
                at += n_read;
                set_color(style, code == 38, color);
            }
            _ => apply_code(style, code, group),
        }
    }
}

fn apply_code(style: &mut Style, code: u16, group: &str) {
    match code {
        0 => *style = Style::default(),
        1 => style.bold = true,
        2 => style.dim = true,
        3 => style.italic = true,
        4 => style.underline = group != "4:0",
        7 => style.inverse = true,
        9 => style.strike = true,
        22 => (style.bold, style.dim) = (false, false),
        23 => style.italic = false,
        24 => style.underline = false,
        27 => style.inverse = false,
        29 => style.strike = false,
        30..=37 => style.foreground = Some(Color::Named((code - 30) as u8)),
        39 => style.foreground = None,
        40..=47 => style.background = Some(Color::Named((code - 40) as u8)),
        49 => style.background = None,
        90..=97 => style.foreground = Some(Color::Named((code - 82) as u8)),
        100..=107 => style.background = Some(Color::Named((code - 92) as u8)),
        _ => {}
    }
}

fn set_color(style: &mut Style, foreground: bool, color: Option<Color>) {
    let Some(color) = color else { return };
    *(if foreground { &mut style.foreground } else { &mut style.background }) = Some(color);
}

/// `5;n` or `2;r;g;b` after 38 or 48, and how many parameters that took.
fn color_of_parameters(rest: &[&str]) -> (Option<Color>, usize) {
    let number = |index: usize| rest.get(index).and_then(|n| n.parse::<u8>().ok());
    match number(0) {
        Some(5) => (number(1).map(Color::from_palette), 2),
        Some(2) => (rgb(number(1), number(2), number(3)), 4),
        _ => (None, 1),
    }
}

/// `5:n`, `2:r:g:b`, or `2:space:r:g:b` with a colour space that is passed over.
fn color_of_subparameters(rest: &str) -> Option<Color> {
    let parts: Vec<&str> = rest.split(':').collect();
    let number = |index: usize| parts.get(index).and_then(|n| n.parse::<u8>().ok());
    match (number(0)?, parts.len()) {
        (5, _) => number(1).map(Color::from_palette),
        (2, 4) => rgb(number(1), number(2), number(3)),
        (2, _) => rgb(number(2), number(3), number(4)),
        _ => None,
    }
}

fn rgb(red: Option<u8>, green: Option<u8>, blue: Option<u8>) -> Option<Color> {
    Some(Color::Rgb(red?, green?, blue?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(line: &str, expected: &str) {
        assert_eq!(plain_text(line), expected, "{line:?}");
    }

    fn check_style(escape: &str, expected: Style) {
        assert_eq!(render(escape, Style::default()).1, expected, "{escape:?}");
    }

    fn with(change: impl FnOnce(&mut Style)) -> Style {
        let mut style = Style::default();
        change(&mut style);
        style
    }

    #[test]
    fn lines_without_escapes_stay_as_they_are() {
        for line in ["", "plain", "déjà vu", "日本語", "a & b <c>"] {
            check_text(line, line);
        }
    }

    #[test]
    fn colours_are_read_in_all_their_spellings() {
        check_style("\x1b[31m", with(|s| s.foreground = Some(Color::Named(1))));
        check_style(
            "\x1b[97;44m",
            with(|s| (s.foreground, s.background) = (Some(Color::Named(15)), Some(Color::Named(4)))),
        );
        check_style("\x1b[104m", with(|s| s.background = Some(Color::Named(12))));
        check_style("\x1b[38;5;9m", with(|s| s.foreground = Some(Color::Named(9))));
        check_style("\x1b[38;5;196m", with(|s| s.foreground = Some(Color::Rgb(255, 0, 0))));
        check_style("\x1b[48;5;255m", with(|s| s.background = Some(Color::Rgb(238, 238, 238))));
        check_style("\x1b[38;2;1;2;3m", with(|s| s.foreground = Some(Color::Rgb(1, 2, 3))));
        check_style("\x1b[38:2:1:2:3m", with(|s| s.foreground = Some(Color::Rgb(1, 2, 3))));
        check_style("\x1b[38:2::1:2:3m", with(|s| s.foreground = Some(Color::Rgb(1, 2, 3))));
        check_style(
            "\x1b[1;38;5;196;4m",
            with(|s| (s.bold, s.underline, s.foreground) = (true, true, Some(Color::Rgb(255, 0, 0)))),
        );
    }

    #[test]
    fn a_reset_ends_every_look() {
        check_style("\x1b[1;3;4;7;9;31;42m\x1b[0m", Style::default());
        check_style("\x1b[1;2m\x1b[22m", Style::default());
        check_style("\x1b[31m\x1b[39m", Style::default());
        check_style("\x1b[1m\x1b[m", Style::default());
    }

    #[test]
    fn a_line_falls_into_spans_and_hands_its_style_on() {
        let (spans, after) = render("a\x1b[1mbc\x1b[0;32md", Style::default());
        let green = with(|s| s.foreground = Some(Color::Named(2)));
        let expected = [("a", Style::default()), ("bc", with(|s| s.bold = true)), ("d", green)];
        assert_eq!(spans.iter().map(|s| (s.text.as_str(), s.style)).collect::<Vec<_>>(), expected);
        assert_eq!(after, green);
    }

    #[test]
    fn escapes_that_reach_outside_are_dropped() {
        check_text("a\x1b]0;title\x07b", "ab");
        check_text("a\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\b", "aclickb");
        check_text("a\x1b]52;c;cm0gLXJmIC8=\x07b", "ab");
        check_text("a\x1bPq#0\x1b\\b", "ab");
        check_text("a\x1b[2Jb\x1b[10;10Hc\x1b[?25ld", "abcd");
        check_text("a\x1b(Bb\x1b=c\x1bMd", "abcd");
        check_text("a\u{9b}31mb\u{7}\u{0}c", "a31mbc");
    }

    #[test]
    fn an_escape_that_never_ends_takes_its_own_line_only() {
        check_text("a\x1b]0;title", "a");
        check_text("a\x1b[31", "a");
        check_text("a\x1b", "a");
        check_style("\x1b[31;\x1b[", Style::default());
    }

    #[test]
    fn carriage_returns_overwrite() {
        check_text("10%\r20%\r100%", "100%");
        check_text("100%\r5", "500%");
        check_text("loading...\r\x1b[Kdone", "done");
        check_text("abc\x08\x08x", "axc");
        check_text("ab\x1b[1Kc", "  c");
        check_text("ab\x1b[2Kc", "  c");
    }

    #[test]
    fn tabs_become_spaces_when_columns_matter() {
        check_text("a\tb", "a       b");
    }

    proptest::proptest! {
        #[test]
        fn no_input_leaves_a_control_character(line in "[\\x00-\\x7f\\u{80}-\\u{a0}é日]{0,60}") {
            proptest::prop_assert!(!plain_text(&line).chars().any(char::is_control));
        }
    }
}
